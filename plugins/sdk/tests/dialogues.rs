//! The runner of dialogues finds what is wrong: a transport of a small protocol tells the truth, or lies in one of several ways.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use postkontor_plugin::net::{Recorder, Stream};
use postkontor_plugin::schemars::JsonSchema;
use postkontor_plugin::serde::Deserialize;
use postkontor_plugin::settings::{Server, Tls};
use postkontor_plugin::testing::{Network, Peer, PeerOutput, TestHost, play};
use postkontor_plugin::{Body, Call, Error, Incoming, Level, Mail, Opening, ReceiveRequest, Received, Sent, Status, Transport};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "postkontor_plugin::serde", deny_unknown_fields)]
#[schemars(crate = "postkontor_plugin::schemars")]
struct Settings {
    server: Server,
    #[serde(default)]
    lie: String,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    password: String,
}

/// `MAIL` and a text that ends with a dot are answered by `OK` or `NO`; `FETCH` by messages, each begun by `+`, and `END`.
struct Toy(Settings);

impl Toy {
    fn connect(&self, call: &Call) -> Result<Stream, Error> {
        let mut stream = Stream::connect(&self.0.server, 7, call, &mut Recorder::off())?;
        stream.read_line(call)?;
        Ok(stream)
    }

    fn lies(&self, how: &str) -> bool {
        self.0.lie == how
    }
}

impl Transport for Toy {
    const NAME: &'static str = "toy";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["send", "receive"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[];
    type Settings = Settings;

    fn open(settings: Settings, _: &Opening) -> Result<Toy, Error> {
        Ok(Toy(settings))
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, call: &Call) -> Result<Sent, Error> {
        let mut stream = self.connect(call)?;
        let mut text = [0; 100];
        let length = body.read(&mut text)?;
        stream.write(b"MAIL\r\n", call)?;
        if stream.read_line(call)? != b"GO" {
            return Err(Error::new(Status::Refused, "toy.refused"));
        }
        if self.lies("logs") {
            call.log(Level::Trace, &self.0.password);
        }
        stream.write(&[&text[..length], b".\r\n"].concat(), call)?;
        let answer = stream.read_line(call).map(<[u8]>::to_vec);
        while self.lies("hangs") && stream.read_line(call).is_err() {}
        assert!(!self.lies("panics") || answer.is_ok(), "no answer");
        match answer.as_deref() {
            Ok(b"OK") => Ok(Sent::to_all(mail, length as u64)),
            Err(_) if self.lies("sent") => Ok(Sent::to_all(mail, length as u64)),
            Err(error) if self.lies("not sent") => Err(error.clone()),
            Err(_) => Err(Error::new(Status::Uncertain, "toy.uncertain")),
            Ok(_) => Err(Error::new(Status::Refused, "toy.refused")),
        }
    }

    fn receive(&mut self, _: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        let mut stream = self.connect(call)?;
        stream.write(b"FETCH\r\n", call)?;
        let mut line = stream.read_line(call)?.to_vec();
        while line != b"END" {
            call.announce(&Incoming { id: String::from_utf8_lossy(&line).into_owned(), ..Incoming::default() })?;
            call.message(stream.read_line(call)?)?;
            if self.lies("early") {
                call.action()?;
                line = stream.read_line(call)?.to_vec();
            } else {
                line = stream.read_line(call)?.to_vec();
                call.action()?;
            }
        }
        Ok(Received::default())
    }
}

/// A folder with one dialogue, gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn with(dialogue: &str) -> Folder {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("postkontor-dialogues-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = Folder(std::env::temp_dir().join(name));
        std::fs::create_dir_all(folder.0.join("brand")).unwrap();
        std::fs::write(folder.0.join("brand/one.txt"), dialogue).unwrap();
        folder
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

const SEND: &str = r#"protocol: toy
brand: Toy
quirk: none
source: this test
settings: {"lie": "", "password": "Geheim-7"}
request: {"send": {"from": "a@example.com", "recipients": ["b@example.com"]}, "messages": ["text\r\n"]}
outcome: {"status": 0, "recipients": [{"address": "b@example.com", "status": "accepted"}]}

S: HELLO
C: MAIL
S: GO
C: text
C: .
! in doubt
S: OK
! settled
"#;

const RECEIVE: &str = r#"protocol: toy
brand: Toy
quirk: none
source: this test
settings: {"lie": ""}
request: {"receive": {}}
outcome: {"status": 0, "messages": [{"id": "+1", "text": "a"}, {"id": "+2", "text": "b"}]}

