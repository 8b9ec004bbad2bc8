"""FindItem."""

from ..store.organisation import Refused
from . import filters, soap
from .context import M
from .shape import Shape


def find_item(context, element):
    """Lists messages of folders: filtered, sorted, in pages."""
    messages = []
    views = [element.find(f"{M}{name}") for name in ("IndexedPageItemView", "FractionalPageItemView")]
    restriction, order = element.find(f"{M}Restriction"), element.find(f"{M}SortOrder")
    for identity in element.find(f"{M}ParentFolderIds"):
        try:
            context.injected()
            if element.findtext(f"{M}QueryString"):
                raise Refused("ErrorInvalidOperation", "The double does not search by QueryString.")
            folder = context.folder(identity)
            shape = Shape(element.find(f"{M}ItemShape"), lists=True)
            found = [] if element.get("Traversal") in ("SoftDeleted", "Associated") else list(folder.items.values())
            if restriction is not None:
                found = [item for item in found if filters.matches(restriction[0], item)]
            # Without an order, the newest come first.
            found = filters.sort(found, order) if order is not None else found[::-1]
            rows, attributes = filters.page(found, views[0], context.double.options["page_limit"])
            text = "".join("".join(shape.show(item)) for item in rows)
            messages.append(soap.success("FindItem", [f"<m:RootFolder {attributes}><t:Items>{text}</t:Items></m:RootFolder>"]))
        except Refused as refusal:
            messages.append(soap.error("FindItem", refusal.code, refusal.text))
    return soap.response("FindItem", messages)
