"""Attachments, and upload sessions for large ones."""

import datetime
import os
import secrets
import tempfile

from ..store import ids
from ..store.content import Content
from ..store.item import Attachment
from ..web.message import Answer
from . import forms
from .errors import Problem
from .messages import READS, room

SMALLEST, LARGEST = 3 * 1024 * 1024, 150 * 1024 * 1024


def attach(item, attachment):
    """Adds an attachment to a draft."""
    item.take_apart().attachments.append(attachment)
    item.mime = None
    item.mailbox.used += attachment.content.size
    item.touch()


def create(view, name):
    """Attaches a small file."""
    view.needs("Mail.ReadWrite")
    item, attachment = view.item(name), forms.read_attachment(view.body())
    if attachment.content.size >= SMALLEST:
        raise Problem("ErrorMessageSizeExceeded", "The attachment is too large for one request; use an upload session.", 413)
    room(view, attachment.content.size)
    attach(item, attachment)
    return Answer.json(forms.show_attachment(attachment, with_bytes=False), 201)


def listed(view, name):
    """All attachments of a message."""
    view.needs(*READS)
    bare = "contentBytes" not in view.request.query.get("$select", "contentBytes")
    return Answer.json({"value": [forms.show_attachment(a, not bare) for a in view.item(name).take_apart().attachments]})


def find(view, name, attachment):
    """An attachment of a message by its id."""
    wanted = ids.from_url(attachment)
    found = next((a for a in view.item(name).take_apart().attachments if a.id == wanted), None)
    if found is None:
        raise Problem("ErrorItemNotFound", "The specified object was not found in the store.")
    return found


def get(view, name, attachment):
    """One attachment."""
    view.needs(*READS)
    return Answer.json(forms.show_attachment(find(view, name, attachment)))


def value(view, name, attachment):
    """The bytes of an attachment."""
    view.needs(*READS)
    content = find(view, name, attachment).content
    return Answer(200, content.chunks(), kind="application/octet-stream", size=content.size)


def remove(view, name, attachment):
    """Takes an attachment off."""
    view.needs("Mail.ReadWrite")
    item, found = view.item(name), find(view, name, attachment)
    item.attachments.remove(found)
    item.mime = None
    item.touch()
    return Answer(204)


class Session:
    """An upload session; what came so far is in a file."""

    def __init__(self, view, item, asked):
        self.token = secrets.token_urlsafe(200)
        self.item = item
        self.name = asked.get("name", "")
        self.kind = asked.get("contentType") or "application/octet-stream"
        self.size = asked["size"]
        self.is_inline = bool(asked.get("isInline"))
        self.content_id = asked.get("contentId") or ""
        self.missing = view.double.options["first_chunk_missing"]
        self.limit = view.double.options["graph_limit"]
        self.have = 0
        self.expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        descriptor, self.path = tempfile.mkstemp(dir=Content.folder, prefix="upload-")
        self.file = os.fdopen(descriptor, "wb")

    def shown(self):
        """How far it is."""
        return {"expirationDateTime": self.expires.strftime("%Y-%m-%dT%H:%M:%SZ"), "nextExpectedRanges": [f"{self.have}-"]}

    def finish(self):
        """Attaches what came."""
        self.file.close()
        attachment = Attachment(self.name, self.kind, Content(path=self.path), self.content_id, self.is_inline)
        attach(self.item, attachment)
        return attachment


def begin(view, name):
    """Opens an upload session for one attachment."""
    view.needs("Mail.ReadWrite")
    item, asked = view.item(name), view.body().get("AttachmentItem", view.body().get("attachmentItem"))
    if not isinstance(asked, dict) or asked.get("attachmentType", "").lower() != "file" or not isinstance(asked.get("size"), int):
        raise Problem("RequestBodyRead", 'An AttachmentItem with attachmentType "file", name and size is needed.')
    if asked["size"] < SMALLEST:
        raise Problem("ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", "Attachment size must be greater than the minimum size of 3 MB.")
    if asked["size"] > LARGEST:
        raise Problem("ErrorAttachmentSizeLimitExceeded", "The attachment size exceeds the limit of 150 MB.", 413)
    room(view, asked["size"])
    session = Session(view, item, asked)
    view.double.uploads[session.token] = session
    url = f"{view.request.origin}/upload/v1.0/Users('{view.mailbox.address}')/Messages('{ids.for_url(item.id)}')/AttachmentSessions('AAM')?authtoken={session.token}"
    return Answer.json(
        {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.uploadSession", "uploadUrl": url, **session.shown()},
        201,
    )
