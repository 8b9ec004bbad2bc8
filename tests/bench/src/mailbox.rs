//! The messages that the source gives, made once at the start.

use std::fmt::Write;

/// A line of a message's text, as base64 of some attachment would look.
const LINE: &str = "Twelve crates of apples, plums and pears, as agreed, by the end of the week.\r\n";

/// The messages, each with its own headers, all of about the same size.
pub struct Mailbox(Vec<Vec<u8>>);

impl Mailbox {
    /// So many messages of so many bytes.
    pub fn new(messages: usize, bytes: usize) -> Mailbox {
        Mailbox((1..=messages).map(|number| message(number, bytes)).collect())
    }

    /// How many messages there are.
    #[allow(clippy::len_without_is_empty, reason = "no caller asks")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A message by its number, which begins with 1.
    pub fn get(&self, number: usize) -> Option<&[u8]> {
        self.0.get(number.checked_sub(1)?).map(Vec::as_slice)
    }

    /// All messages with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[u8])> {
        (1..).zip(self.0.iter().map(Vec::as_slice))
    }
}

/// A message whose lines never begin with a dot, so that all protocols give the same bytes.
fn message(number: usize, bytes: usize) -> Vec<u8> {
    let mut text = String::with_capacity(bytes + LINE.len());
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "Return-Path: <bruno@example.org>\r\nReceived: from mail.example.org (mail.example.org [192.0.2.7])\r\n\tby mx.example.com \
         with ESMTPS id {number:08x}; Fri, 20 Nov 2026 10:00:00 +0100\r\nFrom: Bruno Berg <bruno@example.org>\r\n\
         To: Anna Adler <anna@example.com>\r\nSubject: =?utf-8?Q?Bestellung_{number}_f=C3=BCr_M=C3=BCller?=\r\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{number}.bench@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nOrder {number}\r\n"
    );
    while text.len() + LINE.len() <= bytes {
        text.push_str(LINE);
    }
    text.into_bytes()
}
