"""Content-Transfer-Encoding: what RFC 2045 says of each, and bodies that do not keep to it."""

import base64
import binascii

from case import PDF, base64_lines, case, entity, mail, multipart, octets, part, quoted, repair, text_part

BODY = "Guten Tag"
BYTES = bytes(range(256))


def attached(name, rfc, encoding, body, data, well=False, repairs=(), **more):
    """A message with a text and one file in this encoding."""
    fields = ["Content-Type: application/octet-stream", "Content-Disposition: attachment; filename=daten.bin"]
    fields += [b"Content-Transfer-Encoding: " + octets(encoding)] if encoding is not None else []
    raw = mail(["Content-Type: multipart/mixed; boundary=grenze"], multipart("grenze", [text_part(BODY), entity(fields, body)]))
    parts = [part(data, name="daten.bin", type="application/octet-stream")]
    case("transfer", name, rfc, raw, well=well, repairs=repairs, text=BODY, parts=parts, **more)


def text(name, rfc, encoding, body, read, well=False, repairs=(), **more):
    """A message that is one text in this encoding."""
    raw = mail(["Content-Type: text/plain; charset=utf-8", f"Content-Transfer-Encoding: {encoding}"], body)
    case("transfer", name, rfc, raw, well=well, repairs=repairs, text=read, **more)


STRAY = repair("mime.base64_stray", "/parts/0")
CUT = repair("mime.base64_truncated", "/parts/0")
LINES = base64_lines(BYTES)
for name, body in [
    ("lines", LINES), ("one-line", base64.b64encode(BYTES)), ("short-lines", base64_lines(BYTES, 4)), ("odd-lines", base64_lines(BYTES, 7)),
    ("blank-behind-lines", LINES.replace(b"\r\n", b"  \r\n")), ("empty-lines", LINES.replace(b"\r\n", b"\r\n\r\n")), ("empty-line-behind", LINES + b"\r\n\r\n"),
    ("blanks-within", LINES.replace(b"A", b" A")), ("tabs-in-front", b"\t" + LINES.replace(b"\r\n", b"\r\n\t")),
]:
    attached("base64-" + name, "RFC 2045 6.8", "base64", body, BYTES, well=True)
for rest in range(3):
    data = BYTES[: 30 + rest]
    attached(f"base64-padding-{rest}", "RFC 2045 6.8", "base64", base64_lines(data), data, well=True)
for name, encoding in [("upper", "BASE64"), ("mixed-case", "Base64"), ("blanks", "  base64  ")]:
    attached("base64-named-" + name, "RFC 2045 6.1", encoding, LINES, BYTES, well=name != "blanks")
attached("base64-named-folded", "RFC 5322 2.2.3", "\r\n base64", LINES, BYTES)
attached("base64-named-comment", "RFC 2045 6.1", "base64 (of bytes)", LINES, BYTES)
attached("base64-named-semicolon", "RFC 2045 6.1", "base64;", LINES, BYTES, may_repair=["mime.parameter_invalid", "mime.encoding_guessed"])
attached("base64-named-quoted", "RFC 2045 6.1", '"base64"', LINES, BYTES, may_repair=["mime.parameter_invalid", "mime.encoding_guessed"])
attached("base64-exclamation-mark", "RFC 2045 6.8", "base64", LINES[:40] + b"!" + LINES[40:], BYTES, repairs=[STRAY])
attached("base64-umlaut", "RFC 2045 6.8", "base64", LINES[:40] + b"\xfc" + LINES[40:], BYTES, repairs=[STRAY])
attached("base64-nul", "RFC 2045 6.8", "base64", LINES[:40] + b"\0" + LINES[40:], BYTES, repairs=[STRAY])
attached("base64-quoted", "RFC 2045 6.8", "base64", b"> " + LINES.replace(b"\r\n", b"\r\n> "), BYTES, repairs=[STRAY])
FOOTER = b"\r\n_______________________________________________\r\nVerteiler des Vereins\r\nhttps://liste.example.org/\r\n"
attached("base64-footer", "RFC 2045 6.8", "base64", LINES + FOOTER, BYTES, repairs=[STRAY])
attached("base64-letters-behind", "RFC 2045 6.8", "base64", LINES + b"\r\nAbmelden", BYTES, repairs=[STRAY])
for rest in (1, 2):
    data = BYTES[: 30 + rest]
    attached(f"base64-unpadded-{rest}", "RFC 2045 6.8", "base64", base64_lines(data).rstrip(b"="), data, may_repair=["mime.base64_truncated"])
