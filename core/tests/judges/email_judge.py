"""What Python's email package reads in messages: one JSON line on standard output for each on standard input.

Each message on standard input follows a line with its length in bytes.
"""

import base64
import email
import email.policy
import json
import sys
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime


def decoded(value):
    return str(make_header(decode_header(value)))


def addresses(raw, name):
    # The older interface for names: the newer one keeps the space between two encoded words of a name (bpo-35547).
    return [[decoded(display), address] for display, address in getaddresses(raw.get_all(name, []))]


def judged(data):
    message = email.message_from_bytes(data, policy=email.policy.default)
    raw = email.message_from_bytes(data, policy=email.policy.compat32)
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    files = []
    for part in message.walk():
        if part.is_multipart() or part is text or part is html:
            continue
        files.append({
            # get_filename() would take away the spaces at both ends.
            "name": part["content-disposition"].params.get("filename"),
            "type": part.get_content_type(),
            "data": base64.b64encode(part.get_payload(decode=True)).decode(),
            "content_id": (part["content-id"] or "").strip().strip("<>"),
            "disposition": part.get_content_disposition(),
        })
    return {
        "subject": message["subject"],
        "from": addresses(raw, "from"),
        "to": addresses(raw, "to"),
        "cc": addresses(raw, "cc"),
        "own": message["x-own"],
        "message_id": (message["message-id"] or "").strip("<>"),
        "seconds": int(parsedate_to_datetime(message["date"]).timestamp()),
        "text": text.get_content() if text else None,
        "html": html.get_content() if html else None,
        "files": files,
        "defects": [str(defect) for part in message.walk() for defect in part.defects],
        "longest_line": max(len(line) for line in data.split(b"\r\n")),
        "bare_line_ends": data.replace(b"\r\n", b"").count(b"\r") + data.replace(b"\r\n", b"").count(b"\n"),
        "eight_bit": any(byte > 127 for byte in data),
    }


def main():
    source = sys.stdin.buffer
    while line := source.readline():
        print(json.dumps(judged(source.read(int(line)))))


main()
