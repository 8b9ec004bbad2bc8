"""Takes messages of MIME apart without holding them in memory."""

import base64
import email.parser
import email.policy
import mmap
import quopri

from .content import Content

WINDOW = 1 << 20
DEEPEST = 20


class Part:
    """A part that is no multipart: its headers and where its bytes are."""

    def __init__(self, head, data, begin, end):
        self.head = head
        self.data = data
        self.begin = begin
        self.end = end

    def kind(self):
        """The content type, in small letters."""
        return self.head.get_content_type()

    def chunks(self):
        """The decoded bytes."""
        coding = (self.head.get("Content-Transfer-Encoding") or "").strip().lower()
        if coding == "base64":
            yield from self.from_base64()
        elif coding == "quoted-printable":
            yield quopri.decodestring(self.data[self.begin : self.end])
        else:
            yield from (self.data[at : min(at + WINDOW, self.end)] for at in range(self.begin, self.end, WINDOW))

    def from_base64(self):
        left = b""
        for at in range(self.begin, self.end, WINDOW):
            left += self.data[at : min(at + WINDOW, self.end)].translate(None, b"\r\n \t")
            whole = len(left) // 4 * 4
            yield base64.b64decode(left[:whole])
            left = left[whole:]
        if left:
            yield base64.b64decode(left + b"=" * (-len(left) % 4))


def leaves(data, begin, end, depth=0):
    """All parts that are no multiparts, in order."""
    found = [(data.find(mark, begin, end), len(mark)) for mark in (b"\r\n\r\n", b"\n\n")]
    at, length = min(((at, length) for at, length in found if at >= 0), default=(end, 0))
    if data[begin : begin + 2] == b"\r\n" or data[begin : begin + 1] == b"\n":
        at, length = begin, data[begin : begin + 2].find(b"\n") + 1
    head = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(data[begin:at])
    border = head.get_boundary()
    if head.get_content_maintype() != "multipart" or not border or depth > DEEPEST:
        yield Part(head, data, at + length, end)
        return
    for first, last in between(data, at + length, end, b"--" + border.encode("utf-8", "replace")):
        yield from leaves(data, first, last, depth + 1)


def between(data, begin, end, border):
    """Where the parts of a multipart begin and end."""
    place, first = begin, None
    while (place := data.find(border, place, end)) >= 0:
        line = data.find(b"\n", place, end)
        line = end if line < 0 else line + 1
        rest = data[place + len(border) : line].strip()
        if (place == begin or data[place - 1 : place] == b"\n") and rest in (b"", b"--"):
            if first is not None:
                last = place - 2 if data[place - 2 : place] == b"\r\n" else place - 1
                yield first, max(first, last)
            first = line
            if rest == b"--":
                return
        place = line
    if first is not None:
        yield first, end


def take_apart(content):
    """The text as content with its charset and kind, and the attachments as (name, kind, content id, is inline, content)."""
    if content.path is None:
        return sort(leaves(content.data, 0, content.size))
    with open(content.path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return sort(leaves(data, 0, content.size))


def sort(found):
    """Tells the text from the attachments."""
    body, charset, kind, attachments = Content(), "utf-8", "Text", []
    for part in found:
        shown = (part.head.get("Content-Disposition") or "").partition(";")[0].strip().lower()
        name = part.head.get_filename()
        if shown != "attachment" and not name and part.kind() in ("text/plain", "text/html"):
            if not body.size or part.kind() == "text/html":
                body, charset = Content.of(part.chunks()), part.head.get_content_charset() or "utf-8"
                kind = "HTML" if part.kind() == "text/html" else "Text"
        else:
            identity = (part.head.get("Content-ID") or "").strip("<> ")
            attachments.append((name or "attachment", part.kind(), identity, shown == "inline", Content.of(part.chunks())))
    return body, charset, kind, attachments
