//! The step `autodiscover`: hosts of the domain are asked for Exchange (version 2, JSON), then for servers of any kind (XML, "POX").
//!
//! Both are asked without a login: many hosts that are not Exchange answer so, and no password leaves. They want the whole address, so only
//! hosts of the domain are asked, by HTTPS.

use crate::context::Context;
use crate::finding::{Door, Finding, Login, Outcome, Place, Sentence, Source, Tried, Yield};
use crate::own::is_own;
use crate::server::{Kind, Security, Server, name};
use crate::steps::Step;
use crate::web;
use crate::xml::{self, Node};
use postkontor_plugin::Error;
use postkontor_plugin::net::http::{Url, percent_encoded};

const REQUEST: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// The hosts that may know.
pub(crate) fn hosts(domain: &str) -> [String; 2] {
    [format!("autodiscover.{domain}"), domain.to_owned()]
}

/// Asks a host in both versions.
pub(crate) fn fetch(context: &Context, host: &str) -> Yield {
    let call = context.call();
    let reason = Sentence::new("discover.reason_autodiscover").arg("host", host);
    let json = web::get(&json_url(host, context.address().text()), context, &call);
    let found = match json {
        Ok(Some(body)) => in_json(&body).map(|url| vec![exchange(context, url, &reason)]).unwrap_or_default(),
        Ok(None) => Vec::new(),
        // A host that is not there, or not to be believed, is not asked again.
        Err(error) => return Yield::of(Tried::error(Step::Autodiscover, error.arg("host", host))),
    };
    let found = if found.is_empty() { by_xml(context, host, &call, &reason) } else { Ok(found) };
    match found {
        Ok(findings) if findings.is_empty() => {
            Yield::of(Tried::said(Step::Autodiscover, Outcome::Nothing, Sentence::new("discover.autodiscover_nothing").arg("host", host)))
        }
        Ok(findings) => Yield { findings, ..Yield::of(Tried::said(Step::Autodiscover, Outcome::Found, reason)) },
        Err(error) => Yield::of(Tried::error(Step::Autodiscover, error.arg("host", host))),
    }
}

fn json_url(host: &str, address: &str) -> String {
    format!("https://{host}/autodiscover/autodiscover.json?Email={}&Protocol=EWS", percent_encoded(address))
}

/// `{"Protocol":"EWS","Url":"https://…/EWS/Exchange.asmx"}`.
fn in_json(body: &[u8]) -> Option<Url> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    service(answer["Url"].as_str()?)
}

/// The URL of a service: secured, at a host that may be a server.
fn service(text: &str) -> Option<Url> {
    Url::parse(text, "").ok().filter(|url| url.is_secure() && name(url.host()).is_some())
}

fn exchange(context: &Context, url: Url, reason: &Sentence) -> Finding {
    let is_own = is_own(url.host(), context.domain());
    let elsewhere = || Sentence::new("discover.note_elsewhere").arg("host", url.host()).arg("domain", context.domain());
    Finding {
        notes: if is_own { Vec::new() } else { vec![elsewhere()] },
        place: Place::Exchange { url: url.to_string(), user: context.address().text().to_owned() },
        login: Login::Password,
        source: Source::Autodiscover,
        provider: Some("Microsoft Exchange".to_owned()),
        confidence: if is_own { 78 } else { 55 },
        reason: reason.clone(),
        may_be_tested: is_own,
    }
}

fn by_xml(context: &Context, host: &str, call: &postkontor_plugin::Call, reason: &Sentence) -> Result<Vec<Finding>, Error> {
    let address = quick_xml::escape::escape(context.address().text());
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"{REQUEST}\"><Request><EMailAddress>{address}</EMailAddress>\
         <AcceptableResponseSchema>{RESPONSE}</AcceptableResponseSchema></Request></Autodiscover>"
    );
    let Some(body) = web::post_xml(&format!("https://{host}/autodiscover/autodiscover.xml"), &document, context, call)? else {
        return Ok(Vec::new());
    };
    Ok(in_xml(&xml::read(&body)?, context, reason))
}

