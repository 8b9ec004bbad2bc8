//! NTLM and Negotiate: the login of a connection, by requests with an empty body.

use super::line::{Answer, Authorization, Line};
use super::offer::Offer;
use super::refusal;
use crate::net::Recorder;
use crate::net::logged_on::{LoggedOn, Package, Peer};
use crate::net::sasl::{Exchange, Mechanism};
use crate::settings::Auth;
use crate::{Call, Error, Secret, Stage, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// More messages than any login has.
const ROUNDS: usize = 8;

/// The service, as Windows and Kerberos call it.
const SERVICE: &str = "HTTP";

/// Whose proof it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// NTLM as the user whom the settings name.
    Password,
    /// The system's own login of the user who is logged on to this machine.
    LoggedOn,
}

/// The login of one connection after the other.
pub(super) struct Handshake {
    proof: Proof,
    /// The scheme that the server offers; the other one is tried where it does not have this.
    scheme: Scheme,
    /// The connection that is logged in.
    number: Option<u64>,
    /// The server forgets the login after each request.
    forgets: bool,
    /// The ticket that the last request showed, for the server's proof in its answer.
    shown: Option<LoggedOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Ntlm,
    Negotiate,
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Scheme::Ntlm => "NTLM",
            Scheme::Negotiate => "Negotiate",
        }
    }

    fn show(self, message: &[u8]) -> Authorization {
        let scheme = match self {
            Scheme::Ntlm => "NTLM ",
            Scheme::Negotiate => "Negotiate ",
        };
        Authorization { scheme, value: Secret::new(STANDARD.encode(message)), is_for_one_request: false }
    }
}

/// How a login ended that the server did not accept.
enum Failed {
    /// The server does not have the scheme.
    NotOffered(Offer),
    Other(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Other(error)
    }
}

impl Handshake {
    pub(super) fn new(proof: Proof) -> Handshake {
        // Windows servers take NTLM in both schemes; Kerberos has only the one.
        let scheme = if proof == Proof::Password { Scheme::Ntlm } else { Scheme::Negotiate };
        Handshake { proof, scheme, number: None, forgets: false, shown: None }
    }

