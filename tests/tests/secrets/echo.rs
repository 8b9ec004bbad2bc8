//! A server that knows every login method, refuses every login (or, at will, accepts it), and repeats what it was sent in every form.

use crate::forms::forms;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postkontor_tests::certificates::{Certificates, Kind};
use postkontor_tests::scripted::Scripted;
use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::TcpStream;

const MECHANISMS: &str = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 NTLM XOAUTH2 OAUTHBEARER EXTERNAL";

/// The protocol of an echo server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Smtp,
    Pop3,
    Imap,
    HttpProxy,
    /// A token service and a web service in one, which refuses every request but that for a token.
    Http,
}

/// What an echo server is like.
#[derive(Clone, Debug)]
struct Manner {
    protocol: Protocol,
    forms: Vec<Vec<u8>>,
    late: bool,
    repeats: bool,
    /// The access token that it gives.
    token: String,
    /// Whether it speaks TLS from the first byte, with the good certificate of this process.
    tls: bool,
}

/// Starts one. `late`: it accepts every login, and refuses what comes next.
pub(crate) fn start(protocol: Protocol, secret: &str, late: bool) -> u16 {
    serve(Manner { protocol, forms: forms(secret), late, repeats: true, token: "t0".to_owned(), tls: false })
}

/// Starts one that accepts every login and repeats nothing; who asks for a token is given this one.
pub(crate) fn quiet(protocol: Protocol, token: &str, tls: bool) -> u16 {
    serve(Manner { protocol, forms: Vec::new(), late: true, repeats: false, token: token.to_owned(), tls })
}

/// A connection, with TLS or without.
trait Line: Read + Write {}

impl<T: Read + Write> Line for T {}

fn serve(manner: Manner) -> u16 {
    let good = Certificates::shared().unwrap().server(Kind::Good).acceptor(None, None).unwrap().build();
    let script = move |stream: TcpStream| {
        let line: Box<dyn Line> = if manner.tls { Box::new(good.accept(stream).map_err(Error::other)?) } else { Box::new(stream) };
        let Manner { protocol, late, .. } = manner;
        let mut talk = Talk { line: BufReader::new(line), said: Vec::new(), manner: manner.clone() };
        match protocol {
            Protocol::Smtp => talk.smtp(late),
            Protocol::Pop3 => talk.pop3(late),
            Protocol::Imap => talk.imap(late),
            Protocol::HttpProxy => talk.http_proxy(),
            Protocol::Http => talk.http(),
        }
    };
    Scripted::start(script).unwrap().port
}

struct Talk {
    line: BufReader<Box<dyn Line>>,
    /// What the client has said of itself.
    said: Vec<Vec<u8>>,
    manner: Manner,
}

impl Talk {
    fn say(&mut self, line: &[u8]) -> Result<()> {
        self.line.get_mut().write_all(&[line, b"\r\n"].concat())
    }

