//! The connection ends at any byte of an answer: what was done is found out, and nothing is done twice.

use super::server::{Answer, Asked, Service, success};
use postkontor_exchange_ews::Ews;
use postkontor_plugin::testing::{TestHost, mail};
use postkontor_plugin::{Error, Mail, Sent, Status};
use std::sync::{Arc, Mutex};

const MESSAGE: &str = "From: anna@example.com\r\nTo: berta@example.net\r\nSubject: s\r\nMessage-ID: <1@example.com>\r\n\r\ntext\r\n";

/// What the server did, and where it breaks off.
#[derive(Clone, Debug, Default)]
struct World {
    /// How many mails went out.
    sent: usize,
    has_draft: bool,
    /// The web server takes small requests only.
    in_parts: bool,
    /// The operation whose answer is cut, and where.
    cut: Option<(&'static str, usize)>,
    /// The operation is cut before the server acts.
    acts: bool,
}

fn answer(world: &mut World, asked: &Asked) -> Answer {
    let cut = world.cut.filter(|(operation, _)| *operation == asked.operation);
    if cut.is_some() {
        world.cut = None;
    }
    let acts = cut.is_none() || world.acts;
    let is_mime = asked.body.contains("MimeContent");
    let mut answer = match asked.operation.as_str() {
        "CreateItem" if is_mime && world.in_parts => Answer::status(413),
        "CreateItem" if asked.body.contains("SaveOnly") => {
            world.has_draft |= acts;
            Answer::success("CreateItem", "<m:Items><t:Message><t:ItemId Id=\"D1=\" ChangeKey=\"K1\"/></t:Message></m:Items>")
        }
        "CreateItem" => {
            world.sent += usize::from(acts);
            Answer::success("CreateItem", "<m:Items/>")
        }
        "SendItem" => {
            world.sent += usize::from(acts);
            world.has_draft &= !acts;
            Answer::success("SendItem", "")
        }
        "DeleteItem" if world.has_draft => {
            world.has_draft = false;
            Answer::success("DeleteItem", "")
        }
        "DeleteItem" => Answer::refusal("DeleteItem", "ErrorItemNotFound"),
        "FindItem" => {
            let item = "<t:Message><t:ItemId Id=\"S1=\"/><t:InternetMessageId>&lt;1@example.com&gt;</t:InternetMessageId></t:Message>";
            let items = if world.sent > 0 && !asked.body.contains("\"drafts\"") { item } else { "" };
            Answer::success(
                "FindItem",
                &format!("<m:RootFolder IncludesLastItemInRange=\"true\"><t:Items>{items}</t:Items></m:RootFolder>"),
            )
        }
        "GetItem" => {
            let to = "<t:ToRecipients><t:Mailbox><t:EmailAddress>Berta@example.net</t:EmailAddress></t:Mailbox></t:ToRecipients>";
            Answer::messages(
                "GetItem",
                &[success("GetItem", &format!("<m:Items><t:Message><t:ItemId Id=\"S1=\"/>{to}</t:Message></m:Items>"))],
            )
        }
        _ => Answer::success(&asked.operation, ""),
    };
    answer.cut = cut.map(|(_, cut)| cut);
    answer
}

struct Scene {
    world: Arc<Mutex<World>>,
    service: Service,
}

impl Scene {
    fn new() -> Scene {
        let world: Arc<Mutex<World>> = Arc::default();
        let known = Arc::clone(&world);
        let service = Service::start(move |asked| answer(&mut known.lock().unwrap(), asked));
        Scene { world, service }
    }

    /// Sends a mail while an answer is cut; how it ended, and what the server did.
    fn send(&self, account: &mut Ews, cut: (&'static str, usize), acts: bool) -> (Result<Sent, Error>, World, usize) {
        *self.world.lock().unwrap() = World { cut: Some(cut), acts, in_parts: cut.0 == "SendItem", ..World::default() };
        self.service.take_asked();
        let host = TestHost::new().with_message(MESSAGE);
        let mail = Mail {
            message_id: "1@example.com".to_owned(),
            size: Some(MESSAGE.len() as u64),
            ..mail("anna@example.com", &["berta@example.net"])
        };
        let sent = host.send(account, &mail);
        let times = self.service.take_asked().iter().filter(|asked| asked.operation == cut.0).count();
        (sent, self.world.lock().unwrap().clone(), times)
    }
}

fn whole(operation: &str) -> usize {
    Answer::success(operation, if operation == "CreateItem" { "<m:Items/>" } else { "" }).bytes().len()
}

#[test]
fn a_cut_at_any_byte_of_the_answer_to_create_item_finds_the_mail_among_the_sent_ones() {
    let scene = Scene::new();
    let mut account = scene.service.account();
    for cut in 0..whole("CreateItem") {
        let (sent, world, times) = scene.send(&mut account, ("CreateItem", cut), true);
        assert!(sent.is_ok(), "{cut}: {sent:?}");
        assert_eq!((world.sent, times), (1, 1), "{cut}");
    }
}

#[test]
fn a_cut_at_any_byte_of_the_answer_to_send_item_finds_the_mail_among_the_sent_ones() {
    let scene = Scene::new();
    let mut account = scene.service.account();
    for cut in 0..whole("SendItem") {
        let (sent, world, times) = scene.send(&mut account, ("SendItem", cut), true);
        assert!(sent.is_ok(), "{cut}: {sent:?}");
        assert_eq!((world.sent, world.has_draft, times), (1, false, 1), "{cut}");
    }
}

#[test]
fn what_the_server_never_did_is_not_told_as_sent() {
    let scene = Scene::new();
    let mut account = scene.service.account();
    let (sent, world, times) = scene.send(&mut account, ("CreateItem", 0), false);
    assert_eq!((sent.unwrap_err().status, world.sent, times), (Status::Uncertain, 0, 1));
    let (sent, world, times) = scene.send(&mut account, ("SendItem", 0), false);
    let error = sent.unwrap_err();
    assert_eq!(
        (error.status, world.sent, world.has_draft, times),
        (Status::Network, 0, false, 1),
        "a draft that was still there was not sent"
    );
}
