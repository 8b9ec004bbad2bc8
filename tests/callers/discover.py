"""Settings for an address, from Python.

    python3 discover.py REQUEST

REQUEST is an address, or a request. Prints the answer.
"""

import json
import sys

import postkontor


def main(request):
    with postkontor.Host({"language": "sl"}) as host:
        print(json.dumps(host.discover(request)))


if __name__ == "__main__":
    main(*sys.argv[1:])
