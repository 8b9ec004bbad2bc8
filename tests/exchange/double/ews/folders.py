"""GetFolder, FindFolder, CreateFolder, UpdateFolder, MoveFolder, DeleteFolder."""

from ..store.organisation import Refused
from . import filters, shape, soap
from .context import M, T


def base_of(element):
    wanted = element.find(f"{M}FolderShape")
    if wanted.find(f"{T}AdditionalProperties") is not None:
        return "AllProperties"
    return wanted.findtext(f"{T}BaseShape")


def get_folder(context, element):
    """Shows folders by their ids."""
    messages = []
    for identity in element.find(f"{M}FolderIds"):
        try:
            context.injected()
            found = context.folder(identity)
            messages.append(soap.success("GetFolder", ["<m:Folders>", shape.folder(found, base_of(element)), "</m:Folders>"]))
        except Refused as refusal:
            messages.append(soap.error("GetFolder", refusal.code, refusal.text, "<m:Folders/>"))
    return soap.response("GetFolder", messages)


def find_folder(context, element):
    """Lists what is below folders, in pages."""
    messages = []
    deep = element.get("Traversal") == "Deep"
    view = element.find(f"{M}IndexedPageFolderView")
    restriction = element.find(f"{M}Restriction")
    for identity in element.find(f"{M}ParentFolderIds"):
        try:
            context.injected()
            parent = context.folder(identity)
            found = list(parent.below()) if deep else list(parent.children)
            if element.get("Traversal") == "SoftDeleted":
                found = []
            if restriction is not None:
                found = [folder for folder in found if filters.folder_matches(restriction[0], folder)]
            rows, attributes = filters.page(found, view, context.double.options["page_limit"])
            text = "".join(shape.folder(folder, base_of(element)) for folder in rows)
            messages.append(soap.success("FindFolder", [f"<m:RootFolder {attributes}><t:Folders>{text}</t:Folders></m:RootFolder>"]))
        except Refused as refusal:
            messages.append(soap.error("FindFolder", refusal.code, refusal.text))
    return soap.response("FindFolder", messages)


def create_folder(context, element):
    """Makes folders."""
    messages = []
    parent = context.folder(element.find(f"{M}ParentFolderId")[0])
    for wanted in element.find(f"{M}Folders"):
        name = wanted.findtext(f"{T}DisplayName") or ""
        if any(child.name.lower() == name.lower() for child in parent.children):
            messages.append(
                soap.error("CreateFolder", "ErrorFolderExists", "A folder with the specified name already exists.", "<m:Folders/>")
            )
            continue
        folder = parent.mailbox.create_folder(name, parent)
        messages.append(soap.success("CreateFolder", [f"<m:Folders><t:Folder>{shape.folder_id(folder)}</t:Folder></m:Folders>"]))
    return soap.response("CreateFolder", messages)


def of_each(operation, element, context, act):
    """Answers for each folder that a request names, as far as it may be changed."""
    messages = []
    for identity in element:
        try:
            context.injected()
            folder = context.folder(identity)
            if folder.distinguished:
                raise Refused("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
            act(folder)
            messages.append(soap.success(operation, [f"<m:Folders><t:Folder>{shape.folder_id(folder)}</t:Folder></m:Folders>"]))
        except Refused as refusal:
            messages.append(soap.error(operation, refusal.code, refusal.text, "<m:Folders/>"))
    return soap.response(operation, messages)


def is_taken(parent, name, folder):
    """Refuses a name that another folder in the same place has."""
    if any(child is not folder and child.name.lower() == name.lower() for child in parent.children):
        raise Refused("ErrorFolderExists", "A folder with the specified name already exists.")


def update_folder(context, element):
    """Renames a folder."""
    (change,) = element.find(f"{M}FolderChanges")
    name = change.findtext(f"{T}Updates/{T}SetFolderField/{T}Folder/{T}DisplayName")

    def act(folder):
        is_taken(folder.parent, name, folder)
        folder.name = name

    return of_each("UpdateFolder", [change[0]], context, act)


def move_folder(context, element):
    """Puts folders below another."""
    target = context.folder(element.find(f"{M}ToFolderId")[0])

    def act(folder):
        is_taken(target, folder.name, folder)
        folder.mailbox.move_folder(folder, target)

    return of_each("MoveFolder", element.find(f"{M}FolderIds"), context, act)


def delete_folder(context, element):
    """Deletes folders, for good or into Deleted Items."""
    for_good = element.get("DeleteType") != "MoveToDeletedItems"
    messages = []
    for identity in element.find(f"{M}FolderIds"):
        try:
            context.injected()
            folder = context.folder(identity)
            if folder.distinguished:
                raise Refused("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
            folder.mailbox.delete_folder(folder, for_good)
            messages.append(soap.success("DeleteFolder"))
        except Refused as refusal:
            messages.append(soap.error("DeleteFolder", refusal.code, refusal.text))
    return soap.response("DeleteFolder", messages)
