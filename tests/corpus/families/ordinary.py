"""Ordinary mail in the shape that well-known programs give it, in eight languages. Only shapes are imitated: all texts and ids are our own."""

import base64
from urllib.parse import quote

from case import PDF, base64_lines, case, entity, message, multipart, octets, part, pdf, quoted

LANGUAGES = {
    "de": ("Jürgen Müller", "Rechnung über 5 €", "Sehr geehrte Damen und Herren,\r\n\r\nanbei die Rechnung für Größe 42.\r\n\r\nMit freundlichen Grüßen\r\nJürgen Müller", "Rechnung Größe.pdf"),
    "sl": ("Žiga Čebašek", "Račun za november", "Spoštovani,\r\n\r\nv prilogi pošiljamo račun št. 4711.\r\n\r\nLep pozdrav\r\nŽiga Čebašek", "Račun št. 4711.pdf"),
    "en": ("Anna Hill", "Invoice 4711", "Dear customer,\r\n\r\nplease find the invoice attached.\r\n\r\nKind regards\r\nAnna Hill", "Invoice 4711.pdf"),
    "ja": ("山田太郎", "請求書のお知らせ", "お世話になっております。\r\n\r\n請求書をお送りします。\r\n\r\n山田", "請求書.pdf"),
    "zh": ("王小明", "十一月发票", "您好，\r\n\r\n附件是发票，请查收。\r\n\r\n王小明", "发票.pdf"),
    "ru": ("Анна Петрова", "Счёт за ноябрь", "Добрый день!\r\n\r\nСчёт во вложении.\r\n\r\nАнна Петрова", "Счёт.pdf"),
    "el": ("Άννα Παππά", "Τιμολόγιο Νοεμβρίου", "Καλημέρα σας,\r\n\r\nσας στέλνω το τιμολόγιο.\r\n\r\nΆννα Παππά", "Τιμολόγιο.pdf"),
    "he": ("אנה לוי", "חשבונית לנובמבר", "שלום רב,\r\n\r\nמצורפת החשבונית.\r\n\r\nאנה לוי", "חשבונית.pdf"),
}
LEGACY = {"de": "windows-1252", "sl": "iso-8859-2", "en": "us-ascii", "ja": "iso-2022-jp", "zh": "gb2312", "ru": "koi8-r", "el": "iso-8859-7", "he": "windows-1255"}


def word(text, charset="utf-8", form="B"):
    """An encoded word, or the text where it is ASCII; long ones in several words."""
    if text.isascii():
        return text
    words = []
    for at in range(0, len(text), 14):
        data = text[at : at + 14].encode(charset)
        if form == "B":
            words.append(f"=?{charset}?B?{base64.b64encode(data).decode()}?=")
        else:
            letters = "".join("_" if byte == 32 else chr(byte) if chr(byte).isalnum() and byte < 128 else f"={byte:02X}" for byte in data)
            words.append(f"=?{charset}?Q?{letters}?=")
    return "\r\n ".join(words)


def html(text):
    return "<html><body><p>" + text.replace("\r\n", "<br>\r\n") + "</p></body></html>"


def spread(name, value, size=50):
    """A parameter in the pieces of RFC 2231."""
    text = quote(value, safe="")
    cuts, at = [], 0
    while at < len(text):
        end = min(at + size, len(text))
        while text[end - 1 : end] == "%" or text[end - 2 : end - 1] == "%":
            end -= 1
        cuts.append(text[at:end])
        at = end
    return ";\r\n\t".join(f"{name}*{n}*=" + ("utf-8''" if n == 0 else "") + cut for n, cut in enumerate(cuts))


class Letter:
    """What one of the programs is given to write."""

    def __init__(self, language):
        self.language = language
        self.person, self.subject, self.text, self.file = LANGUAGES[language]
        self.charset = LEGACY[language]

    def header(self, charset="utf-8", form="B", *more):
        lines = [f"From: {word(self.person, charset, form)} <absender@example.com>", "To: <einkauf@example.org>", f"Subject: {word(self.subject, charset, form)}"]
        return lines + ["Date: Fri, 20 Nov 2026 10:00:00 +0100", "MIME-Version: 1.0", *more]

    def answer(self, **more):
        people = {"from": [{"name": self.person, "address": "absender@example.com"}], "to": [{"address": "einkauf@example.org"}]}
        return people | {"subject": self.subject} | more


