//! The steps `autoconfig` and `database`: a provider's own description of its servers (the file `config-v1.1.xml`), over HTTPS only.
//!
//! The file is asked for by the domain alone. The parameter `emailaddress`, by which a host could answer for one mailbox, is left out: the
//! domain suffices, and places in the file are filled in here.

use crate::address::Address;
use crate::context::Context;
use crate::finding::{Door, Finding, Login, Outcome, Place, Sentence, Source, Tried, Yield};
use crate::own::is_own;
use crate::provider;
use crate::server::{Kind, Security, Server, name};
use crate::steps::Step;
use crate::web;
use crate::xml::{self, Node};
use postkontor_plugin::settings::Endpoint;

/// Mozilla's database.
const DATABASE: &str = "autoconfig.thunderbird.net";

/// The places that a file may lie at.
pub(crate) fn urls(domain: &str) -> [String; 2] {
    [format!("https://autoconfig.{domain}/mail/config-v1.1.xml"), format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml")]
}

/// The place in the database.
pub(crate) fn database_url(domain: &str) -> String {
    format!("https://{DATABASE}/v1.1/{domain}")
}

/// Gets a file and reads it.
pub(crate) fn fetch(context: &Context, step: Step, url: &str) -> Yield {
    let host = url.split('/').nth(2).unwrap_or_default();
    let nothing = || Tried::said(step, Outcome::Nothing, Sentence::new("discover.file_nothing").arg("host", host));
    let whole = match web::get(url, context, &context.call()) {
        Ok(Some(bytes)) => xml::read(&bytes),
        Ok(None) => return Yield::of(nothing()),
        Err(error) => Err(error),
    };
    let file = match whole {
        Ok(file) => read(&file, context.address()),
        Err(error) => return Yield::of(Tried::error(step, error.arg("host", host))),
    };
    let reason = match step {
        Step::Database => Sentence::new("discover.reason_database").arg("host", host).arg("domain", context.domain()),
        _ => Sentence::new("discover.reason_autoconfig").arg("host", host),
    };
    let mut found = Yield::default();
    for code in &file.left_out {
        found.tried.push(Tried::said(step, Outcome::Refused, Sentence::new(code).arg("host", host)));
    }
    found.findings = findings(&file, context, step, &reason);
    found.tried.push(if found.findings.is_empty() { nothing() } else { Tried::said(step, Outcome::Found, reason) });
    found
}

/// What a file says.
#[derive(Debug, Default, PartialEq)]
struct File {
    provider: Option<String>,
    /// In the file's order, which is that of preference.
    servers: Vec<Offer>,
    /// Why servers were left out.
    left_out: Vec<&'static str>,
}

/// A server of a file.
#[derive(Clone, Debug, PartialEq)]
struct Offer {
    door: Door,
    takes_password: bool,
    takes_token: bool,
}

fn read(root: &Node, address: &Address) -> File {
    let mut file = File::default();
    let Some(provider) = root.all("emailProvider").next().filter(|_| root.name == "clientConfig") else { return file };
    let shown = provider.text_of("displayName");
    file.provider = (!shown.is_empty() && shown.len() <= 100).then(|| postkontor_plugin::printable(shown).to_string());
    for node in provider.all("incomingServer").chain(provider.all("outgoingServer")) {
        let kind = match (node.name.as_str(), node.attribute("type")) {
            ("incomingServer", "imap") => Kind::Imap,
            ("incomingServer", "pop3") => Kind::Pop3,
            ("outgoingServer", "smtp") => Kind::Smtp,
            // Exchange by its web services, which Autodiscover tells as well.
            _ => continue,
        };
        match offer(node, kind, address) {
            Ok(offer) => file.servers.push(offer),
            Err(code) if !file.left_out.contains(&code) => file.left_out.push(code),
            Err(_) => (),
        }
    }
    file
}

fn offer(node: &Node, kind: Kind, address: &Address) -> Result<Offer, &'static str> {
    let filled = |name: &str| filled(node.text_of(name), address).ok_or("discover.file_place_unknown");
    let security = match node.text_of("socketType") {
        "SSL" => Security::Implicit,
        "STARTTLS" => Security::StartTls,
        _ => return Err("discover.file_plain"),
    };
    let host = name(&filled("hostname")?).ok_or("discover.file_host_invalid")?;
    let port: u16 = node.text_of("port").parse().ok().filter(|port| *port != 0).ok_or("discover.file_host_invalid")?;
    let Endpoint { host, port } = Endpoint { host, port };
    let user = Some(filled("username")?).filter(|user| !user.is_empty()).unwrap_or_else(|| address.text().to_owned());
    if user.contains(char::is_control) || user.len() > 320 {
        return Err("discover.file_host_invalid");
    }
    let methods: Vec<&str> = node.all("authentication").map(|method| method.text.trim()).collect();
    let is_password = |method: &&str| matches!(*method, "password-cleartext" | "password-encrypted" | "plain" | "secure" | "NTLM");
    let takes_token = methods.contains(&"OAuth2");
    let takes_password = methods.iter().any(is_password) || methods.is_empty();
    if !takes_password && !takes_token {
        return Err("discover.file_login_unknown");
    }
    Ok(Offer { door: Door { server: Server { kind, host, port, security }, user }, takes_password, takes_token })
}

