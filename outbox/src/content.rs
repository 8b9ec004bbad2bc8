//! The bytes of the mails: blocks in the database, or a file beside one that is a file itself.
//!
//! What is kept of an entry is one run of bytes: those of the mail, then those of each of its copies, as [`Stored`] counts them.

use crate::engine::{Engine, Value};
use crate::place::Place;
use crate::reading::{BLOCK, Blocks, Part, Source, missing};
use crate::shelf;
use postkontor_core::message::Content;
use postkontor_core::{Cancel, Composed, Error, Host, Stored, Watch};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Where the bytes of an entry are: its column `content`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// They are not needed any more.
    Gone,
    /// In the table of blocks.
    Blocks,
    /// In a file of this name in the folder beside the store.
    File(String),
}

impl Whereabouts {
    /// As the column says it.
    pub(crate) fn of(column: &str) -> Whereabouts {
        match column.strip_prefix("file:") {
            Some(name) => Whereabouts::File(name.to_owned()),
            None if column.is_empty() => Whereabouts::Gone,
            None => Whereabouts::Blocks,
        }
    }

    /// As it stands in the column.
    pub(crate) fn column(&self) -> String {
        match self {
            Whereabouts::Gone => String::new(),
            Whereabouts::Blocks => "blocks".to_owned(),
            Whereabouts::File(name) => format!("file:{name}"),
        }
    }
}

/// How many bytes are kept of a mail and its copies.
fn kept(stored: &Stored) -> u64 {
    stored.size + stored.copies.iter().map(|copy| copy.size).sum::<u64>()
}

/// Puts what does not belong into a row where it is safe, and says where: nothing has to be written into the database for it then.
pub(crate) fn lay_by(place: &Place, mail: &mut Composed<'_>, stored: &Stored, watch: &Watch<'_>) -> Result<Whereabouts, Error> {
    match place.folder() {
        Some(folder) if kept(stored) > BLOCK as u64 => {
            shelf::write(&folder, &place.name(), |data| watch.check().and_then(|()| read(mail, data))).map(Whereabouts::File)
        }
        _ => Ok(Whereabouts::Blocks),
    }
}

/// Writes the blocks of an entry, within the transaction that writes its row.
pub(crate) fn write(engine: &mut dyn Engine, entry: i64, mail: &mut Composed<'_>, watch: &Watch<'_>) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO postkontor_outbox_blocks (entry, number, data) VALUES ($1, $2, $3)";
    let room = usize::try_from(mail.size).unwrap_or(BLOCK).min(BLOCK);
    for number in 0.. {
        watch.check()?;
        let mut block = vec![0; if number == 0 && mail.copies.is_empty() { room } else { BLOCK }];
        let count = fill(mail, &mut block)?;
        if count == 0 {
            break;
        }
        block.truncate(count);
        engine.run(INSERT, &[entry.into(), number.into(), block.into()], watch)?;
    }
    Ok(())
}

/// Fills `data` from the mail and its copies, as far as they go.
fn fill(mail: &mut Composed<'_>, data: &mut [u8]) -> Result<usize, Error> {
    let mut filled = 0;
    while filled < data.len() {
        match read(mail, &mut data[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Reads on in the mail, then in each of its copies.
fn read(mail: &mut Composed<'_>, data: &mut [u8]) -> Result<usize, Error> {
    let mut count = mail.read(data)?;
    for copy in &mut mail.copies {
        if count > 0 {
            break;
        }
        count = copy.read(data)?;
    }
    Ok(count)
}

/// The bytes of these entries, by their ids: one [`Content`] for the mail and one for each copy. Small ones are read at once; a large one is read block
/// by block when it is needed, by a connection of its own which `cancel` ends.
///
/// An entry whose bytes are not there has an error of its own.
#[allow(clippy::type_complexity, reason = "what each entry has, or why not")]
pub(crate) fn contents(
    engine: &mut dyn Engine,
    (place, host, cancel): (&Place, &Arc<Host>, &Cancel),
    entries: &[(i64, Whereabouts, &Stored)],
    watch: &Watch<'_>,
) -> Result<Vec<Result<Vec<Box<dyn Content>>, Error>>, Error> {
    let is_small = |(_, at, stored): &(i64, Whereabouts, &Stored)| *at == Whereabouts::Blocks && kept(stored) <= BLOCK as u64;
    let small: Vec<i64> = entries.iter().filter(|entry| is_small(entry)).map(|(id, ..)| *id).collect();
    let mut blocks = first_blocks(engine, &small, watch)?;
    let source = |entry: &(i64, Whereabouts, &Stored)| {
        let missing = || missing(entry.0, &place.name());
        Ok(match &entry.1 {
            Whereabouts::Gone => return Err(missing()),
            Whereabouts::File(name) => Source::File { file: shelf::open(place, name)?, store: place.name() },
            Whereabouts::Blocks if is_small(entry) => {
                // A mail has a byte at least.
                Source::Memory(blocks.remove(&entry.0).filter(|bytes| bytes.len() as u64 == kept(entry.2)).ok_or_else(missing)?)
            }
            Whereabouts::Blocks => Source::Blocks(Blocks::new(entry.0, place.clone(), Arc::clone(host), cancel.clone())),
        })
    };
    Ok(entries.iter().map(source).zip(entries).map(|(source, entry)| source.map(|source| parts(source, entry.2))).collect())
}

/// The mail and its copies in one run of bytes.
fn parts(source: Source, stored: &Stored) -> Vec<Box<dyn Content>> {
    let (source, mut begin) = (Arc::new(Mutex::new(source)), 0);
    let sizes = std::iter::once(stored.size).chain(stored.copies.iter().map(|copy| copy.size));
    let part = |size| {
        let part = Part::new(Arc::clone(&source), begin, size);
        begin += size;
        Box::new(part) as Box<dyn Content>
    };
    sizes.map(part).collect()
}

/// The first block of each of these entries, which is all that a small one has.
fn first_blocks(engine: &mut dyn Engine, entries: &[i64], watch: &Watch<'_>) -> Result<HashMap<i64, Vec<u8>>, Error> {
    let Some(last) = entries.last() else { return Ok(HashMap::new()) };
    // Few lengths make few statements, which stay prepared.
    let wanted: Vec<Value> = (0..entries.len().next_power_of_two()).map(|index| Value::Int(*entries.get(index).unwrap_or(last))).collect();
    let places: Vec<String> = (1..=wanted.len()).map(|number| format!("${number}")).collect();
    let select = format!("SELECT entry, data FROM postkontor_outbox_blocks WHERE number = 0 AND entry IN ({})", places.join(", "));
    let found = engine.rows(&select, &wanted, watch)?.into_iter();
    found.map(|mut row| Ok((row.int(0)?, row.take_blob(1)?))).collect()
}

/// Forgets the bytes of an entry, within the transaction that ends it. The file that it may have is removed after the commit
/// ([`discard`]).
pub(crate) fn remove(engine: &mut dyn Engine, entry: i64, at: &Whereabouts, watch: &Watch<'_>) -> Result<(), Error> {
    if *at == Whereabouts::Blocks {
        engine.run("DELETE FROM postkontor_outbox_blocks WHERE entry = $1", &[entry.into()], watch)?;
    }
    engine.run("UPDATE postkontor_outbox_entries SET content = '' WHERE id = $1", &[entry.into()], watch).map(drop)
}

/// Removes the file of an entry that does not need its bytes any more, once that is durable.
pub(crate) fn discard(place: &Place, at: &Whereabouts) {
    if let Whereabouts::File(name) = at {
        shelf::remove(place, name);
    }
}
