"""Writes messages, well-formed and broken, into a folder, and what Python's email reads in the well-formed ones: many.py FOLDER COUNT."""
import email, email.policy, hashlib, json, random, sys
from email.message import EmailMessage

folder, count = sys.argv[1], int(sys.argv[2])
chance = random.Random(4711)
WORDS = "Rechnung Größe Maß über Žiga čaj šunka Übung naïve coöperate žluťoučký kůň 日本 Привет €uro Angebot 4711 ok . .. From".split()
CENTRAL = "Rechnung Größe Žiga čaj šunka žluťoučký kůň Łódź ő ű Angebot".split()
NAMES = ["Rechnung 4711.pdf", "Größe.txt", "Žiga čaj.bin", "sehr " + "langer " * 20 + "Name.dat", "日本.png", 'a"b.txt', "plain.csv", "../x.txt"]


def words(number, source=WORDS):
    return " ".join(chance.choice(source) for _ in range(number))


def lines(number, source=WORDS):
    return "".join(words(chance.randrange(12), source) + "\n" for _ in range(number))


def plain():
    message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=chance.choice([78, 60, 200])))
    message["From"] = f"{chance.choice(['Anna', 'Jürgen Größe', 'Žiga, d.o.o.'])} <a{chance.randrange(99)}@example.com>".replace("Žiga, d.o.o.", '"Žiga, d.o.o."')
    message["To"] = "b@example.com"
    message["Subject"] = words(chance.randrange(1, 25))
    message["Message-ID"] = f"<{chance.getrandbits(64):x}@example.com>"
    message["Date"] = "Fri, 20 Nov 2026 10:00:00 +0100"
    kind = chance.randrange(5)
    if kind == 0:
        message.set_content(lines(20, CENTRAL), charset="windows-1250", cte=chance.choice(["quoted-printable", "base64", "8bit"]))
    elif kind == 1:
        message.set_content(lines(20, CENTRAL), charset="iso-8859-2", cte=chance.choice(["quoted-printable", "base64"]))
    else:
        message.set_content(lines(chance.randrange(60)), cte=chance.choice(["quoted-printable", "base64", "8bit"]))
    return message


def well_formed():
    message = plain()
    if chance.random() < 0.4:
        message.add_alternative(f"<p>{words(30)}</p>\n", subtype="html", cte=chance.choice(["quoted-printable", "base64", "8bit"]))
    for _ in range(chance.choice([0, 0, 1, 2, 4])):
        name = chance.choice(NAMES)
        if chance.random() < 0.2:
            message.add_attachment(plain())
        elif chance.random() < 0.3:
            message.add_attachment(lines(9), filename=name, cte="base64")
        else:
            message.add_attachment(chance.randbytes(chance.choice([0, 1, 57, 1000, 20000])), maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def noise(number):
    return bytes(chance.choice([*range(1, 256), 10, 10, 10, 32, 58]) for _ in range(number))


def broken():
    whole = bytearray(well_formed())
    kind = chance.randrange(14)
    if kind == 0:
        return whole[: chance.randrange(1, len(whole))]
    if kind == 1:
        for _ in range(20):
            whole[chance.randrange(len(whole))] = chance.randrange(1, 256)
        return whole
    if kind == 2:
        return noise(chance.randrange(1, 4000))
    if kind == 3:
        return b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\ny\r\n--x--\r\n"
    if kind == 4:
        return b"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\ny\r\n----\r\n"
    if kind == 5:
        return b"Subject: =?utf-8?B?!!!?= =?bogus?Q?=zz?= =?utf-8?Q?\xff?=\r\nContent-Transfer-Encoding: base64\r\n\r\n=====a\r\n!\r\n"
    if kind == 6:
        return "Subject: Grüße roh\r\nFrom: Jürgen\r\n\r\nRöh\r\n".encode(chance.choice(["utf-8", "latin-1"]))
    if kind == 7:
        depth = chance.randrange(2, 300)
        return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth)) + b"\r\ninner\r\n"
    if kind == 8:
        return b"no header at all\r\n\r\n" + b"x" * chance.randrange(20000) + b"\r\n"
    if kind == 9:
        return b"Subject: long\r\n" + b"X-Long: " + b"y" * 20000 + b"\r\n folded\r\n\r\n.\r\n..\r\n.dot\r\n"
    if kind == 10:
        return b"Subject: bare\r\n\r\na\rb\nc\r\n\r\r\n.\r\r\n"
    if kind == 11:
        return b"Subject: x\r\nContent-Type: text/plain; charset=" + chance.choice([b"bogus", b"utf-7", b"\"", b"utf-16"]) + b"\r\n\r\n\xff\xfe\x80+AGE-\r\n"
    if kind == 12:
        return b"Content-Type: message/rfc822\r\n\r\n" * chance.randrange(1, 100) + b"Subject: deep\r\n\r\nx\r\n"
    return b"Subject: no end"


def known(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = lambda kind: message.get_body(preferencelist=(kind,))
    text = lambda kind: body(kind).get_content() if body(kind) is not None else ""
    parts = []
    for part in message.iter_attachments():
        nested = part.get_content_type() == "message/rfc822"
        digest = None if nested else hashlib.sha256(part.get_payload(decode=True)).hexdigest()
        parts.append({"name": part.get_filename(), "type": part.get_content_type(), "sha256": digest})
    return {"subject": str(message["subject"]), "text": text("plain"), "html": text("html"), "parts": parts, "from": message["from"].addresses[0].display_name}


expected = []
for number in range(count):
    good = chance.random() < 0.7
    raw = bytes(well_formed() if good else broken())
    # Half of them lie there with bare line feeds, as a Maildir has them as a rule.
    stored = raw.replace(b"\r\n", b"\n") if chance.random() < 0.5 else raw
    with open(f"{folder}/{number:05}", "wb") as file:
        file.write(stored)
    expected.append(known(raw) if good else None)
json.dump(expected, open(f"{folder}/expected.json", "w"))
