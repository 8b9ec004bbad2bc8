//! Logging in to web services that say what a script has.

use super::web::{AT, Web, request};
use crate::certificates::{File, Identity, Wish};
use crate::tls::{modern, with_tls};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::{Client, Content, Login, Request, Sent, Url};
use postkontor_plugin::settings::{Auth, Method, Route, WebTls};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Secret, Status};
use std::io::Write;

const PASSWORD: &str = "Grüße, 9";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const EMPTY: &str = "HTTP/1.1 500 Empty request\r\nContent-Length: 4\r\n\r\nwhat";
const REFUSED: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\nContent-Length: 6\r\n\r\ndenied";
const OFFERS: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate, NTLM, Basic realm=\"x, y\"\r\nContent-Length: 0\r\n\r\n";

fn auth(method: Method) -> Auth {
    Auth { method, user: "EXAMPLE\\anna".to_owned(), password: Secret::new(PASSWORD), allow_cleartext: true, ..Auth::default() }
}

/// CHALLENGE_MESSAGE with Unicode and no names (MS-NLMP, section 2.2.1.2).
fn challenge(scheme: &str, more: &str) -> String {
    let mut message = b"NTLMSSP\0\x02\0\0\0\0\0\0\0\x38\0\0\0".to_vec();
    message.extend_from_slice(b"\x01\x02\x08\0\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\0\0\0\0\0\0\0\0\0\x38\0\0\0\0\0\0\0\0\0\0\0");
    format!("HTTP/1.1 401 No\r\nWWW-Authenticate: {scheme} {}\r\n{more}Content-Length: 0\r\n\r\n", BASE64.encode(message))
}

fn ntlm() -> String {
    challenge("NTLM", "")
}

fn client(web: &Web, auth: &Auth) -> Client {
    let mut client = web.client();
    client.log_in_by(Login::new(auth).unwrap());
    client
}

/// Sends a body, and gives the status of the answer.
fn post(client: &mut Client, body: &[u8]) -> Result<u16, (Error, Sent)> {
    let host = TestHost::new();
    let call = host.call();
    let request = Request::new("POST", "/EWS/Exchange.asmx").content(Content::Bytes(body));
    let mut answer = client.request(request, &call, &mut Recorder::on()).map_err(|interrupted| (interrupted.error, interrupted.sent))?;
    answer.bytes(1000, &call).map_err(|error| (error, Sent::All))?;
    Ok(answer.status())
}

fn refusal(client: &mut Client) -> Error {
    let (error, sent) = post(client, b"<mail/>").unwrap_err();
    assert_eq!(sent, Sent::Nothing, "{error:?}");
    error
}

fn scripts(connections: &[&[&str]]) -> Web {
    let bytes = |answers: &&[&str]| answers.iter().map(|answer| answer.as_bytes().to_vec()).collect();
    Web::new(connections.iter().map(bytes).collect())
}

/// Of each request whether it shows something of this scheme, and its body.
fn shown(web: Web, scheme: &str) -> Vec<Vec<(bool, String)>> {
    let field = format!("\r\nAuthorization: {scheme} ");
    let look = |request: Vec<u8>| {
        let text = String::from_utf8(request).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.contains(&field), body.to_owned())
    };
    web.join().into_iter().map(|requests| requests.into_iter().map(look).collect()).collect()
}

fn empty() -> (bool, String) {
    (true, String::new())
}

fn plain(body: &str) -> (bool, String) {
    (false, body.to_owned())
}

#[test]
fn a_connection_is_logged_in_by_empty_requests_before_the_body_and_once() {
    let web = scripts(&[&[&ntlm(), EMPTY, OK, OK]]);
    let mut client = client(&web, &auth(Method::Ntlm));
    assert_eq!(post(&mut client, b"<mail/>").unwrap(), 200);
    assert_eq!(post(&mut client, b"<more/>").unwrap(), 200);
    assert_eq!(client.mechanism(), Some("NTLM"));
    assert_eq!(shown(web, "NTLM"), [[empty(), empty(), plain("<mail/>"), plain("<more/>")]]);
}

#[test]
fn another_connection_is_logged_in_anew_before_a_body_that_can_be_read_once() {
    let web = scripts(&[&[&ntlm(), EMPTY, OK], &[&ntlm(), EMPTY, OK]]);
    let mut client = client(&web, &auth(Method::Windows));
    assert_eq!(post(&mut client, b"<mail/>").unwrap(), 200);
    // The server's end of the first connection is closed now, or will be when the request leaves.
    let host = TestHost::new();
    let call = host.call();
    let mut left = 1;
    let mut source = |block: &mut [u8]| {
        let length = std::mem::take(&mut left);
        block[..length].fill(b'x');
        Ok(length)
    };
    while client.is_connected() {
        std::thread::yield_now();
    }
    let request = Request::new("POST", "/").content(Content::Stream { size: Some(1), source: &mut source });
    assert_eq!(client.request(request, &call, &mut Recorder::off()).unwrap().status(), 200);
    let expected = [[empty(), empty(), plain("<mail/>")], [empty(), empty(), plain("x")]];
    assert_eq!(shown(web, "NTLM"), expected);
}

