//! How a stream comes to be: connecting, securing, compressing.

use super::{BUFFER, Channel, LINE, Stream};
use crate::net::connect::{Undialled, dial};
use crate::net::deflate::Deflate;
#[cfg(feature = "testing")]
use crate::net::memory;
use crate::net::proxy::Proxy;
use crate::net::resolve::resolve;
use crate::net::socket::Socket;
use crate::net::tls::Handshake;
use crate::net::{Recorder, Target, Transcript};
use crate::settings::{Endpoint, Server, Tls};
use crate::{Call, Error, Level, Stage, Status, Step, StepStatus};
use std::time::{Duration, Instant};

impl Stream {
    /// Connects to the server, through the proxy that the settings name.
    ///
    /// Pushes the steps `proxy`, `resolve` and `connect`, the last for each address that was tried. Of an error in vain
    /// attempts only the most telling is returned. A recorder that is on also enables the transcript.
    pub fn connect(server: &Server, default_port: u16, call: &Call, recorder: &mut Recorder) -> Result<Stream, Error> {
        Stream::reach(&server.target(default_port)?, call, recorder)
    }

    /// The same for a target that comes from other settings than the group `server`.
    pub fn reach(target: &Target, call: &Call, recorder: &mut Recorder) -> Result<Stream, Error> {
        #[cfg(feature = "testing")]
        if let Some(answer) = memory::connect(&target.endpoint) {
            return Stream::reach_in_memory(answer, target, call, recorder);
        }
        match target.proxy() {
            Some(url) => Stream::reach_through(&Proxy::parse(url, target.at.proxy)?, target, call, recorder),
            None => Stream::reach_directly(target, call, recorder),
        }
    }

    /// Within the process there is neither a name to look up nor a way to go.
    #[cfg(feature = "testing")]
    fn reach_in_memory(answer: Option<memory::End>, target: &Target, call: &Call, recorder: &mut Recorder) -> Result<Stream, Error> {
        recorder.push(Step::skipped(Stage::Proxy));
        recorder.push(Step::skipped(Stage::Resolve));
        let Target { endpoint, idle, .. } = target.clone();
        let refused = || Error::new(Status::Network, "net.refused").stage(Stage::Connect);
        let answer = answer.ok_or_else(|| refused().arg("host", endpoint.host.as_str()).arg("port", endpoint.port))?;
        recorder.note(Step::ok(Stage::Connect).fact("host", endpoint.host.as_str()).fact("port", endpoint.port), call);
        Ok(Stream::new(Socket::in_memory(answer), endpoint, idle, recorder))
    }

    fn reach_directly(target: &Target, call: &Call, recorder: &mut Recorder) -> Result<Stream, Error> {
        recorder.push(Step::skipped(Stage::Proxy));
        let (endpoint, idle) = (target.endpoint.clone(), target.idle);
        let addresses = resolve(&endpoint, target.at.host, call)?;
        let found: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
        recorder.push(Step::ok(Stage::Resolve).fact("host", endpoint.host.as_str()).fact("addresses", found));
        let dialled = dial(&endpoint, &addresses, idle, call).map_err(|Undialled { error, others }| {
            others.iter().for_each(|error| recorder.note(Step::fail(Stage::Connect, error), call));
            error
        })?;
        for error in &dialled.failed {
            recorder.note(Step { status: StepStatus::Warn, status_number: 0, ..Step::fail(Stage::Connect, error) }, call);
        }
        let step = Step::ok(Stage::Connect).fact("host", endpoint.host.as_str()).fact("port", endpoint.port);
        recorder.note(step.fact("address", dialled.address.ip().to_string()), call);
        Ok(Stream::new(Socket::new(dialled.tcp), endpoint, idle, recorder))
    }

    fn reach_through(proxy: &Proxy, target: &Target, call: &Call, recorder: &mut Recorder) -> Result<Stream, Error> {
        let (endpoint, idle) = (target.endpoint.clone(), target.idle);
        let at_proxy = |error: Error| error.stage(Stage::Proxy).arg("host", proxy.endpoint.host.as_str()).arg("port", proxy.endpoint.port);
        let addresses = resolve(&proxy.endpoint, target.at.proxy, call).map_err(at_proxy)?;
        let dialled = dial(&proxy.endpoint, &addresses, idle, call).map_err(|undialled| at_proxy(undialled.error))?;
        let step = Step::ok(Stage::Proxy).fact("kind", proxy.scheme()).fact("host", proxy.endpoint.host.as_str());
        let step = step.fact("port", proxy.endpoint.port).fact("address", dialled.address.ip().to_string());
        let mut stream = Stream::new(Socket::new(dialled.tcp), proxy.endpoint.clone(), idle, recorder);
        proxy.open(&mut stream, target, call)?;
        recorder.note(step, call);
        recorder.push(Step::skipped(Stage::Resolve));
        recorder.note(Step::ok(Stage::Connect).fact("host", endpoint.host.as_str()).fact("port", endpoint.port).fact("proxy", true), call);
        stream.endpoint = endpoint;
        Ok(stream)
    }

