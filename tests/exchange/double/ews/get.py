"""GetItem."""

from ..store.organisation import Refused
from . import soap
from .context import M
from .shape import Shape


def get_item(context, element):
    """Shows messages by their ids, with their MIME where asked for."""
    shape = Shape(element.find(f"{M}ItemShape"))
    messages = []
    for identity in element.find(f"{M}ItemIds"):
        try:
            context.injected()
            item = context.item(identity.get("Id"))
            content = item.whole() if shape.mime else None
            messages.append(soap.success("GetItem", ["<m:Items>", *shape.show(item, content), "</m:Items>"]))
        except Refused as refusal:
            messages.append(soap.error("GetItem", refusal.code, refusal.text, "<m:Items/>"))
    return soap.response("GetItem", messages)
