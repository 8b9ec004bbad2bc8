//! What a charset label means: those of the Encoding Standard, and those that mail has beside them.

use super::code_page;
use encoding_rs::Encoding;

/// A character set that texts can be decoded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// Seven bits.
    Ascii,
    /// One of the Encoding Standard.
    Standard(&'static Encoding),
    /// A set of one byte a letter, as the letters of its upper half.
    CodePage(&'static str),
    /// UTF-16 in an order that the text itself tells.
    Utf16,
    /// UTF-32 in an order that the text itself tells.
    Utf32,
    /// RFC 2152.
    Utf7,
    /// RFC 1843.
    Hz,
    /// RFC 1557.
    Iso2022Kr,
}

/// What a label says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Known(Charset),
    /// It says itself that the set is not known (RFC 1428), or it is empty.
    Missing,
    /// It names no set that we have.
    Unknown,
}

impl Label {
    /// Reads a label, in quotes or with a parameter glued behind it, too.
    pub(super) fn read(label: &str) -> Label {
        if label.eq_ignore_ascii_case("utf-8") {
            return Label::Known(Charset::Standard(encoding_rs::UTF_8));
        }
        let label = label.trim_matches(|letter: char| letter.is_ascii_whitespace() || matches!(letter, '"' | '\'' | '<' | '>'));
        let end = label.find([';', '"', ',', '(', '\r', '\n', '*']).unwrap_or(label.len());
        let label = label[..end].trim();
        if label.is_empty() {
            return Label::Missing;
        }
        let key = key(label);
        match special(&key) {
            Some(told) => told,
            None => match Encoding::for_label(label.as_bytes()).or_else(|| alias(&key)) {
                Some(encoding) if encoding != encoding_rs::REPLACEMENT => Label::Known(Charset::Standard(encoding)),
                _ => code_page(&key).map_or(Label::Unknown, |page| Label::Known(Charset::CodePage(page))),
            },
        }
    }
}

/// The letters and digits of a label, in lower case and without what marks a private name: `X-CP_850` and `cp-850` are one.
fn key(label: &str) -> String {
    // No label of any use is longer.
    let key: String = label.chars().take(64).filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    match key.strip_prefix('x') {
        Some(rest) if label.get(1..2) == Some("-") || label.get(1..2) == Some("_") => rest.to_owned(),
        _ => key,
    }
}

fn special(key: &str) -> Option<Label> {
    Some(Label::Known(match key {
        "ascii" | "usascii" | "ansix341968" | "ansix341986" | "iso646us" | "646" | "iso646irv1991" | "isoir6" | "7bit" | "cp367"
        | "ibm367" | "csascii" | "us" => Charset::Ascii,
        "utf7" | "unicode11utf7" | "unicode20utf7" | "csunicode11utf7" | "csutf7" | "cp65000" | "65000" => Charset::Utf7,
        "utf16" | "ucs2" | "iso10646ucs2" | "csunicode" | "unicode" | "csutf16" => Charset::Utf16,
        "utf32" | "ucs4" | "iso10646ucs4" | "csucs4" | "utf32le" | "utf32be" | "csutf32" => Charset::Utf32,
        "hz" | "hzgb2312" | "hzgb" | "cp52936" => Charset::Hz,
        "iso2022kr" | "csiso2022kr" | "cp50225" => Charset::Iso2022Kr,
        "unknown" | "unknown8bit" | "8bit" | "binary" | "default" | "none" | "null" | "undefined" | "auto" | "userdefined" | "charset" => {
            return Some(Label::Missing);
        }
        _ => return None,
    }))
}

