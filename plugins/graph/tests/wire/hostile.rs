//! Servers that lie or attack: a clean error, bounded memory, and no secret where it does not belong.

use super::server::{Answer, Asked, Service, TOKEN};
use postkontor_plugin::serde_json::json;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Action, Error, ListRequest, ReceiveRequest, Received, Status, Transport};
use std::sync::{Arc, Mutex};

fn inbox(asked: &Asked) -> Option<Answer> {
    (asked.operation() == "GET inbox").then(|| Answer::json(200, &json!({"id": "F1", "displayName": "Inbox"})))
}

/// Fetches from a service that answers the delta query like this.
fn fetch(delta: Answer) -> Result<Received, Error> {
    let service = Service::start(move |asked| inbox(asked).unwrap_or_else(|| delta.clone()));
    service.account().receive(&ReceiveRequest::default(), &TestHost::new().call())
}

fn page(body: &str) -> Answer {
    Answer { fields: "Content-Type: application/json\r\n".to_owned(), body: body.as_bytes().to_vec(), ..Answer::status(200) }
}

#[test]
fn answers_that_make_no_sense_are_clean_errors() {
    let deep = format!("{{\"value\":{}", "[".repeat(1_000_000));
    let other = "{\"value\":[],\"@odata.nextLink\":\"https://evil.example/v1.0/x\"}";
    let expand = "singleValueExtendedProperties%28%24filter%3Did%20eq%20%27Integer%200x1081%27%29";
    let select = format!("$select=id,isRead,isDraft,flag,categories,receivedDateTime&$expand={expand}");
    let same = format!("{{\"value\":[],\"@odata.nextLink\":\"/v1.0/users/anna@example.com/mailFolders/F1/messages/delta?{select}\"}}");
    for (body, code) in [
        ("", "graph.answer_malformed"),
        ("null", "graph.answer_malformed"),
        ("{\"value\":{}}", "graph.answer_malformed"),
        ("{\"value\":[{\"id\":1}]}", "graph.answer_malformed"),
        ("{\"value\":[]}", "graph.answer_malformed"),
        (deep.as_str(), "graph.answer_malformed"),
        (other, "graph.link_foreign"),
        (same.as_str(), "graph.answer_malformed"),
        ("{\"value\":[],\"@odata.deltaLink\":\"http://user@x y\"}", "http.url_malformed"),
    ] {
        let error = fetch(page(body)).unwrap_err();
        assert_eq!(error.code, code, "{}: {error:?}", &body[..body.len().min(80)]);
    }
    let html = Answer { fields: "Content-Type: text/html\r\n".to_owned(), body: b"<html>sign in</html>".to_vec(), ..Answer::status(200) };
    assert_eq!(fetch(html).unwrap_err().code, "graph.web_page");
}

#[test]
fn an_answer_without_end_is_given_up() {
    let endless = Answer {
        fields: "Content-Type: application/json\r\nContent-Length: 999999999999\r\n".to_owned(),
        body: vec![b' '; 40 << 20],
        ..Answer::status(200)
    };
    let error = fetch(endless).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Protocol, "http.too_large"), "{error:?}");
}

#[test]
fn a_web_page_in_the_place_of_a_message_is_none_and_nothing_is_deleted() {
    let service = Service::start(|asked| match asked.operation().as_str() {
        "GET inbox" => Answer::json(200, &json!({"id": "F1", "displayName": "Inbox"})),
        "GET delta" => Answer::json(200, &json!({"value": [{"id": "M1"}], "@odata.deltaLink": "/v1.0/x?$deltatoken=x"})),
        _ => Answer { fields: "Content-Type: text/html; charset=utf-8\r\n".to_owned(), body: b"<html>".to_vec(), ..Answer::status(200) },
    });
    let host = TestHost::new().answering(Action::Delete);
    let received = service.account().receive(&ReceiveRequest::default(), &host.call()).unwrap();
    assert_eq!(received.interrupted.unwrap().code, "graph.web_page");
    assert!(host.fetched().is_empty() && service.take_asked().iter().all(|asked| asked.method == "GET"));
}

