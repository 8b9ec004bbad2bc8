"""Encoded words (RFC 2047) and raw letters in header fields."""

from case import PDF, base64_lines, case, entity, mail, multipart, octets, pdf, repair

BODY = "Guten Tag\r\n"
BROKEN = [repair("header.encoded_word_invalid", "/subject")]
MAY = ["header.encoded_word_invalid"]


def subject(name, rfc, value, read, repairs=(), well=False, fields=(), **more):
    case("words", name, rfc, mail(fields, BODY, subject=b"Subject: " + octets(value)), well=well, repairs=repairs, text=BODY, subject=read, **more)


for name, value, read in [
    ("q", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    ("q-lower", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    ("b", "=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
    ("b-lower", "=?UTF-8?b?R3LDvMOfZQ==?=", "Grüße"),
    ("underscore", "=?utf-8?Q?Gr=C3=BC=C3=9Fe_an_alle?=", "Grüße an alle"),
    ("encoded-underscore", "=?utf-8?Q?a=5Fb?=", "a_b"),
    ("encoded-blank", "=?utf-8?Q?a=20b?=", "a b"),
    ("encoded-question-mark", "=?utf-8?Q?Warum=3F?=", "Warum?"),
    ("between-words", "Viele =?utf-8?Q?Gr=C3=BC=C3=9Fe?= an alle", "Viele Grüße an alle"),
    ("two-words", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?utf-8?Q?_an_alle?=", "Grüße an alle"),
    ("two-folded", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?Q?_an_alle?=", "Grüße an alle"),
    ("two-folded-tab", "=?utf-8?Q?Gr=C3=BC?=\r\n\t=?utf-8?Q?=C3=9Fe?=", "Grüße"),
    ("two-many-blanks", "=?utf-8?Q?Gr=C3=BC?=   \r\n    =?utf-8?Q?=C3=9Fe?=", "Grüße"),
    ("two-charsets", "=?iso-8859-1?Q?Gr=FC=DFe?= =?iso-8859-2?Q?_=B9unka?=", "Grüße šunka"),
    ("two-forms", "=?utf-8?B?R3LDvA==?= =?utf-8?Q?=C3=9Fe?=", "Grüße"),
    ("word-plain-word", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?= und =?utf-8?Q?K=C3=BCsse?=", "Grüße und Küsse"),
    ("language", "=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    ("plain-folded", "Eine lange Zeile\r\n geht weiter\r\n und weiter", "Eine lange Zeile geht weiter und weiter"),
    ("looks-like-one", "1 =? 2 ?= 3", "1 =? 2 ?= 3"),
    ("formula", "a =?b?c", "a =?b?c"),
    ("fold-after-colon", "\r\n Auftrag 4711", "Auftrag 4711"),
    ("empty", "", ""),
    ("blanks", "   Auftrag   ", "Auftrag"),
]:
    well = name not in ("language", "two-many-blanks", "two-folded-tab", "blanks")
    subject(name, "RFC 2047 6.2" if name.startswith(("two", "word-")) else "RFC 2047 4" if "=?" in value else "RFC 5322 2.2.3", value, read, well=well)
# A letter in two words: RFC 2047 5 forbids it, Outlook and others write it.
subject("split-letter-q", "RFC 2047 5", "=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe?=", "Grüße", may_repair=MAY)
subject("split-letter-b", "RFC 2047 5", "=?utf-8?B?R3LD?=\r\n =?utf-8?B?vMOfZQ==?=", "Grüße", may_repair=MAY)
subject("split-letter-japanese", "RFC 2047 5", "=?utf-8?B?6KuL5rE=?= =?utf-8?B?guabuA==?=", "請求書", may_repair=MAY)
subject("long", "RFC 2047 2", "=?utf-8?Q?" + "=C3=BC" * 60 + "?=", "ü" * 60, well=True)
subject("blank-within", "RFC 2047 4.2", "=?utf-8?Q?Gr=C3=BC=C3=9Fe an alle?=", "Grüße an alle", may_repair=MAY)
subject("unpadded", "RFC 2047 4.1", "=?utf-8?B?R3LDvMOfZQ?=", "Grüße", may_repair=MAY)
subject("lower-hex", "RFC 2047 4.2", "=?utf-8?Q?Gr=c3=bc=c3=9fe?=", "Grüße", may_repair=MAY)
subject("glued-to-word", "RFC 2047 5", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=, Anna", "Grüße, Anna", may_repair=MAY)
subject("glued-in-front", "RFC 2047 5", "(=?utf-8?Q?Gr=C3=BC=C3=9Fe?=)", "(Grüße)", may_repair=MAY)
subject("glued-to-each-other", "RFC 2047 2", "=?utf-8?Q?Gr=C3=BC?==?utf-8?Q?=C3=9Fe?=", "Grüße", may_repair=MAY)
subject("empty-word", "RFC 2047 2", "=?utf-8?Q??= Auftrag", "Auftrag", may_repair=MAY)
subject("unknown-form", "RFC 2047 4", "=?utf-8?X?abc?=", "=?utf-8?X?abc?=", may_repair=MAY)
subject("unended", "RFC 2047 2", "=?utf-8?Q?Auftrag", "=?utf-8?Q?Auftrag", may_repair=MAY)
subject("bad-escape", "RFC 2047 4.2", "=?utf-8?Q?100=Prozent?=", "100=Prozent", repairs=BROKEN)
subject("bad-base64", "RFC 2047 4.1", "=?utf-8?B?R3L!DvMOfZQ==?=", "Grüße", repairs=BROKEN)
subject("unknown-charset", "RFC 2047 6.2", "=?x-geheim?Q?Auftrag?=", "Auftrag", repairs=[repair("text.charset_unknown|header.encoded_word_invalid|header.charset_guessed", "/subject")])
subject("wrong-charset", "RFC 2047 6.2", "=?us-ascii?Q?Gr=C3=BC=C3=9Fe?=", "Grüße",
        repairs=[repair("header.charset_guessed|header.encoded_word_invalid|text.charset_guessed", "/subject")])
GUESSED = [repair("header.charset_guessed", "/subject")]
subject("raw-utf8", "RFC 6532 3.2", "Grüße aus Köln", "Grüße aus Köln")
subject("raw-utf8-japanese", "RFC 6532 3.2", "請求書", "請求書")
subject("raw-windows-1252", "RFC 5322 2.2", b"Gr\xfc\xdfe f\xfcr 5 \x80", "Grüße für 5 €", repairs=GUESSED)
subject("raw-beside-encoded", "RFC 5322 2.2", b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= an M\xfcller", "Grüße an Müller", repairs=GUESSED)
subject("raw-folded", "RFC 5322 2.2", b"Gr\xfc\xdfe\r\n an M\xfcller", "Grüße an Müller", repairs=GUESSED)
for charset, codec, text in [("windows-1250", "cp1250", "Čas žetve"), ("koi8-r", "koi8-r", "Счёт"), ("shift_jis", "shift_jis", "請求書"), ("windows-1251", "cp1251", "Счёт")]:
    subject("raw-as-body-" + charset, "RFC 5322 2.2", text.encode(codec), text, repairs=GUESSED, fields=[f"Content-Type: text/plain; charset={charset}"])
raw = mail([], BODY, from_=b"From: J\xfcrgen M\xfcller <jm@example.com>")
case("words", "raw-from", "RFC 5322 2.2", raw, text=BODY, repairs=[repair("header.charset_guessed", "/from")],
     **{"from": [{"name": "Jürgen Müller", "address": "jm@example.com"}]})
raw = mail([], BODY, to=b'To: "M\xfcller, J\xfcrgen" <jm@example.com>')
case("words", "raw-to-quoted", "RFC 5322 2.2", raw, text=BODY, repairs=[repair("header.charset_guessed", "/to")],
     to=[{"name": "Müller, Jürgen", "address": "jm@example.com"}])

# Line breaks and NUL within what was encoded: no program may take them for the end of a line.
CONTROL = [repair("header.control_removed", "/subject")]
subject("encoded-crlf", "RFC 2047 5", "=?utf-8?Q?Auftrag=0D=0ABcc:_x@example.com?=", "Auftrag Bcc: x@example.com", repairs=CONTROL)
subject("encoded-lf", "RFC 2047 5", "=?utf-8?Q?Auftrag=0A4711?=", "Auftrag 4711", repairs=CONTROL)
subject("encoded-nul", "RFC 2047 5", "=?utf-8?Q?Auftrag=004711?=", "Auftrag 4711", repairs=CONTROL)
subject("raw-nul", "RFC 5322 4.1", b"Auftrag\x004711", "Auftrag 4711", repairs=CONTROL)
raw = mail([], BODY, from_="From: =?utf-8?Q?Anna=0D=0ABerg?= <anna@example.com>")
case("words", "encoded-crlf-in-name", "RFC 2047 5", raw, text=BODY, repairs=[repair("header.control_removed", "/from")],
     **{"from": [{"name": "Anna Berg", "address": "anna@example.com"}]})
second = entity(["Content-Type: application/pdf", "Content-Disposition: attachment; filename*=utf-8''Rechnung%0A4711.pdf", "Content-Transfer-Encoding: base64"], base64_lines(PDF))
raw = mail(["Content-Type: multipart/mixed; boundary=grenze"], multipart("grenze", [entity([], "Guten Tag"), second]))
case("words", "encoded-lf-in-file-name", "RFC 2231 4", raw, text="Guten Tag", parts=[pdf("Rechnung 4711.pdf")], repairs=[repair("header.control_removed", "/parts/0")])
