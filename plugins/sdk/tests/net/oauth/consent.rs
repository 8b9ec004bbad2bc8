//! The consent of a person, in two steps.

use super::provider::{Provider, REFRESH, decoded, json, tokens};
use crate::call::SHORT;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::oauth::{Audience, Tokens};
use postkontor_plugin::serde_json::{Value, json as value};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Call, Error, HostCalls, Secret, Status};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn begin(tokens: &Tokens) -> Result<Value, Error> {
    tokens.authorize(&value!({"begin": true, "finish": false}), &TestHost::new().call())
}

fn finish(tokens: &Tokens, host: &TestHost) -> Result<Value, Error> {
    tokens.authorize(&value!({"begin": false, "finish": true}), &host.call())
}

fn by_device(provider: &Provider) -> Value {
    value!({"provider": "custom", "grant": "device_code", "client_id": "app-1", "scope": "mail offline",
            "token_url": provider.url("/token"), "device_url": provider.url("/device")})
}

/// A provider that hands out a code and then gives these answers.
fn device(answers: Vec<Vec<u8>>) -> Provider {
    Provider::new(move |question, number| match question.path.as_str() {
        "/device" => json(
            200,
            &value!({"device_code": "d-1", "user_code": "ABCD-EFGH", "verification_uri": "https://id.example/device",
                                        "verification_uri_complete": "https://id.example/device?code=ABCD-EFGH", "expires_in": 600, "interval": 1}),
        ),
        _ => answers[(number - 2).min(answers.len() - 1)].clone(),
    })
}

fn word(error: &str) -> Vec<u8> {
    json(400, &value!({"error": error}))
}

fn issued() -> Vec<u8> {
    json(200, &value!({"access_token": "t-1", "refresh_token": "r-1", "expires_in": 3600, "scope": "mail offline"}))
}

#[test]
fn a_code_is_shown_and_the_provider_asked_until_the_person_has_entered_it() {
    let provider = device(vec![word("authorization_pending"), word("authorization_pending"), issued()]);
    let tokens = tokens(&by_device(&provider), &[(REFRESH, "mail/refresh")], Audience::Imap).unwrap();
    let shown = begin(&tokens).unwrap();
    assert_eq!((&shown["user_code"], &shown["verification_url"]), (&value!("ABCD-EFGH"), &value!("https://id.example/device")));
    assert_eq!((&shown["url"], &shown["expires_in_seconds"]), (&value!("https://id.example/device?code=ABCD-EFGH"), &value!(600)));
    assert_eq!(shown["message"]["code"], "oauth.enter_code");
    let host = TestHost::new();
    let done = finish(&tokens, &host).unwrap();
    let expected = value!({"account": "main", "user": "anna@example.com", "scopes": ["mail", "offline"], "kept": true});
    assert!(expected.as_object().unwrap().iter().all(|(name, value)| done[name] == *value), "{done}");
    assert!((3590..=3600).contains(&done["expires_in_seconds"].as_u64().unwrap()));
    assert_eq!(*host.kept_secrets(), [("mail/refresh".to_owned(), Secret::new("r-1"))]);
    let questions = provider.questions();
    assert_eq!((questions[0].field("client_id"), questions[0].field("scope")), ("app-1", "mail offline"));
    assert_eq!(questions[1].field("grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
    assert!(questions[1..].iter().all(|question| question.path == "/token" && question.field("device_code") == "d-1"));
    // The token is there now, and not asked for again.
    assert_eq!(tokens.access(&host.call(), &mut Recorder::off()).unwrap().reveal(), "t-1");
    assert_eq!(provider.questions().len(), 4);
}

#[test]
fn a_person_who_declines_and_a_code_that_ends_are_told_apart() {
    for (answer, code) in
        [("access_denied", "oauth.consent_declined"), ("expired_token", "oauth.code_expired"), ("invalid_client", "oauth.secret_wrong")]
    {
        let provider = device(vec![word(answer)]);
        let tokens = tokens(&by_device(&provider), &[], Audience::Imap).unwrap();
        begin(&tokens).unwrap();
        let host = TestHost::new();
        assert_eq!(finish(&tokens, &host).unwrap_err().code, code);
        // It is over: nothing is left to wait for.
        let error = finish(&tokens, &host).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Argument, "oauth.not_begun"));
    }
}