attached("base64-one-pad-lacks", "RFC 2045 6.8", "base64", base64_lines(BYTES[:31])[:-1], BYTES[:31], may_repair=["mime.base64_truncated"])
attached("base64-one-letter-over", "RFC 2045 6.8", "base64", base64_lines(BYTES[:30]) + b"Q", BYTES[:30], repairs=[CUT])
attached("base64-pads-over", "RFC 2045 6.8", "base64", base64_lines(BYTES[:31]) + b"==", BYTES[:31], may_repair=["mime.base64_stray"])
attached("base64-empty", "RFC 2045 6.8", "base64", b"", b"", well=True)
attached("base64-blank-lines-only", "RFC 2045 6.8", "base64", b"\r\n\r\n", b"", well=True)
text("base64-text", "RFC 2045 6.8", "base64", base64_lines("Grüße\r\nBerta\r\n") + b"\r\n", "Grüße\r\nBerta\r\n", well=True)
text("base64-text-line-feeds", "RFC 2045 6.8", "base64", base64_lines("Grüße\nBerta\n") + b"\r\n", "Grüße\nBerta\n", well=True)
text("base64-text-footer", "RFC 2045 6.8", "base64", base64_lines("Grüße!\r\n") + FOOTER, "Grüße!\r\n", repairs=[repair("mime.base64_stray", "/text")])
text("base64-text-words-behind", "RFC 2045 6.8", "base64", base64_lines("Grüße!\r\n") + b" ignored\r\n?garbage\r\n", "Grüße!\r\n",
     repairs=[repair("mime.base64_stray", "/text")])
text("base64-text-cut", "RFC 2045 6.8", "base64", base64_lines("Guten Tag!\r\n")[:-3], "Guten Tag",
     repairs=[repair("mime.base64_truncated", "/text")])

QP = "Grüße = Gruß, 100 % €\r\nzweite Zeile\r\n"
text("quoted-printable", "RFC 2045 6.7", "quoted-printable", quoted(QP), QP, well=True)
text("quoted-printable-upper", "RFC 2045 6.1", "QUOTED-PRINTABLE", quoted(QP), QP, well=True)
for name, body, read in [
    ("soft-breaks", "Gr=C3=BC=\r\n=C3=9F=\r\ne an =\r\nalle\r\n", "Grüße an alle\r\n"),
    ("soft-break-at-end", "Guten Tag=\r\n", "Guten Tag"),
    ("blank-behind-soft-break", "Guten= \t\r\n Tag\r\n", "Guten Tag\r\n"),
    ("blanks-at-line-end", "Guten Tag  \t\r\nBerta\r\n", "Guten Tag\r\nBerta\r\n"),
    ("encoded-blank-at-line-end", "Guten Tag=20\r\nBerta\r\n", "Guten Tag \r\nBerta\r\n"),
    ("encoded-line-end", "Guten Tag=0D=0ABerta\r\n", "Guten Tag\r\nBerta\r\n"),
    ("equals", "1=3D1\r\n", "1=1\r\n"),
    ("dot-line", "=2E\r\n=2E.\r\n", ".\r\n..\r\n"),
    ("empty", "", ""),
]:
    text("quoted-printable-" + name, "RFC 2045 6.7", "quoted-printable", body, read, well=name not in ("blank-behind-soft-break", "blanks-at-line-end"))
text("quoted-printable-lower-hex", "RFC 2045 6.7", "quoted-printable", "Gr=c3=bc=c3=9fe\r\n", "Grüße\r\n", may_repair=["mime.quoted_printable_invalid"])
text("quoted-printable-long-line", "RFC 2045 6.7", "quoted-printable", "x" * 500 + "\r\n", "x" * 500 + "\r\n")
text("quoted-printable-eight-bit", "RFC 2045 6.7", "quoted-printable", "Grüße =E2=82=AC\r\n", "Grüße €\r\n", may_repair=["mime.quoted_printable_invalid"])
BAD = [repair("mime.quoted_printable_invalid", "/text")]
for name, body, read in [
    ("bare-equals", "a=b und c = d\r\n", "a=b und c = d\r\n"),
    ("bare-equals-hexlike", "x=1 oder y=GG\r\n", "x=1 oder y=GG\r\n"),
    ("two-equals", "a==b\r\n", "a==b\r\n"),
    ("cut-in-the-middle", "Gr=C3=BC=C3=9Fe=", "Grüße"),
    ("cut-after-one-digit", "Guten Tag=4", "Guten Tag=4"),
]:
    may = {"repairs": BAD} if name != "cut-in-the-middle" else {"may_repair": ["mime.quoted_printable_invalid"]}
    text("quoted-printable-" + name, "RFC 2045 6.7", "quoted-printable", body, read, **may)
