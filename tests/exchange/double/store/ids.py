"""Ids as Exchange makes them: base64 with plus, slash and equals signs, and meaning in the case of letters."""

import base64
import itertools
import os
import struct

COUNTER = itertools.count(1)
SEED = os.urandom(6)


def new(kind=0):
    """A new id. Its first letters tell items, folders and attachments apart."""
    number = struct.pack(">Q", next(COUNTER))
    # 0xfbefff is "++//" in base64; the length leaves one equals sign.
    raw = b"\x00\x03\x24" + bytes([kind, 0, 0x10]) + SEED + b"\xfb\xef\xff" + number[:6] + bytes([kind]) + number[6:] + os.urandom(20)
    return base64.b64encode(raw + b"\0" * ((2 - len(raw)) % 3)).decode()


def change_key():
    """A new change key."""
    return base64.b64encode(b"\x09\x00\x00\x00\x16\xfb\xef\xff" + struct.pack(">Q", next(COUNTER)) + SEED).decode()


def for_url(identity):
    """The form of an id that Graph has."""
    return identity.replace("+", "-").replace("/", "_")


def from_url(identity):
    """The form of an id that EWS has."""
    return identity.replace("-", "+").replace("_", "/")
