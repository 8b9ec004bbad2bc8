//! Compressed connections (RFC 4978), against a real Dovecot.

use crate::setup::{Setup, ask, fetch, letter, lies, patience};
use postkontor_core::Action;
use serde_json::{Value, json};

#[test]
fn messages_come_and_go_over_a_compressed_connection_as_they_are() {
    let noise: Vec<u8> = (0..40_000_u32).map(|at| b'!' + (at.wrapping_mul(2_654_435_761) >> 24) as u8 % 90).collect();
    let noise: Vec<u8> = noise.chunks(70).flat_map(|line| [line, b"\n"].concat()).collect();
    let messages = [letter("a"), [letter("large"), b"0123456789\n".repeat(100_000)].concat(), [letter("noise"), noise].concat()];
    let Some(setup) = Setup::with(&messages) else { return };
    let on_the_wire = |message: &[u8]| String::from_utf8_lossy(message).replace('\n', "\r\n");
    for (port, mode) in [(setup.dovecot().imaps, "implicit"), (setup.dovecot().imap, "starttls"), (setup.dovecot().imap, "none")] {
        let more = json!({"server": {"port": port}, "tls": {"mode": mode}, "auth": {"allow_cleartext": mode == "none"},
            "imap": {"compress": true, "outbox": mode, "create_folders": true}});
        let mut account = setup.account_with("imap", more);
        let report: Value = json!(account.test("{}", &patience()).unwrap());
        assert!(report["steps"].as_array().unwrap().iter().any(|step| step["facts"]["compression"] == "DEFLATE"), "{report:#}");
        assert_eq!(report["ok"], true);
        let (result, got) = fetch(&mut account, json!({}), |_| Action::Keep);
        assert_eq!(result.unwrap()["more"], false);
        let came: Vec<_> = got.iter().map(|got| String::from_utf8_lossy(&got.raw).into_owned()).collect();
        assert!(came == messages.iter().map(|message| on_the_wire(message)).collect::<Vec<_>>(), "{mode}: other bytes came");
        for lines in [1, 20_000] {
            let message = json!({"to": ["b@example.com"], "subject": lines.to_string(), "text": "Zeile\n".repeat(lines)});
            ask(account.send_document(&message.to_string(), &[], &patience()));
        }
        assert_eq!(lies(&setup, Some(mode)), ["1", "20000"]);
    }
}

#[test]
fn a_server_that_cannot_compress_is_used_without_and_the_test_says_so() {
    let Some(setup) = Setup::with(&[letter("a")]) else { return };
    let mut account = setup.account_with("imap", setup.bare(json!({"imap": {"compress": true}})));
    let report: Value = json!(account.test("{}", &patience()).unwrap());
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["code"] == "imap.compress_not_offered").unwrap();
    assert_eq!((&step["status"], &step["pointer"], &report["ok"]), (&json!("warn"), &json!("/accounts/main/imap/compress"), &json!(true)));
    assert!(step["message"].as_str().unwrap().contains("127.0.0.2"), "{step:#}");
}
