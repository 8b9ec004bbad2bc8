"""The door of EWS: from HTTP to operations."""

import uuid

from lxml import etree

from ..entra import login
from ..store.organisation import Refused
from ..web.message import Answer
from . import attachments, change, create, find, folders, get, names, soap, sync
from .context import Context, T, acting_mailbox
from .schema import MESSAGES, TYPES, Violation, parse

OPERATIONS = {
    "GetFolder": folders.get_folder,
    "FindFolder": folders.find_folder,
    "CreateFolder": folders.create_folder,
    "UpdateFolder": folders.update_folder,
    "MoveFolder": folders.move_folder,
    "DeleteFolder": folders.delete_folder,
    "CreateItem": create.create_item,
    "SendItem": create.send_item,
    "CreateAttachment": attachments.create,
    "GetAttachment": attachments.get,
    "DeleteAttachment": attachments.delete,
    "FindItem": find.find_item,
    "GetItem": get.get_item,
    "SyncFolderItems": sync.sync_items,
    "UpdateItem": change.update_item,
    "MoveItem": change.move_item,
    "CopyItem": change.copy_item,
    "DeleteItem": change.delete_item,
    "ResolveNames": names.resolve,
    "ConvertId": names.convert,
    "SyncFolderHierarchy": sync.sync_folders,
}
S = "{" + soap.SOAP + "}"


def answer(double, request, entry):
    """Answers a request to /EWS/Exchange.asmx."""
    fields = [("request-id", str(uuid.uuid4())), ("X-FEServer", "EX1"), ("X-BEServer", "EX1"), ("X-DiagInfo", "EX1")]
    if len(request.body) > double.options["request_limit"]:
        reply = Answer(double.options["too_large"], b"", fields)
        reply.close = True
        return reply
    caller = login.identify(double, request)
    if isinstance(caller, Answer):
        caller.fields.extend(fields)
        return caller
    entry["user"], entry["scheme"], entry["login"] = caller.name, caller.method, caller.seen
    if caller.proof:
        fields.append(("WWW-Authenticate", caller.proof))
        caller.proof = None
    if double.options["login_lasts"] == "request, as told":
        fields.append(("Persistent-Auth", "false"))
    reply = judge(double, request, caller, entry)
    reply.fields.extend(fields)
    return reply


def judge(double, request, caller, entry):
    """Checks the envelope and carries the operation out."""
    if request.method != "POST":
        return (
            Answer(200, b"<html><body>You have created a service.</body></html>", kind="text/html")
            if request.method == "GET"
            else Answer(405)
        )
    if not double.options["ews"] or not caller.may_use_ews():
        return Answer(403, b"")
    if request.media_type() != "text/xml":
        text = f"Cannot process the message because the content type '{request.fields.get('content-type', '')}' was not the expected type 'text/xml; charset=utf-8'."
        return Answer(415, b"", [("X-Reason", text)])
    try:
        root = parse(request.body)
    except etree.XMLSyntaxError as problem:
        return Answer(400, str(problem).encode(), kind="text/plain")
    try:
        return carry_out(double, request, caller, root, entry)
    except soap.Fault as refusal:
        return soap.fault(refusal)
    except Violation as violation:
        return soap.fault(soap.schema_fault(violation))
    except Refused as refusal:
        return soap.fault(soap.Fault(refusal.code, refusal.text))


def carry_out(double, request, caller, root, entry):
    header, body = root.find(f"{S}Header"), root.find(f"{S}Body")
    if root.tag != f"{S}Envelope" or body is None or len(body) != 1:
        raise soap.Fault("ErrorInvalidRequest", "The request is invalid: no SOAP 1.1 envelope with one element in its body.")
    check_header(double, header)
    element = body[0]
    if etree.QName(element).namespace != MESSAGES:
        raise soap.Fault("ErrorInvalidRequest", f"The request is invalid: {element.tag} is not of the namespace of messages.")
    double.schemas.check(element)
    run = OPERATIONS.get(etree.QName(element).localname)
    if run is None:
        raise soap.Fault("ErrorInvalidOperation", f"The double does not have {element.tag}.")
    mailbox = acting_mailbox(double, request, caller, header)
    entry["mailbox"] = mailbox.address
    if not mailbox.ews:
        return Answer(403, b"")
    with double.lock:
        pieces = run(Context(double, request, caller, mailbox), element)
    reply = soap.answer(double, pieces)
    cookie = f"X-BackEndCookie={mailbox.address.encode().hex()}"
    sent = request.fields.get("cookie", "")
    entry["foreign_cookie"] = "X-BackEndCookie=" in sent and cookie not in sent
    if cookie not in sent:
        reply.fields.append(("Set-Cookie", f"{cookie}; path=/EWS; {'secure; ' if request.connection.is_secure else ''}HttpOnly"))
    return reply


def check_header(double, header):
    """Checks the version that is asked for and the form of each header."""
    for element in header if header is not None else ():
        if etree.QName(element).namespace != TYPES:
            continue
        version = element.get("Version")
        if element.tag == f"{T}RequestServerVersion" and version is not None:
            newest = soap.VERSIONS.index(double.options["version"])
            if version not in soap.VERSIONS[newest:]:
                raise soap.Fault("ErrorInvalidServerVersion", "The specified server version is invalid.")
            if version.startswith("V") or version in ("Exchange2015", "Exchange2016", "Exchange2013_SP1"):
                continue
        double.schemas.check(element)
