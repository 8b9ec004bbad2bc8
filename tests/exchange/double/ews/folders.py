"""GetFolder, FindFolder, CreateFolder."""

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
