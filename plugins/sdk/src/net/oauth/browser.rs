//! The way back of a browser: a small web server on this machine that waits for one request (RFC 8252, section 7.3).

use super::form::parameter;
use super::pending::Browser;
use crate::{Call, Error, Stage, Status};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The longest head of a request that is read.
const HEAD: usize = 32 * 1024;

/// How many connections may be open: browsers open some that they do not use.
const CONNECTIONS: usize = 16;

/// How long a connection may take to say something.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the loop rests when nothing has come.
const REST: Duration = Duration::from_millis(20);

/// What the person sees at the end. The browser's language is not the host's, so all of ours are there.
const PAGE: &str = "<!DOCTYPE html><meta charset=\"utf-8\"><title>Postkontor</title><body style=\"font:16px sans-serif;margin:3em\">\
<p>You can close this window and go back to the program.</p>\
<p lang=\"de\">Sie können dieses Fenster schließen und zum Programm zurückkehren.</p>\
<p lang=\"sl\">To okno lahko zaprete in se vrnete v program.</p>";

/// What the browser has brought back.
pub(super) enum Returned {
    /// The code that a token is issued for.
    Code(String),
    /// The provider's word for why there is none, and its sentence.
    Refused(String, String),
}

/// A connection that has not said all of its request.
struct Visitor {
    stream: TcpStream,
    head: Vec<u8>,
    since: Instant,
}

/// Waits for the browser. Requests that do not bring back what this consent was begun with get an answer and change nothing.
pub(super) fn wait(browser: &Browser, call: &Call) -> Result<Returned, Error> {
    let mut visitors: Vec<Visitor> = Vec::new();
    loop {
        call.check()?;
        if Instant::now() >= browser.end {
            return Err(Error::new(Status::Auth, "oauth.code_expired").stage(Stage::Token));
        }
        for listener in &browser.listeners {
            // Other errors are those of one visitor, who comes again.
            if let Ok((stream, _)) = listener.accept()
                && visitors.len() < CONNECTIONS
                && stream.set_nonblocking(true).is_ok()
            {
                visitors.push(Visitor { stream, head: Vec::new(), since: Instant::now() });
            }
        }
        let mut index = 0;
        while index < visitors.len() {
            match visitors[index].listen() {
                Heard::Nothing => index += 1,
                Heard::End => drop(visitors.swap_remove(index)),
                Heard::Request => {
                    let visitor = visitors.swap_remove(index);
                    let returned = read(&visitor.head, &browser.state);
                    visitor.answer(returned.is_some());
                    if let Some(returned) = returned {
                        return Ok(returned);
                    }
                }
            }
        }
        std::thread::sleep(REST.min(call.slice()));
    }
}

/// What came from a visitor.
enum Heard {
    Nothing,
    /// The head of a request is whole.
    Request,
    /// The visitor has gone, says too much, or takes too long.
    End,
}

impl Visitor {
    fn listen(&mut self) -> Heard {
        let mut block = [0; 4096];
        match self.stream.read(&mut block) {
            Ok(0) => Heard::End,
            Ok(length) => {
                self.head.extend_from_slice(&block[..length]);
                match self.head.windows(4).any(|end| end == b"\r\n\r\n") {
                    true => Heard::Request,
                    false if self.head.len() > HEAD => Heard::End,
                    false => Heard::Nothing,
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                if self.since.elapsed() > PATIENCE {
                    Heard::End
                } else {
                    Heard::Nothing
                }
            }
            Err(_) => Heard::End,
        }
    }

    /// The consent is known already: an answer that does not arrive changes nothing.
    fn answer(mut self, is_expected: bool) {
        let (status, page) = if is_expected { ("200 OK", PAGE) } else { ("404 Not Found", "") };
        let fields =
            "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close";
        let answer = format!("HTTP/1.1 {status}\r\n{fields}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        let sent = self.stream.set_nonblocking(false).and_then(|()| self.stream.set_write_timeout(Some(Duration::from_secs(1))));
        drop(sent.and_then(|()| self.stream.write_all(answer.as_bytes())));
    }
}

/// What a request brings back; `None` where it is not the one that is waited for.
fn read(head: &[u8], state: &str) -> Option<Returned> {
    let line = std::str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    let (path, query) = target.split_once('?')?;
    if path != "/" || parameter(query, "state")? != state {
        return None;
    }
    if let Some(error) = parameter(query, "error") {
        return Some(Returned::Refused(error, parameter(query, "error_description").unwrap_or_default()));
    }
    let code = parameter(query, "code").filter(|code| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_graphic()))?;
    Some(Returned::Code(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(seconds: u64) -> Call<'static> {
        Call::new(&(), Instant::now() + Duration::from_secs(seconds))
    }

    fn visit(browser: &Browser, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(browser.listeners[0].local_addr().unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn answer(mut stream: TcpStream) -> String {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn only_the_request_that_knows_the_state_ends_the_wait() {
        let browser = Browser::listen(None, true).unwrap();
        let silent = visit(&browser, "");
        let strangers = [
            "GET /?code=evil&state=guessed HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            "GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            "\x16\x03\x01\r\n\r\n".to_owned(),
            format!("POST /?code=evil&state={} HTTP/1.1\r\n\r\n", browser.state),
            format!("GET /other?code=evil&state={} HTTP/1.1\r\n\r\n", browser.state),
            format!("GET /?code=a%0d%0ab&state={} HTTP/1.1\r\n\r\n", browser.state),
        ];
        let strangers = strangers.map(|request| visit(&browser, &request));
        let waiting = std::thread::spawn({
            let request = format!("GET /?code=4%2F0A&state={} HTTP/1.1\r\nHost: localhost\r\n\r\n", browser.state);
            let address = browser.listeners[0].local_addr().unwrap();
            move || {
                let answers = strangers.map(answer);
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(request.as_bytes()).unwrap();
                (answers, answer(stream))
            }
        });
        let returned = wait(&browser, &call(30)).unwrap();
        assert!(matches!(returned, Returned::Code(code) if code == "4/0A"));
        let (refused, accepted) = waiting.join().unwrap();
        assert!(refused.iter().all(|answer| answer.starts_with("HTTP/1.1 404 ")), "{refused:?}");
        assert!(accepted.starts_with("HTTP/1.1 200 ") && accepted.contains("Fenster"));
        drop(silent);
    }

    #[test]
    fn a_refusal_comes_back_with_its_reason() {
        let head = b"GET /?error=access_denied&error_description=The+user%20said+no&state=s HTTP/1.1\r\n\r\n";
        let Some(Returned::Refused(word, text)) = read(head, "s") else { panic!("no refusal") };
        assert_eq!((word.as_str(), text.as_str()), ("access_denied", "The user said no"));
        assert!(read(head, "t").is_none());
    }

    #[test]
    fn a_browser_that_never_comes_is_waited_for_until_the_deadline() {
        let browser = Browser::listen(None, false).unwrap();
        let call = Call::new(&(), Instant::now() + Duration::from_millis(60));
        assert_eq!(wait(&browser, &call).err().map(|error| error.status), Some(Status::Timeout));
    }

    #[test]
    fn an_endless_request_is_dropped() {
        let browser = Browser::listen(None, false).unwrap();
        let mut visitor = Visitor { stream: visit(&browser, ""), head: vec![b'x'; HEAD], since: Instant::now() };
        let (mut other, _) = loop {
            if let Ok(accepted) = browser.listeners[0].accept() {
                break accepted;
            }
        };
        other.write_all(&[b'x'; 100]).unwrap();
        assert!(matches!(visitor.listen(), Heard::End));
    }
}
