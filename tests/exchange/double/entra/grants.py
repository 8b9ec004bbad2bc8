"""The grants of the token endpoint."""

import base64
import hashlib
import re
import time

from ..web.message import Answer
from .errors import Refusal
from .tokens import AUDIENCES, GOOGLE, GRAPH


def token(double, request, is_google):
    """Gives an access token for a grant."""
    if request.method != "POST" or request.media_type() != "application/x-www-form-urlencoded":
        raise Refusal("invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.")
    form = request.form()
    grant = form.get("grant_type", "")
    run = {
        "client_credentials": client_credentials,
        "refresh_token": refresh,
        "authorization_code": code,
        "urn:ietf:params:oauth:grant-type:device_code": device,
        "urn:ietf:params:oauth:grant-type:jwt-bearer": service_account,
    }.get(grant)
    if run is None:
        raise Refusal("unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")
    return run(double, request, form, is_google)


def known(double, name):
    """The application of an id."""
    if not name:
        raise Refusal("invalid_request", 900144, "The request body must contain the following parameter: 'client_id'.")
    if name not in double.tokens.applications:
        text = f"Application with identifier '{name}' was not found in the directory 'Example'."
        raise Refusal("unauthorized_client", 700016, text)
    return double.tokens.applications[name]


def authenticated(double, request, form, needed):
    """The application, which has proved itself where it has to."""
    if request.fields.get("authorization", "").lower().startswith("basic "):
        raise Refusal("invalid_request", 900144, "The double wants client_id and client_secret in the form.")
    application = known(double, form.get("client_id"))
    if "client_assertion" in form:
        # Few tests need cryptography, which takes its time to load.
        from . import assertion

        assertion.check(double, request, form, application)
    elif "client_secret" in form:
        if application.secret_expired:
            raise Refusal("invalid_client", 7000222, f"The provided client secret keys for app '{application.id}' are expired.", 401)
        if form["client_secret"] != application.secret:
            raise Refusal("invalid_client", 7000215, f"Invalid client secret provided for app '{application.id}'.", 401)
    elif needed:
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise Refusal("invalid_client", 7000218, text, 401)
    return application


def client_credentials(double, request, form, _is_google):
    application = authenticated(double, request, form, needed=True)
    scope = form.get("scope", "")
    resource, default, _ = scope.partition("/.default")
    if not default:
        text = f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier."
        raise Refusal("invalid_scope", 1002012, text)
    if resource not in AUDIENCES:
        raise Refusal("invalid_resource", 500011, f"The resource principal named {resource} was not found in the tenant named Example.")
    audience = AUDIENCES[resource]
    roles = application.roles.get(audience, [])
    given = double.tokens.give(application, None, audience, roles, "client_credentials")
    return Answer.json(
        {
            "token_type": "Bearer",
            "expires_in": double.tokens.options["lifetime"],
            "ext_expires_in": double.tokens.options["lifetime"],
            "access_token": given.text,
        },
        fields=NO_STORE,
    )


NO_STORE = [("Cache-Control", "no-store, no-cache"), ("Pragma", "no-cache")]


def audience_of(scopes):
    """The resource that scopes belong to, and their short names."""
    audience, names = None, []
    for scope in scopes:
        resource = next((resource for resource in AUDIENCES if scope.startswith(resource)), None)
        if resource is None:
            names.append(scope)
            continue
        if audience not in (None, AUDIENCES[resource]):
            raise Refusal(
                "invalid_scope",
                28000,
                "Provided value for the input parameter scope is not valid because it contains more than one resource.",
            )
        audience = AUDIENCES[resource]
        names.append(scope[len(resource) :].lstrip("/"))
    return audience or GRAPH, names


