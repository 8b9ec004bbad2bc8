"""Who sent an HTTP request: Basic, NTLM, Negotiate, Bearer."""

import base64
import binascii

from ..web.message import Answer
from .tokens import EXCHANGE

CHALLENGES = {
    "Negotiate": "Negotiate",
    "NTLM": "NTLM",
    "Basic": 'Basic realm="exchange.example.com"',
    "Bearer": 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@*", '
    'token_types="app_asserted_user_v1 service_asserted_app_v1", error="invalid_token"',
}


class Caller:
    """Someone who is logged in: a user, or an application alone (`address` is None then)."""

    def __init__(self, name, address, method, user=None, token=None):
        self.name = name
        self.address = address
        self.method = method
        self.user = user
        self.token = token
        self.seen = None
        self.proof = None

    def may_impersonate(self, address):
        """Whether this caller may act as someone else."""
        if self.token is None:
            return "ApplicationImpersonation" in self.user.roles
        if self.token.user is not None:
            return False
        mailboxes = self.token.application.mailboxes
        return mailboxes is None or address in mailboxes

    def may_use_ews(self):
        """Whether EWS is open to this application."""
        return self.token is None or self.token.application.ews


def refuse(double, diagnostics=None):
    """A 401 that offers the methods of the double; its body is empty, as Exchange has it."""
    fields = [("WWW-Authenticate", CHALLENGES[method]) for method in double.options["methods"]]
    if diagnostics:
        fields.append(("x-ms-diagnostics", diagnostics))
    return Answer(401, b"", fields)


def identify(double, request):
    """The caller, or the answer that refuses or goes on with the handshake."""
    scheme, _, value = request.fields.get("authorization", "").partition(" ")
    offered = {method.lower() for method in double.options["methods"]}
    if not scheme:
        # NTLM and Negotiate log in a connection, not a request.
        return request.connection.session.get("caller") or refuse(double)
    if scheme.lower() not in offered:
        return refuse(double)
    if scheme.lower() == "basic":
        return basic(double, value)
    if scheme.lower() == "bearer":
        return bearer(double, value.strip())
    return negotiate(double, request, scheme, value.strip())


def basic(double, value):
    """A login by name and password; clients write both in UTF-8 or, as requests does, in Latin-1."""
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error:
        return refuse(double)
    for charset in ("utf-8", "latin-1"):
        name, _, password = data.decode(charset, "replace").partition(":")
        user = double.organisation.find_user(name)
        if user is not None and user.password == password:
            return Caller(name, user.address, "Basic", user=user)
    return refuse(double)


def bearer(double, text):
    token = double.tokens.access.get(text)
    if token is None:
        return refuse(double, '2000001;reason="The token has an invalid signature.";error_category="invalid_signature"')
    if not token.is_live():
        return refuse(double, '2000010;reason="The token is expired.";error_category="invalid_lifetime"')
    if token.audience != EXCHANGE:
        reason = f"The audience claim value is invalid '{token.audience}'."
        return refuse(double, f'2000003;reason="{reason}";error_category="invalid_resource"')
    needed = "EWS.AccessAsUser.All" if token.user else "full_access_as_app"
    if needed not in token.scopes:
        reason = "The token contains no permissions, or permissions can not be understood."
        return refuse(double, f'2000008;reason="{reason}";error_category="invalid_grant"')
    return Caller(token.user or token.application.id, token.user, "Bearer", token=token)


def negotiate(double, request, scheme, value):
    """A step of NTLM or Negotiate; the login then belongs to the connection."""
    # pyspnego takes half of the time that the double needs to start, and few tests need it.
    from . import handshake

    session = request.connection.session
    session.pop("caller", None)
    try:
        given = base64.b64decode(value, validate=True)
        if "handshake" not in session:
            session["handshake"] = handshake.begin(double, request.connection, scheme, given)
        login = session["handshake"]
        token = login.step(given)
    except (handshake.Failed, binascii.Error):
        session.pop("handshake", None)
        return refuse(double)
    if not login.is_complete():
        return Answer(401, b"", [("WWW-Authenticate", f"{scheme} {base64.b64encode(token or b'').decode()}")])
    del session["handshake"]
    user = double.organisation.find_user(login.name())
    if user is None:
        return refuse(double)
    session["caller"] = Caller(login.name(), user.address, scheme, user=user)
    session["caller"].seen = login.seen()
    # The server's last token proves it to the client (Kerberos); it goes along with the answer.
    session["caller"].proof = f"{scheme} {base64.b64encode(token).decode()}" if token else None
    caller = session["caller"]
    if double.options["login_lasts"] != "connection":
        del session["caller"]
    return caller
