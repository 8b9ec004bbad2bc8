"""SyncFolderItems and SyncFolderHierarchy."""

import base64
import json

from ..store.organisation import Refused
from ..store.transfer import changes
from . import shape, soap
from .context import M
from .shape import Shape, item_id


def read_state(text, folder):
    """The step up to which a client knows a folder."""
    if not text:
        return 0
    try:
        state = json.loads(base64.b64decode(text, validate=True))
        if state["folder"] != folder.id or not isinstance(state["step"], int):
            raise ValueError
        return state["step"]
    except (ValueError, KeyError, TypeError):
        raise Refused("ErrorInvalidSyncStateData", "The sync state data is invalid.") from None


def write_state(folder, step):
    return base64.b64encode(json.dumps({"folder": folder.id, "step": step}).encode()).decode()


def sync_items(context, element):
    """Tells what changed in a folder since a state."""
    try:
        context.injected()
        folder = context.folder(element.find(f"{M}SyncFolderId")[0])
        since = read_state(element.findtext(f"{M}SyncState"), folder)
        view = Shape(element.find(f"{M}ItemShape"), lists=True, silent=True)
    except Refused as refusal:
        return soap.response("SyncFolderItems", [soap.error("SyncFolderItems", refusal.code, refusal.text)])
    ignored = {row.text for row in element.find(f"{M}Ignore") or ()}
    rows = changes(folder, since)
    page = rows[: int(element.findtext(f"{M}MaxChangesReturned"))]
    step = page[-1][0] if len(page) < len(rows) else folder.step
    text = "".join(show(kind, thing, view) for _, kind, thing in page if getattr(thing, "id", None) not in ignored)
    last = "true" if len(page) == len(rows) else "false"
    inside = f"<m:SyncState>{write_state(folder, step)}</m:SyncState><m:IncludesLastItemInRange>{last}</m:IncludesLastItemInRange><m:Changes>{text}</m:Changes>"
    return soap.response("SyncFolderItems", [soap.success("SyncFolderItems", [inside])])


def show(kind, thing, view):
    if kind == "Delete":
        return f'<t:Delete><t:ItemId Id="{thing[1]}" ChangeKey="{thing[4]}"/></t:Delete>'
    if kind == "ReadFlagChange":
        return f"<t:ReadFlagChange>{item_id(thing)}<t:IsRead>{'true' if thing.is_read else 'false'}</t:IsRead></t:ReadFlagChange>"
    return f"<t:{kind}>{''.join(view.show(thing))}</t:{kind}>"


def sync_folders(context, element):
    """Tells all folders; with a state, nothing new."""
    wanted = element.find(f"{M}SyncFolderId")
    root = context.folder(wanted[0]) if wanted is not None else context.mailbox.by_name["msgfolderroot"]
    known = read_state(element.findtext(f"{M}SyncState"), root)
    text = "" if known else "".join(f"<t:Create>{shape.folder(found)}</t:Create>" for found in root.below())
    inside = f"<m:SyncState>{write_state(root, 1)}</m:SyncState><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange><m:Changes>{text}</m:Changes>"
    return soap.response("SyncFolderHierarchy", [soap.success("SyncFolderHierarchy", [inside])])
