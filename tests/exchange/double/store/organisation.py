"""The organisation: its people, its mailboxes, and the way of messages between them."""

import threading

from . import letter
from .content import Content
from .item import Item
from .mailbox import Mailbox


class Refused(Exception):
    """A request that is refused; `code` is Exchange's name of the reason."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code
        self.text = text


class User:
    """Someone who can log in."""

    def __init__(self, address, password, domain, login, roles=()):
        self.address = address.lower()
        self.password = password
        self.domain = domain
        self.login = login
        self.roles = set(roles)


class Organisation:
    """All mailboxes, and what was delivered."""

    def __init__(self, folder):
        self.folder_of_passwords = folder
        Content.folder = folder
        self.lock = threading.RLock()
        self.users = {}
        self.mailboxes = {}
        self.domains = {"example.com"}
        self.deliveries = []
        for address, name, password in (
            ("anna@example.com", "Anna Adler", "Geheim-7"),
            ("bob@example.com", "Bob Bauer", "Geheim-7"),
            ("jürgen@example.com", "Jürgen Groß", "Grüße, 9"),
            ("carol@example.com", "Carol Cerar", "Geheim-7"),
        ):
            self.add_user({"address": address, "name": name, "password": password})
        self.add_user({"address": "service@example.com", "name": "Service", "password": "Geheim-7", "roles": ["ApplicationImpersonation"]})
        self.add_mailbox({"address": "shared@example.com", "name": "Shared"})

    def add_user(self, asked):
        """Adds a user with a mailbox, or changes one."""
        address = asked["address"].lower()
        login = asked.get("login", address.partition("@")[0])
        self.users[address] = User(
            address, asked.get("password", "Geheim-7"), asked.get("domain", "EXAMPLE"), login, asked.get("roles", ())
        )
        if asked.get("mailbox", True):
            self.add_mailbox(asked)

    def add_mailbox(self, asked):
        """Adds a mailbox, or changes one."""
        address = asked["address"].lower()
        mailbox = self.mailboxes.setdefault(address, Mailbox(address, asked.get("name", address)))
        self.domains.add(address.partition("@")[2])
        for name in ("quota", "message_limit", "submission_left", "ews", "on_premises", "copies_sent_as"):
            if name in asked:
                setattr(mailbox, name, asked[name])
        for right, addresses in asked.get("rights", {}).items():
            mailbox.rights[right] = {other.lower() for other in addresses}
        return mailbox

    def mailbox(self, address):
        """The mailbox of an address, or a refusal."""
        found = self.mailboxes.get(address.lower())
        if found is None:
            raise Refused("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        return found

    def find_user(self, name):
        """The user of a login name: an address, DOMAIN\\name, or a bare name."""
        name = name.lower()
        domain, slash, login = name.rpartition("\\")
        for user in self.users.values():
            if not slash and name == user.address or login == user.login.lower() and domain in ("", user.domain.lower()):
                return user
        return None

    def check_sending(self, item, owner, caller, limit):
        """Refuses what may not be sent. `owner` is the mailbox that it is sent from, `caller` the address of who asks."""
        if not item.recipients():
            raise Refused("ErrorInvalidRecipients", "At least one recipient isn't valid.")
        if any("@" not in address for address in item.recipients()):
            raise Refused("ErrorInvalidRecipients", "At least one recipient isn't valid.")
        if item.size() > (owner.message_limit or limit):
            raise Refused("ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")
        if owner.is_full():
            raise Refused("ErrorQuotaExceeded", "The mailbox storage quota has been exceeded.")
        if owner.submission_left == 0:
            raise Refused("ErrorSubmissionQuotaExceeded", "Submission quota was exceeded.")
        _, sender = item.sender_pairs()[0]
        if sender.lower() == caller.lower():
            return
        other = self.mailboxes.get(sender.lower())
        if other is None or not (other.grants("send_as", caller) or other.grants("on_behalf", caller)):
            text = "The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account."
            raise Refused("ErrorSendAsDenied", text)

    def send(self, item, owner, caller):
        """Delivers a message, which has been checked; the copy for the sender is the caller's business."""
        item.from_pair = item.sender_pairs()[0]
        sender = item.from_pair[1]
        other = self.mailboxes.get(sender.lower())
        stands_in = other is not None and other.address != caller.lower()
        shows_sender = stands_in and not other.grants("send_as", caller)
        acting = self.mailboxes.get(caller.lower(), owner)
        if item.mime is None:
            item.mime = item.whole()
        if owner.submission_left:
            owner.submission_left -= 1
        before = letter.address_field("Sender", [(acting.name, caller)]) if shows_sender else ""
        if not item.message_id:
            item.message_id = letter.new_message_id()
            before += f"Message-ID: {item.message_id}\r\n"
        content = letter.for_recipients(item.mime, before)
        row = {
            "from": sender,
            "sender": caller if shows_sender else None,
            "to": item.recipients(),
            "message_id": item.message_id,
            "subject": item.subject,
            "size": content.size,
            "content": content,
        }
        with self.lock:
            self.deliveries.append(row)
        for address in item.recipients():
            mailbox = self.mailboxes.get(address)
            if mailbox is not None and not mailbox.is_full(content.size):
                received = item.copy(mailbox)
                received.mime, received.bcc, received.is_draft, received.is_read = content, [], False, False
                received.sender_pair = (acting.name, caller) if shows_sender else None
                received.received = letter.now()
                with mailbox.lock:
                    mailbox.by_name["inbox"].put(received)
        if stands_in and other.copies_sent_as:
            self.keep_copy(item, other.by_name["sentitems"])

    def receipt(self, item):
        """Sends the read receipt that a message asks for."""
        wanted = dict(letter.fields(item.mime)).get("disposition-notification-to") if item.mime else None
        if wanted:
            to = [address for _, address in letter.addresses([wanted])]
            text = f"From: {item.mailbox.address}\r\nTo: {', '.join(to)}\r\nSubject: Read: {item.subject}\r\n\r\nRead.\r\n"
            row = {
                "from": item.mailbox.address,
                "sender": None,
                "to": to,
                "message_id": "",
                "subject": f"Read: {item.subject}",
                "size": len(text),
                "content": Content(text.encode()),
            }
            with self.lock:
                self.deliveries.append(row)

    def deliver(self, mailbox, content, folder="inbox", is_read=False, received=None):
        """Puts a received message into a folder."""
        item = Item.of_mime(mailbox, content)
        item.is_draft = False
        item.is_read = is_read
        if received is not None:
            item.received = received
        with mailbox.lock:
            mailbox.by_path(folder).put(item)
        return item

    def keep_copy(self, item, folder):
        """Puts a copy of what was sent into a folder."""
        copy = item.copy(folder.mailbox)
        copy.is_draft = False
        copy.is_read = True
        copy.sent = copy.received = letter.now()
        with folder.mailbox.lock:
            folder.put(copy)
        return copy
