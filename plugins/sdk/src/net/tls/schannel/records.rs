//! What can be read from TLS records without keys (RFC 5246, sections 6 and 7; RFC 8446, sections 4 and 5), and the bytes on their way.

use crate::settings::TlsVersion;
use std::io::{self, Read, Write};

/// A record's header: type, version, length.
const HEADER: usize = 5;

/// Room for several of the longest records, each 16 KiB and what encryption adds to it.
const ROOM: usize = 128 * 1024;

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// The bytes of the server that have not been used yet.
#[derive(Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Incoming {
    /// Reads once; 0 at the end.
    pub(super) fn fill(&mut self, source: &mut impl Read) -> io::Result<usize> {
        if self.bytes.is_empty() {
            self.bytes = vec![0; ROOM];
        }
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        // A record that is longer than the room is none.
        if self.end == self.bytes.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let read = source.read(&mut self.bytes[self.end..])?;
        self.end += read;
        Ok(read)
    }

    /// All that has arrived.
    pub(super) fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// The first record, where all of it has arrived.
    pub(super) fn record(&mut self) -> Option<&mut [u8]> {
        let length = record_length(self.bytes())?;
        self.bytes().get_mut(..length)
    }

    /// What the server would send to a client that speaks TLS: the first byte tells it from every text.
    pub(super) fn is_tls(&self) -> bool {
        self.bytes[self.start..self.end].first().is_none_or(|first| (20..=24).contains(first))
    }

    /// Passes over bytes that were used.
    pub(super) fn consume(&mut self, length: usize) {
        self.start += length.min(self.end - self.start);
    }

    /// Puts bytes back in front of all others.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        let all = [bytes, self.bytes()].concat();
        (self.start, self.end) = (0, all.len());
        self.bytes.resize(all.len().max(ROOM), 0);
        self.bytes[..all.len()].copy_from_slice(&all);
    }
}

/// The bytes for the server that the socket has not taken yet.
#[derive(Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    /// Where new bytes are added.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Writes all, as far as that is possible without waiting.
    pub(super) fn flush(&mut self, sink: &mut impl Write) -> io::Result<()> {
        while self.sent < self.bytes.len() {
            match sink.write(&self.bytes[self.sent..])? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => self.sent += written,
            }
        }
        self.bytes.clear();
        self.sent = 0;
        Ok(())
    }
}

fn record_length(bytes: &[u8]) -> Option<usize> {
    let header = bytes.get(..HEADER)?;
    Some(HEADER + usize::from(u16::from_be_bytes([header[3], header[4]])))
}

/// The number of the first alert among records, as far as these are in clear text.
pub(super) fn alert(mut bytes: &[u8]) -> Option<u8> {
    loop {
        match bytes {
            [ALERT, 3, _, 0, 2, _, number, ..] => return Some(*number),
            _ => bytes = bytes.get(record_length(bytes)?..)?,
        }
    }
}

/// Whether a record is an alert, as records before TLS 1.3 show it.
pub(super) fn is_alert(record: &[u8]) -> bool {
    record.first() == Some(&ALERT)
}

/// The version of the server's hello, where the bytes begin with one. A server of TLS 1.3 says 1.2 there.
pub(super) fn server_version(bytes: &[u8]) -> Option<TlsVersion> {
    const SERVER_HELLO: u8 = 2;
    match bytes {
        [HANDSHAKE, 3, _, _, _, SERVER_HELLO, _, _, _, 3, 1, ..] => Some(TlsVersion::Tls10),
        [HANDSHAKE, 3, _, _, _, SERVER_HELLO, _, _, _, 3, 2, ..] => Some(TlsVersion::Tls11),
        [HANDSHAKE, 3, _, _, _, SERVER_HELLO, _, _, _, 3, 3, ..] => Some(TlsVersion::Tls12),
        _ => None,
    }
}

/// Whether a client's hello offers TLS 1.3 (RFC 8446, section 4.2.1).
pub(super) fn offers_tls13(hello: &[u8]) -> bool {
    fn extensions(hello: &[u8]) -> Option<&[u8]> {
        // Behind the headers of record and message, the version and the random number.
        let rest = hello.get(HEADER + 4 + 2 + 32..)?;
        let (_, rest) = prefixed::<1>(rest)?;
        let (_, rest) = prefixed::<2>(rest)?;
        let (_, rest) = prefixed::<1>(rest)?;
        Some(prefixed::<2>(rest)?.0)
    }
    let mut rest = extensions(hello).unwrap_or_default();
    while let Some((content, after)) = rest.get(2..).and_then(prefixed::<2>) {
        if rest[..2] == [0, 43] {
            return content.get(1..).is_some_and(|versions| versions.chunks(2).any(|version| version == [3, 4]));
        }
        rest = after;
    }
    false
}

