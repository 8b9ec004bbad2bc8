"""Postkontor for Python 3.8 and newer: test, send and fetch mail.

    with Host({"language": "de"}) as host, host.account(settings) as account:
        receipt = account.send({"to": ["bob@example.com"], "subject": "Invoice", "text": "Hello"})

Settings, messages, requests and results are the JSON documents of Postkontor, given and returned as Python objects. A failed
call raises Error. include/postkontor.h is the manual of the functions behind it; this module needs nothing but ctypes.

The shared library is looked for beside this file, then where the system looks; the environment is not asked. Where it lies
elsewhere, call load(path) first.
"""

import ctypes
import json
import os
import sys
import threading
from ctypes import POINTER, byref, c_char_p, c_int32, c_size_t, c_uint64, c_void_p

OK, ARGUMENT, SETTINGS, TRANSPORT, UNSUPPORTED, AUTH, TLS, NETWORK, TIMEOUT, CANCELLED = range(10)
REFUSED, LATER, PARTIAL, UNCERTAIN, NOT_FOUND, BUSY, INTERNAL, DISABLED, PROTOCOL, LOCAL = range(10, 20)
LOG_ERROR, LOG_WARNING, LOG_INFORMATION, LOG_DEBUG, LOG_TRACE = range(1, 6)
KEEP, SEEN, DELETE, STOP = range(4)

_FUNCTION = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)
_LOG = _FUNCTION(None, c_void_p, c_int32, c_char_p)
_PROGRESS = _FUNCTION(c_int32, c_void_p, c_uint64, c_uint64)
_SECRET_GET = _FUNCTION(c_int32, c_void_p, c_char_p, c_void_p, c_int32)
_SECRET_PUT = _FUNCTION(c_int32, c_void_p, c_char_p, c_char_p)
_STEP = _FUNCTION(None, c_void_p, c_void_p, c_size_t)
_WRITE = _FUNCTION(c_int32, c_void_p, c_void_p, c_size_t)
_RECEIVED = _FUNCTION(c_int32, c_void_p, c_char_p, c_void_p)


class _Buf(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("len", c_size_t)]


class _Slice(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("len", c_size_t)]


class _Callbacks(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t),
        ("user", c_void_p),
        ("log", _LOG),
        ("progress", _PROGRESS),
        ("secret_get", _SECRET_GET),
        ("secret_put", _SECRET_PUT),
        ("step", _STEP),
    ]


_OUT = POINTER(_Buf)
_HANDLE = POINTER(c_void_p)
_SIGNATURES = {
    "host_open": [c_char_p, POINTER(_Callbacks), _HANDLE, _OUT],
    "host_close": [c_void_p, _OUT],
    "host_transports": [c_void_p, _OUT],
    "host_schema": [c_void_p, c_char_p, c_char_p, _OUT],
    "host_check": [c_void_p, c_char_p, _OUT],
    "host_discover": [c_void_p, c_char_p, c_void_p, _OUT],
    "account_open": [c_void_p, c_char_p, c_char_p, _HANDLE, _OUT],
    "account_close": [c_void_p, _OUT],
    "account_test": [c_void_p, c_char_p, c_void_p, _OUT],
    "account_authorize": [c_void_p, c_char_p, c_void_p, _OUT],
    "account_send": [c_void_p, c_char_p, POINTER(_Slice), c_size_t, c_void_p, _OUT],
    "account_list": [c_void_p, c_char_p, c_void_p, _OUT],
    "account_receive": [c_void_p, c_char_p, _RECEIVED, c_void_p, c_void_p, _OUT],
    "account_apply": [c_void_p, c_char_p, c_void_p, _OUT],
    "message_build": [c_void_p, c_char_p, c_char_p, POINTER(_Slice), c_size_t, _WRITE, c_void_p, _OUT],
    "message_open": [c_void_p, c_char_p, c_void_p, c_size_t, _HANDLE, _OUT],
    "message_part": [c_void_p, c_char_p, _WRITE, c_void_p, _OUT],
    "message_close": [c_void_p, _OUT],
    "outbox_open": [c_void_p, c_char_p, c_void_p, _HANDLE, _OUT],
    "outbox_close": [c_void_p, _OUT],
    "outbox_put": [c_void_p, c_char_p, POINTER(_Slice), c_size_t, c_void_p, _OUT],
    "outbox_work": [c_void_p, c_char_p, c_void_p, _OUT],
    "outbox_query": [c_void_p, c_char_p, c_void_p, _OUT],
    "outbox_act": [c_void_p, c_char_p, c_void_p, _OUT],
    "cancel_new": [c_int32, _HANDLE, _OUT],
    "cancel_fire": [c_void_p, _OUT],
    "cancel_free": [c_void_p, _OUT],
}

