"""Python's email as a judge: python3 python.py default|compat32

Reads messages from the standard input, each behind its length (4 bytes, most significant first), and writes a line of JSON for each: what
the parser tells, in the form of our summary.
"""

import email.header
import email.policy
import email.utils
import hashlib
import json
import re
import struct
import sys
import warnings

MODERN = sys.argv[1] == "default"
POLICY = email.policy.default if MODERN else email.policy.compat32
MEDIA = ("image", "audio", "video")


def decoded(value):
    """A header of the old policy: encoded words are left to the caller."""
    pieces = []
    for text, charset in email.header.decode_header(str(value)):
        if isinstance(text, bytes):
            try:
                text = text.decode(charset or "ascii", "replace")
            except LookupError:
                text = text.decode("ascii", "replace")
        pieces.append(text)
    return "".join(pieces)


def subject(message):
    value = message["subject"]
    return "" if value is None else (str(value) if MODERN else re.sub(r"\r?\n", "", decoded(value)))


def people(message, name):
    found = []
    for value in message.get_all(name, []):
        if MODERN:
            for group in value.groups:
                for person in group.addresses:
                    found.append((person.display_name, person.addr_spec, group.display_name))
        else:
            found += [(decoded(name), address, None) for name, address in email.utils.getaddresses([str(value)])]
    told = []
    for name, address, group in found:
        person = {"name": name} if name else {}
        # Without a domain it is no address.
        person |= {"address": address} if re.fullmatch(r".+@.+", address) else {"text": address}
        told.append(person | ({"group": group} if group else {}))
    return told


def date(message):
    value = message["date"]
    if value is None:
        return None
    told = value.datetime if MODERN else email.utils.parsedate_to_datetime(str(value))
    if told is None:
        return None
    return told.isoformat() if told.tzinfo else told.isoformat() + "+00:00"


def content(entity):
    """The bytes of a part that is not divided. An attached message is given as it stands, for which the package has no way but to write it anew."""
    if entity.is_multipart() and entity.get_content_maintype() == "message":
        return b"\n".join(inner.as_bytes(policy=entity.policy.clone(linesep="\r\n")) for inner in entity.get_payload())
    payload = entity.get_payload(decode=True)
    return b"" if payload is None else payload


def text(entity):
    if MODERN:
        try:
            return entity.get_content()
        except (LookupError, KeyError):
            pass
    charset = entity.get_content_charset("us-ascii")
    try:
        return content(entity).decode(charset, "replace")
    except LookupError:
        return content(entity).decode("us-ascii", "replace")


class Bodies:
    """Which parts are texts and which are attachments, by the rule that we follow: JMAP's (RFC 8621 4.1.4)."""

    def __init__(self):
        self.text, self.html, self.parts = [], [], []

    def leaf(self, entity, first, above, lists):
        main, kind = entity.get_content_maintype(), entity.get_content_type()
        is_text = kind in ("text/plain", "text/html")
        inline = entity.get_content_disposition() != "attachment" and (is_text or main in MEDIA)
        inline = inline and (first or above != "related" and (main in MEDIA or not entity.get_param("name")))
        if above == "alternative" and is_text and entity.get_content_disposition() != "attachment":
            (self.text if kind == "text/plain" else self.html).append(entity)
        elif inline and is_text and kind.split("/")[1] in lists:
            (self.text if kind == "text/plain" else self.html).append(entity)
        else:
            self.parts.append(entity)

    def walk(self, entity, first=True, above="", lists=("plain", "html")):
        main = entity.get_content_maintype()
        if main == "multipart" and entity.is_multipart():
            for index, inner in enumerate(entity.get_payload()):
                self.walk(inner, index == 0, entity.get_content_subtype(), lists)
        else:
            self.leaf(entity, first, above, lists)


def told(raw):
    message = email.message_from_bytes(raw, policy=POLICY)
    bodies = Bodies()
    bodies.walk(message)
    summary = {"subject": subject(message), "text": "\n".join(map(text, bodies.text)), "html": "\n".join(map(text, bodies.html)), "parts": []}
    for name, member in [("from", "from"), ("to", "to"), ("cc", "cc"), ("bcc", "bcc"), ("reply-to", "reply_to"), ("sender", "sender")]:
        summary[member] = people(message, name)
    identifier = message["message-id"]
    if identifier is not None:
        summary["message_id"] = re.sub(r"^<|>$", "", str(identifier).strip())
    try:
        summary["date"] = date(message)
    except (TypeError, ValueError, IndexError, OverflowError):
        summary["date"] = None
    for entity in bodies.parts:
        data = content(entity)
        name = entity.get_filename()
        part = {"type": entity.get_content_type(), "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if entity.defects:
            part["defects"] = [type(defect).__name__ for defect in entity.defects]
        if name is not None:
            part["name"] = name if MODERN else decoded(name)
        if entity["content-id"] is not None:
            part["inline"] = str(entity["content-id"]).strip().strip("<>")
        summary["parts"].append(part)
    return summary


def main():
    warnings.simplefilter("ignore")
    while head := sys.stdin.buffer.read(4):
        raw = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
        try:
            answer = told(raw)
        except Exception as error:  # noqa: BLE001 - any failure is an answer, too
            answer = {"failed": f"{type(error).__name__}: {error}"}
        # Bytes that were not decoded come as lone surrogates, for which JSON has no place.
        line = re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(answer, ensure_ascii=False))
        sys.stdout.buffer.write(line.encode() + b"\n")
        sys.stdout.buffer.flush()


main()
