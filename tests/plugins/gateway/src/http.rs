//! As much of HTTP/1.1 (RFC 9112) as the service speaks: one request after the other, answers of a known length.

use crate::settings::Settings;
use postkontor_plugin::net::{Recorder, Stream};
use postkontor_plugin::serde_json::{self, Value};
use postkontor_plugin::{Call, Error, Reply, Secret, Stage, Status, Step};

/// The most header fields of an answer.
const FIELDS: usize = 100;

/// The longest JSON of an answer: a list of a hundred thousand messages is shorter.
const JSON: u64 = 32 << 20;

/// The head of a request, and a body that is short.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Behind the service's URL.
    pub(crate) path: &'a str,
    /// Header fields, each with its line end.
    pub(crate) fields: String,
    pub(crate) body: &'a str,
    /// The body as the dialogue shows it.
    pub(crate) shown: &'a str,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Request<'a> {
        Request { method, path, fields: String::new(), body: "", shown: "" }
    }

    /// The same with a body of this type.
    pub(crate) fn with(self, media_type: &str, body: &'a str) -> Request<'a> {
        let fields = format!("Content-Type: {media_type}\r\nContent-Length: {}\r\n", body.len());
        Request { fields, body, shown: body, ..self }
    }
}

/// The head of an answer.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// The bytes of the body.
    pub(crate) length: u64,
    /// The service closes the connection behind it.
    pub(crate) closes: bool,
}

impl Head {
    pub(crate) fn is_ok(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// A connection to the service.
pub(crate) struct Connection {
    stream: Stream,
    host: String,
    path: String,
}

impl Connection {
    pub(crate) fn open(settings: &Settings, call: &Call, recorder: &mut Recorder) -> Result<Connection, Error> {
        let url = settings.url()?;
        let mut stream = Stream::reach(&settings.target()?, call, recorder)?;
        if url.is_secure {
            stream.secure(&settings.tls(), call, recorder)?;
        } else {
            recorder.note(Step::warn(Stage::Tls, "tls.clear_text").pointer("/gateway/url").advice("advice.gateway_https"), call);
        }
        Ok(Connection { stream, host: url.authority.to_owned(), path: url.path.to_owned() })
    }

    /// Takes a secret out of all that the service says.
    pub(crate) fn hide(&mut self, secret: &Secret) {
        self.stream.transcript().hide(secret);
    }

    /// Sends a request, perhaps with a token, which the dialogue does not show.
    pub(crate) fn request(&mut self, request: &Request, token: Option<&Secret>, call: &Call) -> Result<(), Error> {
        let Request { method, path, fields, .. } = request;
        let line = format!("{method} {}{path} HTTP/1.1\r\nHost: {}\r\n", self.path, self.host);
        self.stream.write(line.as_bytes(), call)?;
        if let Some(token) = token {
            self.hide(token);
            let field = format!("Authorization: Bearer {}\r\n", token.reveal());
            self.stream.write_secret(field.as_bytes(), "Authorization: Bearer ***", call)?;
        }
        self.stream.write(format!("{fields}\r\n").as_bytes(), call)?;
        match request.body {
            "" => Ok(()),
            body => self.stream.write_secret(body.as_bytes(), request.shown, call),
        }
    }

    /// Sends a piece of a body whose length is not told before (RFC 9112, section 7.1); an empty one ends it.
    pub(crate) fn chunk(&mut self, data: &[u8], call: &Call) -> Result<(), Error> {
        let chunk = [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
        self.stream.write_body(&chunk, call)
    }

    /// Waits for the head of the next answer.
    pub(crate) fn head(&mut self, call: &Call) -> Result<Head, Error> {
        let malformed = malformed(&self.host);
        let line = self.stream.read_line(call)?;
        let status = line.strip_prefix(b"HTTP/1.1 ").and_then(|rest| std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok());
        let mut head = Head { status: status.ok_or_else(&malformed)?, ..Head::default() };
        // An interim answer has no body, and neither has 204.
        let mut length = matches!(head.status, 100..=199 | 204).then_some(0);
        for _ in 0..FIELDS {
            let line = String::from_utf8_lossy(self.stream.read_line(call)?).into_owned();
            if line.is_empty() {
                head.length = length.ok_or_else(&malformed)?;
                return Ok(head);
            }
            let (name, value) = line.split_once(':').ok_or_else(&malformed)?;
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = Some(value.trim().parse().map_err(|_| malformed())?),
                // Where such a body ends is not known before.
                "transfer-encoding" => return Err(malformed()),
                "connection" => head.closes = value.trim().eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
        Err(malformed())
    }

    /// Reads the body of an answer piece by piece, as it comes.
    pub(crate) fn body(&mut self, head: &Head, call: &Call, mut take: impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        let mut left = head.length;
        while left > 0 {
            let piece = self.stream.peek(call)?;
            let length = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            take(&piece[..length])?;
            self.stream.consume(length);
            left -= length as u64;
        }
        Ok(())
    }

    /// Reads the body of an answer as JSON; nothing where it has none.
    pub(crate) fn json(&mut self, head: &Head, call: &Call) -> Result<Value, Error> {
        let malformed = malformed(&self.host);
        if head.length > JSON {
            return Err(malformed());
        }
        let mut json = Vec::new();
        self.body(head, call, |piece| {
            json.extend_from_slice(piece);
            Ok(())
        })?;
        if json.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&json).map_err(|_| malformed()) }
    }

    /// What the service says of a refusal, in its own words.
    pub(crate) fn reply(&mut self, head: &Head, call: &Call) -> Result<Reply, Error> {
        let body = self.json(head, call)?;
        let text = self.stream.transcript().clean(body["text"].as_str().unwrap_or_default().as_bytes());
        Ok(Reply { code: head.status, enhanced: None, text })
    }

    /// Closes the connection; what was said on it.
    pub(crate) fn close(mut self) -> Vec<String> {
        let said = self.stream.transcript().take();
        self.stream.finish();
        said
    }
}

fn malformed(host: &str) -> impl Fn() -> Error + use<> {
    let error = Error::new(Status::Protocol, "gateway.answer_malformed").arg("host", host);
    move || error.clone()
}
