//! What has become of a mail in the outbox.

use serde::{Deserialize, Serialize};

/// What has become of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits to be sent.
    Queued,
    /// A worker has it.
    Sending,
    /// The server took it for at least one recipient.
    Sent,
    /// It was given up, or refused for everybody.
    Failed,
    /// Whether it went out is not known; somebody has to say.
    Held,
    /// It was taken back.
    Cancelled,
    /// It was sent, and came back.
    Bounced,
}

impl State {
    /// All of them.
    pub const ALL: [State; 7] = [State::Queued, State::Sending, State::Sent, State::Failed, State::Held, State::Cancelled, State::Bounced];

    /// As the store and JSON write it.
    pub fn word(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Failed => "failed",
            State::Held => "held",
            State::Cancelled => "cancelled",
            State::Bounced => "bounced",
        }
    }

    /// The state of that word.
    pub fn of(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether nothing more happens to it by itself, and it does not stand in the way of its queue.
    pub fn has_ended(self) -> bool {
        matches!(self, State::Sent | State::Failed | State::Cancelled | State::Bounced)
    }
}
