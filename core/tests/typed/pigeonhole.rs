// A transport that keeps in memory what it is given to send, and hands it over to the next fetch. A recipient at refused.example is
// refused. The documentation of the crate includes this file, so it has no comment of its own at the top.

use postkontor_plugin::abi::raw::Plugin;
use postkontor_plugin::{
    Action, Answer, Body, Call, Error, Incoming, Mail, Opening, ReceiveRequest, Received, Reply, Report, Sent, Stage, Status, Step,
    TestRequest, Transport, Verdict, schemars, serde,
};

/// Settings with one account of this transport.
pub(crate) const PIGEONHOLE: &str =
    r#"{"accounts":{"main":{"transport":"pigeonhole"}},"sender":{"address":"office@example.com","name":"The office"}}"#;

/// The transport, to be linked into a host.
pub(crate) fn pigeonhole() -> &'static Plugin {
    static PLUGIN: Plugin = postkontor_plugin::abi::vtable::<Pigeonhole>();
    &PLUGIN
}

#[derive(Default)]
struct Pigeonhole {
    mails: Vec<Vec<u8>>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Settings {}

impl Transport for Pigeonhole {
    const NAME: &'static str = "pigeonhole";
    const VERSION: &'static str = "1";
    const OPERATIONS: &'static [&'static str] = &["test", "send", "receive"];
    const TEXTS: &'static [(&'static str, &'static str)] = &[("en", "{}")];
    type Settings = Settings;

    fn open(_settings: Settings, _opening: &Opening) -> Result<Pigeonhole, Error> {
        Ok(Pigeonhole::default())
    }

    fn test(&mut self, _request: &TestRequest, _call: &Call) -> Result<Report, Error> {
        Ok(Report { steps: vec![Step::ok(Stage::Connect)], transcript: Vec::new() })
    }

    fn send(&mut self, mail: &Mail, body: &mut Body, _call: &Call) -> Result<Sent, Error> {
        let (mut whole, mut block) = (Vec::new(), [0; 1024]);
        loop {
            match body.read(&mut block)? {
                0 => break,
                count => whole.extend_from_slice(&block[..count]),
            }
        }
        let size = whole.len() as u64;
        let answer = |address: &String| {
            let is_refused = address.ends_with("@refused.example");
            let reply = Reply { code: if is_refused { 550 } else { 250 }, ..Reply::default() };
            Answer { address: address.clone(), status: if is_refused { Verdict::Refused } else { Verdict::Accepted }, reply }
        };
        let recipients: Vec<Answer> = mail.recipients.iter().map(answer).collect();
        if recipients.iter().all(|answer| answer.status == Verdict::Refused) {
            return Err(Error::new(Status::Refused, "recipients.all_refused").stage(Stage::Recipients).recipients(recipients).usable());
        }
        self.mails.push(whole);
        Ok(Sent { recipients, size, ..Sent::default() })
    }

    fn receive(&mut self, request: &ReceiveRequest, call: &Call) -> Result<Received, Error> {
        let before = request.state.as_deref().and_then(|state| state.parse().ok()).unwrap_or(0);
        let mut seen = before;
        for (index, mail) in self.mails.iter().enumerate().skip(before) {
            call.announce(&Incoming { id: index.to_string(), ..Incoming::default() })?;
            call.message(mail)?;
            if call.action()? == Action::Stop {
                break;
            }
            seen = index + 1;
        }
        Ok(Received { state: seen.to_string(), ..Received::default() })
    }
}
