"""Mail that machines write: ERP systems, scanners, web shops, list servers, monitoring. Only shapes are imitated."""

import base64

from case import PDF, base64_lines, case, entity, file_part, header, mail, message, multipart, octets, part, pdf, quoted, repair, text_part

TIFF = b"II*\0\x08\0\0\0"


def machine(name, raw, well=True, **answer):
    case("machines", name, answer.pop("rfc", "RFC 2049 4"), raw, well=well, **answer)


# ERP: one boundary with blanks removed, description instead of name, PDF and XML.
XML = "<?xml version=\"1.0\"?><Order/>"
boundary = "=_4711ABCDEF0815AFE10000000A5C1234"
body = multipart(boundary, [
    entity(["Content-Type: text/plain;\r\n charset=\"utf-8\"", "Content-Transfer-Encoding: base64"], base64_lines("Sehr geehrte Damen und Herren,\r\nanbei die Bestellung.\r\n") + b"\r\n"),
    entity(["Content-Type: application/pdf;\r\n name=\"BEST_4500004711.PDF\"", "Content-Disposition: attachment;\r\n filename=\"BEST_4500004711.PDF\"",
            "Content-Description: =?utf-8?B?QmVzdGVsbHVuZw==?=", "Content-Transfer-Encoding: base64"], base64_lines(PDF, 72) + b"\r\n"),
    entity(["Content-Type: application/xml;\r\n name=\"order.xml\"", "Content-Disposition: attachment;\r\n filename=\"order.xml\"", "Content-Transfer-Encoding: quoted-printable"], quoted(XML)),
])
machine("erp-order", mail([f"Content-Type: multipart/mixed;\r\n boundary=\"{boundary}\"", "X-Mailer: ERP 7.50", "X-Priority: 3", "Sensitivity: company-confidential"], body),
        text="Sehr geehrte Damen und Herren,\r\nanbei die Bestellung.\r\n",
        parts=[pdf("BEST_4500004711.PDF"), part(XML, name="order.xml", type="application/xml")])
machine("erp-pdf-only", mail(["Content-Type: application/pdf; name=\"4711.pdf\"", "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; filename=\"4711.pdf\""],
        base64_lines(PDF) + b"\r\n"), text="", parts=[pdf("4711.pdf")])
machine("erp-octet-stream", mail(["Content-Type: multipart/mixed; boundary=b1"], multipart("b1", [text_part(), entity(
    ["Content-Type: application/octet-stream; name=\"4711.PDF\"", "Content-Transfer-Encoding: BASE64", "Content-Disposition: attachment; filename=\"4711.PDF\""], base64_lines(PDF))])),
    text="Guten Tag", parts=[part(PDF, name="4711.PDF", type="application/octet-stream")])
edi = "UNB+UNOC:3+ANNA+BERTA+261120:1000+4711'\r\nUNZ+0+4711'"
machine("edifact", mail(["Content-Type: application/edifact; name=\"orders.edi\"", "Content-Transfer-Encoding: 7bit"], edi), text="",
        parts=[part(edi, name="orders.edi", type="application/edifact")])

# Scanners.
boundary = "KM-BOUNDARY_20261120100000"
machine("scanner-pdf", message(["From: scanner@example.com", "To: <buero@example.org>", "Subject: Gescannt von Etage 3", "Date: Fri, 20 Nov 2026 10:00:00 +0100",
    "MIME-Version: 1.0", f"Content-Type: multipart/mixed; boundary=\"{boundary}\""], multipart(boundary, [
    entity(["Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: 7bit"], "Scan-Datum: 20.11.2026"),
    entity(["Content-Type: application/pdf; name=\"doc00471120261120100000.pdf\"", "Content-Transfer-Encoding: base64",
            "Content-Disposition: attachment; filename=\"doc00471120261120100000.pdf\""], base64_lines(PDF))])),
    subject="Gescannt von Etage 3", text="Scan-Datum: 20.11.2026", parts=[pdf("doc00471120261120100000.pdf")])
machine("scanner-tiff-empty-text", mail(["Content-Type: multipart/mixed; boundary=\"--scan--\""], multipart("--scan--", [
    text_part(""), file_part("SCAN0001.TIF", TIFF, "image/tiff")])), text="", parts=[part(TIFF, name="SCAN0001.TIF", type="image/tiff")])
