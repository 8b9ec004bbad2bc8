//! Senders and recipients of a message.

use super::properties::{Properties, id};
use super::word;

/// A person: a name, an address, or both.
pub(super) struct Person {
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
}

/// Ids of the properties that name a person.
pub(super) struct Ids {
    name: u16,
    kind: u16,
    address: u16,
    smtp: u16,
}

pub(super) const AUTHOR: Ids = Ids {
    name: id::SENT_REPRESENTING_NAME,
    kind: id::SENT_REPRESENTING_ADDRESS_TYPE,
    address: id::SENT_REPRESENTING_EMAIL_ADDRESS,
    smtp: id::SENT_REPRESENTING_SMTP_ADDRESS,
};
pub(super) const SENDER: Ids =
    Ids { name: id::SENDER_NAME, kind: id::SENDER_ADDRESS_TYPE, address: id::SENDER_EMAIL_ADDRESS, smtp: id::SENDER_SMTP_ADDRESS };
pub(super) const RECIPIENT: Ids =
    Ids { name: id::DISPLAY_NAME, kind: id::ADDRESS_TYPE, address: id::EMAIL_ADDRESS, smtp: id::SMTP_ADDRESS };

impl Person {
    /// Whom the properties name. The SMTP address counts before that of a directory (`EX`), which no mail server knows.
    pub(super) fn of(properties: &Properties<'_>, ids: &Ids) -> Option<Person> {
        let is_smtp = properties.text(ids.kind).is_none_or(|kind| kind.eq_ignore_ascii_case("SMTP"));
        let plain = properties.text(ids.address).filter(|address| is_smtp || address.contains('@') && !address.starts_with('/'));
        let address = properties.text(ids.smtp).or(plain).map(|address| bare(&address)).filter(|address| address.contains('@'));
        let name = properties.text(ids.name).map(|name| name.trim().to_owned());
        let name = name.filter(|name| !name.is_empty() && Some(name) != address.as_ref());
        (name.is_some() || address.is_some()).then_some(Person { name, address })
    }

    /// The author of an old winmail.dat, as a person.
    pub(super) fn write(&self, out: &mut String) {
        match (&self.name, &self.address) {
            (Some(name), Some(address)) => {
                word::phrase(out, name);
                out.push_str(" <");
                out.push_str(address);
                out.push('>');
            }
            (Some(name), None) => word::phrase(out, name),
            (None, address) => out.push_str(address.as_deref().unwrap_or_default()),
        }
    }
}

/// An address without what would end it, the field or the list.
fn bare(address: &str) -> String {
    let address = address.trim();
    let address = address.get(..5).filter(|start| start.eq_ignore_ascii_case("smtp:")).map_or(address, |_| &address[5..]);
    address.chars().filter(|character| !character.is_control() && !matches!(character, ' ' | '<' | '>' | ',' | ';')).collect()
}

/// Writes persons as a list, a line each.
pub(super) fn list(out: &mut String, persons: &[Person]) {
    for (index, person) in persons.iter().enumerate() {
        if index > 0 {
            out.push_str(",\r\n ");
        }
        person.write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::properties::kind;
    use super::*;

    fn written(values: &[(u16, &'static str)]) -> String {
        let mut properties = Properties::new(encoding_rs::UTF_8);
        values.iter().for_each(|(id, value)| properties.add(*id, kind::STRING8, value.as_bytes()));
        let mut out = String::new();
        list(&mut out, &Vec::from_iter(Person::of(&properties, &RECIPIENT)));
        out
    }

    #[test]
    fn the_smtp_address_counts_before_the_one_of_a_directory() {
        let directory = [(id::DISPLAY_NAME, "Anna"), (id::ADDRESS_TYPE, "EX"), (id::EMAIL_ADDRESS, "/o=Firma/cn=anna@x")];
        assert_eq!(written(&directory), "\"Anna\"");
        let both = [&directory[..], &[(id::SMTP_ADDRESS, "anna@example.com")]].concat();
        assert_eq!(written(&both), "\"Anna\" <anna@example.com>");
        let same = [(id::DISPLAY_NAME, "a@b"), (id::ADDRESS_TYPE, "SMTP"), (id::EMAIL_ADDRESS, "a@b")];
        assert_eq!(written(&same), "a@b");
        assert_eq!(written(&[(id::EMAIL_ADDRESS, "SMTP:a@b>\r\nBcc: c@d")]), "a@bBcc:c@d");
        assert_eq!(written(&[]), "");
    }
}
