"""How messages are put together: which part is the text, which the HTML, which an attachment, and what it is called."""

from case import PDF, base64_lines, case, entity, file_part, mail, message, multipart, octets, part, pdf, text_part

BODY = "Guten Tag"
HTML = "<p>Guten Tag <img src=\"cid:logo@example.com\"></p>"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
LOGO = part(PNG, name="logo.png", type="image/png", inline="logo@example.com")


def png(*more):
    fields = ["Content-Type: image/png; name=\"logo.png\"", "Content-ID: <logo@example.com>", "Content-Transfer-Encoding: base64", *more]
    return entity(fields, base64_lines(PNG))


def html_part(*more):
    return entity(["Content-Type: text/html; charset=utf-8", *more], HTML)


def of(kind, boundary, parts, *parameters):
    """A multipart as a part."""
    more = "".join(f"; {parameter}" for parameter in parameters)
    return entity([f"Content-Type: multipart/{kind}; boundary={boundary}{more}"], multipart(boundary, parts).removesuffix(b"\r\n"))


def structure(name, rfc, root, well=False, repairs=(), **answer):
    """A message whose outermost part is `root`, an entity."""
    head, body = root.split(b"\r\n\r\n", 1) if not root.startswith(b"\r\n") else (b"", root[2:])
    raw = mail(head.split(b"\r\n") if head else [], body)
    case("structure", name, rfc, raw, well=well, repairs=repairs, **({"text": BODY} | answer))