/// A set of the Encoding Standard under a name that the standard does not list.
fn alias(key: &str) -> Option<&'static Encoding> {
    let name = match key {
        "utf8" | "utf8mb4" | "utf8mb3" | "unicode8" | "utf08" | "cp65001" | "65001" | "utf8n" | "utf8bom" | "csutf8" | "unicode11utf8"
        | "unicode20utf8" | "usutf8" | "utf" => "utf-8",
        // Written by Exchange for texts of Windows; the set itself is that of Teletex.
        "ansix3110"
        | "ansix31101983"
        | "csat500"
        | "csisocsat500"
        | "ansi"
        | "iso88591windows30latin1"
        | "iso88591windows31latin1"
        | "cswindows30latin1"
        | "cswindows31latin1"
        | "isolatin1"
        | "latin1"
        | "latin"
        | "western" => "windows-1252",
        "latin9" | "latin0" | "isolatin9" => "iso-8859-15",
        "latin3" | "isolatin3" => "iso-8859-3",
        "latin4" | "isolatin4" => "iso-8859-4",
        "latin6" | "isolatin6" => "iso-8859-10",
        "latin10" => "iso-8859-16",
        "latin7" => "iso-8859-13",
        "latin8" => "iso-8859-14",
        "iso88592windowslatin2" | "isolatin2" | "latin2" | "easteurope" => "iso-8859-2",
        "iso88599windowslatin5" | "isolatin5" | "latin5" => "iso-8859-9",
        "cp932" | "ms932" | "932" | "cp943" | "ibm943" | "ms942" | "cp942" | "shiftjis" | "sjiswin" | "csshiftjis" => "shift_jis",
        "eucjpms" | "eucjpwin" | "ujis" | "cp51932" | "cp20932" => "euc-jp",
        "jis" | "iso2022jp1" | "iso2022jp2" | "iso2022jp3" | "iso2022jpms" | "cp50220" | "cp50221" | "cp50222" => "iso-2022-jp",
        "cp949" | "ms949" | "949" | "uhc" | "ksc5601" | "ksc56011989" | "cp51949" | "johab" | "ksx1001" => "euc-kr",
        "cp936" | "ms936" | "936" | "cp51936" | "euccn" | "gb231280" | "gb" | "chinesegb" => "gbk",
        "cp54936" | "54936" => "gb18030",
        "cp950" | "ms950" | "950" | "big5eten" | "big5tw" | "cp951" => "big5",
        "macjapanese" => "shift_jis",
        "mackorean" => "euc-kr",
        "macchinesesimp" | "macsimpchinese" => "gbk",
        "macchinesetrad" | "mactradchinese" => "big5",
        "mac" | "macroman" | "cp10000" | "10000" => "macintosh",
        "maccyrillic" | "macukrainian" | "macukraine" | "cp10007" | "cp10017" => "x-mac-cyrillic",
        "koi8" | "cp20866" | "20866" | "cskoi8r" => "koi8-r",
        "cp21866" | "koi8ru" => "koi8-u",
        "tis620" | "tis6200" | "cp874" | "874" => "windows-874",
        "hebrew" | "iso88598e" | "cp28598" => "iso-8859-8",
        "cp38598" => "iso-8859-8-i",
        _ => return numbered(key),
    };
    Encoding::for_label(name.as_bytes())
}

/// `iso88592`, `windows1250`, `cp1250`, `1250`, `cp28592`: a family and a number in it.
fn numbered(key: &str) -> Option<&'static Encoding> {
    let windows = |number: &str| Encoding::for_label(format!("windows-{number}").as_bytes());
    if let Some(part) = key.strip_prefix("iso8859").or_else(|| key.strip_prefix("8859")).or_else(|| key.strip_prefix("cp2859")) {
        return Encoding::for_label(format!("iso-8859-{part}").as_bytes());
    }
    let number = number(key)?;
    if number.len() == 4 && number.starts_with("125") {
        return windows(number);
    }
    (number == "866").then_some(encoding_rs::IBM866)
}

