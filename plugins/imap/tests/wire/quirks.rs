//! Servers that write what they say otherwise than the RFCs have it, and mean the same.

use crate::account::{account, asked, value};
use crate::hostile::{got, odd};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Call, Transport};
use std::time::{Duration, Instant};

#[test]
fn a_body_under_its_older_name_is_a_body() {
    for body in ["RFC822 {5}\r\nhello", "rfc822 {5}\r\nhello", "RFC822 \"hello\"", "RFC822 ~{5}\r\nhello"] {
        assert_eq!(got("BODY", &format!("* 1 FETCH (UID 5 {body})\r\nTAG OK done\r\n")), ["hello"], "{body}");
        assert_eq!(got("BODY", &format!("* 1 FETCH ({body} UID 5)\r\nTAG OK done\r\n")), ["hello"], "{body}");
    }
}

#[test]
fn blanks_between_items_and_blank_lines_between_responses_change_nothing() {
    for answer in [
        "* 1 FETCH (UID 5  BODY[]  {5}\r\nhello)\r\nTAG OK done\r\n",
        "* 1 FETCH (UID  5 FLAGS  ()  BODY[] {5}\r\nhello )\r\nTAG OK done\r\n",
        "\r\n\r\n* 1 FETCH (UID 5 BODY[] {5}\r\nhello)\r\n\r\n\r\nTAG OK done\r\n",
        "\r\n* 1 FETCH (UID 5 BODY[] \"hello\")\r\n\r\nTAG OK done\r\n",
    ] {
        assert_eq!(got("BODY", answer), ["hello"], "{answer:?}");
    }
    for (of, answer) in [
        ("LOGIN", "\r\nTAG OK welcome\r\n"),
        ("SELECT", "\r\n* 1 EXISTS\r\n\r\n* OK [UIDVALIDITY 7] ok\r\n\r\n\r\nTAG OK done\r\n"),
        ("UID SEARCH", "\r\n* SEARCH 5\r\n\r\nTAG OK done\r\n"),
        ("UID FETCH 5 (UID FLAGS", "\r\n* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 5)\r\n\r\nTAG OK done\r\n"),
    ] {
        assert_eq!(got(of, answer), ["hello"], "{answer:?}");
    }
    let listed = "\r\n* LIST () \"/\" a\r\n\r\n* LIST () \"/\" b\r\n\r\nTAG OK done\r\n";
    let call = Call::new(&(), Instant::now() + Duration::from_secs(30));
    let listed = account(odd("LIST", listed), json!({})).list(&asked(json!({})), &call).unwrap();
    assert_eq!(value(listed)["folders"].as_array().unwrap().len(), 2);
    // Nothing of it makes half a message whole.
    let host = TestHost::new().answering(Action::Delete);
    let received = crate::account::fetch(
        &mut account(odd("BODY", "* 1 FETCH (UID 5 BODY[] {5}\r\nhello\r\n\r\n)\r\nTAG OK done\r\n"), json!({})),
        None,
        &host,
    );
    assert!(host.texts().is_empty());
    assert_eq!(received.unwrap().missing.len(), 1);
}