_library = None


def load(path=None):
    """Loads the shared library from `path`, or from the usual places. Only the first call counts."""
    global _library
    if _library is not None:
        return _library
    name = {"win32": "postkontor.dll", "darwin": "libpostkontor.dylib"}.get(sys.platform, "libpostkontor.so.1")
    if path is None:
        beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
        path = beside if os.path.exists(beside) else name
    library = (ctypes.WinDLL if sys.platform == "win32" else ctypes.CDLL)(path)
    for function, arguments in _SIGNATURES.items():
        entry = getattr(library, "postkontor_" + function)
        entry.argtypes, entry.restype = arguments, c_int32
    library.postkontor_abi.restype = c_int32
    library.postkontor_version.restype = c_char_p
    library.postkontor_buf_free.argtypes, library.postkontor_buf_free.restype = [_OUT], None
    _library = library
    return library


def version():
    """The version of the library."""
    return load().postkontor_version().decode()


class Error(Exception):
    """A call that failed. Decide by `status`; `str(error)` is for the user, in the host's language."""

    def __init__(self, status, facts):
        super().__init__(facts.get("message") or facts.get("code") or "status %d" % status)
        self.status = status
        self.code = facts.get("code", "")
        self.detail = facts.get("detail", "")
        self.facts = facts


def _text(value):
    """JSON or text for the library."""
    if value is None:
        return None
    if not isinstance(value, (str, bytes)):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        value = value.encode("utf-8")
    if b"\0" in value:
        raise ValueError("the text has a zero byte inside")
    return value


def _call(function, *arguments, raw=False, learn=None):
    """Calls a function of the library. `learn` gets the result, or the facts of the error."""
    out = _Buf()
    status = getattr(load(), "postkontor_" + function)(*arguments, byref(out))
    data = ctypes.string_at(out.data, out.len)
    load().postkontor_buf_free(byref(out))
    facts = data if raw and status == OK else json.loads(data)
    if learn:
        learn(status, facts)
    if status != OK:
        raise Error(status, facts)
    return facts


def _slices(parts):
    """Borrows the bytes of the parts; the caller keeps the second value until the call is over."""
    held = [bytes(part) for part in parts]
    slices = (_Slice * max(len(held), 1))()
    for slice_, part in zip(slices, held):
        slice_.data, slice_.len = ctypes.cast(c_char_p(part), c_void_p), len(part)
    return slices, held


