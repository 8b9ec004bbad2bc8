//! The part of a name that one owner has registered.

/// The rules of the Public Suffix List (publicsuffix.org) behind a head, in A-labels, one a line, in the order of their bytes. As data it takes a tenth of what it takes
/// as code; `tests/public_suffix.rs` keeps it equal to the crate `psl`, which is renewed with each change of the list.
const LIST: &str = include_str!("public_suffix.txt");

/// The registrable domain of a name: the one label before its public suffix, and that suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registrable<'a> {
    /// `example.co.uk` of `mail.example.co.uk`.
    pub domain: &'a str,
    /// Whether the list has the suffix. Of a name under another one nothing is certain: its last label is taken for the suffix.
    pub is_known: bool,
}

/// What one owner has registered of a host's name, which has to be in lower case and in A-labels, without a dot at its end. A public
/// suffix has none.
pub fn registrable(name: &str) -> Option<Registrable<'_>> {
    let starts: Vec<usize> = std::iter::once(0).chain(name.match_indices('.').map(|(dot, _)| dot + 1)).collect();
    // From the longest suffix on: the rule with the most labels counts, and an exception before all.
    for (label, &start) in starts.iter().enumerate() {
        let suffix = &name[start..];
        if has(&format!("!{suffix}")) {
            return Some(Registrable { domain: suffix, is_known: true });
        }
        let behind_the_first = suffix.split_once('.').map(|(_, rest)| rest);
        if has(suffix) || behind_the_first.is_some_and(|rest| has(&format!("*.{rest}"))) {
            return Some(Registrable { domain: &name[*starts.get(label.checked_sub(1)?)?..], is_known: true });
        }
    }
    let second = starts.len().checked_sub(2)?;
    Some(Registrable { domain: &name[*starts.get(second)?..], is_known: false })
}

/// Whether the list has this rule.
fn has(rule: &str) -> bool {
    let Some((_, mut rest)) = LIST.split_once("\n\n") else { return false };
    // The lines are sorted: of what is left, the line in the middle tells which half it is in.
    while !rest.is_empty() {
        // All is ASCII, so that each place is one to cut at.
        let middle = rest.len() / 2;
        let from = rest[..middle].rfind('\n').map_or(0, |end| end + 1);
        let to = rest[from..].find('\n').map_or(rest.len(), |end| from + end);
        match rest[from..to].cmp(rule) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = rest.get(to + 1..).unwrap_or_default(),
            std::cmp::Ordering::Greater => rest = &rest[..from],
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_ends_where_many_share_a_suffix() {
        for (name, domain, is_known) in [
            ("mail.example.com", "example.com", true),
            ("example.com", "example.com", true),
            ("mail.firma.co.uk", "firma.co.uk", true),
            ("mail.anna.dyndns.org", "anna.dyndns.org", true),
            ("a.b.c.ck", "b.c.ck", true),
            ("x.www.ck", "www.ck", true),
            ("a.city.kawasaki.jp", "city.kawasaki.jp", true),
            ("a.other.kawasaki.jp", "a.other.kawasaki.jp", true),
            ("www.xn--55qx5d.cn", "www.xn--55qx5d.cn", true),
            ("pc.office.internal", "office.internal", false),
        ] {
            assert_eq!(registrable(name), Some(Registrable { domain, is_known }), "{name}");
        }
        for suffix in ["com", "co.uk", "dyndns.org", "c.ck", "localhost", ""] {
            assert_eq!(registrable(suffix), None, "{suffix}");
        }
    }
}
