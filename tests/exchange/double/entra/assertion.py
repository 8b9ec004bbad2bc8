"""Signed statements with which an application proves itself (private_key_jwt, RFC 7523)."""

import base64
import binascii
import json
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from .errors import Refusal

KIND = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(text):
    """Header, claims, what is signed, signature."""
    try:
        head, claims, signature = text.split(".")
        return json.loads(decode(head)), json.loads(decode(claims)), f"{head}.{claims}".encode(), decode(signature)
    except (ValueError, binascii.Error):
        raise Refusal("invalid_client", 50027, "JWT token is invalid or malformed.", 401) from None


def is_signed(head, signed, signature, certificate):
    """Whether a signature is that of the certificate's key."""
    key = certificate.public_key()
    try:
        if head.get("alg") == "RS256":
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        elif head.get("alg") == "PS256":
            key.verify(signature, signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True


def check(double, request, form, application):
    """Refuses a client assertion that does not prove the application."""
    if form.get("client_assertion_type") != KIND:
        raise Refusal("invalid_request", 900144, "The request body must contain the following parameter: 'client_assertion_type'.")
    head, claims, signed, signature = read(form["client_assertion"])
    if not application.certificate:
        raise Refusal(
            "invalid_client", 700027, "Client assertion failed signature validation: no certificate is registered on the application.", 401
        )
    certificate = x509.load_pem_x509_certificate(application.certificate.encode())
    thumbs = {"x5t": hashes.SHA1(), "x5t#S256": hashes.SHA256()}
    named = [decode(head[name]) == certificate.fingerprint(algorithm) for name, algorithm in thumbs.items() if name in head]
    if not named or not all(named):
        raise Refusal(
            "invalid_client",
            700027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
            401,
        )
    if not is_signed(head, signed, signature, certificate):
        raise Refusal("invalid_client", 700027, "Client assertion failed signature validation.", 401)
    if claims.get("aud") != f"{request.origin}{request.raw_path}":
        raise Refusal(
            "invalid_client", 700023, f"Client assertion audience claim does not match Realm issuer. It is '{claims.get('aud')}'.", 401
        )
    if claims.get("iss") != application.id or claims.get("sub") != application.id:
        raise Refusal("invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter.", 401)
    now = time.time()
    if not claims.get("nbf", now) - 300 <= now <= claims.get("exp", 0) + 300:
        raise Refusal("invalid_client", 700024, "Client assertion is not within its valid time range.", 401)
    with double.tokens.lock:
        if not claims.get("jti") or claims["jti"] in double.tokens.assertions:
            raise Refusal("invalid_client", 50027, "The assertion has no 'jti' of its own.", 401)
        double.tokens.assertions.add(claims["jti"])


def service_account(double, text):
    """The claims of a service account's statement, and its application, which is found by `iss`."""
    head, claims, signed, signature = read(text)
    application = double.tokens.applications.get(claims.get("iss"))
    if application is None or not application.certificate:
        raise Refusal("invalid_grant", 0, "Invalid grant: account not found")
    if not is_signed(head, signed, signature, x509.load_pem_x509_certificate(application.certificate.encode())):
        raise Refusal("invalid_grant", 0, "Invalid JWT Signature.")
    if not claims.get("iat", 0) - 300 <= time.time() <= claims.get("exp", 0):
        raise Refusal("invalid_grant", 0, "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.")
    return claims, application
