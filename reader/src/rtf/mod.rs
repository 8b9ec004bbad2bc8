//! RTF bodies: the HTML or the text that they were made of (MS-OXRTFEX), or else the text that they show.

mod compressed;
mod fonts;
mod state;
mod token;

pub(crate) use compressed::decompress;
#[cfg(test)]
pub(crate) use compressed::tests::compress;
use state::Reader;
use token::{Token, Tokens};

/// What a body in RTF gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// The HTML that it was made of, told by `\fromhtml1`.
    Html(String),
    /// The text that it was made of, told by `\fromtext`.
    Text(String),
    /// The text that it shows, without its looks.
    Shown(String),
}

/// Within so many tokens it stands what the RTF was made of (MS-OXRTFEX, 2.2.3.1: ten).
const HEADER: usize = 32;

/// Reads RTF. What is none is read as far as it goes.
pub(crate) fn body(rtf: &[u8]) -> Body {
    let mut header = Tokens::new(rtf).take(HEADER).filter_map(|token| match token {
        Token::Word(b"fromhtml", Some(1)) => Some(true),
        Token::Word(b"fromtext", _) => Some(false),
        _ => None,
    });
    let from_html = header.next();
    let mut reader = Reader::new(from_html == Some(true));
    for token in Tokens::new(rtf) {
        reader.take(token);
    }
    let text = reader.into_text();
    match from_html {
        Some(true) => Body::Html(text),
        Some(false) => Body::Text(text),
        None => Body::Shown(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Outlook writes it: tags in groups of their own, and what only RTF readers are to see switched off for us.
    pub(super) const HTML: &str = r"{\rtf1\ansi\ansicpg1252\fromhtml1 \fbidi \deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fmodern\fcharset238 Courier New;}}
{\colortbl\red0\green0\blue0;}{\*\generator Microsoft}\uc1\pard\plain\deftab360 \f0\fs24
{\*\htmltag19 <html>}{\*\htmltag2 \par }{\*\htmltag64 <p class=\'22x\'22>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe \u8364?, {\f1 \'9aunka}{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 a\tab b
{\*\mhtmltag84 <img src=x>}{\*\htmltag84 <img src=\'22cid:1\'22>}{\*\htmltag244 \{x\\y\}}\u-10179?\u-8704?{\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0
{\*\htmltag27 </html>}}";

    #[test]
    fn html_is_taken_out_of_rtf() {
        let expected = "<html>\r\n<p class=\"x\">Grüße €, šunka&nbsp;a\tb<img src=\"cid:1\">{x\\y}😀</p></html>";
        assert_eq!(body(HTML.as_bytes()), Body::Html(expected.to_owned()));
    }

    #[test]
    fn text_is_taken_out_of_rtf() {
        let rtf =
            br"{\rtf1\ansi\ansicpg1250\fromtext \deff0{\fonttbl{\f0\fswiss Arial;}}\f0 Dober dan,\par \'9aunka \{\'80\}\line \emdash .}";
        assert_eq!(body(rtf), Body::Text("Dober dan,\r\nšunka {€}\r\n—.".to_owned()));
    }

    #[test]
    fn other_rtf_shows_its_text() {
        let rtf = br"{\rtf1\ansi{\fonttbl{\f0\fcharset128 MS Gothic;}}{\stylesheet{\s0 Normal;}}{\info{\author A}}{\pict\pngblip 8950}\f0 \'93\'fa{\b {}}{\*\unknown x}\par Ende\cell 1\row\u246\'f6}";
        assert_eq!(body(rtf), Body::Shown("日\r\nEnde\t1\r\nö".to_owned()));
        let two_bytes = br"{\rtf1{\fonttbl{\f0\fcharset128 x;}}\f0\'93\'fa\'96\{}";
        assert_eq!(body(two_bytes), Body::Shown("日本".to_owned()));
    }

    #[test]
    fn any_bytes_are_read() {
        let mut random = 1u32;
        for _ in 0..3000 {
            let mut rtf = HTML.as_bytes().to_vec();
            for _ in 0..4 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (random >> 8) as usize % rtf.len();
                if random & 1 == 0 { rtf.truncate(at.max(1)) } else { rtf[at] = b"{}\\'u\xff09"[(random >> 1) as usize & 7] }
            }
            body(&rtf);
        }
        assert_eq!(body(b""), Body::Shown(String::new()));
        let deep = "{\\b".repeat(200_000);
        assert_eq!(body(deep.as_bytes()), Body::Shown(String::new()));
    }
}
