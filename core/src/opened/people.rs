//! Those who stand in the fields of one name.

use encoding_rs::Encoding;
use postkontor_reader::Repairs;
use postkontor_reader::header::{self, Field, Fields, Mailbox, Plain};

/// Lists of more bytes are read again when the summary is written, and not kept.
const LONG: usize = 1024;

/// The fields of one name.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) fields: &'a Fields<'a>,
    pub(super) name: &'static str,
    /// The value, where there is but one field.
    pub(super) only: Option<&'a [u8]>,
}

impl<'a> Named<'a> {
    fn values(self) -> impl Iterator<Item = &'a [u8]> {
        let others = if self.only.is_none() { Some(self.fields.all(self.name).map(Field::value)) } else { None };
        self.only.into_iter().chain(others.into_iter().flatten())
    }

    fn length(self) -> usize {
        // Each has a comma more.
        self.only.map_or_else(|| self.values().map(|value| value.len() + 1).sum(), |value| value.len() + 1)
    }
}

/// Persons, in the order in which they stand there.
pub(super) enum People<'a> {
    /// Nothing of them had to be decoded.
    Plain(Vec<Plain<'a>>),
    Short(Vec<Mailbox>),
    Long {
        named: Named<'a>,
        fallback: Option<&'static Encoding>,
        count: usize,
    },
}

impl Default for People<'_> {
    fn default() -> Self {
        People::Plain(Vec::new())
    }
}

impl<'a> People<'a> {
    /// Reads these fields.
    pub(super) fn read(named: Named<'a>, fallback: Option<&'static Encoding>, repairs: &mut Repairs, pointer: &str) -> People<'a> {
        if named.length() < LONG {
            return match header::plain_mailboxes(named.values()) {
                Some(people) => People::Plain(people),
                None => People::Short(header::mailboxes(named.values(), fallback, repairs, pointer)),
            };
        }
        let mut count = 0;
        header::each_mailbox(named.values(), fallback, repairs, pointer, &mut |_| count += 1);
        People::Long { named, fallback, count }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            People::Plain(people) => people.is_empty(),
            People::Short(people) => people.is_empty(),
            People::Long { count, .. } => *count == 0,
        }
    }

    /// Gives them one by one.
    pub(super) fn each(&self, give: &mut dyn FnMut(Person<'_>)) {
        match self {
            People::Plain(people) => people.iter().for_each(|plain| {
                give(Person { name: plain.name, address: Some(plain.address), text: None, group: None });
            }),
            People::Short(people) => people.iter().for_each(|mailbox| give(person(mailbox))),
            People::Long { named, fallback, .. } => {
                // What is to be said of them was said when they were read.
                header::each_mailbox(named.values(), *fallback, &mut Repairs::default(), "", &mut |mailbox| give(person(&mailbox)));
            }
        }
    }
}

/// One of those who stand there.
pub(super) struct Person<'p> {
    pub(super) name: Option<&'p str>,
    pub(super) address: Option<&'p str>,
    /// What stands there instead of an address.
    pub(super) text: Option<&'p str>,
    pub(super) group: Option<&'p str>,
}

fn person(mailbox: &Mailbox) -> Person<'_> {
    let Mailbox { name, address, text, group } = mailbox;
    Person { name: name.as_deref(), address: address.as_deref(), text: text.as_deref(), group: group.as_deref() }
}
