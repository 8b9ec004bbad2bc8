"""What the log tells a program in Python of a test, a mail, a refused mail and a wrong password.

    python3 log.py SETTINGS.json FILE

SETTINGS has one account, whose password the program gives: the one in PASSWORD, and at last another. The program leaves in FILE each line
that it was given, behind its level; the test that runs it looks at them.
"""

import os
import sys

import postkontor

WRONG = "Falsch-8"


def fails(status, account, to):
    try:
        account.send({"to": [to], "text": "Guten Tag"})
    except postkontor.Error as error:
        assert error.status == status, error.facts
    else:
        raise AssertionError("sent to " + to)


def main(settings_file, log_file):
    secrets = {"mail": os.environ["PASSWORD"]}
    with open(settings_file, encoding="utf-8") as file:
        settings = file.read()
    with open(log_file, "w", encoding="utf-8", newline="\n") as lines:

        def log(level, text):
            print(level, text, file=lines)

        with postkontor.Host({"language": "en"}, log=log, secret_get=secrets.get) as host:
            with host.account(settings) as account:
                assert account.test()["ok"]
                account.send({"to": ["b@example.com"], "text": "Guten Tag"})
                fails(postkontor.REFUSED, account, "refused@example.com")
            secrets["mail"] = WRONG
            with host.account(settings) as account:
                fails(postkontor.AUTH, account, "b@example.com")


if __name__ == "__main__":
    main(*sys.argv[1:])
