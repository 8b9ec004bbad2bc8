//! Tokens that come from a provider: what a mail server makes of them is not shown.

use crate::play::Act::{C, S};
use crate::play::{HELLO, test};
use postkontor_plugin::serde_json::{self, json};
use postkontor_plugin::{Stage, StepStatus};
use std::io::{Read, Write};
use std::net::TcpListener;

/// A provider that issues one token.
fn provider() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let (mut asked, mut block) = (Vec::new(), [0; 1024]);
        while !asked.ends_with(b"client_secret=hush-secret") {
            let length = socket.read(&mut block).unwrap();
            asked.extend_from_slice(&block[..length]);
        }
        let body = r#"{"access_token":"t0ken-from-provider","expires_in":3600}"#;
        write!(socket, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    port
}

#[test]
fn a_server_that_echoes_a_token_does_not_get_it_into_the_report() {
    let oauth2 = json!({"provider": "custom", "grant": "client_credentials", "client_id": "c", "client_secret": "hush-secret",
                        "token_url": format!("http://127.0.0.1:{}/token", provider())});
    let settings = json!({"auth": {"method": "xoauth2", "user": "u", "allow_cleartext": true, "oauth2": oauth2}});
    let report = test(
        vec![
            S("220 x\r\n"),
            HELLO,
            S("250-x\r\n250 AUTH XOAUTH2\r\n"),
            C("AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQwa2VuLWZyb20tcHJvdmlkZXIBAQ==\r\n"),
            // No refusal, which would be JSON: the server has overlooked the initial response, and gets it once more.
            S("334 t0ken-from-provider\r\n"),
            C("dXNlcj11AWF1dGg9QmVhcmVyIHQwa2VuLWZyb20tcHJvdmlkZXIBAQ==\r\n"),
            S(
                "535 5.7.8 t0ken-from-provider T0KEN-FROM-PROVIDER dXNlcj11AWF1dGg9QmVhcmVyIHQwa2VuLWZyb20tcHJvdmlkZXIBAQ== 1AWF1dGg9QmVhcmVyIHQwa2V\r\n",
            ),
        ],
        settings,
    );
    let step = |stage| report.steps.iter().find(|step| step.step == stage).unwrap();
    assert_eq!((step(Stage::Token).status, step(Stage::Login).code.as_str()), (StepStatus::Ok, "oauth.mailbox_not_allowed"));
    assert_eq!(step(Stage::Login).pointer, "/auth/user");
    let shown = serde_json::to_string(&report).unwrap().to_lowercase();
    let encoded = "dXNlcj11AWF1dGg9QmVhcmVyIHQwa2VuLWZyb20tcHJvdmlkZXIBAQ==".to_lowercase();
    // Pieces of the base64 form at each alignment.
    let pieces = (0..encoded.len() - 16).filter(|start| *start > 12).map(|start| &encoded[start..start + 16]);
    for secret in ["t0ken-from-provider", "hush-secret"].into_iter().chain(pieces) {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert!(shown.contains("grant_type=client_credentials"), "the dialogue with the provider is in the report: {shown}");
}
