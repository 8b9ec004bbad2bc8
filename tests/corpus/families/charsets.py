"""Character sets: each one in text, subject, name and file name; labels that programs write; labels that lack or lie."""

import base64
from urllib.parse import quote_from_bytes

from case import PDF, base64_lines, case, entity, mail, multipart, octets, pdf, repair

SAMPLES = {
    "german": "Größe über 5 m, süß",
    "slovenian": "Čas žetve, šunka v Žalcu",
    "polish": "Zażółć gęślą jaźń",
    "turkish": "İstanbul'da şişli bir gün ığ",
    "baltic": "Ačiū už gražią dieną",
    "estonian": "Žanett küsis õlut",
    "romanian": "Ședința și țara",
    "welsh": "Ŵyn a ŷd",
    "maltese": "Ħobż u għasel",
    "nordic": "Þetta er íslenska",
    "russian": "Счёт за ноябрь",
    "ukrainian": "Рахунок із Києва",
    "greek": "Τιμολόγιο Νοεμβρίου",
    "hebrew": "חשבונית לנובמבר",
    "arabic": "فاتورة نوفمبر",
    "thai": "ใบแจ้งหนี้",
    "japanese": "請求書のお知らせ",
    "chinese": "十一月发票",
    "taiwanese": "十一月發票",
    "korean": "십일월 청구서",
    "vietnamese": "Hoá đơn tháng mười một",
    "mixed": "Größe 日本 Счёт €",
}
# The name on the wire, Python's name, and what is written in it.
CHARSETS = [
    ("utf-8", "utf-8", "mixed"), ("iso-8859-1", "latin-1", "german"), ("iso-8859-2", "iso8859-2", "slovenian"), ("iso-8859-3", "iso8859-3", "maltese"),
    ("iso-8859-4", "iso8859-4", "baltic"), ("iso-8859-5", "iso8859-5", "russian"), ("iso-8859-6", "iso8859-6", "arabic"), ("iso-8859-7", "iso8859-7", "greek"),
    ("iso-8859-8", "iso8859-8", "hebrew"), ("iso-8859-9", "iso8859-9", "turkish"), ("iso-8859-10", "iso8859-10", "nordic"),
    ("iso-8859-13", "iso8859-13", "baltic"), ("iso-8859-14", "iso8859-14", "welsh"), ("iso-8859-15", "iso8859-15", "german"),
    ("iso-8859-16", "iso8859-16", "romanian"), ("windows-1250", "cp1250", "polish"), ("windows-1251", "cp1251", "russian"), ("windows-1252", "cp1252", "german"),
    ("windows-1253", "cp1253", "greek"), ("windows-1254", "cp1254", "turkish"), ("windows-1255", "cp1255", "hebrew"), ("windows-1256", "cp1256", "arabic"),
    ("windows-1257", "cp1257", "estonian"), ("koi8-r", "koi8-r", "russian"), ("koi8-u", "koi8-u", "ukrainian"), ("macintosh", "mac-roman", "german"),
    ("ibm866", "cp866", "russian"), ("ibm850", "cp850", "german"), ("tis-620", "tis-620", "thai"), ("windows-874", "cp874", "thai"),
    ("gb2312", "gb2312", "chinese"), ("gbk", "gbk", "chinese"), ("gb18030", "gb18030", "mixed"), ("big5", "big5", "taiwanese"),
    ("shift_jis", "shift_jis", "japanese"), ("euc-jp", "euc-jp", "japanese"), ("iso-2022-jp", "iso2022-jp", "japanese"), ("euc-kr", "euc-kr", "korean"),
    ("us-ascii", "ascii", None),
]
# Python knows these by other names.
UNKNOWN = {"macintosh", "ibm850", "windows-874"}


def encoded_word(charset, data, form):
    if form == "B":
        return f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    return f"=?{charset}?Q?" + "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"={byte:02X}" for byte in data) + "?="


