"""Envelopes: what is read from requests, what answers and faults look like."""

import html
import re

from ..store.content import Content
from ..web.message import Answer

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
KIND = "text/xml; charset=utf-8"
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# The newest first. A server refuses what is newer than itself.
VERSIONS = [
    "V2018_01_08",
    "V2017_07_11",
    "V2017_04_14",
    "V2017_01_07",
    "V2016_10_10",
    "V2016_07_13",
    "V2016_04_13",
    "V2016_01_06",
    "V2015_10_05",
    "Exchange2016",
    "Exchange2015",
    "Exchange2013_SP1",
    "Exchange2013",
    "Exchange2010_SP2",
    "Exchange2010_SP1",
    "Exchange2010",
    "Exchange2007_SP1",
    "Exchange2007",
]
BUILDS = {"Exchange2016": (15, 1, 2507, 6), "Exchange2013_SP1": (15, 0, 847, 30), "V2018_01_08": (15, 20, 9478, 9)}


class Fault(Exception):
    """A request that is refused as a whole."""

    def __init__(self, code, text, more=""):
        super().__init__(text)
        self.code = code
        self.text = text
        self.more = more


def escape(value):
    """Text for XML; what XML cannot have becomes a question mark."""
    return html.escape(ILLEGAL.sub("?", value))


def envelope(double, body):
    """The pieces of an answer around the pieces `body`."""
    major, minor, build, revision = BUILDS.get(double.options["version"], (15, 1, 2507, 6))
    head = (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Header><h:ServerVersionInfo MajorVersion="{major}" '
        f'MinorVersion="{minor}" MajorBuildNumber="{build}" MinorBuildNumber="{revision}" Version="{double.options["version"]}" '
        'xmlns:h="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>'
        '</s:Header><s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
    )
    return [head, *body, "</s:Body></s:Envelope>"]


def answer(double, pieces):
    """An answer of texts and contents; a content is written as base64, a large one without being held in memory."""
    pieces = [piece.encode() if isinstance(piece, str) else piece for piece in envelope(double, pieces)]
    if all(isinstance(piece, bytes) or piece.path is None for piece in pieces):
        body = b"".join(piece if isinstance(piece, bytes) else b"".join(piece.base64()) for piece in pieces)
        return Answer(200, body, kind=KIND)

    def chunks():
        for piece in pieces:
            if isinstance(piece, Content):
                yield from piece.base64()
            else:
                yield piece

    size = sum(len(piece) if isinstance(piece, bytes) else piece.base64_size() for piece in pieces)
    return Answer(200, chunks(), kind=KIND, size=size)


def fault(error):
    """The answer that refuses a whole request."""
    text = escape(error.text)
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault>'
        f'<faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/2006/types">a:{error.code}</faultcode>'
        f'<faultstring xml:lang="en-US">{text}</faultstring><detail><e:ResponseCode xmlns:e="{ERRORS}">{error.code}</e:ResponseCode>'
        f'<e:Message xmlns:e="{ERRORS}">{text}</e:Message>{error.more}</detail></s:Fault></s:Body></s:Envelope>'
    )
    return Answer(500, body.encode(), kind=KIND)


def schema_fault(violation):
    """The refusal of what breaks the schema."""
    more = (
        '<t:MessageXml xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">'
        f"<t:LineNumber>{violation.line}</t:LineNumber><t:LinePosition>{violation.column}</t:LinePosition>"
        f"<t:Violation>{escape(violation.text)}</t:Violation></t:MessageXml>"
    )
    return Fault("ErrorSchemaValidation", f"The request failed schema validation: {violation.text}", more)


def success(operation, inside=("",)):
    """The response message of one thing that was done."""
    return [
        f'<m:{operation}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>',
        *inside,
        f"</m:{operation}ResponseMessage>",
    ]


def error(operation, code, text, inside=""):
    """The response message of one thing that was refused."""
    return [
        f'<m:{operation}ResponseMessage ResponseClass="Error"><m:MessageText>{escape(text)}</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>'
        f"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{inside}</m:{operation}ResponseMessage>"
    ]


def response(operation, messages):
    """The response of an operation around its response messages."""
    space = 'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
    inside = [piece for message in messages for piece in message]
    return [f"<m:{operation}Response {space}><m:ResponseMessages>", *inside, f"</m:ResponseMessages></m:{operation}Response>"]
