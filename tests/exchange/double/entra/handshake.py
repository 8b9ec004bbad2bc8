"""The server's side of NTLM and Negotiate, by pyspnego."""

import hashlib
import os
import threading

import spnego
from cryptography import x509
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

LOCK = threading.Lock()


class Failed(Exception):
    """A login that did not succeed."""


def end_point(certificate):
    """The channel binding of a certificate (RFC 5929, tls-server-end-point)."""
    algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    name = algorithm.name if algorithm and algorithm.name not in ("md5", "sha1") else "sha256"
    return b"tls-server-end-point:" + hashlib.new(name, certificate).digest()


class Handshake:
    """One login over one connection."""

    def __init__(self, double, connection, scheme):
        self.double = double
        bindings = None
        if double.options["channel_binding"] == "required":
            if not connection.is_secure:
                raise Failed
            bindings = GssChannelBindings(application_data=end_point(double.certificate))
        write_passwords(double)
        with_kerberos = scheme.lower() == "negotiate" and double.keytab
        protocol = "negotiate" if scheme.lower() == "negotiate" else "ntlm"
        options = spnego.NegotiateOptions.none if with_kerberos else spnego.NegotiateOptions.use_ntlm
        if protocol == "negotiate" and not with_kerberos:
            options = spnego.NegotiateOptions.use_negotiate
        self.context = spnego.server(hostname="localhost", service="HTTP", protocol=protocol, options=options, channel_bindings=bindings)

    def step(self, token):
        try:
            with LOCK:
                return self.context.step(token)
        except (SpnegoError, ValueError) as problem:
            raise Failed from problem

    def is_complete(self):
        return self.context.complete

    def name(self):
        """The name that logged in, as a login name of the organisation."""
        principal = self.context.client_principal or ""
        return principal.partition("@")[0] if self.context.negotiated_protocol == "kerberos" else principal


def begin(double, connection, scheme):
    """A new handshake."""
    return Handshake(double, connection, scheme)


def write_passwords(double):
    """Writes the file that pyspnego reads passwords from: by domain and name, and by address."""
    path = os.path.join(double.organisation.folder_of_passwords, "ntlm-users")
    rows = []
    for user in list(double.organisation.users.values()):
        rows += [f"{user.domain}:{user.login}:{user.password}", f":{user.address}:{user.password}"]
    text = "\n".join(rows) + "\n"
    with LOCK:
        if os.environ.get("NTLM_USER_FILE") != path or getattr(write_passwords, "last", None) != text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.environ["NTLM_USER_FILE"] = path
            write_passwords.last = text