machine("scanner-no-text", mail(["Content-Type: multipart/mixed; boundary=scan"], multipart("scan", [file_part("SCAN0001.TIF", TIFF, "image/tiff"), file_part("SCAN0002.TIF", TIFF, "image/tiff")])),
        text="", parts=[part(TIFF, name="SCAN0001.TIF"), part(TIFF, name="SCAN0002.TIF")])
machine("fax", message(["From: \"Fax +49 30 4711\" <fax@example.com>", "To: <buero@example.org>", "Subject: Fax von +49 30 4711, 1 Seite", "MIME-Version: 1.0",
    "Content-Type: multipart/mixed; boundary=fax"], multipart("fax", [text_part("1 Seite"), file_part("fax.tif", TIFF, "image/tiff")])),
    subject="Fax von +49 30 4711, 1 Seite", text="1 Seite", parts=[part(TIFF, name="fax.tif")], **{"from": [{"name": "Fax +49 30 4711", "address": "fax@example.com"}]})

# Web shops and newsletters.
page = "<html><head><meta charset=\"utf-8\"></head><body><h1>Vielen Dank für Ihre Bestellung</h1><p>Größe 42, 5 €</p></body></html>\r\n"
plain = "Vielen Dank für Ihre Bestellung\r\nGröße 42, 5 €\r\n"
shop = multipart("b1_4711abcdef", [
    entity(["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"], plain), entity(["Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64"], base64_lines(page) + b"\r\n")],
    preamble="This is a multi-part message in MIME format.\r\n", epilogue="\r\n")
machine("shop-order", mail(["Content-Type: multipart/alternative;\r\n boundary=\"b1_4711abcdef\"", "X-Mailer: Shop 6.9", "Content-Transfer-Encoding: 8bit"], shop), text=plain, html=page)
machine("shop-html-only", mail(["Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"], quoted(page)), text="", html=page)
machine("shop-windows-1252", mail(["Content-type: text/html; charset=windows-1252", "Content-transfer-encoding: 8bit"], page.encode("cp1252")), text="", html=page)
java = "----=_Part_4711_815.1795165200000"
machine("shop-java", mail([f"Content-Type: multipart/mixed; \r\n\tboundary=\"{java}\""], multipart(java, [
    entity(["Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: quoted-printable"], quoted(plain)),
    entity(["Content-Type: application/pdf; name=Rechnung_4711.pdf", "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; filename=Rechnung_4711.pdf"], base64_lines(PDF))])),
    text=plain, parts=[pdf("Rechnung_4711.pdf")])
machine("newsletter", mail(["Content-Type: multipart/alternative; boundary=\"_----4711ab===_0815/00-00001-A\"", "List-Unsubscribe: <https://example.com/weg>, <mailto:weg@example.com>",
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Precedence: bulk"], multipart("_----4711ab===_0815/00-00001-A", [
    entity(["Content-Type: text/plain; charset=utf-8"], "Neuigkeiten"), entity(["Content-Type: text/html; charset=utf-8"], "<p>Neuigkeiten</p>")])), text="Neuigkeiten", html="<p>Neuigkeiten</p>")

# List servers.
LIST = ["List-Id: Vereinsliste <verein.liste.example.org>", "List-Post: <mailto:verein@liste.example.org>", "Precedence: list", "Sender: verein-bounces@liste.example.org"]
footer = entity(["Content-Type: text/plain; charset=\"us-ascii\"", "MIME-Version: 1.0", "Content-Transfer-Encoding: 7bit", "Content-Disposition: inline"], "____\r\nVerein mailing list\r\n")
machine("list-footer-part", mail(LIST + ["Content-Type: multipart/mixed; boundary=\"===============4711815==\""], multipart("===============4711815==", [text_part("Guten Tag"), footer])),
        text="Guten Tag\n____\r\nVerein mailing list\r\n", sender=[{"address": "verein-bounces@liste.example.org"}])
machine("list-subject-prefix", mail(LIST, "Guten Tag\r\n____\r\nVerein mailing list\r\n", subject="Subject: [Verein] =?utf-8?q?Gr=C3=BC=C3=9Fe?="), subject="[Verein] Grüße",
        text="Guten Tag\r\n____\r\nVerein mailing list\r\n")
machine("list-from-rewritten", mail(LIST, "Guten Tag\r\n", from_="From: Anna Berg via Verein <verein@liste.example.org>"), text="Guten Tag\r\n",
        **{"from": [{"name": "Anna Berg via Verein", "address": "verein@liste.example.org"}]})
