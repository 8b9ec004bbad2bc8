"""CreateItem and SendItem."""

import base64
import binascii

from lxml import etree

from ..store import letter
from ..store.content import Content
from ..store.item import Attachment, Item
from ..store.organisation import Refused
from . import soap
from .context import M, T
from .schema import bytes_of
from .shape import extended_key, item_id

MESSAGE_FLAGS = "tag:3591"  # 0x0E07


def create_item(context, element):
    """Creates messages: saved, sent, or both."""
    disposition = element.get("MessageDisposition")
    messages, stopped = [], False
    for wanted in element.find(f"{M}Items"):
        try:
            if stopped:
                raise Refused("ErrorBatchProcessingStopped", "The batch was stopped by an error of an item before.")
            context.injected()
            if disposition is None:
                raise Refused("ErrorMessageDispositionRequired", "For message items, MessageDisposition is required.")
            item = create_one(context, element, wanted, disposition)
            inside = f"<t:Message>{item_id(item)}</t:Message>" if disposition == "SaveOnly" else ""
            messages.append(soap.success("CreateItem", [f"<m:Items>{inside}</m:Items>" if inside else "<m:Items/>"]))
        except Refused as refusal:
            stopped = stopped or refusal.code in ("ErrorQuotaExceeded", "ErrorServerBusy", "ErrorMailboxStoreUnavailable")
            messages.append(soap.error("CreateItem", refusal.code, refusal.text, "<m:Items/>"))
    return soap.response("CreateItem", messages)


def create_one(context, element, wanted, disposition):
    if etree.QName(wanted).localname != "Message":
        raise Refused("ErrorInvalidOperation", "The double has messages only.")
    saved = element.find(f"{M}SavedItemFolderId")
    default = "drafts" if disposition == "SaveOnly" else "sentitems"
    target = context.folder(saved[0]) if saved is not None else context.mailbox.by_name[default]
    item = read_item(wanted, target.mailbox)
    if target.mailbox.is_full(item.size()):
        raise Refused("ErrorQuotaExceeded", "The mailbox storage quota has been exceeded.")
    if disposition == "SaveOnly":
        if MESSAGE_FLAGS in item.extended:
            flags = int(item.extended[MESSAGE_FLAGS])
            item.is_draft, item.is_read = bool(flags & 8), bool(flags & 1)
        return target.put(item)
    item.mailbox = context.mailbox
    try:
        context.organisation.check_sending(item, context.mailbox, context.address, context.double.options["message_limit"])
    except Refused as refusal:
        # The message was saved before it was to be sent, and stays where drafts are.
        if disposition == "SendAndSaveCopy" and refusal.code == "ErrorSendAsDenied":
            context.mailbox.by_name["drafts"].put(item)
        raise
    context.organisation.send(item, context.mailbox, context.address)
    if disposition == "SendAndSaveCopy":
        context.organisation.keep_copy(item, target)
    return item


def read_item(wanted, mailbox):
    """The message that a t:Message describes: its MIME, then its properties, which win."""
    mime = wanted.find(f"{T}MimeContent")
    if mime is not None:
        try:
            data = base64.b64decode("".join((mime.text or "").split()), validate=True)
        except (binascii.Error, ValueError):
            raise Refused("ErrorMimeContentInvalidBase64String", "The MIME content of the item is not valid base64.") from None
        if not data.strip():
            raise Refused("ErrorMimeContentInvalid", "The MIME content of the item is not valid.")
        item = Item.of_mime(mailbox, Content.of_bytes(data))
    else:
        item = Item(mailbox)
    for element in wanted:
        set_property(item, element)
    if mime is None and not item.message_id:
        item.message_id = letter.new_message_id()
    return item


def pairs(element):
    """The people of a list of mailboxes."""
    found = [(box.findtext(f"{T}Name") or "", box.findtext(f"{T}EmailAddress") or "") for box in element.iter(f"{T}Mailbox")]
    return [(name, address) for name, address in found if address]


def set_property(item, element):
    """Sets what one element of a t:Message says."""
    name, text = etree.QName(element).localname, element.text or ""
    lists = {"ToRecipients": "to", "CcRecipients": "cc", "BccRecipients": "bcc", "ReplyTo": "reply_to"}
    texts = {
        "Subject": "subject",
        "Importance": "importance",
        "InternetMessageId": "message_id",
        "References": "references",
        "InReplyTo": "in_reply_to",
        "ItemClass": "item_class",
    }
    if name in lists:
        setattr(item, lists[name], pairs(element))
    elif name in texts:
        setattr(item, texts[name], text)
    elif name == "Body":
        item.body, item.body_type = text, element.get("BodyType")
    elif name in ("From", "Sender"):
        setattr(item, "from_pair" if name == "From" else "sender_pair", next(iter(pairs(element)), None))
    elif name == "IsRead":
        item.is_read = text in ("true", "1")
    elif name == "Categories":
        item.categories = [child.text or "" for child in element]
    elif name == "Flag":
        item.is_flagged = element.findtext(f"{T}FlagStatus") == "Flagged"
    elif name == "ExtendedProperty":
        item.extended[extended_key(element[0])] = element.findtext(f"{T}Value") or ""
        header = element[0]
        if header.get("DistinguishedPropertySetId") == "InternetHeaders":
            item.more_fields.append((header.get("PropertyName"), element.findtext(f"{T}Value") or ""))
    elif name == "Attachments":
        item.attachments.extend(read_attachment(child) for child in element)
    elif name not in (
        "MimeContent",
        "Sensitivity",
        "IsReadReceiptRequested",
        "IsDeliveryReceiptRequested",
        "Culture",
        "IsResponseRequested",
        "ReminderIsSet",
        "ReminderMinutesBeforeStart",
        "ConversationIndex",
        "DateTimeSent",
        "DateTimeReceived",
        "DateTimeCreated",
    ):
        raise Refused("ErrorInvalidPropertySet", f"Set action is invalid for property {name}.")


def read_attachment(element):
    """The attachment that a FileAttachment describes."""
    if etree.QName(element).localname != "FileAttachment":
        raise Refused("ErrorInvalidOperation", "The double has file attachments only.")
    inside = element.find(f"{T}Content")
    content = Content.of_bytes(b"" if inside is None else bytes_of(inside))
    return Attachment(
        element.findtext(f"{T}Name") or "",
        element.findtext(f"{T}ContentType") or "",
        content,
        element.findtext(f"{T}ContentId") or "",
        element.findtext(f"{T}IsInline") == "true",
    )


def send_item(context, element):
    """Sends drafts; a draft's id ends with it."""
    messages = []
    keeps = element.get("SaveItemToFolder") == "true"
    saved = element.find(f"{M}SavedItemFolderId")
    for identity in element.find(f"{M}ItemIds"):
        try:
            context.injected()
            if saved is not None and not keeps:
                raise Refused(
                    "ErrorInvalidSendItemSaveSettings", "A SavedItemFolderId can only be specified when SaveItemToFolder is true."
                )
            item = context.item_to_write(identity)
            owner = item.mailbox
            target = context.folder(saved[0]) if saved is not None else context.mailbox.by_name["sentitems"]
            context.organisation.check_sending(item, owner, context.address, context.double.options["message_limit"])
            item.folder.take(item)
            context.organisation.send(item, owner, context.address)
            if keeps:
                context.organisation.keep_copy(item, target)
            messages.append(soap.success("SendItem"))
        except Refused as refusal:
            messages.append(soap.error("SendItem", refusal.code, refusal.text))
    return soap.response("SendItem", messages)
