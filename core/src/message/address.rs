//! Mail addresses: read from what people write, and refused before anything odd reaches a server.

use super::findings::{BLOCK, Findings};
use schemars::JsonSchema;
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A name and an address.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
pub(super) struct Address<'a> {
    /// The display name; empty when there is none.
    #[schemars(default, extend("examples" = ["Anna"]))]
    pub(super) name: Cow<'a, str>,
    /// The address, with its domain in ASCII.
    #[schemars(extend("examples" = ["anna@example.com"]))]
    pub(super) address: Cow<'a, str>,
}

/// RFC 5321 section 4.5.3.1: the local part, and the whole path without its angle brackets.
const LOCAL_LENGTH: usize = 64;
const ADDRESS_LENGTH: usize = 254;
const DOMAIN_LENGTH: usize = 253;

/// Carriers whose customers have two dots in a row, or one in front of the @.
const CARRIERS: [&str; 2] = ["docomo.ne.jp", "ezweb.ne.jp"];

impl Address<'_> {
    /// Whether the address needs SMTPUTF8 (RFC 6531).
    pub(super) fn is_utf8(&self) -> bool {
        !self.address.is_ascii()
    }

    /// The part behind the last `@`.
    pub(super) fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// What two spellings of one address have in common: the domain's case does not count (RFC 5321 section 2.4).
    pub(super) fn identity(&self) -> String {
        let (local, domain) = self.address.rsplit_once('@').unwrap_or((&self.address, ""));
        format!("{local}@{}", domain.to_ascii_lowercase())
    }
}

/// Reads all addresses in a text: separated by commas or semicolons, with or without names.
pub(super) fn parse_list<'a>(text: &'a str, pointer: &str, findings: &mut Findings<'_>) -> Vec<Address<'a>> {
    let pieces = match split(text, findings) {
        Ok(pieces) => pieces,
        Err(piece) => {
            findings.add(pointer, "message.address_invalid", &[("address", piece)]);
            return Vec::new();
        }
    };
    let mut addresses = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if !piece.trim().is_empty() && findings.goes_on() {
            addresses.extend(parse(piece, pointer, findings));
        }
    }
    addresses
}

/// Reads one address with or without a name.
fn parse<'a>(text: &'a str, pointer: &str, findings: &mut Findings<'_>) -> Option<Address<'a>> {
    let text = text.trim_matches(' ');
    if let Some((comment, rest)) = without_comment(text) {
        let mut address = parse(rest, pointer, findings)?;
        if address.name.is_empty() {
            address.name = Cow::Borrowed(comment);
        }
        findings.repaired(pointer, text, &address.address);
        return Some(address);
    }
    let Some((name, rest)) = angle(text) else {
        return Some(Address { name: Cow::Borrowed(""), address: check(Cow::Borrowed(text), pointer, findings)? });
    };
    let Some(address) = rest.strip_suffix('>') else {
        findings.add(pointer, "message.address_invalid", &[("address", text)]);
        return None;
    };
    let name = unquote(name.trim_matches(' '));
    Some(Address { name, address: check(Cow::Borrowed(address.trim_matches(' ')), pointer, findings)? })
}

/// The comment before or behind an address (RFC 5322, section 3.2.2), and the rest: `anna@example.com (Anna)`. Nothing where brackets are
/// nested or stand in quotes.
fn without_comment(text: &str) -> Option<(&str, &str)> {
    let (comment, rest) = match text.strip_suffix(')') {
        Some(front) => front.rsplit_once('(').map(|(rest, comment)| (comment, rest))?,
        None => text.strip_prefix('(')?.split_once(')')?,
    };
    let is_plain = !comment.contains(['(', ')', '"', '\\', '<', '>']) && !rest.contains(['(', ')']);
    is_plain.then_some((comment.trim_matches(' '), rest.trim_matches(' ')))
}

