//! Autodiscover: the URL of EWS by the address of a mailbox.
//!
//! The second version (JSON) is asked without a login, so it may lead to any host; the first one (XML, "POX") wants the login, which goes only
//! to the hosts of the address's own domain, over TLS that was verified.

use crate::settings::{ONLINE, Settings};
use crate::xml::{Bytes, Reader, Writer};
use postkontor_plugin::exchange::AT;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::{Client, Content, Login, Request, Response, Url, percent_encoded};
use postkontor_plugin::settings::Method;
use postkontor_plugin::{Call, Error, Stage, Status};
use std::time::{Duration, Instant};

/// The most bytes of an answer.
const LIMIT: u64 = 256 * 1024;

/// How long one host may take; many domains have no such host, and some firewalls do not say so.
const EACH: Duration = Duration::from_secs(10);

const REQUEST: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Finds the URL of EWS for the account's address.
pub(crate) fn discover(settings: &Settings, call: &Call, recorder: &mut Recorder) -> Result<Url, Error> {
    let missing = || Error::setting("/exchange/url", "ews.url_missing");
    let address = settings.address().ok_or_else(missing)?;
    let domain = address.rsplit_once('@').map(|(_, domain)| domain).ok_or_else(missing)?;
    let query = format!("/autodiscover/autodiscover.json?Email={}&Protocol=EWS", percent_encoded(address));
    let mut last = None;
    for origin in origins(settings, domain) {
        call.check()?;
        let each = call.until(Instant::now() + EACH);
        let found = Url::parse(&format!("{origin}{query}"), "/exchange/mailbox").and_then(|url| by_json(settings, &url, &each, recorder));
        match found {
            Ok(Some(url)) => return Ok(url),
            Ok(None) => (),
            Err(error) => last = Some(error),
        }
    }
    if is_by_password(settings) {
        for host in [format!("https://autodiscover.{domain}"), format!("https://{domain}")] {
            call.check()?;
            let each = call.until(Instant::now() + EACH);
            let found = Url::parse(&format!("{host}/autodiscover/autodiscover.xml"), "/exchange/mailbox")
                .and_then(|url| by_xml(settings, &url, address, &each, recorder));
            match found {
                Ok(Some(url)) => return Ok(url),
                Ok(None) => (),
                Err(error) => last = Some(error),
            }
        }
    }
    call.check()?;
    let error = Error::new(Status::Settings, "ews.url_not_found").arg("domain", domain).stage(Stage::Resolve);
    Err(error.at("/exchange/url", "ews.url_not_found").detail(last.map(|error| error.to_string()).unwrap_or_default()))
}

fn is_by_password(settings: &Settings) -> bool {
    let auth = &settings.auth;
    matches!(auth.method, Method::Password | Method::Ntlm | Method::Windows | Method::Auto)
        && !auth.password.is_empty()
        && settings.tls.verify
}

/// The hosts that are asked, the likelier ones first: a token is for Exchange Online.
fn origins(settings: &Settings, domain: &str) -> Vec<String> {
    let online = ONLINE.trim_end_matches(crate::settings::PATH).to_owned();
    let mut own = vec![format!("https://autodiscover.{domain}"), format!("https://{domain}")];
    if settings.auth.method == Method::Oauth2 {
        own.insert(0, online);
    } else {
        own.push(online);
    }
    own
}

/// `{"Protocol":"EWS","Url":"https://…/EWS/Exchange.asmx"}`; a redirect to another host is followed once, because nothing secret goes along.
fn by_json(settings: &Settings, url: &Url, call: &Call, recorder: &mut Recorder) -> Result<Option<Url>, Error> {
    let mut url = url.clone();
    for _ in 0..2 {
        let mut client = Client::new(&url, &settings.server, &settings.tls, AT);
        let request = Request::new("GET", url.target()).field("Accept", "application/json");
        let mut response = client.request(request, call, recorder).map_err(|interrupted| interrupted.error)?;
        if let (301..=308, Some(there)) = (response.status(), response.field("location")) {
            url = url.join(there)?;
            if !url.is_secure() {
                return Ok(None);
            }
            continue;
        }
        if response.status() != 200 {
            return Ok(None);
        }
        let body = response.bytes(LIMIT, call)?;
        return Ok(found_in_json(&body));
    }
    Ok(None)
}