#[test]
fn a_provider_that_is_busy_or_cut_off_is_asked_again() {
    let provider = device(vec![Vec::new(), json(503, &value!({})), issued()]);
    let tokens = tokens(&by_device(&provider), &[], Audience::Imap).unwrap();
    begin(&tokens).unwrap();
    assert_eq!(finish(&tokens, &TestHost::new()).unwrap()["kept"], false);
}

#[test]
fn slow_down_makes_the_questions_rarer() {
    let provider = device(vec![word("slow_down"), issued()]);
    let tokens = tokens(&by_device(&provider), &[], Audience::Imap).unwrap();
    begin(&tokens).unwrap();
    // Six seconds lie between the first question and the second, so that this call sees the first one only.
    let error = tokens.authorize(&value!({"finish": true}), &TestHost::new().call_within(Duration::from_secs(3))).unwrap_err();
    assert_eq!((error.status, provider.questions().len()), (Status::Timeout, 2));
    // The wait can be taken up again.
    assert!(finish(&tokens, &TestHost::new()).is_ok());
}

#[test]
fn the_wait_can_be_cancelled_and_taken_up_again() {
    let provider = device(vec![issued()]);
    let tokens = tokens(&by_device(&provider), &[], Audience::Imap).unwrap();
    begin(&tokens).unwrap();
    assert_eq!(finish(&tokens, &TestHost::new().stopping_when_asked(SHORT)).unwrap_err().status, Status::Cancelled);
    assert!(finish(&tokens, &TestHost::new()).is_ok());
}

#[test]
fn a_code_that_makes_no_sense_is_not_shown() {
    for wrong in [
        value!({}),
        value!({"device_code": "d", "user_code": "A\u{1b}[2J", "verification_uri": "https://id.example"}),
        value!({"device_code": "d", "user_code": "A", "verification_uri": "javascript:alert(1)"}),
        value!({"device_code": "", "user_code": "A", "verification_uri": "https://id.example"}),
        value!({"device_code": "d", "user_code": "x".repeat(100), "verification_uri": "https://id.example"}),
    ] {
        let provider = Provider::new(move |_, _| json(200, &wrong));
        let tokens = tokens(&by_device(&provider), &[], Audience::Imap).unwrap();
        assert_eq!(begin(&tokens).unwrap_err().code, "oauth.reply_malformed");
    }
}

fn by_browser(provider: &Provider) -> Value {
    value!({"provider": "custom", "grant": "authorization_code", "client_id": "app-1", "client_secret": "hush",
            "token_url": provider.url("/token"), "authorization_url": "https://id.example/authorize?theme=dark"})
}

/// The value of a parameter of the page's URL.
fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| decoded(value)).unwrap()
}

/// What the browser does in the end.
fn come_back(redirect: &str, query: &str) -> String {
    let mut stream = TcpStream::connect(redirect.trim_start_matches("http://").trim_end_matches('/')).unwrap();
    write!(stream, "GET /?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_browser_brings_the_code_back_and_the_verifier_fits_the_challenge() {
    use base64::Engine;
    use sha2::Digest;

    let provider = Provider::new(|_, _| issued());
    let tokens = tokens(&by_browser(&provider), &[(REFRESH, "r")], Audience::Smtp).unwrap();
    let shown = begin(&tokens).unwrap();
    let url = shown["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://id.example/authorize?theme=dark&client_id=app-1&response_type=code&"), "{url}");
    assert_eq!(
        (parameter(&url, "code_challenge_method"), parameter(&url, "login_hint")),
        ("S256".to_owned(), "anna@example.com".to_owned())
    );
    let (redirect, state) = (parameter(&url, "redirect_uri"), parameter(&url, "state"));
    let browser = std::thread::spawn({
        let redirect = redirect.clone();
        move || (come_back(&redirect, "code=evil&state=guessed"), come_back(&redirect, &format!("code=c-1&state={state}")))
    });
    let host = TestHost::new();
    let done = finish(&tokens, &host).unwrap();
    assert_eq!((&done["kept"], host.kept_secrets()[0].1.reveal()), (&value!(true), "r-1"));
    let (refused, accepted) = browser.join().unwrap();
    assert!(refused.starts_with("HTTP/1.1 404") && accepted.starts_with("HTTP/1.1 200"));
    let question = provider.questions().remove(0);
    let fields = ["grant_type", "code", "redirect_uri", "client_id", "client_secret"].map(|name| question.field(name).to_owned());
    assert_eq!(fields, ["authorization_code", "c-1", redirect.as_str(), "app-1", "hush"]);
    let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(question.field("code_verifier")));
    assert_eq!(challenge, parameter(&url, "code_challenge"));
}

