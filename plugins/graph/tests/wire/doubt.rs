//! The connection ends at any byte of an answer: what was done is found out, and nothing is done twice.

use super::server::{Answer, Asked, Service};
use postkontor_graph::Graph;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing::{TestHost, mail};
use postkontor_plugin::{Action, Error, Mail, ReceiveRequest, Sent, Status, Transport};
use std::sync::{Arc, Mutex};

const MESSAGE: &str = "From: anna@example.com\r\nTo: berta@example.net\r\nSubject: s\r\nMessage-ID: <1@example.com>\r\n\r\ntext\r\n";

/// What the server did, and where it breaks off.
#[derive(Clone, Debug, Default)]
struct World {
    /// How many mails went out.
    sent: usize,
    drafts: usize,
    /// How much of the attachment has come.
    uploaded: usize,
    attached: usize,
    /// The operation whose answer is cut, and where.
    cut: Option<(&'static str, usize)>,
    /// The service acts before its answer is cut.
    acts: bool,
    port: u16,
}

const SIZE: usize = 4_000_000;

fn answer(world: &mut World, asked: &Asked) -> Answer {
    let operation = asked.operation();
    let cut = world.cut.take_if(|(cut, _)| *cut == operation);
    let acts = cut.is_none() || world.acts;
    let mut answer = match operation.as_str() {
        "POST sendMail" => {
            world.sent += usize::from(acts);
            Answer::status(202)
        }
        "POST messages" => {
            world.drafts += usize::from(acts);
            Answer::json(201, &json!({"id": "D1"}))
        }
        "POST send" => {
            world.sent += usize::from(acts);
            world.drafts -= usize::from(acts);
            Answer::status(202)
        }
        "POST createUploadSession" => Answer::json(
            201,
            &json!({"uploadUrl": format!("http://127.0.0.1:{}/v1.0/up/session?authtoken=secret-of-the-place", world.port)}),
        ),
        "PUT session" => upload(world, asked, acts),
        "GET session" => Answer::json(200, &json!({"nextExpectedRanges": [format!("{}-", world.uploaded)]})),
        "DELETE D1" => {
            world.drafts = 0;
            Answer::status(204)
        }
        "GET D1" => Answer::json(200, &json!({"id": "D1", "isDraft": world.drafts > 0})),
        "GET messages" => {
            let there = if asked.is_on("sentitems") { world.sent } else { world.drafts };
            let to = json!([{"emailAddress": {"address": "Berta@example.net"}}]);
            let found: Vec<Value> = (0..there).map(|_| json!({"id": "D1", "toRecipients": to})).collect();
            Answer::json(200, &json!({ "value": found }))
        }
        _ => Answer::refusal(400, "Unexpected"),
    };
    answer.cut = cut.map(|(_, cut)| cut);
    answer
}

fn upload(world: &mut World, asked: &Asked, acts: bool) -> Answer {
    assert!(!asked.head.to_ascii_lowercase().contains("authorization"), "{}", asked.head);
    assert!(asked.body.len() <= 4 << 20);
    let expected = format!("Content-Range: bytes {}-{}/{SIZE}\r\n", world.uploaded, world.uploaded + asked.body.len() - 1);
    if !asked.head.contains(&expected) {
        return Answer::refusal(416, "InvalidContentRange");
    }
    if acts {
        world.uploaded += asked.body.len();
    }
    if world.uploaded == SIZE {
        world.attached += 1;
        return Answer::status(201);
    }
    assert!(!acts || asked.body.len().is_multiple_of(320 * 1024));
    Answer::json(200, &json!({"nextExpectedRanges": [format!("{}-", world.uploaded)]}))
}

struct Scene {
    world: Arc<Mutex<World>>,
    service: Service,
}

impl Scene {
    fn new(cut: Option<(&'static str, usize)>, acts: bool) -> Scene {
        let world = Arc::new(Mutex::new(World { cut, acts, ..World::default() }));
        let shared = Arc::clone(&world);
        let service = Service::start(move |asked| answer(&mut shared.lock().unwrap(), asked));
        world.lock().unwrap().port = service.port;
        Scene { world, service }
    }

    fn send(&self, message: &str) -> Result<Sent, Error> {
        let host = TestHost::new().with_message(message);
        let mail = Mail {
            size: Some(message.len() as u64),
            message_id: "1@example.com".to_owned(),
            ..mail("anna@example.com", &["berta@example.net"])
        };
        host.send(&mut self.service.account(), &mail)
    }

    fn world(&self) -> World {
        self.world.lock().unwrap().clone()
    }
}

/// A message with an attachment that needs an upload session.
fn large() -> String {
    let line = format!("{}\r\n", "QUJD".repeat(19));
    let (lines, rest) = (SIZE / 57, SIZE % 57);
    let rest = &"QUJD".repeat(19)[..rest.div_ceil(3) * 4];
    let rest = if (SIZE % 57).is_multiple_of(3) { rest.to_owned() } else { format!("{}==", &rest[..rest.len() - 2]) };
    format!(
        "From: anna@example.com\r\nTo: berta@example.net\r\nMessage-ID: <1@example.com>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\n\r\ntext\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{}{rest}\r\n--b--\r\n",
        line.repeat(lines)
    )
}

#[test]
fn a_cut_at_every_byte_of_the_answer_to_send_mail_sends_once_and_says_so() {
    for cut in 0..Answer::status(202).bytes().len() {
        let scene = Scene::new(Some(("POST sendMail", cut)), true);
        assert!(scene.send(MESSAGE).is_ok(), "{cut}");
        assert_eq!(scene.world().sent, 1, "{cut}");
        let asked = scene.service.take_asked();
        assert_eq!(asked.iter().filter(|asked| asked.operation() == "POST sendMail").count(), 1, "{cut}");
    }
}

#[test]
fn a_cut_at_every_byte_of_the_answer_to_send_sends_once_and_says_so() {
    let message = large();
    for cut in 0..Answer::status(202).bytes().len() {
        let scene = Scene::new(Some(("POST send", cut)), true);
        assert!(scene.send(&message).is_ok(), "{cut}");
        let world = scene.world();
        assert_eq!((world.sent, world.drafts, world.attached), (1, 0, 1), "{cut}");
    }
}

#[test]
fn a_connection_that_ends_before_the_service_acts_is_uncertain_and_is_not_asked_again() {
    for (operation, message) in [("POST sendMail", MESSAGE.to_owned()), ("POST send", large())] {
        let scene = Scene::new(Some((operation, 0)), false);
        let error = scene.send(&message).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Uncertain, "delivery.uncertain"), "{error:?}");
        assert_eq!(scene.world().sent, 0);
        let asked = scene.service.take_asked();
        assert_eq!(asked.iter().filter(|asked| asked.operation() == operation).count(), 1);
    }
}

