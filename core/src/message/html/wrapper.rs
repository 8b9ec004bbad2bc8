//! The wrapper that gives a company's mails their look.

use crate::message::findings::{BLOCK, Findings};

/// The wrapper for senders who have none of their own.
pub(in crate::message) const WRAPPER: &str = "<!DOCTYPE html>\r\n<html>\r\n<body style=\"margin:0;padding:16px;font-family:Arial,Helvetica,sans-serif;\
font-size:14px;color:#222222\">\r\n<div>{{logo}}</div>\r\n<div>\r\n{{content}}\r\n</div>\r\n</body>\r\n</html>\r\n";

/// The place in a wrapper where the message stands, and the one for the logo.
pub(in crate::message) const CONTENT: &str = "{{content}}";
pub(in crate::message) const LOGO: &str = "{{logo}}";

/// Puts a message into a wrapper; `logo` is the Content-ID of the image.
pub(in crate::message) fn wrap(wrapper: &str, content: &str, logo: Option<&str>) -> String {
    let image = logo.map(|logo| format!("<img src=\"cid:{logo}\" alt=\"\">")).unwrap_or_default();
    let mut page = String::with_capacity(wrapper.len() + content.len() + image.len());
    let mut rest = wrapper;
    // In one pass, so that a message which speaks of {{logo}} is left as it is.
    while let Some(place) = rest.find("{{") {
        page.push_str(&rest[..place]);
        rest = &rest[place..];
        if let Some(after) = rest.strip_prefix(CONTENT) {
            page.push_str(content);
            rest = after;
        } else if let Some(after) = rest.strip_prefix(LOGO) {
            page.push_str(&image);
            rest = after;
        } else {
            page.push_str("{{");
            rest = &rest[2..];
        }
    }
    page.push_str(rest);
    page
}

/// What a wrapper needs of a complete page: its style sheets and the inside of its body.
pub(in crate::message) fn content(page: &str, findings: &mut Findings<'_>) -> String {
    let lower = page.to_ascii_lowercase();
    let Some(open) = find_tag(&lower, "body", 0, findings) else { return page.to_owned() };
    let start = lower[open..].find('>').map_or(page.len(), |end| open + end + 1);
    let end = lower.rfind("</body").filter(|end| *end >= start).unwrap_or(page.len());
    let mut inside = String::new();
    let mut place = 0;
    while let Some(style) = find_tag(&lower[..open], "style", place, findings) {
        let Some(end) = lower[style..open].find("</style>") else { break };
        place = style + end + "</style>".len();
        inside.push_str(&page[style..place]);
    }
    inside.push_str(&page[start..end]);
    inside
}

/// The place of `<name` as a whole word.
fn find_tag(lower: &str, name: &str, from: usize, findings: &mut Findings<'_>) -> Option<usize> {
    let (mut start, mut ask_at) = (from, from + BLOCK);
    loop {
        if start > ask_at {
            ask_at = start + BLOCK;
            if !findings.goes_on() {
                return None;
            }
        }
        let place = start + lower.get(start..)?.find('<')?;
        let after = &lower[place + 1..];
        if after.strip_prefix(name).is_some_and(|rest| rest.starts_with(|c: char| c == '>' || c.is_ascii_whitespace())) {
            return Some(place);
        }
        start = place + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(page: &str) -> String {
        super::content(page, &mut Findings::default())
    }

    #[test]
    fn a_wrapper_takes_the_inside_of_a_page() {
        let page = "<html><head><style>b{}</style></head><BODY class=x><b>hi</b></BODY></html>";
        assert_eq!(
            wrap("[{{logo}}|{{content}}|{{x}}]", &content(page), Some("l")),
            "[<img src=\"cid:l\" alt=\"\">|<style>b{}</style><b>hi</b>|{{x}}]"
        );
        assert_eq!(content("<p>{{logo}}</p>"), "<p>{{logo}}</p>");
        assert_eq!(wrap("{{content}}{{logo}}", "{{logo}}", None), "{{logo}}");
    }
}
