"""What is read out of a message's header, and how messages are put together."""

import base64
import email.header
import email.utils
import functools
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
    return [pair for value in values for pair in addresses_of(value)]


@functools.lru_cache(10_000)
def addresses_of(value):
    """The mailboxes of one header, as a tuple."""
    pairs = email.utils.getaddresses([value.decode("utf-8", "replace")])
    return tuple((text(name.encode()), address) for name, address in pairs if address)


def date(value):
    """A date as seconds since 1970, or None."""
    try:
        return email.utils.parsedate_to_datetime(value.decode("ascii")).timestamp()
    except (ValueError, TypeError, IndexError, UnicodeDecodeError):
        return None


def for_recipients(content, before=""):
    """The message as recipients get it: without Bcc, and with the fields `before` in front."""
    head = content.head()
    end = head_end(head)
    block = head[: end + 2] if end >= 0 else b""
    cut = FIELD.sub(lambda found: b"" if found.group(1).lower() in (b"bcc", b"resent-bcc") else found.group(0), block)
    if cut == block and not before:
        return content

    def chunks():
        yield before.encode() + cut
        yield from content.chunks(len(block))

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
    lines = [
        f"Content-Type: {attachment.kind or 'application/octet-stream'}; name={coded}",
        f"Content-Disposition: {shown}; filename={coded}",
    ]
    if attachment.content_id:
        lines.append(f"Content-ID: <{attachment.content_id.strip('<>')}>")
    return ("\r\n".join(lines) + "\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode()


def compose(item):
    """The MIME of a message that was made of properties, in chunks."""
    head = "MIME-Version: 1.0\r\n" + address_field("From", item.sender_pairs())
    head += address_field("To", item.to) + address_field("Cc", item.cc) + address_field("Bcc", item.bcc)
    head += address_field("Reply-To", item.reply_to)
    if item.subject:
        head += (
            "Subject: "
            + email.header.Header(item.subject, "utf-8" if not item.subject.isascii() else "us-ascii").encode(linesep="\r\n")
            + "\r\n"
        )
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


def now():
    """Seconds since 1970."""
    return time.time()