#[test]
fn a_browser_brings_a_refusal_back() {
    let provider = Provider::new(|_, _| issued());
    let tokens = tokens(&by_browser(&provider), &[], Audience::Smtp).unwrap();
    let url = begin(&tokens).unwrap()["url"].as_str().unwrap().to_owned();
    let (redirect, state) = (parameter(&url, "redirect_uri"), parameter(&url, "state"));
    let browser = std::thread::spawn(move || come_back(&redirect, &format!("error=access_denied&error_description=no&state={state}")));
    let error = finish(&tokens, &TestHost::new()).unwrap_err();
    assert_eq!((error.code.as_str(), &error.args["text"]), ("oauth.consent_declined", &value!("no")));
    browser.join().unwrap();
    assert!(provider.questions().is_empty());
}

/// A program that cancels as soon as the provider has been asked for the token.
struct Impatient(Arc<AtomicBool>);

impl HostCalls for Impatient {
    fn progress(&self, _: u64, _: u64) -> Result<(), Status> {
        if self.0.load(Ordering::SeqCst) { Err(Status::Cancelled) } else { Ok(()) }
    }
}

#[test]
fn after_a_cancel_while_the_code_is_exchanged_there_is_nothing_to_wait_for() {
    let (is_asked, (answer, held)) = (Arc::new(AtomicBool::new(false)), std::sync::mpsc::channel());
    let (asked, held) = (is_asked.clone(), std::sync::Mutex::new(held));
    let provider = Provider::new(move |_, _| {
        asked.store(true, Ordering::SeqCst);
        held.lock().unwrap().recv().unwrap_or_default()
    });
    let tokens = tokens(&by_browser(&provider), &[], Audience::Smtp).unwrap();
    let url = begin(&tokens).unwrap()["url"].as_str().unwrap().to_owned();
    let (redirect, state) = (parameter(&url, "redirect_uri"), parameter(&url, "state"));
    let browser = std::thread::spawn(move || come_back(&redirect, &format!("code=c-1&state={state}")));
    let impatient = Impatient(is_asked);
    let call = Call::new(&impatient, Instant::now() + Duration::from_secs(30));
    let error = tokens.authorize(&value!({"finish": true}), &call).unwrap_err();
    assert_eq!(error.status, Status::Cancelled);
    browser.join().unwrap();
    assert_eq!(finish(&tokens, &TestHost::new()).unwrap_err().code, "oauth.not_begun");
    answer.send(Vec::new()).unwrap();
}

#[test]
fn a_step_that_makes_no_sense_is_refused() {
    let provider = Provider::issuing();
    let of = |oauth2: &Value, request: Value| {
        let host = TestHost::new();
        tokens(oauth2, &[], Audience::Smtp).unwrap().authorize(&request, &host.call()).unwrap_err().code.clone()
    };
    assert_eq!(of(&by_device(&provider), value!({})), "oauth.step_missing");
    assert_eq!(of(&by_device(&provider), value!({"begin": true, "finish": true})), "oauth.step_missing");
    assert_eq!(of(&by_device(&provider), value!({"finish": true})), "oauth.not_begun");
    let application = value!({"provider": "custom", "grant": "client_credentials", "client_id": "c", "client_secret": "s", "token_url": provider.url("/t")});
    assert_eq!(of(&application, value!({"begin": true})), "oauth.no_consent");
    assert_eq!(of(&value!({"access_token": "t"}), value!({"begin": true})), "oauth.no_consent");
}

#[test]
fn without_consent_there_is_no_token_and_nothing_is_asked() {
    let provider = Provider::issuing();
    let tokens = tokens(&by_device(&provider), &[(REFRESH, "nothing-yet")], Audience::Imap).unwrap();
    let error = tokens.access(&TestHost::new().call(), &mut Recorder::off()).unwrap_err();
    assert_eq!((error.status, error.code.as_str(), error.at[0].pointer.as_str()), (Status::Auth, "oauth.consent_needed", REFRESH));
    assert!(provider.questions().is_empty());
    // Another program has asked meanwhile, and the host knows what came of it.
    let host = TestHost::new().with_secret("nothing-yet", "r-7");
    assert_eq!(tokens.access(&host.call(), &mut Recorder::off()).unwrap().reveal(), "token-1");
    assert_eq!(provider.questions()[0].field("refresh_token"), "r-7");
}