/// A value with its places filled in; `None` where one is left over.
fn filled(text: &str, address: &Address) -> Option<String> {
    let mut filled = String::new();
    let mut pieces = text.split('%');
    filled.push_str(pieces.next()?);
    while let Some(place) = pieces.next() {
        filled.push_str(match place {
            "EMAILADDRESS" => address.text(),
            "EMAILLOCALPART" => address.local(),
            "EMAILDOMAIN" => address.domain(),
            _ => return None,
        });
        filled.push_str(pieces.next()?);
    }
    Some(filled)
}

fn findings(file: &File, context: &Context, step: Step, reason: &Sentence) -> Vec<Finding> {
    let first = |kind| file.servers.iter().find(|offer| offer.door.server.kind == kind);
    let send = first(Kind::Smtp);
    let fetching: Vec<&Offer> = [first(Kind::Imap), first(Kind::Pop3)].into_iter().flatten().collect();
    let pairs: Vec<(Option<&Offer>, Option<&Offer>)> = match (fetching.as_slice(), send) {
        ([], None) => Vec::new(),
        ([], send) => vec![(None, send)],
        (fetching, send) => fetching.iter().map(|fetch| (Some(*fetch), send)).collect(),
    };
    let pairs = pairs.into_iter().enumerate();
    pairs.flat_map(|(rank, (fetch, send))| logins(file, fetch, send, rank, context, step, reason)).collect()
}

/// A finding for each way to log in.
fn logins(
    file: &File,
    fetch: Option<&Offer>,
    send: Option<&Offer>,
    rank: usize,
    context: &Context,
    step: Step,
    reason: &Sentence,
) -> Vec<Finding> {
    let offers = || fetch.into_iter().chain(send);
    let known = offers().find_map(|offer| provider::of_server(&offer.door.server.host));
    let elsewhere = offers().find(|offer| !is_own(&offer.door.server.host, context.domain()));
    let password = offers().all(|offer| offer.takes_password).then_some(Login::Password);
    let token = known.and_then(|known| known.oauth2.clone()).filter(|_| offers().all(|offer| offer.takes_token)).map(Login::Token);
    let mut confidence: u8 = match (step, elsewhere) {
        (Step::Database, _) => 75,
        (_, None) => 90,
        (_, Some(_)) => 80,
    };
    if fetch.is_none() || send.is_none() {
        confidence -= 20;
    }
    let ways = password.into_iter().chain(token).enumerate();
    let findings = ways.map(|(way, login)| Finding {
        place: Place::Servers { fetch: fetch.map(|offer| offer.door.clone()), send: send.map(|offer| offer.door.clone()) },
        notes: elsewhere
            .map(|offer| {
                Sentence::new("discover.note_elsewhere").arg("host", offer.door.server.host.as_str()).arg("domain", context.domain())
            })
            .into_iter()
            .collect(),
        login,
        source: Source::Autoconfig,
        provider: known.map(|known| known.name.clone()).or_else(|| file.provider.clone()),
        confidence: confidence - 5 * u8::from(rank > 0) - 5 * u8::from(way > 0),
        reason: reason.clone(),
        may_be_tested: true,
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(inside: &str) -> File {
        let text = format!(
            "<clientConfig version='1.1'><emailProvider id='x'><displayName>X</displayName>{inside}</emailProvider></clientConfig>"
        );
        read(&xml::read(text.as_bytes()).unwrap(), &Address::parse("anna.berg@example.com").unwrap())
    }

    fn server(host: &str, socket: &str, user: &str, method: &str) -> String {
        format!(
            "<incomingServer type='imap'><hostname>{host}</hostname><port>993</port><socketType>{socket}</socketType><username>{user}</username><authentication>{method}</authentication></incomingServer>"
        )
    }

    #[test]
    fn places_are_filled_in_and_an_unknown_one_leaves_the_server_out() {
        let found = file(&server("imap.%EMAILDOMAIN%", "SSL", "%EMAILLOCALPART%-x", "password-cleartext"));
        assert_eq!((found.servers[0].door.server.host.as_str(), found.servers[0].door.user.as_str()), ("imap.example.com", "anna.berg-x"));
        assert_eq!(file(&server("mail.example.com", "SSL", "", "password-cleartext")).servers[0].door.user, "anna.berg@example.com");
        for (server, code) in [
            (server("imap.%REALHOST%", "SSL", "x", "password-cleartext"), "discover.file_place_unknown"),
            (server("mail.example.com", "SSL", "100%", "password-cleartext"), "discover.file_place_unknown"),
            (server("mail.example.com", "plain", "x", "password-cleartext"), "discover.file_plain"),
            (server("localhost", "SSL", "x", "password-cleartext"), "discover.file_host_invalid"),
            (server("10.0.0.1", "SSL", "x", "password-cleartext"), "discover.file_host_invalid"),
            (server("mail.example.com", "SSL", "a&#10;b", "password-cleartext"), "discover.file_host_invalid"),
            (server("mail.example.com", "SSL", "x", "client-IP-address"), "discover.file_login_unknown"),
        ] {
            let found = file(&server);
            assert_eq!((found.servers.len(), found.left_out.as_slice()), (0, &[code][..]), "{server}");
        }
    }

    #[test]
    fn a_page_that_is_no_file_has_no_servers() {
        let page = xml::read(b"<html><body>Hello</body></html>").unwrap();
        assert_eq!(read(&page, &Address::parse("a@example.com").unwrap()), File::default());
    }
}
