//! Providers that answer what a script has.

use postkontor_plugin::net::oauth::{Audience, Tokens};
use postkontor_plugin::serde_json::{self, Value};
use postkontor_plugin::settings::{Auth, Route, WebTls};
use postkontor_plugin::{Error, Opening};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a provider was asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) path: String,
    /// The form, decoded, in order.
    pub(crate) fields: Vec<(String, String)>,
}

impl Question {
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// A whole answer: JSON with a status.
pub(crate) fn json(status: u16, body: &Value) -> Vec<u8> {
    answer(status, "application/json; charset=utf-8", &body.to_string())
}

/// A whole answer with any body.
pub(crate) fn answer(status: u16, kind: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A provider on a port of its own. Each question gets the answer that `script` has for it, and then the connection ends.
pub(crate) struct Provider {
    pub(crate) port: u16,
    questions: Arc<Mutex<Vec<Question>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    /// `script` gets the question and its number, which begins with 1.
    pub(crate) fn new(mut script: impl FnMut(&Question, usize) -> Vec<u8> + Send + 'static) -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (questions, ends) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (questions, ends) = (questions.clone(), ends.clone());
            move || {
                while !ends.load(Ordering::Relaxed) {
                    let Ok((mut socket, _)) = listener.accept() else {
                        std::thread::sleep(Duration::from_millis(2));
                        continue;
                    };
                    socket.set_nonblocking(false).unwrap();
                    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    let Some(question) = read(&mut socket) else { continue };
                    let number = {
                        let mut questions = questions.lock().unwrap();
                        questions.push(question.clone());
                        questions.len()
                    };
                    // A client may have left meanwhile.
                    let _ = socket.write_all(&script(&question, number));
                }
            }
        });
        Provider { port, questions, ends, thread: Some(thread) }
    }

    /// A provider that issues `token-1`, `token-2` and so on, each for an hour.
    pub(crate) fn issuing() -> Provider {
        Provider::new(|_, number| {
            json(200, &serde_json::json!({"token_type": "Bearer", "expires_in": 3600, "access_token": format!("token-{number}")}))
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it was asked so far.
    pub(crate) fn questions(&self) -> Vec<Question> {
        self.questions.lock().unwrap().clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn read(socket: &mut TcpStream) -> Option<Question> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.to_ascii_lowercase().split_once("\r\ncontent-length: ")?.1.split("\r\n").next()?.parse().ok()?;
    let mut body = vec![0; length];
    socket.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let fields = body.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), decoded(value))).collect();
    Some(Question { path: head.split(' ').nth(1)?.to_owned(), fields })
}

/// A value of a form or a query.
pub(crate) fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

/// The token source of an account with these members of `auth.oauth2`; secrets lie under the names of `secrets`.
pub(crate) fn tokens(oauth2: &Value, secrets: &[(&str, &str)], audience: Audience) -> Result<Tokens, Error> {
    tokens_at(false, oauth2, secrets, audience)
}

/// The same at a host that keeps tokens, or does not.
pub(crate) fn tokens_at(token_cache: bool, oauth2: &Value, secrets: &[(&str, &str)], audience: Audience) -> Result<Tokens, Error> {
    let auth = serde_json::json!({"method": "oauth2", "user": "anna@example.com", "allow_cleartext": true, "oauth2": oauth2});
    let auth: Auth = serde_json::from_value(auth).unwrap();
    let secrets = secrets.iter().map(|(pointer, name)| ((*pointer).to_owned(), (*name).to_owned())).collect();
    let route = Route { timeout_seconds: 10, ..Route::default() };
    Tokens::new(
        &auth,
        &Opening { account: "main".to_owned(), secrets, token_cache, ..Opening::default() },
        &route,
        &WebTls::default(),
        audience,
    )
}

/// Where the settings have the token by which others are got.
pub(crate) const REFRESH: &str = "/auth/oauth2/refresh_token";

/// Client credentials at a provider. Each test has a secret of its own, so that it shares nothing with others.
pub(crate) fn application(provider: &Provider, secret: &str) -> Value {
    serde_json::json!({"provider": "custom", "grant": "client_credentials", "client_id": "app-1", "client_secret": secret,
                       "scope": "mail.all", "token_url": provider.url("/token")})
}

/// A refresh token at a provider.
pub(crate) fn refreshing(provider: &Provider, refresh: &str) -> Value {
    serde_json::json!({"provider": "custom", "grant": "refresh_token", "client_id": "app-1", "refresh_token": refresh,
                       "token_url": provider.url("/token")})
}
