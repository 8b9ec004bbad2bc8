"""Parameters of Content-Type and Content-Disposition: where they may be folded, how names are encoded, and what breaks them."""

from case import PDF, base64_lines, case, entity, mail, multipart, octets, part, pdf, repair, text_part

BODY = "Guten Tag"
INVALID = repair("mime.parameter_invalid", "/parts/0")


def attachment(name, rfc, fields, wanted, well=False, repairs=(), **more):
    """A message with one PDF whose header has these fields; `wanted` is its name."""
    body = multipart("grenze", [text_part(BODY), entity([octets(field) for field in fields] + [b"Content-Transfer-Encoding: base64"], base64_lines(PDF))])
    parts = [pdf(wanted, **more.pop("told", {}))]
    case("parameters", name, rfc, mail(["Content-Type: multipart/mixed; boundary=grenze"], body), well=well, repairs=repairs, text=BODY, parts=parts, **more)


def disposition(name, rfc, value, wanted, **more):
    attachment(name, rfc, ["Content-Type: application/pdf", b"Content-Disposition: " + octets(value)], wanted, **more)


# A fold may stand wherever a blank or a comment may.
FOLDS = {
    "after-colon": "Content-Disposition:{}attachment; filename=\"Rechnung 4711.pdf\"",
    "before-semicolon": "Content-Disposition: attachment{}; filename=\"Rechnung 4711.pdf\"",
    "after-semicolon": "Content-Disposition: attachment;{}filename=\"Rechnung 4711.pdf\"",
    "before-equals": "Content-Disposition: attachment; filename{}=\"Rechnung 4711.pdf\"",
    "after-equals": "Content-Disposition: attachment; filename={}\"Rechnung 4711.pdf\"",
    "in-quotes": "Content-Disposition: attachment; filename=\"Rechnung{}4711.pdf\"",
    "at-end": "Content-Disposition: attachment; filename=\"Rechnung 4711.pdf\"{}(scan)",
    "type-after-equals": "Content-Type: application/pdf; name={}\"Rechnung 4711.pdf\"",
    "type-after-semicolon": "Content-Type: application/pdf;{}name=\"Rechnung 4711.pdf\"",
    "type-after-colon": "Content-Type:{}application/pdf; name=\"Rechnung 4711.pdf\"",
}
for place, field in FOLDS.items():
    for kind, fold in [("blank", "\r\n "), ("tab", "\r\n\t"), ("wide", " \r\n        ")]:
        if place == "in-quotes" and kind != "blank":
            continue
        fields = [field.format(fold)] + (["Content-Type: application/pdf"] if "Disposition" in field else [])
        attachment(f"fold-{place}-{kind}", "RFC 2045 5.1", fields, "Rechnung 4711.pdf", well=True)
for place, field in {
    "after-equals": "Content-Type: multipart/mixed; boundary={}\"=_grenze 1\"",
    "after-semicolon": "Content-Type: multipart/mixed;{}boundary=\"=_grenze 1\"",
    "before-equals": "Content-Type: multipart/mixed; boundary{}=\"=_grenze 1\"",
    "after-colon": "Content-Type:{}multipart/mixed; boundary=\"=_grenze 1\"",
}.items():
    for kind, fold in [("blank", "\r\n "), ("tab", "\r\n\t")]:
        raw = mail([field.format(fold)], multipart("=_grenze 1", [text_part(BODY), entity(["Content-Type: text/csv; name=a.csv"], "1;2")]))
        parts = [part("1;2", name="a.csv", type="text/csv")]
        case("parameters", f"boundary-fold-{place}-{kind}", "RFC 2045 5.1", raw, well=True, text=BODY, parts=parts)
for name, boundary in [
    ("specials", "\"'()+_,-./:=?x\""), ("longest", "\"" + "=_" + "x" * 68 + "\""), ("one-letter", "x"), ("dashes", "\"----=_Part_0_1\""),
]:
    raw = mail([f"Content-Type: multipart/mixed; boundary={boundary}"], multipart(boundary.strip('"'), [text_part(BODY)]))
    case("parameters", f"boundary-{name}", "RFC 2046 5.1.1", raw, well=True, text=BODY)
