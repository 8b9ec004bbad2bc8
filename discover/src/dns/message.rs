//! Questions and answers.

use postkontor_plugin::{Error, Status};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most records of an answer that are looked at.
const RECORDS: usize = 200;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    A,
    Aaaa,
    Mx,
    Srv,
}

impl Kind {
    fn number(self) -> TYPE {
        match self {
            Kind::A => TYPE::A,
            Kind::Aaaa => TYPE::AAAA,
            Kind::Mx => TYPE::MX,
            Kind::Srv => TYPE::SRV,
        }
    }
}

/// What is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Address(IpAddr),
    /// An empty host says that there is no mail (RFC 7505).
    Mx {
        preference: u16,
        host: String,
    },
    /// An empty host says that the service is not offered (RFC 6186, section 3.4).
    Srv {
        priority: u16,
        weight: u16,
        port: u16,
        host: String,
    },
}

/// A question, ready to be sent.
pub(super) fn question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(Question::new(Name::new(name).ok()?, QTYPE::TYPE(kind.number()), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().ok()
}

/// What an answer says of the name that was asked for and of those that it leads to.
#[derive(Debug, Default)]
pub(super) struct Answer {
    records: BTreeMap<String, Vec<Record>>,
    aliases: BTreeMap<String, String>,
}

/// What a datagram or a message is.
#[derive(Debug)]
pub(super) enum Read {
    /// Not the answer to this question: it may be forged, and the right one may yet come.
    Strange,
    /// The answer has not fitted into a datagram.
    Truncated,
    /// The name server has no answer.
    Failed(String),
    Answer(Answer),
}

/// Reads what a name server has sent. Only an answer with the number and the question that were sent counts (RFC 5452, section 9.1).
pub(super) fn read(bytes: &[u8], id: u16, name: &str, kind: Kind) -> Read {
    let Ok(packet) = Packet::parse(bytes) else { return Read::Strange };
    let is_asked = |question: &Question| {
        text(&question.qname) == name && question.qtype == QTYPE::TYPE(kind.number()) && question.qclass == QCLASS::CLASS(CLASS::IN)
    };
    let is_answer = packet.id() == id && packet.has_flags(PacketFlag::RESPONSE);
    if !is_answer || packet.questions.len() != 1 || !packet.questions.iter().all(is_asked) {
        return Read::Strange;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Read::Truncated;
    }
    match packet.rcode() {
        RCODE::NoError => Read::Answer(answer(&packet)),
        RCODE::NameError => Read::Answer(Answer::default()),
        other => Read::Failed(format!("{other:?}")),
    }
}

fn answer(packet: &Packet<'_>) -> Answer {
    let mut answer = Answer::default();
    for record in packet.answers.iter().filter(|record| record.class == CLASS::IN).take(RECORDS) {
        let found = match &record.rdata {
            RData::A(a) => Record::Address(IpAddr::V4(Ipv4Addr::from(a.address))),
            RData::AAAA(aaaa) => Record::Address(IpAddr::V6(Ipv6Addr::from(aaaa.address))),
            RData::MX(mx) => Record::Mx { preference: mx.preference, host: text(&mx.exchange) },
            RData::SRV(srv) => Record::Srv { priority: srv.priority, weight: srv.weight, port: srv.port, host: text(&srv.target) },
            RData::CNAME(alias) => {
                answer.aliases.insert(text(&record.name), text(&alias.0));
                continue;
            }
            _ => continue,
        };
        answer.records.entry(text(&record.name)).or_default().push(found);
    }
    answer
}

/// A name in lower case, without a dot at the end.
fn text(name: &Name<'_>) -> String {
    name.to_string().to_ascii_lowercase()
}

/// Where an answer ends.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) records: Vec<Record>,
    /// A name that has to be asked for next.
    pub(super) alias: Option<String>,
}

impl Answer {
    /// Follows the aliases within an answer; `None` where there are more of them than are left.
    pub(super) fn follow(mut self, name: &str, left: &mut usize) -> Option<Reply> {
        let mut at = name.to_owned();
        loop {
            if let Some(records) = self.records.remove(&at) {
                return Some(Reply { records, alias: None });
            }
            let Some(next) = self.aliases.get(&at) else { break };
            at.clone_from(next);
            *left = left.checked_sub(1)?;
        }
        // A name without records of the kind ends the search; an alias whose target the answer does not tell goes on.
        Some(Reply { records: Vec::new(), alias: (at != name).then_some(at) })
    }
}

/// A number that no one can foresee (RFC 5452, section 9.2).
pub(super) fn random_id() -> Result<u16, Error> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).map_err(|error| Error::new(Status::Local, "discover.no_random").detail(error.to_string()))?;
    Ok(u16::from_be_bytes(bytes))
}

/// What is wrong with an answer for a name.
pub(super) fn failed(code: &str, name: &str) -> Error {
    Error::new(Status::Protocol, code).arg("name", name)
}
