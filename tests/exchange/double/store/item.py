"""Messages and their attachments."""

from . import ids, letter, parts
from .content import Content


def decoded(content, charset):
    """Text of a charset, which may be one that Python does not know."""
    try:
        return content.bytes().decode(charset, "replace")
    except LookupError:
        return content.bytes().decode("latin-1")


class Attachment:
    """A file attached to a message."""

    def __init__(self, name, kind, content, content_id="", is_inline=False):
        self.id = ids.new(kind=7)
        self.name = name
        self.kind = kind
        self.content = content
        self.content_id = content_id
        self.is_inline = is_inline


class Item:
    """A message in a folder. It is made of MIME, or of properties and then has MIME when someone asks for it."""

    def __init__(self, mailbox, created=None):
        self.id = ids.new(kind=1)
        self.immutable = "I" + ids.new(kind=2)[1:]
        self.change_key = ids.change_key()
        self.mailbox = mailbox
        self.folder = None
        self.created = created or letter.now()
        self.received = self.created
        self.sent = self.created
        self.is_read = True
        self.is_draft = True
        self.is_flagged = False
        self.mime = None
        self.subject = self.body = ""
        self.body_type = "Text"
        self.from_pair = self.sender_pair = None
        self.to, self.cc, self.bcc, self.reply_to, self.more_fields, self.categories = [], [], [], [], [], []
        self.importance = "Normal"
        self.message_id = ""
        self.in_reply_to = self.references = ""
        self.item_class = "IPM.Note"
        self.extended = {}
        self.attachments = []
        self.is_taken_apart = True
        self.created_step = self.changed_step = self.read_step = 0

    @classmethod
    def of_mime(cls, mailbox, content):
        """A message of MIME; its properties come from the header."""
        item = cls(mailbox)
        item.mime = content
        item.is_taken_apart = False
        item.read_header(letter.fields(content))
        return item

    def read_header(self, fields):
        named = {}
        for name, value in fields:
            named.setdefault(name, []).append(value)

        def all_of(name):
            return named.get(name, [])

        def last_of(name):
            return (all_of(name) or [b""])[-1]

        self.subject = letter.text(last_of("subject"))
        self.from_pair = next(iter(letter.addresses(all_of("from"))), None)
        self.sender_pair = next(iter(letter.addresses(all_of("sender"))), None)
        self.to, self.cc, self.bcc = (letter.addresses(all_of(name)) for name in ("to", "cc", "bcc"))
        self.reply_to = letter.addresses(all_of("reply-to"))
        self.message_id = last_of("message-id").decode("utf-8", "replace")
        self.in_reply_to = last_of("in-reply-to").decode("utf-8", "replace")
        self.references = last_of("references").decode("utf-8", "replace")
        self.sent = letter.date(last_of("date")) or self.created
        importance = (last_of("importance") or last_of("x-priority")[:1]).decode("utf-8", "replace").lower()
        self.importance = {"high": "High", "1": "High", "2": "High", "low": "Low", "4": "Low", "5": "Low"}.get(importance, "Normal")

    def take_apart(self):
        """Fills in text and attachments of a message of MIME, when they are asked for first."""
        if not self.is_taken_apart:
            self.is_taken_apart = True
            body, charset, self.body_type, found = parts.take_apart(self.mime)
            self.body = decoded(body, charset)
            self.attachments = [
                Attachment(letter.text(name.encode("utf-8", "replace")), kind, content, cid, inline)
                for name, kind, cid, inline, content in found
            ]
        return self

    def has_attachments(self):
        """Whether there are attachments; a message is not read whole for that."""
        if self.is_taken_apart:
            return any(not attachment.is_inline for attachment in self.attachments)
        return b"content-disposition: attachment" in self.mime.head().lower()

    def size(self):
        """The size in bytes."""
        if self.mime is not None:
            return self.mime.size
        return 500 + len(self.body.encode()) + sum(attachment.content.size for attachment in self.attachments)

    def sender_pairs(self):
        """What From says; the mailbox's owner where it was left out."""
        return [self.from_pair or (self.mailbox.name, self.mailbox.address)]

    def recipients(self):
        """All addresses that it goes to, each once, in small letters."""
        return list(dict.fromkeys(address.lower() for _, address in [*self.to, *self.cc, *self.bcc]))

    def whole(self):
        """The MIME of the message."""
        if self.mime is not None:
            return self.mime
        if not self.message_id:
            self.message_id = letter.new_message_id()
        return Content.of(letter.compose(self))

    def touch(self):
        """Gives it a new change key, which makes those that clients hold stale."""
        self.change_key = ids.change_key()

    def copy(self, mailbox):
        """A copy for another folder, with ids of its own."""
        other = Item(mailbox, self.created)
        kept = ("id", "immutable", "change_key", "mailbox", "folder", "created_step", "changed_step", "read_step", "attachments")
        other.__dict__.update({name: value for name, value in self.__dict__.items() if name not in kept})
        other.attachments = [Attachment(a.name, a.kind, a.content, a.content_id, a.is_inline) for a in self.attachments]
        return other
