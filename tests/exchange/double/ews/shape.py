"""Messages and folders as EWS shows them."""

import time

from ..store import letter
from ..store.organisation import Refused
from .context import T
from .soap import escape

EXTENDED = f"{T}ExtendedFieldURI"


def instant(seconds):
    """A time as EWS writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def item_id(item):
    """The ItemId of a message."""
    return f'<t:ItemId Id="{item.id}" ChangeKey="{item.change_key}"/>'


def folder_id(folder, name="FolderId"):
    """The FolderId of a folder."""
    return f'<t:{name} Id="{folder.id}" ChangeKey="{folder.change_key}"/>'


def person(pair):
    """A Mailbox."""
    name, address = pair
    return (
        f"<t:Mailbox><t:Name>{escape(name or address)}</t:Name><t:EmailAddress>{escape(address)}</t:EmailAddress>"
        "<t:RoutingType>SMTP</t:RoutingType></t:Mailbox>"
    )


def simple(name, value):
    """An element with text, or nothing where there is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        value = "true" if value else "false"
    return f"<t:{name}>{escape(str(value))}</t:{name}>"


def people(name, pairs):
    return f"<t:{name}>{''.join(person(pair) for pair in pairs)}</t:{name}>" if pairs else ""


def shown_body(item):
    item.take_apart()
    return f'<t:Body BodyType="{item.body_type}">{escape(item.body)}</t:Body>'


def shown_attachments(item):
    item.take_apart()
    if not item.attachments:
        return ""
    rows = "".join(
        f'<t:FileAttachment><t:AttachmentId Id="{a.id}"/><t:Name>{escape(a.name)}</t:Name>{simple("ContentType", a.kind)}'
        f"{simple('ContentId', a.content_id)}<t:Size>{a.content.size}</t:Size><t:IsInline>{'true' if a.is_inline else 'false'}</t:IsInline>"
        "</t:FileAttachment>"
        for a in item.attachments
    )
    return f"<t:Attachments>{rows}</t:Attachments>"


def shown_headers(item):
    if item.mime is None:
        return ""
    rows = "".join(
        f'<t:InternetMessageHeader HeaderName="{escape(name)}">{escape(letter.text(value))}</t:InternetMessageHeader>'
        for name, value in letter.fields(item.mime)
    )
    return f"<t:InternetMessageHeaders>{rows}</t:InternetMessageHeaders>" if rows else ""


def rights(_item):
    names = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read")
    return "<t:EffectiveRights>" + "".join(f"<t:{name}>true</t:{name}>" for name in names) + "</t:EffectiveRights>"


