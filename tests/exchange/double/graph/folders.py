"""Mail folders."""

from ..store import ids
from ..web.message import Answer
from . import query
from .errors import Problem
from .messages import READS


def show(folder):
    """A folder."""
    return {
        "id": ids.for_url(folder.id),
        "displayName": folder.name,
        "parentFolderId": ids.for_url(folder.parent.id),
        "childFolderCount": len(folder.children),
        "unreadItemCount": sum(1 for item in folder.items.values() if not item.is_read),
        "totalItemCount": len(folder.items),
        "sizeInBytes": sum(item.size() for item in folder.items.values()),
        "isHidden": False,
    }


def listed(view, name="msgfolderroot"):
    """The folders below one, in pages."""
    view.needs(*READS)
    wanted = query.Filter(view.request.query.get("$filter", ""), query.FOLDER)
    found = [folder for folder in view.folder(name).children if folder.kind == "IPF.Note" and wanted.test(folder)]
    rows, link = query.page(found, view.request)
    reply = {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#mailFolders", "value": [show(folder) for folder in rows]}
    if link:
        reply["@odata.nextLink"] = link
    return Answer.json(reply)


def get(view, name):
    """One folder."""
    view.needs(*READS)
    return Answer.json(show(view.folder(name)))


def create(view, name="msgfolderroot"):
    """Makes a folder below one."""
    view.needs("Mail.ReadWrite")
    parent, wanted = view.folder(name), view.body().get("displayName")
    if not wanted:
        raise Problem("ErrorInvalidRequest", "displayName is missing.")
    if any(child.name.lower() == wanted.lower() for child in parent.children):
        raise Problem("ErrorFolderExists", "A folder with the specified name already exists.", 409)
    return Answer.json(show(view.mailbox.create_folder(wanted, parent)), 201)


def own(view, name):
    """A folder that may be changed: not one that every mailbox has."""
    view.needs("Mail.ReadWrite")
    found = view.folder(name)
    if found.distinguished:
        raise Problem("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.", 403)
    return found


def free(parent, name, folder):
    """Refuses a name that another folder in the same place has."""
    if any(child is not folder and child.name.lower() == name.lower() for child in parent.children):
        raise Problem("ErrorFolderExists", "A folder with the specified name already exists.", 409)


def rename(view, name):
    """Gives a folder another name."""
    folder, wanted = own(view, name), view.body().get("displayName")
    if not wanted:
        raise Problem("ErrorInvalidRequest", "displayName is missing.")
    free(folder.parent, wanted, folder)
    folder.name = wanted
    return Answer.json(show(folder))


def move(view, name):
    """Puts a folder below another."""
    folder, target = own(view, name), view.folder(str(view.body().get("destinationId")))
    free(target, folder.name, folder)
    view.mailbox.move_folder(folder, target)
    return Answer.json(show(folder), 201)


def remove(view, name):
    """Deletes a folder."""
    view.mailbox.delete_folder(own(view, name), for_good=False)
    return Answer(204)
