"""Writes messages, well-formed and broken, into a folder, and what Python's email reads in the well-formed ones: many.py FOLDER COUNT.

Each message has a generator of its own, seeded by its number, so that one can be written again by itself. A third of the well-formed ones is written by
Python's email; the others are put together here, in the ways of other programs.
"""
import base64, email, email.policy, hashlib, json, multiprocessing, os, quopri, random, sys
from email.message import EmailMessage
from urllib.parse import quote

WORDS = "Rechnung Größe Maß über Žiga čaj šunka Übung naïve coöperate žluťoučký kůň 日本 Привет €uro Angebot 4711 ok . .. From".split()
CENTRAL = "Rechnung Größe Žiga čaj šunka žluťoučký kůň Łódź ő ű Angebot".split()
WESTERN = "Rechnung Größe Übung naïve coöperate Élan señor Maß 4711 ok . ..".split()
RUSSIAN = "Привет счёт договор Москва Ёлка номер 4711 ok".split()
JAPANESE = "請求書 こんにちは 日本 カタカナ 4711 ok".split()
# Which words a character set has.
SETS = {
    "utf-8": WORDS, "us-ascii": "invoice 4711 ok . .. From -- --x".split(), "iso-8859-1": WESTERN, "iso-8859-15": WESTERN + ["€uro"],
    "windows-1252": WESTERN + ["€uro", "„so“"], "iso-8859-2": CENTRAL, "windows-1250": CENTRAL + ["€uro"], "windows-1251": RUSSIAN, "koi8-r": RUSSIAN,
    "iso-8859-5": RUSSIAN, "iso-8859-7": "Τιμολόγιο αριθμός 4711 ok".split(), "iso-8859-9": "İstanbul şeker ğ 4711 ok".split(),
    "shift_jis": JAPANESE, "iso-2022-jp": JAPANESE, "euc-jp": JAPANESE, "gb2312": "你好 发票 中文 4711 ok".split(), "gb18030": "你好 發票 中文 €uro".split(),
    "big5": "你好 發票 中文 4711".split(), "euc-kr": "안녕 송장 한국어 4711".split(),
}
NAMES = ["Rechnung 4711.pdf", "Größe.txt", "Žiga čaj.bin", "sehr " + "langer " * 20 + "Name.dat", "日本.png", 'a"b.txt', "plain.csv", "../x.txt"]
CTES = ["quoted-printable", "base64", "8bit"]
KINDS = ["application/pdf", "application/octet-stream", "image/png", "application/vnd.ms-excel", "text/csv", "application/x-zip-compressed", "audio/wav"]