#[test]
fn a_message_that_the_service_does_not_hand_over_keeps_no_other_from_coming() {
    let service = Service::start(|asked| match asked.operation().as_str() {
        "GET inbox" => Answer::json(200, &json!({"id": "F1", "displayName": "Inbox"})),
        "GET delta" => {
            Answer::json(200, &json!({"value": [{"id": "M1"}, {"id": "M2"}, {"id": "M3"}], "@odata.deltaLink": "/v1.0/x?$deltatoken=x"}))
        }
        "GET $value" if asked.target.contains("/M1/") => Answer::refusal(400, "ErrorMimeContentConversionFailed"),
        "GET $value" if asked.target.contains("/M2/") => Answer::refusal(404, "ErrorItemNotFound"),
        _ => Answer { fields: "Content-Type: text/plain\r\n".to_owned(), body: b"Subject: x\r\n\r\n".to_vec(), ..Answer::status(200) },
    });
    let host = TestHost::new();
    let received = service.account().receive(&ReceiveRequest::default(), &host.call()).unwrap();
    assert_eq!(host.ids(), ["M3"]);
    assert_eq!((received.missing.len(), received.missing[0].id.as_str()), (1, "M1"));
}

#[test]
fn no_error_and_no_log_repeats_the_token() {
    let body = json!({"error": {"code": "InvalidAuthenticationToken", "message": format!("The token {TOKEN} is not valid.")}});
    let service = Service::start(move |_| Answer::json(401, &body));
    let host = TestHost::new().logging(postkontor_plugin::Level::Trace);
    let error = service.account().list(&ListRequest::default(), &host.call()).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Auth, "graph.token_refused"), "{error:?}");
    assert!(!format!("{error:?}").contains(TOKEN), "{error:?}");
    assert!(error.detail.contains("client-request-id "), "{}", error.detail);
    assert!(!format!("{:?}", host.log()).contains(TOKEN));
}

#[test]
fn ten_thousand_folders_are_listed_page_by_page() {
    let pages = Arc::new(Mutex::new(0));
    let shared = Arc::clone(&pages);
    let service = Service::start(move |asked| {
        if asked.operation() != "GET childFolders" {
            return Answer::json(200, &json!({"id": asked.operation()}));
        }
        let mut page = shared.lock().unwrap();
        *page += 1;
        let folders: Vec<_> =
            (0..250).map(|number| json!({"id": format!("F{page}-{number}"), "displayName": format!("{page}-{number}")})).collect();
        let mut body = json!({ "value": folders });
        if *page < 40 {
            body["@odata.nextLink"] = json!(format!("/v1.0/users/anna@example.com/mailFolders/msgfolderroot/childFolders?$skip={page}"));
        }
        Answer::json(200, &body)
    });
    let listing = service.account().list(&ListRequest::default(), &TestHost::new().call()).unwrap();
    let postkontor_plugin::Listing::Folders { folders } = listing else { panic!("{listing:?}") };
    assert_eq!(folders.len(), 10_000);
}

#[test]
fn an_address_for_uploads_that_is_not_secured_gets_nothing() {
    let service = Service::start(|asked| match asked.operation().as_str() {
        "POST messages" => Answer::json(201, &json!({"id": "D1"})),
        "POST createUploadSession" => Answer::json(201, &json!({"uploadUrl": "http://127.0.0.2:9/up?authtoken=x"})),
        "DELETE D1" => Answer::status(204),
        other => panic!("{other}"),
    });
    let message = format!(
        "From: a@x\r\nTo: b@x\r\nContent-Type: application/pdf; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        format!("{}\r\n", "QUJD".repeat(19)).repeat(90_000)
    );
    let host = TestHost::new().with_message(message.as_str());
    let mail = postkontor_plugin::testing::mail("a@x", &["b@x"]);
    let error = host.send(&mut service.account(), &mail).unwrap_err();
    assert_eq!(error.code, "graph.upload_insecure", "{error:?}");
    assert_eq!(service.take_asked().last().unwrap().operation(), "DELETE D1");
}