for charset, codec, sample in CHARSETS:
    text = SAMPLES[sample] if sample else "Only plain letters"
    data = text.encode(codec)
    form = "Q" if len(data) % 2 else "B"
    word = encoded_word(charset, data, form)
    first = entity([f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: base64"], base64_lines((text + "\r\n" + text).encode(codec)))
    name = f"attachment; filename*={charset}''{quote_from_bytes(data, safe='')}.pdf"
    second = entity(["Content-Type: application/pdf", f"Content-Disposition: {name}", "Content-Transfer-Encoding: base64"], base64_lines(PDF))
    raw = mail(["Content-Type: multipart/mixed; boundary=grenze"], multipart("grenze", [first, second]), subject=f"Subject: {word}", from_=f"From: {word} <anna@example.com>")
    case("charsets", charset, "RFC 2046 4.1.2", raw, well=charset not in UNKNOWN, subject=text, text=f"{text}\r\n{text}", parts=[pdf(text + ".pdf")],
         **{"from": [{"name": text, "address": "anna@example.com"}]})


def body(name, rfc, content_type, data, text, repairs=(), html=None, well=False, **more):
    """A message that is one text of these bytes."""
    fields = ([octets(content_type)] if content_type else []) + [b"Content-Transfer-Encoding: 8bit"]
    raw = mail(fields, data)
    where = {"text": "", "html": html} if html is not None else {"text": text}
    case("charsets", name, rfc, raw, well=well, repairs=[repair(code, "/html" if html is not None else "/text") for code in repairs], **where, **more)


PLAIN = "Content-Type: text/plain; charset="
GERMAN = SAMPLES["german"] + "\r\n"
# Other names that stand for the same set.
for label, codec, sample in [
    ("UTF8", "utf-8", "mixed"), ("\"utf-8\"", "utf-8", "mixed"), ("latin1", "latin-1", "german"), ("iso8859-1", "latin-1", "german"), ("ISO_8859-1", "latin-1", "german"),
    ("cp1252", "cp1252", "german"), ("x-cp1252", "cp1252", "german"), ("windows1252", "cp1252", "german"), ("cp-850", "cp850", "german"), ("cp850", "cp850", "german"),
    ("cp437", "cp437", "german"), ("x-sjis", "shift_jis", "japanese"), ("ks_c_5601-1987", "euc-kr", "korean"), ("x-gbk", "gbk", "chinese"),
    ("gb_2312-80", "gb2312", "chinese"), ("big5-hkscs", "big5", "taiwanese"), ("cp866", "cp866", "russian"), ("koi8_r", "koi8-r", "russian"),
    ("iso-8859-8-i", "iso8859-8", "hebrew"), ("x-mac-roman", "mac-roman", "german"), ("latin-1", "latin-1", "german"), ("utf_8", "utf-8", "mixed"),
]:
    text = SAMPLES[sample] + "\r\n"
    name = "label-" + label.strip('"').lower().replace("_", "-")
    name += "-quoted" if label.startswith('"') else ""
    name += "-underscore" if label == "utf_8" else ""
    body(name, "RFC 2978 2.3", PLAIN + label, text.encode(codec), text)
for charset, codec in [("utf-16", "utf-16"), ("utf-16le", "utf-16-le"), ("utf-16be", "utf-16-be"), ("utf-7", "utf-7")]:
    text = SAMPLES["mixed"] + "\r\n"
    raw = mail([PLAIN + charset, "Content-Transfer-Encoding: base64"], base64_lines(text.encode(codec)) + b"\r\n")
    case("charsets", charset, "RFC 2781 3.3" if "16" in charset else "RFC 2152", raw, text=text, well=charset not in ("utf-16",))

# Labels that lack.
GUESSED = ["text.charset_guessed"]
JAPANESE, RUSSIAN = SAMPLES["japanese"] + "\r\n", SAMPLES["russian"] + "\r\n"
body("unlabelled-utf8", "RFC 2045 5.2", None, octets(GERMAN), GERMAN, repairs=GUESSED)
body("unlabelled-utf8-type", "RFC 2046 4.1.2", "Content-Type: text/plain", octets(SAMPLES["mixed"] + "\r\n"), SAMPLES["mixed"] + "\r\n", repairs=GUESSED)
body("unlabelled-windows-1252", "RFC 2045 5.2", None, "Größe €\r\n".encode("cp1252"), "Größe €\r\n", repairs=GUESSED)
body("unlabelled-iso-2022-jp", "RFC 1468", None, JAPANESE.encode("iso2022-jp"), JAPANESE, repairs=GUESSED)
body("ascii-label-iso-2022-jp", "RFC 1468", PLAIN + "us-ascii", JAPANESE.encode("iso2022-jp"), JAPANESE, repairs=GUESSED)
body("unlabelled-ascii", "RFC 2045 5.2", None, "Guten Tag\r\n", "Guten Tag\r\n", well=True)
body("unlabelled-empty", "RFC 2045 5.2", None, "", "", well=True)
# Labels that lie.
body("utf8-labelled-latin1", "RFC 2046 4.1.2", PLAIN + "iso-8859-1", octets(GERMAN), GERMAN, repairs=GUESSED)
body("utf8-labelled-ascii", "RFC 2046 4.1.2", PLAIN + "us-ascii", octets(GERMAN), GERMAN, repairs=GUESSED)
body("utf8-labelled-windows-1252", "RFC 2046 4.1.2", PLAIN + "windows-1252", octets(SAMPLES["mixed"] + "\r\n"), SAMPLES["mixed"] + "\r\n", repairs=GUESSED)
CHINESE = "您好，附件是十一月份的发票，请查收。如有问题请与我们联系，谢谢。王小明\r\n"
body("utf8-labelled-gb2312", "RFC 2046 4.1.2", PLAIN + "gb2312", octets(CHINESE), CHINESE, repairs=GUESSED)
body("windows-1252-labelled-utf8", "RFC 3629 3", PLAIN + "utf-8", GERMAN.encode("cp1252"), GERMAN, repairs=GUESSED)
body("windows-1252-labelled-ascii", "RFC 2046 4.1.2", PLAIN + "us-ascii", GERMAN.encode("cp1252"), GERMAN, may_repair=GUESSED)
body("windows-1252-labelled-latin1", "RFC 2046 4.1.2", PLAIN + "iso-8859-1", "5 € „neu“\r\n".encode("cp1252"), "5 € „neu“\r\n", may_repair=GUESSED)
body("unknown-label-ascii-text", "RFC 2046 4.1.2", PLAIN + "x-unknown", "Guten Tag\r\n", "Guten Tag\r\n", may_repair=["text.charset_unknown"])
body("unknown-label-utf8", "RFC 2046 4.1.2", PLAIN + "x-geheim", octets(GERMAN), GERMAN, repairs=["text.charset_unknown"], may_repair=GUESSED)
body("unknown-8bit", "RFC 1428 3", PLAIN + "unknown-8bit", octets(GERMAN), GERMAN, repairs=["text.charset_unknown|text.charset_guessed"], may_repair=GUESSED)
# A byte that belongs to no letter is one that was lost, the others stand.
INVALID = ["text.bytes_invalid"]
LONG = "Größe über fünf Meter, süß und grün. "
body("one-bad-byte", "RFC 3629 3", PLAIN + "utf-8", octets(LONG) + b"\xff" + octets(LONG) + b"\r\n", LONG + "\ufffd" + LONG + "\r\n", repairs=INVALID)
body("one-cut-letter", "RFC 3629 3", PLAIN + "utf-8", octets(LONG) + b"\xc3", LONG + "\ufffd", repairs=INVALID)
body("bad-byte-in-japanese", "RFC 3629 3", PLAIN + "utf-8", octets(JAPANESE * 3)[:-2] + b"\xfe\r\n", (JAPANESE * 3)[:-2] + "\ufffd\r\n", repairs=INVALID)
body("bad-byte-in-ascii", "RFC 2046 4.1.2", PLAIN + "iso-2022-jp", b"abc \xff def\r\n", "abc \ufffd def\r\n", repairs=INVALID)
# Byte order marks.
body("bom-utf8", "RFC 3629 6", PLAIN + "utf-8", b"\xef\xbb\xbf" + octets(GERMAN), GERMAN)
body("bom-utf8-labelled-latin1", "RFC 3629 6", PLAIN + "iso-8859-1", b"\xef\xbb\xbf" + octets(GERMAN), GERMAN, repairs=GUESSED)
body("bom-utf8-unlabelled", "RFC 3629 6", None, b"\xef\xbb\xbf" + octets(GERMAN), GERMAN, may_repair=GUESSED)
# HTML that names its set itself.
for name, meta, codec, sample in [
    ("meta-charset", '<meta charset="windows-1250">', "cp1250", "polish"),
    ("meta-http-equiv", '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=koi8-r">', "koi8-r", "russian"),
    ("meta-unquoted", "<meta charset=shift_jis>", "shift_jis", "japanese"),
]:
    page = f"<html><head>{meta}</head><body>{SAMPLES[sample]}</body></html>\r\n"
    body(name, "HTML 13.2.3.2", "Content-Type: text/html", page.encode(codec), None, html=page, may_repair=GUESSED)
page = f"<html><head><meta charset=\"iso-8859-1\"></head><body>{SAMPLES['mixed']}</body></html>\r\n"
body("meta-against-label", "RFC 2854 6", "Content-Type: text/html; charset=utf-8", octets(page), None, html=page, well=True)
body("html-unlabelled-utf8", "RFC 2854 6", "Content-Type: text/html", octets("<p>Größe</p>\r\n"), None, html="<p>Größe</p>\r\n", repairs=GUESSED)
