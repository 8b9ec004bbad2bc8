"""UpdateItem, MoveItem, CopyItem, DeleteItem."""

from lxml import etree

from ..store.organisation import Refused
from ..store.transfer import delete, move
from . import soap
from .context import M, T
from .create import set_property
from .shape import extended_key, item_id

FIELDS = {
    "message:IsRead",
    "item:Subject",
    "item:Categories",
    "item:Flag",
    "item:Importance",
    "item:Body",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:BccRecipients",
    "message:From",
    "message:ReplyTo",
    "message:InternetMessageId",
    "message:References",
    "item:ItemClass",
}


def update_item(context, element):
    """Changes properties of messages."""
    resolution, messages = element.get("ConflictResolution"), []
    for change in element.find(f"{M}ItemChanges"):
        try:
            context.injected()
            if element.get("MessageDisposition") is None:
                raise Refused("ErrorMessageDispositionRequired", "For message items, MessageDisposition is required.")
            identity = change.find(f"{T}ItemId")
            item, key = context.item(identity.get("Id")), identity.get("ChangeKey")
            if key is None and resolution != "AlwaysOverwrite":
                raise Refused("ErrorChangeKeyRequiredForWriteOperations", "The change key is required for this operation.")
            if resolution == "NeverOverwrite" and key != item.change_key:
                raise Refused(
                    "ErrorIrresolvableConflict",
                    "The send or update operation could not be performed because the change key passed in the "
                    "request does not match the current change key for the item.",
                )
            was_read = item.is_read
            update(item, change.find(f"{T}Updates"))
            if item.is_read and not was_read and element.get("SuppressReadReceipts") != "true":
                context.organisation.receipt(item)
            conflicts = "<m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>"
            messages.append(soap.success("UpdateItem", [f"<m:Items><t:Message>{item_id(item)}</t:Message></m:Items>", conflicts]))
        except Refused as refusal:
            messages.append(soap.error("UpdateItem", refusal.code, refusal.text, "<m:Items/>"))
    return soap.response("UpdateItem", messages)


def update(item, updates):
    only_read = True
    for change in updates:
        path, kind = change[0], etree.QName(change).localname
        name = path.get("FieldURI", "extended")
        if name != "extended" and name not in FIELDS or kind == "AppendToItemField":
            raise Refused("ErrorInvalidPropertySet", f"Set action is invalid for property {name}.")
        only_read = only_read and name == "message:IsRead"
        if kind == "SetItemField":
            for value in change[1]:
                set_property(item, value)
        elif name == "item:Categories":
            item.categories = []
        elif name == "extended":
            item.extended.pop(extended_key(path), None)
    item.touch()
    step = item.folder.next_step()
    if only_read:
        item.read_step = step
    else:
        item.changed_step = step


def transfer(operation, context, element, copies):
    """Moves or copies messages; each gets a new id."""
    wants_ids = element.findtext(f"{M}ReturnNewItemIds") != "false"
    messages, target, problem = [], None, None
    try:
        target = context.folder(element.find(f"{M}ToFolderId")[0])
    except Refused as refusal:
        problem = Refused("ErrorToFolderNotFound" if refusal.code == "ErrorFolderNotFound" else refusal.code, refusal.text)
    for identity in element.find(f"{M}ItemIds"):
        try:
            context.injected()
            if problem:
                raise problem
            item = context.item(identity.get("Id"))
            other = move(item, target, copies)
            inside = f"<t:Message>{item_id(other)}</t:Message>" if wants_ids and other.mailbox is item.mailbox else ""
            messages.append(soap.success(operation, [f"<m:Items>{inside}</m:Items>"]))
        except Refused as refusal:
            messages.append(soap.error(operation, refusal.code, refusal.text, "<m:Items/>"))
    return soap.response(operation, messages)


def move_item(context, element):
    """Moves messages."""
    return transfer("MoveItem", context, element, copies=False)


def copy_item(context, element):
    """Copies messages."""
    return transfer("CopyItem", context, element, copies=True)


def delete_item(context, element):
    """Deletes messages, for good or into Deleted Items."""
    messages = []
    for identity in element.find(f"{M}ItemIds"):
        try:
            context.injected()
            item = context.item(identity.get("Id"))
            delete(item, element.get("DeleteType"))
            messages.append(soap.success("DeleteItem"))
        except Refused as refusal:
            messages.append(soap.error("DeleteItem", refusal.code, refusal.text))
    return soap.response("DeleteItem", messages)
