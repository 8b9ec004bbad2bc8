"""One message of the corpus with its right answer, and the pieces that messages are made of.

The answer of a case comes from what its family put in, never from a reader. README.md describes its members.
"""

import base64
import hashlib
import quopri

CASES = []

FROM = b"From: Anna Berg <anna@example.com>"
TO = b"To: Berta Klein <berta@example.org>"
SUBJECT = b"Subject: Auftrag 4711"
DATE = b"Date: Fri, 20 Nov 2026 10:00:00 +0100"
MESSAGE_ID = b"Message-ID: <4711@erp.example.com>"

# What the standard lines say. A case whose header has such a line need not repeat its meaning.
STANDARD = {
    FROM: ("from", [{"name": "Anna Berg", "address": "anna@example.com"}]),
    TO: ("to", [{"name": "Berta Klein", "address": "berta@example.org"}]),
    SUBJECT: ("subject", "Auftrag 4711"),
    DATE: ("date", "2026-11-20T10:00:00+01:00"),
    MESSAGE_ID: ("message_id", "4711@erp.example.com"),
}


def octets(text):
    """Text as the bytes of a line; what is bytes already stays as it is."""
    return text if isinstance(text, bytes) else text.encode("utf-8")


def header(**replaced):
    """The standard lines; a member replaces the line of that name (`from_` for From) or, as None, leaves it out."""
    lines = {"from_": FROM, "to": TO, "subject": SUBJECT, "date": DATE, "message_id": MESSAGE_ID}
    lines.update(replaced)
    return [octets(line) for line in lines.values() if line is not None]


def message(lines, body, end=b"\r\n"):
    """Header lines, an empty line, and a body."""
    return end.join(octets(line) for line in lines) + end + end + octets(body)


def mail(fields, body, **replaced):
    """A message with the standard header and these further fields."""
    return message(header(**replaced) + [b"MIME-Version: 1.0"] + [octets(field) for field in fields], body)


def entity(fields, body):
    """A part of a multipart, without the line end that belongs to the delimiter behind it."""
    return b"".join(octets(field) + b"\r\n" for field in fields) + b"\r\n" + octets(body)


def multipart(boundary, parts, close=True, preamble=b"", epilogue=b""):
    """The body of a multipart."""
    mark = b"--" + octets(boundary)
    body = octets(preamble) + b"".join(mark + b"\r\n" + octets(part) + b"\r\n" for part in parts)
    return body + (mark + b"--\r\n" + octets(epilogue) if close else b"")


def base64_lines(data, width=76):
    text = base64.b64encode(octets(data))
    return b"\r\n".join(text[at : at + width] for at in range(0, len(text), width))


def quoted(data):
    """Quoted-printable; `data` has CRLF line ends."""
    lines = octets(data).split(b"\r\n")
    return b"\r\n".join(quopri.encodestring(line).replace(b"\n", b"\r\n") for line in lines)


def text_part(text="Guten Tag", kind="plain"):
    return entity([f"Content-Type: text/{kind}; charset=utf-8", "Content-Transfer-Encoding: 8bit"], text)


PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"


def file_part(name="Rechnung.pdf", data=PDF, kind="application/pdf"):
    fields = [f"Content-Type: {kind}", f'Content-Disposition: attachment; filename="{name}"', "Content-Transfer-Encoding: base64"]
    return entity(fields, base64_lines(data))


def part(data=PDF, **members):
    """The answer for a part that decodes to `data`."""
    data = octets(data)
    members.setdefault("size", len(data))
    try:
        members["bytes"] = data.decode("ascii")
    except UnicodeDecodeError:
        members["sha256"] = hashlib.sha256(data).hexdigest()
    return members


def pdf(name="Rechnung.pdf", **members):
    return part(PDF, name=name, type="application/pdf", **members)


def repair(code, pointer=None):
    """A repair that must be told; `a|b` where either code says it, without a pointer where its place is a matter of taste."""
    return code if pointer is None else {"code": code, "pointer": pointer}


def case(kind, name, rfc, raw, well=False, repairs=(), may_repair=(), **answer):
    """Adds a case. `rfc` is the paragraph that decides; `well` says that Python's email reads it right, which a test checks."""
    top = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n")[0].split(b"\n")
    for line, (member, value) in STANDARD.items():
        if line in top:
            answer.setdefault(member, value)
    assert "text" in answer, (kind, name)
    answer.setdefault("html", "")
    answer.setdefault("parts", [])
    if repairs:
        answer["repairs"] = list(repairs)
    if may_repair:
        answer["may_repair"] = list(may_repair)
    told = {"rfc": rfc}
    if well:
        told["well_formed"] = True
    CASES.append((kind, name, raw, told | answer))