    fn new(socket: Socket, endpoint: Endpoint, idle: Duration, recorder: &Recorder) -> Stream {
        let mut stream = Stream {
            local: socket.local_address(),
            channel: Channel::Plain(socket),
            deflate: None,
            endpoint,
            idle,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            line_limit: LINE,
            is_bare: false,
            awaits: false,
            arrived: 0,
            is_verified: false,
            certificate: None,
            written: 0,
            transcript: Transcript::default(),
        };
        if recorder.keeps_dialogue() {
            stream.transcript.enable();
        }
        stream
    }

    /// Secures the connection, whether from the first byte or after the server has agreed to STARTTLS.
    ///
    /// Bytes that arrived before TLS are an attack (injected clear text that would pass for secure replies), so the session
    /// is dead then, as it is after every other error here. Pushes the step `tls`; a certificate that would be
    /// refused, were it not for `verify: false`, makes that step a warning. With a pin the server's own certificate must
    /// be that one; with `verify: true` it must be good beside that, with `verify: false` the pin alone decides.
    pub fn secure(&mut self, tls: &Tls, call: &Call, recorder: &mut Recorder) -> Result<(), Error> {
        let channel = std::mem::replace(&mut self.channel, Channel::Closed);
        let injected = self.pending() as u64;
        self.start = self.end;
        if injected > 0 {
            let code = "tls.injected_plaintext";
            return Err(self.facts(Error::new(Status::Protocol, code).stage(Stage::Tls).arg("bytes", injected)));
        }
        let Channel::Plain(socket) = channel else {
            return Err(self.facts(Error::new(Status::Internal, "tls.handshake_failed").stage(Stage::Tls).detail("not a plain connection")));
        };
        #[cfg(feature = "testing")]
        let socket = match self.pretend_tls(socket, call, recorder) {
            Ok(result) => return result,
            Err(socket) => socket,
        };
        let endpoint = self.endpoint.clone();
        let mut handshake = Handshake::new(socket, tls, &endpoint)?;
        let until = Instant::now() + self.idle;
        let proof = loop {
            if let Some(proof) = handshake.advance()? {
                break proof;
            }
            if handshake.is_judging() {
                call.check().map_err(|error| self.facts(error).stage(Stage::Tls))?;
                continue;
            }
            let socket = handshake.socket().ok_or_else(|| self.facts(Error::new(Status::Internal, "tls.handshake_failed")))?;
            self.wait(socket, socket.blocked(), until, call).map_err(|error| error.stage(Stage::Tls))?;
        };
        if recorder.keeps_steps() || call.logs(Level::Warning) {
            recorder.note(handshake.step(&proof), call);
        }
        self.channel = Channel::Secure(Box::new(handshake.into_engine()));
        self.is_verified = proof.is_verified;
        self.certificate = proof.into_certificate();
        self.awaits = false;
        Ok(())
    }

    /// Takes a connection within the process for secured where its server agrees; gives every other socket back.
    #[cfg(feature = "testing")]
    fn pretend_tls(&mut self, mut socket: Socket, call: &Call, recorder: &mut Recorder) -> Result<Result<(), Error>, Socket> {
        match socket.pretend_tls() {
            None => Err(socket),
            Some(false) => Ok(Err(self.facts(Error::new(Status::Tls, "tls.handshake_closed").stage(Stage::Tls)))),
            Some(true) => {
                self.channel = Channel::Pretended(socket);
                self.is_verified = true;
                recorder.note(Step::ok(Stage::Tls), call);
                Ok(Ok(()))
            }
        }
    }

    /// Whether the server answers a TLS hello, to find out what it waits for. The connection is of no further use.
    pub(in crate::net) fn answers_tls(&mut self, call: &Call) -> Result<bool, Error> {
        let Channel::Plain(socket) = std::mem::replace(&mut self.channel, Channel::Closed) else { return Ok(false) };
        #[cfg(feature = "testing")]
        let Err(socket) = self.pretend_tls(socket, call, &mut Recorder::off()) else { return Ok(false) };
        let (endpoint, any) = (self.endpoint.clone(), Tls { verify: false, ..Tls::default() });
        let mut handshake = Handshake::new(socket, &any, &endpoint)?;
        let until = Instant::now() + self.idle;
        loop {
            let is_over = !matches!(handshake.advance(), Ok(None));
            if is_over || handshake.is_answered() {
                return Ok(handshake.is_answered());
            }
            let Some(socket) = handshake.socket() else { return Ok(false) };
            self.wait(socket, socket.blocked(), until, call)?;
        }
    }

    /// Compresses from now on, in both directions (DEFLATE, RFC 1951 without a frame), after the server has agreed to it. What
    /// has arrived behind its consent is taken for compressed. TLS, where there is any, stays beneath.
    ///
    /// To be called after the login only: how well a text is compressed beside a secret tells something of the secret.
    pub fn compress(&mut self) {
        self.deflate = Some(Box::new(Deflate::new(&self.buffer[self.start..self.end])));
        self.start = self.end;
    }
}
