//! S/MIME (RFC 8551) around the content of a message: signatures that are verified, and what was encrypted for one's own certificates.
//!
//! Only what the whole message is counts: a part beside others that is encrypted stays closed, because what stands around it could be an attacker's and send the text to him (EFAIL).

use super::head::Head;
use super::json::Json;
use super::part;
use postkontor_reader::source::Source;
use postkontor_reader::structure::{Entity, Stop};
use postkontor_reader::transfer::Decoded;
use postkontor_reader::{Message, Repairs};
use postkontor_smime::fault::Weight;
use postkontor_smime::verify::{Anchors, Digests, Question, Signer};
use postkontor_smime::{Certificate, Fault, Identity};
use std::io::{self, Read, Seek, SeekFrom};

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
/// Content that was within a layer is read in memory, up to this size.
const MOST: usize = 64 * 1024 * 1024;
/// A delimiter is no longer than this (RFC 2046, section 5.1.1), with blanks behind it.
const DELIMITER: u64 = 1000;

/// What was around the content of a message.
#[derive(Default)]
pub(super) struct Secured {
    /// The message with its content in the place of what was around it; `None` where that stands in the message as it is.
    pub(super) content: Option<Source>,
    /// What the type of the message says of it, from before anything was opened.
    pub(super) security: Option<&'static str>,
    layers: Vec<Layer>,
}

/// A layer, from the outermost on.
enum Layer {
    Signed(Result<Vec<Signer>, Fault>),
    Encrypted(Result<(&'static str, Vec<Fault>), Fault>),
    Compressed(Result<(), Fault>),
}

/// A layer, and what is within it where that does not stand in the message.
type Opened = (Layer, Option<Vec<u8>>);

impl Secured {
    /// Opens what is around the content.
    pub(super) fn open(source: &Source, keys: &Keys, goes_on: &dyn Fn() -> bool) -> Result<Self, Stop> {
        let (mut secured, mut from, mut head) = (Self::default(), Vec::new(), Vec::new());
        while secured.layers.len() < LAYERS {
            let current = secured.content.as_ref().unwrap_or(source);
            let message = Message::read(current, goes_on)?;
            if secured.layers.is_empty() {
                let header = message.header(0).map_err(Stop::Unreadable)?;
                let fields = message.fields(&header);
                let add = &mut |person: super::people::Person<'_>| from.extend(person.address.map(str::to_owned));
                Head::read(&fields, None, &mut Repairs::default()).from.each(add);
                head = without_content_fields(&header);
                secured.security = part::security(&message);
            }
            let judge = Judge { keys, from: &from, goes_on };
            let Some((layer, within)) = judge.layer(&message)? else { break };
            secured.layers.push(layer);
            let Some(within) = within else { break };
            secured.content = Some(Source::from([head.as_slice(), &within].concat()));
        }
        Ok(secured)
    }

    /// Writes `smime`, where there is any.
    pub(super) fn write(&self, json: &mut Json) {
        if !self.layers.is_empty() {
            json.name("smime").list(&self.layers, |json, layer| json.object(|json| layer.write(json)));
        }
    }
}

/// By what the layers of a message are judged.
struct Judge<'a> {
    keys: &'a Keys,
    from: &'a [String],
    goes_on: &'a dyn Fn() -> bool,
}

impl Judge<'_> {
    /// What the whole message is, if it is a layer.
    fn layer(&self, message: &Message<'_>) -> Result<Option<Opened>, Stop> {
        let Some(whole) = message.entity(0) else { return Ok(None) };
        let parameter =
            |name: &str| whole.content_type.as_ref().and_then(|kind| kind.parameter(name)).unwrap_or_default().to_ascii_lowercase();
        match whole.kind() {
            ("application", "pkcs7-mime" | "x-pkcs7-mime") => self.cms(message.source(), whole).map(Some),
            // Gateways that do not know the type.
            ("application", "octet-stream") if parameter("name").ends_with(".p7m") => self.cms(message.source(), whole).map(Some),
            ("multipart", "signed") if parameter("protocol").contains("pkcs7-signature") => {
                let signers = detached(self, message);
                self.stop()?;
                Ok(Some((Layer::Signed(signers), None)))
            }
            _ => Ok(None),
        }
    }

    /// Ends where the program wants it so.
    fn stop(&self) -> Result<(), Stop> {
        if (self.goes_on)() { Ok(()) } else { Err(Stop::Stopped) }
    }

    /// A message that is CMS altogether.
    fn cms(&self, source: &Source, whole: &Entity) -> Result<Opened, Stop> {
        let mut content = Vec::new();
        let layer = match postkontor_smime::open(Body::new(source, whole)) {
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
        Ok((layer, Some(content).filter(|_| is_open)))
    }

    fn opaque(&self, mut signed: postkontor_smime::verify::Signed<Body<'_>>, content: &mut Vec<u8>) -> Result<Vec<Signer>, Fault> {
        while let Some(block) = signed.block()? {
            self.add(content, block)?;
        }
        let (signature, digests) = signed.finish()?;
        signature.verify(&digests, &self.question())
    }

    fn add(&self, content: &mut Vec<u8>, block: &[u8]) -> Result<(), Fault> {
        if content.len() + block.len() > MOST {
            return Err(Fault::TooLarge("the content"));
        }
        content.extend_from_slice(block);
        if (self.goes_on)() { Ok(()) } else { Err(Fault::Truncated) }
    }

    fn question(&self) -> Question<'_> {
        Question { from: self.from, now: self.keys.now, trust: &self.keys.trust, known: &self.keys.known }
    }
}

