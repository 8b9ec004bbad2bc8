//! The step `guess`: the usual names at the usual ports, all at once. What counts has TLS and a certificate for its name.

use crate::context::{Context, each};
use crate::finding::{Door, Finding, Login, Outcome, Place, Sentence, Source, Tried, Yield};
use crate::probe;
use crate::server::{Kind, Server};
use crate::steps::Step;
use postkontor_plugin::{Error, Status};

/// The names that servers of a kind usually have, the likelier ones first; the domain itself comes last.
const NAMES: [(Kind, &[&str]); 3] =
    [(Kind::Imap, &["imap", "mail"]), (Kind::Pop3, &["pop", "pop3", "mail"]), (Kind::Smtp, &["smtp", "mail"])];

/// Confidence where servers for fetching and sending are found.
const BOTH: u8 = 60;

/// Tries all of them. `hosts` are those that take mail for the domain: in a small office one machine does it all.
pub(crate) fn look_up(context: &Context, hosts: &[String]) -> Yield {
    let candidates = candidates(context.domain(), hosts);
    let answers = each(&candidates, |server| probe::is_there(server, context));
    let answered: Vec<(&Server, Option<Error>)> =
        candidates.iter().zip(answers).filter_map(|(server, answer)| Some((server, answer?.err()))).collect();
    let best = |kind| answered.iter().find(|(server, error)| server.kind == kind && error.is_none()).map(|(server, _)| *server);
    let (send, fetching) = (best(Kind::Smtp), [best(Kind::Imap), best(Kind::Pop3)]);
    let mut found = Yield::default();
    for (rank, fetch) in fetching.into_iter().flatten().enumerate() {
        found.findings.push(finding(context, Some(fetch), send, rank));
    }
    if found.findings.is_empty() && send.is_some() {
        found.findings.push(finding(context, None, send, 0));
    }
    found.tried = tried(context, &answered, found.findings.is_empty());
    found
}

/// The best port of each name before the next name.
fn candidates(domain: &str, hosts: &[String]) -> Vec<Server> {
    let mut candidates = Vec::new();
    for (kind, labels) in NAMES {
        let usual = labels.iter().map(|label| format!("{label}.{domain}"));
        for host in usual.chain(hosts.iter().cloned()).chain([domain.to_owned()]) {
            for (port, security) in kind.usual_ports() {
                let server = Server { kind, host: host.clone(), port, security };
                if !candidates.contains(&server) {
                    candidates.push(server);
                }
            }
        }
    }
    candidates
}

fn finding(context: &Context, fetch: Option<&Server>, send: Option<&Server>, rank: usize) -> Finding {
    let door = |server: &Server| Door { server: server.clone(), user: context.address().text().to_owned() };
    let hosts: Vec<&str> = fetch.into_iter().chain(send).map(|server| server.host.as_str()).collect();
    let is_whole = fetch.is_some() && send.is_some();
    Finding {
        place: Place::Servers { fetch: fetch.map(door), send: send.map(door) },
        login: Login::Password,
        source: Source::Guess,
        provider: None,
        confidence: if is_whole { BOTH } else { BOTH - 20 } - 5 * u8::from(rank > 0),
        reason: Sentence::new("discover.reason_guess").arg("hosts", hosts),
        notes: vec![Sentence::new("discover.note_guessed_login")],
        may_be_tested: true,
    }
}

/// What to say of them all: what was found, and hosts that are there with a certificate that is not believed.
fn tried(context: &Context, answered: &[(&Server, Option<Error>)], is_nothing: bool) -> Vec<Tried> {
    let mut tried = Vec::new();
    for (server, error) in answered {
        let Some(error) = error.as_ref().filter(|error| error.status == Status::Tls) else { continue };
        let is_said =
            |other: &Tried| matches!(&other.why, crate::finding::Why::Error(said) if said.args.get("host") == error.args.get("host"));
        if !tried.iter().any(is_said) {
            tried.push(Tried::error(Step::Guess, error.clone().arg("host", server.host.as_str())));
        }
    }
    let domain = context.domain();
    tried.push(if is_nothing {
        Tried::said(Step::Guess, Outcome::Nothing, Sentence::new("discover.guess_nothing").arg("domain", domain))
    } else {
        Tried::said(Step::Guess, Outcome::Found, Sentence::new("discover.guess_found").arg("domain", domain))
    });
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names_come_before_the_hosts_that_take_mail() {
        let candidates = candidates("example.com", &["mx.example.com".to_owned(), "mail.example.com".to_owned()]);
        let imap: Vec<String> =
            candidates.iter().filter(|server| server.kind == Kind::Imap).map(|server| format!("{}:{}", server.host, server.port)).collect();
        let hosts = ["imap.example.com", "mail.example.com", "mx.example.com", "example.com"];
        assert_eq!(imap, hosts.iter().flat_map(|host| [format!("{host}:993"), format!("{host}:143")]).collect::<Vec<_>>());
    }
}
