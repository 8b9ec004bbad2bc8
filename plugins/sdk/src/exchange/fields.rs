//! What the headers of a message say, for services that take them as properties.

use postkontor_reader::Repairs;
use postkontor_reader::header::{self, Field};
use std::borrow::Cow;

/// The header fields of a message.
///
/// They are read as the summary of a received message reads them; what has to be guessed is guessed alike and is no matter of a transport.
pub struct Fields<'m>(header::Fields<'m>);

/// A person or a program in a field with addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name, decoded; none where there is no letter in it.
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

impl<'m> Fields<'m> {
    /// The fields of these headers, with or without the empty line behind them.
    pub fn read(headers: &'m [u8]) -> Fields<'m> {
        Fields(header::Fields::read(headers))
    }

    /// The decoded text of the first field of a name; empty where there is none.
    pub fn text(&self, name: &str) -> Cow<'m, str> {
        self.0.first(name).map(text).unwrap_or_default()
    }

    /// The first field of a name as it stands there, without the blanks around it; empty where there is none.
    pub fn raw(&self, name: &str) -> Cow<'m, str> {
        self.0.first(name).map(raw).unwrap_or_default()
    }

    /// Name and value of each field, as they stand there.
    pub fn each(&self) -> impl Iterator<Item = (&'m str, Cow<'m, str>)> {
        self.0.iter().map(|field| (field.name(), raw(field)))
    }

    /// All in the fields of a name who have an address, those of groups among them.
    pub fn people(&self, name: &str) -> Vec<Person> {
        let values = self.0.all(name).map(Field::value);
        let found = header::mailboxes(values, None, &mut Repairs::default(), "");
        found.into_iter().filter_map(|mailbox| Some(Person { name: named(mailbox.name), address: mailbox.address? })).collect()
    }

    /// The moment of the field `Date` in UTC, as RFC 3339.
    pub fn moment(&self) -> Option<String> {
        let date = header::date(self.0.first("Date")?.value(), &mut Repairs::default())?;
        date.in_utc().map(|date| date.to_string())
    }
}

fn named(name: Option<String>) -> Option<String> {
    name.filter(|name| !name.trim().is_empty())
}

fn text(field: Field<'_>) -> Cow<'_, str> {
    header::text(field.value(), None, &mut Repairs::default(), "")
}

fn raw(field: Field<'_>) -> Cow<'_, str> {
    // What is no UTF-8 is no text as it stands.
    std::str::from_utf8(field.value().trim_ascii()).map_or_else(|_| text(field), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_texts_people_and_a_moment() {
        let fields = Fields::read(
            b"To: \"B, b\" <b@x>, Team: =?utf-8?Q?J=C3=BCrgen?= <j@x>, no address;\r\nto: <c@x>\r\nSubject: =?utf-8?Q?R=C3=BCck?=\r\n\
            X-A: 1\r\n 2\r\nX-A: Gr\xfc\xdfe\r\nDate: Thu, 31 Dec 2026 23:30:00 -0130\r\n",
        );
        let person = |name: Option<&str>, address: &str| Person { name: name.map(str::to_owned), address: address.to_owned() };
        assert_eq!(fields.people("To"), [person(Some("B, b"), "b@x"), person(Some("Jürgen"), "j@x"), person(None, "c@x")]);
        assert_eq!((&*fields.text("subject"), &*fields.raw("Subject")), ("Rück", "=?utf-8?Q?R=C3=BCck?="));
        assert_eq!((&*fields.text("Cc"), &*fields.raw("Cc"), fields.people("Cc")), ("", "", vec![]));
        let own: Vec<_> = fields.each().filter(|(name, _)| *name == "X-A").map(|(_, value)| value).collect();
        assert_eq!(own, ["1\r\n 2", "Grüße"]);
        assert_eq!(fields.moment().as_deref(), Some("2027-01-01T01:00:00Z"));
        assert_eq!(Fields::read(b"Date: tomorrow\r\n").moment(), None);
    }
}
