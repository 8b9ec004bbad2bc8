//! Code pages of Windows, as MAPI properties and RTF name character sets.

use encoding_rs::Encoding;

/// The character set of a code page; `None` for one that is unknown.
pub(crate) fn codepage(number: u32) -> Option<&'static Encoding> {
    let label = match number {
        874 | 1250..=1258 => return Encoding::for_label(format!("windows-{number}").as_bytes()),
        28591..=28606 => return Encoding::for_label(format!("iso-8859-{}", number - 28590).as_bytes()),
        866 => "ibm866",
        932 => "shift_jis",
        936 => "gbk",
        949 | 51949 => "euc-kr",
        950 => "big5",
        1200 => "utf-16le",
        1201 => "utf-16be",
        10000 => "macintosh",
        10007 => "x-mac-cyrillic",
        20127 => "us-ascii",
        20866 => "koi8-r",
        20932 | 51932 => "euc-jp",
        21866 => "koi8-u",
        38598 => "iso-8859-8-i",
        50220..=50222 => "iso-2022-jp",
        54936 => "gb18030",
        65001 => "utf-8",
        _ => return None,
    };
    Encoding::for_label(label.as_bytes())
}

/// The code page of a font's character set (RTF's `\fcharset`, `lfCharSet` of Windows); `None` for the document's own.
pub(crate) fn of_font(charset: i32) -> Option<u32> {
    Some(match charset {
        77 => 10000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_pages_have_their_character_sets() {
        let name = |number| codepage(number).map(Encoding::name);
        assert_eq!(
            (name(1250), name(28592), name(65001), name(932)),
            (Some("windows-1250"), Some("ISO-8859-2"), Some("UTF-8"), Some("Shift_JIS"))
        );
        assert_eq!((name(0), name(4711), name(28601)), (None, None, Some("windows-874")));
        assert_eq!((of_font(238), of_font(0), of_font(-1)), (Some(1250), None, None));
    }
}