/// The number behind the name of a family of code pages, or the number alone.
fn number(key: &str) -> Option<&str> {
    let families = ["windows", "winlatin", "win", "ccsid", "cspc", "cp", "ibm", "dos", "ms", "oem", "ansi", "codepage", "csibm", ""];
    let mut numbers = families.iter().filter_map(|family| key.strip_prefix(family));
    numbers.find(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn code_page(key: &str) -> Option<&'static str> {
    let name = match key {
        "cspc8codepage437" | "pc8" => "437",
        "pc850multilingual" | "cspc850multilingual" => "850",
        "cspcp852" | "pcp852" => "852",
        "cp850euro" | "pcmultilingual850euro" | "ccsid00858" | "cp00858" => "858",
        "rk1048" | "strk10482002" | "cskz1048" => "kz1048",
        "maclatin2" | "maccentraleurope" | "maccentraleurroman" | "cp10029" => "macce",
        "cp10006" => "macgreek",
        "cp10081" => "macturkish",
        "maciceland" | "cp10079" => "macicelandic",
        "cp10082" => "maccroatian",
        "macromania" | "cp10010" => "macromanian",
        _ => number(key).unwrap_or(key),
    };
    code_page::upper_half(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_labels_mean_what_their_writers_meant() {
        let same = [
            ("utf-8", ["UTF8", "utf8mb4", "\"utf-8\"", "utf-8; format=flowed", "'utf-8'", "cp65001", " utf-8 ", "utf-8*de", "UTF_8"]),
            (
                "windows-1252",
                ["cp1252", "ansi_x3.110-1983", "iso-8859-1", "ISO8859_1", "iso88591", "windows1252", "win-1252", "1252", "latin-1"],
            ),
            ("windows-1250", ["CP-1250", "cp1250", "win1250", "windows_1250", "ansi-1250", "x-cp1250", "1250", "ms-1250", "Windows1250"]),
            (
                "iso-8859-2",
                ["iso8859-2", "iso_8859_2", "8859_2", "ISO 8859-2", "iso88592", "Latin-2", "cp28592", "x-iso-8859-2", "isolatin2"],
            ),
            ("shift_jis", ["cp932", "MS932", "x-sjis", "windows-31j", "sjis", "Shift-JIS", "ms_kanji", "x-mac-japanese", "csShiftJIS"]),
            (
                "iso-8859-8-i",
                [
                    "ISO-8859-8-I",
                    "iso-8859-8-i",
                    "logical",
                    "csiso88598i",
                    "cp38598",
                    "cp-38598",
                    "x-cp38598",
                    "iso-8859-8-i;",
                    "iso-8859-8-i ",
                ],
            ),
        ];
        for (name, labels) in same {
            let right = Label::Known(Charset::Standard(Encoding::for_label(name.as_bytes()).unwrap()));
            labels.iter().for_each(|label| assert_eq!(Label::read(label), right, "{label}"));
        }
        for label in ["cp-850", "ibm850", "CP850", "850", "x-cp850", "IBM-850", "cspc850multilingual", "dos-850"] {
            assert_eq!(Label::read(label), Label::Known(Charset::CodePage(code_page::upper_half("850").unwrap())), "{label}");
        }
        for (label, charset) in [
            ("us-ascii", Charset::Ascii),
            ("ANSI_X3.4-1968", Charset::Ascii),
            ("unicode-1-1-utf-7", Charset::Utf7),
            ("x-unicode-2-0-utf-7", Charset::Utf7),
            ("hz-gb-2312", Charset::Hz),
            ("iso-2022-kr", Charset::Iso2022Kr),
            ("ucs-2", Charset::Utf16),
        ] {
            assert_eq!(Label::read(label), Label::Known(charset), "{label}");
        }
        ["x-unknown", "unknown-8bit", "8BIT", "", " ", "\"\"", ";"]
            .iter()
            .for_each(|label| assert_eq!(Label::read(label), Label::Missing, "{label}"));
        ["iso-2022-cn", "klingon", "replacement", "é", "xx-é-", "cp99999"]
            .iter()
            .for_each(|label| assert_eq!(Label::read(label), Label::Unknown, "{label}"));
    }
}
