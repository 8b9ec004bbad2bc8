//! A web service that a test plays: what it answers to each operation, and where it breaks off.

use postkontor_exchange_ews::Ews;
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::testing;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Further fields of the head.
    pub(crate) fields: String,
    pub(crate) body: Vec<u8>,
    /// The connection is closed behind so many bytes of head and body.
    pub(crate) cut: Option<usize>,
}

impl Answer {
    /// An answer of EWS: what stands in the SOAP body.
    pub(crate) fn soap(inner: &str) -> Answer {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>\
             <h:ServerVersionInfo xmlns:h=\"x\" MajorVersion=\"15\"/></s:Header><s:Body>{inner}</s:Body></s:Envelope>"
        );
        Answer { status: 200, fields: "Content-Type: text/xml; charset=utf-8\r\n".to_owned(), body: body.into_bytes(), cut: None }
    }

    /// The response messages of an operation.
    pub(crate) fn messages(operation: &str, messages: &[String]) -> Answer {
        let messages = messages.concat();
        Answer::soap(&format!(
            "<m:{operation}Response xmlns:m=\"m\" xmlns:t=\"t\"><m:ResponseMessages>{messages}</m:ResponseMessages></m:{operation}Response>"
        ))
    }

    /// One success.
    pub(crate) fn success(operation: &str, inner: &str) -> Answer {
        Answer::messages(operation, &[success(operation, inner)])
    }

    /// One refusal.
    pub(crate) fn refusal(operation: &str, code: &str) -> Answer {
        let message = format!(
            "<m:{operation}ResponseMessage ResponseClass=\"Error\"><m:MessageText>No.</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>\
             </m:{operation}ResponseMessage>"
        );
        Answer::messages(operation, &[message])
    }

    pub(crate) fn status(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    /// The whole answer on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} X\r\n{}Content-Length: {}\r\n\r\n", self.status, self.fields, self.body.len()).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// The response message of a success.
pub(crate) fn success(operation: &str, inner: &str) -> String {
    format!(
        "<m:{operation}ResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>{inner}</m:{operation}ResponseMessage>"
    )
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) body: String,
}

/// A server that answers as long as the test runs.
pub(crate) struct Service {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Service {
    /// A server with these answers.
    pub(crate) fn start(answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Service {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (noted, answer) = (Arc::clone(&asked), Arc::new(Mutex::new(answer)));
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                std::thread::spawn(move || serve(connection.unwrap(), &noted, &mut *answer.lock().unwrap()));
            }
        });
        Service { port, asked }
    }

    pub(crate) fn account(&self) -> Ews {
        self.account_with(json!({}))
    }

    /// An account there, with members of the group `exchange`.
    pub(crate) fn account_with(&self, exchange: Value) -> Ews {
        let mut group = json!({"url": format!("http://127.0.0.1:{}/EWS/Exchange.asmx", self.port)});
        group.as_object_mut().unwrap().extend(exchange.as_object().unwrap().clone());
        let auth = json!({"method": "password", "user": "anna@example.com", "password": "geheim", "allow_cleartext": true});
        testing::open(json!({"exchange": group, "auth": auth, "server": {"timeout_seconds": 10}})).unwrap()
    }

    /// The requests so far, and none of them in the next answer.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Answers the requests of one connection. A client that goes away ends it.
fn serve(stream: TcpStream, asked: &Mutex<Vec<Asked>>, answer: &mut dyn FnMut(&Asked) -> Answer) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let answer = answer(&request);
        asked.lock().unwrap().push(request);
        let bytes = answer.bytes();
        let end = answer.cut.unwrap_or(bytes.len());
        if reader.get_mut().write_all(&bytes[..end]).is_err() || answer.cut.is_some() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    let inner = body.split_once("<s:Body><m:").map(|(_, inner)| inner).unwrap_or_default();
    let operation = inner.split([' ', '>', '/']).next().unwrap_or_default().to_owned();
    Some(Asked { operation, body })
}