/// Checks an address and writes its domain in ASCII. A slip is repaired and noted where only one address can be meant.
pub(super) fn check<'a>(address: Cow<'a, str>, pointer: &str, findings: &mut Findings<'_>) -> Option<Cow<'a, str>> {
    let Some(repaired) = repair(&address) else { return well_formed(address, pointer, findings) };
    let used = well_formed(Cow::Owned(repaired), pointer, findings)?;
    findings.repaired(pointer, &address, &used);
    Some(used)
}

/// The address that is certainly meant, where it is not what stands there: behind `mailto:`, with a dot at the end of the domain, with
/// dots that mobile carriers of Japan gave away and that only quotes may hold.
fn repair(text: &str) -> Option<String> {
    const SCHEME: &str = "mailto:";
    let is_link = text.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME));
    let bare = if is_link { text[SCHEME.len()..].trim_matches(' ') } else { text };
    // A link may hold a subject and escaped letters, which say more than an address.
    let (local, domain) = bare.rsplit_once('@').filter(|_| !is_link || !bare.contains(['?', '%']))?;
    let absolute = domain.strip_suffix('.').filter(|domain| !domain.is_empty() && !domain.ends_with('.'));
    let domain = absolute.unwrap_or(domain);
    let has_dots = CARRIERS.iter().any(|carrier| domain.eq_ignore_ascii_case(carrier))
        && !local.starts_with('.')
        && (local.contains("..") || local.ends_with('.'))
        && local.chars().all(|c| c == '.' || is_atom_char(c));
    match has_dots {
        true => Some(format!("\"{local}\"@{domain}")),
        false => (is_link || absolute.is_some()).then(|| format!("{local}@{domain}")),
    }
}

fn well_formed<'a>(address: Cow<'a, str>, pointer: &str, findings: &mut Findings<'_>) -> Option<Cow<'a, str>> {
    let Some((local, domain)) = address.rsplit_once('@') else {
        findings.add(pointer, "message.address_invalid", &[("address", &address)]);
        return None;
    };
    if !is_local_part(local) {
        findings.add(pointer, "message.address_invalid", &[("address", &address)]);
        return None;
    }
    let Some(ascii) = ascii_domain(domain) else {
        findings.add(pointer, "message.domain_invalid", &[("address", &address), ("domain", domain)]);
        return None;
    };
    if local.len() > LOCAL_LENGTH || local.len() + 1 + ascii.len() > ADDRESS_LENGTH {
        findings.add(pointer, "message.address_too_long", &[("address", &address)]);
        return None;
    }
    match ascii {
        Cow::Borrowed(_) => Some(address),
        Cow::Owned(domain) => Some(Cow::Owned(format!("{local}@{domain}"))),
    }
}

/// Divides at commas and semicolons that stand outside quotes, angle brackets, address literals and comments.
///
/// An unfinished quote, bracket or comment is an error with the piece it is in.
fn split<'t>(text: &'t str, findings: &mut Findings<'_>) -> Result<Vec<&'t str>, &'t str> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut escaped, mut angle, mut literal, mut comments) = (0, false, false, false, false, 0_usize);
    for (place, byte) in text.bytes().enumerate() {
        if place % BLOCK == BLOCK - 1 && !findings.goes_on() {
            break;
        }
        if escaped {
            escaped = false;
            continue;
        }
        match byte {
            b'\\' if quoted || comments > 0 => escaped = true,
            b'"' if comments == 0 => quoted = !quoted,
            _ if quoted => (),
            b'(' => comments += 1,
            b')' => comments = comments.saturating_sub(1),
            _ if comments > 0 => (),
            b'<' => angle = true,
            b'>' => angle = false,
            b'[' => literal = true,
            b']' => literal = false,
            b',' | b';' if !angle && !literal => {
                pieces.push(&text[start..place]);
                start = place + 1;
            }
            _ => (),
        }
    }
    let last = &text[start..];
    if quoted || escaped || angle || literal || comments > 0 {
        return Err(last);
    }
    pieces.push(last);
    Ok(pieces)
}

/// Divides `name <address>` at the angle bracket that stands outside quotes.
fn angle(text: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => return Some((&text[..place], &text[place + 1..])),
            _ => (),
        }
    }
    None
}

