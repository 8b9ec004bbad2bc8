"""A mailbox with its folders."""

import threading

from . import ids

# Folders that are not for mail, as every mailbox has them.
KINDS = {"calendar": "IPF.Appointment", "contacts": "IPF.Contact", "tasks": "IPF.Task", "notes": "IPF.StickyNote"}
# Distinguished name, name, parent.
FOLDERS = [
    ("root", "", None),
    ("msgfolderroot", "Top of Information Store", "root"),
    ("inbox", "Inbox", "msgfolderroot"),
    ("drafts", "Drafts", "msgfolderroot"),
    ("sentitems", "Sent Items", "msgfolderroot"),
    ("deleteditems", "Deleted Items", "msgfolderroot"),
    ("outbox", "Outbox", "msgfolderroot"),
    ("junkemail", "Junk Email", "msgfolderroot"),
    ("archive", "Archive", "msgfolderroot"),
    ("recoverableitemsdeletions", "Deletions", "root"),
    ("calendar", "Calendar", "msgfolderroot"),
    ("contacts", "Contacts", "msgfolderroot"),
    ("tasks", "Tasks", "msgfolderroot"),
    ("notes", "Notes", "msgfolderroot"),
]


class Folder:
    """A folder; `items` are in the order in which they came."""

    def __init__(self, mailbox, name, parent, distinguished=None):
        self.id = ids.new(kind=4)
        self.change_key = ids.change_key()
        self.mailbox = mailbox
        self.name = name
        self.parent = parent
        self.distinguished = distinguished
        self.kind = KINDS.get(distinguished, "IPF.Note")
        self.items = {}
        self.gone = []
        self.children = []
        self.step = 0
        if parent is not None:
            parent.children.append(self)

    def next_step(self):
        """The number of the next change."""
        self.step += 1
        return self.step

    def put(self, item):
        """Puts a message in."""
        item.folder = self
        item.mailbox = self.mailbox
        item.created_step = item.changed_step = self.next_step()
        item.read_step = 0
        self.items[item.id] = item
        self.mailbox.items[item.id] = item
        self.mailbox.items[item.immutable] = item
        self.mailbox.used += item.size()
        return item

    def take(self, item):
        """Takes a message out."""
        self.gone.append((self.next_step(), item.id, item.created_step, item.immutable, item.change_key))
        del self.items[item.id]
        self.mailbox.items.pop(item.id, None)
        self.mailbox.items.pop(item.immutable, None)
        self.mailbox.used -= item.size()
        item.folder = None
        return item

    def below(self):
        """All folders under this one, parents first."""
        for child in self.children:
            yield child
            yield from child.below()


class Mailbox:
    """A mailbox and the rights that others have on it: `rights` maps "full_access", "send_as", "on_behalf" to addresses."""

    def __init__(self, address, name):
        self.address = address.lower()
        self.name = name
        self.folders = {}
        self.items = {}
        self.used = 0
        self.last_put = 0.0
        self.quota = None
        self.message_limit = None
        self.submission_left = None
        self.rights = {"full_access": set(), "send_as": set(), "on_behalf": set()}
        self.ews = True
        self.on_premises = False
        self.copies_sent_as = False
        self.lock = threading.RLock()
        self.by_name = {}
        for distinguished, name_of_folder, parent in FOLDERS:
            folder = Folder(self, name_of_folder, self.by_name.get(parent), distinguished)
            self.by_name[distinguished] = folder
            self.folders[folder.id] = folder

    def create_folder(self, name, parent):
        """A new folder."""
        folder = Folder(self, name, parent)
        self.folders[folder.id] = folder
        parent.next_step()
        return folder

    def move_folder(self, folder, parent):
        """Puts a folder below another, with all that is in it."""
        folder.parent.children.remove(folder)
        parent.children.append(folder)
        folder.parent = parent
        parent.next_step()

    def delete_folder(self, folder, for_good):
        """Takes a folder away, or puts it below Deleted Items."""
        if not for_good:
            self.move_folder(folder, self.by_name["deleteditems"])
            return
        for gone in [folder, *folder.below()]:
            for item in list(gone.items.values()):
                gone.take(item)
            del self.folders[gone.id]
        folder.parent.children.remove(folder)

    def by_path(self, path):
        """The folder of a path such as `Inbox/Rechnungen`, made where it is missing; the first step may be a distinguished name."""
        if path.lower() in self.by_name:
            return self.by_name[path.lower()]
        folder = self.by_name["msgfolderroot"]
        for step in path.split("/"):
            found = next((child for child in folder.children if step in (child.name, child.distinguished)), None)
            folder = found or self.create_folder(step, folder)
        return folder

    def is_full(self, more=0):
        """Whether the quota leaves no room for so many bytes."""
        return self.quota is not None and self.used + more > self.quota

    def grants(self, right, address):
        """Whether an address has a right here; the owner has every right."""
        return address.lower() == self.address or address.lower() in self.rights[right]
