"""Requests and answers."""

import json
import urllib.parse

REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    206: "Partial Content",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    307: "Temporary Redirect",
    308: "Permanent Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    416: "Requested Range Not Satisfiable",
    429: "Too Many Requests",
    440: "Login Timeout",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    507: "Insufficient Storage",
}


class Request:
    """One request: `body` is whole, `fields` has the names in small letters (the last one of a name)."""

    def __init__(self, method, target, version, lines, connection):
        self.method = method
        self.target = target
        self.version = version
        self.lines = lines
        self.fields = {name.lower(): value for name, value in lines}
        self.connection = connection
        self.body = b""
        split = urllib.parse.urlsplit(target)
        self.path = urllib.parse.unquote(split.path)
        self.raw_path = split.path
        self.query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        self.operation = None
        self.injected = {}
        self.caller = None

    @property
    def origin(self):
        """Scheme, host and port under which the client sees this server."""
        scheme = "https" if self.connection.is_secure else "http"
        return f"{scheme}://{self.fields.get('host', 'localhost')}"

    def form(self):
        """The fields of a form in the body."""
        return dict(urllib.parse.parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def media_type(self):
        """The content type without its parameters."""
        return self.fields.get("content-type", "").partition(";")[0].strip().lower()


class Answer:
    """One answer. `body` is bytes, or an iterator over them with its `size` where that is known."""

    def __init__(self, status=200, body=b"", fields=(), kind=None, size=None):
        self.status = status
        self.body = body
        self.fields = list(fields)
        if kind:
            self.fields.append(("Content-Type", kind))
        self.size = len(body) if isinstance(body, bytes) else size
        self.close = False

    @classmethod
    def json(cls, value, status=200, fields=(), kind="application/json; charset=utf-8"):
        """An answer with JSON in it."""
        return cls(status, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), fields, kind)

    def whole(self):
        """The body in one piece."""
        if not isinstance(self.body, bytes):
            self.body = b"".join(self.body)
            self.size = len(self.body)
        return self.body

    def field(self, name):
        """The value of a field, or None."""
        return next((value for other, value in self.fields if other.lower() == name.lower()), None)

    def drop(self, name):
        """Removes a field."""
        self.fields = [pair for pair in self.fields if pair[0].lower() != name.lower()]


def page(text, status=200, fields=()):
    """An HTML page."""
    return Answer(status, text.encode(), fields, "text/html; charset=utf-8")
