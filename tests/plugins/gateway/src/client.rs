//! Asking the service: with the token that is good now, or with a new one.

use crate::http::{Connection, Head, Request};
use crate::settings::{Method, Settings};
use crate::tokens::Tokens;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::serde_json::Value;
use postkontor_plugin::{Call, Error, Reply, Stage, Status};

/// One operation at the service.
pub(crate) struct Client<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) tokens: &'a mut Tokens,
    pub(crate) call: &'a Call<'a>,
    pub(crate) recorder: &'a mut Recorder,
    /// A new token was fetched; a second one would be no better.
    pub(crate) has_renewed: bool,
    host: String,
    connection: Option<Connection>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(
        settings: &'a Settings,
        tokens: &'a mut Tokens,
        call: &'a Call<'a>,
        recorder: &'a mut Recorder,
    ) -> Result<Client<'a>, Error> {
        let host = settings.target()?.endpoint.host;
        tokens.not_kept.clear();
        Ok(Client { settings, tokens, call, recorder, has_renewed: false, host, connection: None })
    }

    /// Does some work on the connection, which is made where there is none. After an error it cannot go on; what was said stays.
    pub(crate) fn exchange<T>(&mut self, stage: Stage, work: impl FnOnce(&mut Connection, &Call) -> Result<T, Error>) -> Result<T, Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.settings, self.call, self.recorder)?,
        };
        let done = work(&mut connection, self.call);
        self.connection = Some(connection);
        done.map_err(|error| {
            self.leave();
            error.stage(stage)
        })
    }

    /// Sends a request; the head of the answer, whose body is still to be read. Where the service does not accept the token, it is asked
    /// once more with a new one.
    pub(crate) fn begin(&mut self, request: &Request, stage: Stage) -> Result<Head, Error> {
        loop {
            if self.tokens.access.is_empty() {
                self.renew()?;
            }
            let token = self.tokens.access.clone();
            let head = self.exchange(stage, |connection, call| {
                connection.request(request, Some(&token), call)?;
                connection.head(call)
            })?;
            if head.status != 401 {
                return Ok(head);
            }
            let reply = self.reply(&head, Stage::Login)?;
            if self.has_renewed {
                return Err(self.refused(Status::Auth, "gateway.token_refused", reply).stage(Stage::Login));
            }
            self.renew()?;
        }
    }

    /// Fetches a new access token.
    fn renew(&mut self) -> Result<(), Error> {
        self.has_renewed = true;
        let auth = &self.settings.auth;
        let (grant, shown) = self.tokens.grant(auth);
        let request = Request { shown: &shown, ..Request::new("POST", "/token").with("application/x-www-form-urlencoded", &grant) };
        let secrets = [self.tokens.refresh.clone(), auth.client_secret.clone()];
        let head = self.exchange(Stage::Login, |connection, call| {
            secrets.iter().for_each(|secret| connection.hide(secret));
            connection.request(&request, None, call)?;
            connection.head(call)
        })?;
        if !matches!(head.status, 400 | 401 | 403) {
            let answer = self.answer(&head, Stage::Login)?;
            return if self.tokens.take(&answer, self.call) { Ok(()) } else { Err(self.malformed(Stage::Login)) };
        }
        let reply = self.reply(&head, Stage::Login)?;
        let code = match auth.method {
            Method::Token => "gateway.refresh_refused",
            Method::ClientCredentials => "gateway.client_refused",
        };
        Err(self.refused(Status::Auth, code, reply).stage(Stage::Login))
    }

    /// Sends a request; the JSON of the answer.
    pub(crate) fn ask(&mut self, request: &Request, stage: Stage) -> Result<Value, Error> {
        let head = self.begin(request, stage)?;
        self.answer(&head, stage)
    }

    /// The JSON of an answer that is as it should be; else an error.
    pub(crate) fn answer(&mut self, head: &Head, stage: Stage) -> Result<Value, Error> {
        if head.is_ok() {
            let answer = self.exchange(stage, |connection, call| connection.json(head, call))?;
            self.done(head);
            return Ok(answer);
        }
        let reply = self.reply(head, stage)?;
        Err(match reply.code {
            429 | 500..=599 => self.refused(Status::Later, "gateway.later", reply),
            _ => self.refused(Status::Refused, "gateway.refused", reply),
        }
        .stage(stage))
    }

    /// What the service says of a refusal.
    pub(crate) fn reply(&mut self, head: &Head, stage: Stage) -> Result<Reply, Error> {
        let reply = self.exchange(stage, |connection, call| connection.reply(head, call))?;
        self.done(head);
        Ok(reply)
    }

    /// Says that an answer was read to its end.
    pub(crate) fn done(&mut self, head: &Head) {
        if head.closes {
            self.leave();
        }
    }

    fn leave(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.recorder.keep(connection.close());
        }
    }

    pub(crate) fn refused(&self, status: Status, code: &str, reply: Reply) -> Error {
        Error::new(status, code).arg("host", self.host.as_str()).arg("text", reply.text.as_str()).server(reply)
    }

    /// What the service says makes no sense.
    pub(crate) fn malformed(&self, stage: Stage) -> Error {
        Error::new(Status::Protocol, "gateway.answer_malformed").arg("host", self.host.as_str()).stage(stage)
    }

    /// Whether a mail was delivered is not known.
    pub(crate) fn uncertain(&self, cause: &Error) -> Error {
        let error = Error::new(Status::Uncertain, "delivery.uncertain").arg("host", self.host.as_str());
        error.stage(Stage::Acceptance).detail(cause.to_string())
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}