S: HELLO
C: FETCH
S: +1
S: a
S: +2
! whole
S: b
S: END
! whole
"#;

/// What the runner says against a dialogue.
fn complaint(dialogue: &str) -> String {
    let folder = Folder::with(dialogue);
    let payload = catch_unwind(|| play::<Toy>(&folder)).expect_err("nothing is wrong");
    payload.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn what_is_true_passes() {
    assert_eq!((play::<Toy>(Folder::with(SEND)), play::<Toy>(Folder::with(RECEIVE))), (1, 1));
}

#[test]
fn a_lie_is_found_where_it_is_one() {
    for (dialogue, lie, found) in [
        (SEND, "sent", "Closed after 11 bytes: told as done, and the server has not said so"),
        (SEND, "not sent", "Closed after 11 bytes: told as not done, and it may have been"),
        (SEND, "hangs", "panicked: the client has read 1000 times"),
        (SEND, "panics", "Closed after 11 bytes: panicked: no answer"),
        (SEND, "logs", "the secret Geheim-7 is shown"),
        (RECEIVE, "early", "Closed after 14 bytes: 1 messages were told as fetched, of which only 0 were certain"),
    ] {
        let told = complaint(&dialogue.replace(r#""lie": """#, &format!(r#""lie": "{lie}""#)));
        assert!(told.contains("brand/one.txt: ") && told.contains(found), "{lie}: {told}");
    }
}

#[test]
fn a_difference_is_told_with_its_place() {
    for (from, to, found) in [
        ("C: text", "C: other", "line 12: the client sends “text\\r\\n”"),
        ("S: OK\n", "S: OK\nC: QUIT\n", "line 16: the client sends nothing"),
        ("C: .\n", "", "behind the end the client sends “.\\r\\n”"),
        ("accepted", "refused", "/recipients/0/status: \"refused\" was expected, and it is \"accepted\""),
        ("! settled\n", "", "the mark “! settled 1” is missing"),
        ("protocol: toy", "protocol: other", "there is no dialogue for toy"),
        ("quirk: none\n", "", "the head needs"),
    ] {
        let told = complaint(&SEND.replace(from, to));
        assert!(told.contains(found), "{found}: {told}");
    }
}

/// Says its words once, and notes what it hears.
struct Words(&'static [u8], Arc<Mutex<Vec<u8>>>);

impl Peer for Words {
    fn receive(&mut self, data: &[u8]) -> std::io::Result<()> {
        self.1.lock().unwrap().extend_from_slice(data);
        Ok(())
    }

    fn send(&mut self, data: &mut [u8]) -> PeerOutput {
        let length = self.0.len().min(data.len());
        data[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        if length == 0 { PeerOutput::Nothing } else { PeerOutput::Bytes(length) }
    }

    fn secure(&mut self) -> bool {
        true
    }
}

#[test]
fn a_network_answers_its_own_thread_as_long_as_it_lives() {
    let received: Arc<Mutex<Vec<u8>>> = Arc::default();
    let (noted, mut asked) = (received.clone(), 0);
    let network = Network::new(move |endpoint| {
        asked += 1;
        (asked == 1 && endpoint.host == "mail.invalid").then(|| Box::new(Words(b"ready\r\n", noted.clone())) as Box<dyn Peer>)
    });
    let (host, mut recorder) = (TestHost::new(), Recorder::on());
    let (call, server) = (host.call(), Server { host: "mail.invalid".to_owned(), port: None, timeout_seconds: 3600, proxy: None });
    let mut stream = Stream::connect(&server, 25, &call, &mut recorder).unwrap();
    assert_eq!(stream.read_line(&call).unwrap(), b"ready");
    stream.secure(&Tls::default(), &call, &mut recorder).unwrap();
    assert!(stream.is_secure() && stream.is_verified() && stream.is_idle());
    stream.write(b"hello\r\n", &call).unwrap();
    assert_eq!(*received.lock().unwrap(), b"hello\r\n");
    // An hour's silence takes no time.
    assert_eq!(stream.read_line(&call).unwrap_err().code, "net.idle_timeout");
    let refused = |server: &Server| Stream::connect(server, 25, &call, &mut Recorder::off()).err().unwrap().code.clone();
    assert_eq!(refused(&server), "net.refused");
    drop(network);
    assert_eq!(refused(&server), "net.name_not_found");
}
