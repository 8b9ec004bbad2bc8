//! Text from HTML, HTML from text, and the wrapper that gives a company's mails their look.

mod from_text;
mod to_text;
mod wrapper;

use crate::message::findings::Findings;
pub(super) use from_text::from_text;
pub(super) use to_text::to_text;
pub(super) use wrapper::{CONTENT, LOGO, WRAPPER, content, wrap};

/// The text that HTML shows.
pub(crate) fn plain(html: &str) -> String {
    to_text(html, &mut Findings::default())
}

#[cfg(test)]
mod tests {
    use crate::message::findings::Findings;

    #[test]
    fn text_survives_the_way_to_html_and_back() {
        for text in ["Grüße\n\nAnna & Co. <x>", "a\n  b  c\nd"] {
            assert_eq!(super::to_text(&super::from_text(text, &mut Findings::default()), &mut Findings::default()), text);
        }
    }
}
