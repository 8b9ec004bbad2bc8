"""What is read out of a message's header, and how messages are put together."""

import base64
import email.header
import email.message
import email.parser
import email.policy
import email.utils
import re
import time
import uuid

from .content import Content

FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:(.*(?:\r?\n[ \t].*)*)\r?\n?", re.MULTILINE)


def head_end(head):
    """Where the header ends in these bytes, or -1."""
    if head.startswith((b"\r\n", b"\n")):
        return 0
    places = [at for at in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if at >= 0]
    return min(places) if places else -1


def fields(content):
    """The header as a list of names in small letters and unfolded values."""
    head = content.head()
    end = head_end(head)
    if end >= 0:
        head = head[:end]
    return [(name.decode("ascii").lower(), re.sub(rb"\r?\n([ \t])", rb"\1", value).strip()) for name, value in FIELD.findall(head)]


def text(value):
    """A header's value with its encoded words decoded."""
    value = value.decode("utf-8", "replace")
    if "=?" not in value:
        return value
    try:
        return str(email.header.make_header(email.header.decode_header(value)))
    except (ValueError, LookupError):
        return value


def addresses(values):
    """The mailboxes of address headers as pairs of name and address."""
    pairs = email.utils.getaddresses([value.decode("utf-8", "replace") for value in values])
    return [(text(name.encode()), address) for name, address in pairs if address]


def date(value):
    """A date as seconds since 1970, or None."""
    try:
        return email.utils.parsedate_to_datetime(value.decode("ascii")).timestamp()
    except (ValueError, TypeError, IndexError, UnicodeDecodeError):
        return None


def without_bcc(content):
    """The message as recipients get it."""
    head = content.head()
    end = head_end(head)
    if end < 0:
        return content
    block = head[: end + 2]
    cut = FIELD.sub(lambda found: b"" if found.group(1).lower() in (b"bcc", b"resent-bcc") else found.group(0), block)
    if cut == block:
        return content

    def chunks():
        yield cut
        yield from content.chunks(end + 2)

    return Content.of(chunks())


def new_message_id():
    """A Message-ID as Exchange makes it."""
    return f"<{uuid.uuid4().hex.upper()}@exchange.example.com>"


def address_field(name, people):
    """An address header, or nothing where there are no addresses."""
    if not people:
        return ""
    written = (email.utils.formataddr((who, address), "utf-8") if who else address for who, address in people)
    return f"{name}: " + ",\r\n ".join(written) + "\r\n"


def body_part(item):
    """The text of a message with its headers."""
    subtype = "html" if item.body_type == "HTML" else "plain"
    encoded = base64.encodebytes(item.body.encode()).replace(b"\n", b"\r\n")
    return f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + encoded


def attachment_head(attachment):
    """The headers of an attachment's part."""
    name = attachment.name
    plain = re.fullmatch(r"[\w .()-]+", name, re.ASCII)
    coded = f'"{name}"' if plain else '"' + email.header.Header(name, "utf-8", maxlinelen=900).encode() + '"'
    shown = "inline" if attachment.is_inline else "attachment"
    lines = [f"Content-Type: {attachment.kind or 'application/octet-stream'}; name={coded}", f"Content-Disposition: {shown}; filename={coded}"]
    if attachment.content_id:
        lines.append(f"Content-ID: <{attachment.content_id.strip('<>')}>")
    return ("\r\n".join(lines) + "\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode()


def compose(item):
    """The MIME of a message that was made of properties, in chunks."""
    head = "MIME-Version: 1.0\r\n" + address_field("From", item.sender_pairs())
    head += address_field("To", item.to) + address_field("Cc", item.cc) + address_field("Bcc", item.bcc)
    head += address_field("Reply-To", item.reply_to)
    if item.subject:
        head += "Subject: " + email.header.Header(item.subject, "utf-8" if not item.subject.isascii() else "us-ascii").encode(linesep="\r\n") + "\r\n"
    head += f"Message-ID: {item.message_id}\r\nDate: {email.utils.formatdate(item.created, usegmt=True)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in item.more_fields)
    if not item.attachments:
        yield head.encode() + body_part(item)
        return
    border = f"_{uuid.uuid4().hex}_"
    yield f'{head}Content-Type: multipart/mixed; boundary="{border}"\r\n\r\n--{border}\r\n'.encode() + body_part(item)
    for attachment in item.attachments:
        yield f"\r\n--{border}\r\n".encode() + attachment_head(attachment)
        for block in attachment.content.chunks():
            encoded = base64.b64encode(block)
            yield b"\r\n".join(encoded[at : at + 76] for at in range(0, len(encoded), 76)) + b"\r\n"
    yield f"\r\n--{border}--\r\n".encode()


def parts(content):
    """The text, its kind and the attachments of a message: (body, body type, [(name, kind, content id, is inline, bytes)])."""
    message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(content.bytes())
    body, kind, found = "", "Text", []
    for part in message.walk():
        if part.is_multipart():
            continue
        shown = (part.get("Content-Disposition") or "").partition(";")[0].strip().lower()
        name, data = part.get_filename(), part.get_payload(decode=True) or b""
        if shown != "attachment" and not name and part.get_content_maintype() == "text":
            if not body or part.get_content_subtype() == "html":
                body = data.decode(part.get_content_charset() or "utf-8", "replace")
                kind = "HTML" if part.get_content_subtype() == "html" else "Text"
        else:
            name = text((name or "attachment").encode("utf-8", "replace"))
            found.append((name, part.get_content_type(), (part.get("Content-ID") or "").strip("<> "), shown == "inline", data))
    return body, kind, found


def now():
    """Seconds since 1970."""
    return time.time()