fn found_in_json(body: &[u8]) -> Option<Url> {
    let answer: postkontor_plugin::serde_json::Value = postkontor_plugin::serde_json::from_slice(body).ok()?;
    url_of_server(answer["Url"].as_str()?)
}

/// A URL that a server has sent: secured, or not taken.
fn url_of_server(text: &str) -> Option<Url> {
    Url::parse(text, "/exchange/url").ok().filter(Url::is_secure)
}

/// Asks by POX, with the login.
fn by_xml(settings: &Settings, url: &Url, address: &str, call: &Call, recorder: &mut Recorder) -> Result<Option<Url>, Error> {
    let mut client = Client::new(url, &settings.server, &settings.tls, AT);
    client.log_in_by(Login::new(&settings.auth)?);
    let mut xml = Writer::new();
    xml.group("Autodiscover", &[("xmlns", REQUEST)], |xml| {
        xml.group("Request", &[], |xml| {
            xml.text("EMailAddress", address);
            xml.text("AcceptableResponseSchema", RESPONSE);
        });
    });
    let document = xml.document();
    let request = Request::new("POST", url.target())
        .field("Content-Type", "text/xml; charset=utf-8")
        .content(Content::Bytes(&document.bytes))
        .repeatable();
    let response = client.request(request, call, recorder).map_err(|interrupted| interrupted.error)?;
    if response.status() != 200 {
        return Ok(None);
    }
    found_in_xml(&mut Whole { response, call })
}

struct Whole<'r, 'c> {
    response: Response<'c>,
    call: &'r Call<'r>,
}

impl Bytes for Whole<'_, '_> {
    fn read(&mut self, block: &mut [u8]) -> Result<usize, Error> {
        self.response.read(block, self.call)
    }
}

/// The URL of the protocol `EXPR`, which is for the internet, else that of `EXCH`.
fn found_in_xml(bytes: &mut dyn Bytes) -> Result<Option<Url>, Error> {
    let mut reader = Reader::new(bytes);
    let Some(begun) = reader.begin()? else { return Ok(None) };
    let whole = reader.rest(begun, None)?;
    reader.finish()?;
    let Some(account) = whole.find("Account") else { return Ok(None) };
    let of = |wanted: &str| {
        let protocols = account.children.iter().filter(|node| node.name == "Protocol" && node.text_of("Type").trim() == wanted);
        protocols.into_iter().find_map(|protocol| url_of_server(protocol.text_of("EwsUrl").trim()))
    };
    Ok(of("EXPR").or_else(|| of("EXCH")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_found_in_both_versions_and_only_where_it_is_secured() {
        let json = br#"{"Protocol":"EWS","Url":"https://mail.example.com/EWS/Exchange.asmx"}"#;
        assert_eq!(found_in_json(json).unwrap().to_string(), "https://mail.example.com/EWS/Exchange.asmx");
        for wrong in [&br#"{"ErrorCode":"InvalidProtocol"}"#[..], br#"{"Url":"http://mail.example.com/"}"#, b"<html>", b"{\"Url\":7}"] {
            assert_eq!(found_in_json(wrong), None);
        }
        let xml = |protocols: &str| format!("<Autodiscover xmlns='x'><Response><Account>{protocols}</Account></Response></Autodiscover>");
        let inner = "<Protocol><Type>EXCH</Type><EwsUrl>https://inner.example.com/EWS/Exchange.asmx</EwsUrl></Protocol>";
        let outer = "<Protocol><Type>EXPR</Type><EwsUrl>https://outer.example.com/EWS/Exchange.asmx</EwsUrl></Protocol>";
        let found = |text: String| found_in_xml(&mut text.as_bytes()).unwrap().map(|url| url.host().to_owned());
        assert_eq!(found(xml(&format!("{inner}{outer}"))).unwrap(), "outer.example.com");
        assert_eq!(found(xml(inner)).unwrap(), "inner.example.com");
        assert_eq!(found(xml(&inner.replace("https", "http"))), None);
        assert_eq!(found("<Autodiscover><Response><Error/></Response></Autodiscover>".to_owned()), None);
    }

    #[test]
    fn an_address_stays_one_value_of_the_query() {
        assert_eq!(percent_encoded("a&b=ü#@x.de"), "a%26b%3D%C3%BC%23@x.de");
    }
}