def text_of(letter, charset, encoding, data=None, kind="plain"):
    data = letter.text if data is None else data
    raw = data.encode(charset)
    body = {"8bit": raw, "7bit": raw, "quoted-printable": quoted(raw), "base64": base64_lines(raw)}[encoding]
    return entity([f"Content-Type: text/{kind}; charset=\"{charset}\"", f"Content-Transfer-Encoding: {encoding}"], body)


def outlook(letter):
    """Outlook by SMTP: NextPart boundaries, file names as encoded words in quotes, a preamble, quoted-printable in an old charset."""
    plain, page = text_of(letter, letter.charset, "quoted-printable"), text_of(letter, letter.charset, "quoted-printable", html(letter.text), "html")
    inner, outer = "----=_NextPart_001_0013_01DC5A2B.6E4F3A10", "----=_NextPart_000_0012_01DC5A2B.6E4F3A10"
    alternative = entity([f"Content-Type: multipart/alternative;\r\n\tboundary=\"{inner}\""], b"\r\n" + multipart(inner, [plain, page]))
    name = word(letter.file)
    file = entity([f"Content-Type: application/pdf;\r\n\tname=\"{name}\"", "Content-Transfer-Encoding: base64",
                   f"Content-Disposition: attachment;\r\n\tfilename=\"{name}\""], base64_lines(PDF) + b"\r\n")
    lines = letter.header(letter.charset, "Q", f"Content-Type: multipart/mixed;\r\n\tboundary=\"{outer}\"", "X-Mailer: Microsoft Outlook 16.0",
                          "Thread-Index: AQHcWi0rbk86EA==", "Content-Language: de")
    body = multipart(outer, [alternative, file], preamble="This is a multipart message in MIME format.\r\n\r\n")
    return message(lines, body), letter.answer(text=letter.text, html=html(letter.text), parts=[pdf(letter.file)])


def exchange(letter):
    """Exchange: boundaries of the server, base64 texts in UTF-8, file names in pieces, size and dates in the disposition."""
    plain, page = text_of(letter, "utf-8", "base64"), text_of(letter, "utf-8", "base64", html(letter.text), "html")
    alternative = entity(["Content-Type: multipart/alternative;\r\n\tboundary=\"_000_AM0PR05MB4711_\""], multipart("_000_AM0PR05MB4711_", [plain, page]))
    file = entity([f"Content-Type: application/pdf; name=\"{word(letter.file)}\"", f"Content-Description: {word(letter.file)}",
                   f"Content-Disposition: attachment;\r\n\t{spread('filename', letter.file)}; size={len(PDF)};\r\n"
                   "\tcreation-date=\"Fri, 20 Nov 2026 09:00:00 GMT\";\r\n\tmodification-date=\"Fri, 20 Nov 2026 09:00:00 GMT\"",
                   "Content-Transfer-Encoding: base64"], base64_lines(PDF) + b"\r\n")
    lines = letter.header("utf-8", "B", "X-MS-Has-Attach: yes", "X-MS-TNEF-Correlator:", "Accept-Language: de-DE, en-US",
                          "Content-Type: multipart/mixed;\r\n\tboundary=\"_004_AM0PR05MB4711_\"")
    return message(lines, multipart("_004_AM0PR05MB4711_", [alternative, file])), letter.answer(text=letter.text, html=html(letter.text), parts=[pdf(letter.file)])


