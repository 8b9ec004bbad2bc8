"""The door of Graph: from HTTP to what is asked for."""

import re
import urllib.parse
import uuid

from ..web.message import Answer
from . import attachments, folders, messages
from .errors import Problem, refusal
from .view import View


def user(view):
    """Who the path names."""
    if not {"User.Read", "User.Read.All", "User.ReadBasic.All"} & set(view.token.scopes):
        raise Problem("Authorization_RequestDenied", "Insufficient privileges to complete the operation.", 403)
    box = view.mailbox
    return Answer.json(
        {
            "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, box.address)),
            "displayName": box.name,
            "mail": box.address,
            "userPrincipalName": box.address,
        }
    )


# Method, path below the user with "*" for an id, name for faults and the log, what is done.
ROUTES = [
    ("GET", "", "user.get", user),
    ("POST", "sendmail", "sendMail", messages.send_mail),
    ("GET", "messages", "messages.list", messages.list_all),
    ("POST", "messages", "messages.create", messages.create),
    ("GET", "messages/*", "messages.get", messages.get),
    ("PATCH", "messages/*", "messages.update", messages.update),
    ("DELETE", "messages/*", "messages.delete", messages.remove),
    ("GET", "messages/*/$value", "messages.value", messages.value),
    ("POST", "messages/*/send", "messages.send", messages.send),
    ("POST", "messages/*/move", "messages.move", lambda view, name: messages.transfer(view, name, False)),
    ("POST", "messages/*/copy", "messages.copy", lambda view, name: messages.transfer(view, name, True)),
    ("POST", "messages/*/permanentdelete", "messages.permanentDelete", lambda view, name: messages.remove(view, name, "SoftDelete")),
    ("GET", "messages/*/attachments", "attachments.list", attachments.listed),
    ("POST", "messages/*/attachments", "attachments.create", attachments.create),
    ("POST", "messages/*/attachments/createuploadsession", "attachments.createUploadSession", attachments.begin),
    ("GET", "messages/*/attachments/*", "attachments.get", attachments.get),
    ("GET", "messages/*/attachments/*/$value", "attachments.value", attachments.value),
    ("DELETE", "messages/*/attachments/*", "attachments.delete", attachments.remove),
    ("GET", "mailfolders", "folders.list", folders.listed),
    ("POST", "mailfolders", "folders.create", folders.create),
    ("GET", "mailfolders/*", "folders.get", folders.get),
    ("PATCH", "mailfolders/*", "folders.update", folders.rename),
    ("DELETE", "mailfolders/*", "folders.delete", folders.remove),
    ("POST", "mailfolders/*/move", "folders.move", folders.move),
    ("GET", "mailfolders/*/childfolders", "folders.list", folders.listed),
    ("POST", "mailfolders/*/childfolders", "folders.create", folders.create),
    ("GET", "mailfolders/*/messages", "messages.list", messages.list_folder),
    ("POST", "mailfolders/*/messages", "messages.create", messages.create),
    ("GET", "mailfolders/*/messages/delta", "messages.delta", messages.delta),
]
FIXED = {
    "sendmail",
    "messages",
    "mailfolders",
    "childfolders",
    "attachments",
    "send",
    "move",
    "copy",
    "delta",
    "createuploadsession",
    "$value",
    "permanentdelete",
}


def steps(request):
    """The steps of the path below /v1.0, with `name('id')` taken apart."""
    path = re.sub(r"([A-Za-z]+)\('([^']*)'\)", r"\1/\2", request.raw_path.replace("%27", "'"))
    found = [urllib.parse.unquote(step) for step in path.split("/")[2:] if step]
    return [step.removeprefix("microsoft.graph.") for step in found]


def below(found):
    """The steps below the user. Messages within a folder are the same as those beside it."""
    rest = found[1:] if found and found[0].lower() == "me" else found[2:]
    if len(rest) > 3 and rest[0].lower() == "mailfolders" and rest[2].lower() == "messages" and rest[3].lower() != "delta":
        rest = rest[2:]
    return rest


def match(request):
    """The route of a request and the ids in its path, or None."""
    rest = below(steps(request))
    for row in ROUTES:
        wanted = row[1].split("/") if row[1] else []
        if row[0] == request.method and len(wanted) == len(rest):
            if all(step.lower() == want or want == "*" and step.lower() not in FIXED for step, want in zip(rest, wanted)):
                return row, [step for step, want in zip(rest, wanted) if want == "*"]
    return None


def operation(request):
    """The name of what is asked for, as faults and the log have it."""
    found = match(request)
    return found[0][2] if found else None


def answer(double, request, entry):
    """Answers a request below /v1.0/."""
    number = str(uuid.uuid4())
    try:
        reply = act(double, request, entry)
    except Problem as problem:
        reply = refusal(problem, request)
    reply.fields += [("request-id", number), ("client-request-id", request.fields.get("client-request-id", number))]
    if "immutableid" in request.fields.get("prefer", "").lower():
        reply.fields.append(("Preference-Applied", 'IdType="ImmutableId"'))
    return reply


def act(double, request, entry):
    if len(request.body) > double.options["graph_limit"]:
        raise Problem("RequestEntityTooLarge", "The request is larger than 4 MB.", 413)
    found = steps(request)
    if not found or found[0].lower() not in ("me", "users"):
        raise Problem("BadRequest", f"Resource not found for the segment '{found[0] if found else ''}'.")
    view = View(double, request, found)
    entry["user"], entry["mailbox"] = view.address, view.mailbox.address
    if (route := match(request)) is None:
        raise Problem("BadRequest", f"Resource not found for the path '{request.path}'.", 404)
    (_, _, _, run), names = route
    with double.lock:
        return run(view, *names)
