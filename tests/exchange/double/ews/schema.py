"""Microsoft's schemas as judges of requests."""

import pathlib
import shutil
import tempfile
import threading

from lxml import etree

MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"


class Violation(Exception):
    """What a schema says against an element."""

    def __init__(self, error):
        super().__init__(error.message)
        self.line = error.line
        self.column = error.column
        self.text = error.message


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
            self.types = etree.XMLSchema(file=str(copies / "types.xsd"))
        self.lock = threading.Lock()

    def check(self, element):
        """Raises a violation where an element of the body or of the header breaks its schema."""
        schema = self.messages if etree.QName(element).namespace == MESSAGES else self.types
        with self.lock:
            if not schema.validate(element):
                raise Violation(schema.error_log[0])


def parse(data):
    """The document; entities and document types are refused, as servers do."""
    root = etree.fromstring(data, etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True, remove_comments=True))
    if root.getroottree().docinfo.doctype:
        raise etree.XMLSyntaxError("For security reasons DTD is prohibited in this XML document.", 0, 1, 1)
    return root