alternative = of("alternative", "alt", [text_part(), html_part()])
related = of("related", "rel", [html_part(), png("Content-Disposition: inline")])
WELL = {
    "alternative": ("RFC 2046 5.1.4", alternative, {"html": HTML}),
    "mixed-alternative": ("RFC 2046 5.1.3", of("mixed", "mix", [alternative, file_part()]), {"html": HTML, "parts": [pdf()]}),
    "related": ("RFC 2387 3.1", related, {"text": "", "html": HTML, "parts": [LOGO]}),
    "alternative-related": ("RFC 2387 5", of("alternative", "alt", [text_part(), related]), {"html": HTML, "parts": [LOGO]}),
    "related-alternative": ("RFC 2387 5", of("related", "rel", [alternative, png()]), {"html": HTML, "parts": [LOGO]}),
    "mixed-alternative-related": ("RFC 2387 5", of("mixed", "mix", [of("alternative", "alt", [text_part(), related]), file_part()]),
                                  {"html": HTML, "parts": [LOGO, pdf()]}),
    "mixed-related-alternative": ("RFC 2387 5", of("mixed", "mix", [of("related", "rel", [alternative, png()]), file_part()]),
                                  {"html": HTML, "parts": [LOGO, pdf()]}),
    "mixed-html-only": ("RFC 2046 5.1.3", of("mixed", "mix", [html_part(), file_part()]), {"text": "", "html": HTML, "parts": [pdf()]}),
    "mixed-file-only": ("RFC 2046 5.1.3", of("mixed", "mix", [file_part()]), {"text": "", "parts": [pdf()]}),
    "mixed-file-first": ("RFC 2046 5.1.3", of("mixed", "mix", [file_part(), text_part()]), {"parts": [pdf()]}),
    "mixed-two-texts": ("RFC 2046 5.1.3", of("mixed", "mix", [text_part(), file_part(), text_part("Verteiler abmelden")]),
                        {"text": "Guten Tag\nVerteiler abmelden", "parts": [pdf()]}),
    "mixed-in-mixed": ("RFC 2046 5.1.2", of("mixed", "mix", [of("mixed", "in", [text_part(), file_part("a.pdf")]), file_part("b.pdf")]),
                       {"parts": [pdf("a.pdf"), pdf("b.pdf")]}),
    "parallel": ("RFC 2046 5.1.6", of("parallel", "par", [text_part(), file_part()]), {"parts": [pdf()]}),
    "unknown-multipart": ("RFC 2046 5.1.7", of("x-neu", "neu", [text_part(), file_part()]), {"parts": [pdf()]}),
    "text-attached": ("RFC 2183 2.2", of("mixed", "mix", [text_part(), entity(
        ["Content-Type: text/plain; charset=utf-8; name=notiz.txt", "Content-Disposition: attachment; filename=notiz.txt"], "eine Notiz")]),
        {"parts": [part("eine Notiz", name="notiz.txt", type="text/plain")]}),
    "html-attached": ("RFC 2183 2.2", of("mixed", "mix", [text_part(), entity(
        ["Content-Type: text/html; charset=utf-8", "Content-Disposition: attachment; filename=seite.html"], "<p>Seite</p>")]),
        {"parts": [part("<p>Seite</p>", name="seite.html", type="text/html")]}),
    "csv-and-calendar": ("RFC 2046 4.1", of("mixed", "mix", [
        text_part(), entity(["Content-Type: text/csv; name=a.csv"], "1;2\r\n3;4"), entity(["Content-Type: text/vcard; name=anna.vcf"], "BEGIN:VCARD\r\nEND:VCARD")]),
        {"parts": [part("1;2\r\n3;4", name="a.csv", type="text/csv"), part("BEGIN:VCARD\r\nEND:VCARD", name="anna.vcf", type="text/vcard")]}),
    "no-type": ("RFC 2045 5.2", of("mixed", "mix", [b"\r\nGuten Tag", file_part()]), {"parts": [pdf()]}),
    "no-blank-part-header": ("RFC 2046 5.1", of("mixed", "mix", [entity(["Content-Type: text/plain; charset=us-ascii"], BODY), file_part()]), {"parts": [pdf()]}),
    "empty-text": ("RFC 2046 5.1", of("mixed", "mix", [text_part(""), file_part()]), {"text": "", "parts": [pdf()]}),
    "empty-file": ("RFC 2045 6.8", of("mixed", "mix", [text_part(), file_part("leer.pdf", b"")]), {"parts": [part(b"", name="leer.pdf", type="application/pdf")]}),
    "empty-html": ("RFC 2046 5.1.4", of("alternative", "alt", [text_part(), text_part("", "html")]), {}),
    "upper-case-types": ("RFC 2045 5.1", entity(["Content-Type: MULTIPART/MIXED; boundary=mix"], multipart("mix", [
        entity(["Content-Type: TEXT/PLAIN"], BODY), file_part(kind="Application/PDF")])), {"parts": [pdf()]}),
    "hundred-files": ("RFC 2046 5.1.3", of("mixed", "mix", [text_part()] + [file_part(f"{n}.txt", b"%d" % n, "application/x-n") for n in range(100)]),
                      {"parts": [part(b"%d" % n, name=f"{n}.txt", type="application/x-n") for n in range(100)]}),
    "same-name-twice": ("RFC 2183 2.3", of("mixed", "mix", [text_part(), file_part("a.pdf"), file_part("a.pdf")]), {"parts": [pdf("a.pdf"), pdf("a.pdf")]}),
    "picture-in-mixed": ("RFC 2183 2.1", of("mixed", "mix", [text_part(), png("Content-Disposition: inline; filename=logo.png")]), {"parts": [LOGO]}),
    "picture-between-texts": ("RFC 2046 5.1.3", of("mixed", "mix", [text_part(), png("Content-Disposition: inline"), text_part("Berta")]),
                              {"text": "Guten Tag\nBerta", "parts": [LOGO]}),
}
for name, (rfc, root, answer) in WELL.items():
    structure(name, rfc, root, well=True, **answer)

# multipart/related: the root is what `start` names, else the first part (RFC 2387 3.2).
structure("related-start", "RFC 2387 3.2", of("related", "rel", [png(), html_part("Content-ID: <haupt@example.com>")], "start=\"<haupt@example.com>\"",
          "type=\"text/html\""), text="", html=HTML, parts=[LOGO])
structure("related-start-without-type", "RFC 2387 3.2", of("related", "rel", [png(), html_part("Content-ID: <haupt@example.com>")],
          "start=\"<haupt@example.com>\""), text="", html=HTML, parts=[LOGO])
