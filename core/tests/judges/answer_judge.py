"""What Python's email package reads in a reply or a forward on standard input: one JSON document on standard output."""

import email
import email.policy
import json
import sys


def part(entity):
    """An entity: its type, its name, its bytes as text, and what it consists of."""
    told = {"type": entity.get_content_type(), "name": entity.get_filename(), "id": entity["content-id"], "defects": [str(one) for one in entity.defects]}
    if entity.get_content_type() == "message/rfc822":
        inner = entity.get_payload(0)
        told["subject"] = str(inner["subject"])
        told["bytes"] = inner.as_bytes(policy=email.policy.SMTP).decode("latin-1")
    elif entity.is_multipart():
        told["parts"] = [part(inner) for inner in entity.iter_parts()]
    else:
        content = entity.get_payload(decode=True)
        told["text"] = content.decode(entity.get_content_charset("latin-1")).replace("\r\n", "\n")
    return told


def main():
    """Reads one message."""
    data = sys.stdin.buffer.read()
    message = email.message_from_bytes(data, policy=email.policy.default)
    names = ("subject", "to", "cc", "in-reply-to", "references", "content-transfer-encoding")
    told = {name: None if message[name] is None else str(message[name]) for name in names}
    told["body"] = part(message)
    told["longest"] = max(len(line) for line in data.split(b"\r\n"))
    json.dump(told, sys.stdout)


main()