    fn hear(&mut self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        if self.line.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_ascii_end().to_vec())
    }

    /// Every form, and what was heard: whole, in pieces, in capitals.
    fn echoes(&self) -> Vec<Vec<u8>> {
        if !self.manner.repeats {
            return Vec::new();
        }
        let heard = self.said.iter().filter(|said| said.len() > 12);
        let pieces =
            heard.flat_map(|said| [said.clone(), said[..said.len() * 3 / 4].to_vec(), said[said.len() / 4..].to_ascii_uppercase()]);
        self.manner.forms.iter().cloned().chain(pieces).collect()
    }

    /// The same in one line.
    fn echo(&self) -> Vec<u8> {
        self.echoes().join(&b" (or) "[..])
    }

    /// Asks what the mechanism asks; `before` stands in front of each question.
    fn sasl(&mut self, words: &[u8], before: &[u8]) -> Result<()> {
        let mut words = words.split(|byte| *byte == b' ');
        let mechanism = String::from_utf8_lossy(words.next().unwrap_or_default()).to_uppercase();
        let mut heard = words.next().map(<[u8]>::to_vec);
        let (first, rest): (&[u8], Vec<Vec<u8>>) = match mechanism.as_str() {
            "LOGIN" => (b"VXNlcm5hbWU6", vec![b"UGFzc3dvcmQ6".to_vec()]),
            "CRAM-MD5" => (b"PDE4OTYuNjk3QHBhcnJvdD4=", Vec::new()),
            "DIGEST-MD5" => {
                (b"cmVhbG09InBhcnJvdCIsbm9uY2U9ImFiY2RlZiIscW9wPSJhdXRoIixjaGFyc2V0PXV0Zi04LGFsZ29yaXRobT1tZDUtc2Vzcw==", Vec::new())
            }
            _ => (b"", Vec::new()),
        };
        if heard.is_none() {
            self.say(&[before, first].concat())?;
            heard = Some(self.hear()?);
        }
        self.said.extend(heard.clone());
        for question in rest {
            self.say(&[before, &question].concat())?;
            let answer = self.hear()?;
            self.said.push(answer);
        }
        let further = match mechanism.as_str() {
            "XOAUTH2" | "OAUTHBEARER" => Some(STANDARD.encode([&b"{\"status\":\"401\",\"scope\":\""[..], &self.echo(), b"\"}"].concat())),
            "SCRAM-SHA-1" | "SCRAM-SHA-256" => heard.and_then(|first| {
                let first = String::from_utf8(STANDARD.decode(first).ok()?).ok()?;
                let nonce = first.split("r=").nth(1)?;
                Some(STANDARD.encode(format!("r={nonce}parrot,s=c2FsdHNhbHQ=,i=4096")))
            }),
            _ => None,
        };
        if let Some(further) = further {
            self.say(&[before, further.as_bytes()].concat())?;
            let answer = self.hear()?;
            self.said.push(answer);
        }
        Ok(())
    }

    fn smtp(&mut self, late: bool) -> Result<()> {
        self.say(b"220 echo ESMTP")?;
        loop {
            let line = self.hear()?;
            let word = line.split(|byte| *byte == b' ').next().unwrap_or_default().to_ascii_uppercase();
            match word.as_slice() {
                b"EHLO" => self.say(format!("250-echo\r\n250 AUTH {MECHANISMS}").as_bytes())?,
                b"AUTH" => {
                    self.sasl(&line[5..], b"334 ")?;
                    if late { self.say(b"235 come in")? } else { self.refuse_smtp(535)? }
                }
                b"QUIT" => return self.refuse_smtp(221),
                b"RSET" => self.say(b"250 ok")?,
                _ => self.refuse_smtp(550)?,
            }
        }
    }

    fn refuse_smtp(&mut self, code: u16) -> Result<()> {
        for echo in self.echoes() {
            self.say(&[format!("{code}-5.7.8 no ").as_bytes(), &echo].concat())?;
        }
        self.say(format!("{code} 5.7.8 that was all").as_bytes())
    }

    fn pop3(&mut self, late: bool) -> Result<()> {
        self.say(b"+OK echo <1896.697@echo>")?;
        loop {
            let line = self.hear()?;
            let (word, rest) = line.split_at(line.iter().position(|byte| *byte == b' ').unwrap_or(line.len()));
            let rest = rest.trim_ascii_start().to_vec();
            match word.to_ascii_uppercase().as_slice() {
                b"CAPA" => self.say(format!("+OK\r\nUSER\r\nUIDL\r\nSASL {MECHANISMS}\r\n.").as_bytes())?,
                b"USER" => self.say(b"+OK")?,
                b"AUTH" | b"PASS" | b"APOP" => {
                    if line.starts_with(b"AUTH") {
                        self.sasl(&rest, b"+ ")?;
                    } else {
                        self.said.push(rest);
                    }
                    let answer = if late { b"+OK come in".to_vec() } else { [b"-ERR no ", self.echo().as_slice()].concat() };
                    self.say(&answer)?;
                }
                _ => self.say(&[b"-ERR no ", self.echo().as_slice()].concat())?,
            }
        }
    }

    fn imap(&mut self, late: bool) -> Result<()> {
        self.say(b"* OK echo")?;
        loop {
            let mut line = self.hear()?;
            // A literal waits until it is asked for.
            while let Some(length) = literal(&line) {
                self.say(b"+ go on")?;
                let mut text = vec![0; length];
                self.line.read_exact(&mut text)?;
                self.said.push(text);
                line = [line, b" ".to_vec(), self.hear()?].concat();
            }
            let mut words = line.splitn(3, |byte| *byte == b' ');
            let tag = words.next().unwrap_or_default().to_vec();
            let word = words.next().unwrap_or_default().to_ascii_uppercase();
            let rest = words.next().unwrap_or_default().to_vec();
            let is_login = matches!(word.as_slice(), b"LOGIN" | b"AUTHENTICATE");
            if word == b"AUTHENTICATE" {
                self.sasl(&rest, b"+ ")?;
            } else if is_login {
                self.said.push(rest);
            }
            if word == b"CAPABILITY" {
                let mechanisms: String = MECHANISMS.split(' ').map(|name| format!(" AUTH={name}")).collect();
                self.say(format!("* CAPABILITY IMAP4rev1 SASL-IR{mechanisms}").as_bytes())?;
            }
            let is_fine = word == b"CAPABILITY" || is_login && late;
            let answer = if is_fine { b"OK fine".to_vec() } else { [b"NO ", self.echo().as_slice()].concat() };
            self.say(&[b"* OK [ALERT] ", self.echo().as_slice()].concat())?;
            self.say(&[tag.as_slice(), b" ", &answer].concat())?;
        }
    }

    fn http(&mut self) -> Result<()> {
        loop {
            let (request, mut length, mut line) = (self.hear()?, 0, vec![0]);
            while !line.is_empty() {
                line = self.hear()?;
                let text = String::from_utf8_lossy(&line).to_lowercase();
                length = text.strip_prefix("content-length:").and_then(|length| length.trim().parse().ok()).unwrap_or(length);
            }
            self.line.read_exact(&mut vec![0; length])?;
            let is_token = String::from_utf8_lossy(&request).contains("/token");
            let token = format!(r#"{{"access_token":"{}","token_type":"Bearer","expires_in":3600}}"#, self.manner.token);
            let body = if is_token { token.as_str() } else { "{}" };
            let status = if is_token { "200 OK" } else { "403 Forbidden" };
            // The end of the line belongs to the body.
            self.say(
                format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 2)
                    .as_bytes(),
            )?;
        }
    }

    fn http_proxy(&mut self) -> Result<()> {
        loop {
            let line = self.hear()?;
            if line.is_empty() {
                break;
            }
            self.said.extend(line.rsplit(|byte| *byte == b' ').next().map(<[u8]>::to_vec));
        }
        let echo = self.echo();
        self.say(&[b"HTTP/1.1 407 no ", echo.as_slice()].concat())?;
        self.say(b"Content-Length: 0\r\n")
    }
}

/// The length of a literal at the end of a line.
fn literal(line: &[u8]) -> Option<usize> {
    let line = std::str::from_utf8(line).ok()?;
    line.strip_suffix('}')?.rsplit_once('{')?.1.parse().ok()
}