/// The words of a display name, without the quotes around it.
fn unquote(name: &str) -> Cow<'_, str> {
    let Some(inner) = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) else { return Cow::Borrowed(name) };
    if !inner.contains(['\\', '"']) {
        return Cow::Borrowed(inner);
    }
    let mut words = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            // `"A" b "C"`: the quotes around the words of a name are no part of it.
            '"' if !escaped => (),
            _ => {
                words.push(c);
                escaped = false;
            }
        }
    }
    Cow::Owned(words)
}

/// RFC 5322 dot-atom or quoted-string, with the letters of RFC 6531.
fn is_local_part(local: &str) -> bool {
    if let Some(inner) = local.strip_prefix('"') {
        let Some(inner) = inner.strip_suffix('"') else { return false };
        let mut escaped = false;
        for c in inner.chars() {
            match c {
                _ if c.is_control() => return false,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return false,
                _ => (),
            }
        }
        return !escaped;
    }
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_char))
}

fn is_atom_char(c: char) -> bool {
    // Spaces of all kinds and invisible separators have no business in an unquoted address.
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
}

/// The domain as servers want it; nothing when it is none.
fn ascii_domain(domain: &str) -> Option<Cow<'_, str>> {
    if let Some(literal) = domain.strip_prefix('[') {
        let literal = literal.strip_suffix(']')?;
        let valid = match literal.strip_prefix("IPv6:") {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => literal.parse::<Ipv4Addr>().is_ok(),
        };
        return valid.then_some(Cow::Borrowed(domain));
    }
    // Long before this, a domain is none; and what it takes to write one in ASCII grows with the square of its length.
    if domain.len() > 4 * DOMAIN_LENGTH {
        return None;
    }
    let ascii = match domain.is_ascii() {
        true => Cow::Borrowed(domain),
        false => Cow::Owned(idna::domain_to_ascii(domain).ok()?),
    };
    let is_label = |label: &str| {
        let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte != b'-');
        label.len() <= 63
            && edge(label.bytes().next())
            && edge(label.bytes().last())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    (ascii.len() <= DOMAIN_LENGTH && ascii.split('.').all(is_label)).then_some(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, Vec<String>> {
        let mut findings = Findings::default();
        let list = parse_list(text, "/to", &mut findings);
        match findings.into_result() {
            Ok(_) => Ok(list.into_iter().map(|address| (address.name.into_owned(), address.address.into_owned())).collect()),
            Err(error) => Err(error.at.iter().map(|at| at.code.clone()).collect()),
        }
    }

    fn one(text: &str) -> (String, String) {
        let mut list = read(text).unwrap();
        assert_eq!(list.len(), 1, "{text}");
        list.remove(0)
    }

    #[test]
    fn an_address_may_have_a_name_in_every_usual_spelling() {
        for (text, name, address) in [
            ("anna@example.com", "", "anna@example.com"),
            ("<anna@example.com>", "", "anna@example.com"),
            ("Anna Müller <anna@example.com>", "Anna Müller", "anna@example.com"),
            ("\"Müller, Anna\" <anna@example.com>", "Müller, Anna", "anna@example.com"),
            ("\"Anna \\\"die\\\" Müller\" <anna@example.com>", "Anna \"die\" Müller", "anna@example.com"),
            ("  Anna   <  anna@example.com > ", "Anna", "anna@example.com"),
            ("\"a b; <c>\"@example.com", "", "\"a b; <c>\"@example.com"),
            ("o'brien+tag@example.com", "", "o'brien+tag@example.com"),
            ("post@[192.0.2.7]", "", "post@[192.0.2.7]"),
            ("post@[IPv6:2001:db8::1]", "", "post@[IPv6:2001:db8::1]"),
            ("root@localhost", "", "root@localhost"),
        ] {
            assert_eq!(one(text), (name.to_owned(), address.to_owned()), "{text}");
        }
    }

    #[test]
    fn several_addresses_may_stand_in_one_text() {
        let list = read("a@example.com; \"B, C\" <b@example.com>, D <d@example.com>;").unwrap();
        let addresses: Vec<&str> = list.iter().map(|(_, address)| address.as_str()).collect();
        assert_eq!(addresses, ["a@example.com", "b@example.com", "d@example.com"]);
    }

    #[test]
    fn a_slip_is_repaired_and_noted_where_only_one_address_can_be_meant() {
        for (text, name, address) in [
            ("anna@example.com (Anna)", "Anna", "anna@example.com"),
            ("(Anna Müller) anna@example.com", "Anna Müller", "anna@example.com"),
            ("Anna <anna@example.com> (at work)", "Anna", "anna@example.com"),
            ("mailto:anna@example.com", "", "anna@example.com"),
            ("Anna <MailTo: anna@example.com>", "Anna", "anna@example.com"),
            ("anna@example.com.", "", "anna@example.com"),
            ("mailto:anna@müller.example. (Anna, Müller)", "Anna, Müller", "anna@xn--mller-kva.example"),
            ("anna..m@docomo.ne.jp", "", "\"anna..m\"@docomo.ne.jp"),
            ("anna.@ezweb.ne.jp", "", "\"anna.\"@ezweb.ne.jp"),
        ] {
            let mut findings = Findings::default();
            let list = parse_list(text, "/to/0", &mut findings);
            assert_eq!([(&*list[0].name, &*list[0].address)], [(name, address)], "{text}");
            let repaired = findings.into_result().unwrap();
            let last = repaired.last().unwrap();
            assert_eq!(
                (last.pointer.as_str(), last.code.as_str(), &last.args["address"]),
                ("/to/0", "message.address_repaired", &address.into())
            );
            assert!(repaired.iter().any(|at| text.contains(at.args["given"].as_str().unwrap())), "{text}: {repaired:?}");
        }
        // What needs no repair is none.
        for text in
            ["anna@example.com", "\"an..na\"@docomo.ne.jp", "Anna (x) <anna@example.com>", "\"A (b)\" <a@b.example>", "post@[IPv6:::1]"]
        {
            let mut findings = Findings::default();
            assert_eq!(parse_list(text, "/to", &mut findings).len(), 1, "{text}");
            assert!(findings.into_result().unwrap().is_empty(), "{text}");
        }
    }

    #[test]
    fn an_international_domain_becomes_ascii_and_an_international_local_part_stays() {
        assert_eq!(one("info@müller.example").1, "info@xn--mller-kva.example");
        assert_eq!(one("jürgen@example.com").1, "jürgen@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "anna",
            "@example.com",
            "anna@",
            "anna@example..com",
            "anna@-example.com",
            "anna@exam ple.com",
            "an na@example.com",
            "anna.@example.com",
            "anna@example.com> SIZE=1",
            "<anna@example.com> NOTIFY=NEVER",
            "anna@example.com NOTIFY=NEVER",
            "anna@example.com>,<b@example.com",
            "<<anna@example.com>>",
            "anna@[300.1.1.1]",
            "anna@[192.0.2.7",
            "\"anna@example.com",
            "Müller, Anna <anna@example.com>",
            "anna\u{a0}x@example.com",
            "anna@example.com..",
            "anna@.",
            "an..na@example.com",
            ".anna@docomo.ne.jp",
            "mailto:",
            "mailto:anna@example.com?subject=x",
            "mailto:anna%40example.com",
            "mailto:anna%2b@example.com",
            "http:anna@example.com",
            "anna@example.com (Anna (x))",
            "anna@example.com (Anna) x",
            "anna(x)@example.com",
            "(anna@example.com)",
            "anna@example.com (\"x)",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read(&format!("{}@example.com", "a".repeat(65))), Err(vec!["message.address_too_long".to_owned()]));
        assert_eq!(read("a@exa$mple.com"), Err(vec!["message.domain_invalid".to_owned()]));
    }

    #[test]
    fn the_case_of_the_domain_makes_no_other_address() {
        let mut findings = Findings::default();
        let list = parse_list("Anna@Example.COM, Anna@example.com, anna@example.com", "/to", &mut findings);
        assert_eq!(list[0].identity(), list[1].identity());
        assert_ne!(list[0].identity(), list[2].identity());
    }
}
