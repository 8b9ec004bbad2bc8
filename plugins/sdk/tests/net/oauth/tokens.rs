use super::provider::{Provider, REFRESH, answer, application, json, refreshing, tokens};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::oauth::{Audience, Tokens};
use postkontor_plugin::serde_json::json as value;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, HostCalls, Level, Secret, Status, StepStatus};
use std::sync::Mutex;
use std::time::{Duration, Instant};

fn access(tokens: &Tokens) -> Result<String, Error> {
    let host = TestHost::new();
    tokens.access(&host.call(), &mut Recorder::off()).map(|token| token.reveal().to_owned())
}

#[test]
fn a_token_is_got_once_and_shared_by_accounts_with_the_same_credentials() {
    let provider = Provider::issuing();
    let [one, other] = [(); 2].map(|()| tokens(&application(&provider, "hush-1"), &[], Audience::Smtp).unwrap());
    assert_eq!([access(&one), access(&other), access(&one)], ["token-1", "token-1", "token-1"].map(|token| Ok(token.to_owned())));
    let stranger = tokens(&application(&provider, "hush-2"), &[], Audience::Smtp).unwrap();
    assert_eq!(access(&stranger).unwrap(), "token-2");
    let questions = provider.questions();
    let expected = [("grant_type", "client_credentials"), ("scope", "mail.all"), ("client_id", "app-1"), ("client_secret", "hush-1")];
    assert_eq!(questions[0].fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!((questions.len(), questions[0].path.as_str()), (2, "/token"));
}

#[test]
fn client_credentials_are_asked_anew_and_never_refreshed() {
    let issue = |number: usize| value!({"access_token": format!("t-{number}"), "expires_in": 0, "refresh_token": "must-not-be-used"});
    let provider = Provider::new(move |_, number| json(200, &issue(number)));
    let tokens = tokens(&application(&provider, "anew"), &[], Audience::Smtp).unwrap();
    assert_eq!([access(&tokens).unwrap(), access(&tokens).unwrap()], ["t-1", "t-2"]);
    for question in provider.questions() {
        assert_eq!((question.field("grant_type"), question.field("refresh_token")), ("client_credentials", ""));
    }
}

#[test]
fn a_refused_token_is_renewed_and_one_that_another_call_has_renewed_is_taken() {
    let provider = Provider::issuing();
    let [one, other] = [(); 2].map(|()| tokens(&application(&provider, "renewed"), &[], Audience::Imap).unwrap());
    let host = TestHost::new();
    let (call, mut off) = (host.call(), Recorder::off());
    let first = one.access(&call, &mut off).unwrap();
    assert_eq!(one.renew(&first, &call, &mut off).unwrap().reveal(), "token-2");
    assert_eq!(other.renew(&first, &call, &mut off).unwrap().reveal(), "token-2");
    assert_eq!(provider.questions().len(), 2);
}

#[test]
fn a_given_token_is_taken_as_it_is_and_cannot_be_renewed() {
    let given = tokens(&value!({"access_token": "given"}), &[], Audience::Ews).unwrap();
    assert_eq!(access(&given).unwrap(), "given");
    let host = TestHost::new();
    let error = given.renew(&Secret::new("given"), &host.call(), &mut Recorder::off()).unwrap_err();
    assert_eq!(
        (error.status, error.code.as_str(), error.at[0].pointer.as_str()),
        (Status::Auth, "auth.token_refused", "/auth/oauth2/access_token")
    );
}

#[test]
fn calls_at_the_same_time_get_one_token() {
    let provider = Provider::new(|_, number| {
        std::thread::sleep(Duration::from_millis(100));
        json(200, &value!({"access_token": format!("t-{number}"), "expires_in": 3600}))
    });
    let settings = application(&provider, "together");
    let threads = [(); 8].map(|()| {
        let settings = settings.clone();
        std::thread::spawn(move || access(&tokens(&settings, &[], Audience::Smtp).unwrap()).unwrap())
    });
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == "t-1"));
    assert_eq!(provider.questions().len(), 1);
}

