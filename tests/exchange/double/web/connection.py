"""One connection: reads requests, writes answers, cuts where a test wants it cut."""

import re
import select
import socket
import struct
import threading
import time

from .message import REASONS, Answer, Request

HEAD_LIMIT = 256 * 1024
BODY_LIMIT = 400 * 1024 * 1024
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Ended(Exception):
    """The connection has ended or must end now."""


class Bad(Exception):
    """The request breaks HTTP; the text says how."""


class Connection:
    """A connection of `listener`. What belongs to the connection and not to a request (a login by NTLM) is in `session`."""

    def __init__(self, sock, peer, number, listener, is_secure):
        self.socket = sock
        self.peer = peer
        self.number = number
        self.listener = listener
        self.is_secure = is_secure
        self.session = {}
        self.requests = 0
        self.reader = sock.makefile("rb", 256 * 1024)
        self.left = None
        self.head = b""

    def serve(self, handle):
        """Answers one request after another until the connection ends."""
        try:
            while self.turn(handle):
                pass
        except (OSError, Ended, ValueError):
            pass
        finally:
            self.end()

    def turn(self, handle):
        try:
            request = self.read_head()
            if request is None:
                return False
            begin = time.perf_counter(), time.thread_time()
            if (answer := self.listener.early(request)) is not None:
                return self.write(answer, request.method)
            self.read_body(request)
        except Bad as problem:
            answer = Answer(400, str(problem).encode(), kind="text/plain")
            answer.close = True
            self.write(answer, "GET")
            return False
        self.requests += 1
        return handle(self, request, begin)

    def read_head(self):
        self.head = b""
        line = self.line()
        if not line:
            return None
        parts = line.rstrip(b"\r\n").split(b" ")
        if len(parts) != 3 or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0") or not TOKEN.fullmatch(parts[0]):
            raise Bad(f"request line {line!r}")
        lines = []
        while (line := self.line().rstrip(b"\r\n")) != b"":
            name, colon, value = line.partition(b":")
            if not colon or not TOKEN.fullmatch(name):
                raise Bad(f"header line {line!r}")
            lines.append((name.decode("ascii"), value.strip().decode("utf-8", "surrogateescape")))
        method, target, version = (part.decode("ascii", "surrogateescape") for part in parts)
        request = Request(method, target, version, lines, self)
        if version == "HTTP/1.1" and "host" not in request.fields:
            raise Bad("no Host")
        return request

    def line(self):
        line = self.reader.readline(HEAD_LIMIT)
        self.head += line
        if len(self.head) >= HEAD_LIMIT:
            raise Bad("header too long")
        return line

    def read_body(self, request):
        length, coding = request.fields.get("content-length"), request.fields.get("transfer-encoding", "").lower()
        if length is not None and coding:
            raise Bad("Content-Length beside Transfer-Encoding")
        if request.fields.get("expect", "").lower() == "100-continue":
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if coding == "chunked":
            request.body = self.read_chunks()
        elif coding:
            raise Bad(f"Transfer-Encoding {coding}")
        elif length is not None:
            if not length.isascii() or not length.isdigit():
                raise Bad(f"Content-Length {length}")
            if int(length) > BODY_LIMIT:
                raise Bad("body too long")
            request.body = self.exactly(int(length))

    def exactly(self, count):
        data = self.reader.read(count)
        if len(data) != count:
            raise Ended
        return data

    def read_chunks(self):
        chunks, total = [], 0
        while size := int(self.reader.readline(64).partition(b";")[0], 16):
            total += size
            if total > BODY_LIMIT:
                raise Bad("body too long")
            chunks.append(self.exactly(size))
            if self.exactly(2) != b"\r\n":
                raise Bad("chunk without its end")
        while self.reader.readline(HEAD_LIMIT).rstrip(b"\r\n"):
            pass
        return b"".join(chunks)

    def write(self, answer, method):
        """Writes an answer; False when the connection ends with it."""
        lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Unknown')}"]
        fields = answer.fields
        chunked = answer.size is None
        if answer.field("Content-Length") is None and answer.status not in (204, 304):
            fields = [*fields, ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(answer.size))]
        if answer.close:
            fields = [*fields, ("Connection", "close")]
        lines.extend(f"{name}: {value}" for name, value in fields)
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")
        if isinstance(answer.body, bytes):
            self.send(head + (b"" if method == "HEAD" or answer.status in (204, 304) else answer.body))
        else:
            self.send(head)
            for chunk in answer.body:
                self.send(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
            if chunked:
                self.send(b"0\r\n\r\n")
        return not answer.close

    def send(self, data):
        """Sends data, or as much of it as `left` allows."""
        if self.left is not None:
            data = data[: self.left]
            self.left -= len(data)
        try:
            self.socket.sendall(data)
        except OSError:
            raise Ended from None
        if self.left == 0:
            raise Ended

    def reset(self):
        """Ends the connection with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.reader.close()
        # Unlike `close`, `detach` sends no closure alert of TLS.
        socket.close(self.socket.detach())
        raise Ended

    def end(self):
        """Ends the connection so that the client can still read what was sent. What was cut ends without TLS's farewell."""
        if self.is_secure and self.left is None:
            self.say_farewell()
        try:
            self.socket.shutdown(socket.SHUT_WR)
            end = time.monotonic() + 2
            while (left := end - time.monotonic()) > 0 and select.select([self.socket.fileno()], [], [], left)[0]:
                if not self.socket.recv(1 << 16):
                    break
                # A client that still sends is listened to, so that it gets to read the answer.
                end = time.monotonic() + 2
        except (OSError, ValueError):
            pass
        try:
            self.reader.close()
            self.socket.close()
        except OSError:
            pass

    def say_farewell(self):
        """Sends TLS's close_notify; a client that does not answer with its own is not waited for."""
        try:
            self.socket.settimeout(0.2)
            self.socket.unwrap()
        except (OSError, ValueError):
            pass


class Listener:
    """A port of loopback. A connection that begins as TLS does is served by TLS, any other in clear text."""

    def __init__(self, name, handle, tls=None, port=0):
        self.name = name
        self.handle = handle
        self.tls = tls
        self.socket = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port = self.socket.getsockname()[1]
        self.early = lambda _request: None
        self.accepted = 0
        self.handshakes = 0

    def start(self):
        """Accepts connections from now on."""
        threading.Thread(target=self.accept, name=self.name, daemon=True).start()

    def accept(self):
        while True:
            sock, peer = self.socket.accept()
            self.accepted += 1
            threading.Thread(target=self.converse, args=(sock, peer, self.accepted), daemon=True).start()

    def converse(self, sock, peer, number):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            first = sock.recv(1, socket.MSG_PEEK)
            is_secure = first == b"\x16"
            if is_secure:
                if self.tls is None:
                    return sock.close()
                sock = self.tls.wrap_socket(sock, server_side=True)
                self.handshakes += 1
        except OSError:
            return sock.close()
        Connection(sock, peer, number, self, is_secure).serve(self.handle)