#[test]
fn a_login_that_the_server_has_forgotten_is_done_once_more_and_not_for_ever() {
    let web = scripts(&[&[&ntlm(), EMPTY, OK, OFFERS, &ntlm(), EMPTY, OK]]);
    let mut client = client(&web, &auth(Method::Ntlm));
    assert_eq!(post(&mut client, b"<mail/>").unwrap(), 200);
    assert_eq!(post(&mut client, b"<more/>").unwrap(), 200);
    let expected = [[empty(), empty(), plain("<mail/>"), plain("<more/>"), empty(), empty(), plain("<more/>")]];
    assert_eq!(shown(web, "NTLM"), expected);

    let web = scripts(&[&[&ntlm(), EMPTY, OFFERS, &ntlm(), EMPTY, OFFERS]]);
    let error = refusal(&mut self::client(&web, &auth(Method::Ntlm)));
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.refused"));
    assert_eq!(web.join()[0].len(), 6);
}

#[test]
fn a_refused_password_is_sent_once() {
    let web = scripts(&[&[&ntlm(), REFUSED]]);
    let error = refusal(&mut client(&web, &auth(Method::Ntlm)));
    assert_eq!((error.status, error.code.as_str(), &error.args["user"]), (Status::Auth, "auth.refused", &"EXAMPLE\\anna".into()));
    assert_eq!(web.join()[0].len(), 2);
}

#[test]
fn what_is_not_offered_is_an_error_that_says_what_is() {
    let basic = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n";
    for (method, answer, wanted, offered) in [
        (Method::Ntlm, basic, "NTLM", "Basic, Bearer"),
        (Method::Windows, basic, "NTLM", "Basic, Bearer"),
        (Method::Password, REFUSED, "Basic", "Negotiate, NTLM"),
        (Method::Auto, "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest a=b\r\nContent-Length: 0\r\n\r\n", "NTLM, Negotiate, Basic", "Digest"),
    ] {
        let web = scripts(&[&[answer]]);
        let mut client = client(&web, &auth(method));
        let error = post(&mut client, b"").unwrap_err().0;
        assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.mechanism_not_offered"), "{method:?}");
        assert_eq!((&error.args["wanted"], &error.args["offered"]), (&wanted.into(), &offered.into()), "{method:?}");
        web.join();
    }
    let web = scripts(&[&["HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"]]);
    assert_eq!(refusal(&mut client(&web, &auth(Method::Ntlm))).code, "auth.not_offered");
    web.join();
}

#[test]
fn ntlm_goes_by_negotiate_where_only_that_is_offered() {
    let negotiate = "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n";
    let web = scripts(&[&[negotiate, &challenge("Negotiate", ""), EMPTY, OK], &[&challenge("Negotiate", ""), EMPTY, OK]]);
    let mut client = client(&web, &auth(Method::Windows));
    assert_eq!(post(&mut client, b"<mail/>").unwrap(), 200);
    client.close();
    assert_eq!(post(&mut client, b"<more/>").unwrap(), 200);
    let first = vec![(false, String::new()), empty(), empty(), plain("<mail/>")];
    assert_eq!(shown(web, "Negotiate"), [first, vec![empty(), empty(), plain("<more/>")]]);
}

