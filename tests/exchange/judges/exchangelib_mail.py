"""exchangelib sends, lists, fetches, moves and deletes."""

from exchangelib import DELEGATE, Account, Configuration, Credentials, FileAttachment, HTMLBody, Message, Version
from exchangelib.transport import BASIC
from exchangelib.version import EXCHANGE_2016

from .case import CLEAR, control, same


def account(address, **more):
    """An account by Basic."""
    config = Configuration(
        service_endpoint=f"{CLEAR}/EWS/Exchange.asmx",
        credentials=Credentials(more.pop("user", address), "Geheim-7"),
        auth_type=BASIC,
        version=Version(EXCHANGE_2016),
    )
    return Account(address, config=config, autodiscover=False, access_type=more.pop("access", DELEGATE), **more)


def main():
    anna, bob = account("anna@example.com"), account("bob@example.com")
    data = bytes(range(256)) * 40
    message = Message(
        account=anna,
        folder=anna.sent,
        subject="Grüße & <mehr>",
        body=HTMLBody("<p>Hallo</p>"),
        to_recipients=["bob@example.com"],
        bcc_recipients=["carol@example.com"],
    )
    message.attach(FileAttachment(name="Übersicht.bin", content=data))
    message.send_and_save()
    same([row["to"] for row in control("GET", "/deliveries")], [["bob@example.com", "carol@example.com"]])
    (received,) = bob.inbox.filter(subject="Grüße & <mehr>")
    same((received.is_read, received.sender.email_address, received.bcc_recipients), (False, "anna@example.com", None))
    same([(a.name, a.content) for a in received.attachments], [("Übersicht.bin", data)])
    same(b"bcc" in received.mime_content.lower(), False)
    (sent,) = anna.sent.all()
    same([box.email_address for box in sent.bcc_recipients], ["carol@example.com"])
    received.is_read = True
    received.save(update_fields=["is_read"])
    same(bob.inbox.filter(is_read=False).count(), 0)
    received.move(bob.junk)
    same((bob.inbox.all().count(), bob.junk.all().count()), (0, 1))
    bob.junk.all().get().move_to_trash()
    same((bob.junk.all().count(), bob.trash.all().count()), (0, 1))
    bob.trash.all().get().delete()
    same(bob.trash.all().count(), 0)


if __name__ == "__main__":
    main()
