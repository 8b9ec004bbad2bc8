"""Where parts end: delimiters that lack, that lie within a line, that are doubled, and messages that were cut off."""

from case import PDF, base64_lines, case, entity, file_part, header, mail, message, multipart, part, pdf, quoted, repair, text_part

BODY = "Guten Tag"
HTML = "<p>Guten Tag</p>"
UNCLOSED = repair("mime.boundary_unclosed")
CUT = repair("mime.base64_truncated")
MIXED = ["Content-Type: multipart/mixed; boundary=aussen"]
ALTERNATIVE = "Content-Type: multipart/alternative; boundary=innen"


def ends(name, rfc, body, fields=MIXED, **answer):
    case("ends", name, rfc, mail(fields, body), **({"text": BODY} | answer))


def alternative(close=True, boundary="innen"):
    return entity([f"Content-Type: multipart/alternative; boundary={boundary}"],
                  multipart(boundary, [text_part(), text_part(HTML, "html")], close).removesuffix(b"\r\n"))


# What RFC 2046 5.1.1 allows.
for name, body in [
    ("closed", multipart("aussen", [text_part(), file_part()])),
    ("no-line-end-behind", multipart("aussen", [text_part(), file_part()]).removesuffix(b"\r\n")),
    ("preamble", multipart("aussen", [text_part(), file_part()], preamble="Dies ist eine Nachricht in mehreren Teilen.\r\n")),
    ("preamble-empty-line", multipart("aussen", [text_part(), file_part()], preamble="\r\n")),
    ("epilogue", multipart("aussen", [text_part(), file_part()], epilogue="Verteiler abmelden\r\n")),
    ("epilogue-with-delimiter", multipart("aussen", [text_part(), file_part()], epilogue="--aussen\r\n\r\nkein Teil\r\n")),
    ("blanks-behind-delimiter", multipart("aussen", [text_part(), file_part()]).replace(b"--aussen\r\n", b"--aussen  \t\r\n", 1)),
    ("blanks-behind-last-delimiter", multipart("aussen", [text_part(), file_part()]).replace(b"--aussen--\r\n", b"--aussen-- \r\n")),
    ("line-feeds", multipart("aussen", [text_part(), file_part()]).replace(b"\r\n", b"\n")),
]:
    well = name not in ("epilogue-with-delimiter",)
    case("ends", name, "RFC 2046 5.1.1", mail(MIXED, body), well=well, text=BODY, parts=[pdf()])

# Multiparts without their last delimiter.
ends("unclosed", "RFC 2046 5.1.1", multipart("aussen", [text_part(), file_part()], close=False), parts=[pdf()], repairs=[UNCLOSED])
ends("unclosed-no-line-end", "RFC 2046 5.1.1", multipart("aussen", [text_part(), file_part()], close=False).removesuffix(b"\r\n"),
     parts=[pdf()], repairs=[UNCLOSED])
ends("unclosed-text-last", "RFC 2046 5.1.1", multipart("aussen", [file_part(), text_part()], close=False).removesuffix(b"\r\n"),
     parts=[pdf()], repairs=[UNCLOSED])
ends("unclosed-quoted-printable", "RFC 2046 5.1.1", fields=MIXED, text="Grüße", repairs=[UNCLOSED], body=multipart(
    "aussen", [entity(["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable"], quoted("Grüße"))], close=False
).removesuffix(b"\r\n"))
ends("inner-unclosed", "RFC 2046 5.1.2", multipart("aussen", [alternative(close=False), file_part()]), html=HTML, parts=[pdf()], repairs=[UNCLOSED])
ends("inner-unclosed-last", "RFC 2046 5.1.2", multipart("aussen", [file_part(), alternative(close=False)]), html=HTML, parts=[pdf()], repairs=[UNCLOSED])
ends("inner-and-outer-unclosed", "RFC 2046 5.1.2", multipart("aussen", [alternative(close=False), file_part()], close=False),
     html=HTML, parts=[pdf()], repairs=[UNCLOSED])
ends("outer-unclosed", "RFC 2046 5.1.2", multipart("aussen", [alternative(), file_part()], close=False), html=HTML, parts=[pdf()], repairs=[UNCLOSED])
ends("inner-unclosed-two-files", "RFC 2046 5.1.2", multipart("aussen", [alternative(close=False), file_part("a.pdf"), file_part("b.pdf")]),
     html=HTML, parts=[pdf("a.pdf"), pdf("b.pdf")], repairs=[UNCLOSED])
