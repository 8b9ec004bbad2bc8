"""exchangelib logs in by NTLM, Bearer with impersonation, and Basic; requests_ntlm and pyspnego try channel bindings, right, wrong and none."""

import base64
import hashlib
import socket
import ssl

import requests
import spnego
from exchangelib import DELEGATE, IMPERSONATION, Account, Configuration, Credentials, Message, OAuth2Credentials, Version
from exchangelib.errors import UnauthorizedError
from exchangelib.transport import BASIC, NTLM
from exchangelib.version import EXCHANGE_2016
from requests_ntlm import HttpNtlmAuth
from spnego.channel_bindings import GssChannelBindings

from .case import AUTHORITY, CLEAR, SECURE, control, same

FOLDER = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" '
    'xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body><m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>'
    '</m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder></s:Body></s:Envelope>'
)
KIND = {"Content-Type": "text/xml; charset=utf-8"}


def exchangelib_account(origin, user, method, address="anna@example.com", password="Geheim-7", access_type=DELEGATE):
    """An account of exchangelib."""
    config = Configuration(
        service_endpoint=f"{origin}/EWS/Exchange.asmx",
        credentials=Credentials(user, password),
        auth_type=method,
        version=Version(EXCHANGE_2016),
        max_connections=1,
    )
    return Account(address, config=config, autodiscover=False, access_type=access_type)


def by_requests(auth):
    """GetFolder by requests over TLS: the status."""
    session = requests.Session()
    session.trust_env, session.auth, session.verify = False, auth, AUTHORITY
    return session.post(f"{SECURE}/EWS/Exchange.asmx", FOLDER, headers=KIND).status_code


def by_spnego(data, protocol="ntlm", password="Geheim-7"):
    """A login by pyspnego's client with this channel binding: the status, and the status of a request without a header after it."""
    session = requests.Session()
    session.trust_env, session.verify = False, AUTHORITY
    bindings = GssChannelBindings(application_data=data) if data else None
    option = spnego.NegotiateOptions.use_negotiate
    client = spnego.client(
        "EXAMPLE\\anna", password, hostname="localhost", service="HTTP", protocol=protocol, options=option, channel_bindings=bindings
    )
    scheme = "NTLM" if protocol == "ntlm" else "Negotiate"
    answer, token = None, client.step()
    while token:
        value = base64.b64encode(token).decode()
        answer = session.post(f"{SECURE}/EWS/Exchange.asmx", FOLDER, headers={**KIND, "Authorization": f"{scheme} {value}"})
        offered = answer.headers.get("WWW-Authenticate", "")
        token = (
            client.step(base64.b64decode(offered.split(" ")[1])) if answer.status_code == 401 and offered.startswith(f"{scheme} ") else None
        )
    return answer.status_code, session.post(f"{SECURE}/EWS/Exchange.asmx", FOLDER, headers=KIND).status_code


def binding():
    """The channel binding of the double's certificate, by another road than the double's own."""
    context = ssl.create_default_context(cafile=AUTHORITY)
    host, port = SECURE.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port))) as plain, context.wrap_socket(plain, server_hostname=host) as tls:
        return b"tls-server-end-point:" + hashlib.sha256(tls.getpeercert(binary_form=True)).digest()


def logins_of_exchangelib():
    same(exchangelib_account(CLEAR, "EXAMPLE\\anna", NTLM).inbox.total_count, 0)
    same(exchangelib_account(CLEAR, "bob@example.com", NTLM, "bob@example.com").inbox.total_count, 0)
    for method in (BASIC, NTLM):
        same(exchangelib_account(CLEAR, "jürgen@example.com", method, "jürgen@example.com", "Grüße, 9").inbox.total_count, 0)
    try:
        exchangelib_account(CLEAR, "EXAMPLE\\carol", NTLM, "carol@example.com", "wrong").inbox.refresh()
        raise SystemExit("a wrong password was taken")
    except UnauthorizedError:
        pass


def impersonation_of_exchangelib():
    shared = exchangelib_account(CLEAR, "EXAMPLE\\service", NTLM, "shared@example.com", access_type=IMPERSONATION)
    Message(account=shared, folder=shared.sent, subject="For shared", to_recipients=["bob@example.com"], body="x").send_and_save()
    same([(row["from"], row["sender"]) for row in control("GET", "/deliveries")], [("shared@example.com", None)])
    same([message.subject for message in shared.sent.all()], ["For shared"])
    config = Configuration(
        service_endpoint=f"{SECURE}/EWS/Exchange.asmx",
        auth_type="OAuth 2.0",
        version=Version(EXCHANGE_2016),
        credentials=OAuth2Credentials(
            client_id="11111111-2222-3333-4444-555555555555", client_secret="app~Secret.8Q", tenant_id="example.com"
        ),
    )
    # Its token endpoint is a fixed address of Microsoft's; the double's stands in for it.
    config.credentials.__class__.token_url = property(lambda _: f"{SECURE}/example.com/oauth2/v2.0/token")
    found = Account("shared@example.com", config=config, autodiscover=False, access_type=IMPERSONATION)
    same([message.subject for message in found.sent.all()], ["For shared"])


def channel_bindings():
    right = binding()
    for protocol in ("ntlm", "negotiate"):
        same(by_spnego(None, protocol), (200, 200))
        same(by_spnego(right, protocol, "wrong"), (401, 401))
    control("POST", "/options", {"channel_binding": "required"})
    for protocol in ("ntlm", "negotiate"):
        same(by_spnego(right, protocol), (200, 200))
        same(by_spnego(None, protocol), (401, 401))
        same(by_spnego(b"tls-server-end-point:" + bytes(32), protocol), (401, 401))
    same([by_requests(HttpNtlmAuth("EXAMPLE\\anna", "Geheim-7", send_cbt=sends)) for sends in (True, False)], [200, 401])
    seen = [entry["login"] for entry in control("GET", "/log") if entry["status"] == 200 and entry.get("login")]
    same(seen[-1], {"protocol": "ntlm", "binding": "certificate", "mic": True})


if __name__ == "__main__":
    logins_of_exchangelib()
    impersonation_of_exchangelib()
    channel_bindings()
