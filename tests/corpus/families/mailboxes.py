"""What else comes in real mailboxes: flowed text, line ends, message ids, fields that stand twice, files that editors have touched."""

from case import base64_lines, case, entity, file_part, header, mail, message, multipart, octets, part, pdf, quoted, repair, text_part

BODY = "Guten Tag\r\n"
FLOWED = "Content-Type: text/plain; charset=utf-8; format=flowed"


def flowed(name, lines, read, fields=(FLOWED,), **more):
    body = "\r\n".join(lines) + "\r\n"
    case("mailboxes", "flowed-" + name, more.pop("rfc", "RFC 3676 4.1"), mail(fields, body), text="\r\n".join(read) + "\r\n", **more)


flowed("two-lines", ["Guten Tag, anbei ", "die Rechnung."], ["Guten Tag, anbei die Rechnung."])
flowed("three-lines", ["Guten ", "Tag, ", "Anna."], ["Guten Tag, Anna."])
flowed("paragraphs", ["Erster ", "Absatz.", "", "Zweiter ", "Absatz."], ["Erster Absatz.", "", "Zweiter Absatz."])
flowed("fixed-lines", ["Position 1", "Position 2"], ["Position 1", "Position 2"])
flowed("blank-kept", ["eins  ", "zwei"], ["eins  zwei"])
flowed("upper-case", ["Guten ", "Tag."], ["Guten Tag."], fields=["Content-Type: text/plain; charset=utf-8; Format=\"Flowed\""])
flowed("quoted", ["> Wann kommt ", "> die Ware?", "Morgen."], ["> Wann kommt die Ware?", "Morgen."], rfc="RFC 3676 4.5")
flowed("quoted-twice", [">> Wann kommt ", ">> die Ware?", "> Morgen ", "> frueh."], [">> Wann kommt die Ware?", "> Morgen frueh."], rfc="RFC 3676 4.5")
flowed("signature", ["Viele ", "Gruesse", "-- ", "Anna Berg"], ["Viele Gruesse", "-- ", "Anna Berg"], rfc="RFC 3676 4.3")
flowed("stuffed-from", [" From hier an ", "geht es weiter."], ["From hier an geht es weiter."], rfc="RFC 3676 4.4")
flowed("stuffed-quote", [" > kein Zitat"], ["> kein Zitat"], rfc="RFC 3676 4.4")
flowed("stuffed-blank", ["  eingerueckt"], [" eingerueckt"], rfc="RFC 3676 4.4")
DELSP = "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes"
flowed("delsp", ["請求書の ", "お知らせ"], ["請求書のお知らせ"], fields=[DELSP, "Content-Transfer-Encoding: 8bit"], rfc="RFC 3676 4.1")
flowed("delsp-words", ["Guten  ", "Tag"], ["Guten Tag"], fields=[DELSP], rfc="RFC 3676 4.1")
flowed("delsp-no", ["Guten ", "Tag"], ["Guten Tag"], fields=[DELSP.replace("yes", "no")], rfc="RFC 3676 4.1")
flowed("not-said", ["Guten ", "Tag"], ["Guten ", "Tag"], fields=["Content-Type: text/plain; charset=utf-8"], well=True)
flowed("format-fixed", ["Guten ", "Tag"], ["Guten ", "Tag"], fields=["Content-Type: text/plain; charset=utf-8; format=fixed"], well=True)
raw = mail([FLOWED, "Content-Transfer-Encoding: quoted-printable"], "Gr=C3=BC=C3=9Fe =20\r\nan alle=20\r\nzusammen\r\n")
case("mailboxes", "flowed-quoted-printable", "RFC 3676 4.2", raw, text="Grüße  an alle zusammen\r\n")
raw = mail([FLOWED, "Content-Transfer-Encoding: base64"], base64_lines("Grüße \r\nan alle\r\n"))
case("mailboxes", "flowed-base64", "RFC 3676 4.2", raw, text="Grüße an alle\r\n")
attached = entity(["Content-Type: text/plain; charset=utf-8; format=flowed; name=notiz.txt", "Content-Disposition: attachment; filename=notiz.txt"], "eine \r\nNotiz")
raw = mail(["Content-Type: multipart/mixed; boundary=grenze"], multipart("grenze", [text_part("Guten Tag"), attached]))
case("mailboxes", "flowed-attachment-stays", "RFC 3676 4.1", raw, well=True, text="Guten Tag", parts=[part("eine \r\nNotiz", name="notiz.txt", type="text/plain")])
raw = mail(["Content-Type: text/html; charset=utf-8; format=flowed"], "<p>Guten \r\nTag</p>\r\n")
case("mailboxes", "flowed-html-stays", "RFC 3676 4", raw, well=True, text="", html="<p>Guten \r\nTag</p>\r\n")

