"""Sends an invoice as PDF: lists the transports, tests the settings, sends, and shows what a wrong password looks like.

    python3 invoice.py SETTINGS.json INVOICE.pdf

The password is taken from the environment variable INVOICE_PASSWORD, as a program would take it from its own store: the
settings only name it, {"password":{"secret":"mail"}}. The module postkontor lies in ffi/bindings/python.
"""

import json
import os
import sys

import postkontor

MESSAGE = {
    "to": ["accounting@customer.example"],
    "subject": "Invoice 4711",
    "text": "Please find our invoice attached.",
    "attachments": [{"name": "Invoice 4711.pdf", "part": 0, "type": "application/pdf"}],
}


def main(settings_file, pdf_file):
    secrets = {"mail": os.environ.get("INVOICE_PASSWORD")}
    with open(settings_file, encoding="utf-8") as file:
        settings = json.load(file)
    with open(pdf_file, "rb") as file:
        pdf = file.read()

    with postkontor.Host({"language": "en"}, secret_get=secrets.get) as host:
        print("transports:", ", ".join(entry.get("name", "?") for entry in host.transports()))
        with host.account(settings) as account:
            report = account.test()
            for step in report["steps"]:
                print("test:", step["step"], step["status"], step.get("message", ""))
            print("sent:", account.send(MESSAGE, [pdf])["message_id"])

        secrets["mail"] = "wrong"
        with host.account(settings) as account:
            try:
                account.send(MESSAGE, [pdf])
            except postkontor.Error as error:
                print("error", error.status, error.code + ":", error)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: invoice.py SETTINGS.json INVOICE.pdf")
    try:
        main(*sys.argv[1:])
    except postkontor.Error as error:
        sys.exit("error %d %s: %s %s" % (error.status, error.code, error, error.detail))
