"""Restrictions, sorting and pages."""

import datetime

from lxml import etree

from ..store.organisation import Refused
from .context import T
from .shape import extended_value

VALUES = {
    "item:Subject": lambda i: i.subject,
    "item:ItemClass": lambda i: i.item_class,
    "item:Size": lambda i: i.size(),
    "item:DateTimeReceived": lambda i: i.received,
    "item:DateTimeSent": lambda i: i.sent,
    "item:DateTimeCreated": lambda i: i.created,
    "item:LastModifiedTime": lambda i: i.created,
    "item:HasAttachments": lambda i: i.has_attachments(),
    "item:IsDraft": lambda i: i.is_draft,
    "item:Importance": lambda i: i.importance,
    "message:IsRead": lambda i: i.is_read,
    "message:InternetMessageId": lambda i: i.message_id or None,
    "message:From": lambda i: " ".join(i.sender_pairs()[0]),
    "message:Sender": lambda i: " ".join(i.sender_pairs()[0]),
    "item:DisplayTo": lambda i: "; ".join(n or a for n, a in i.to),
    "item:DisplayCc": lambda i: "; ".join(n or a for n, a in i.cc),
    "item:InReplyTo": lambda i: i.in_reply_to or None,
}
FOLDER_VALUES = {"folder:DisplayName": lambda f: f.name, "folder:FolderClass": lambda f: f.kind}


def value_of(field, thing, values):
    """The value of a field of an item or folder, None where it has none."""
    if etree.QName(field).localname == "ExtendedFieldURI":
        value = extended_value(thing, field) if hasattr(thing, "extended") else None
        return int(value) if value is not None and field.get("PropertyType") in ("Integer", "Long") else value
    name = field.get("FieldURI")
    if name not in values:
        raise Refused("ErrorUnsupportedPathForQuery", f"The property {name} can not be used with this type of restriction.")
    return values[name](thing)


def like(value, text):
    """Text read as the type of the value that it is compared with."""
    if isinstance(value, bool):
        return text.lower() in ("true", "1")
    if isinstance(value, int):
        return int(text)
    if isinstance(value, float):
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return text


def compare(name, value, wanted):
    if value is None:
        return name == "IsNotEqualTo"
    wanted = like(value, wanted)
    if isinstance(value, str):
        value, wanted = value.lower(), wanted.lower()
    elif isinstance(value, float):
        value, wanted = int(value), int(wanted)
    return {
        "IsEqualTo": value == wanted,
        "IsNotEqualTo": value != wanted,
        "IsGreaterThan": value > wanted,
        "IsGreaterThanOrEqualTo": value >= wanted,
        "IsLessThan": value < wanted,
        "IsLessThanOrEqualTo": value <= wanted,
    }[name]


def contains(element, value):
    wanted = element.find(f"{T}Constant").get("Value")
    if value is None:
        return False
    if "IgnoreCase" in element.get("ContainmentComparison", "Exact"):
        value, wanted = value.lower(), wanted.lower()
    mode = element.get("ContainmentMode", "FullString")
    return {"FullString": value == wanted, "Prefixed": value.startswith(wanted)}.get(mode, wanted in value)


def matches(element, thing, values=None):
    """Whether an item fits a search expression."""
    values = values or VALUES
    name = etree.QName(element).localname
    if name in ("And", "Or"):
        return (all if name == "And" else any)(matches(child, thing, values) for child in element)
    if name == "Not":
        return not matches(element[0], thing, values)
    if name == "Exists":
        return value_of(element[0], thing, values) is not None
    if name == "Contains":
        return contains(element, value_of(element[0], thing, values))
    constant = element.find(f"{T}FieldURIOrConstant/{T}Constant")
    if constant is None or name == "Excludes":
        raise Refused("ErrorUnsupportedQueryFilter", "This restriction is not supported by the double.")
    return compare(name, value_of(element[0], thing, values), constant.get("Value"))


def folder_matches(element, folder):
    """Whether a folder fits a search expression."""
    return matches(element, folder, FOLDER_VALUES)


def sort(items, order):
    """Sorts by the fields of a SortOrder, the first one being the strongest."""
    for row in reversed(order):
        field = row[0]
        items.sort(
            key=lambda item: (value_of(field, item, VALUES) is not None, value_of(field, item, VALUES) or 0),
            reverse=row.get("Order") == "Descending",
        )
    return items


def page(rows, view, limit):
    """The rows of a page, and its attributes."""
    begin, count = 0, limit
    if view is not None:
        begin = int(view.get("Offset", "0"))
        count = min(int(view.get("MaxEntriesReturned", limit)), limit)
        if view.get("BasePoint") == "End":
            begin = max(0, len(rows) - begin - count)
    end = min(begin + count, len(rows))
    last = "true" if end >= len(rows) else "false"
    return rows[begin:end], f'IndexedPagingOffset="{end}" TotalItemsInView="{len(rows)}" IncludesLastItemInRange="{last}"'
