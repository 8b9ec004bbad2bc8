"""Hands a mail over to the outbox, lets it be sent, and asks what became of it.

    python3 outbox.py SETTINGS.json put RECIPIENT KEY
    python3 outbox.py SETTINGS.json work
    python3 outbox.py SETTINGS.json ask KEY

The settings name the store, {"outbox":{"store":"sqlite:/path/outbox.db"}} (docs/outbox.md). KEY is the program's own name for the mail,
for example the number of the invoice: put twice, it goes out once. A secret is the environment variable of the name that the
settings give. The module postkontor lies in ffi/bindings/python.
"""

import json
import os
import sys

import postkontor


def put(outbox, recipient, key):
    mail = {
        "message": {
            "to": [recipient],
            "subject": "Invoice " + key,
            "text": "Please find our invoice attached.",
            "attachments": [{"name": key + ".txt", "part": 0}],
        },
        "key": key,
    }
    # When put returns, the mail is durable: the program may forget it.
    entry = outbox.put(mail, [b"The amount is 1,234.56 EUR.\r\n"])["entries"][0]
    print("known already:" if entry["found"] else "put:", entry["id"], entry["state"])


def work(outbox):
    # Usually a thread or a service of its own, with {"until": "stopped"}.
    worked = outbox.work()
    print("sent: %(sent)d, failed: %(failed)d, held: %(held)d, later: %(later)d" % worked)


def ask(outbox, key):
    for entry in outbox.query({"key": key})["entries"]:
        print(entry["state"])
        for recipient in entry["recipients"]:
            print(" ", recipient["address"], recipient["status"])


def main(settings_file, task, *arguments):
    with open(settings_file, encoding="utf-8") as file:
        settings = json.load(file)
    with postkontor.Host(secret_get=os.environ.get) as host, host.outbox(settings) as outbox:
        {"put": put, "work": work, "ask": ask}[task](outbox, *arguments)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: outbox.py SETTINGS.json put RECIPIENT KEY | work | ask KEY")
    try:
        main(*sys.argv[1:])
    except postkontor.Error as error:
        sys.exit("error %d %s: %s %s" % (error.status, error.code, error, error.detail))
