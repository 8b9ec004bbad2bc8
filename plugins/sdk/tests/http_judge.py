"""A web service on Python's own http.server: what it takes and gives is not our reading of HTTP."""

import gzip
import http.server
import json
import sys
import threading
import zlib


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        super().setup()
        Service.connections += 1

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while True:
                length = int(self.rfile.readline().split(b";")[0], 16)
                pieces.append(self.rfile.read(length))
                assert self.rfile.readline() == b"\r\n"
                if length == 0:
                    return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self):
        data = self.body()
        told = {
            "method": self.command,
            "path": self.path,
            "connections": Service.connections,
            "fields": {name.lower(): value for name, value in self.headers.items()},
            "size": len(data),
            "crc": zlib.crc32(data),
        }
        told = json.dumps(told).encode() + b" " * 300_000
        if self.path.startswith("/missing"):
            self.send_error(404, "Nothing here")
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if "gzip" in self.path and "gzip" in self.headers.get("Accept-Encoding", ""):
            told = gzip.compress(told)
            self.send_header("Content-Encoding", "gzip")
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(told), 1000):
                piece = told[at : at + 1000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(told)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
print(server.server_address[1], flush=True)
# The test closes our input when it is done.
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
server.serve_forever()
