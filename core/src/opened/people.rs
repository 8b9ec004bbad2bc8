//! Those who stand in the fields of one name.

use encoding_rs::Encoding;
use postkontor_reader::Repairs;
use postkontor_reader::header::{self, Field, Fields, Mailbox};

/// Lists of more bytes are read again when the summary is written, and not kept.
const LONG: usize = 1024;

/// Persons, in the order in which they stand there.
pub(super) enum People<'a> {
    Short(Vec<Mailbox>),
    Long { fields: &'a Fields<'a>, name: &'static str, fallback: Option<&'static Encoding>, count: usize },
}

impl Default for People<'_> {
    fn default() -> Self {
        People::Short(Vec::new())
    }
}

impl<'a> People<'a> {
    /// Reads the fields of this name.
    pub(super) fn read(
        fields: &'a Fields<'a>,
        name: &'static str,
        fallback: Option<&'static Encoding>,
        repairs: &mut Repairs,
        pointer: &str,
    ) -> People<'a> {
        let values = || fields.all(name).map(Field::value);
        if values().map(<[u8]>::len).sum::<usize>() + values().count() < LONG {
            return People::Short(header::mailboxes(values(), fallback, repairs, pointer));
        }
        let mut count = 0;
        header::each_mailbox(values(), fallback, repairs, pointer, &mut |_| count += 1);
        People::Long { fields, name, fallback, count }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            People::Short(people) => people.is_empty(),
            People::Long { count, .. } => *count == 0,
        }
    }

    /// Gives them one by one.
    pub(super) fn each(&self, give: &mut dyn FnMut(&Mailbox)) {
        match self {
            People::Short(people) => people.iter().for_each(give),
            People::Long { fields, name, fallback, .. } => {
                // What is to be said of them was said when they were read.
                let values = fields.all(name).map(Field::value);
                header::each_mailbox(values, *fallback, &mut Repairs::default(), "", &mut |mailbox| give(&mailbox));
            }
        }
    }
}