# In the order of the schema: name, whether FindItem and SyncFolderItems give it, and how it looks.
PROPERTIES = [
    ("item:ParentFolderId", True, lambda i: folder_id(i.folder, "ParentFolderId") if i.folder else ""),
    ("item:ItemClass", True, lambda i: simple("ItemClass", i.item_class)),
    ("item:Subject", True, lambda i: simple("Subject", i.subject)),
    ("item:Sensitivity", True, lambda i: simple("Sensitivity", "Normal")),
    ("item:Body", False, shown_body),
    ("item:Attachments", False, shown_attachments),
    ("item:DateTimeReceived", True, lambda i: simple("DateTimeReceived", instant(i.received))),
    ("item:Size", True, lambda i: simple("Size", i.size())),
    (
        "item:Categories",
        True,
        lambda i: "<t:Categories>" + "".join(simple("String", c) for c in i.categories) + "</t:Categories>" if i.categories else "",
    ),
    ("item:Importance", True, lambda i: simple("Importance", i.importance)),
    ("item:InReplyTo", True, lambda i: simple("InReplyTo", i.in_reply_to)),
    ("item:IsSubmitted", True, lambda i: simple("IsSubmitted", not i.is_draft)),
    ("item:IsDraft", True, lambda i: simple("IsDraft", i.is_draft)),
    ("item:IsFromMe", True, lambda i: simple("IsFromMe", False)),
    ("item:IsResend", True, lambda i: simple("IsResend", False)),
    ("item:IsUnmodified", True, lambda i: simple("IsUnmodified", not i.is_draft)),
    ("item:InternetMessageHeaders", False, shown_headers),
    ("item:DateTimeSent", True, lambda i: simple("DateTimeSent", instant(i.sent))),
    ("item:DateTimeCreated", True, lambda i: simple("DateTimeCreated", instant(i.created))),
    ("item:ReminderIsSet", True, lambda i: simple("ReminderIsSet", False)),
    ("item:DisplayCc", True, lambda i: simple("DisplayCc", "; ".join(n or a for n, a in i.cc))),
    ("item:DisplayTo", True, lambda i: simple("DisplayTo", "; ".join(n or a for n, a in i.to))),
    ("item:HasAttachments", True, lambda i: simple("HasAttachments", i.has_attachments())),
    ("extended", True, None),
    ("item:Culture", True, lambda i: simple("Culture", "en-US")),
    ("item:EffectiveRights", True, rights),
    ("item:LastModifiedName", True, lambda i: simple("LastModifiedName", i.mailbox.name)),
    ("item:LastModifiedTime", True, lambda i: simple("LastModifiedTime", instant(i.created))),
    ("item:IsAssociated", True, lambda i: simple("IsAssociated", False)),
    ("item:Flag", True, lambda i: f"<t:Flag><t:FlagStatus>{'Flagged' if i.is_flagged else 'NotFlagged'}</t:FlagStatus></t:Flag>"),
    ("message:Sender", True, lambda i: f"<t:Sender>{person(i.sender_pair or i.sender_pairs()[0])}</t:Sender>"),
    ("message:ToRecipients", False, lambda i: people("ToRecipients", i.to)),
    ("message:CcRecipients", False, lambda i: people("CcRecipients", i.cc)),
    ("message:BccRecipients", False, lambda i: people("BccRecipients", i.bcc)),
    ("message:IsReadReceiptRequested", True, lambda i: simple("IsReadReceiptRequested", False)),
    ("message:IsDeliveryReceiptRequested", True, lambda i: simple("IsDeliveryReceiptRequested", False)),
    ("message:ConversationTopic", True, lambda i: simple("ConversationTopic", i.subject)),
    ("message:From", True, lambda i: f"<t:From>{person(i.sender_pairs()[0])}</t:From>"),
    ("message:InternetMessageId", True, lambda i: simple("InternetMessageId", i.message_id)),
    ("message:IsRead", True, lambda i: simple("IsRead", i.is_read)),
    ("message:IsResponseRequested", True, lambda i: ""),
    ("message:References", True, lambda i: simple("References", i.references)),
    ("message:ReplyTo", False, lambda i: people("ReplyTo", i.reply_to)),
    ("message:ReceivedBy", False, lambda i: ""),
]
INDEX = {name: (in_find, write) for name, in_find, write in PROPERTIES}
DEFAULT = {
    "item:Subject",
    "item:DateTimeReceived",
    "item:Size",
    "item:HasAttachments",
    "message:From",
    "message:IsRead",
    "item:DateTimeSent",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:BccRecipients",
    "item:Body",
    "item:Attachments",
    "item:Sensitivity",
    "item:IsDraft",
}
NEVER = {"item:ItemId", "item:MimeContent", "item:ResponseObjects", "item:ReminderDueBy", "item:ReminderMinutesBeforeStart"}


