"""The server's side of Kerberos, by MIT's GSSAPI library, which also takes the SPNEGO around it off."""

import ctypes
import functools
import os

COMPLETE, CONTINUE, CHANNEL_BOUND = 0, 1, 0x800


class GssError(Exception):
    """What the library refuses."""


class Buffer(ctypes.Structure):
    """gss_buffer_desc."""

    _fields_ = [("length", ctypes.c_size_t), ("value", ctypes.c_void_p)]

    @classmethod
    def of(cls, data):
        """A buffer around bytes, which it keeps."""
        held = ctypes.create_string_buffer(data, len(data))
        buffer = cls(len(data), ctypes.cast(held, ctypes.c_void_p))
        buffer.held = held
        return buffer

    def bytes(self):
        """A copy of what is in it."""
        return ctypes.string_at(self.value, self.length) if self.length else b""


class Bindings(ctypes.Structure):
    """gss_channel_bindings_struct."""

    _fields_ = [
        ("initiator_type", ctypes.c_uint32),
        ("initiator", Buffer),
        ("acceptor_type", ctypes.c_uint32),
        ("acceptor", Buffer),
        ("application", Buffer),
    ]


@functools.cache
def library(keytab):
    """The library, which reads this keytab from now on."""
    os.environ["KRB5_KTNAME"] = keytab
    os.environ.setdefault("KRB5RCACHENAME", "none:")
    return ctypes.CDLL("libgssapi_krb5.so.2")


class Acceptor:
    """One login. `binding` is the data of the channel binding, or None."""

    def __init__(self, keytab, binding):
        self.library = library(keytab)
        self.context = ctypes.c_void_p()
        self.source = ctypes.c_void_p()
        self.flags = ctypes.c_uint32()
        self.complete = False
        self.bindings = None
        if binding:
            self.data = Buffer.of(binding)
            self.bindings = Bindings(0, Buffer(), 0, Buffer(), self.data)

    def step(self, token):
        """Takes a token of the client, and answers with the server's."""
        minor, out, given = ctypes.c_uint32(), Buffer(), Buffer.of(token)
        bindings = ctypes.byref(self.bindings) if self.bindings is not None else None
        status = self.library.gss_accept_sec_context(
            ctypes.byref(minor),
            ctypes.byref(self.context),
            None,
            ctypes.byref(given),
            bindings,
            ctypes.byref(self.source),
            None,
            ctypes.byref(out),
            ctypes.byref(self.flags),
            None,
            None,
        )
        answer = out.bytes()
        self.library.gss_release_buffer(ctypes.byref(minor), ctypes.byref(out))
        if status not in (COMPLETE, CONTINUE):
            raise GssError(f"status {status:#x}, {minor.value}")
        self.complete = status == COMPLETE
        return answer

    def is_bound(self):
        """Whether the client sent the right channel binding."""
        return bool(self.flags.value & CHANNEL_BOUND)

    def name(self):
        """The principal that logged in."""
        minor, out = ctypes.c_uint32(), Buffer()
        if self.library.gss_display_name(ctypes.byref(minor), self.source, ctypes.byref(out), None) != COMPLETE:
            raise GssError("no name")
        return out.bytes().decode()
