"""How flufl.bounce (PyPI, the detector of Mailman) reads tests/corpus/bounces: python3 bounces.py

Prints where its recipients, or whether they failed for good, differ from the answers. It tells neither codes nor receipts nor Message-IDs.
"""

import email
import json
import pathlib

from flufl.bounce import all_failures

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "bounces"
FAILED = ("failure", "delay")


def told(raw):
    """What flufl.bounce makes of a message: the addresses that it finds, in lower case."""
    temporary, permanent = all_failures(email.message_from_bytes(raw))
    return {address.decode("utf-8", "replace").lower() for address in {*temporary, *permanent}}


def wanted(answer):
    """The addresses of an answer that did not get the message."""
    report = answer["report"] or {}
    failed = [one for one in report.get("recipients", []) if report["kind"] in FAILED and "kind" in one]
    return {one["address"].lower() for one in failed}


def main():
    """Compares each case."""
    cases = sorted(FOLDER.glob("*.eml"))
    same = 0
    for case in cases:
        want = wanted(json.loads(case.with_suffix(".json").read_text(encoding="utf-8")))
        try:
            got = told(case.read_bytes())
        except Exception as error:  # A judge that stumbles has not read the message.
            got = {repr(error)}
        same += got == want
        if got != want:
            print(f"{case.stem}: {sorted(got)} and not {sorted(want)}")
    print(f"{same} of {len(cases)}")


if __name__ == "__main__":
    main()
