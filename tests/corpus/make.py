"""Writes the messages of the corpus with their answers: python3 tests/corpus/make.py [--check]

With --check nothing is written; what would change is named, and the status is 1.
"""

import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

from case import CASES  # noqa: E402

FAMILIES = sorted(file.stem for file in (HERE / "families").glob("*.py"))


def products():
    """Each file of the corpus that the families make, with its bytes."""
    for family in FAMILIES:
        importlib.import_module(f"families.{family}")
    files = {}
    for kind, name, raw, answer in CASES:
        stem = f"{kind}/{name}"
        assert f"{stem}.eml" not in files, f"{stem} is there twice"
        files[f"{stem}.eml"] = raw
        files[f"{stem}.json"] = (json.dumps(answer, ensure_ascii=False, indent=1) + "\n").encode()
    return files


def main():
    files = products()
    kinds = {path.split("/")[0] for path in files}
    there = {str(file.relative_to(HERE)) for kind in kinds for file in (HERE / kind).glob("*")}
    stale = sorted(there - set(files))
    changed = sorted(path for path, data in files.items() if path not in there or (HERE / path).read_bytes() != data)
    if "--check" in sys.argv:
        for path in stale + changed:
            print(path)
        return 1 if stale or changed else 0
    for path in stale:
        (HERE / path).unlink()
    for path in changed:
        (HERE / path).parent.mkdir(exist_ok=True)
        (HERE / path).write_bytes(files[path])
    print(f"{len(files) // 2} messages, {len(changed)} files written, {len(stale)} removed")
    return 0


sys.exit(main())
