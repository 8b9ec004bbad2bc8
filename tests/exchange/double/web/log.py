"""What came in, byte for byte, and what it took to answer it."""

import pathlib
import threading

LARGE = 1 << 20


class Log:
    """All requests of this run. Large ones lie in files of `folder`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.entries = []
        self.lock = threading.Lock()
        self.keeps = True

    def begin(self, request):
        """Notes a request before anything is done with it."""
        connection = request.connection
        raw = (connection.head, request.body)
        entry = {
            "number": 0,
            "listener": connection.listener.name,
            "connection": connection.number,
            "turn": connection.requests,
            "secure": connection.is_secure,
            "method": request.method,
            "target": request.target,
            "fields": request.lines,
            "bytes": len(raw[0]) + len(raw[1]),
            "operation": None,
            "user": None,
            "mailbox": None,
            "status": None,
            "seconds": 0.0,
            "work": 0.0,
        }
        with self.lock:
            entry["number"] = len(self.entries) + 1
            self.entries.append(entry)
        if not self.keeps:
            entry["raw"] = b""
        elif len(request.body) > LARGE:
            entry["raw"] = self.folder / f"request-{entry['number']}"
            entry["raw"].write_bytes(raw[0])
            with open(entry["raw"], "ab") as file:
                file.write(raw[1])
        else:
            entry["raw"] = raw
        return entry

    def listed(self, since=0):
        """The entries after number `since`, without the bytes."""
        with self.lock:
            entries = self.entries[since:]
        return [{name: value for name, value in entry.items() if name != "raw"} for entry in entries]

    def raw(self, number):
        """The bytes of a request."""
        raw = self.entries[number - 1]["raw"]
        return raw.read_bytes() if isinstance(raw, pathlib.Path) else b"".join(raw)

    def clear(self):
        """Forgets everything."""
        with self.lock:
            for entry in self.entries:
                if isinstance(entry.get("raw"), pathlib.Path):
                    entry["raw"].unlink(missing_ok=True)
            self.entries = []

    def seconds(self, name="seconds"):
        """How long the requests took from head to end of answer; with "work", the processor's time for them."""
        with self.lock:
            return sum(entry[name] for entry in self.entries)