/// A field behind its length of that many bytes, and what follows.
fn prefixed<const N: usize>(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(N)?;
    rest.split_at_checked(length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
}

/// Looks through the server's part of a handshake in clear text for the wish to see our certificate: before TLS 1.3 the server that
/// gets none ends it with an alert that could mean anything.
#[derive(Default)]
pub(super) struct Flight {
    /// The header of the message that is being looked at, as far as it has arrived.
    header: Vec<u8>,
    /// How much of that message is still to come.
    left: usize,
    is_over: bool,
    asks_for_certificate: bool,
}

impl Flight {
    /// Whether the server has asked for our certificate.
    pub(super) fn asks_for_certificate(&self) -> bool {
        self.asks_for_certificate
    }

    /// Looks at whole records.
    pub(super) fn look(&mut self, mut bytes: &[u8]) {
        while let Some((record, rest)) = record_length(bytes).and_then(|length| bytes.split_at_checked(length)) {
            self.is_over |= record[0] != HANDSHAKE;
            if self.is_over {
                return;
            }
            record[HEADER..].iter().for_each(|byte| self.next(*byte));
            bytes = rest;
        }
    }

    fn next(&mut self, byte: u8) {
        const CERTIFICATE_REQUEST: u8 = 13;
        if self.left > 0 {
            self.left -= 1;
            return;
        }
        self.header.push(byte);
        if let [kind, high, middle, low] = self.header[..] {
            self.asks_for_certificate |= kind == CERTIFICATE_REQUEST;
            self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            self.header.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        [&[kind, 3, 3][..], &(content.len() as u16).to_be_bytes(), content].concat()
    }

    fn message(kind: u8, length: usize) -> Vec<u8> {
        [&[kind][..], &(length as u32).to_be_bytes()[1..], &vec![7; length]].concat()
    }

    #[test]
    fn records_are_whole_whatever_the_pieces() {
        let sent = [record(23, &[1; 300]), record(21, &[1, 0])].concat();
        for piece in [1, 4, 5, 299, 1000] {
            let (mut incoming, mut found) = (Incoming::default(), Vec::new());
            for mut bytes in sent.chunks(piece) {
                while incoming.fill(&mut bytes).unwrap() > 0 {}
                while let Some(record) = incoming.record() {
                    found.push(record.to_vec());
                    let length = record.len();
                    incoming.consume(length);
                }
            }
            assert_eq!(found.concat(), sent, "{piece}");
            assert_eq!((found.len(), incoming.bytes().len()), (2, 0));
        }
    }

    #[test]
    fn what_was_put_back_comes_first() {
        let mut incoming = Incoming::default();
        incoming.fill(&mut &b"world"[..]).unwrap();
        incoming.put_back(b"hello ");
        assert_eq!(incoming.bytes(), b"hello world");
    }

    #[test]
    fn the_first_byte_tells_clear_text() {
        for (bytes, is_tls) in [(&b"220 mail"[..], false), (b"", true), (&[22, 3], true), (&[21], true), (b"* OK", false), (b"+OK", false)]
        {
            let mut incoming = Incoming::default();
            incoming.fill(&mut &bytes[..]).unwrap();
            assert_eq!(incoming.is_tls(), is_tls, "{bytes:?}");
        }
    }

    #[test]
    fn a_full_socket_is_waited_for() {
        struct Narrow(Vec<u8>, bool);
        impl Write for Narrow {
            fn write(&mut self, data: &[u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    Err(io::ErrorKind::WouldBlock.into())
                } else {
                    self.0.push(data[0]);
                    Ok(1)
                }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (mut outgoing, mut sink) = (Outgoing::default(), Narrow(Vec::new(), false));
        outgoing.end().extend_from_slice(b"abc");
        let blocked = (0..10).take_while(|_| outgoing.flush(&mut sink).is_err()).count();
        assert_eq!((blocked, &sink.0[..]), (3, &b"abc"[..]));
    }

    #[test]
    fn an_alert_is_read_only_in_clear_text() {
        assert_eq!(alert(&record(21, &[2, 70])), Some(70));
        assert_eq!(alert(&record(21, &[7; 26])), None);
        assert_eq!(alert(&record(22, &[2, 70])), None);
        assert_eq!(alert(&[record(22, &message(2, 70)), record(21, &[2, 40])].concat()), Some(40), "behind the server's hello");
    }

    #[test]
    fn the_wish_for_a_certificate_is_found_across_records() {
        let all = [message(2, 70), message(11, 900), message(12, 300), message(13, 40), message(14, 0)].concat();
        for length in [1, 3, 70, 500, 2000] {
            let mut flight = Flight::default();
            all.chunks(length).for_each(|part| flight.look(&record(22, part)));
            assert!(flight.asks_for_certificate(), "{length}");
        }
        let mut flight = Flight::default();
        flight.look(&record(22, &[message(2, 70), message(14, 0)].concat()));
        flight.look(&record(20, &[1]));
        flight.look(&record(22, &message(13, 10)));
        assert!(!flight.asks_for_certificate(), "behind the change of ciphers all is encrypted");
    }

    #[test]
    fn versions_are_read_from_the_hellos() {
        let hello = |minor| record(22, &[&[2, 0, 0, 70, 3, minor][..], &[0; 68]].concat());
        assert_eq!(
            [1, 2, 3].map(|minor| server_version(&hello(minor))),
            [Some(TlsVersion::Tls10), Some(TlsVersion::Tls11), Some(TlsVersion::Tls12)]
        );
        assert_eq!(server_version(&record(22, &message(11, 70))), None);
        let client = |extensions: &[u8]| {
            let body =
                [&[3, 3][..], &[9; 32], &[0], &[0, 2, 0xc0, 0x2f], &[1, 0], &(extensions.len() as u16).to_be_bytes(), extensions].concat();
            record(22, &[&[1, 0, 0, body.len() as u8][..], &body].concat())
        };
        assert!(offers_tls13(&client(&[0, 23, 0, 0, 0, 43, 0, 5, 4, 3, 4, 3, 3])));
        assert!(!offers_tls13(&client(&[0, 23, 0, 0, 0, 43, 0, 3, 2, 3, 3])));
        assert!(!offers_tls13(&client(&[0, 23, 0, 0])));
        assert!(!offers_tls13(&client(&[])[..30]));
    }
}
