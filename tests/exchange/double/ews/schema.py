"""Microsoft's schemas as judges of requests."""

import base64
import binascii
import pathlib
import shutil
import tempfile
import threading

from lxml import etree

MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"


class Violation(Exception):
    """What a schema says against an element."""

    def __init__(self, line, column, text):
        super().__init__(text)
        self.line = line
        self.column = column
        self.text = text


class Schemas:
    """The schema of what is in the SOAP body, and that of SOAP headers."""

    def __init__(self, folder):
        with tempfile.TemporaryDirectory() as copies:
            copies = pathlib.Path(copies)
            for file in pathlib.Path(folder).glob("*.xsd"):
                shutil.copy(file, copies)
            # The edition fixes its own name there; servers take every name that they know.
            types = (copies / "types.xsd").read_bytes()
            relaxed = types.replace(b' fixed="Exchange2013" use="required"', b' use="required"')
            if relaxed == types:
                raise ValueError("types.xsd has another form than expected")
            (copies / "types.xsd").write_bytes(relaxed)
            self.messages = etree.XMLSchema(file=str(copies / "messages.xsd"))
            self.autodiscover = etree.XMLSchema(file=str(copies / "autodiscover.request.xsd"))
            self.types = etree.XMLSchema(file=str(copies / "types.xsd"))
        self.lock = threading.Lock()

    def check(self, element):
        """Raises a violation where an element of the body or of the header breaks its schema."""
        schema = self.messages if etree.QName(element).namespace == MESSAGES else self.types
        self.validate(schema, element)

    def validate(self, schema, element):
        """Raises a violation where an element breaks a schema."""
        with self.lock:
            if not schema.validate(element):
                first = schema.error_log[0]
                raise Violation(first.line, first.column, first.message)


def parse(data):
    """The document; entities and document types are refused, as servers do."""
    root = etree.fromstring(data, etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True, remove_comments=True))
    if root.getroottree().docinfo.doctype:
        raise etree.XMLSyntaxError("For security reasons DTD is prohibited in this XML document.", 0, 1, 1)
    return root


def bytes_of(element):
    """The bytes of an element of base64; libxml2 passes over characters that do not belong there, which Exchange does not."""
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except binascii.Error:
        raise Violation(
            element.sourceline, 0, f"The '{etree.QName(element).localname}' element is invalid - it is not of the datatype base64Binary."
        ) from None
