//! S/MIME (RFC 8551) around the content of a message: signatures that are verified, and what was encrypted for one's own certificates.
//!
//! Only what the whole message is counts: a part beside others that is encrypted stays closed, because what stands around it could be an attacker's and send the text to him (EFAIL).

mod body;
mod detached;
mod kind;
mod scratch;
mod told;
mod within;

use super::head::Head;
use super::part;
use body::Body;
use kind::is_cms;
use postkontor_reader::source::Source;
use postkontor_reader::structure::{Entity, Stop};
use postkontor_reader::{Message, Repairs};
use postkontor_smime::verify::{Anchors, Question, Signed, Signer};
use postkontor_smime::{Certificate, Fault, Identity};
use std::io::Read;
use within::Within;

/// With what signed and encrypted messages are read.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Those that messages were encrypted for, with the ones that are no longer used for sending.
    pub identities: Vec<Identity>,
    /// The authorities, or the certificates themselves, that are trusted. Where there is none, no signature is good.
    pub trust: Anchors,
    /// Certificates of others and of authorities, beside those that a message brings.
    pub known: Vec<Certificate>,
    /// The time, in seconds since 1970, at which certificates have to be valid.
    pub now: i64,
}

/// So many layers are opened: signed, encrypted and signed once more (RFC 2634, section 1.1) are three.
const LAYERS: usize = 4;
/// What was compressed is opened up to this size, and where it is longer, up to so many times that of the message.
const MOST: u64 = 64 * 1024 * 1024;
const TIMES: u64 = 20;

/// What was around the content of a message.
#[derive(Default)]
pub(super) struct Secured {
    /// From the outermost on.
    layers: Vec<Layer>,
    /// Whether the content does not stand in the message as it is.
    pub(super) is_within: bool,
    /// What the type of the message says of it then.
    pub(super) security: Option<&'static str>,
}

impl Secured {
    /// Those who signed, from the outermost layer on.
    pub(super) fn signers(&self) -> Vec<Signer> {
        let signers = self.layers.iter().filter_map(|layer| match layer {
            Layer::Signed(signers) => signers.as_ref().ok(),
            Layer::Encrypted(_) | Layer::Compressed(_) => None,
        });
        signers.flatten().cloned().collect()
    }
}