attached("quoted-printable-file", "RFC 2045 6.7", "quoted-printable", "=00=01=FF=\r\n\x7f=3D", b"\0\x01\xff\x7f=")
attached("quoted-printable-boundary", "RFC 2046 5.1.1", "quoted-printable", "a=\r\n=2D-grenze", b"a--grenze", well=True)

for name, encoding in [("none", None), ("seven-bit", "7bit"), ("eight-bit", "8bit"), ("binary", "binary"), ("upper", "7BIT"), ("comment", "7bit (clean)")]:
    attached("identity-" + name, "RFC 2045 6.2", encoding, "Zeile 1\r\nZeile 2\r\n", "Zeile 1\r\nZeile 2\r\n", well=True)
attached("binary-all-bytes", "RFC 2045 6.2", "binary", BYTES, BYTES)
UNKNOWN = [repair("mime.encoding_unknown", "/parts/0")]
for name, encoding in [("token", "x-geheim"), ("charset", "utf-8"), ("prose", "nicht kodiert")]:
    attached("unknown-" + name, "RFC 2045 6.4", encoding, "Zeile 1\r\n=41", "Zeile 1\r\n=41", repairs=UNKNOWN)
text("unknown-text", "RFC 2045 6.4", "x-geheim", "Guten Tag\r\n", "Guten Tag\r\n", repairs=[repair("mime.encoding_unknown", "/text")])
attached("identity-empty", "RFC 2045 6.1", "", "abc", "abc", may_repair=["mime.encoding_unknown"])


def uuencoded(data, blank=b"`", end=True):
    lines = [b"begin 644 daten.bin"]
    for at in range(0, len(data), 45):
        lines.append(binascii.b2a_uu(data[at : at + 45], backtick=blank == b"`").rstrip(b"\n"))
    return b"\r\n".join(lines + ([blank, b"end"] if end else []))


for name, encoding in [("x-uuencode", "x-uuencode"), ("uuencode", "uuencode"), ("x-uue", "x-uue"), ("uue", "uue"), ("upper", "X-UUENCODE")]:
    attached("uuencode-" + name, "POSIX uuencode", encoding, uuencoded(BYTES) + b"\r\n", BYTES, well=True)
attached("uuencode-blanks", "POSIX uuencode", "x-uuencode", uuencoded(BYTES, b" ") + b"\r\n", BYTES)
attached("uuencode-text-in-front", "POSIX uuencode", "x-uuencode", b"Hier die Datei:\r\n\r\n" + uuencoded(BYTES) + b"\r\n", BYTES,
         may_repair=["mime.uuencode_invalid"])
attached("uuencode-no-end", "POSIX uuencode", "x-uuencode", uuencoded(BYTES, end=False), BYTES, repairs=[repair("mime.uuencode_invalid", "/parts/0")])
attached("uuencode-empty-file", "POSIX uuencode", "x-uuencode", uuencoded(b""), b"")

# RFC 2045 6.4 forbids an encoded multipart or message; attached messages come so all the same.
INNER = b"Subject: innen\r\n\r\nGuten Tag\r\n"
fields = ["Content-Type: message/rfc822", "Content-Transfer-Encoding: base64"]
raw = mail(["Content-Type: multipart/mixed; boundary=grenze"], multipart("grenze", [text_part(BODY), entity(fields, base64_lines(INNER))]))
case("transfer", "base64-message", "RFC 2046 5.2.1", raw, text=BODY, parts=[part(INNER, type="message/rfc822")], may_repair=["mime.encoding_guessed"])
raw = mail(["Content-Type: multipart/mixed; boundary=grenze", "Content-Transfer-Encoding: base64"], multipart("grenze", [text_part(BODY)]))
case("transfer", "base64-multipart-is-plain", "RFC 2045 6.4", raw, text=BODY, may_repair=["mime.encoding_guessed", "mime.encoding_unknown"])
raw = mail(["Content-Type: multipart/mixed; boundary=grenze", "Content-Transfer-Encoding: quoted-printable"], multipart("grenze", [text_part("1=3D1")]))
case("transfer", "quoted-printable-multipart-is-plain", "RFC 2045 6.4", raw, text="1=3D1", may_repair=["mime.encoding_guessed", "mime.encoding_unknown"])
raw = mail(["Content-Type: application/pdf; name=a.pdf", "Content-Transfer-Encoding: base64"], base64_lines(PDF) + b"\r\n")
case("transfer", "base64-whole-message", "RFC 2045 6.8", raw, well=True, text="", parts=[part(PDF, name="a.pdf", type="application/pdf")])