related = entity(["Content-Type: multipart/related; boundary=mitte"], multipart("mitte", [
    alternative(close=False), entity(["Content-Type: image/png", "Content-ID: <logo@example.com>", "Content-Transfer-Encoding: base64"], base64_lines(b"\x89PNG"))
], close=False))
ends("three-levels-unclosed", "RFC 2046 5.1.2", multipart("aussen", [related, file_part()]), html=HTML, repairs=[UNCLOSED],
     parts=[part(b"\x89PNG", type="image/png", inline="logo@example.com"), pdf()])
ends("attached-message-unclosed", "RFC 2046 5.1.2", repairs=[], may_repair=["mime.boundary_unclosed"], body=multipart("aussen", [text_part(), entity(
    ["Content-Type: message/rfc822"], message(["Subject: innen", "Content-Type: multipart/mixed; boundary=tief"], multipart("tief", [text_part()], close=False))
), file_part()]), parts=[{"type": "message/rfc822"}, pdf()])
ends("last-delimiter-with-one-dash", "RFC 2046 5.1.1", multipart("aussen", [file_part(), text_part()]).replace(b"--aussen--\r\n", b"--aussen-\r\n"),
     text=BODY + "\r\n--aussen-\r\n", parts=[pdf()], repairs=[UNCLOSED])