#[test]
fn a_server_that_ends_the_connection_in_the_login_is_named_as_such() {
    for script in [&[&challenge("NTLM", "Connection: close\r\n")[..]][..], &[&ntlm()]] {
        let web = scripts(&[script]);
        let error = refusal(&mut client(&web, &auth(Method::Ntlm)));
        assert_eq!((error.status, error.code.as_str()), (Status::Network, "auth.connection_not_kept"));
        web.join();
    }
    let web = scripts(&[&[&ntlm(), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"]]);
    assert_eq!(refusal(&mut client(&web, &auth(Method::Ntlm))).code, "auth.connection_not_kept");
    web.join();
}

#[test]
fn challenges_that_make_no_sense_are_refused() {
    let nonsense = |message: &str| format!("HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM {message}\r\nContent-Length: 0\r\n\r\n");
    for answer in [nonsense("TlRMTVNTUAA="), nonsense("%%%"), nonsense(""), nonsense(&"A".repeat(40_000))] {
        // The second answer keeps the connection open.
        let web = scripts(&[&[&answer, EMPTY]]);
        let error = refusal(&mut client(&web, &auth(Method::Ntlm)));
        assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "auth.challenge_malformed"));
        web.join();
    }
}

#[test]
fn basic_goes_with_each_request_in_utf_8_and_never_in_clear_text_without_consent() {
    let web = scripts(&[&[OK, OK]]);
    let mut client = client(&web, &auth(Method::Password));
    assert_eq!((post(&mut client, b"1").unwrap(), post(&mut client, b"2").unwrap()), (200, 200));
    let field = format!("\r\nAuthorization: Basic {}\r\n", BASE64.encode(format!("EXAMPLE\\anna:{PASSWORD}")));
    assert_eq!(web.requests().iter().filter(|request| request.contains(&field)).count(), 2);

    for method in [Method::Password, Method::Auto, Method::Ntlm, Method::Windows] {
        let web = scripts(&[&[OK]]);
        let error = refusal(&mut self::client(&web, &Auth { allow_cleartext: false, ..auth(method) }));
        assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.cleartext_forbidden"), "{method:?}");
        assert!(web.join().concat().is_empty());
    }
}

#[test]
fn auto_asks_first_and_takes_what_hides_the_password() {
    let web = scripts(&[&[OFFERS, &ntlm(), EMPTY, OK]]);
    let mut client = client(&web, &auth(Method::Auto));
    assert_eq!((client.mechanism(), post(&mut client, b"<mail/>").unwrap(), client.mechanism()), (None, 200, Some("NTLM")));
    assert_eq!(shown(web, "NTLM"), [[(false, String::new()), empty(), empty(), plain("<mail/>")]]);

    let web = scripts(&[&["HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n", OK]]);
    let mut client = self::client(&web, &auth(Method::Auto));
    assert_eq!((post(&mut client, b"<mail/>").unwrap(), client.mechanism()), (200, Some("Basic")));
    assert_eq!(shown(web, "Basic"), [[(false, String::new()), (true, "<mail/>".to_owned())]]);

    // Without credentials nothing is asked and nothing is shown; the 401 is an answer of its own.
    let web = scripts(&[&[OFFERS]]);
    let mut client = self::client(&web, &Auth::default());
    let error = post(&mut client, b"<mail/>").unwrap_err().0;
    assert_eq!((error.code.as_str(), &error.args["offered"]), ("auth.wanted", &"Negotiate, NTLM, Basic".into()));
    web.join();
}

/// A server over TLS with this certificate, which answers a handshake by the script.
fn secured(verify: bool, answers: Vec<String>) -> Error {
    let authority = Identity::authority("Test CA");
    let file = File::new(&authority.pem());
    let server = with_tls(modern(&Identity::new(&Wish::default(), Some(&authority))), move |mut stream| {
        for answer in &answers {
            request(&mut stream)?;
            stream.write_all(answer.as_bytes()).ok()?;
        }
        Some(())
    });
    let url = Url::parse(&format!("https://localhost:{}/x", server.port), "/exchange/url").unwrap();
    let tls = WebTls { ca_file: Some(file.path()), verify, ..WebTls::default() };
    let mut client = Client::new(&url, &Route::default(), &tls, AT);
    client.log_in_by(Login::new(&Auth { allow_cleartext: false, ..auth(Method::Ntlm) }).unwrap());
    refusal(&mut client)
}

#[test]
fn a_bare_refusal_of_a_bound_proof_may_be_extended_protection() {
    let bare = "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(secured(true, vec![ntlm(), bare.to_owned()]).code, "auth.binding_refused");
    assert_eq!(secured(true, vec![ntlm(), REFUSED.to_owned()]).code, "auth.refused");
    // Not bound, so it is the password.
    let web = scripts(&[&[&ntlm(), bare]]);
    assert_eq!(refusal(&mut client(&web, &auth(Method::Ntlm))).code, "auth.refused");
    web.join();
}

#[test]
fn an_unverified_server_gets_no_proof() {
    let error = secured(false, Vec::new());
    assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("auth.server_unverified", "/tls/verify"));
}

#[test]
fn no_secret_is_shown_even_where_the_server_echoes_it_in_base64_at_any_alignment() {
    let echo = |text: &str| {
        let shifted: String =
            (0..3).map(|shift| format!("X-{shift}: {}\r\n", BASE64.encode(format!("{}{text}", &"abc"[..shift])))).collect();
        format!("HTTP/1.1 401 {text}\r\nX: {text}\r\n{shifted}WWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")
    };
    for (method, script) in [(Method::Ntlm, vec![ntlm(), echo(PASSWORD)]), (Method::Password, vec![echo(PASSWORD)])] {
        let web = Web::new(vec![script.into_iter().map(String::into_bytes).collect()]);
        let mut client = client(&web, &auth(method));
        let error = post(&mut client, b"<mail/>").unwrap_err().0;
        let requests = web.requests();
        let said = format!("{}{error:?}", client.take_dialogue().join("\n"));
        assert!(said.contains("Authorization: ") && said.contains("***"), "{said}");
        assert!(!said.contains(PASSWORD), "{said}");
        for shift in 0..3 {
            // What the neighbours of the password decide on is left out.
            let whole = BASE64.encode(format!("{}{PASSWORD}", &"abc"[..shift]));
            let core = &whole[4..whole.len() - 4];
            assert!(!said.contains(core), "{shift}: {said}");
        }
        for request in requests {
            let shown = request.split_once("Authorization: ").and_then(|(_, rest)| rest.split_once("\r\n")).unwrap().0;
            let secret = shown.split_once(' ').unwrap().1;
            assert!(!said.contains(secret), "{said}");
        }
    }
}