structure("related-html-last", "RFC 2387 3.2", of("related", "rel", [png(), html_part()]), text="", html=HTML, parts=[LOGO])
structure("related-alternative-last", "RFC 2387 3.2", of("related", "rel", [png(), alternative], "start=\"<alt@example.com>\"").replace(
          b"Content-Type: multipart/alternative", b"Content-ID: <alt@example.com>\r\nContent-Type: multipart/alternative"), html=HTML, parts=[LOGO])
structure("related-text-and-html", "RFC 2387 3.2", of("related", "rel", [html_part(), png(), file_part()]), text="", html=HTML, parts=[LOGO, pdf()])

# Attached messages.
INNER = message(["Subject: innen", "From: Carl <carl@example.com>", "Content-Type: text/plain"], "Text von innen")
DEEP = message(["Subject: tief", "Content-Type: multipart/mixed; boundary=tief"], multipart("tief", [text_part("tiefer Text"), file_part("tief.pdf")]).removesuffix(b"\r\n"))
attached = entity(["Content-Type: message/rfc822"], INNER)
TOLD = part(INNER, type="message/rfc822", file_name="innen.eml")
structure("message-attached", "RFC 2046 5.2.1", of("mixed", "mix", [text_part(), attached]), parts=[TOLD])
structure("message-attached-named", "RFC 2046 5.2.1", of("mixed", "mix", [text_part(), entity(
    ["Content-Type: message/rfc822; name=\"weiter.eml\"", "Content-Disposition: attachment; filename=\"weiter.eml\""], INNER)]),
    parts=[part(INNER, name="weiter.eml", type="message/rfc822")])
structure("message-with-parts", "RFC 2046 5.2.1", of("mixed", "mix", [text_part(), entity(["Content-Type: message/rfc822"], DEEP), file_part()]),
          parts=[part(DEEP, type="message/rfc822", file_name="tief.eml"), pdf()])
structure("message-alone", "RFC 2046 5.2.1", entity(["Content-Type: message/rfc822"], INNER), text="", parts=[TOLD])
structure("message-global", "RFC 6532 3.7", of("mixed", "mix", [text_part(), entity(["Content-Type: message/global"], message(
    ["Subject: grün"], "Text"))]), parts=[part(message(["Subject: grün"], "Text"), type="message/global", file_name="grün.eml")])
structure("digest", "RFC 2046 5.1.5", of("digest", "dig", [b"\r\n" + INNER, b"\r\n" + INNER]), text="", parts=[TOLD, TOLD])
structure("digest-with-type", "RFC 2046 5.1.5", of("digest", "dig", [attached, b"\r\n" + INNER]), text="", parts=[TOLD, TOLD])
structure("digest-text", "RFC 2046 5.1.5", of("digest", "dig", [text_part(), b"\r\n" + INNER]), parts=[TOLD])
structure("mixed-with-digest", "RFC 2046 5.1.5", of("mixed", "mix", [text_part(), of("digest", "dig", [b"\r\n" + INNER]), text_part("Fuss")]),
          text="Guten Tag\nFuss", parts=[TOLD])
PARTIAL = b"Teil einer grossen Nachricht\r\n"
structure("partial", "RFC 2046 5.2.2", entity(["Content-Type: message/partial; number=2; total=3; id=\"abc@example.com\""], PARTIAL), text="",
          parts=[part(PARTIAL, type="message/partial")])
EXTERNAL = b"Content-Type: application/pdf\r\nContent-ID: <1@example.com>\r\n\r\n"
structure("external-body", "RFC 2046 5.2.3", of("mixed", "mix", [text_part(), entity(
    ["Content-Type: message/external-body; access-type=URL; URL=\"https://example.com/a.pdf\""], EXTERNAL)]), parts=[part(EXTERNAL, type="message/external-body")])
structure("headers-only", "RFC 6522 4", of("mixed", "mix", [text_part(), entity(["Content-Type: text/rfc822-headers"], "Subject: innen\r\n")]),
          parts=[part("Subject: innen\r\n", type="text/rfc822-headers")])