class Shape:
    """What a client wants to see of each message."""

    def __init__(self, element, lists=False, silent=False):
        base = element.findtext(f"{T}BaseShape")
        self.mime = element.findtext(f"{T}IncludeMimeContent") == "true"
        self.names, self.extended = set(), []
        if base == "AllProperties":
            self.names = {name for name, in_find, _ in PROPERTIES if in_find or not lists}
        elif base != "IdOnly":
            self.names = {name for name in DEFAULT if INDEX[name][0] or not lists}
        for field in element.find(f"{T}AdditionalProperties") if element.find(f"{T}AdditionalProperties") is not None else ():
            self.add(field, lists, silent)
        if self.mime and lists and not silent:
            raise Refused("ErrorInvalidPropertyForOperation", "Property item:MimeContent is not valid for this operation.")

    def add(self, field, lists, silent):
        name = field.get("FieldURI")
        if field.tag == EXTENDED:
            self.extended.append(dict(field.attrib))
        elif name == "item:MimeContent" and not lists:
            self.mime = True
        elif lists and name in INDEX and not INDEX[name][0] or lists and name == "item:MimeContent":
            if not silent:
                raise Refused("ErrorInvalidPropertyForOperation", f"Property {name} is not valid for this operation.")
        else:
            self.names.add(name)

    def show(self, item, content=None):
        """The pieces of a message; `content` is its MIME where that is to be shown."""
        pieces = ["<t:Message>"]
        if content is not None:
            pieces.extend(['<t:MimeContent CharacterSet="UTF-8">', content, "</t:MimeContent>"])
        rest = [item_id(item)]
        for name, _, write in PROPERTIES:
            if name == "extended":
                rest.extend(self.show_extended(item))
            elif name in self.names:
                rest.append(write(item))
        pieces.append("".join(rest) + "</t:Message>")
        return pieces

    def show_extended(self, item):
        for field in self.extended:
            value = extended_value(item, field)
            if value is not None:
                attributes = " ".join(f'{name}="{escape(text)}"' for name, text in field.items())
                yield f"<t:ExtendedProperty><t:ExtendedFieldURI {attributes}/><t:Value>{escape(value)}</t:Value></t:ExtendedProperty>"


# What MAPI properties say that are known by another name, too.
MAPI = {
    0x0E06: lambda i: instant(i.received),
    0x3008: lambda i: instant(i.created),
    0x0E08: lambda i: str(i.size()),
    0x0E23: lambda i: str(i.created_step),
    0x0E07: lambda i: str(i.is_read | i.is_draft << 3 | i.has_attachments() << 4),
    0x0FF9: lambda i: i.immutable,
    0x1035: lambda i: i.message_id,
    0x0037: lambda i: i.subject,
    0x001A: lambda i: i.item_class,
}


def extended_value(item, field):
    """The value of an extended property as text, or None."""
    tag = int(field.get("PropertyTag") or "0", 0)
    return MAPI[tag](item) if tag in MAPI else item.extended.get(extended_key(field))


def extended_key(field):
    """What tells extended properties apart."""
    tag = field.get("PropertyTag")
    if tag:
        return f"tag:{int(tag, 0)}"
    return ":".join(
        (
            field.get("DistinguishedPropertySetId") or field.get("PropertySetId") or "",
            field.get("PropertyName") or field.get("PropertyId") or "",
        )
    )


ELEMENTS = {"IPF.Appointment": "CalendarFolder", "IPF.Contact": "ContactsFolder", "IPF.Task": "TasksFolder"}


def folder(found, base="Default"):
    """A folder."""
    element = ELEMENTS.get(found.kind, "Folder")
    text = f"<t:{element}>{folder_id(found)}"
    if base != "IdOnly":
        if found.parent is not None:
            text += folder_id(found.parent, "ParentFolderId")
        text += f"{simple('FolderClass', found.kind)}<t:DisplayName>{escape(found.name)}</t:DisplayName><t:TotalCount>{len(found.items)}</t:TotalCount>"
        text += f"<t:ChildFolderCount>{len(found.children)}</t:ChildFolderCount>"
        if element in ("Folder", "TasksFolder"):
            text += f"<t:UnreadCount>{sum(1 for item in found.items.values() if not item.is_read)}</t:UnreadCount>"
    return f"{text}</t:{element}>"
