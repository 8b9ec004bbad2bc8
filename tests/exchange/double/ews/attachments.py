"""CreateAttachment, GetAttachment, DeleteAttachment."""

from ..store.organisation import Refused
from . import soap
from .context import M
from .create import read_attachment
from .shape import simple


def create(context, element):
    """Attaches files to a draft, which gets a new change key with each."""
    messages, wanted = [], [read_attachment(child) for child in element.find(f"{M}Attachments")]
    try:
        item = context.item_to_write(element.find(f"{M}ParentItemId"), needs_key=False)
    except Refused as refusal:
        return soap.response(
            "CreateAttachment", [soap.error("CreateAttachment", refusal.code, refusal.text, "<m:Attachments/>") for _ in wanted]
        )
    for attachment in wanted:
        try:
            context.injected()
            item.take_apart()
            limit = item.mailbox.message_limit or context.double.options["message_limit"]
            if item.size() + attachment.content.size > limit:
                raise Refused("ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")
            if item.mailbox.is_full(attachment.content.size):
                raise Refused("ErrorQuotaExceeded", "The mailbox storage quota has been exceeded.")
            item.attachments.append(attachment)
            item.mime = None
            item.mailbox.used += attachment.content.size
            item.touch()
            inside = (
                f'<m:Attachments><t:FileAttachment><t:AttachmentId Id="{attachment.id}" RootItemId="{item.id}" '
                f'RootItemChangeKey="{item.change_key}"/></t:FileAttachment></m:Attachments>'
            )
            messages.append(soap.success("CreateAttachment", [inside]))
        except Refused as refusal:
            messages.append(soap.error("CreateAttachment", refusal.code, refusal.text, "<m:Attachments/>"))
    return soap.response("CreateAttachment", messages)


def get(context, element):
    """Shows attachments with their bytes."""
    messages = []
    for identity in element.find(f"{M}AttachmentIds"):
        try:
            context.injected()
            _, found = context.attachment(identity.get("Id"))
            head = f'<m:Attachments><t:FileAttachment><t:AttachmentId Id="{found.id}"/>{simple("Name", found.name)}{simple("ContentType", found.kind)}'
            head += f"{simple('ContentId', found.content_id)}<t:Content>"
            messages.append(soap.success("GetAttachment", [head, found.content, "</t:Content></t:FileAttachment></m:Attachments>"]))
        except Refused as refusal:
            messages.append(soap.error("GetAttachment", refusal.code, refusal.text, "<m:Attachments/>"))
    return soap.response("GetAttachment", messages)


def delete(context, element):
    """Takes attachments off."""
    messages = []
    for identity in element.find(f"{M}AttachmentIds"):
        try:
            item, found = context.attachment(identity.get("Id"))
            item.attachments.remove(found)
            item.mime = None
            item.touch()
            messages.append(
                soap.success("DeleteAttachment", [f'<m:RootItemId RootItemId="{item.id}" RootItemChangeKey="{item.change_key}"/>'])
            )
        except Refused as refusal:
            messages.append(soap.error("DeleteAttachment", refusal.code, refusal.text))
    return soap.response("DeleteAttachment", messages)