def give_to_user(double, application, user, scopes, grant, is_google, keep=None):
    """Answers with a token for a user, and with a refresh token where one was asked for."""
    tokens = double.tokens
    audience, names = audience_of(scopes)
    if not application.consent:
        text = f"The user or administrator has not consented to use the application with ID '{application.id}'. Send an interactive authorization request."
        raise Refusal("invalid_grant", 65001, text, more={"suberror": "consent_required"})
    unknown = [name for name in names if audience != GOOGLE and name not in application.scopes and name != ".default"]
    if unknown:
        raise Refusal(
            "invalid_scope",
            70011,
            f"The provided value for the input parameter 'scope' is not valid. The scope {' '.join(unknown)} is not valid.",
        )
    if ".default" in names:
        names = [name for name in application.scopes if name not in ("offline_access", "openid", "profile", "email")]
    given = tokens.give(application, user, audience, [name for name in names if name != "offline_access"], grant)
    reply = {"token_type": "Bearer", "scope": " ".join(scopes), "expires_in": tokens.options["lifetime"], "access_token": given.text}
    if keep:
        reply["refresh_token"] = keep
    elif "offline_access" in names or is_google and grant != "refresh_token":
        reply["refresh_token"] = tokens.give_refresh(application, user, scopes)
    return Answer.json(reply, fields=NO_STORE)


def refresh(double, request, form, is_google):
    application = authenticated(double, request, form, needed=False)
    tokens, text = double.tokens, form.get("refresh_token", "")
    row = tokens.refresh.get(text)
    if row is None or row["application"] != application.id:
        raise Refusal(
            "invalid_grant",
            9002313,
            "Invalid request. Request is malformed or invalid." if row is None else "The refresh token is another application's.",
        )
    if row["revoked"]:
        raise Refusal("invalid_grant", 50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed.")
    if row["expires"] < time.time():
        raise Refusal("invalid_grant", 700082, "The refresh token has expired due to inactivity.")
    scopes = form.get("scope", "").split() or row["scopes"]
    mode = "none" if is_google else tokens.options["refresh"]
    keeps = "offline_access" in row["scopes"] and "offline_access" not in scopes
    answer = give_to_user(
        double,
        application,
        row["user"],
        scopes + (["offline_access"] if keeps else []),
        "refresh_token",
        is_google,
        keep=text if mode == "none" and not is_google else None,
    )
    if mode == "strict":
        row["revoked"] = True
    return answer


def code(double, request, form, is_google):
    application = authenticated(double, request, form, needed=is_google)
    row = double.tokens.codes.pop(form.get("code", ""), None)
    if row is None or row["expires"] < time.time() or row["application"] != application.id:
        raise Refusal("invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity.")
    if form.get("redirect_uri") != row["redirect"]:
        raise Refusal("invalid_grant", 50011, "The redirect URI specified in the request does not match.")
    if not verified(row["challenge"], form.get("code_verifier", "")):
        raise Refusal("invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
    return give_to_user(double, application, row["user"], row["scopes"], "authorization_code", is_google)


def device(double, request, form, is_google):
    application = authenticated(double, request, form, needed=is_google)
    tokens = double.tokens
    row = tokens.devices.get(form.get("device_code", ""))
    if row is None or row["application"] != application.id:
        raise Refusal(
            "bad_verification_code" if not is_google else "invalid_grant",
            70018,
            "Invalid verification code due to User typing in wrong user code.",
        )
    now, row_before = time.time(), row["asked"]
    row["asked"] = now
    if row["expires"] < now or row["state"] == "expired":
        raise Refusal(
            "expired_token", 70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired."
        )
    if row["state"] == "denied":
        raise Refusal("access_denied" if is_google else "authorization_declined", 70017, "User declined to consent to access the app.")
    if row["state"] == "pending":
        if now - row_before < row["interval"] * 0.9:
            row["interval"] += 5
            raise Refusal("slow_down", 70022, "Polling too often; wait longer.")
        raise Refusal("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
    del tokens.devices[form["device_code"]]
    return give_to_user(double, application, row["user"], row["scopes"], "device_code", is_google)


def service_account(double, _request, form, is_google):
    """Google's grant for service accounts: a signed statement that names the mailbox."""
    from . import assertion

    claims, application = assertion.service_account(double, form.get("assertion", ""))
    if not is_google:
        raise Refusal("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    given = double.tokens.give(application, claims.get("sub", ""), GOOGLE, claims.get("scope", "").split(), "client_credentials")
    return Answer.json({"token_type": "Bearer", "expires_in": double.tokens.options["lifetime"], "access_token": given.text})


def verified(challenge, verifier):
    """Whether a verifier is that of a challenge (RFC 7636)."""
    if not re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier):
        return False
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=") == challenge
