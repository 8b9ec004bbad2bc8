"""msal gets tokens by each grant; what Entra ID refuses is refused with the number that it has there."""

import datetime
import re
import time
import urllib.parse

import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .case import AUTHORITY, CLEAR, SECURE, control, same

CLIENT, SECRET, TENANT = "11111111-2222-3333-4444-555555555555", "app~Secret.8Q", "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
EXCHANGE, GRAPH = "https://outlook.office365.com/.default", "https://graph.microsoft.com/.default"
BROWSER = requests.Session()
BROWSER.trust_env, BROWSER.verify = False, AUTHORITY


def application(credential=SECRET, client=CLIENT, tenant=TENANT):
    return msal.ConfidentialClientApplication(
        client, client_credential=credential, authority=f"{SECURE}/{tenant}", instance_discovery=False, verify=AUTHORITY
    )


def public():
    return msal.PublicClientApplication(CLIENT, authority=f"{SECURE}/{TENANT}", instance_discovery=False, verify=AUTHORITY)


def number(answer):
    """The number of a refusal."""
    found = re.match(r"AADSTS(\d+): ", answer.get("error_description", ""))
    return answer.get("error"), found and int(found.group(1))


def is_live(token):
    return BROWSER.get(f"{CLEAR}/introspect", headers={"Authorization": f"Bearer {token}"}).json()["active"]


