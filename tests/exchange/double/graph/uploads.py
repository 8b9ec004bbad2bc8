"""The address of an upload session: takes ranges, and no Authorization."""

import re

from ..store import ids
from ..web.message import Answer
from .errors import Problem, refusal

RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def answer(double, request):
    """Answers a request to an uploadUrl."""
    try:
        return act(double, request)
    except Problem as problem:
        return refusal(problem, request)


def act(double, request):
    if "authorization" in request.fields:
        raise Problem("InvalidAuthenticationToken", "The address of an upload session takes no Authorization.", 401)
    session = double.uploads.get(request.query.get("authtoken", ""))
    if session is None:
        raise Problem("ErrorItemNotFound", "The upload session was not found.")
    if request.method == "GET":
        return Answer.json(session.shown())
    if request.method == "DELETE":
        del double.uploads[session.token]
        return Answer(204)
    if request.method != "PUT":
        return Answer(405)
    if session.missing > 0:
        session.missing -= 1
        raise Problem("ErrorItemNotFound", "The specified object was not found in the store.")
    return put(double, request, session)


def put(double, request, session):
    found = RANGE.fullmatch(request.fields.get("content-range", ""))
    if not found:
        raise Problem("InvalidContentRange", 'Content-Range must be "bytes FIRST-LAST/TOTAL".')
    first, last, total = (int(number) for number in found.groups())
    if len(request.body) > session.limit:
        raise Problem("RequestEntityTooLarge", "The range is larger than 4 MB.", 413)
    if total != session.size or last - first + 1 != len(request.body) or last >= total:
        raise Problem("InvalidContentRange", "Content-Range does not fit the session or the body.")
    if first != session.have:
        raise Problem("InvalidContentRange", f"The next range must begin at {session.have}.", 416)
    session.file.write(request.body)
    session.have = last + 1
    if session.have < session.size:
        return Answer.json(session.shown())
    if session.item.folder is None:
        raise Problem("ErrorItemNotFound", "The draft is no longer there.")
    attachment = session.finish()
    del double.uploads[session.token]
    place = f"{request.path.partition('/AttachmentSessions')[0].replace('/upload', '', 1)}/Attachments('{ids.for_url(attachment.id)}')"
    return Answer(201, b"", [("Location", request.origin + place)])
