"""Fetches what is new in an account: each message with its attachments goes into a folder, and is marked as seen at the server.

    python3 receive.py SETTINGS FOLDER

SETTINGS is JSON text. The module postkontor lies in ffi/bindings/python.
"""

import sys
from pathlib import Path

import postkontor


def received(message):
    """All of the message lies in the folder by now. The server gets the returned action only after that."""
    print(message["file"] + ":", message["subject"])
    for part in message["parts"]:
        print(" ", part["file"])
    return postkontor.SEEN


def main(settings, folder):
    state = Path(folder + ".state")  # a program keeps it in its database
    request = {"save_to": folder, "state": state.read_text() if state.exists() else ""}
    with postkontor.Host() as host, host.account(settings) as account:
        try:
            account.receive(received, request)
        finally:  # also after an error: what was taken before it stays taken
            state.write_text(account.state)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except postkontor.Error as error:
        sys.exit("%d %s" % (error.status, error))