def gmail(letter):
    """Gmail: hexadecimal boundaries, X-Attachment-Id, UTF-8 in quoted-printable or base64."""
    plain, page = text_of(letter, "utf-8", "base64"), text_of(letter, "utf-8", "quoted-printable", "<div dir=\"ltr\">" + letter.subject + "</div>", "html")
    alternative = entity(["Content-Type: multipart/alternative; boundary=\"0000000000004711ab06290b08aa\""], multipart("0000000000004711ab06290b08aa", [plain, page]))
    name = word(letter.file)
    file = entity([f"Content-Type: application/pdf; name=\"{name}\"", f"Content-Disposition: attachment; filename=\"{name}\"", "Content-Transfer-Encoding: base64",
                   "Content-ID: <f_mi4711ab0>", "X-Attachment-Id: f_mi4711ab0"], base64_lines(PDF))
    lines = letter.header("UTF-8", "B", "Content-Type: multipart/mixed; boundary=\"0000000000004711ac06290b08ac\"")
    body = multipart("0000000000004711ac06290b08ac", [alternative, file])
    return message(lines, body), letter.answer(text=letter.text, html="<div dir=\"ltr\">" + letter.subject + "</div>", parts=[pdf(letter.file, inline="f_mi4711ab0")])


def apple(letter):
    """Apple Mail: the file between two texts, names in RFC 2231, boundaries with a UUID."""
    boundary = "Apple-Mail=_4711E0C2-0815-4ABC-9DEF-001122334455"
    file = entity([f"Content-Disposition: attachment;\r\n\tfilename*=utf-8''{quote(letter.file, safe='')}", f"Content-Type: application/pdf;\r\n\tx-unix-mode=0644;\r\n\tname=\"{word(letter.file)}\"",
                   "Content-Transfer-Encoding: base64"], b"\r\n" + base64_lines(PDF))
    tail = entity(["Content-Transfer-Encoding: 7bit", "Content-Type: text/plain;\r\n\tcharset=us-ascii"], "\r\n")
    lines = letter.header("utf-8", "Q", f"Content-Type: multipart/mixed;\r\n\tboundary=\"{boundary}\"", "X-Mailer: Apple Mail (2.3826.200)")
    return message(lines, multipart(boundary, [text_of(letter, "utf-8", "quoted-printable"), file, tail])), letter.answer(text=letter.text + "\n\r\n", parts=[pdf(letter.file)])


def thunderbird(letter):
    """Thunderbird: 8bit in UTF-8, both forms of the file name, a boundary of dashes."""
    boundary = "------------4711aBcDeFgHiJkLmNoPqRsT"
    file = entity([f"Content-Type: application/pdf; name=\"{word(letter.file, form='Q')}\"", f"Content-Disposition: attachment; filename*=UTF-8''{quote(letter.file, safe='')}",
                   "Content-Transfer-Encoding: base64"], b"\r\n" + base64_lines(PDF))
    lines = letter.header("UTF-8", "B", f"Content-Type: multipart/mixed; boundary=\"{boundary}\"", "User-Agent: Mozilla Thunderbird", "Content-Language: de-DE")
    body = multipart(boundary, [text_of(letter, "UTF-8", "8bit"), file], preamble="This is a multi-part message in MIME format.\r\n")
    return message(lines, body), letter.answer(text=letter.text, parts=[pdf(letter.file)])


def android(letter):
    """A telephone: base64 all over, four dashes and letters as boundary, the name unencoded in UTF-8."""
    boundary = "----4711ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    file = entity([f"Content-Type: application/pdf;\r\n name=\"{letter.file}\"", "Content-Transfer-Encoding: base64",
                   f"Content-Disposition: attachment;\r\n filename=\"{letter.file}\";\r\n size={len(PDF)}"], base64_lines(PDF) + b"\r\n")
    lines = letter.header("UTF-8", "B", f"Content-Type: multipart/mixed; boundary=\"{boundary}\"")
    return message(lines, multipart(boundary, [text_of(letter, "utf-8", "base64"), file])), letter.answer(text=letter.text, parts=[pdf(letter.file)])


PROGRAMS = {"outlook": outlook, "exchange": exchange, "gmail": gmail, "apple": apple, "thunderbird": thunderbird, "android": android}
for program, write in PROGRAMS.items():
    for language in LANGUAGES:
        letter = Letter(language)
        raw, answer = write(letter)
        case("ordinary", f"{program}-{language}", "RFC 2049 4", raw, well=program != "android" and (program != "gmail" or language == "en"), **answer)
