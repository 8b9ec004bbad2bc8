"""The whole double: ports, state, and the way of a request through them."""

import re
import ssl
import threading
import time
import traceback

from . import autodiscover, control
from .ews import endpoint as ews
from .ews.schema import Schemas
from .entra import endpoint as entra
from .entra.tokens import Tokens
from .graph import endpoint as graph
from .graph import uploads
from .store.organisation import Organisation
from .web import faults
from .web.connection import Listener
from .web.log import Log
from .web.message import Answer, page

SOAP_OPERATION = re.compile(rb"<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)")


class Double:
    """One double. `options` change what it demands; the control port sets them."""

    def __init__(self, folder, schemas, certificate=None, keytab=None):
        self.folder = folder
        self.keytab = keytab
        self.options = dict(OPTIONS)
        self.organisation = Organisation(folder)
        self.tokens = Tokens(self)
        self.faults = faults.Faults()
        self.log = Log(folder)
        self.schemas = Schemas(schemas)
        self.lock = threading.RLock()
        self.uploads = {}
        self.certificate = None
        tls = None
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            with open(certificate, encoding="ascii") as file:
                begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
                text = file.read()
                self.certificate = ssl.PEM_cert_to_DER_cert(text[text.index(begin) : text.index(end) + len(end)])
        self.main = Listener("exchange", self.turn, tls)
        self.main.early = self.early
        self.stranger = Listener("stranger", self.turn, tls)
        self.control = Listener("control", self.control_turn)

    def start(self):
        """Opens the ports; the answer names them."""
        for listener in (self.main, self.stranger, self.control):
            listener.start()
        return {"port": self.main.port, "stranger": self.stranger.port, "control": self.control.port}

    def turn(self, connection, request, begin):
        """Answers one request; False when the connection ends."""
        entry = self.log.begin(request)
        try:
            request.operation = entry["operation"] = operation(request)
            action = self.faults.take(request)
            if action and action.get("expire"):
                self.tokens.expire()
            if action and action.get("revoke"):
                self.tokens.revoke()
            if action:
                answer = faults.carry_out(action, request, lambda: self.act(request, entry))
            else:
                answer = self.act(request, entry)
            entry["status"] = answer.status
            return connection.write(answer, request.method)
        finally:
            entry["seconds"] = time.perf_counter() - begin[0]
            entry["work"] = time.thread_time() - begin[1]

    def early(self, request):
        """The answer to a head whose body is too large to be read, as IIS gives it; or None."""
        length = request.fields.get("content-length", "0")
        if request.path.lower() != "/ews/exchange.asmx" or not length.isdigit() or int(length) <= self.options["request_limit"]:
            return None
        answer = Answer(self.options["too_large"], b"")
        answer.close = True
        self.log.begin(request)["status"] = answer.status
        return answer

    def act(self, request, entry):
        """Does what the request asks for."""
        try:
            if request.connection.listener is self.stranger:
                return page("<html><body>This is another host.</body></html>")
            return self.compressed(request, self.route(request, entry))
        except Exception:  # A bug of the double must show as such in a test, not as a hang.
            traceback.print_exc()
            return Answer(500, traceback.format_exc().encode(), kind="text/plain")

    def compressed(self, request, answer):
        """Compresses an answer where the client takes that and the option says so."""
        takes = self.options["gzip"] and "gzip" in request.fields.get("accept-encoding", "")
        if takes and isinstance(answer.body, bytes) and answer.body and answer.field("Content-Encoding") is None:
            answer.body = faults.zip_up(answer.body)
            answer.size = len(answer.body)
            answer.fields.append(("Content-Encoding", "gzip"))
        return answer

    def route(self, request, entry):
        path = request.path.lower()
        if path == "/ews/exchange.asmx":
            return ews.answer(self, request, entry)
        if path.startswith("/autodiscover/"):
            return autodiscover.answer(self, request, entry)
        if path.startswith("/v1.0/"):
            return graph.answer(self, request, entry)
        if path.startswith("/upload/"):
            return uploads.answer(self, request)
        if (answer := entra.answer(self, request, entry)) is not None:
            return answer
        return page("<html><body>404 - File or directory not found.</body></html>", 404)

    def control_turn(self, connection, request, _begin):
        """Answers one request of a test."""
        try:
            answer = control.answer(self, request)
        except Exception:  # The test sees what it did wrong.
            answer = Answer(500, traceback.format_exc().encode(), kind="text/plain")
        return connection.write(answer, request.method)


def operation(request):
    """The name of what is asked for, as faults and the log have it."""
    if request.path.lower() == "/ews/exchange.asmx":
        found = SOAP_OPERATION.search(request.body[:65536])
        return found.group(1).decode() if found else None
    if request.path.lower().startswith("/v1.0/"):
        return graph.operation(request)
    if request.path.lower().startswith("/upload/"):
        return "upload"
    return request.path.rsplit("/", 1)[-1]


OPTIONS = {
    # What of the login is offered and demanded.
    "methods": ["Negotiate", "NTLM", "Basic", "Bearer"],
    "channel_binding": "none",
    # How long a login by NTLM or Negotiate lasts: "connection", "request", or "request, as told" with the field Persistent-Auth.
    "login_lasts": "connection",
    "anchor": "required",
    # The server's age and limits.
    "version": "Exchange2016",
    "request_limit": 67_108_864,
    "too_large": 413,
    "message_limit": 36_700_160,
    "page_limit": 1000,
    "ews": True,
    # Graph.
    "graph_limit": 4 * 1024 * 1024,
    "first_chunk_missing": 0,
    # Whether answers come compressed to those who accept that.
    "gzip": False,
}
