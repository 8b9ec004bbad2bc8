"""exchangelib finds what another client has sent: `python -m judges.exchangelib_finds CLEAR SECURE CONTROL AUTHORITY WANTED`.

`WANTED` is JSON: who sent, from which mailbox, to whom, and which attachments there are by name and SHA-256.
"""

import hashlib
import json
import sys

from .case import same
from .exchangelib_mail import account


def digests(message):
    return sorted([a.name, hashlib.sha256(a.content).hexdigest()] for a in message.attachments)


def main(wanted):
    owner = account(wanted["mailbox"], user=wanted["user"])
    (sent,) = owner.sent.filter(subject=wanted["subject"])
    same(sent.author.email_address, wanted["from"])
    same([box.email_address for box in sent.to_recipients], wanted["to"])
    same([box.email_address for box in sent.bcc_recipients or []], wanted["bcc"])
    same(digests(sent), wanted["attachments"])
    same(owner.drafts.all().count(), 0)
    for address in wanted["to"] + wanted["bcc"]:
        (received,) = account(address).inbox.filter(subject=wanted["subject"])
        same(
            (received.author.email_address, received.bcc_recipients, b"bcc:" in received.mime_content.lower()),
            (wanted["from"], None, False),
        )
        same(received.message_id, sent.message_id)
        same(digests(received), wanted["attachments"])


if __name__ == "__main__":
    main(json.loads(sys.argv[5]))