/// `Account/Protocol`: of the type `EXPR` (for the internet) or `EXCH` with an `EwsUrl`, or of the types `IMAP`, `POP3`, `SMTP` with a server.
fn in_xml(root: &Node, context: &Context, reason: &Sentence) -> Vec<Finding> {
    let Some(account) = root.find("Account").filter(|_| root.name == "Autodiscover") else { return Vec::new() };
    let of = |wanted: &'static str| account.all("Protocol").filter(move |protocol| protocol.text_of("Type").eq_ignore_ascii_case(wanted));
    let url = of("EXPR").chain(of("EXCH")).find_map(|protocol| service(protocol.text_of("EwsUrl")));
    if let Some(url) = url {
        return vec![exchange(context, url, reason)];
    }
    let door = |wanted, kind| of(wanted).find_map(|protocol| door(protocol, kind, context.address().text()));
    let (send, fetching) = (door("SMTP", Kind::Smtp), [door("IMAP", Kind::Imap), door("POP3", Kind::Pop3)]);
    let found = fetching.into_iter().flatten().enumerate();
    found.map(|(rank, fetch)| servers(context, fetch, send.clone(), rank, reason)).collect()
}

fn door(protocol: &Node, kind: Kind, address: &str) -> Option<Door> {
    let port: u16 = protocol.text_of("Port").parse().ok().filter(|port| *port != 0)?;
    let is_on = |name: &str| protocol.text_of(name).eq_ignore_ascii_case("on");
    let encryption = protocol.text_of("Encryption").to_ascii_lowercase();
    let security = match encryption.as_str() {
        "ssl" => Security::Implicit,
        "tls" => Security::StartTls,
        "" | "auto" if is_on("SSL") && !matches!(port, 25 | 110 | 143 | 587) => Security::Implicit,
        "" | "auto" if is_on("SSL") => Security::StartTls,
        _ => return None,
    };
    let user = protocol.text_of("LoginName");
    let is_name = !user.is_empty() && user.len() <= 320 && !user.contains(char::is_control);
    let user = if is_name { user } else { address };
    Some(Door { server: Server { kind, host: name(protocol.text_of("Server"))?, port, security }, user: user.to_owned() })
}

fn servers(context: &Context, fetch: Door, send: Option<Door>, rank: usize, reason: &Sentence) -> Finding {
    let elsewhere = [Some(&fetch), send.as_ref()].into_iter().flatten().find(|door| !is_own(&door.server.host, context.domain()));
    let note =
        |door: &Door| Sentence::new("discover.note_elsewhere").arg("host", door.server.host.as_str()).arg("domain", context.domain());
    Finding {
        notes: elsewhere.map(note).into_iter().collect(),
        confidence: if elsewhere.is_none() { 82 } else { 72 } - 5 * u8::from(rank > 0) - 20 * u8::from(send.is_none()),
        place: Place::Servers { fetch: Some(fetch), send },
        login: Login::Password,
        source: Source::Autodiscover,
        provider: None,
        reason: reason.clone(),
        may_be_tested: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_exchange_is_taken_only_where_it_is_secured() {
        let url = |json: &str| in_json(json.as_bytes()).map(|url| url.to_string());
        assert_eq!(
            url(r#"{"Protocol":"EWS","Url":"https://mail.example.com/EWS/Exchange.asmx"}"#).unwrap(),
            "https://mail.example.com/EWS/Exchange.asmx"
        );
        for wrong in [
            r#"{"Url":"http://mail.example.com/"}"#,
            r#"{"Url":"https://localhost/"}"#,
            r#"{"Url":"https://10.0.0.1/"}"#,
            "{\"Url\":7}",
            "<html>",
        ] {
            assert_eq!(url(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_stays_one_value_of_the_query() {
        assert!(json_url("h", "a&b=ü#@x.de").contains("Email=a%26b%3D%C3%BC%23@x.de&Protocol=EWS"));
    }
}
