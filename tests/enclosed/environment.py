"""Makes the environment that the judge of this folder runs in, and prints its folder: python3 environment.py FOLDER

FOLDER gets one environment for each state of requirements.txt. Only one process makes it; others wait for it.
"""

import fcntl
import hashlib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "exchange"))
sys.dont_write_bytecode = True
import prepare as exchange


def prepare(parent):
    wanted = (HERE / "requirements.txt").read_bytes() + sys.version.encode()
    folder = parent / hashlib.sha256(wanted).hexdigest()[:16]
    parent.mkdir(parents=True, exist_ok=True)
    with open(parent / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "complete"
        if not done.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True, stdout=sys.stderr)
            exchange.pip(folder / "bin" / "python", "install", "--requirement", HERE / "requirements.txt")
            done.touch()
    return folder


if __name__ == "__main__":
    print(prepare(pathlib.Path(sys.argv[1]).resolve()))
