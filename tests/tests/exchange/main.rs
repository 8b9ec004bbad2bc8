//! The double of Exchange before foreign judges: exchangelib, O365, and requests that break Microsoft's schemas.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod ews;
mod faults;

use postkontor_tests::certificates::Kind;
mod graph;

use postkontor_tests::exchange::{Exchange, environment, python};
use postkontor_tests::kerberos::Domain;
use postkontor_tests::skip;
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs a judge of `tests/exchange/judges` against a double of its own.
fn judge(name: &str) {
    let Some(exchange) = Exchange::start().unwrap() else { return };
    let environment = environment().unwrap();
    let mut judge = python(environment);
    judge.args(["-m", &format!("judges.{name}")]).args([exchange.clear(), exchange.secure(), exchange.control_url()]);
    let output = judge.arg(exchange.authority()).arg(environment.join("schemas")).stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

#[test]
fn exchangelib_sends_lists_fetches_moves_and_deletes() {
    judge("exchangelib_mail");
}

#[test]
fn o365_sends_lists_fetches_moves_and_deletes_and_uploads_in_ranges() {
    judge("o365_mail");
}

#[test]
fn exchangelib_and_pyspnego_log_in_with_and_without_channel_bindings() {
    judge("logins");
}

#[test]
fn the_smallest_bodies_are_taken_and_every_answer_fits_the_schema() {
    judge("minimal");
}

#[test]
fn what_exchange_refuses_is_refused() {
    judge("refusals");
}

#[test]
fn msal_gets_tokens_by_each_grant() {
    judge("msal_tokens");
}

#[test]
fn every_fault_happens_as_often_as_it_was_asked_for() {
    judge("faults");
}

#[test]
fn what_graph_demands_and_refuses() {
    judge("graph_rules");
}

#[test]
fn autodiscover_answers_in_both_forms() {
    judge("autodiscover");
}

#[test]
fn messages_of_100_mb_go_up_and_down() {
    judge("large");
}

#[test]
fn davmail_sends_and_reads() {
    if !Path::new("/usr/share/davmail/davmail.jar").exists() {
        return skip::because("davmail-server is not installed");
    }
    judge("davmail");
}

/// GetFolder by curl with the ticket of the domain: the status.
fn by_ticket(exchange: &Exchange, domain: &Domain) -> String {
    let soap = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
        xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body><m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>
        </m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder></s:Body></s:Envelope>"#;
    let mut curl = Command::new("curl");
    curl.envs(domain.environment())
        .args(["--silent", "--noproxy", "*", "--negotiate", "--user", ":", "--output", "/dev/null"])
        .arg("--cacert");
    curl.arg(exchange.authority()).args(["--write-out", "%{http_code}", "--header", "Content-Type: text/xml", "--data", soap]);
    let output = curl.arg(format!("{}/EWS/Exchange.asmx", exchange.secure())).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_ticket_logs_in_and_is_not_enough_where_a_channel_binding_is_required() {
    if !Domain::is_installed() || Command::new("curl").arg("--version").output().is_err() {
        return skip::because("krb5-kdc or curl is not installed");
    }
    let domain = Domain::start().unwrap();
    let Some(exchange) = Exchange::start_with(Kind::Good, Some(&domain)).unwrap() else { return };
    assert_eq!(by_ticket(&exchange, &domain), "401", "without a ticket");
    domain.log_on().unwrap();
    assert_eq!(by_ticket(&exchange, &domain), "200");
    assert_eq!(exchange.log().unwrap().last().unwrap()["login"]["protocol"], "kerberos");
    exchange.control("POST", "/options", &json!({"channel_binding": "required"})).unwrap();
    assert_eq!(by_ticket(&exchange, &domain), "401", "curl sends no channel binding");
}