#[test]
fn a_mail_with_the_same_identifier_to_others_is_not_taken_for_it() {
    let scene = Scene::new(Some(("POST sendMail", 0)), false);
    scene.world.lock().unwrap().sent = 1;
    let message = MESSAGE.replace("berta@", "carla@");
    let host = TestHost::new().with_message(message.as_str());
    let mail = Mail {
        size: Some(message.len() as u64),
        message_id: "1@example.com".to_owned(),
        ..mail("anna@example.com", &["carla@example.net"])
    };
    assert_eq!(host.send(&mut scene.service.account(), &mail).unwrap_err().status, Status::Uncertain);
}

#[test]
fn a_cut_at_any_byte_of_an_answer_to_a_chunk_attaches_it_once() {
    let message = large();
    let whole = Answer::json(200, &json!({"nextExpectedRanges": ["3932160-"]})).bytes().len();
    for acts in [true, false] {
        for cut in (0..whole).step_by(if acts { 3 } else { 25 }) {
            let scene = Scene::new(Some(("PUT session", cut)), acts);
            scene.send(&message).unwrap_or_else(|error| panic!("{cut}: {error:?}"));
            let world = scene.world();
            assert_eq!((world.sent, world.attached, world.uploaded), (1, 1, SIZE), "{cut}");
        }
    }
}

#[test]
fn whatever_ends_before_send_sends_nothing_and_leaves_no_draft() {
    let message = large();
    for (operation, whole) in [("POST messages", Answer::json(201, &json!({"id": "D1"})).bytes().len()), ("POST createUploadSession", 120)]
    {
        for acts in [true, false] {
            for cut in (0..whole).step_by(10) {
                let scene = Scene::new(Some((operation, cut)), acts);
                let error = scene.send(&message).unwrap_err();
                assert_eq!(error.status, Status::Network, "{operation} {cut}: {error:?}");
                let world = scene.world();
                assert_eq!((world.sent, world.drafts), (0, 0), "{operation} {cut}");
            }
        }
    }
}

#[test]
fn a_message_that_is_cut_anywhere_is_not_taken_and_comes_whole_the_next_time() {
    let value = Answer { fields: "Content-Type: text/plain\r\n".to_owned(), body: MESSAGE.as_bytes().to_vec(), ..Answer::status(200) };
    // Without the first byte the request on the kept connection is simply repeated: it changes nothing.
    for cut in 1..value.bytes().len() {
        let left = Arc::new(Mutex::new(Some(cut)));
        let (shared, value) = (Arc::clone(&left), value.clone());
        let service = Service::start(move |asked| match asked.operation().as_str() {
            "GET inbox" => Answer::json(200, &json!({"id": "F1", "displayName": "Inbox"})),
            "GET delta" => {
                Answer::json(200, &json!({"value": [{"id": "M1"}], "@odata.deltaLink": "/v1.0/users/anna@example.com/delta?$deltatoken=x"}))
            }
            "GET M1" => Answer::json(200, &json!({"id": "M1", "parentFolderId": "F1"})),
            "GET $value" => Answer { cut: shared.lock().unwrap().take(), ..value.clone() },
            "DELETE M1" => Answer::status(204),
            other => panic!("{other}"),
        });
        let mut account: Graph = service.account();
        let host = TestHost::new().answering(Action::Delete);
        let received = account.receive(&ReceiveRequest::default(), &host.call()).unwrap();
        assert_eq!((host.fetched().len(), received.interrupted.map(|error| error.status)), (0, Some(Status::Network)), "{cut}");
        assert!(!service.take_asked().iter().any(|asked| asked.method == "DELETE"), "{cut}");
        let request = ReceiveRequest { state: Some(received.state), ..ReceiveRequest::default() };
        let received = account.receive(&request, &host.call()).unwrap();
        assert_eq!((host.texts(), received.interrupted), (vec![MESSAGE.to_owned()], None), "{cut}");
    }
}
