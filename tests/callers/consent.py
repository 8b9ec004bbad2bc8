"""A person's consent, asked for by a program in Python; the person is a few lines of HTTP.

    python3 consent.py consent|again SETTINGS.json SECRETS.json PLUGINS CONTROL

SETTINGS has the accounts "device" and "browser". SECRETS is where the program keeps what it is given to keep. CONTROL is the control port of
the double that issues the tokens. "consent" asks for consent and logs in; "again" logs in with what is kept.
"""

import json
import os
import sys
import threading
import urllib.request

import postkontor

BROWSER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Secrets:
    """Secrets in a file."""

    def __init__(self, file):
        self.file = file

    def all(self):
        if not os.path.exists(self.file):
            return {}
        with open(self.file, encoding="utf-8") as file:
            return json.load(file)

    def get(self, name):
        return self.all().get(name)

    def put(self, name, value):
        secrets = {**self.all(), name: value}
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(secrets, file)
        return True


def control(origin, path, body):
    request = urllib.request.Request(origin + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with BROWSER.open(request, timeout=20) as answer:
        return json.load(answer)


def consent(account, by_device, origin):
    asked = account.authorize({"begin": True})
    assert asked["message"].startswith("Open ") and asked["expires_in_seconds"] > 60, asked
    if by_device:
        control(origin, "/tokens/device", {"user_code": asked["user_code"], "state": "approved", "user": "anna@example.com"})
        done = account.authorize({"finish": True}, cancel=postkontor.Cancel(60000))
    else:
        pages = []
        browser = threading.Thread(target=lambda: pages.append(BROWSER.open(asked["url"], timeout=20).read()))
        browser.start()
        done = account.authorize({"finish": True}, cancel=postkontor.Cancel(60000))
        browser.join()
        assert b"close this window" in pages[0], pages
    assert done["kept"] and done["expires_in_seconds"] > 60 and done["scopes"], done


def main(step, settings_file, secrets_file, plugins, origin):
    secrets = Secrets(secrets_file)
    with open(settings_file, encoding="utf-8") as file:
        settings = file.read()
    with postkontor.Host({"language": "en", "plugins": [plugins]}, secret_get=secrets.get, secret_put=secrets.put) as host:
        for name in ("device", "browser"):
            with host.account(settings, name) as account:
                if step == "consent":
                    try:
                        account.list({})
                    except postkontor.Error as error:
                        assert (error.status, error.facts["code"]) == (postkontor.AUTH, "oauth.consent_needed"), error.facts
                    else:
                        raise AssertionError("listed without consent")
                    consent(account, name == "device", origin)
                report = account.test()
                assert report["ok"], report


if __name__ == "__main__":
    main(*sys.argv[1:])
