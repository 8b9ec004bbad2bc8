"""winmail.dat (MS-OXTNEF): the files in it, objects, empty files, and the message's own text where there is no other."""

import struct

from case import PDF, base64_lines, case, entity, mail, multipart, part, repair, text_part

STREAM = bytes.fromhex("0c00000000000000c000000000000046")
MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


def attribute(level, number, data):
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) % 65536)


def text8(text):
    return text.encode("cp1252") + b"\0"


def properties(*items):
    """MAPI properties: pairs of a tag (id and type) and its bytes."""
    out = struct.pack("<I", len(items))
    for tag, data in items:
        kind = tag & 0xFFFF
        out += struct.pack("<HH", kind, tag >> 16)
        if kind == 3:
            out += struct.pack("<I", data)
            continue
        out += struct.pack("<II", 1, len(data)) + data + b"\0" * (-len(data) % 4)
    return out


def unicode(text):
    return text.encode("utf-16-le") + b"\0\0"


LONG_NAME, MIME_TAG, CONTENT_ID, METHOD, OBJECT, BINARY = 0x3707001F, 0x370E001F, 0x3712001F, 0x37050003, 0x3701000D, 0x37010102
BODY, HTML, RTF = 0x1000001F, 0x10130102, 0x10090102


def tnef(*attributes):
    head = attribute(1, 0x00089006, struct.pack("<I", 0x00010000)) + attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
    return struct.pack("<IH", 0x223E9F78, 1) + head + b"".join(attributes)


def attached(title, data, *items, kind=1):
    """A file: how it is drawn, its short name, its bytes, and its properties."""
    out = attribute(2, 0x00069002, struct.pack("<HIHHI", kind, 0, 32, 32, 0)) + attribute(2, 0x00018010, text8(title))
    if data is not None:
        out += attribute(2, 0x0006800F, data)
    return out + (attribute(2, 0x00069005, properties(*items)) if items else b"")


def own(*items):
    """The properties of the message itself."""
    return attribute(1, 0x00069003, properties(*items))


def winmail(name, data, files, text="Guten Tag", beside=True, kind="application/ms-tnef", file_name="winmail.dat", repairs=(), **more):
    wrapping = entity([f"Content-Type: {kind}; name=\"{file_name}\"", f"Content-Disposition: attachment; filename=\"{file_name}\"",
                       "Content-Transfer-Encoding: base64"], base64_lines(data))
    parts = [part(data, name=file_name, type=kind)] + [file | {"within": 0} for file in files]
    if beside:
        raw = mail(["Content-Type: multipart/mixed; boundary=grenze"], multipart("grenze", [text_part(), wrapping]))
    else:
        fields, body = wrapping.split(b"\r\n\r\n", 1)
        raw = mail(fields.split(b"\r\n"), body)
    case("winmail", name, "MS-OXTNEF 2.1.3", raw, text=text, parts=parts, repairs=repairs, **more)


def told(name, data=PDF, **more):
    return part(data, name=name, **more)


winmail("one-file", tnef(attached("RECHNU~1.PDF", PDF, (LONG_NAME, unicode("Rechnung 4711.pdf")))), [told("Rechnung 4711.pdf")])
winmail("two-files", tnef(attached("a.pdf", PDF), attached("b.txt", b"abc")), [told("a.pdf"), told("b.txt", b"abc")])
winmail("unicode-name", tnef(attached("_.pdf", PDF, (LONG_NAME, unicode("Größe 請求書.pdf")))), [told("Größe 請求書.pdf")])
winmail("short-name-in-code-page", tnef(attached("Größe.pdf", PDF)), [told("Größe.pdf")])
winmail("type", tnef(attached("a.pdf", PDF, (LONG_NAME, unicode("a.pdf")), (MIME_TAG, unicode("application/pdf")))), [told("a.pdf", type="application/pdf")])
winmail("empty-file", tnef(attached("leer.txt", b"")), [told("leer.txt", b"")])
winmail("empty-file-among-others", tnef(attached("a.pdf", PDF), attached("leer.txt", b""), attached("b.txt", b"abc")),
        [told("a.pdf"), told("leer.txt", b""), told("b.txt", b"abc")])
winmail("object-stream", tnef(attached("Blatt.pdf", None, (LONG_NAME, unicode("Blatt.pdf")), (OBJECT, STREAM + PDF), kind=2)), [told("Blatt.pdf")])
winmail("object-page", tnef(attached("Seite.htm", None, (LONG_NAME, unicode("Seite.htm")), (OBJECT, STREAM + b"<p>Seite</p>"), kind=2)), [told("Seite.htm", b"<p>Seite</p>")])
winmail("binary-property", tnef(attached("a.pdf", None, (LONG_NAME, unicode("a.pdf")), (BINARY, PDF))), [told("a.pdf")])
winmail("picture", tnef(attached("logo.png", b"\x89PNG", (LONG_NAME, unicode("logo.png")), (CONTENT_ID, unicode("logo@example.com")))),
        [told("logo.png", b"\x89PNG", inline="logo@example.com")])
winmail("octet-stream", tnef(attached("a.pdf", PDF)), [told("a.pdf")], kind="application/octet-stream")
winmail("upper-case-name", tnef(attached("a.pdf", PDF)), [told("a.pdf")], file_name="WINMAIL.DAT", kind="application/octet-stream")
winmail("other-type", tnef(attached("a.pdf", PDF)), [told("a.pdf")], kind="application/vnd.ms-tnef", file_name="anlage.dat")
winmail("whole-message", tnef(attached("a.pdf", PDF)), [told("a.pdf")], beside=False, text="")
winmail("no-files", tnef(), [], beside=True)
# The message's own text counts where there is no other.
winmail("own-text", tnef(own((BODY, unicode("Guten Tag, Größe"))), attached("a.pdf", PDF)), [told("a.pdf")], beside=False, text="Guten Tag, Größe")
winmail("own-text-beside-another", tnef(own((BODY, unicode("von innen")))), [], text="Guten Tag")
winmail("own-html", tnef(own((HTML, "<p>Guten Tag, Größe</p>".encode("cp1252")), (0x3FDE0003, 1252))), [], beside=False, text="", html="<p>Guten Tag, Größe</p>")
RTF_TEXT = rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}\f0 Guten Tag, Gr\'fc\'dfe}"
RTF_HTML = rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}Gr\'fc\'dfe{\*\htmltag72 </p>}}"


def uncompressed(rtf):
    return struct.pack("<III", len(rtf) + 12, len(rtf), 0x414C454D) + b"\0\0\0\0" + rtf


winmail("own-rtf", tnef(own((RTF, uncompressed(RTF_TEXT)))), [told("message.rtf", RTF_TEXT, type="application/rtf")], beside=False, text="Guten Tag, Grüße")
winmail("own-rtf-with-html", tnef(own((RTF, uncompressed(RTF_HTML)))), [], beside=False, text="", html="<p>Grüße</p>")
# What was cut or damaged: the files in front are there.
WHOLE = tnef(attached("a.pdf", PDF), attached("b.txt", b"abc"))
INVALID, DAMAGED = [repair("mime.winmail_invalid", "/parts/0")], [repair("mime.winmail_checksum", "/parts/0")]
winmail("cut-behind-first-file", WHOLE[: WHOLE.rindex(struct.pack("<BI", 2, 0x00069002)) + 6], [told("a.pdf")], repairs=INVALID)
winmail("checksum-wrong", WHOLE[:-1] + b"\x7f", [told("a.pdf"), told("b.txt", b"abc")], repairs=DAMAGED)
winmail("is-none", b"kein TNEF, nur so genannt", [], repairs=INVALID)