inner = message(["Subject: erste", "From: anna@example.com"], "eins")
other = message(["Subject: zweite", "From: carl@example.com"], "zwei")
digest = entity(["Content-Type: multipart/digest; boundary=tage"], multipart("tage", [b"\r\n" + inner, b"\r\n" + other]).removesuffix(b"\r\n"))
machine("list-digest", mail(LIST + ["Content-Type: multipart/mixed; boundary=liste"], multipart("liste", [text_part("Inhalt: 2 Nachrichten"), digest, text_part("Ende")])), well=False,
        rfc="RFC 2046 5.1.5", text="Inhalt: 2 Nachrichten\nEnde",
        parts=[part(inner, type="message/rfc822", file_name="erste.eml"), part(other, type="message/rfc822", file_name="zweite.eml")])

# Monitoring and old systems.
machine("cron", message(["From: \"(Cron Daemon)\" <root@server.example.com>", "To: root@server.example.com", "Subject: Cron <root@server> /usr/bin/backup",
    "Content-Type: text/plain; charset=UTF-8", "Auto-Submitted: auto-generated", "X-Cron-Env: <SHELL=/bin/sh>"], "backup done\n", end=b"\n"),
    subject="Cron <root@server> /usr/bin/backup", text="backup done\n", **{"from": [{"name": "(Cron Daemon)", "address": "root@server.example.com"}]})
machine("mailx", message(["From: root <root@server.example.com>", "Subject: Platte voll", "To: admin@example.com", "User-Agent: mailx"], "95 %\n", end=b"\n"), subject="Platte voll", text="95 %\n",
        **{"from": [{"name": "root", "address": "root@server.example.com"}]})
machine("cron-local", message(["From: root", "To: admin", "Subject: Platte voll"], "95 %\n", end=b"\n"), well=False, rfc="RFC 5322 3.4", subject="Platte voll", text="95 %\n",
        repairs=[repair("header.address_invalid", "/from"), repair("header.address_invalid", "/to")], **{"from": [{"told": "root"}], "to": [{"told": "admin"}]})
machine("notes", mail(["Content-Type: multipart/mixed; boundary=\"=_mixed 00471100C1258E9A_=\"", "X-Mailer: Notes Release 9"], multipart("=_mixed 00471100C1258E9A_=", [
    entity(["Content-Type: multipart/alternative; boundary=\"=_alternative 00471100C1258E9A_=\""], b"\r\n" + multipart("=_alternative 00471100C1258E9A_=", [
        text_part("Guten Tag"), entity(["Content-Type: text/html; charset=\"US-ASCII\""], "<br><font size=2>Guten Tag</font>")])),
    entity(["Content-Type: application/octet-stream; name=\"4711.pdf\"", "Content-Disposition: attachment; filename=\"4711.pdf\"", "Content-Transfer-Encoding: base64"], base64_lines(PDF))])),
    text="Guten Tag", html="<br><font size=2>Guten Tag</font>", parts=[part(PDF, name="4711.pdf")])
machine("groupwise", mail(["Content-Type: multipart/mixed; boundary=\"=__Part4711ABCD.0__=\""], multipart("=__Part4711ABCD.0__=", [
    entity(["Content-Type: text/plain; charset=iso-8859-15", "Content-Transfer-Encoding: quoted-printable", "Content-Disposition: inline"], quoted("5 €".encode("iso8859-15"))), file_part()])),
    text="5 €", parts=[pdf()])
machine("delphi", mail(["Content-Type: multipart/mixed; boundary=\"4711=_Delphi_=0815\""], multipart("4711=_Delphi_=0815", [
    entity(["Content-Type: text/plain; charset=windows-1250", "Content-Transfer-Encoding: quoted-printable", "Content-Disposition: inline"], quoted("Čas žetve".encode("cp1250"))), file_part()])),
    text="Čas žetve", parts=[pdf()])
machine("forwarded", mail(["Content-Type: multipart/mixed; boundary=weiter"], multipart("weiter", [text_part("Zur Kenntnis"), entity(
    ["Content-Type: message/rfc822; name=\"Nachricht.eml\"", "Content-Disposition: attachment; filename=\"Nachricht.eml\""], inner)]), subject="Subject: WG: erste"), well=False,
    rfc="RFC 2046 5.2.1", subject="WG: erste", text="Zur Kenntnis", parts=[part(inner, name="Nachricht.eml", type="message/rfc822")])
