//! The connection of a client, which is kept between requests.

use super::head::LINE;
use crate::net::{Recorder, Stream, Target, Transcript};
use crate::settings::Tls;
use crate::{Call, Error, Secret, Stage, Step};

/// How many secrets are looked for in what a server says. A token that was replaced so many times ago is worth nothing any more.
const MOST_SECRETS: usize = 16;

/// How many lines of earlier connections are kept.
const MOST_LINES: usize = 2000;

/// One connection, or none at the moment.
#[derive(Default)]
pub(super) struct Connection {
    line: Option<Stream>,
    secrets: Vec<Secret>,
    /// Secrets that stay, however many others come.
    lasting: Vec<Secret>,
    /// What was said on earlier connections.
    said: Vec<String>,
    /// How many connections there were.
    pub(super) number: u64,
}

impl Connection {
    /// Connects, secured where `tls` is given.
    pub(super) fn open(&mut self, target: &Target, tls: Option<&Tls>, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        self.close();
        let mut stream = Stream::reach(target, call, recorder)?;
        stream.set_line_limit(LINE);
        self.lasting.iter().chain(&self.secrets).for_each(|secret| stream.transcript().hide(secret));
        match tls {
            Some(tls) => stream.secure(tls, call, recorder).map_err(|error| error.stage(Stage::Tls))?,
            None => {
                let step = Step::warn(Stage::Tls, "tls.clear_text").pointer(target.at.mode).advice("advice.use_https");
                recorder.note(step, call);
            }
        }
        self.number += 1;
        self.line = Some(stream);
        Ok(())
    }

    /// Whether there is a connection that may be used once more; one that has ended meanwhile is closed.
    pub(super) fn is_kept(&mut self) -> bool {
        let is_kept = self.line.as_mut().is_some_and(Stream::is_idle);
        if !is_kept {
            self.close();
        }
        is_kept
    }

    pub(super) fn stream(&mut self) -> Option<&mut Stream> {
        self.line.as_mut()
    }

    pub(super) fn peek_stream(&self) -> Option<&Stream> {
        self.line.as_ref()
    }

    /// Masks this secret on this connection and all that follow.
    pub(super) fn hide(&mut self, secret: &Secret) {
        if secret.is_empty() || self.secrets.contains(secret) {
            return;
        }
        if self.secrets.len() == MOST_SECRETS {
            self.secrets.remove(0);
        }
        self.secrets.push(secret.clone());
        if let Some(stream) = &mut self.line {
            stream.transcript().hide(secret);
        }
    }

    /// Masks this secret on this connection and all that follow, whatever else is masked meanwhile.
    pub(super) fn hide_always(&mut self, secret: &Secret) {
        if secret.is_empty() || self.lasting.contains(secret) {
            return;
        }
        self.lasting.push(secret.clone());
        if let Some(stream) = &mut self.line {
            stream.transcript().hide(secret);
        }
    }

    /// A server's text without the secrets.
    pub(super) fn clean(&self, text: &[u8]) -> String {
        let mut transcript = Transcript::default();
        self.lasting.iter().chain(&self.secrets).for_each(|secret| transcript.hide(secret));
        transcript.clean(text)
    }

    /// Closes the connection at once; what was said on it is kept.
    pub(super) fn close(&mut self) {
        if let Some(mut stream) = self.line.take() {
            let room = MOST_LINES.saturating_sub(self.said.len());
            self.said.extend(stream.transcript().take().into_iter().take(room));
            stream.finish();
        }
    }

    /// What was said so far, on all connections.
    pub(super) fn take_dialogue(&mut self) -> Vec<String> {
        let mut said = std::mem::take(&mut self.said);
        if let Some(stream) = &mut self.line {
            said.append(&mut stream.transcript().take());
        }
        said
    }
}
