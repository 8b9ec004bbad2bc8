"""Writes what a screen shows, without the empty ground around it, as a PNG: picture.py DISPLAY FILE (needs xwd, Debian package x11-apps)."""

import struct
import subprocess
import sys
import zlib

display, file = sys.argv[1:]
dump = subprocess.run(["xwd", "-root", "-silent", "-display", display], check=True, capture_output=True).stdout
header = struct.unpack(">25I", dump[:100])
start, width, height, line, colours = header[0], header[4], header[5], header[12], header[19]
start += colours * 12
rows = []
for y in range(height):
    row = dump[start + y * line : start + y * line + width * 4]
    pixels = bytearray(width * 3)
    pixels[0::3], pixels[1::3], pixels[2::3] = row[2::4], row[1::4], row[0::4]
    rows.append(pixels)

seen = [y for y in range(height) if any(rows[y])]
columns = [x for x in range(width) if any(any(rows[y][3 * x : 3 * x + 3]) for y in seen)]
rows = [bytes(row[3 * columns[0] : 3 * columns[-1] + 3]) for row in rows[seen[0] : seen[-1] + 1]]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


size = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
with open(file, "wb") as picture:
    picture.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
