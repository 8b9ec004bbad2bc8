//! Testing the settings.

use crate::message::Message;
use crate::place::get_folder;
use crate::settings::{LAST_DAY, PATH, Settings, graph, is_online};
use crate::talk::{Account, Talk};
use postkontor_plugin::net::http::Url;
use postkontor_plugin::net::{Advice, Recorder, step};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::{Call, Error, Report, Stage, Status, Step};

/// The steps of a whole test.
const STEPS: &[Stage] = &[Stage::Resolve, Stage::Connect, Stage::Tls, Stage::Login, Stage::Mailbox];

/// Takes every step short of fetching and sending. Fails only when the caller stops it.
pub(crate) fn test(account: &mut Account, call: &Call) -> Result<Report, Error> {
    let mut recorder = Recorder::telling(call);
    let looked = look(account, call, &mut recorder);
    recorder.keep(account.service.client().take_dialogue());
    if let Err(error) = looked {
        if error.status == Status::Cancelled {
            return Err(error);
        }
        recorder.push(failed(account, &error));
    }
    Ok(recorder.report(STEPS))
}

/// The service was not found. Fails only when the caller stopped it.
pub(crate) fn not_found(error: &Error, mut recorder: Recorder) -> Result<Report, Error> {
    if error.status == Status::Cancelled {
        return Err(error.clone());
    }
    recorder.push(Step::fail(error.stage.unwrap_or(Stage::Resolve), error).advice("advice.ews_url"));
    Ok(recorder.report(STEPS))
}

fn look(account: &mut Account, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
    if is_online(&account.service.url) {
        let step = Step::warn(Stage::Settings, "ews.ends_online").pointer("/exchange/url").advice("advice.ews_use_graph");
        recorder.push(step.fact("host", account.service.url.host()).fact("until", LAST_DAY).patch(graph()));
    }
    account.service.client().connect(call, recorder)?;
    account.service.login.token(call, recorder)?;
    let user = account.settings.auth.user.clone();
    let mut talk = Talk::new(account, call, recorder);
    let places = [talk.distinguished("inbox")];
    let inbox = talk.ask(Stage::Mailbox, |xml| get_folder(xml, &places));
    // An answer of EWS shows that the login was good, whatever it says of the mailbox.
    if inbox.as_ref().map_or_else(|error| error.stage == Some(Stage::Mailbox) && error.code != "ews.account_blocked", |_| true) {
        let mechanism = talk.account.service.client().mechanism().unwrap_or("Bearer");
        talk.recorder.push(Step::ok(Stage::Login).fact("user", user.as_str()).fact("mechanism", mechanism));
    }
    let inbox = inbox.map_err(|error| if error.code == "ews.account_blocked" { error.stage(Stage::Login) } else { error })?;
    mailbox(&mut talk, inbox.first())?;
    folders(&mut talk)
}

/// Whether the mailbox may be read, and whether drafts may be put into it, without which nothing is sent.
fn mailbox(talk: &mut Talk<'_, '_>, inbox: Option<&Message>) -> Result<(), Error> {
    let inbox = inbox.ok_or_else(|| crate::xml::malformed("no answer for what was asked").stage(Stage::Mailbox))?;
    if !inbox.is_success {
        return Err(inbox.error(&talk.host(), Stage::Mailbox));
    }
    let mailbox = talk.account.settings.address().unwrap_or_default().to_owned();
    let step = Step::ok(Stage::Mailbox).pointer("/exchange/mailbox").fact("mailbox", mailbox.as_str());
    let step = match talk.account.settings.shared() {
        // Exchange tells only when something is sent.
        Some(shared) => Step { code: "ews.send_as_unknown".to_owned(), ..step }.fact("sender", shared).advice("advice.ews_send_as"),
        None => step,
    };
    talk.recorder.push(step);
    Ok(())
}

/// Each folder of the settings gets a step of its own.
fn folders(talk: &mut Talk<'_, '_>) -> Result<(), Error> {
    let exchange = talk.account.settings.exchange.clone();
    let sent = exchange.sent.unwrap_or_else(|| "sentitems".to_owned());
    let wanted = [("/exchange/inbox", Some(exchange.inbox)), ("/exchange/sent", Some(sent).filter(|_| exchange.save))];
    for (pointer, name) in wanted {
        let Some(name) = name else { continue };
        let place = match talk.folder(&name, pointer) {
            Ok(place) => place,
            Err(error) if error.code == "ews.folder_missing" => {
                talk.recorder.push(failed(talk.account, &error));
                continue;
            }
            Err(error) => return Err(error),
        };
        let message = talk.ask(Stage::Mailbox, |xml| get_folder(xml, std::slice::from_ref(&place)))?;
        let step = found(talk, message.first(), pointer, &name);
        talk.recorder.push(step);
    }
    Ok(())
}