def certificate():
    """A key and its certificate, both as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")]), datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=2))
    made = builder.sign(key, hashes.SHA256())
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return secret, made.public_bytes(serialization.Encoding.PEM).decode(), made.fingerprint(hashes.SHA256()).hex()


def client_credentials():
    found = application().acquire_token_for_client([EXCHANGE])
    same((found["token_type"], is_live(found["access_token"])), ("Bearer", True))
    same(number(application("wrong").acquire_token_for_client([EXCHANGE])), ("invalid_client", 7000215))
    same(number(application(client="unknown").acquire_token_for_client([EXCHANGE])), ("unauthorized_client", 700016))
    same(number(application().acquire_token_for_client(["https://nowhere.example/.default"])), ("invalid_resource", 500011))
    same(number(application().acquire_token_for_client(["https://graph.microsoft.com/Mail.Send"])), ("invalid_scope", 1002012))
    control("POST", "/tokens/applications", {"id": "old", "secret": "s", "secret_expired": True})
    same(number(application("s", "old").acquire_token_for_client([EXCHANGE])), ("invalid_client", 7000222))
    unknown = BROWSER.post(f"{SECURE}/nowhere.example/oauth2/v2.0/token", {"grant_type": "client_credentials"}, headers={}).json()
    same((number(unknown), unknown["error_codes"]), (("invalid_request", 90002), [90002]))


def certificates():
    (key, pem, thumb), (other, _, _) = certificate(), certificate()
    control("POST", "/tokens/applications", {"id": "signed", "certificate": pem})

    def by(secret):
        return (
            {"private_key": secret, "thumbprint": None, "public_certificate": pem}
            if secret == key
            else {"private_key": secret, "thumbprint": thumb}
        )

    same(is_live(application(by(key), "signed").acquire_token_for_client([GRAPH])["access_token"]), True)
    same(number(application(by(other), "signed").acquire_token_for_client([GRAPH])), ("invalid_client", 700027))


def refresh_tokens():
    asked = {
        "user": "anna@example.com",
        "audience": "https://graph.microsoft.com",
        "refresh_scopes": ["https://graph.microsoft.com/Mail.Send", "offline_access"],
    }
    first = control("POST", "/tokens/give", asked)["refresh_token"]
    found = public().acquire_token_by_refresh_token(first, ["https://graph.microsoft.com/Mail.Send"])
    same((is_live(found["access_token"]), found["refresh_token"] != first), (True, True))
    same(number(public().acquire_token_by_refresh_token(first, ["https://graph.microsoft.com/Mail.Send"])), ("invalid_grant", 50173))
    control("POST", "/tokens", {"refresh": "new"})
    second = public().acquire_token_by_refresh_token(found["refresh_token"], ["https://graph.microsoft.com/Mail.Send"])
    same(
        is_live(public().acquire_token_by_refresh_token(found["refresh_token"], ["https://graph.microsoft.com/Mail.Send"])["access_token"]),
        True,
    )
    control("POST", "/tokens/revoke", {})
    same(
        (
            is_live(second["access_token"]),
            number(public().acquire_token_by_refresh_token(second["refresh_token"], ["https://graph.microsoft.com/Mail.Send"])),
        ),
        (False, ("invalid_grant", 50173)),
    )


def device_codes():
    control("POST", "/tokens", {"device_interval": 1})
    app = public()
    flow = app.initiate_device_flow(["https://outlook.office365.com/EWS.AccessAsUser.All"])
    once = {"exit_condition": lambda _: True}
    same(number(app.acquire_token_by_device_flow(flow, **once)), ("authorization_pending", 70016))
    same(number(app.acquire_token_by_device_flow(flow, **once)), ("slow_down", 70022))
    page = BROWSER.get(flow["verification_uri"]).text
    action = urllib.parse.urljoin(flow["verification_uri"], re.search('action="([^"]*)"', page).group(1))
    wrong = BROWSER.post(action, {"otc": flow["user_code"], "login": "bob@example.com", "passwd": "no"}).text
    right = BROWSER.post(action, {"otc": flow["user_code"], "login": "bob@example.com", "passwd": "Geheim-7"}).text
    same(("incorrect" in wrong, "You have signed in" in right), (True, True))
    same(is_live(app.acquire_token_by_device_flow(flow, **once)["access_token"]), True)
    for state, refusal in (("denied", ("authorization_declined", 70017)), ("expired", ("expired_token", 70020))):
        flow = app.initiate_device_flow(["https://outlook.office365.com/EWS.AccessAsUser.All"])
        control("POST", "/tokens/device", {"user_code": flow["user_code"], "state": state})
        same(number(app.acquire_token_by_device_flow(flow, **once)), refusal)


def codes():
    app = public()

    def flow(hint="bob@example.com"):
        found = app.initiate_auth_code_flow(
            ["https://graph.microsoft.com/Mail.Send"], redirect_uri="http://localhost:47110/", login_hint=hint
        )
        answer = BROWSER.get(found["auth_uri"], allow_redirects=False)
        return found, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["Location"]).query))

    begun, back = flow()
    found = app.acquire_token_by_auth_code_flow(begun, back)
    same((is_live(found["access_token"]), "refresh_token" in found), (True, True))
    same(number(app.acquire_token_by_auth_code_flow(begun, back)), ("invalid_grant", 70008))
    begun, back = flow()
    same(number(app.acquire_token_by_auth_code_flow({**begun, "code_verifier": "x" * 43}, back)), ("invalid_grant", 501481))
    control("POST", "/tokens", {"authorize": "deny"})
    begun, back = flow()
    same(app.acquire_token_by_auth_code_flow(begun, back)["error"], "access_denied")
    control("POST", "/tokens", {"authorize": "form"})
    begun = app.initiate_auth_code_flow(["https://graph.microsoft.com/Mail.Send"], redirect_uri="http://127.0.0.1:47110/back?x=1")
    page = BROWSER.get(begun["auth_uri"]).text
    fields = dict(re.findall('type="hidden" name="([^"]*)" value="([^"]*)"', page.replace("&amp;", "&")))
    action = urllib.parse.urljoin(begun["auth_uri"], re.search('action="([^"]*)"', page).group(1))
    answer = BROWSER.post(action, {**fields, "login": "anna@example.com", "passwd": "Geheim-7"}, allow_redirects=False)
    back = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers["Location"]).query))
    same((answer.headers["Location"].startswith("http://127.0.0.1:47110/back?x=1&"), back.pop("x")), (True, "1"))
    same(is_live(app.acquire_token_by_auth_code_flow(begun, back)["access_token"]), True)


def lifetimes():
    control("POST", "/tokens", {"lifetime": 1})
    token = application().acquire_token_for_client([GRAPH])["access_token"]
    time.sleep(1.1)
    same(is_live(token), False)


if __name__ == "__main__":
    client_credentials()
    certificates()
    refresh_tokens()
    device_codes()
    codes()
    lifetimes()