    /// The name of the login, for the step of a test.
    pub(super) fn mechanism(&self) -> &'static str {
        match self.proof {
            Proof::Password => "NTLM",
            Proof::LoggedOn => self.scheme.name(),
        }
    }

    /// Whether the login belongs to the connection, not to each request.
    pub(super) fn belongs_to_connection(&self) -> bool {
        !self.forgets
    }

    /// Logs the connection in where that is due, and gives what the next request has to show.
    pub(super) fn prepare(
        &mut self,
        auth: &Auth,
        line: &mut dyn Line,
        call: &Call,
        recorder: &mut Recorder,
    ) -> Result<Option<Authorization>, Error> {
        if self.forgets {
            return self.show_ticket(line, call).map(Some);
        }
        let number = line.number();
        if number.is_none() || number != self.number {
            self.number = None;
            self.log_in(auth, line, call, recorder)?;
            self.number = line.number();
            if self.number.is_none() && !self.forgets {
                return Err(refusal::not_kept(self.mechanism()));
            }
        }
        // The server may have said just now that it forgets.
        if self.forgets { self.show_ticket(line, call).map(Some) } else { Ok(None) }
    }

    fn show_ticket(&mut self, line: &dyn Line, call: &Call) -> Result<Authorization, Error> {
        let mut user = self.logged_on(line);
        let message = user.step(&[], call)?.message;
        self.shown = Some(user);
        Ok(Authorization { is_for_one_request: true, ..self.scheme.show(&message) })
    }

    /// Takes note of an answer other than 401 to a request that may have shown a ticket.
    pub(super) fn accepted(&mut self, answer: &Answer, call: &Call) -> Result<(), Error> {
        match self.shown.take() {
            Some(mut user) => self.prove_server(&mut user, answer, call),
            None => Ok(()),
        }
    }

    /// What a 401 means on a connection that was logged in. An error where it is the end.
    pub(super) fn refused(&mut self, answer: &Answer, line: &mut dyn Line, is_last: bool) -> Result<(), Error> {
        let is_same = self.number.is_some() && line.number() == self.number;
        self.number = None;
        if is_last || self.shown.take().is_some() {
            return Err(self.refusal(answer, line));
        }
        // A ticket can be shown with each request; a password's proof is too dear for that, and the connection is logged in anew.
        self.forgets |= is_same && self.proof == Proof::LoggedOn;
        Ok(())
    }

    fn log_in(&mut self, auth: &Auth, line: &mut dyn Line, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let first = self.scheme;
        match self.log_in_by(auth, line, call, recorder) {
            Err(Failed::NotOffered(offer)) if self.may_change(&offer) => {
                self.scheme = if first == Scheme::Ntlm { Scheme::Negotiate } else { Scheme::Ntlm };
                line.connect(call, recorder)?;
            }
            other => return self.ended(auth, other),
        }
        let outcome = self.log_in_by(auth, line, call, recorder);
        if outcome.is_err() {
            self.scheme = first;
        }
        self.ended(auth, outcome)
    }

    /// Whether the other scheme is offered, and would do.
    fn may_change(&self, offer: &Offer) -> bool {
        match self.scheme {
            Scheme::Ntlm => offer.has("Negotiate"),
            Scheme::Negotiate => offer.has("NTLM") && (self.proof == Proof::Password || cfg!(windows)),
        }
    }

    fn ended(&self, auth: &Auth, outcome: Result<(), Failed>) -> Result<(), Error> {
        match outcome {
            Ok(()) => Ok(()),
            Err(Failed::Other(error)) => Err(error),
            Err(Failed::NotOffered(offer)) => {
                let wanted = if self.proof == Proof::Password { "NTLM" } else { "Negotiate" };
                Err(refusal::not_offered(auth, wanted, &offer))
            }
        }
    }

    fn log_in_by(&mut self, auth: &Auth, line: &mut dyn Line, call: &Call, recorder: &mut Recorder) -> Result<(), Failed> {
        let answer = match self.proof {
            Proof::Password => self.by_password(auth, line, call, recorder)?,
            Proof::LoggedOn => self.by_system(line, call, recorder)?,
        };
        self.forgets = answer.forgets && self.proof == Proof::LoggedOn;
        Ok(())
    }

    fn by_password(&mut self, auth: &Auth, line: &mut dyn Line, call: &Call, recorder: &mut Recorder) -> Result<Answer, Failed> {
        let mut exchange = Exchange::new(Mechanism::Ntlm, auth, line.endpoint(), line.binding())?.for_service(SERVICE);
        let begin = exchange.respond(&[], call)?;
        let answer = self.ask(&begin, line, call, recorder)?;
        if answer.status != 401 {
            // Open to all.
            return Ok(answer);
        }
        let challenge = self.challenge(&answer)?;
        if line.number().is_none() {
            return Err(Failed::Other(refusal::not_kept(self.mechanism())));
        }
        let proof = exchange.respond(&challenge, call)?;
        let answer = self.ask(&proof, line, call, recorder).map_err(|error| closed(error, self.mechanism()))?;
        if answer.status == 401 {
            return Err(Failed::Other(self.refusal(&answer, line)));
        }
        Ok(answer)
    }

    fn by_system(&mut self, line: &mut dyn Line, call: &Call, recorder: &mut Recorder) -> Result<Answer, Failed> {
        let mut user = self.logged_on(line);
        let mut message = user.step(&[], call)?.message;
        for round in 0..ROUNDS {
            let answer = self.ask(&message, line, call, recorder)?;
            if answer.status != 401 {
                self.prove_server(&mut user, &answer, call)?;
                return Ok(answer);
            }
            let challenge = match self.challenge(&answer) {
                Ok(challenge) => challenge,
                // The scheme is there, and no further message: this is the verdict.
                Err(Failed::Other(_)) => return Err(Failed::Other(self.refusal(&answer, line))),
                Err(Failed::NotOffered(offer)) if round == 0 => return Err(Failed::NotOffered(offer)),
                Err(Failed::NotOffered(_)) => return Err(Failed::Other(self.refusal(&answer, line))),
            };
            if line.number().is_none() {
                return Err(Failed::Other(refusal::not_kept(self.mechanism())));
            }
            message = user.step(&challenge, call)?.message;
        }
        Err(Failed::Other(Error::new(Status::Protocol, "auth.unexpected_challenge").stage(Stage::Login)))
    }

    fn ask(&self, message: &Zeroizing<Vec<u8>>, line: &mut dyn Line, call: &Call, recorder: &mut Recorder) -> Result<Answer, Error> {
        line.ask(Some(&self.scheme.show(message)), call, recorder)
    }

    /// The server's message in a 401.
    fn challenge(&self, answer: &Answer) -> Result<Vec<u8>, Failed> {
        let offer = Offer::of(&answer.offered);
        match offer.message(self.scheme.name()) {
            Some(message) => STANDARD.decode(message).map_err(|_| Failed::Other(malformed())),
            None if offer.has(self.scheme.name()) => Err(Failed::Other(malformed())),
            None => Err(Failed::NotOffered(offer)),
        }
    }

    /// The server's proof, which a ticket has it give; a server that gives none is known by its certificate alone.
    fn prove_server(&self, user: &mut LoggedOn, answer: &Answer, call: &Call) -> Result<(), Error> {
        let offer = Offer::of(&answer.offered);
        let Some(message) = offer.message(self.scheme.name()) else { return Ok(()) };
        let message = STANDARD.decode(message).map_err(|_| malformed())?;
        if user.is_complete() {
            return Ok(());
        }
        let reply = user.step(&message, call)?;
        if reply.is_complete { Ok(()) } else { Err(Error::new(Status::Auth, "auth.server_unproven").stage(Stage::Login)) }
    }

    fn refusal(&self, answer: &Answer, line: &dyn Line) -> Error {
        match self.proof {
            Proof::Password => refusal::password(self.mechanism(), answer.is_bare, line.binding().is_some()),
            Proof::LoggedOn => refusal::ticket(self.mechanism()),
        }
    }

    fn logged_on(&self, line: &dyn Line) -> LoggedOn {
        #[cfg(windows)]
        let package = if self.scheme == Scheme::Ntlm { Package::Ntlm } else { Package::Negotiate };
        #[cfg(not(windows))]
        let package = Package::Negotiate;
        let mut user = LoggedOn::new(package, Peer::new(line.endpoint(), line.binding()));
        user.aim(SERVICE);
        user
    }
}

fn malformed() -> Error {
    Error::new(Status::Protocol, "auth.challenge_malformed").stage(Stage::Login)
}

/// A server that closes the connection before its verdict: something between does not keep connections apart.
fn closed(error: Error, mechanism: &str) -> Error {
    if error.status == Status::Network { refusal::not_kept(mechanism).detail(error.code.as_str()) } else { error }
}