fn found(talk: &Talk<'_, '_>, message: Option<&Message>, pointer: &str, name: &str) -> Step {
    match message {
        Some(message) if message.is_success => {
            let folder = message.node.find("Folders").and_then(|folders| folders.children.first());
            let count = folder.map(|folder| folder.text_of("TotalCount").trim().parse().unwrap_or(0u64)).unwrap_or_default();
            let shown = folder.map(|folder| folder.text_of("DisplayName")).filter(|shown| !shown.is_empty()).unwrap_or(name);
            Step::ok(Stage::Mailbox).pointer(pointer).fact("folder", shown).fact("messages", count)
        }
        Some(message) => Step { pointer: pointer.to_owned(), ..failed(talk.account, &message.error(&talk.host(), Stage::Mailbox)) },
        None => failed(talk.account, &crate::xml::malformed("no answer for what was asked").stage(Stage::Mailbox)),
    }
}

/// The failed step of an error, with pointer, advice, and the patch that would repair it.
fn failed(account: &Account, error: &Error) -> Step {
    let client = account.service.client_ref();
    step(error, client.target(), client.tls(), advice(&account.settings, &account.service.url, error))
}

fn advice(settings: &Settings, url: &Url, error: &Error) -> Option<Advice> {
    let right = right_url(url);
    let at_url = |advice: &'static [&'static str]| Advice {
        pointer: "/exchange/url",
        advice,
        patch: right.clone().map(|right| json!({"exchange": {"url": right}})),
    };
    Some(match error.code.as_str() {
        "ews.switched_off" => {
            Advice { pointer: "/exchange/url", advice: &["advice.ews_use_graph", "advice.ews_switch_on"], patch: Some(graph()) }
        }
        "ews.forbidden" => Advice { pointer: "/exchange/url", advice: &["advice.ews_switch_on"], patch: None },
        "ews.forbidden_on_the_way" => Advice { pointer: "/server/proxy", advice: &["advice.ask_proxy_administrator"], patch: None },
        "ews.page_instead" | "ews.no_service" | "ews.redirected" | "ews.url_wrong" => at_url(&["advice.ews_url"]),
        "ews.impersonation_denied" => Advice { pointer: "/exchange/impersonate", advice: &["advice.ews_impersonation_right"], patch: None },
        "ews.impersonation_needed" => {
            let patch = settings.exchange.mailbox.is_some().then(|| json!({"exchange": {"impersonate": true}}));
            Advice { pointer: "/exchange/impersonate", advice: &["advice.ews_impersonate"], patch }
        }
        "ews.mailbox_missing" => Advice { pointer: "/exchange/mailbox", advice: &["advice.ews_check_mailbox"], patch: None },
        "ews.access_denied" => Advice { pointer: "/exchange/mailbox", advice: &["advice.ews_full_access"], patch: None },
        "ews.version_refused" => Advice { pointer: "/exchange/url", advice: &["advice.ews_old_server"], patch: None },
        "ews.folder_missing" => Advice { pointer: "", advice: &["advice.ews_check_folder"], patch: None },
        "ews.token_for_another_service" => Advice { pointer: "/auth/oauth2", advice: &["advice.ews_token_scope"], patch: None },
        "ews.token_without_role" => Advice { pointer: "/auth/oauth2", advice: &["advice.ews_token_role"], patch: None },
        "ews.token_expired" => Advice { pointer: "/auth/oauth2", advice: &["advice.check_clock"], patch: None },
        "ews.account_blocked" => Advice { pointer: "/auth/user", advice: &["advice.ask_administrator"], patch: None },
        "ews.status_unexpected" => at_url(&["advice.ews_url", "advice.ask_administrator"]),
        "ews.answer_malformed" | "ews.answer_has_dtd" | "ews.answer_too_deep" | "ews.answer_too_large" => {
            at_url(&["advice.ews_url", "advice.ask_administrator"])
        }
        "ews.busy" | "ews.failed" => Advice { pointer: "", advice: &["advice.try_later"], patch: None },
        _ => return None,
    })
}

/// The URL on the same server where EWS lies, if this is another one.
fn right_url(url: &Url) -> Option<String> {
    if url.path().eq_ignore_ascii_case(PATH) {
        return None;
    }
    url.join(PATH).ok().map(|right| right.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_url_is_on_the_same_server() {
        let right = |url: &str| right_url(&Url::parse(url, "/exchange/url").unwrap());
        assert_eq!(right("https://mail.example.com/owa?x=1").unwrap(), "https://mail.example.com/EWS/Exchange.asmx");
        assert_eq!(right("https://mail.example.com/ews/exchange.asmx"), None);
    }
}
