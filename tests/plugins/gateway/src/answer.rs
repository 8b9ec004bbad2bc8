//! What the service answers: JSON, where it is as it should be, and its own words, where it is not.

use postkontor_plugin::net::http::Response;
use postkontor_plugin::serde_json::{self, Value};
use postkontor_plugin::{Call, Error, Reply, Status};

/// The longest JSON of an answer: a list of a hundred thousand messages is shorter.
const JSON: u64 = 32 << 20;

/// The JSON of an answer that is as it should be; else an error.
pub(crate) fn value(response: &mut Response<'_>, call: &Call) -> Result<Value, Error> {
    if response.is_success() {
        return json(response, call);
    }
    let (host, reply) = (response.url().host().to_owned(), reply(response, call)?);
    Err(match reply.code {
        429 | 500..=599 => refused(&host, Status::Later, "gateway.later", reply),
        _ => refused(&host, Status::Refused, "gateway.refused", reply),
    })
}

/// What the service says of a refusal.
pub(crate) fn reply(response: &mut Response<'_>, call: &Call) -> Result<Reply, Error> {
    let body = json(response, call)?;
    let text = response.clean(body["text"].as_str().unwrap_or_default().as_bytes());
    Ok(Reply { code: response.status(), enhanced: None, text })
}

pub(crate) fn refused(host: &str, status: Status, code: &str, reply: Reply) -> Error {
    Error::new(status, code).arg("host", host).arg("text", reply.text.as_str()).server(reply)
}

/// What the service says makes no sense.
pub(crate) fn malformed(host: &str) -> Error {
    Error::new(Status::Protocol, "gateway.answer_malformed").arg("host", host)
}

/// The JSON of an answer; nothing where it has none.
fn json(response: &mut Response<'_>, call: &Call) -> Result<Value, Error> {
    let json = response.bytes(JSON, call)?;
    if json.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&json).map_err(|_| malformed(response.url().host())) }
}