# Line ends.
MIXED = mail(["Content-Type: multipart/mixed; boundary=grenze"], multipart("grenze", [text_part("Guten Tag\r\nBerta"), file_part()]))
case("mailboxes", "ends-lf", "RFC 5322 2.3", MIXED.replace(b"\r\n", b"\n"), well=True, text="Guten Tag\r\nBerta", parts=[pdf()])
case("mailboxes", "ends-cr", "RFC 5322 2.3", MIXED.replace(b"\r\n", b"\r"), text="Guten Tag\r\nBerta", parts=[pdf()], repairs=[repair("mime.line_ends", "")])
plain = mail(["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"], "Gr=C3=BC=C3=9Fe=\r\n an alle\r\n")
case("mailboxes", "ends-cr-quoted-printable", "RFC 5322 2.3", plain.replace(b"\r\n", b"\r"), text="Grüße an alle\r\n", repairs=[repair("mime.line_ends", "")])
case("mailboxes", "ends-lf-in-body-only", "RFC 5322 2.3", mail([], "Guten Tag\nBerta\n"), well=True, text="Guten Tag\r\nBerta\r\n")
case("mailboxes", "ends-crlf-in-body-only", "RFC 5322 2.3", message(header(), "Guten Tag\r\nBerta\r\n", end=b"\n"), well=True, text="Guten Tag\r\nBerta\r\n")
case("mailboxes", "ends-none-behind-text", "RFC 5322 3.5", mail([], "Guten Tag"), well=True, text="Guten Tag")
case("mailboxes", "ends-long-line", "RFC 5322 2.1.1", mail([], "x" * 20000 + "\r\n"), well=True, text="x" * 20000 + "\r\n")
case("mailboxes", "ends-blank-lines", "RFC 5322 3.5", mail([], "\r\n\r\nGuten Tag\r\n\r\n\r\n"), well=True, text="\r\n\r\nGuten Tag\r\n\r\n\r\n")
case("mailboxes", "ends-dots", "RFC 5321 4.5.2", mail([], ".\r\n..\r\n. .\r\n"), well=True, text=".\r\n..\r\n. .\r\n")

# Message ids.
def identified(name, value, read, well=False, **more):
    raw = mail([], BODY, message_id="Message-ID: " + value)
    case("mailboxes", "id-" + name, "RFC 5322 3.6.4", raw, well=well, text=BODY, message_id=read, **more)


MAY = ["header.message_id_invalid"]
identified("no-brackets", "4711@erp.example.com", "4711@erp.example.com", may_repair=MAY)
identified("no-at", "<4711>", "4711", may_repair=MAY)
identified("folded", "\r\n <4711.0815@erp.example.com>", "4711.0815@erp.example.com")
identified("comment", "<4711@erp.example.com> (added by relay)", "4711@erp.example.com")
identified("brackets-within", "<[4711]@[192.0.2.1]>", "[4711]@[192.0.2.1]")
identified("exchange", "<AM0PR05MB4711@AM0PR05MB4711.eurprd05.prod.outlook.example>", "AM0PR05MB4711@AM0PR05MB4711.eurprd05.prod.outlook.example", well=True)
identified("dollar", "<000001d1$a2b3c4d0$e5f60710$@example.com>", "000001d1$a2b3c4d0$e5f60710$@example.com", well=True)
for name, field, read in [
    ("one", "<1@a.example>", ["1@a.example"]),
    ("three", "<1@a.example> <2@a.example> <3@a.example>", ["1@a.example", "2@a.example", "3@a.example"]),
    ("folded", "<1@a.example>\r\n <2@a.example>\r\n\t<3@a.example>", ["1@a.example", "2@a.example", "3@a.example"]),
    ("no-blanks", "<1@a.example><2@a.example>", ["1@a.example", "2@a.example"]),
    ("commas", "<1@a.example>, <2@a.example>", ["1@a.example", "2@a.example"]),
]:
    raw = mail(["References: " + field, "In-Reply-To: <1@a.example>"], BODY)
    case("mailboxes", "references-" + name, "RFC 5322 3.6.4", raw, text=BODY, references=read, in_reply_to=["1@a.example"], may_repair=MAY)
