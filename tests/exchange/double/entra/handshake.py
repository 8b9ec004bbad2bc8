"""The server's side of NTLM and Negotiate, by pyspnego."""

import hashlib
import os
import struct
import threading

import spnego
from cryptography import x509
from spnego._ntlm_raw.messages import Authenticate, AvFlags, AvId, NTClientChallengeV2
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from . import kerberos

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
        self.required = double.options["channel_binding"] == "required"
        self.expected = GssChannelBindings(application_data=end_point(double.certificate)) if connection.is_secure else None
        if self.required and self.expected is None:
            raise Failed
        write_passwords(double)
        protocol = "negotiate" if scheme.lower() == "negotiate" else "ntlm"
        bindings, option = self.expected if self.required else None, spnego.NegotiateOptions.use_negotiate
        self.context = spnego.server(hostname="localhost", service="HTTP", protocol=protocol, options=option, channel_bindings=bindings)
        self.binding, self.has_mic = "none", False

    def step(self, token):
        """Takes a token of the client, and answers with the server's."""
        self.look(token)
        if self.required and self.binding not in ("none", "certificate"):
            raise Failed
        try:
            with LOCK:
                return self.context.step(token)
        except (SpnegoError, ValueError) as problem:
            raise Failed from problem

    def look(self, token):
        """Notes what the client's last message has: a channel binding of all zeros is none, though pyspnego takes it for one that fits."""
        at = token.find(b"NTLMSSP\0\x03\0\0\0")
        if at < 0:
            return
        try:
            message = Authenticate.unpack(token[at:])
            pairs = NTClientChallengeV2.unpack(message.nt_challenge_response[16:]).av_pairs
        except (SpnegoError, ValueError, IndexError, struct.error) as problem:
            raise Failed from problem
        found = pairs.get(AvId.channel_bindings)
        right = self.expected and hashlib.md5(self.expected.pack()).digest()
        self.binding = "none" if found is None else "certificate" if found == right else "zero" if found == bytes(16) else "other"
        self.has_mic = bool(pairs.get(AvId.flags, 0) & AvFlags.mic) and message.mic is not None

    def is_complete(self):
        """Whether the client has proved itself."""
        return self.context.complete

    def name(self):
        """The name that logged in, with its domain."""
        return self.context.client_principal or ""

    def seen(self):
        """What the log says about this login."""
        return {"protocol": self.context.negotiated_protocol, "binding": self.binding, "mic": self.has_mic}


class Ticket:
    """A login by a Kerberos ticket."""

    def __init__(self, double, connection):
        self.required = double.options["channel_binding"] == "required"
        if self.required and not connection.is_secure:
            raise Failed
        data = end_point(double.certificate) if connection.is_secure else None
        self.acceptor = kerberos.Acceptor(double.keytab, data)

    def step(self, token):
        """Takes a token of the client, and answers with the server's."""
        try:
            with LOCK:
                answer = self.acceptor.step(token)
        except kerberos.GssError as problem:
            raise Failed from problem
        if self.acceptor.complete and self.required and not self.acceptor.is_bound():
            raise Failed
        return answer

    def is_complete(self):
        """Whether the client has proved itself."""
        return self.acceptor.complete

    def name(self):
        """The name that logged in, without its realm."""
        return self.acceptor.name().partition("@")[0]

    def seen(self):
        """What the log says about this login."""
        return {"protocol": "kerberos", "binding": "certificate" if self.acceptor.is_bound() else "none", "mic": False}


def begin(double, connection, scheme, token):
    """A new handshake: by Kerberos where there is a keytab and the client begins with no NTLM."""
    if scheme.lower() == "negotiate" and double.keytab and b"NTLMSSP" not in token:
        return Ticket(double, connection)
    return Handshake(double, connection, scheme)


def write_passwords(double):
    """Writes the file that pyspnego reads passwords from: by domain and name, and by address."""
    path = os.path.join(double.organisation.folder_of_passwords, "ntlm-users")
    rows = []
    for user in list(double.organisation.users.values()):
        rows += [f"{user.domain}:{user.login}:{user.password}", f":{user.address}:{user.password}", f":{user.login}:{user.password}"]
    text = "\n".join(rows) + "\n"
    with LOCK:
        if os.environ.get("NTLM_USER_FILE") != path or getattr(write_passwords, "last", None) != text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.environ["NTLM_USER_FILE"] = path
            write_passwords.last = text