# Messages that were cut off, at many places.
WHOLE = multipart("aussen", [text_part("Guten Tag, anbei die Rechnung."), file_part()])
START = WHOLE.index(b"JVBER")
for count in (8, 20, 41):
    data = PDF[: count // 4 * 3]
    ends(f"cut-in-base64-{count}", "RFC 2045 6.8", WHOLE[: START + count], text="Guten Tag, anbei die Rechnung.", parts=[part(data, name="Rechnung.pdf")],
         repairs=[UNCLOSED] + ([CUT] if count % 4 else []))
ends("cut-in-text", "RFC 2046 5.1.1", WHOLE[: WHOLE.index(b", anbei")], repairs=[UNCLOSED])
ends("cut-behind-part-header", "RFC 2046 5.1.1", WHOLE[:START], text="Guten Tag, anbei die Rechnung.", parts=[part(b"", name="Rechnung.pdf")],
     repairs=[UNCLOSED])
ends("cut-in-part-header", "RFC 2046 5.1.1", WHOLE[: WHOLE.index(b"\r\nContent-Transfer-Encoding: base64")],
     text="Guten Tag, anbei die Rechnung.", parts=[part(b"", name="Rechnung.pdf")], repairs=[UNCLOSED], may_repair=["mime.header_unended"])
# Behind the padding nothing is data (RFC 2045 6.8), not even letters of a delimiter that was cut.
PADDED = multipart("aussen", [text_part(), file_part(data=PDF + b"x")])
ends("cut-in-last-delimiter", "RFC 2045 6.8", PADDED.removesuffix(b"n--\r\n"), parts=[part(PDF + b"x", name="Rechnung.pdf")], repairs=[UNCLOSED],
     may_repair=["mime.base64_stray"])

# Multiparts whose delimiter never comes, or that do not name it.
MISSING = [repair("mime.boundary_missing")]
TYPE = {"type": "multipart/mixed"}
ends("delimiter-never-comes", "RFC 2046 5.1.1", "Guten Tag\r\n", text="", parts=[part("Guten Tag\r\n", **TYPE)], repairs=MISSING)
ends("empty-multipart", "RFC 2046 5.1.1", "", text="", parts=[part("", **TYPE)], repairs=MISSING)
ends("boundary-not-named", "RFC 2046 5.1", "Guten Tag\r\n", ["Content-Type: multipart/mixed"], text="", parts=[part("Guten Tag\r\n", **TYPE)], repairs=MISSING)
ends("boundary-empty", "RFC 2046 5.1.1", "Guten Tag\r\n", ['Content-Type: multipart/mixed; boundary=""'], text="",
     parts=[part("Guten Tag\r\n", **TYPE)], repairs=MISSING)
ends("inner-delimiter-never-comes", "RFC 2046 5.1.1", multipart("aussen", [text_part(), entity([ALTERNATIVE], "Text ohne Teile"), file_part()]),
     parts=[part("Text ohne Teile", type="multipart/alternative"), pdf()], repairs=MISSING)

# A boundary is a delimiter only at the beginning of a line and up to its end.
for name, inside in [
    ("within-line", "siehe --aussen"),
    ("within-line-last", "siehe --aussen-- dort"),
    ("quoted", "> --aussen\r\n> Content-Type: text/plain"),
    ("quoted-last", "> --aussen--"),
    ("blank-in-front", " --aussen"),
    ("longer-word", "--aussenwand"),
    ("longer-word-last", "--aussenwand--"),
    ("words-behind", "--aussen und innen"),
    ("csv", "1;2;--aussen;3\r\n--aussen;4"),
    ("one-dash-behind", "--aussen-"),
    ("three-dashes-behind", "--aussen---"),
    ("shorter", "--ausse"),
    ("three-dashes", "---aussen"),
    ("other-case", "--Aussen"),
    ("boundary-alone", "aussen\r\n-aussen\r\n--"),
]:
    text = f"Guten Tag\r\n{inside}\r\nBerta"
    well = name in ("within-line", "within-line-last", "quoted", "quoted-last", "blank-in-front", "shorter", "three-dashes", "other-case", "boundary-alone")
    case("ends", "line-" + name, "RFC 2046 5.1.1", mail(MIXED, multipart("aussen", [text_part(text), file_part()])), well=well, text=text, parts=[pdf()])
    if name in ("quoted-last", "csv", "longer-word"):
        attached = part(text, name="text.csv", type="text/csv")
        body = multipart("aussen", [text_part(), entity(["Content-Type: text/csv; name=text.csv"], text), file_part()])
        case("ends", "line-in-file-" + name, "RFC 2046 5.1.1", mail(MIXED, body), text=BODY, parts=[attached, pdf()])
for name, inner in [("longer", "aussen1"), ("shorter", "auss"), ("dashes", "aussen--x")]:
    body = multipart("aussen", [alternative(boundary=inner), file_part()])
    case("ends", "inner-boundary-" + name, "RFC 2046 5.1.2", mail(MIXED, body), well=name == "shorter", text=BODY, html=HTML, parts=[pdf()])

# Headers that do not end.
UNENDED = [repair("mime.header_unended", "")]
case("ends", "header-only", "RFC 5322 3.5", mail([], "", subject="Subject: Kopf"), text="", subject="Kopf", well=True)
case("ends", "header-no-empty-line", "RFC 5322 3.5", mail([], "", subject="Subject: Kopf").removesuffix(b"\r\n"), text="", subject="Kopf",
     may_repair=["mime.header_unended"])
case("ends", "header-no-line-end", "RFC 5322 2.2", b"Subject: Kopf\r\nFrom: anna@example.com", text="", subject="Kopf",
     **{"from": [{"address": "anna@example.com"}]}, repairs=UNENDED)
case("ends", "header-cut-in-name", "RFC 5322 2.2", b"Subject: Kopf\r\nFro", text="", subject="Kopf", repairs=UNENDED)
case("ends", "body-only", "RFC 5322 2.1", b"\r\nGuten Tag\r\n", text="Guten Tag\r\n", subject="", to=[], **{"from": []})
case("ends", "nothing", "RFC 5322 3.6", b"", text="", subject="", to=[], **{"from": []}, may_repair=["mime.header_unended"])
# What no field can be is the beginning of a text whose empty line was lost.
raw = b"\r\n".join(header()) + b"\r\nGuten Tag, hier die Rechnung.\r\nBerta\r\n"
case("ends", "header-lacks-empty-line", "RFC 5322 2.1", raw, text="Guten Tag, hier die Rechnung.\r\nBerta\r\n", repairs=[repair("mime.header_unended")])
body = multipart("aussen", [b"Content-Type: text/plain\r\nGuten Tag", file_part()])
ends("part-header-lacks-empty-line", "RFC 2046 5.1", body, parts=[pdf()], repairs=[repair("mime.header_unended")])
# All of it stands before a delimiter that ends what never began.
ends("last-delimiter-only", "RFC 2046 5.1.1", "Guten Tag\r\n--aussen--\r\n", text="", parts=[TYPE], repairs=MISSING)
