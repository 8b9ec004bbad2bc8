//! Testing the settings.

use crate::client::Client;
use postkontor_plugin::net::{Advice, Recorder, http, step};
use postkontor_plugin::{Error, Report, Stage, Status, Step};

/// The steps of a whole test.
const STEPS: &[Stage] = &[Stage::Resolve, Stage::Connect, Stage::Tls, Stage::Login, Stage::Mailbox];

/// Takes every step short of sending and fetching.
pub(crate) fn look(client: &mut Client) -> Result<(), Error> {
    let (messages, bytes) = client.total()?;
    let login = match client.tokens.not_kept.first() {
        Some(error) => Step { facts: error.args.clone(), ..Step::warn(Stage::Login, &error.code) }.advice("advice.gateway_keep_token"),
        None => Step::ok(Stage::Login),
    };
    client.recorder.push(login.fact("renewed", client.has_renewed));
    client.recorder.push(Step::ok(Stage::Mailbox).fact("messages", messages).fact("bytes", bytes));
    Ok(())
}

/// The report; an error only where the caller has stopped the test.
pub(crate) fn report(http: &http::Client, looked: Result<(), Error>, mut recorder: Recorder) -> Result<Report, Error> {
    match looked {
        Err(error) if error.status == Status::Cancelled => return Err(error),
        Err(error) => recorder.push(step(&error, http.target(), http.tls(), advice(&error.code))),
        Ok(()) => {}
    }
    Ok(recorder.report(STEPS))
}

/// What to do about an error of the service, and about others where this transport has another setting for it.
fn advice(code: &str) -> Option<Advice> {
    let (pointer, advice): (_, &[&str]) = match code {
        "gateway.refresh_refused" => ("/auth/refresh_token", &["advice.gateway_new_token"]),
        "gateway.token_refused" => ("/auth/access_token", &["advice.gateway_new_token"]),
        "gateway.client_refused" => ("/auth/client_secret", &["advice.gateway_client"]),
        "gateway.later" => ("", &["advice.try_later"]),
        "gateway.refused" | "gateway.answer_malformed" => ("/gateway/url", &["advice.gateway_url"]),
        "tls.ca_file_unreadable" => ("/gateway/ca_file", &["advice.check_file"]),
        "tls.certificate_self_signed" | "tls.certificate_unknown_authority" => ("/gateway/ca_file", &["advice.trust_authority"]),
        _ if code.starts_with("tls.") => ("/gateway/url", &["advice.ask_administrator"]),
        _ => return None,
    };
    Some(Advice { pointer, advice, patch: None })
}
