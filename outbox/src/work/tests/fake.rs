//! A transport whose recipients' names say what becomes of a mail: `later@` is refused for now, `refused@` for good, `lost@` gets no reply.

use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{
    Answer, Body, Call, Error, Mail, Opening, Reply, Report, Sent, Stage, Status, TestRequest, Transport, Verdict, schemars, serde,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// A mail as it came out.
#[derive(Clone, Debug)]
pub(super) struct Out {
    pub(super) message_id: String,
    pub(super) recipients: Vec<String>,
    pub(super) bytes: Vec<u8>,
}

#[derive(Default)]
struct State {
    sent: Vec<Out>,
    logins: usize,
    sessions: usize,
    most_sessions: usize,
    refuses_login: bool,
    accepts_all: bool,
    pause: Duration,
    halfway: Option<Box<dyn Fn() + Send>>,
}

/// The server behind the transport, by the name that the settings give it.
#[derive(Clone, Default)]
pub(super) struct Fake(Arc<Mutex<State>>);

impl Fake {
    pub(super) fn named(name: &str) -> Fake {
        static SERVERS: OnceLock<Mutex<HashMap<String, Fake>>> = OnceLock::new();
        SERVERS.get_or_init(Mutex::default).lock().unwrap().entry(name.to_owned()).or_default().clone()
    }

    pub(super) fn sent(&self) -> Vec<Out> {
        self.0.lock().unwrap().sent.clone()
    }

    pub(super) fn logins(&self) -> usize {
        self.0.lock().unwrap().logins
    }

    pub(super) fn most_sessions(&self) -> usize {
        self.0.lock().unwrap().most_sessions
    }

    pub(super) fn refuse_login(&self, refuses: bool) {
        self.0.lock().unwrap().refuses_login = refuses;
    }

    pub(super) fn accept_all(&self) {
        self.0.lock().unwrap().accepts_all = true;
    }

    pub(super) fn slow(&self, pause: Duration) {
        self.0.lock().unwrap().pause = pause;
    }

    /// What is done when the first block of a mail was read.
    pub(super) fn halfway(&self, work: impl Fn() + Send + 'static) {
        self.0.lock().unwrap().halfway = Some(Box::new(work));
    }

    /// Waits until so many mails came out.
    pub(super) fn wait_for(&self, count: usize) {
        while self.0.lock().unwrap().sent.len() < count {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The transport, to be linked into a host.
pub(super) fn fake() -> &'static Plugin {
    static PLUGIN: Plugin = postkontor_plugin::abi::vtable::<Session>();
    &PLUGIN
}

struct Session {
    server: Fake,
    is_logged_in: bool,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {
    name: String,
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_logged_in {
            self.server.0.lock().unwrap().sessions -= 1;
        }
    }
}

impl Transport for Session {
    const NAME: &'static str = "fake";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["test", "send"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[("en", "{}")];
    const TAKES_WHOLE: bool = true;
    type Settings = Settings;

    fn open(settings: Settings, _opening: &Opening) -> Result<Session, Error> {
        Ok(Session { server: Fake::named(&settings.name), is_logged_in: false })
    }

    fn test(&mut self, _request: &TestRequest, _call: &Call) -> Result<Report, Error> {
        Ok(Report { steps: Vec::new(), transcript: Vec::new() })
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        self.log_in()?;
        let (mut bytes, mut block) = (Vec::new(), [0; 1024]);
        loop {
            match body.read(&mut block)? {
                0 => break,
                count => bytes.extend_from_slice(&block[..count]),
            }
            if let Some(work) = self.server.0.lock().unwrap().halfway.take() {
                work();
            }
        }
        let pause = self.server.0.lock().unwrap().pause;
        std::thread::sleep(pause);
        let mut server = self.server.0.lock().unwrap();
        if mail.recipients.iter().any(|address| address.starts_with("lost@")) {
            return Err(Error::new(Status::Uncertain, "delivery.uncertain").stage(Stage::Acceptance));
        }
        let answer = |address: &String| {
            let code = match address.split('@').next() {
                Some("later") if !server.accepts_all => 451,
                Some("refused") => 550,
                _ => 250,
            };
            let status = if code == 250 { Verdict::Accepted } else { Verdict::Refused };
            Answer { address: address.clone(), status, reply: Reply { code, ..Reply::default() } }
        };
        let recipients: Vec<Answer> = mail.recipients.iter().map(answer).collect();
        if recipients.iter().all(|answer| answer.status == Verdict::Refused) {
            let is_later = recipients.iter().any(|answer| answer.reply.code == 451);
            let status = if is_later { Status::Later } else { Status::Refused };
            return Err(Error::new(status, "recipients.all_refused").stage(Stage::Recipients).recipients(recipients).usable());
        }
        let size = bytes.len() as u64;
        server.sent.push(Out { message_id: mail.message_id.clone(), recipients: mail.recipients.clone(), bytes });
        Ok(Sent { recipients, size, ..Sent::default() })
    }
}

impl Session {
    fn log_in(&mut self) -> Result<(), Error> {
        if self.is_logged_in {
            return Ok(());
        }
        let mut server = self.server.0.lock().unwrap();
        server.logins += 1;
        if server.refuses_login {
            return Err(Error::new(Status::Auth, "auth.refused").stage(Stage::Login));
        }
        server.sessions += 1;
        server.most_sessions = server.most_sessions.max(server.sessions);
        self.is_logged_in = true;
        Ok(())
    }
}
