"""EWS by hand: requests as text, answers judged by Microsoft's schemas."""

import base64
import functools
import sys

from lxml import etree

from double.ews.schema import Schemas

from .case import CLEAR, SESSION

M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
E = "{http://schemas.microsoft.com/exchange/services/2006/errors}"
S = "{http://schemas.xmlsoap.org/soap/envelope/}"
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
    'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Header><t:RequestServerVersion Version="{}"/>{}</s:Header>'
    "<s:Body>{}</s:Body></s:Envelope>"
)


@functools.cache
def schemas():
    """The schemas, whose folder is the judge's fifth argument."""
    return Schemas(sys.argv[5])


def post(data, user="anna@example.com", headers=None, kind="text/xml; charset=utf-8"):
    """The answer to these bytes."""
    more = {"Content-Type": kind, **(headers or {})}
    return SESSION.post(f"{CLEAR}/EWS/Exchange.asmx", data, headers=more, auth=(user, "Geheim-7") if user else None)


def ask(body, user="anna@example.com", header="", version="Exchange2013_SP1", headers=None):
    """The child of the answer's body, which must fit the schema; a fault is not judged."""
    answer = post(ENVELOPE.format(version, header, body).encode(), user, headers)
    if answer.status_code not in (200, 500):
        raise SystemExit(f"status {answer.status_code} for {body}: {answer.text}")
    (child,) = etree.fromstring(answer.content, etree.XMLParser(huge_tree=True)).find(f"{S}Body")
    if child.tag != f"{S}Fault":
        schemas().check(child)
    return child


def codes(child):
    """The response codes of an answer, or that of a fault."""
    return [code.text for code in child.iter(f"{M}ResponseCode", f"{E}ResponseCode")]


def ids(child):
    """All item ids of an answer, with their change keys."""
    return [(found.get("Id"), found.get("ChangeKey")) for found in child.iter(f"{T}ItemId")]


def mime(text):
    """A message as MimeContent has it."""
    return base64.b64encode(text.replace("\n", "\r\n").encode()).decode()