/// A layer.
enum Layer {
    Signed(Result<Vec<Signer>, Fault>),
    Encrypted(Result<(&'static str, Vec<Fault>), Fault>),
    Compressed(Result<(), Fault>),
}

/// A layer, and what is within it where that does not stand in the message.
type Opened = (Layer, Option<Source>);

/// What reads the content of a message, of which this was around it.
pub(super) type Then<'a, T> = &'a dyn Fn(&Message<'_>, &Secured) -> Result<T, Stop>;

/// Opens what is around the content of a message, and reads that. With the result comes the content where it does not stand in the message as it is: the message with it in the place of what was
/// around it.
pub(super) fn read<T>(
    message: &Message<'_>,
    keys: &Keys,
    goes_on: &dyn Fn() -> bool,
    then: Then<'_, T>,
) -> Result<(T, Option<Source>), Stop> {
    let header = message.header(0)?;
    let fields = message.fields(&header);
    let mut from = Vec::new();
    let add = &mut |person: super::people::Person<'_>| from.extend(person.address.map(str::to_owned));
    Head::read(&fields, None, &mut Repairs::default()).from.each(add);
    let most = MOST.max(message.source().size().saturating_mul(TIMES));
    let judge = Judge { keys, from: &from, head: &without_content_fields(&header), most, goes_on };
    judge.read(message, Secured::default(), then)
}

/// By what the layers of a message are judged.
struct Judge<'a> {
    keys: &'a Keys,
    from: &'a [String],
    /// The fields of the message, which each content gets before its own.
    head: &'a [u8],
    /// The most bytes of a content.
    most: u64,
    goes_on: &'a dyn Fn() -> bool,
}

impl Judge<'_> {
    /// Opens the next layer, if there is one, and all within it.
    fn read<T>(&self, message: &Message<'_>, mut around: Secured, then: Then<'_, T>) -> Result<(T, Option<Source>), Stop> {
        let layer = if around.layers.len() < LAYERS { self.layer(message)? } else { None };
        let Some((layer, within)) = layer else { return Ok((then(message, &around)?, None)) };
        around.layers.push(layer);
        let Some(source) = within else { return Ok((then(message, &around)?, None)) };
        if !around.is_within {
            (around.is_within, around.security) = (true, part::security(message));
        }
        let message = Message::read(&source, self.goes_on)?;
        let (read, content) = self.read(&message, around, then)?;
        Ok((read, Some(content.unwrap_or(source))))
    }

    /// What the whole message is, if it is a layer.
    fn layer(&self, message: &Message<'_>) -> Result<Option<Opened>, Stop> {
        let Some(whole) = message.entity(0) else { return Ok(None) };
        if is_cms(message, 0)? {
            return self.cms(message.source(), whole).map(Some);
        }
        let protocol = whole.content_type.as_ref().and_then(|kind| kind.parameter("protocol")).unwrap_or_default();
        if whole.kind() != ("multipart", "signed") || !protocol.to_ascii_lowercase().contains("pkcs7-signature") {
            return Ok(None);
        }
        let (signers, content) = match detached::find(message)? {
            Ok(parts) => {
                let inner = parts.inner(message)?.map(|mut inner| self.copied(&mut inner));
                (parts.verify(&self.question(), self.goes_on), inner.transpose()?)
            }
            Err(fault) => (Err(fault), None),
        };
        self.stop()?;
        Ok(Some((Layer::Signed(signers), content)))
    }

    /// Ends where the program wants it so.
    fn stop(&self) -> Result<(), Stop> {
        if (self.goes_on)() { Ok(()) } else { Err(Stop::Stopped) }
    }

    /// A message that is CMS altogether.
    fn cms(&self, source: &Source, whole: &Entity) -> Result<Opened, Stop> {
        let mut content = Within::new(self.head);
        let layer = match postkontor_smime::open(Body::new(source, whole, self.goes_on)) {
            Ok(postkontor_smime::Opened::Signed(signed)) => Layer::Signed(self.opaque(signed, &mut content)),
            Ok(postkontor_smime::Opened::Encrypted(encrypted)) => {
                Layer::Encrypted(encrypted.decrypt(&self.keys.identities).and_then(|mut plain| {
                    while let Some(block) = plain.block()? {
                        self.add(&mut content, block)?;
                    }
                    Ok((plain.cipher().name(), plain.faults()))
                }))
            }
            Ok(postkontor_smime::Opened::Compressed(mut compressed)) => Layer::Compressed((|| {
                while let Some(block) = compressed.block()? {
                    self.add(&mut content, block)?;
                }
                Ok(())
            })()),
            Err(fault) => Layer::Encrypted(Err(fault)),
        };
        let is_open = match &layer {
            Layer::Signed(result) => result.is_ok(),
            Layer::Encrypted(result) => result.is_ok(),
            Layer::Compressed(result) => result.is_ok(),
        };
        self.stop()?;
        Ok((layer, if is_open { Some(content.source()?) } else { None }))
    }

    fn opaque(&self, mut signed: Signed<Body<'_>>, content: &mut Within<'_>) -> Result<Vec<Signer>, Fault> {
        while let Some(block) = signed.block()? {
            self.add(content, block)?;
        }
        let (signature, digests) = signed.finish()?;
        signature.verify(&digests, &self.question())
    }

    fn add(&self, content: &mut Within<'_>, block: &[u8]) -> Result<(), Fault> {
        if content.size() + block.len() as u64 > self.most {
            return Err(Fault::TooLarge("the content"));
        }
        content.add(block).map_err(|error| Fault::Source(error.to_string()))?;
        if (self.goes_on)() { Ok(()) } else { Err(Fault::Truncated) }
    }

    /// Content that stands in the message, as one of its own.
    fn copied(&self, from: &mut dyn Read) -> Result<Source, Stop> {
        let (mut content, mut block) = (Within::new(self.head), vec![0; 64 * 1024]);
        loop {
            let count = from.read(&mut block)?;
            content.add(block.get(..count).unwrap_or_default())?;
            self.stop()?;
            if count == 0 {
                return Ok(content.source()?);
            }
        }
    }

    fn question(&self) -> Question<'_> {
        Question { from: self.from, now: self.keys.now, trust: &self.keys.trust, known: &self.keys.known }
    }
}

/// The fields of a header but those that say how the content is written: the content brings its own.
fn without_content_fields(header: &[u8]) -> Vec<u8> {
    let (mut kept, mut is_kept) = (Vec::with_capacity(header.len()), true);
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            is_kept =
                !line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"content-")) && !line.iter().all(u8::is_ascii_whitespace);
        }
        if is_kept {
            kept.extend_from_slice(line);
        }
    }
    kept
}