class Cancel:
    """Stops calls: `milliseconds` from now, and when somebody fires it, from any thread. 0: only when fired."""

    def __init__(self, milliseconds=0):
        self._handle = c_void_p()
        _call("cancel_new", milliseconds, byref(self._handle))

    def fire(self):
        _call("cancel_fire", self._handle)

    def close(self):
        handle, self._handle = self._handle, c_void_p()
        if handle:
            _call("cancel_free", handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _token(cancel):
    return None if cancel is None else cancel._handle


class Host:
    """The plugins, the language and the callbacks.

    log(level, text); progress(done, total) returns something true to stop; secret_get(name) returns the secret or None;
    secret_put(name, value) returns something true when it kept it; step(step) gets each step of a test as it ends, as a dict,
    where the request says {"steps": True}. An exception in one of them stops the call and is raised from it.
    """

    def __init__(self, config=None, log=None, progress=None, secret_get=None, secret_put=None, step=None):
        # What a callback raised, by the thread that calls: accounts are used by several threads at a time.
        self._thread = threading.local()

        def guarded(function, otherwise):
            def guard(*arguments):
                try:
                    return function(*arguments)
                except BaseException as error:  # no exception may leave a callback
                    self._keep(error)
                    return otherwise

            return guard

        def give_secret(_user, name, value, capacity):
            secret = secret_get(name.decode())
            if secret is None:
                return -1
            secret = secret.encode("utf-8")
            if len(secret) <= capacity:
                ctypes.memmove(value, secret, len(secret))
            return len(secret)

        def go_on(_user, done, total):
            return 1 if self._kept() or (progress and progress(done, total)) else 0

        self._callbacks = _Callbacks(size=ctypes.sizeof(_Callbacks), progress=_PROGRESS(guarded(go_on, 1)))
        if log:
            self._callbacks.log = _LOG(guarded(lambda _user, level, text: log(level, text.decode()), None))
        if secret_get:
            self._callbacks.secret_get = _SECRET_GET(guarded(give_secret, -1))
        if secret_put:
            keep = lambda _user, name, value: 0 if secret_put(name.decode(), value.decode()) else 1
            self._callbacks.secret_put = _SECRET_PUT(guarded(keep, 1))
        if step:
            self._callbacks.step = _STEP(guarded(lambda _user, data, size: step(json.loads(ctypes.string_at(data, size))), None))
        self._handle = c_void_p()
        self._call("host_open", _text(config), byref(self._callbacks), byref(self._handle))

    def _kept(self):
        return getattr(self._thread, "raised", None)

    def _keep(self, error):
        self._thread.raised = self._kept() or error

    def _call(self, function, *arguments, **more):
        try:
            return _call(function, *arguments, **more)
        finally:
            error, self._thread.raised = self._kept(), None
            if error is not None:
                raise error

    def transports(self):
        return self._call("host_transports", self._handle)

    def schema(self, transport, language=None):
        """The form of a transport's settings; of "account", "document" or "layers"; or of what a call takes: "message", "receive", "list",
        "apply", "test", "authorize", "discover".
        """
        return self._call("host_schema", self._handle, _text(transport), _text(language))

    def check(self, settings):
        return self._call("host_check", self._handle, _text(settings))

    def discover(self, address, cancel=None):
        return self._call("host_discover", self._handle, _text(address), _token(cancel))

    def build(self, message, parts=(), sender=None):
        """The bytes of a message, without sending it."""
        slices, held = _slices(parts)
        return self._call(
            "message_build", self._handle, _text(sender), _text(message), slices, len(held), _WRITE(), None, raw=True
        )

    def message(self, source, smime=None):
        """Opens a message to read from: its bytes, or the path of a file. `smime`, as receive.smime of the settings, decrypts and
        verifies it."""
        return Message._open(self, source, smime)

    def account(self, settings, id=None):
        return Account(self, settings, id)

    def outbox(self, settings, cancel=None):
        """Opens the outbox of a settings document."""
        return Outbox(self, settings, cancel)

    def close(self):
        """Closes the host, its accounts and its outboxes."""
        handle, self._handle = self._handle, c_void_p()
        if handle:
            self._call("host_close", handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Message:
    """A message to read from: the one that `receive` hands over, which is of no use any more when the function returns, or one that
    Host.message opened. `summary` tells what is known of it, message["subject"] a member of that; parts count from 0 in the order of
    the summary's "parts".
    """

    def __init__(self, host, handle, summary, opened=False):
        self._host, self._handle, self._opened = host, handle, opened
        self.summary = summary

    @classmethod
    def _open(cls, host, source, smime):
        handle, data, members = c_void_p(), None, {}
        if isinstance(source, (bytes, bytearray, memoryview)):
            data = bytes(source)
        else:
            members["file"] = os.fspath(source)
        if smime is not None:
            members["smime"] = smime
        summary = host._call("message_open", host._handle, _text(members), data, len(data or b""), byref(handle))
        return cls(host, handle, summary, opened=True)

    def __getitem__(self, member):
        return self.summary.get(member)

    def raw(self):
        """The bytes of the message as it came."""
        return self._read({"raw": True}, raw=True)

    def save(self, path):
        """Saves the message as it came."""
        self._read({"raw": True, "file": os.fspath(path)})

    def part(self, index):
        """The bytes of a part, decoded."""
        return self._read({"part": index}, raw=True)

    def save_part(self, index, path):
        """Saves a part, decoded."""
        self._read({"part": index, "file": os.fspath(path)})

    def _read(self, request, raw=False):
        return self._host._call("message_part", self._handle, _text(request), _WRITE(), None, raw=raw)

    def close(self):
        handle, self._handle = self._handle, c_void_p()
        if handle and self._opened:
            self._host._call("message_close", handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Account:
    """An account of a settings document; `id` names it, None is the one that sends. One thread at a time."""

    def __init__(self, host, settings, id=None):
        self._host = host
        self.state = ""
        self._handle = c_void_p()
        host._call("account_open", host._handle, _text(settings), _text(id), byref(self._handle))

    def test(self, request=None, cancel=None):
        """The report; look at its "ok"."""
        return self._host._call("account_test", self._handle, _text(request), _token(cancel))

    def authorize(self, request=None, cancel=None):
        """Asks a person for consent (OAuth 2.0): {"begin":true} answers what to show, {"finish":true} waits for the consent."""
        return self._host._call("account_authorize", self._handle, _text(request), _token(cancel))

    def send(self, message, parts=(), cancel=None):
        """The receipt. "part" of an attachment counts in `parts`, a list of bytes."""
        slices, held = _slices(parts)
        return self._host._call("account_send", self._handle, _text(message), slices, len(held), _token(cancel))

    def list(self, request=None, cancel=None):
        return self._host._call("account_list", self._handle, _text(request), _token(cancel))

    def receive(self, received=None, request=None, cancel=None):
        """Calls received(message) for each message; it returns KEEP (or nothing), SEEN, DELETE or STOP. Without it "action" of the request
        says what becomes of them. A message for which it raises counts as not taken, no more are fetched, and the exception is raised here.

        `state` of the account is what the next request is to be told as "state", so that only what is new comes: to be kept after every
        call, also after one that raised, because what was taken before stays taken.
        """

        def one(_user, summary, handle):
            message = None
            try:
                message = Message(self._host, c_void_p(handle), json.loads(summary))
                action = int(received(message) or KEEP)
                return STOP if self._host._kept() else action  # an exception of another callback counts, too
            except BaseException as error:  # no exception may leave a callback
                self._host._keep(error)
                return STOP
            finally:
                if message is not None:
                    message.close()

        def remember(status, facts):
            # Who finds the account in use leaves the state to the fetch that uses it. An error before the first message has none.
            # Who only looks, at one message or at structures, fetches nothing.
            wanted = json.loads(asked or b"{}")
            if status != BUSY and not wanted.get("message") and wanted.get("summary") != "structure":
                self.state = facts.get("state") or wanted.get("state") or ""

        asked = _text(request)
        callback = _RECEIVED(one) if received else _RECEIVED()
        return self._host._call("account_receive", self._handle, asked, callback, None, _token(cancel), learn=remember)

    def apply(self, request, cancel=None):
        return self._host._call("account_apply", self._handle, _text(request), _token(cancel))

    def close(self):
        handle, self._handle = self._handle, c_void_p()
        if handle:
            self._host._call("account_close", handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Outbox:
    """Where mail lies that goes out later, once (docs/outbox.md). One thread at a time; open one for each thread."""

    def __init__(self, host, settings, cancel=None):
        self._host = host
        self._handle = c_void_p()
        host._call("outbox_open", host._handle, _text(settings), _token(cancel), byref(self._handle))

    def put(self, mails, parts=(), cancel=None):
        """Hands over {"message": {...}, "key": "..."}, or a list of such as a whole; when it returns they are durable."""
        slices, held = _slices(parts)
        return self._host._call("outbox_put", self._handle, _text(mails), slices, len(held), _token(cancel))

    def work(self, request=None, cancel=None):
        """Sends what is due, on this thread: until nothing is, or {"until": "stopped"} until `cancel` fires."""
        return self._host._call("outbox_work", self._handle, _text(request), _token(cancel))

    def query(self, request=None, cancel=None):
        """What became of mail: {"key": "..."}, {"states": [...]}, {"stats": True}."""
        return self._host._call("outbox_query", self._handle, _text(request), _token(cancel))

    def act(self, request, cancel=None):
        """Decides about mail: {"action": "resolve", "ids": ["..."], "as": "send_again"}."""
        return self._host._call("outbox_act", self._handle, _text(request), _token(cancel))

    def close(self):
        handle, self._handle = self._handle, c_void_p()
        if handle:
            self._host._call("outbox_close", handle)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
