//! What became of the recipients of an entry.

use postkontor_core::{Answer, Verdict};
use serde::{Deserialize, Serialize};

/// Where a recipient stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The mail is still to be handed over for him.
    #[default]
    Waiting,
    /// A server took responsibility.
    Accepted,
    /// A server refused him for good.
    Refused,
    /// It cannot be known.
    Unknown,
    /// A server took responsibility, and reported later that it could not deliver.
    Bounced,
}

/// A recipient of an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// Where he stands.
    #[serde(default)]
    pub status: Standing,
    /// The code of the server's last reply; 0 where it gave none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub code: u16,
    /// The enhanced status code of that reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enhanced: Option<String>,
    /// Its words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

fn is_zero(code: &u16) -> bool {
    *code == 0
}

impl Recipient {
    /// A recipient for whom the mail was not handed over yet.
    pub fn new(address: impl Into<String>) -> Recipient {
        Recipient { address: address.into(), ..Recipient::default() }
    }

    /// Takes over what a server said of him.
    pub(crate) fn answered(&mut self, answer: &Answer) {
        self.status = match answer.status {
            Verdict::Accepted => Standing::Accepted,
            Verdict::Unknown => Standing::Unknown,
            // 4xx is a refusal for now (RFC 5321, section 4.2.1).
            Verdict::Refused if answer.reply.code / 100 == 4 => Standing::Waiting,
            Verdict::Refused => Standing::Refused,
        };
        self.code = answer.reply.code;
        self.enhanced.clone_from(&answer.reply.enhanced);
        self.text.clone_from(&answer.reply.text);
    }
}
