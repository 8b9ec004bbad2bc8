"""The token endpoint and what belongs to it: device codes, the authorize page, introspection."""

import re
import secrets
import time
import urllib.parse
from html import escape

from ..web.message import Answer, page
from . import grants
from .errors import Refusal

ROUTES = re.compile(r"/(?P<tenant>[^/]+)/(?:oauth2/v2\.0/)?(?P<what>token|devicecode|authorize|deviceauth)")
DISCOVERY = re.compile(r"/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration")
SIGN_IN = (
    '<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body><p>{text}</p><form method="POST" action="{action}">'
    '{hidden}<input name="login" value="{login}"><input name="passwd" type="password"><button>Sign in</button></form></body></html>'
)


def answer(double, request, entry):
    """Answers a request of OAuth, or says None where the path is none of its own."""
    if request.path == "/introspect":
        return introspect(double, request)
    if discovered := DISCOVERY.fullmatch(request.path):
        return discovery(double, request, discovered["tenant"])
    found = ROUTES.fullmatch(request.path)
    if not found:
        return None
    is_google = found["tenant"] == "google"
    entry["user"] = request.form().get("client_id")
    try:
        wanted = double.tokens.options["error"]
        if wanted and found["what"] in wanted.get("at", ["token"]):
            raise Refusal(wanted["error"], wanted.get("number", 0), wanted.get("text", "Refused on demand."), wanted.get("status", 400))
        if not is_google and found["tenant"] not in double.tokens.options["tenants"]:
            text = f"Tenant '{found['tenant']}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
            raise Refusal("invalid_request", 90002, text)
        run = {"token": grants.token, "devicecode": device_code, "authorize": authorize, "deviceauth": device_page}[found["what"]]
        return run(double, request, is_google)
    except Refusal as refusal:
        return refusal.answer(is_google)


def discovery(double, request, tenant):
    """Where the endpoints of a tenant are (OpenID Connect Discovery)."""
    if tenant not in double.tokens.options["tenants"]:
        return Refusal("invalid_tenant", 90002, f"Tenant '{tenant}' not found.").answer(False)
    base = f"{request.origin}/{tenant}/oauth2/v2.0"
    return Answer.json(
        {
            "issuer": f"{request.origin}/{tenant}/v2.0",
            "token_endpoint": f"{base}/token",
            "authorization_endpoint": f"{base}/authorize",
            "device_authorization_endpoint": f"{base}/devicecode",
            "response_types_supported": ["code"],
        }
    )


def device_code(double, request, is_google):
    """Begins the device code grant."""
    tokens, form = double.tokens, request.form()
    application = grants.known(double, form.get("client_id"))
    code, user_code = "DAQ" + secrets.token_urlsafe(90), "".join(secrets.choice("BCDFGHJKLMNPQRSTVWXZ2345679") for _ in range(9))
    tokens.devices[code] = {
        "user_code": user_code,
        "application": application.id,
        "scopes": form.get("scope", "").split(),
        "state": "pending",
        "user": None,
        "expires": time.time() + tokens.options["device_expires"],
        "interval": tokens.options["device_interval"],
        "asked": 0.0,
    }
    where = f"{request.origin}/{'google' if is_google else 'common/oauth2/v2.0'}/deviceauth"
    reply = {
        "user_code": user_code,
        "device_code": code,
        "expires_in": tokens.options["device_expires"],
        "interval": tokens.options["device_interval"],
    }
    reply["verification_url" if is_google else "verification_uri"] = where
    if not is_google:
        reply["message"] = f"To sign in, use a web browser to open the page {where} and enter the code {user_code} to authenticate."
    return Answer.json(reply)


def device_page(double, request, _is_google):
    """The page where a person enters the code: a form, or its outcome."""
    if request.method == "GET":
        hidden = '<input name="otc">'
        return page(SIGN_IN.format(text="Enter code", action=escape(request.path), hidden=hidden, login=""))
    form = request.form()
    row = next((row for row in double.tokens.devices.values() if row["user_code"] == form.get("otc", "").strip().upper()), None)
    user = signed_in(double, form)
    if row is None or row["expires"] < time.time():
        return page("<html><body>That code didn't work.</body></html>")
    if user is None:
        return page("<html><body>Your account or password is incorrect.</body></html>")
    row["state"], row["user"] = "approved", user
    return page("<html><body>You have signed in. You may now close this window.</body></html>")


def signed_in(double, form):
    """The address of who signs in with this form, or None."""
    user = double.organisation.find_user(form.get("login", ""))
    return user.address if user and user.password == form.get("passwd") else None


def authorize(double, request, _is_google):
    """The page that a browser opens: signs in and sends the code to the program."""
    asked = request.query if request.method == "GET" else request.form()
    target = asked.get("redirect_uri", "")
    parts = urllib.parse.urlsplit(target)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost"):
        return page("<html><body>AADSTS50011: The redirect URI does not match those of the application.</body></html>", 400)
    if asked.get("client_id") not in double.tokens.applications:
        return page("<html><body>AADSTS700016: Application was not found in the directory.</body></html>", 400)
    if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return back(
            target,
            {
                "error": "invalid_request",
                "error_description": "A code with PKCE (S256) must be asked for.",
                "state": asked.get("state", ""),
            },
        )
    mode, user = double.tokens.options["authorize"], asked.get("login_hint") or double.tokens.options["user"]
    if mode == "deny":
        text = "AADSTS65004: User declined to consent to access the app."
        return back(target, {"error": "access_denied", "error_description": text, "state": asked.get("state", "")})
    if mode == "form":
        user = signed_in(double, asked) if request.method == "POST" else None
        if user is None:
            hidden = "".join(
                f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
                for name, value in asked.items()
                if name not in ("login", "passwd")
            )
            shown = SIGN_IN.format(text="Sign in", action=escape(request.path), hidden=hidden, login=escape(asked.get("login_hint", "")))
            return page(shown)
    code = "1.AXoA" + secrets.token_urlsafe(90)
    double.tokens.codes[code] = {
        "application": asked["client_id"],
        "redirect": target,
        "challenge": asked["code_challenge"],
        "user": user,
        "scopes": asked.get("scope", "").split(),
        "expires": time.time() + 600,
    }
    return back(target, {"code": code, "state": asked.get("state", ""), "session_state": secrets.token_hex(16)})


def back(target, values):
    """Sends the browser to the program."""
    joint = "&" if "?" in target else "?"
    return Answer(302, b"", [("Location", f"{target}{joint}{urllib.parse.urlencode(values)}"), ("Cache-Control", "no-store")])


def introspect(double, request):
    """Tells Dovecot about a token, which comes as Bearer or in a form (RFC 7662)."""
    scheme, _, text = request.fields.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        text = request.form().get("token") or request.query.get("token", "")
    token = double.tokens.access.get(text.strip())
    if token is None or not token.is_live():
        return Answer.json({"active": False})
    name = token.user or double.tokens.options["user"]
    reply = {
        "active": True,
        "username": name.partition("@")[0],
        "email": name,
        "scope": " ".join(token.scopes),
        "client_id": token.application.id,
        "aud": token.audience,
        "exp": int(token.expires),
    }
    return Answer.json(reply)
