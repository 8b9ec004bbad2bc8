"""exchangelib looks where an invoice went: what lies in the Sent Items of a mailbox and in another's inbox, as JSON.

    python -m judges.invoice CLEAR SECURE CONTROL AUTHORITY LOGIN MAILBOX...

LOGIN has full access to each MAILBOX.
"""

import hashlib
import json
import sys

from .exchangelib_mail import account


def address(box):
    return box.email_address if box else None


def shown(message):
    """What a person sees of a message, and the digests of its attachments."""
    files = [{"name": file.name, "sha256": hashlib.sha256(file.content).hexdigest()} for file in message.attachments]
    blind = [address(box) for box in message.bcc_recipients or ()]
    visible = any(line.lower().startswith(b"bcc:") for line in message.mime_content.partition(b"\r\n\r\n")[0].splitlines())
    return {
        "subject": message.subject,
        "from": address(message.author),
        "sender": address(message.sender),
        "bcc": blind,
        "bcc_line": visible,
        "to": [address(box) for box in message.to_recipients or ()],
        "id": message.message_id,
        "files": files,
        "draft": message.is_draft,
    }


def main():
    login, mailboxes = sys.argv[5], sys.argv[6:]
    found = {}
    for mailbox in mailboxes:
        here = account(mailbox, user=login)
        found[mailbox] = {
            name: [shown(message) for message in folder.all()]
            for name, folder in (("sent", here.sent), ("inbox", here.inbox), ("drafts", here.drafts), ("outbox", here.outbox))
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
