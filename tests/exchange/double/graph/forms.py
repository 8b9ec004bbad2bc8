"""Messages as JSON, both ways."""

import base64
import binascii
import datetime
import re

from ..store import ids, letter
from ..store.content import Content
from ..store.item import Attachment, Item
from .errors import Problem

PEOPLE = {"toRecipients": "to", "ccRecipients": "cc", "bccRecipients": "bcc", "replyTo": "reply_to"}
READ_ONLY = {
    "id",
    "changeKey",
    "parentFolderId",
    "createdDateTime",
    "lastModifiedDateTime",
    "receivedDateTime",
    "sentDateTime",
    "hasAttachments",
    "bodyPreview",
    "conversationId",
    "conversationIndex",
    "webLink",
    "isDraft",
    "uniqueBody",
}
ACCEPTED = {"isDeliveryReceiptRequested", "isReadReceiptRequested", "inferenceClassification", "@odata.type", "@odata.etag"}
TAG = re.compile(r"(\w+) (0x[0-9a-fA-F]+)$")
ANYTIME = {
    "isRead",
    "categories",
    "importance",
    "flag",
    "inferenceClassification",
    "isDeliveryReceiptRequested",
    "isReadReceiptRequested",
    "singleValueExtendedProperties",
}


def instant(seconds):
    """A time as Graph writes it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def person(pair):
    return {"emailAddress": {"name": pair[0] or pair[1], "address": pair[1]}}


def identity(item, immutable):
    """The id that a client asked for: one that moves with the message, or one that does not."""
    return ids.for_url(item.immutable if immutable else item.id)


PROPERTIES = {
    "createdDateTime": lambda i: instant(i.created),
    "lastModifiedDateTime": lambda i: instant(i.created),
    "changeKey": lambda i: i.change_key,
    "categories": lambda i: i.categories,
    "receivedDateTime": lambda i: instant(i.received),
    "sentDateTime": lambda i: instant(i.sent),
    "hasAttachments": lambda i: i.has_attachments(),
    "internetMessageId": lambda i: i.message_id,
    "subject": lambda i: i.subject,
    "bodyPreview": lambda i: i.take_apart().body[:255],
    "importance": lambda i: i.importance.lower(),
    "parentFolderId": lambda i: ids.for_url(i.folder.id),
    "conversationId": lambda i: ids.for_url(i.immutable),
    "isDeliveryReceiptRequested": lambda i: False,
    "isReadReceiptRequested": lambda i: False,
    "isRead": lambda i: i.is_read,
    "isDraft": lambda i: i.is_draft,
    "webLink": lambda i: f"https://outlook.office365.com/owa/?ItemID={ids.for_url(i.id)}",
    "inferenceClassification": lambda i: "focused",
    "body": lambda i: {"contentType": i.take_apart().body_type.lower(), "content": i.body},
    "sender": lambda i: person(i.sender_pair or i.sender_pairs()[0]),
    "from": lambda i: person(i.sender_pairs()[0]),
    "toRecipients": lambda i: [person(p) for p in i.to],
    "ccRecipients": lambda i: [person(p) for p in i.cc],
    "bccRecipients": lambda i: [person(p) for p in i.bcc],
    "replyTo": lambda i: [person(p) for p in i.reply_to],
    "flag": lambda i: {"flagStatus": "flagged" if i.is_flagged else "notFlagged"},
}


def headers(item):
    """The header fields of a message of MIME."""
    return [{"name": name, "value": letter.text(value)} for name, value in letter.fields(item.mime)] if item.mime else []


def show(item, select=None, immutable=False, expand=""):
    """A message; `select` are the properties wanted, None for all."""
    shown = {"@odata.etag": f'W/"{item.change_key}"', "id": identity(item, immutable)}
    for name in select if select is not None else PROPERTIES:
        if name in PROPERTIES:
            shown[name] = PROPERTIES[name](item)
        elif name == "internetMessageHeaders":
            shown[name] = headers(item)
        elif name not in ("id", "@odata.etag", "uniqueBody", "conversationIndex"):
            raise Problem(
                "RequestBroker--ParseUri", f"Could not find a property named '{name}' on type 'Microsoft.OutlookServices.Message'."
            )
    if extended := show_extended(item, expand):
        shown["singleValueExtendedProperties"] = extended
    if expand.startswith("attachments"):
        shown["attachments"] = [show_attachment(a) for a in item.take_apart().attachments]
    return shown


def show_extended(item, expand):
    """The extended properties that are asked for and there."""
    asked = re.fullmatch(r"singleValueExtendedProperties\(\$filter=(id eq '[^']*'(?: or id eq '[^']*')*)\)", expand, re.IGNORECASE)
    shown = []
    for name in re.findall(r"'([^']*)'", asked.group(1)) if asked else []:
        if tag := TAG.match(name):
            value = str(item.size()) if int(tag[2], 16) == 0x0E08 else item.extended.get(f"tag:{int(tag[2], 16)}")
            if value is not None:
                shown.append({"id": f"{tag[1]} {tag[2].lower()}", "value": value})
    return shown


def show_attachment(attachment, with_bytes=True):
    """An attachment."""
    shown = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": ids.for_url(attachment.id),
        "name": attachment.name,
        "contentType": attachment.kind,
        "size": attachment.content.size,
        "isInline": attachment.is_inline,
        "contentId": attachment.content_id or None,
    }
    if with_bytes:
        shown["contentBytes"] = base64.b64encode(attachment.content.bytes()).decode()
    return shown


def read_people(rows):
    try:
        return [(row["emailAddress"].get("name") or "", row["emailAddress"]["address"]) for row in rows]
    except (KeyError, TypeError, AttributeError):
        raise Problem("RequestBodyRead", "A recipient has no emailAddress with an address.") from None


def read(asked, mailbox):
    """The message that JSON describes."""
    item = Item(mailbox)
    for name, value in asked.items():
        change(item, name, value)
    return item


def change(item, name, value):
    """Sets one property of a message."""
    if name in PEOPLE:
        setattr(item, PEOPLE[name], read_people(value))
    elif name in ("from", "sender"):
        setattr(item, "from_pair" if name == "from" else "sender_pair", read_people([value])[0])
    elif name == "subject":
        item.subject = value
    elif name == "body":
        item.body, item.body_type = value.get("content", ""), {"html": "HTML", "text": "Text"}[value.get("contentType", "text").lower()]
    elif name == "isRead":
        item.is_read = bool(value)
    elif name == "importance":
        item.importance = value.capitalize()
    elif name == "categories":
        item.categories = list(value)
    elif name == "flag":
        item.is_flagged = value.get("flagStatus") == "flagged"
    elif name == "internetMessageId":
        item.message_id = value
    elif name == "internetMessageHeaders":
        item.more_fields = read_headers(value)
    elif name == "attachments":
        item.attachments = [read_attachment(row) for row in value]
    elif name == "singleValueExtendedProperties":
        for row in value:
            set_extended(item, row)
    elif name not in ACCEPTED and name not in READ_ONLY:
        raise Problem(
            "RequestBodyRead",
            f"The property '{name}' does not exist on type 'microsoft.graph.message'. Make sure to only use property names that are defined by the type.",
        )


def read_headers(rows):
    for row in rows:
        if not row["name"].lower().startswith("x-"):
            raise Problem(
                "InvalidInternetMessageHeader", f"The internet message header name '{row['name']}' should start with 'x-' or 'X-'."
            )
    if len(rows) > 5:
        raise Problem(
            "InvalidInternetMessageHeaderCollection", "Maximum number of headers in one message should be less than or equal to 5."
        )
    return [(row["name"], row["value"]) for row in rows]


def set_extended(item, row):
    if not (tag := TAG.match(row["id"])):
        item.extended[row["id"]] = row["value"]
        return
    item.extended[f"tag:{int(tag[2], 16)}"] = row["value"]
    if int(tag[2], 16) == 0x0E07:
        flags = int(row["value"])
        item.is_draft, item.is_read = bool(flags & 8), bool(flags & 1)


def read_attachment(row):
    """The attachment that JSON describes."""
    if row.get("@odata.type", "").lstrip("#").lower() != "microsoft.graph.fileattachment":
        raise Problem("RequestBodyRead", 'An attachment needs "@odata.type": "#microsoft.graph.fileAttachment".')
    try:
        data = base64.b64decode(row.get("contentBytes", ""), validate=True)
    except binascii.Error:
        raise Problem("RequestBodyRead", "Cannot convert the literal of contentBytes to the expected type 'Edm.Binary'.") from None
    return Attachment(
        row.get("name", ""),
        row.get("contentType") or "application/octet-stream",
        Content.of_bytes(data),
        row.get("contentId") or "",
        bool(row.get("isInline")),
    )


def read_mime(body, mailbox):
    """The message of a body that is base64 of MIME."""
    try:
        data = base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        raise Problem("ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.") from None
    if not data.strip():
        raise Problem("ErrorMimeContentInvalid", "The MIME content of the item is not valid.")
    return Item.of_mime(mailbox, Content.of_bytes(data))
