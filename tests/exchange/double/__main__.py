"""Starts the double: python -m double --schemas FOLDER [--certificate PEM] [--keytab FILE] [--folder FOLDER]

It prints its ports as one line of JSON, and runs until its standard input ends.
"""

import argparse
import json
import sys
import tempfile

from .server import Double


def main():
    parser = argparse.ArgumentParser(prog="double")
    parser.add_argument("--schemas", required=True, help="folder with Microsoft's schemas, made by prepare.py")
    parser.add_argument("--certificate", help="certificate and key as PEM; without them there is no TLS")
    parser.add_argument("--keytab", help="keytab for Negotiate with Kerberos")
    parser.add_argument("--folder", help="where large messages lie; a new temporary folder if left out")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="postkontor-exchange-", ignore_cleanup_errors=True) as temporary:
        double = Double(asked.folder or temporary, asked.schemas, asked.certificate, asked.keytab)
        print(json.dumps(double.start()), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