/// Verifies a multipart/signed: its first part as it stands, by its second.
fn detached(judge: &Judge<'_>, message: &Message<'_>) -> Result<Vec<Signer>, Fault> {
    let unreadable = |error: io::Error| Fault::Source(error.to_string());
    let mut parts = message.structure().entities.iter().filter(|entity| entity.parent == Some(0));
    let (Some(content), Some(signature), None) = (parts.next(), parts.next(), parts.next()) else { return Err(Fault::NotSigned) };
    let source = message.source();
    // The line end before the delimiter belongs to that (RFC 2046, section 5.1.1).
    let begin = content.header.start.max(signature.header.start.saturating_sub(DELIMITER));
    let window = source.piece(begin..signature.header.start).map_err(unreadable)?;
    let line = window.windows(3).rposition(|bytes| bytes == b"\n--").ok_or(Fault::Malformed("the delimiter"))?;
    let line = if window[..line].ends_with(b"\r") { line - 1 } else { line };
    let postkontor_smime::Opened::Signed(signed) = postkontor_smime::open(Body::new(source, signature))? else {
        return Err(Fault::NotSigned);
    };
    let (signature, _) = signed.finish()?;
    let mut digests = Digests::new(signature.hashes().iter().copied());
    let mut stream = source.stream(content.header.start..begin + line as u64);
    let (mut block, mut canonical, mut last) = (vec![0; 64 * 1024], Vec::new(), 0);
    loop {
        let count = stream.read(&mut block).map_err(unreadable)?;
        if count == 0 || !(judge.goes_on)() {
            break;
        }
        // Files of systems that end lines with LF: what was signed had CR LF (RFC 8551, section 3.1.1).
        canonical.clear();
        for byte in &block[..count] {
            if *byte == b'\n' && last != b'\r' {
                canonical.push(b'\r');
            }
            canonical.push(*byte);
            last = *byte;
        }
        digests.update(&canonical);
    }
    signature.verify(&digests.finish(), &judge.question())
}

impl Layer {
    fn write(&self, json: &mut Json) {
        match self {
            Self::Signed(Ok(signers)) => {
                json.member("kind", Some("signed"));
                json.member("status", Some(status(signers.iter().map(Signer::verdict).max())));
                json.name("signers").list(signers, |json, signer| json.object(|json| self::signer(json, signer)));
            }
            Self::Signed(Err(fault)) => failed(json, "signed", "bad", fault),
            Self::Encrypted(Ok((cipher, found))) => {
                json.member("kind", Some("encrypted"));
                json.member("status", Some("opened"));
                json.member("cipher", Some(cipher));
                faults(json, found);
            }
            Self::Encrypted(Err(fault)) => failed(json, "encrypted", "closed", fault),
            Self::Compressed(Ok(())) => {
                json.member("kind", Some("compressed"));
                json.member("status", Some("opened"));
            }
            Self::Compressed(Err(fault)) => failed(json, "compressed", "closed", fault),
        }
    }
}

fn signer(json: &mut Json, signer: &Signer) {
    json.member("status", Some(status(Some(signer.verdict()))));
    if let Some(certificate) = &signer.certificate {
        json.member("by", Some(&certificate.subject()));
        json.name("addresses").list(certificate.emails(), |json, address| json.text(address));
        json.member("fingerprint", Some(&certificate.fingerprint_text()));
    }
    if let Some(seconds) = signer.signed_at.and_then(|seconds| u64::try_from(seconds).ok()) {
        json.name("signed_at").number(seconds);
    }
    faults(json, &signer.faults);
}

fn failed(json: &mut Json, kind: &str, status: &str, fault: &Fault) {
    json.member("kind", Some(kind));
    json.member("status", Some(status));
    faults(json, std::slice::from_ref(fault));
}

fn faults(json: &mut Json, faults: &[Fault]) {
    json.name("faults").list(faults, |json, fault| {
        json.object(|json| {
            json.member("code", Some(fault.code()));
            json.member("message", Some(&fault.to_string()));
        });
    });
}

fn status(verdict: Option<Weight>) -> &'static str {
    match verdict {
        Some(Weight::Note) => "good",
        Some(Weight::Unknown) => "unknown",
        Some(Weight::Bad) | None => "bad",
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

/// The decoded body of a part, which can be read once more from its begin on.
struct Body<'a> {
    source: &'a Source,
    entity: &'a Entity,
    decoded: Decoded<'a>,
}

impl<'a> Body<'a> {
    fn new(source: &'a Source, entity: &'a Entity) -> Self {
        Self { source, entity, decoded: Decoded::new(source, entity.body.clone(), entity.encoding) }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        self.decoded.read(block)
    }
}

impl Seek for Body<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to != SeekFrom::Start(0) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.decoded = Decoded::new(self.source, self.entity.body.clone(), self.entity.encoding);
        Ok(0)
    }
}
