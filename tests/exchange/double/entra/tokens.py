"""Applications, access tokens, refresh tokens, codes."""

import base64
import json
import secrets
import threading
import time

TENANT = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
CLIENT = "11111111-2222-3333-4444-555555555555"
SECRET = "app~Secret.8Q"
EXCHANGE, GRAPH, GOOGLE = "https://outlook.office365.com", "https://graph.microsoft.com", "https://mail.google.com"
AUDIENCES = {
    "https://outlook.office365.com": EXCHANGE,
    "https://outlook.office.com": EXCHANGE,
    "https://graph.microsoft.com": GRAPH,
    "https://mail.google.com": GOOGLE,
    "https://outlook.office365.us": EXCHANGE,
    "https://graph.microsoft.us": GRAPH,
}
ROLES = {
    EXCHANGE: ["full_access_as_app", "SMTP.SendAsApp", "IMAP.AccessAsApp", "POP.AccessAsApp"],
    GRAPH: ["Mail.Send", "Mail.ReadWrite", "User.Read.All"],
}
SCOPES = [
    "EWS.AccessAsUser.All",
    "SMTP.Send",
    "IMAP.AccessAsUser.All",
    "POP.AccessAsUser.All",
    "Mail.Send",
    "Mail.ReadWrite",
    "Mail.Send.Shared",
    "Mail.ReadWrite.Shared",
    "User.Read",
    "offline_access",
    "openid",
    "profile",
    "email",
]


class Application:
    """A registered application. `mailboxes` are those that its roles reach; None means all."""

    def __init__(self, asked):
        self.id = asked["id"]
        self.secret = asked.get("secret")
        self.secret_expired = asked.get("secret_expired", False)
        self.certificate = asked.get("certificate")
        self.roles = asked.get("roles", ROLES)
        self.scopes = asked.get("scopes", SCOPES)
        self.consent = asked.get("consent", True)
        self.mailboxes = asked.get("mailboxes")
        self.ews = asked.get("ews", True)
        self.refresh_days = asked.get("refresh_days", 90)


class Token:
    """An access token: of an application (`user` is None) or of a user."""

    def __init__(self, application, user, audience, scopes, expires):
        self.application = application
        self.user = user
        self.audience = audience
        self.scopes = scopes
        self.expires = expires
        self.revoked = False
        claims = {"aud": audience, "appid": application.id, "exp": int(expires), "tid": TENANT}
        claims |= {"scp": " ".join(scopes), "upn": user} if user else {"roles": scopes}
        parts = ({"typ": "JWT", "alg": "RS256", "kid": "double"}, claims)
        coded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        self.text = ".".join((*coded, secrets.token_urlsafe(256)))

    def is_live(self):
        """Whether it is neither expired nor revoked."""
        return not self.revoked and time.time() < self.expires


class Tokens:
    """What was given out, and the switches of the token endpoint."""

    def __init__(self, double):
        self.double = double
        self.lock = threading.RLock()
        self.applications = {}
        self.access = {}
        self.refresh = {}
        self.codes = {}
        self.devices = {}
        self.assertions = set()
        self.issued = {"client_credentials": 0, "refresh_token": 0, "device_code": 0, "authorization_code": 0}
        self.options = {
            "lifetime": 3599,
            "refresh": "strict",
            "device_interval": 5,
            "device_expires": 900,
            "authorize": "auto",
            "user": "anna@example.com",
            "tenants": [TENANT, "example.com", "common", "organizations", "consumers"],
            "error": None,
        }
        self.register({"id": CLIENT, "secret": SECRET})

    def register(self, asked):
        """Registers an application, or changes one."""
        self.applications[asked["id"]] = Application(asked)

    def give(self, application, user, audience, scopes, grant):
        """A new access token."""
        with self.lock:
            token = Token(application, user, audience, scopes, time.time() + self.options["lifetime"])
            self.access[token.text] = token
            self.issued[grant] += 1
            return token

    def give_refresh(self, application, user, scopes):
        """A new refresh token."""
        text = "1.AX" + secrets.token_urlsafe(120)
        with self.lock:
            self.refresh[text] = {
                "application": application.id,
                "user": user,
                "scopes": scopes,
                "expires": time.time() + application.refresh_days * 86400,
                "revoked": False,
            }
        return text

    def expire(self):
        """Ends all access tokens now, as time does."""
        with self.lock:
            for token in self.access.values():
                token.expires = 0
            return len(self.access)

    def revoke(self, refresh=True):
        """Revokes all access tokens, and the refresh tokens, too."""
        with self.lock:
            for token in self.access.values():
                token.revoked = True
            for row in self.refresh.values() if refresh else ():
                row["revoked"] = True
