//! `bench-exchange PLUGINS SENT RECEIVED`: what sending and fetching mails of 2 KB at Exchange costs, beside exchangelib, against the double
//! of Exchange. Prints a row for each client: its name; seconds, and the double's own processor seconds, for what was sent; the same for what
//! was fetched; connections and handshakes. Prints nothing where the double's packages cannot be had.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "standard output is how it talks to the benchmark")]

use postkontor_core::{Account, Action, Callbacks, Cancel, Fetched, Host};
use postkontor_tests::exchange::{Exchange, PASSWORD, environment, python};
use serde_json::{Value, json};
use std::io::{Error, Result};
use std::path::Path;
use std::time::Instant;

/// The transports that are measured, with the names of their plugins.
const TRANSPORTS: [(&str, &str); 2] = [("exchange-ews", "exchange_ews"), ("graph", "graph")];

struct Quiet;

impl Callbacks for Quiet {}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [plugins, sent, received] = arguments.as_slice() else { return Err(Error::other("usage: bench-exchange PLUGINS SENT RECEIVED")) };
    let (sent, received) = (sent.parse().map_err(Error::other)?, received.parse().map_err(Error::other)?);
    let Some(exchange) = Exchange::start()? else { return Ok(()) };
    exchange.control("POST", "/log/keep", &json!({"keep": false}))?;
    for (transport, library) in TRANSPORTS {
        let file = format!("{}postkontor_{library}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        if Path::new(plugins).join(file).exists() {
            println!("{transport} {}", ours(&exchange, plugins, transport, sent, received)?);
        }
    }
    println!("exchangelib {}", exchangelib(sent, received)?);
    Ok(())
}

/// What the double has counted so far.
struct Counters {
    work: f64,
    connections: f64,
    handshakes: f64,
}

impl Counters {
    fn now(exchange: &Exchange) -> Result<Counters> {
        let shown = exchange.control("GET", "/statistics", &Value::Null)?;
        let number = |name: &str| shown[name].as_f64().ok_or_else(|| Error::other("no statistics"));
        Ok(Counters { work: number("work")?, connections: number("connections")?, handshakes: number("handshakes")? })
    }
}

fn ours(exchange: &Exchange, plugins: &str, transport: &str, sent: u32, received: u32) -> Result<String> {
    let user = exchange.user()?;
    let host = Host::open(json!({"language": "en", "plugins": [plugins]}).to_string().as_str(), Box::new(Quiet)).map_err(failed)?;
    let mut account = Account::open(&host, &settings(exchange, transport, &user)?.to_string(), None).map_err(failed)?;
    exchange.control("POST", "/messages", &json!({"mailbox": user, "count": received, "size": 2048}))?;
    let text = "The quick brown fox jumps over the lazy dog, again and again.\r\n".repeat(28);
    let before = Counters::now(exchange)?;

    let started = Instant::now();
    for number in 0..sent {
        let mail = json!({"to": ["carol@example.com"], "subject": format!("Rate {number}"), "text": text});
        account.send_document(&mail.to_string(), &[], &Cancel::new(None)).map_err(failed)?;
    }
    let sending = started.elapsed().as_secs_f64();
    let between = Counters::now(exchange)?;

    let mut fetched = 0;
    let mut take = |_: Fetched<'_>| {
        fetched += 1;
        Action::Keep
    };
    let started = Instant::now();
    account.receive(r#"{"summary":"none"}"#, Some(&mut take), &Cancel::new(None)).map_err(failed)?;
    let fetching = started.elapsed().as_secs_f64();
    let after = Counters::now(exchange)?;
    if fetched != received {
        return Err(Error::other(format!("{transport} fetched {fetched} messages of {received}")));
    }
    let (connections, handshakes) = (after.connections - before.connections, after.handshakes - before.handshakes);
    let (to_send, to_fetch) = (between.work - before.work, after.work - between.work);
    Ok(format!("{sending:.6} {to_send:.6} {fetching:.6} {to_fetch:.6} {connections} {handshakes}"))
}

/// An account by TLS: by web services with a password, by Graph with a token.
fn settings(exchange: &Exchange, transport: &str, user: &str) -> Result<Value> {
    let mut account = json!({"transport": transport, "tls": {"ca_file": exchange.authority()}});
    if transport == "graph" {
        let asked = json!({"audience": "https://graph.microsoft.com", "scopes": ["Mail.Send", "Mail.ReadWrite"]});
        let token = exchange.control("POST", "/tokens/give", &asked)?["access_token"].clone();
        account["exchange"] = json!({"url": format!("{}/v1.0", exchange.secure()), "mailbox": user});
        account["auth"] = json!({"method": "oauth2", "user": user, "oauth2": {"access_token": token}});
    } else {
        account["exchange"] = json!({"url": format!("{}/EWS/Exchange.asmx", exchange.secure())});
        account["auth"] = json!({"method": "password", "user": user, "password": PASSWORD});
    }
    Ok(json!({"accounts": {"main": account}, "sender": {"address": user}, "send": {"account": "main"}}))
}

/// The same work by exchangelib, against a double of its own.
fn exchangelib(sent: u32, received: u32) -> Result<String> {
    let environment = environment().map_err(Error::other)?;
    let Some(exchange) = Exchange::start()? else { return Err(Error::other("no double")) };
    let before = Counters::now(&exchange)?;
    let mut rates = python(environment);
    rates.args(["-m", "judges.rates"]).args([exchange.clear(), exchange.secure(), exchange.control_url()]).arg(exchange.authority());
    let output = rates.arg("").args([sent.to_string(), received.to_string()]).output()?;
    let measured: Value =
        serde_json::from_slice(&output.stdout).map_err(|_| Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))?;
    let after = Counters::now(&exchange)?;
    let number = |kind: &str, name: &str| measured[kind][name].as_f64().ok_or_else(|| Error::other("no rate"));
    let (connections, handshakes) = (after.connections - before.connections, after.handshakes - before.handshakes);
    let (sending, to_send) = (number("send", "seconds")?, number("send", "work")?);
    let (fetching, to_fetch) = (number("receive", "seconds")?, number("receive", "work")?);
    Ok(format!("{sending:.6} {to_send:.6} {fetching:.6} {to_fetch:.6} {connections} {handshakes}"))
}

fn failed(error: postkontor_core::Error) -> Error {
    Error::other(format!("{error:?}"))
}
