"""Messages: listed, made, changed, sent, moved, deleted."""

import re

from ..store import ids
from ..store.organisation import Refused
from ..store.transfer import changes, delete, move
from ..web.message import Answer
from . import forms, query
from .errors import Problem

READS = ("Mail.Read", "Mail.ReadWrite")
ROOT = "https://graph.microsoft.com/v1.0/$metadata#"


def select_of(view):
    wanted = view.request.query.get("$select")
    return [name.strip() for name in wanted.split(",") if name.strip()] if wanted else None


def shown(view, item, **more):
    return forms.show(item, immutable=view.immutable, expand=view.request.query.get("$expand", ""), **more)


def listed(view, rows):
    """A list of messages: filtered, sorted, one page."""
    asked = view.request.query
    if "$search" in asked:
        raise Problem("BadRequest", "The double does not search.")
    wanted = query.Filter(asked.get("$filter", ""), query.MESSAGE)
    found = [item for item in rows if wanted.test(item)]
    if "$orderby" in asked:
        found = query.order(found, asked, wanted.names)
    else:
        found.sort(key=lambda item: item.received, reverse=True)
    part, link = query.page(found, view.request)
    reply = {"@odata.context": f"{ROOT}users('x')/messages", "value": [shown(view, item, select=select_of(view)) for item in part]}
    if asked.get("$count") == "true":
        reply["@odata.count"] = len(found)
    if link:
        reply["@odata.nextLink"] = link
    return Answer.json(reply)


def list_all(view):
    """All messages of the mailbox."""
    view.needs(*READS)
    return listed(view, [item for folder in view.mailbox.folders.values() for item in folder.items.values()])


def list_folder(view, folder):
    """The messages of a folder."""
    view.needs(*READS)
    return listed(view, list(view.folder(folder).items.values()))


def delta(view, name):
    """What changed in a folder since a token, in pages."""
    view.needs(*READS)
    folder, asked = view.folder(name), view.request.query
    unknown = set(asked) - {"$select", "$top", "$skiptoken", "$deltatoken", "$filter", "$orderby", "changeType", "$expand"}
    if unknown:
        raise Problem("BadRequest", f"The query options {sorted(unknown)} are not supported.")
    token = asked.get("$skiptoken") or asked.get("$deltatoken")
    since, select, kinds = 0, select_of(view), asked.get("changeType")
    if token:
        state = query.read_token(token)
        if not isinstance(state, dict) or state.get("folder") != folder.id:
            raise Problem("SyncStateNotFound", "The sync state generation is not found; continue with a full synchronization.")
        since, select, kinds = state["step"], state["select"], state["kinds"]
    most = re.search(r"odata\.maxpagesize=(\d+)", view.request.fields.get("prefer", ""))
    most = min(int(most.group(1)) if most else int(asked.get("$top", 10)), 1000)
    wanted = query.Filter(asked.get("$filter", "") if not token else "", query.MESSAGE)
    rows = [row for row in changes(folder, since) if row[1] == "Delete" or wanted.test(row[2])]
    names = {"created": ("Create",), "updated": ("Update", "ReadFlagChange"), "deleted": ("Delete",)}.get(kinds)
    rows = [row for row in rows if names is None or row[1] in names]
    part = rows[:most]
    more = len(part) < len(rows)
    state = {"folder": folder.id, "step": part[-1][0] if more else folder.step, "select": select, "kinds": kinds}
    link = query.with_query(view.request, {"$skiptoken" if more else "$deltatoken": query.write_token(state)})
    value = [change_shown(view, kind, thing, select) for _, kind, thing in part]
    return Answer.json(
        {"@odata.context": f"{ROOT}Collection(message)", "@odata.nextLink" if more else "@odata.deltaLink": link, "value": value}
    )


def change_shown(view, kind, thing, select):
    if kind == "Delete":
        return {
            "@odata.type": "#microsoft.graph.message",
            "id": ids.for_url(thing[3] if view.immutable else thing[1]),
            "@removed": {"reason": "deleted"},
        }
    return {"@odata.type": "#microsoft.graph.message", **shown(view, thing, select=select)}


