//! The step `srv`: services of mail in DNS (RFC 6186; TLS from the first byte for submission: RFC 8314, section 5.1).

use crate::context::{Context, each};
use crate::dns::{self, Record};
use crate::finding::{Door, Finding, Login, Outcome, Place, Sentence, Source, Tried, Yield};
use crate::own::is_own;
use crate::provider;
use crate::server::{Kind, Security, Server, name};
use crate::steps::Step;
use postkontor_plugin::Error;

/// The services, those with TLS from the first byte before those with STARTTLS.
const SERVICES: [(&str, Kind, Security); 6] = [
    ("_imaps", Kind::Imap, Security::Implicit),
    ("_imap", Kind::Imap, Security::StartTls),
    ("_pop3s", Kind::Pop3, Security::Implicit),
    ("_pop3", Kind::Pop3, Security::StartTls),
    ("_submissions", Kind::Smtp, Security::Implicit),
    ("_submission", Kind::Smtp, Security::StartTls),
];

/// Confidence where all servers lie in the domain of the address, and elsewhere: DNS alone may be forged.
const OWN: u8 = 85;
const ELSEWHERE: u8 = 45;

/// What one service has.
enum Service {
    Server(Server),
    /// There are no records, or it is said that there is no such service.
    Nothing,
    Refused(Sentence),
}

/// Asks for all services side by side.
pub(crate) fn look_up(context: &Context) -> Yield {
    let answers =
        each(&SERVICES, |(label, kind, security)| service(context, &format!("{label}._tcp.{}", context.domain()), *kind, *security));
    let (mut servers, mut found) = (Vec::new(), Yield::default());
    let mut failure = None;
    for answer in answers.into_iter().flatten() {
        match answer {
            Ok(Service::Server(server)) => servers.push(server),
            Ok(Service::Nothing) => (),
            Ok(Service::Refused(sentence)) => found.tried.push(Tried::said(Step::Srv, Outcome::Refused, sentence)),
            Err(error) => failure = Some(error),
        }
    }
    let first = |kind| servers.iter().find(|server| server.kind == kind).cloned();
    let send = first(Kind::Smtp);
    let fetching: Vec<Server> = [first(Kind::Imap), first(Kind::Pop3)].into_iter().flatten().collect();
    for (rank, fetch) in fetching.iter().enumerate() {
        found.findings.push(finding(context, Some(fetch), send.as_ref(), rank > 0));
    }
    if fetching.is_empty() && send.is_some() {
        found.findings.push(finding(context, None, send.as_ref(), false));
    }
    found.tried.extend(conclusion(context, &found, failure));
    found
}

fn conclusion(context: &Context, found: &Yield, failure: Option<Error>) -> Option<Tried> {
    let domain = context.domain();
    match failure {
        _ if !found.findings.is_empty() => {
            Some(Tried::said(Step::Srv, Outcome::Found, Sentence::new("discover.reason_srv").arg("domain", domain)))
        }
        Some(error) => Some(Tried::error(Step::Srv, error)),
        None if found.tried.is_empty() => {
            Some(Tried::said(Step::Srv, Outcome::Nothing, Sentence::new("discover.srv_nothing").arg("domain", domain)))
        }
        None => None,
    }
}

/// The best server of a service: by priority, then the weightier one. (The draw by weight of RFC 2782 shares the load; settings are kept.)
fn service(context: &Context, query: &str, kind: Kind, security: Security) -> Result<Service, Error> {
    let call = context.call();
    let records = dns::ask(&context.wanted.name_servers, query, crate::dns::Kind::Srv, &call)?;
    let mut targets: Vec<(u16, u16, u16, String)> = records
        .into_iter()
        .filter_map(|record| match record {
            Record::Srv { priority, weight, port, host } => Some((priority, u16::MAX - weight, port, host)),
            _ => None,
        })
        .collect();
    targets.sort();
    let mut refused = None;
    for (_, _, port, host) in targets {
        // One target "." alone says that the service is not offered.
        if host.is_empty() {
            continue;
        }
        match accepted(context, &host, port, kind, &call) {
            Ok(host) => return Ok(Service::Server(Server { kind, host, port, security })),
            Err(code) => {
                refused.get_or_insert(Sentence::new(code).arg("service", query).arg("host", host).arg("port", port));
            }
        }
    }
    Ok(refused.map_or(Service::Nothing, Service::Refused))
}

/// The name of a target that may be a mail server, or why it is none.
fn accepted(context: &Context, host: &str, port: u16, kind: Kind, call: &postkontor_plugin::Call) -> Result<String, &'static str> {
    let host = name(host).ok_or("discover.srv_host_refused")?;
    // A port below 1024 that is none of mail belongs to another service.
    if port == 0 || port < 1024 && !kind.is_usual(port) {
        return Err("discover.srv_port_refused");
    }
    match dns::is_reachable(&context.wanted.name_servers, &host, is_own(&host, context.domain()), call) {
        Some(false) => Err("discover.srv_host_refused"),
        _ => Ok(host),
    }
}

fn finding(context: &Context, fetch: Option<&Server>, send: Option<&Server>, is_second: bool) -> Finding {
    let servers = || fetch.into_iter().chain(send);
    let elsewhere = servers().find(|server| !is_own(&server.host, context.domain()));
    let odd = servers().find(|server| !server.kind.is_usual(server.port));
    let known = servers().find_map(|server| provider::of_server(&server.host));
    let mut confidence = if elsewhere.is_some() { ELSEWHERE } else { OWN };
    let mut notes = Vec::new();
    if let Some(server) = elsewhere {
        notes.push(Sentence::new("discover.note_elsewhere").arg("host", server.host.as_str()).arg("domain", context.domain()));
    }
    if let Some(server) = odd {
        notes.push(Sentence::new("discover.note_port").arg("host", server.host.as_str()).arg("port", server.port));
        confidence -= 15;
    }
    if fetch.is_none() || send.is_none() {
        confidence -= 20;
    }
    let door = |server: &Server| Door { server: server.clone(), user: context.address().text().to_owned() };
    Finding {
        place: Place::Servers { fetch: fetch.map(door), send: send.map(door) },
        login: Login::Password,
        source: Source::Srv,
        provider: known.map(|provider| provider.name.clone()),
        confidence: confidence - 5 * u8::from(is_second),
        reason: Sentence::new("discover.reason_srv").arg("domain", context.domain()),
        notes,
        may_be_tested: elsewhere.is_none() && odd.is_none(),
    }
}
