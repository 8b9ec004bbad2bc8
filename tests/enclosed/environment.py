"""Makes the environment that the judge of this folder runs in, and prints its folder: python3 environment.py FOLDER

FOLDER gets one environment for each state of requirements.txt. Only one process makes it; others wait for it.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "exchange"))
sys.dont_write_bytecode = True
import prepare as exchange

if __name__ == "__main__":
    print(exchange.environment(pathlib.Path(sys.argv[1]).resolve(), [HERE / "requirements.txt"]))
