//! What a step found, and what became of each attempt.

use crate::server::Server;
use crate::steps::Step;
use postkontor_plugin::{Error, Status};
use serde::Serialize;
use serde_json::{Map, Value};

/// A sentence of the locale files, without its words.
#[derive(Clone, Debug, PartialEq)]
pub struct Sentence {
    /// The code that the sentence has.
    pub code: &'static str,
    /// What stands in its places.
    pub args: Map<String, Value>,
}

impl Sentence {
    /// The sentence of a code.
    pub(crate) fn new(code: &'static str) -> Sentence {
        Sentence { code, args: Map::new() }
    }

    /// Fills in a place.
    pub(crate) fn arg(mut self, name: &str, value: impl Into<Value>) -> Sentence {
        self.args.insert(name.to_owned(), value.into());
        self
    }
}

/// Where a proposal comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The table of known providers.
    Table,
    /// DNS SRV.
    Srv,
    /// Autoconfig at the domain, or at Mozilla's database.
    Autoconfig,
    /// Autodiscover.
    Autodiscover,
    /// DNS MX, and the table.
    Mx,
    /// The usual names.
    Guess,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// There is a proposal.
    Found,
    /// There is nothing of that kind.
    Nothing,
    /// There is something that is not believed.
    Refused,
    /// It could not be asked.
    Failed,
    /// It was switched off.
    Off,
    /// It was not needed any more.
    Unneeded,
}

/// An attempt, and what became of it.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The step.
    pub step: Step,
    /// What became of it.
    pub outcome: Outcome,
    /// What happened.
    pub why: Why,
}

/// What happened in an attempt.
#[derive(Clone, Debug)]
pub enum Why {
    /// A sentence of this crate.
    Said(Sentence),
    /// An error of the network.
    Error(Box<Error>),
}

impl Tried {
    pub(crate) fn said(step: Step, outcome: Outcome, sentence: Sentence) -> Tried {
        Tried { step, outcome, why: Why::Said(sentence) }
    }

    /// An attempt that ended with an error. A host that is not there is no failure: most domains lack most of these hosts.
    pub(crate) fn error(step: Step, error: Error) -> Tried {
        let outcome = match error.status {
            _ if error.code == "net.name_not_found" => Outcome::Nothing,
            Status::Tls | Status::Protocol | Status::Settings => Outcome::Refused,
            _ => Outcome::Failed,
        };
        Tried { step, outcome, why: Why::Error(Box::new(error)) }
    }
}

/// How one proves who one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    Password,
    /// By a token of this provider (`google`, `microsoft`).
    Token(String),
}

/// A server, and what one logs in as there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) server: Server,
    pub(crate) user: String,
}

/// Where mail is fetched and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Servers {
        fetch: Option<Door>,
        send: Option<Door>,
    },
    /// The URL of EWS.
    Exchange {
        url: String,
        user: String,
    },
    /// Microsoft Graph.
    Graph {
        user: String,
    },
}

/// What a step found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) place: Place,
    pub(crate) login: Login,
    pub(crate) source: Source,
    /// The provider's name.
    pub(crate) provider: Option<String>,
    /// 0 to 100.
    pub(crate) confidence: u8,
    pub(crate) reason: Sentence,
    pub(crate) notes: Vec<Sentence>,
    /// Whether a password may go there before a person has seen it.
    pub(crate) may_be_tested: bool,
}

/// What one step found, and what it tried.
#[derive(Clone, Debug, Default)]
pub(crate) struct Yield {
    pub(crate) findings: Vec<Finding>,
    pub(crate) tried: Vec<Tried>,
    /// Hosts of the domain that take mail, which may be its mail servers, too.
    pub(crate) hosts: Vec<String>,
    /// Nothing else can help: the domain has no mail, or no program can reach it.
    pub(crate) is_final: bool,
}

impl Yield {
    pub(crate) fn of(tried: Tried) -> Yield {
        Yield { tried: vec![tried], ..Yield::default() }
    }

    pub(crate) fn add(&mut self, other: Yield) {
        self.findings.extend(other.findings);
        self.tried.extend(other.tried);
        self.hosts.extend(other.hosts);
        self.is_final |= other.is_final;
    }
}
