"""How fast exchangelib is against the double, as JSON: `python -m judges.rates CLEAR SECURE CONTROL AUTHORITY SCHEMAS SENT RECEIVED`.

`work` is the processor's time that the double itself took for it.
"""

import json
import sys
import time

from exchangelib import DELEGATE, Account, Configuration, Credentials, Message, Version
from exchangelib.transport import BASIC
from exchangelib.version import EXCHANGE_2016

from .case import SECURE, control


def account(address):
    config = Configuration(
        service_endpoint=f"{SECURE}/EWS/Exchange.asmx",
        credentials=Credentials(address, "Geheim-7"),
        auth_type=BASIC,
        version=Version(EXCHANGE_2016),
        max_connections=1,
    )
    return Account(address, config=config, autodiscover=False, access_type=DELEGATE)


def measured(count, run):
    """The rate of something that is done `count` times."""
    before, begin = control("GET", "/statistics")["work"], time.monotonic()
    run()
    seconds = time.monotonic() - begin
    return {"count": count, "seconds": seconds, "per_second": count / seconds, "work": control("GET", "/statistics")["work"] - before}


def main(sent, received):
    control("POST", "/log/keep", {"keep": False})
    anna, bob = account("anna@example.com"), account("bob@example.com")
    head = "From: anna@example.com\r\nTo: carol@example.com\r\nSubject: Rate\r\n\r\n"
    mime = (head + ("x" * 70 + "\r\n") * 30)[:2048].encode()

    def send():
        for _ in range(sent):
            Message(account=anna, folder=anna.sent, mime_content=mime).send_and_save()

    def receive():
        found = list(bob.inbox.all().order_by("datetime_received").only("mime_content"))
        assert len(found) == received and all(message.mime_content for message in found)

    assert anna.sent and bob.inbox
    control("POST", "/messages", {"mailbox": "bob@example.com", "count": received, "size": 2048})
    print(json.dumps({"send": measured(sent, send), "receive": measured(received, receive)}))


if __name__ == "__main__":
    main(int(sys.argv[6]), int(sys.argv[7]))