def create(view, folder="drafts"):
    """Makes a draft, of JSON or of MIME."""
    view.needs("Mail.ReadWrite")
    if view.request.media_type() == "text/plain":
        item = forms.read_mime(view.request.body, view.mailbox)
    else:
        item = forms.read(view.body(), view.mailbox)
    room(view, item.size())
    if not item.message_id:
        item.message_id = forms.letter.new_message_id()
    item.is_read = item.is_read if not item.is_draft else True
    view.folder(folder).put(item)
    return Answer.json(
        shown(view, item),
        201,
        [("Location", f"{view.request.origin}/v1.0/users('{view.mailbox.address}')/messages('{ids.for_url(item.id)}')")],
    )


def room(view, more):
    """Refuses what the mailbox cannot hold."""
    if view.mailbox.is_full(more):
        raise Problem("ErrorQuotaExceeded", "The mailbox storage quota has been exceeded.")


def get(view, name):
    """One message."""
    view.needs(*READS)
    return Answer.json(shown(view, view.item(name), select=select_of(view)))


def value(view, name):
    """The MIME of a message."""
    view.needs(*READS)
    content = view.item(name).whole()
    return Answer(200, content.bytes() if content.path is None else content.chunks(), kind="text/plain", size=content.size)


def update(view, name):
    """Changes properties of a message."""
    view.needs("Mail.ReadWrite")
    item, asked = view.item(name), view.body()
    wanted = view.request.fields.get("if-match")
    if wanted and wanted not in ("*", f'W/"{item.change_key}"'):
        raise Problem(
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the request does not "
            "match the current change key for the item.",
        )
    fixed = [key for key in asked if key not in forms.ANYTIME and not key.startswith("@")]
    if fixed and not item.is_draft:
        raise Problem("ErrorInvalidPropertySet", f"Set action is invalid for property {fixed[0]}.")
    for key, content in asked.items():
        forms.change(item, key, content)
    if fixed:
        item.mime = None if not item.mime or item.take_apart() else item.mime
    item.touch()
    step = item.folder.next_step()
    if set(asked) == {"isRead"}:
        item.read_step = step
    else:
        item.changed_step = step
    return Answer.json(shown(view, item))


def remove(view, name, how="MoveToDeletedItems"):
    """Deletes a message; those in Deleted Items go for good."""
    view.needs("Mail.ReadWrite")
    item = view.item(name)
    delete(item, "SoftDelete" if item.folder is view.mailbox.by_name["deleteditems"] else how)
    return Answer(204)


def transfer(view, name, copies):
    """Moves or copies a message."""
    view.needs("Mail.ReadWrite")
    item, target = view.item(name), view.body().get("destinationId")
    if not isinstance(target, str):
        raise Problem("ErrorInvalidRequest", "destinationId is missing.")
    return Answer.json(shown(view, move(item, view.folder(target), copies)), 201)


def deliver(view, item, keeps):
    """Sends a message and keeps the copy."""
    limit = view.double.options["message_limit"]
    try:
        view.double.organisation.check_sending(item, view.mailbox, view.address, max(limit, 157_286_400))
        if item.folder is not None:
            item.folder.take(item)
        view.double.organisation.send(item, view.mailbox, view.address)
    except Refused as refusal:
        raise Problem(refusal.code, refusal.text) from None
    if keeps:
        view.double.organisation.keep_copy(item, view.mailbox.by_name["sentitems"])
    return Answer(202, b"")


def send_mail(view):
    """Sends at once: JSON, or base64 of MIME as text/plain."""
    view.needs("Mail.Send")
    if view.request.media_type() == "text/plain":
        return deliver(view, forms.read_mime(view.request.body, view.mailbox), True)
    asked = view.body()
    unknown = set(asked) - {"message", "saveToSentItems", "Message", "SaveToSentItems"}
    if unknown or not isinstance(asked.get("message", asked.get("Message")), dict):
        raise Problem("RequestBodyRead", f"The parameters of sendMail are message and saveToSentItems, not {sorted(unknown)}.")
    item = forms.read(asked.get("message", asked.get("Message")), view.mailbox)
    if not item.message_id:
        item.message_id = forms.letter.new_message_id()
    keeps = asked.get("saveToSentItems", asked.get("SaveToSentItems", True))
    return deliver(view, item, keeps in (True, "true", "True"))


def send(view, name):
    """Sends a draft."""
    view.needs("Mail.Send")
    item = view.item(name)
    if not item.is_draft:
        raise Problem("ErrorInvalidRequest", "Only drafts can be sent.")
    return deliver(view, item, True)
