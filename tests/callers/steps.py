"""The steps of a test as they end, from Python.

    python3 steps.py SETTINGS

SETTINGS is the document itself. Prints each step on a line of its own when it is told, and the report at the end.
"""

import json
import sys

import postkontor


def show(what):
    print(json.dumps(what), flush=True)


def main(settings):
    with postkontor.Host({"language": "de"}, step=show) as host:
        with host.account(settings) as account:
            unasked = account.test()
            assert "steps" in unasked
            print("asked", flush=True)
            show(account.test({"steps": True}))


if __name__ == "__main__":
    main(*sys.argv[1:])