for name, value in [
    ("pieces", "boundary*0=gre; boundary*1=nze"), ("extended", "boundary*=us-ascii''grenze"), ("extended-quoted", "boundary*=\"us-ascii''grenze\""),
]:
    raw = mail([f"Content-Type: multipart/mixed; {value}"], multipart("grenze", [text_part(BODY), entity(["Content-Type: text/csv; name=a.csv"], "1;2")]))
    case("parameters", f"boundary-{name}", "RFC 2231 3", raw, well=name != "extended-quoted", text=BODY, parts=[part("1;2", name="a.csv", type="text/csv")],
         may_repair=["mime.parameter_invalid"] if name == "extended-quoted" else [])
raw = mail(["Content-Type: text/plain; charset*=us-ascii'en'iso-8859-2", "Content-Transfer-Encoding: 8bit"], "šunka\r\n".encode("iso8859-2"))
case("parameters", "charset-extended", "RFC 2231 4", raw, well=True, text="šunka\r\n")
raw = mail(["Content-Type: multipart/mixed; boundary=----=_Part_0_1.2"], multipart("----=_Part_0_1.2", [text_part(BODY)]))
case("parameters", "boundary-unquoted-equals", "RFC 2045 5.1", raw, text=BODY, may_repair=["mime.parameter_invalid"])
raw = mail(["Content-Type: multipart/mixed; boundary=\"grenze \\\"1\\\"\""], multipart('grenze "1"', [text_part(BODY)]))
case("parameters", "boundary-escaped", "RFC 2045 5.1", raw, text=BODY, may_repair=["mime.parameter_invalid"])
raw = mail(["CONTENT-TYPE: Multipart/Mixed; BOUNDARY=grenze"], multipart("grenze", [text_part(BODY)]))
case("parameters", "upper-case", "RFC 2045 5.1", raw, text=BODY, well=True)

# Names in RFC 2231.
for name, value, wanted in [
    ("extended", "attachment; filename*=utf-8''R%C3%A9sum%C3%A9.pdf", "Résumé.pdf"),
    ("extended-upper", "attachment; filename*=UTF-8''R%C3%A9sum%C3%A9.pdf", "Résumé.pdf"),
    ("extended-language", "attachment; filename*=utf-8'de'Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"),
    ("extended-latin1", "attachment; filename*=iso-8859-1''Gr%F6%DFe.pdf", "Größe.pdf"),
    ("extended-latin2", "attachment; filename*=iso-8859-2'sl'%B9unka.pdf", "šunka.pdf"),
    ("extended-koi8", "attachment; filename*=koi8-r''%F3%DE%A3%D4.pdf", "Счёт.pdf"),
    ("extended-japanese", "attachment; filename*=utf-8''%E8%AB%8B%E6%B1%82%E6%9B%B8.pdf", "請求書.pdf"),
    ("extended-blank", "attachment; filename*=utf-8''Rechnung%204711.pdf", "Rechnung 4711.pdf"),
    ("pieces", "attachment; filename*0=\"Rechnung \"; filename*1=\"4711.pdf\"", "Rechnung 4711.pdf"),
    ("pieces-folded", "attachment;\r\n filename*0=\"Rechnung \";\r\n filename*1=\"4711\";\r\n filename*2=.pdf", "Rechnung 4711.pdf"),
    ("pieces-extended", "attachment; filename*0*=utf-8''Gr%C3%B6%C3%9Fe; filename*1*=%20%E2%82%AC.pdf", "Größe €.pdf"),
    ("pieces-mixed", "attachment; filename*0*=utf-8''Gr%C3%B6%C3%9Fe; filename*1=\" 5%20.pdf\"", "Größe 5%20.pdf"),
    ("pieces-out-of-order", "attachment; filename*1=4711.pdf; filename*0=\"Rechnung \"", "Rechnung 4711.pdf"),
    ("pieces-eleven", "attachment; " + "; ".join(f"filename*{n}={chr(97 + n)}" for n in range(11)) + "; filename*11=.pdf", "abcdefghijk.pdf"),
    ("pieces-split-letter", "attachment; filename*0*=utf-8''Gr%C3; filename*1*=%B6%C3%9Fe.pdf", "Größe.pdf"),
]:
    disposition("rfc2231-" + name, "RFC 2231 3", value, wanted, well=name not in ("pieces-mixed", "pieces-split-letter"))
