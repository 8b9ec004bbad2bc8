"""Reads values of header fields with Python's email package: one a line, `KIND HEX`; answers one a line, in hexadecimal."""

import email
import email.header
import email.utils
import sys


def text(value):
    return str(email.header.make_header(email.header.decode_header(value)))


def addresses(value):
    pairs = email.utils.getaddresses([value])
    return "\x1e".join(f"{text(name)}\x1f{address}" for name, address in pairs)


def date(value):
    moment = email.utils.parsedate_to_datetime(value)
    return moment.isoformat() + ("Z" if moment.tzinfo is None else "")


def file_name(value):
    return email.message_from_string(f"Content-Disposition: {value}\n\n").get_filename() or ""


def page(name):
    return bytes(range(128, 256)).decode(name, "replace")


KINDS = {"page": page, "text": text, "addresses": addresses, "date": date, "name": file_name}

for line in sys.stdin:
    kind, value = line.split()
    try:
        answer = KINDS[kind](bytes.fromhex(value).decode("utf-8"))
    except (LookupError, ValueError) as error:
        answer = f"{type(error).__name__}"
    print("." + answer.encode("utf-8", "replace").hex(), flush=False)