# Signed and encrypted mail.
signature = entity(["Content-Type: application/pgp-signature; name=\"signature.asc\""], "-----BEGIN PGP SIGNATURE-----\r\n-----END PGP SIGNATURE-----")
SIGNATURE = {"type": "application/pgp-signature", "name": "signature.asc"}
structure("signed-pgp", "RFC 1847 2.1", of("signed", "sig", [text_part(), signature], "protocol=\"application/pgp-signature\"", "micalg=pgp-sha256"), well=True,
          parts=[SIGNATURE], security="signed")
structure("signed-mixed", "RFC 1847 2.1", of("signed", "sig", [of("mixed", "mix", [text_part(), file_part()]), signature], "protocol=\"application/pgp-signature\""),
          well=True, parts=[pdf(), SIGNATURE], security="signed")
smime = file_part("smime.p7s", b"\x30\x80\x06\x09", "application/pkcs7-signature")
structure("signed-smime", "RFC 8551 3.5.3", of("signed", "sig", [alternative, smime], "protocol=\"application/pkcs7-signature\"", "micalg=sha-256"), well=True,
          html=HTML, parts=[part(b"\x30\x80\x06\x09", name="smime.p7s", type="application/pkcs7-signature")], security="signed")
opaque = entity(["Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "Content-Transfer-Encoding: base64"], base64_lines(b"\x30\x80"))
structure("signed-opaque", "RFC 8551 3.5.2", opaque, well=True, text="", parts=[part(b"\x30\x80", name="smime.p7m", type="application/pkcs7-mime")], security="signed")
structure("encrypted-smime", "RFC 8551 3.3", opaque.replace(b"signed-data", b"enveloped-data"), well=True, text="", parts=[{"name": "smime.p7m"}], security="encrypted")
structure("encrypted-pgp", "RFC 3156 4", of("encrypted", "enc", [entity(["Content-Type: application/pgp-encrypted"], "Version: 1"), entity(
    ["Content-Type: application/octet-stream; name=\"encrypted.asc\""], "-----BEGIN PGP MESSAGE-----")], "protocol=\"application/pgp-encrypted\""), well=True, text="",
    parts=[{"type": "application/pgp-encrypted"}, {"name": "encrypted.asc"}], security="encrypted")

# Depth, order, and messages that lack what RFC 2045 asks for.
deep = text_part()
for level in range(20):
    deep = of("mixed", f"b{level}", [deep, file_part(f"{level}.pdf")])
structure("twenty-levels", "RFC 2046 5.1", deep, well=True, parts=[pdf(f"{level}.pdf") for level in range(20)])
apple = of("appledouble", "app", [entity(["Content-Type: application/applefile; name=\"Rechnung.pdf\"", "Content-Transfer-Encoding: base64"], base64_lines(b"\0\x05\x16\x07")),
           file_part()])
structure("appledouble", "RFC 1740 4", of("mixed", "mix", [text_part(), apple]), well=True,
          parts=[part(b"\0\x05\x16\x07", name="Rechnung.pdf", type="application/applefile"), pdf()])
head = [b"Subject: ohne Version", b"Content-Type: multipart/mixed; boundary=mix"]
case("structure", "no-mime-version", "RFC 2045 4", message(head, multipart("mix", [text_part(), file_part()])), well=True, text=BODY, parts=[pdf()],
     subject="ohne Version")
for name, version in [("comment", "1.0 (made by hand)"), ("next", "2.0")]:
    raw = message([octets("Subject: Version"), octets(f"MIME-Version: {version}"), head[1]], multipart("mix", [text_part(), file_part()]))
    case("structure", "mime-version-" + name, "RFC 2045 4", raw, well=True, text=BODY, parts=[pdf()], subject="Version")
calendar = entity(["Content-Type: text/calendar; method=REQUEST; charset=utf-8"], "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR")
structure("calendar-alternative", "RFC 6047 2.4", of("alternative", "alt", [text_part(), html_part(), calendar]), well=True, html=HTML,
          parts=[part("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR", type="text/calendar")])
structure("sections", "RFC 9051 6.4.5.1", of("mixed", "mix", [alternative, file_part("a.pdf"), of("mixed", "in", [file_part("b.pdf"), file_part("c.pdf")])]), html=HTML,
          parts=[pdf("a.pdf", section="2"), pdf("b.pdf", section="3.1"), pdf("c.pdf", section="3.2")])