for name, value, wanted in [
    ("both", "attachment; filename=\"Groesse.pdf\"; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"),
    ("both-starred-first", "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf; filename=\"Groesse.pdf\"", "Größe.pdf"),
    ("both-pieces", "attachment; filename=\"Rechnung.pdf\"; filename*0*=utf-8''Gr%C3%B6%C3%9Fe; filename*1*=.pdf", "Größe.pdf"),
    ("both-pieces-first", "attachment; filename*0*=utf-8''Gr%C3%B6%C3%9Fe; filename*1*=.pdf; filename=\"Rechnung.pdf\"", "Größe.pdf"),
]:
    disposition("rfc2231-" + name, "RFC 6266 4.3", value, wanted, may_repair=["mime.parameter_invalid"])
attachment("rfc2231-type", "RFC 2231 4", ["Content-Type: application/pdf; name*=utf-8''Gr%C3%B6%C3%9Fe.pdf"], "Größe.pdf")
disposition("rfc2231-quoted", "RFC 2231 4", "attachment; filename*=\"utf-8''Gr%C3%B6%C3%9Fe.pdf\"", "Größe.pdf", may_repair=["mime.parameter_invalid"])
disposition("percent-in-plain-name", "RFC 2231 4", "attachment; filename=\"Rabatt%2010.pdf\"", "Rabatt%2010.pdf", well=True)
disposition("apostrophes-in-plain-name", "RFC 2231 4", "attachment; filename=\"Anna's 'Neu'.pdf\"", "Anna's 'Neu'.pdf", well=True)

# Encoded words where RFC 2047 does not allow them, as most programs write them.
for name, value, wanted in [
    ("quoted", "attachment; filename=\"=?utf-8?Q?Gr=C3=B6=C3=9Fe.pdf?=\"", "Größe.pdf"),
    ("quoted-base64", "attachment; filename=\"=?utf-8?B?R3LDtsOfZS5wZGY=?=\"", "Größe.pdf"),
    ("quoted-two", "attachment; filename=\"=?utf-8?Q?Gr=C3=B6?=\r\n =?utf-8?Q?=C3=9Fe.pdf?=\"", "Größe.pdf"),
    ("quoted-koi8", "attachment; filename=\"=?koi8-r?B?896j1C5wZGY=?=\"", "Счёт.pdf"),
    ("unquoted", "attachment; filename==?utf-8?Q?Gr=C3=B6=C3=9Fe.pdf?=", "Größe.pdf"),
]:
    may = ["header.encoded_word_invalid"] + (["mime.parameter_invalid"] if name == "unquoted" else [])
    disposition("encoded-word-" + name, "RFC 2047 5", value, wanted, may_repair=may)
attachment("encoded-word-type", "RFC 2047 5", ["Content-Type: application/pdf; name=\"=?iso-8859-1?Q?Gr=F6=DFe.pdf?=\""], "Größe.pdf",
           may_repair=["header.encoded_word_invalid"])
disposition("utf8", "RFC 6532 3.2", "attachment; filename=\"Größe €.pdf\"", "Größe €.pdf")
disposition("latin1", "RFC 5322 2.2", b"attachment; filename=\"Gr\xf6\xdfe.pdf\"", "Größe.pdf", repairs=[repair("header.charset_guessed", "/parts/0")])

