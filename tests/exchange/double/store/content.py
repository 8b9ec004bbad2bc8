"""Bytes of messages and attachments: small ones in memory, large ones in files."""

import base64
import os
import tempfile

LARGE = 4 << 20
BLOCK = 3 << 16  # A multiple of three, so that base64 of blocks is base64 of the whole.


class Content:
    """Bytes that never change. Large ones go into `folder`, which the start of the double sets."""

    folder = None

    def __init__(self, data=b"", path=None):
        self.data = data
        self.path = path
        self.size = os.path.getsize(path) if path else len(data)

    @classmethod
    def of(cls, chunks):
        """The content of chunks."""
        gathered, size, file = [], 0, None
        for chunk in chunks:
            size += len(chunk)
            if file is None and size > LARGE:
                descriptor, path = tempfile.mkstemp(dir=cls.folder, prefix="content-")
                file = os.fdopen(descriptor, "wb")
                file.writelines(gathered)
                gathered = []
            if file:
                file.write(chunk)
            else:
                gathered.append(chunk)
        if file:
            file.close()
            return cls(path=path)
        return cls(b"".join(gathered))

    @classmethod
    def of_bytes(cls, data):
        """The content of bytes that are there already."""
        return cls.of(data[at : at + (1 << 20)] for at in range(0, len(data), 1 << 20))

    def chunks(self, begin=0):
        """The bytes from `begin` on, in blocks."""
        if self.path is None:
            yield from (self.data[at : at + BLOCK] for at in range(begin, self.size, BLOCK))
            return
        with open(self.path, "rb") as file:
            file.seek(begin)
            while block := file.read(BLOCK):
                yield block

    def bytes(self):
        """All of it."""
        return self.data if self.path is None else b"".join(self.chunks())

    def head(self, size=1 << 18):
        """The first bytes."""
        if self.path is None:
            return self.data[:size]
        with open(self.path, "rb") as file:
            return file.read(size)

    def base64(self):
        """Base64 without line breaks, in blocks."""
        return (base64.b64encode(block) for block in self.chunks())

    def base64_size(self):
        """How long that is."""
        return (self.size + 2) // 3 * 4