many = [f"{n}@a.example" for n in range(200)]
raw = mail(["References: " + "\r\n ".join(f"<{one}>" for one in many)], BODY)
case("mailboxes", "references-two-hundred", "RFC 5322 3.6.4", raw, text=BODY, references=many)
raw = mail(["In-Reply-To: Your message of Fri, 20 Nov 2026 <1@a.example>"], BODY)
case("mailboxes", "in-reply-to-prose", "RFC 5322 4.5.4", raw, text=BODY, in_reply_to=["1@a.example"], may_repair=MAY)

# Fields that stand twice, are empty, or are written oddly.
raw = mail(["Subject: zweiter"], BODY)
case("mailboxes", "subject-twice", "RFC 5322 3.6", raw, text=BODY, repairs=[repair("header.repeated", "/subject")])
raw = mail(["Message-ID: <zweite@erp.example.com>"], BODY)
case("mailboxes", "message-id-twice", "RFC 5322 3.6", raw, text=BODY, repairs=[repair("header.repeated", "/message_id")])
raw = mail(["Received: from a.example by b.example; Fri, 20 Nov 2026 10:00:01 +0100"] * 5, BODY)
case("mailboxes", "received-often", "RFC 5322 3.6.7", raw, well=True, text=BODY)
raw = mail([], BODY, subject="Subject : Auftrag 4711", to="To : Berta Klein <berta@example.org>")
case("mailboxes", "blank-before-colon", "RFC 5322 4.5", raw, text=BODY, subject="Auftrag 4711", to=[{"name": "Berta Klein", "address": "berta@example.org"}])
raw = mail([], BODY, subject="Subject:Auftrag 4711", to="To:<berta@example.org>")
case("mailboxes", "no-blank-behind-colon", "RFC 5322 2.2", raw, well=True, text=BODY, subject="Auftrag 4711", to=[{"address": "berta@example.org"}])
raw = mail([], BODY, subject="SUBJECT: Auftrag 4711", from_="FROM: anna@example.com")
case("mailboxes", "upper-case-names", "RFC 5322 1.2.2", raw, well=True, text=BODY, subject="Auftrag 4711", **{"from": [{"address": "anna@example.com"}]})
raw = mail(["X-Leer:", "X-Lang: " + "wort " * 400], BODY)
case("mailboxes", "other-fields", "RFC 5322 3.6.8", raw, well=True, text=BODY)
case("mailboxes", "subject-missing", "RFC 5322 3.6", mail([], BODY, subject=None), text=BODY, subject="")
case("mailboxes", "from-missing", "RFC 5322 3.6", mail([], BODY, from_=None), text=BODY, **{"from": []})
raw = mail([], BODY, subject=b"Subject: Auftrag\r\n \r\n 4711")
case("mailboxes", "fold-of-blanks-only", "RFC 5322 4.2", raw, text=BODY, subject="Auftrag 4711")
raw = b"From anna@example.com Fri Nov 20 10:00:00 2026\r\n" + mail([], BODY)
case("mailboxes", "mbox-line", "RFC 4155", raw, text=BODY, may_repair=["mime.header_line_invalid"])
raw = b"\xef\xbb\xbf" + mail([], BODY)
case("mailboxes", "bom-in-front", "RFC 3629 6", raw, text=BODY, may_repair=["mime.bom_removed", "mime.header_line_invalid"], **{
    "from": [{"name": "Anna Berg", "address": "anna@example.com"}]})
raw = mail([], BODY, message_id=None, date=None, to=None, subject="subject: nur\tTabulator")
case("mailboxes", "tab-in-subject", "RFC 5322 2.2.2", raw, text=BODY, subject="nur Tabulator")
raw = mail(["X-Bytes: \xe4".encode("latin-1")], BODY)
case("mailboxes", "raw-byte-in-other-field", "RFC 5322 2.2", raw, text=BODY)
raw = mail(["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"], quoted("Zeile mit Leerzeichen \r\nBerta\r\n"))
case("mailboxes", "blank-kept-at-line-end", "RFC 2045 6.7", raw, well=True, text="Zeile mit Leerzeichen \r\nBerta\r\n")