class Writer:
    def __init__(self, number):
        self.chance = random.Random(f"4711.{number}")
        self.nested = []

    def words(self, number, source=WORDS):
        return " ".join(self.chance.choices(source, k=number))

    def lines(self, number, source=WORDS):
        return "".join(self.words(self.chance.randrange(12), source) + "\n" for _ in range(number))

    # By Python's email.

    def plain(self):
        chance = self.chance
        message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=chance.choice([78, 60, 200])))
        message["From"] = chance.choice(["Anna", "Jürgen Größe", '"Žiga, d.o.o."']) + f" <a{chance.randrange(99)}@example.com>"
        message["To"] = "b@example.com"
        message["Subject"] = self.words(chance.randrange(1, 25))
        message["Message-ID"] = f"<{chance.getrandbits(64):x}@example.com>"
        message["Date"] = "Fri, 20 Nov 2026 10:00:00 +0100"
        kind = chance.randrange(5)
        if kind == 0:
            message.set_content(self.lines(20, CENTRAL), charset="windows-1250", cte=chance.choice(CTES))
        elif kind == 1:
            message.set_content(self.lines(20, CENTRAL), charset="iso-8859-2", cte=chance.choice(CTES[:2]))
        else:
            message.set_content(self.lines(chance.randrange(60)), cte=chance.choice(CTES))
        return message

    def by_python(self):
        chance, message = self.chance, self.plain()
        if chance.random() < 0.4:
            message.add_alternative(f"<p>{self.words(30)}</p>\n", subtype="html", cte=chance.choice(CTES))
        for _ in range(chance.choice([0, 0, 1, 2, 4])):
            name = chance.choice(NAMES)
            if chance.random() < 0.2:
                message.add_attachment(self.plain())
                self.nested.append(None)
            elif chance.random() < 0.3:
                message.add_attachment(self.lines(9), filename=name, cte="base64")
            else:
                message.add_attachment(chance.randbytes(chance.choice([0, 1, 57, 1000, 20000])), maintype="application", subtype="octet-stream", filename=name)
        return message.as_bytes()

    # By hand.

    def encoded(self, text, charset, limit=9):
        """RFC 2047: in words of so many characters, folded in between."""
        how, words = self.chance.choice("QqBb"), []
        for at in range(0, len(text), limit):
            data = text[at : at + limit].encode(charset)
            if how in "Bb":
                word = base64.b64encode(data).decode()
            else:
                word = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else "_" if byte == 32 else f"={byte:02X}" for byte in data)
            words.append(f"=?{self.chance.choice([charset, charset.upper()])}?{how}?{word}?=")
        return self.chance.choice(["\r\n ", " ", "\r\n\t"]).join(words)

    def header(self, name, value):
        style = self.chance.randrange(6)
        name = name.upper() if style == 0 else name.lower() if style == 1 else name
        return f"{name}:{self.chance.choice([' ', ' ', ' ', '', chr(9), '  '])}{value}\r\n".encode()

    def charset(self):
        return self.chance.choice(list(SETS))

    def text(self, subtype="plain", wrap="{}"):
        chance, charset = self.chance, self.charset()
        content = "" if chance.random() < 0.05 else wrap.format(self.lines(chance.randrange(1, 40), SETS[charset]))
        data, more = content.encode(charset), chance.choice(["", "", "; format=flowed", "; format=flowed; delsp=yes"]) if subtype == "plain" else ""
        cte = chance.choice(CTES if charset not in ("us-ascii", "iso-2022-jp") else CTES[:2] + ["7bit", None])
        label = chance.choice([charset, charset.upper(), f'"{charset}"'])
        separator = chance.choice(["; ", ";", ";\r\n\t", " ; "])
        headers = self.header("Content-Type", f"{chance.choice(['text', 'Text', 'TEXT'])}/{subtype}{separator}charset={label}{more}")
        if chance.random() < 0.2:
            headers += self.header("Content-Disposition", "inline")
        return self.entity(headers, data, cte)

    def entity(self, headers, data, cte):
        if cte is not None:
            headers += self.header("Content-Transfer-Encoding", self.chance.choice([cte, cte.upper()]))
        if cte == "quoted-printable":
            # Lower case and encoded line breaks are for others to read, too.
            body = quopri.encodestring(data).replace(b"\n", b"\r\n")
        elif cte == "base64":
            width = self.chance.choice([76, 60, 72, 4])
            whole = base64.b64encode(data)
            body = b"".join(whole[at : at + width] + b"\r\n" for at in range(0, len(whole), width))
        else:
            body = data.replace(b"\n", b"\r\n")
        return headers, body

    def named(self, parameter, name):
        """A parameter in one of the ways to write a name that is not ASCII (RFC 2231), or RFC 2047 where it does not belong, as many do."""
        chance, how = self.chance, self.chance.randrange(5)
        if name.isascii() and how < 3:
            if how == 0 and name.replace(".", "").isalnum():
                return f"{parameter}={name}"
            escaped = name.replace("\\", "\\\\").replace('"', '\\"')
            return f'{parameter}="{escaped}"'
        charset = "iso-8859-2" if name == "Žiga čaj.bin" and chance.random() < 0.5 else chance.choice(["utf-8", "UTF-8"])
        data = quote(name.encode(charset), safe="")
        if how == 4 and '"' not in name:
            return f'{parameter}="{self.encoded(name, charset, 30).replace(chr(13) + chr(10), "")}"'
        if len(data) < 60 and how < 3:
            return f"{parameter}*={charset}'{chance.choice(['', 'de'])}'{data}"
        pieces, at = [], 0
        while at < len(data):
            end = min(at + chance.randrange(20, 60), len(data))
            # An escape is not cut in two.
            end -= next((back for back in (1, 2) if end < len(data) and data[end - back] == "%"), 0)
            pieces.append(data[at:end])
            at = end
        pieces[0] = f"{charset}''{pieces[0]}"
        return ";\r\n ".join(f"{parameter}*{index}*={piece}" for index, piece in enumerate(pieces))

    def attachment(self):
        chance = self.chance
        if chance.random() < 0.15:
            outer, self.nested = self.nested, []
            inner = self.message(depth=2)
            # Where it is all that the message holds, POP3 would close its last line.
            inner += b"" if inner.endswith(b"\r\n") else b"\r\n"
            self.nested = [*outer, hashlib.sha256(inner).hexdigest()]
            return self.header("Content-Type", "message/rfc822"), inner
        kind, name = chance.choice(KINDS), chance.choice(NAMES)
        inline = chance.random() < 0.25
        if chance.random() < 0.25:
            headers = self.header("Content-Type", f"{kind}; {self.named('name', name)}") + self.header("Content-Disposition", "attachment")
        else:
            headers = self.header("Content-Type", kind)
            headers += self.header("Content-Disposition", f"{'inline' if inline else 'attachment'};{chance.choice([' ', chr(13) + chr(10) + ' '])}{self.named('filename', name)}")
        if inline:
            headers += self.header("Content-ID", f"<{chance.getrandbits(32):x}@example.com>")
        if kind.startswith("text/"):
            return self.entity(headers, self.lines(9).encode(), chance.choice(CTES))
        return self.entity(headers, chance.randbytes(chance.choice([0, 1, 2, 3, 57, 1000, 20000])), "base64")

    def picture(self):
        headers = self.header("Content-Type", "image/png") + self.header("Content-ID", f"<{self.chance.getrandbits(32):x}@example.com>")
        return self.entity(headers, self.chance.randbytes(300), "base64")

    def multipart(self, subtype, parts, more=""):
        chance, mark = self.chance, self.chance.getrandbits(40)
        boundary = chance.choice([f"----=_NextPart_{mark:x}", f"b{mark % 10}", f"=_{mark:x}.{mark:X}", f"a b'()+_,-./:=?{mark:x}", "x" * 60 + f"{mark:010x}"[:10]])
        inside = b"".join(headers + body for headers, body in parts)
        while f"--{boundary}".encode() in inside:
            # An outer boundary may well be the beginning of an inner one, but not the same.
            boundary += "y"
        token = boundary.replace("_", "").replace("-", "").isalnum() and chance.random() < 0.5
        value = f"multipart/{subtype};{chance.choice([' ', chr(13) + chr(10) + chr(9)])}boundary={boundary if token else chr(34) + boundary + chr(34)}{more}"
        body = chance.choice([b"", b"", b"This is a message with several parts.\r\n\r\n"])
        for headers, content in parts:
            body += f"--{boundary}".encode() + chance.choice([b"\r\n", b"\r\n", b" \t\r\n"]) + headers + b"\r\n" + content + b"\r\n"
        return self.header("Content-Type", value), body + f"--{boundary}--".encode() + chance.choice([b"\r\n", b"\r\n", b"", b"\r\n\r\nepilogue\r\n"])

    def content(self, depth):
        chance = self.chance
        html = lambda: self.text("html", "<html><body><p>{}</p></body></html>\n")
        kind = chance.randrange(10)
        if kind < 3:
            part = self.text()
        elif kind < 5:
            part = self.multipart("alternative", [self.text(), html()])
        elif kind == 5:
            part = self.multipart("alternative", [self.text(), self.multipart("related", [html(), self.picture(), self.picture()])])
        elif kind == 6:
            part = self.multipart("related", [self.multipart("alternative", [self.text(), html()]), self.picture()], '; type="multipart/alternative"')
        elif kind == 7:
            part = html()
        elif kind == 8:
            part = self.multipart("mixed", [self.text()])
        else:
            report = b"Reporting-MTA: dns; mail.example.com\r\n\r\nFinal-Recipient: rfc822; c@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
            self.nested.append(None)
            part = self.multipart("report", [self.text(), (self.header("Content-Type", "message/delivery-status"), report)], "; report-type=delivery-status")
        attachments = [self.attachment() for _ in range(chance.choice([0, 0, 1, 2, 3]) if depth < 2 else 0)]
        if attachments:
            part = self.multipart("mixed", [part, *attachments])
            if chance.random() < 0.2:
                part = self.multipart("mixed", [part, self.attachment()])
        if depth == 0 and chance.random() < 0.03:
            self.nested = []
            part = self.attachment()
        return part

    def message(self, depth=0):
        chance, charset = self.chance, self.charset()
        subject = self.words(chance.randrange(1, 12), SETS[charset])
        name = self.words(2, SETS[charset])[:20].strip(" .")
        lines = [
            self.header("From", f"{self.encoded(name or 'A', charset, 25)} <a{chance.randrange(99)}@example.com>"),
            self.header("To", chance.choice(["b@example.com", "<b@example.com>,\r\n \"C, D\" <c@example.com>", "B (the one) <b@example.com>"])),
            self.header("Subject", subject.strip() if subject.isascii() and chance.random() < 0.5 else self.encoded(subject, charset, chance.randrange(5, 12))),
            self.header("Message-ID", f"<{chance.getrandbits(64):x}@example.com>"),
            self.header("Date", chance.choice(["Fri, 20 Nov 2026 10:00:00 +0100", "20 Nov 2026 09:00 GMT", "Fri, 20 Nov 2026 10:00:00 +0100 (CET)"])),
            b"MIME-Version: 1.0\r\n",
            self.header("Received", "from a.example.com\r\n\tby b.example.com;\r\n\tFri, 20 Nov 2026 10:00:00 +0100"),
        ]
        chance.shuffle(lines)
        headers, body = self.content(depth)
        return b"".join(lines) + headers + b"\r\n" + body

    def well_formed(self):
        return self.by_python() if self.chance.random() < 0.33 else self.message()

    # Not by anybody who means well.

    def noise(self, number):
        return bytes(self.chance.choices([*range(1, 256), 10, 10, 10, 32, 58], k=number))

    def broken(self):
        chance = self.chance
        whole, kind = bytearray(self.well_formed()), chance.randrange(28)
        part = lambda kind, body: b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + kind + b"\r\n\r\n" + body
        if kind in (0, 1):
            return whole[: chance.randrange(1, len(whole))]
        if kind in (2, 3):
            for _ in range(chance.choice([1, 20])):
                whole[chance.randrange(len(whole))] = chance.randrange(256)
            return whole
        if kind == 4:
            return self.noise(chance.randrange(1, 4000))
        if kind == 5:
            at, end = sorted(chance.randrange(len(whole)) for _ in range(2))
            return whole[:at] + whole[end:]
        if kind == 6:
            return chance.choice([
                b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\ny\r\n--x--\r\n", b"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\ny\r\n----\r\n",
                b"Content-Type: multipart/mixed; boundary=\"x\r\n\r\n--x\r\n\r\ny\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n\r\nno part at all\r\n",
                b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n--x\r\n\r\nlate\r\n", b"Content-Type: multipart/\r\n\r\n--x\r\n", b"Content-Type: /\r\n\r\n",
            ])
        if kind == 7:
            return b"Subject: =?utf-8?B?!!!?= =?bogus?Q?=zz?= =?utf-8?Q?\xff?= =?=?= =??Q??= =?utf-8?X?a?=\r\nContent-Transfer-Encoding: base64\r\n\r\n=====a\r\n!\r\n"
        if kind == 8:
            return "Subject: Grüße roh\r\nFrom: Jürgen <ü@example.com>\r\n\r\nRöh\r\n".encode(chance.choice(["utf-8", "latin-1", "utf-16"]))
        if kind == 9:
            depth = chance.randrange(2, 300)
            return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth)) + b"\r\ninner\r\n"
        if kind == 10:
            return b"no header at all\r\n\r\n" + b"x" * chance.randrange(20000) + b"\r\n"
        if kind == 11:
            return b"Subject: long\r\n" + b"X-Long: " + b"y" * 20000 + b"\r\n folded\r\n\r\n.\r\n..\r\n.dot\r\n"
        if kind == 12:
            return b"Subject: bare\r\n\r\na\rb\nc\r\n\r\r\n.\r\r\n" + bytes(chance.choices(b"\r\n\r\n. a", k=chance.randrange(200)))
        if kind == 13:
            label = chance.choice([b"bogus", b"utf-7", b"\"", b"utf-16", b"iso-8859-999", b"", b"utf-8;charset=koi8-r", b"x" * 5000])
            return b"Subject: x\r\nContent-Type: text/plain; charset=" + label + b"\r\n\r\n\xff\xfe\x80+AGE-\r\n"
        if kind == 14:
            return b"Content-Type: message/rfc822\r\n\r\n" * chance.randrange(1, 100) + b"Subject: deep\r\n\r\nx\r\n"
        if kind == 15:
            # Base64 that ends too early, or is interrupted.
            data = bytearray(base64.encodebytes(chance.randbytes(500)).replace(b"\n", b"\r\n"))
            for _ in range(chance.randrange(4)):
                data.insert(chance.randrange(len(data)), chance.choice(b"=!-\xff ("))
            return part(b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64", data[: chance.randrange(len(data))] + b"\r\n--b--\r\n")
        if kind == 16:
            return part(b"Content-Transfer-Encoding: quoted-printable", b"=\r\n=zz =4 =\xff=C3=\r\n=A4 = \r\n=" + b"\r\n--b--\r\n")
        if kind == 17:
            # The label does not say what the bytes are.
            text = self.words(20, CENTRAL)
            real, label = chance.choice([("utf-8", "iso-8859-1"), ("utf-8", "us-ascii"), ("windows-1250", "utf-8"), ("windows-1250", "us-ascii"), ("iso-8859-2", "utf-16"), ("utf-8", "shift_jis")])
            return f"Content-Type: text/plain; charset={label}\r\n\r\n".encode() + text.encode(real) + b"\r\n"
        if kind == 18:
            return b"Subject: x\r\nno colon here\r\nFrom b@example.com Fri Nov 20\r\n: no name\r\nTo : b@example.com\r\n\r\ntext\r\n"
        if kind == 19:
            return b"Subject: nul\0 in it\r\nX: \0\r\n\r\na\0b\r\n\0\r\n" + bytes(chance.randrange(2000))
        if kind == 20:
            return b"Subject: lines\r\n\r\n" + b"".join(b"z" * chance.randrange(30000) + b"\r\n" for _ in range(4))
        if kind == 21:
            return b"Subject: a\r\nSubject: b\r\nFrom: a\r\nFrom: b@c\r\nContent-Type: text/html\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n<b>\r\n"
        if kind == 22:
            disposition = chance.choice([
                b"filename*0=a; filename*2=c; filename*1", b"filename*=utf-8'x; filename*=''%", b"filename*=bogus'x'%ff%", b"filename=\"a\r\n b", b"filename*99999999999=x",
                b"filename=\"Gr\xc3\xb6\xc3\x9fe.pdf\"", b"filename=Gr\xf6\xdfe.pdf", b"; ; =; filename==x", b"filename*0*=utf-8''%C3; filename*1*=%A4", b"filename=" + b"n" * 9000,
            ])
            return part(b"Content-Disposition: attachment; " + disposition, b"x\r\n--b--\r\n")
        if kind == 23:
            return part(b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64", base64.b64encode(b"\x78\x9f\x3e\x22" + chance.randbytes(300)) + b"\r\n--b--\r\n")
        if kind == 24:
            return b"From: " + chance.choice([b"<", b"a@b@c <", b"((((((", b"\"", b"<a@b>, ,,;:", b"g: a, b; c", b"@@@", b"=?utf-8?Q?a?= <=?utf-8?Q?b?=@c>"]) * chance.randrange(1, 50) + b"\r\n\r\nx\r\n"
        if kind == 25:
            return chance.choice([b"\r\n", b"\n", b"\r\n\r\n", b" ", b"\t folded: at once\r\n\r\nx\r\n", b":", b"\xef\xbb\xbfSubject: bom\r\n\r\nx\r\n", b"Subject:", b".\r\n", b"Subject: no end"])
        if kind == 26:
            return b"Subject: uu\r\nContent-Transfer-Encoding: " + chance.choice([b"x-uuencode", b"binary", b"bogus", b"8 bit", b""]) + b"\r\n\r\nbegin 644 a\r\n#86)C\r\n`\r\nend\r\n"
        return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * chance.randrange(2000)


def known(raw, nested):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    bodies = [message.get_body(preferencelist=(kind,)) for kind in ("plain", "html")]
    plain, html = ("" if body is None else body.get_content() for body in bodies)
    parts, nested = [], iter(nested)

    def leaves(part):
        if part.get_content_maintype() == "multipart":
            for inner in part.iter_parts():
                leaves(inner)
        elif not any(part is body for body in bodies):
            kind, data = part.get_content_type(), part.get_payload(decode=True)
            digest = next(nested) if kind.startswith("message/") else hashlib.sha256(data).hexdigest()
            inline = part["content-id"] and str(part["content-id"]).strip().strip("<>")
            parts.append({"name": part.get_filename(), "type": kind, "sha256": digest, "inline": inline})

    leaves(message)
    sender = message["from"].addresses[0]
    return {"subject": str(message["subject"]), "text": plain, "html": html, "parts": parts, "from": {"name": sender.display_name, "address": sender.addr_spec},
            "to": [person.addr_spec for person in message["to"].addresses], "message_id": str(message["message-id"]).strip().strip("<>")}


def write(number):
    writer = Writer(number)
    good = writer.chance.random() < 0.7
    raw = bytes(writer.well_formed() if good else writer.broken())
    if raw.startswith(b"."):
        # Dovecot does not protect a dot with which a message begins (RFC 1939, section 3, wants it), so by POP3 this is another message.
        raw = b"-" + raw[1:]
    # Half of them lie there with bare line feeds, as a Maildir has them as a rule.
    stored = raw.replace(b"\r\n", b"\n") if writer.chance.random() < 0.5 else raw
    with open(f"{sys.argv[1]}/{number:05}", "wb") as file:
        file.write(stored)
    return known(raw, writer.nested) if good else None


if __name__ == "__main__":
    with multiprocessing.Pool(os.cpu_count()) as pool:
        expected = pool.map(write, range(int(sys.argv[2])), chunksize=100)
    with open(f"{sys.argv[1]}/expected.json", "w") as file:
        json.dump(expected, file)
