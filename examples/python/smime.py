"""Sends a mail that is signed and encrypted, and says of what was received who signed it and whether it was encrypted.

    python3 smime.py SETTINGS.json send RECIPIENT
    python3 smime.py SETTINGS.json receive
    python3 smime.py SETTINGS.json open MAIL.eml

The settings name the certificates (docs/smime.md). A password is the environment variable of the name that the settings give,
{"password":{"secret":"KEY_PASSWORD"}}, as a program would take it from its own store. The module postkontor lies in ffi/bindings/python.
"""

import json
import os
import sys
from pathlib import Path

import postkontor


def send(account, recipient):
    message = {
        "to": [recipient],
        "subject": "Invoice 4711",
        "text": "The amount is 1,234.56 EUR.",
        "smime": {"sign": True, "encrypt": "always"},  # without a certificate for the recipient nothing goes out
    }
    print("sent:", account.send(message)["message_id"])


def received(message):
    smime = message["smime"] or {}
    signed, encrypted = smime.get("signed"), smime.get("encrypted")
    print(message["subject"])
    print("  signed:", signed["status"] + ", " + signed.get("by", "?") if signed else "no", signed.get("message", "") if signed else "")
    print("  encrypted:", encrypted["status"] if encrypted else "no", encrypted.get("message", "") if encrypted else "")
    if signed and signed["status"] == "good":  # only then is the text from the person who seems to have sent it
        print("  text:", message["text"].strip())
    return postkontor.SEEN


def main(settings, task, *arguments):
    settings = Path(settings).read_text(encoding="utf-8")
    with postkontor.Host({"language": "en"}, secret_get=os.environ.get) as host, host.account(settings) as account:
        if task == "send":
            send(account, *arguments)
        elif task == "open":  # a message that was kept, with the same keys
            with host.message(arguments[0], json.loads(settings)["receive"]["smime"]) as message:
                received(message)
        else:
            account.receive(received)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except postkontor.Error as error:
        sys.exit("error %d %s: %s" % (error.status, error.code, error))