for name, value, wanted in [
    ("token", "attachment; filename=Rechnung.pdf", "Rechnung.pdf"),
    ("quoted-semicolon", "attachment; filename=\"a;b=c.pdf\"; size=50", "a;b=c.pdf"),
    ("quoted-escapes", "attachment; filename=\"Rechnung \\\"neu\\\".pdf\"", 'Rechnung "neu".pdf'),
    ("upper-case-name", "ATTACHMENT; FILENAME=\"Rechnung.pdf\"", "Rechnung.pdf"),
    ("comment", "attachment (scan); filename=Rechnung.pdf (of today)", "Rechnung.pdf"),
    ("other-parameters", "attachment; size=53; creation-date=\"Fri, 20 Nov 2026 10:00:00 +0100\"; filename=\"Rechnung.pdf\"", "Rechnung.pdf"),
    ("many-blanks", "attachment  ;   filename  =  \"Rechnung.pdf\"  ", "Rechnung.pdf"),
    ("no-blanks", "attachment;filename=\"Rechnung.pdf\"", "Rechnung.pdf"),
]:
    disposition("name-" + name, "RFC 2183 2", value, wanted, well=name not in ("comment",))
disposition("name-trailing-semicolon", "RFC 2183 2", "attachment; filename=\"Rechnung.pdf\";", "Rechnung.pdf", may_repair=["mime.parameter_invalid"])
disposition("name-double-semicolon", "RFC 2183 2", "attachment;; filename=\"Rechnung.pdf\"", "Rechnung.pdf", may_repair=["mime.parameter_invalid"])
attachment("name-twice", "RFC 2183 2.3", ["Content-Type: application/pdf; name=\"typ.pdf\"", "Content-Disposition: attachment; filename=\"lage.pdf\""],
           "lage.pdf", well=True)
attachment("name-in-type-only", "RFC 2046 4.5.1", ["Content-Type: application/pdf; name=\"typ.pdf\"", "Content-Disposition: attachment"], "typ.pdf", well=True)
attachment("name-nowhere", "RFC 2183 2.3", ["Content-Type: application/pdf", "Content-Disposition: attachment"], None, well=True)

for name, value, wanted in [
    ("unquoted-blanks", "attachment; filename=Rechnung 4711.pdf", "Rechnung 4711.pdf"),
    ("unquoted-folded", "attachment; filename=Rechnung vom\r\n 20.pdf; size=5", "Rechnung vom 20.pdf"),
    ("open-quote", "attachment; filename=\"Rechnung.pdf", "Rechnung.pdf"),
]:
    disposition("broken-" + name, "RFC 2045 5.1", value, wanted, repairs=[INVALID])
ANY = repair("mime.parameter_invalid|mime.type_invalid", "/parts/0")
disposition("broken-empty-disposition", "RFC 2183 2", "; filename=Rechnung.pdf", "Rechnung.pdf", repairs=[ANY])
disposition("broken-no-disposition", "RFC 2183 2", "filename=Rechnung.pdf", "Rechnung.pdf", repairs=[ANY])
attachment("broken-no-semicolon", "RFC 2045 5.1", ["Content-Type: application/pdf name=\"Rechnung.pdf\""], "Rechnung.pdf", repairs=[ANY])

# Types that are none are what RFC 2045 5.2 takes for default: text, in this place.
for name, value in [("text", "text"), ("text-slash", "text/"), ("empty", ""), ("semicolon", "; charset=utf-8"), ("quoted", '"text/plain"')]:
    raw = mail([f"Content-Type: {value}"], BODY + "\r\n")
    case("parameters", f"type-{name}", "RFC 2045 5.2", raw, text=BODY + "\r\n", repairs=[repair("mime.type_invalid")])
raw = mail(["Content-Type: text/plain; charset=utf-8", "Content-Type: text/html; charset=utf-8"], BODY + "\r\n")
case("parameters", "type-repeated", "RFC 2045 3", raw, text=BODY + "\r\n", repairs=[repair("header.repeated")])
