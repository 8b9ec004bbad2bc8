//! Signatures beside what they sign: multipart/signed (RFC 1847, section 2.1, and RFC 8551, section 3.5.3).

use super::body::Body;
use super::kind::{is_cms, is_signature};
use postkontor_reader::Message;
use postkontor_reader::source::{self, Source};
use postkontor_reader::structure::Entity;
use postkontor_smime::Fault;
use postkontor_smime::verify::{Digests, Question, Signer};
use std::io::{self, Read};
use std::ops::Range;

/// A delimiter is no longer than this (RFC 2046, section 5.1.1), with blanks behind it.
const DELIMITER: u64 = 1000;

/// The two parts of a multipart/signed.
pub(super) struct Parts<'a> {
    source: &'a Source,
    content: &'a Entity,
    /// The number of the content among the parts of the message.
    place: usize,
    signature: &'a Entity,
    /// Where the content stands, with its header.
    range: Range<u64>,
}

/// Finds what was signed, and the signature.
///
/// There have to be these two and no more: a third part would be shown as if it were signed, and so would a signature that calls itself a text.
pub(super) fn find<'a>(message: &'a Message<'_>) -> io::Result<Result<Parts<'a>, Fault>> {
    let mut parts = message.structure().entities.iter().enumerate().filter(|(_, entity)| entity.parent == Some(0));
    let (Some((place, content)), Some((signed_in, signature)), None) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(Err(Fault::NotSigned));
    };
    if !is_signature(message, signed_in)? {
        return Ok(Err(Fault::NotSigned));
    }
    let source = message.source();
    // The line end before the delimiter belongs to that (RFC 2046, section 5.1.1).
    let begin = content.header.start.max(signature.header.start.saturating_sub(DELIMITER));
    let window = source.piece(begin..signature.header.start)?;
    let Some(line) = window.windows(3).rposition(|bytes| bytes == b"\n--") else { return Ok(Err(Fault::Malformed("the delimiter"))) };
    let line = if window.get(..line).is_some_and(|before| before.ends_with(b"\r")) { line - 1 } else { line };
    Ok(Ok(Parts { source, content, place, signature, range: content.header.start..begin + line as u64 }))
}

impl Parts<'_> {
    /// Verifies the first part as it stands by the second.
    pub(super) fn verify(&self, question: &Question<'_>, goes_on: &dyn Fn() -> bool) -> Result<Vec<Signer>, Fault> {
        let postkontor_smime::Opened::Signed(signed) = postkontor_smime::open(Body::new(self.source, self.signature, goes_on))? else {
            return Err(Fault::NotSigned);
        };
        let (signature, _) = signed.finish()?;
        let mut digests = Digests::new(signature.hashes().iter().copied());
        let mut stream = self.source.stream(self.range.clone());
        let (mut block, mut last) = (vec![0; 64 * 1024], 0);
        while goes_on() {
            let count = stream.read(&mut block).map_err(unreadable)?;
            let Some(read) = block.get(..count).filter(|read| !read.is_empty()) else { break };
            update(&mut digests, read, last);
            last = read.last().copied().unwrap_or_default();
        }
        signature.verify(&digests.finish(), question)
    }

    /// What was signed, where that is a layer itself: signed and encrypted once more (RFC 2634, section 1.1).
    pub(super) fn inner(&self, message: &Message<'_>) -> io::Result<Option<source::Stream<'_>>> {
        let is_layer = is_cms(message, self.place)? || self.content.kind() == ("multipart", "signed");
        Ok(is_layer.then(|| self.source.stream(self.range.clone())))
    }
}

/// Adds a block that comes after this byte, with CR LF where a line ends in LF: files of some systems have such, what was signed had not (RFC 8551, section 3.1.1).
fn update(digests: &mut Digests, block: &[u8], last: u8) {
    let mut begin = 0;
    for end in memchr::memchr_iter(b'\n', block) {
        let before = end.checked_sub(1).and_then(|at| block.get(at)).copied().unwrap_or(last);
        if before != b'\r' {
            digests.update(block.get(begin..end).unwrap_or_default());
            digests.update(b"\r");
            begin = end;
        }
    }
    digests.update(block.get(begin..).unwrap_or_default());
}

fn unreadable(error: io::Error) -> Fault {
    Fault::Source(error.to_string())
}