#[test]
fn a_renewal_that_fails_for_now_leaves_the_old_token_its_last_minutes() {
    let provider = Provider::new(|_, number| match number {
        // Good for two seconds, and due to be renewed after one.
        1 => json(200, &value!({"access_token": "old", "expires_in": 2})),
        2 => answer(503, "text/html", "<html>busy"),
        _ => json(200, &value!({"access_token": "new", "expires_in": 3600})),
    });
    let tokens = tokens(&application(&provider, "minutes"), &[], Audience::Smtp).unwrap();
    assert_eq!(access(&tokens).unwrap(), "old");
    let until = Instant::now() + Duration::from_secs(20);
    while provider.questions().len() < 2 && Instant::now() < until {
        assert_eq!(access(&tokens).unwrap(), "old");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(access(&tokens).unwrap(), "new");
}

/// A host whose secrets can be changed.
#[derive(Default)]
struct Keyring(Mutex<Vec<(String, Secret)>>);

impl HostCalls for Keyring {
    fn secret_get(&self, name: &str) -> Result<Secret, Status> {
        let known = self.0.lock().unwrap();
        known.iter().rev().find(|(other, _)| other == name).map(|(_, secret)| secret.clone()).ok_or(Status::NotFound)
    }

    fn secret_put(&self, name: &str, value: &Secret) -> Result<(), Status> {
        self.0.lock().unwrap().push((name.to_owned(), value.clone()));
        Ok(())
    }
}

fn through(keyring: &Keyring, tokens: &Tokens) -> Result<String, Error> {
    let call = postkontor_plugin::Call::new(keyring, Instant::now() + Duration::from_secs(20));
    tokens.access(&call, &mut Recorder::off()).map(|token| token.reveal().to_owned())
}

#[test]
fn an_exchanged_refresh_token_is_kept_under_its_name_and_used_from_then_on() {
    // As providers do that take each refresh token once only.
    let provider = Provider::new(|question, number| match question.field("refresh_token") == format!("r-{number}") {
        true => json(200, &value!({"access_token": format!("t-{number}"), "expires_in": 0, "refresh_token": format!("r-{}", number + 1)})),
        false => json(400, &value!({"error": "invalid_grant"})),
    });
    let keyring = Keyring::default();
    let named = [(REFRESH, "mail/refresh")];
    let first = tokens(&refreshing(&provider, "r-1"), &named, Audience::Imap).unwrap();
    let second = tokens(&refreshing(&provider, "r-1"), &named, Audience::Smtp).unwrap();
    assert_eq!([through(&keyring, &first).unwrap(), through(&keyring, &second).unwrap()], ["t-1", "t-2"]);
    // The program begins anew, with what the host has kept.
    let kept = keyring.0.lock().unwrap().last().map(|(name, secret)| (name.clone(), secret.reveal().to_owned())).unwrap();
    assert_eq!(kept, ("mail/refresh".to_owned(), "r-3".to_owned()));
    let restarted = tokens(&refreshing(&provider, "r-3"), &named, Audience::Imap).unwrap();
    assert_eq!(through(&keyring, &restarted).unwrap(), "t-3");
    // The account that was open all the time finds what the other one has got.
    assert_eq!(through(&keyring, &first).unwrap(), "t-4");
}

#[test]
fn a_refresh_token_that_cannot_be_kept_is_a_warning_and_the_call_goes_on() {
    for (names, code) in [(&[(REFRESH, "gone")][..], "oauth.refresh_not_kept"), (&[], "oauth.refresh_without_place")] {
        let provider = Provider::new(|_, _| json(200, &value!({"access_token": "t", "refresh_token": "other", "expires_in": 3600})));
        // A host of this kind keeps nothing.
        let call = postkontor_plugin::Call::new(&(), Instant::now() + Duration::from_secs(20));
        let tokens = tokens(&refreshing(&provider, code), names, Audience::Imap).unwrap();
        let mut recorder = Recorder::on();
        assert_eq!(tokens.access(&call, &mut recorder).unwrap().reveal(), "t");
        let steps = recorder.steps();
        let warning = steps.iter().find(|step| step.status == StepStatus::Warn).unwrap();
        assert_eq!((warning.code.as_str(), warning.pointer.as_str()), (code, REFRESH));
    }
}

#[test]
fn where_no_test_collects_steps_it_is_a_warning_of_the_call_and_with_an_older_host_a_line_of_the_log() {
    let provider = Provider::new(|_, number| {
        json(200, &value!({"access_token": "t", "refresh_token": format!("other-{number}"), "expires_in": 3600}))
    });
    for is_older in [false, true] {
        let host = TestHost::new().logging(Level::Warning);
        let tokens = tokens(&refreshing(&provider, &format!("warned-{is_older}")), &[], Audience::Imap).unwrap();
        tokens.access(&host.call().taking_warnings(!is_older), &mut Recorder::off()).unwrap();
        let code = "oauth.refresh_without_place";
        let [told, logged] = [host.warnings().len(), host.log().iter().filter(|(_, line)| line == code).count()];
        assert_eq!((told, logged), if is_older { (0, 1) } else { (1, 0) });
        assert!(host.warnings().iter().all(|warning| warning.code == code && warning.at[0].pointer == REFRESH));
    }
}

#[test]
fn a_call_that_is_over_does_not_wait_for_the_provider() {
    let provider = Provider::new(|_, _| {
        std::thread::sleep(Duration::from_millis(600));
        Vec::new()
    });
    let tokens = tokens(&application(&provider, "slow"), &[], Audience::Smtp).unwrap();
    let host = TestHost::new();
    let error = tokens.access(&host.call_within(Duration::from_millis(150)), &mut Recorder::off()).unwrap_err();
    assert_eq!(error.status, Status::Timeout);
    let host = TestHost::new().stopping_when_asked(crate::call::SHORT);
    assert_eq!(tokens.access(&host.call(), &mut Recorder::off()).unwrap_err().status, Status::Cancelled);
}

#[test]
fn secrets_and_tokens_are_in_no_dialogue_and_no_error() {
    let secrets = ["hush-hush", "r3fresh-me", "t0ken-t0ken", "r3fresh-new"];
    let provider = Provider::new(|question, number| match number {
        1 => json(
            400,
            &value!({"error": "invalid_grant", "error_description": format!("no {} {}", question.field("client_secret"), question.field("refresh_token"))}),
        ),
        _ => json(200, &value!({"access_token": "t0ken-t0ken", "refresh_token": "r3fresh-new"})),
    });
    let mut settings = refreshing(&provider, secrets[1]);
    settings["client_secret"] = value!(secrets[0]);
    let tokens = tokens(&settings, &[(REFRESH, "name")], Audience::Imap).unwrap();
    let host = TestHost::new().logging(Level::Trace);
    let mut recorder = Recorder::on();
    let error = tokens.access(&host.call(), &mut recorder).unwrap_err();
    tokens.access(&host.call(), &mut recorder).unwrap();
    let dialogue = recorder.take_transcript();
    assert!(dialogue.iter().any(|line| line.contains("grant_type=refresh_token") && line.contains("client_secret=***")), "{dialogue:#?}");
    let shown = format!("{dialogue:?} {error:?} {:?} {tokens:?} {:?}", recorder.steps(), host.log());
    for secret in secrets {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn a_token_is_sent_to_its_own_host_only() {
    let other = Provider::issuing();
    for status in [301, 302, 307, 308] {
        let place = other.url("/stolen");
        let provider =
            Provider::new(move |_, _| format!("HTTP/1.1 {status} X\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n").into_bytes());
        let tokens = tokens(&application(&provider, &format!("redirected-{status}")), &[], Audience::Smtp).unwrap();
        assert_eq!(access(&tokens).unwrap_err().code, "oauth.reply_malformed", "{status}");
        assert_eq!(provider.questions().len(), 1);
    }
    assert!(other.questions().is_empty());
}
