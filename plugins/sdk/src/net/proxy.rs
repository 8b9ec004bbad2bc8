//! Connections through a proxy: SOCKS5 (RFC 1928, RFC 1929) and HTTP CONNECT (RFC 9110, section 9.3.6).

use super::{Stream, Target};
use crate::settings::{Endpoint, Server};
use crate::{Call, Error, Reply, Secret, Stage, Status};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// How many header lines a proxy may send.
const MOST_HEADERS: usize = 100;

/// A proxy, as `server.proxy` names it.
pub(super) struct Proxy {
    kind: Kind,
    /// Where the proxy is.
    pub(super) endpoint: Endpoint,
    user: String,
    password: Secret,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Socks5,
    Http,
}

impl Proxy {
    /// Reads `socks5://[user:password@]host:port` or `http://…`, where user and password may be percent-encoded. `pointer` is the
    /// setting that the URL stands in.
    pub(super) fn parse(url: &str, pointer: &str) -> Result<Proxy, Error> {
        let invalid = || invalid(pointer);
        let url = url.trim();
        let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
        let kind = match scheme {
            "socks5" => Kind::Socks5,
            "http" => Kind::Http,
            _ => return Err(invalid()),
        };
        let (credentials, place) = rest.rsplit_once('@').map_or(("", rest), |(credentials, place)| (credentials, place));
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let server = Server { host: place.strip_suffix('/').unwrap_or(place).to_owned(), port: None, timeout_seconds: 0, proxy: None };
        // Port 0 cannot be written, so it stands for "none given".
        let endpoint = server.endpoint(0).ok().filter(|endpoint| endpoint.port != 0).ok_or_else(invalid)?;
        let (user, password) = (decoded(user).ok_or_else(invalid)?, Secret::new(decoded(password).ok_or_else(invalid)?));
        // The length of either is one byte in RFC 1929; a colon in the user name would move the border in RFC 7617.
        let is_possible = match kind {
            Kind::Socks5 => user.len() <= 255 && password.reveal().len() <= 255,
            Kind::Http => !user.contains(':'),
        };
        if is_possible { Ok(Proxy { kind, endpoint, user, password }) } else { Err(invalid()) }
    }

    /// The scheme, for the report.
    pub(super) fn scheme(&self) -> &'static str {
        match self.kind {
            Kind::Socks5 => "socks5",
            Kind::Http => "http",
        }
    }

    /// Asks the proxy on the other end of `stream` for a connection to `target`, whose name the proxy looks up.
    pub(super) fn open(&self, stream: &mut Stream, target: &Target, call: &Call) -> Result<(), Error> {
        stream.transcript().hide(&self.password);
        let result = match self.kind {
            Kind::Socks5 => self.socks5(stream, target, call),
            Kind::Http => self.http(stream, &target.endpoint, call),
        };
        let name = |error: Error| {
            let error = error.stage(Stage::Proxy).arg("proxy", self.endpoint.host.as_str()).arg("proxy_port", self.endpoint.port);
            error.arg("host", target.endpoint.host.as_str()).arg("port", target.endpoint.port)
        };
        result.map_err(|error| if error.code.starts_with("proxy.") { name(error) } else { error.stage(Stage::Proxy) })
    }

    fn socks5(&self, stream: &mut Stream, target: &Target, call: &Call) -> Result<(), Error> {
        let (target, pointer) = (&target.endpoint, target.at.host);
        const NO_PASSWORD: u8 = 0;
        const PASSWORD: u8 = 2;
        let has_user = !self.user.is_empty();
        let greeting: &[u8] = if has_user { &[5, 2, NO_PASSWORD, PASSWORD] } else { &[5, 1, NO_PASSWORD] };
        stream.write_secret(greeting, "[SOCKS5 greeting]", call)?;
        match exactly(stream, call)? {
            [5, NO_PASSWORD] => {}
            [5, PASSWORD] if has_user => self.socks5_login(stream, call)?,
            [5, 255] => return Err(Error::new(Status::Auth, if has_user { "proxy.auth_refused" } else { "proxy.auth_required" })),
            answer => return Err(nonsense(&format!("greeting answered with {answer:?}"))),
        }
        let mut request = vec![5, 1, 0];
        match target.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => {
                request.push(1);
                request.extend(address.octets());
            }
            Ok(IpAddr::V6(address)) => {
                request.push(4);
                request.extend(address.octets());
            }
            Err(_) => {
                let length = u8::try_from(target.host.len());
                let code = "settings.host_invalid";
                request.extend([3, length.map_err(|_| Error::new(Status::Settings, code).at(pointer, code))?]);
                request.extend(target.host.as_bytes());
            }
        }
        request.extend(target.port.to_be_bytes());
        stream.write_secret(&request, &format!("[SOCKS5 connect to {}:{}]", target.host, target.port), call)?;
        let [version, answer] = exactly(stream, call)?;
        if version != 5 {
            return Err(nonsense(&format!("connect answered with version {version}")));
        }
        let reply = || Reply { code: answer.into(), enhanced: None, text: String::new() };
        match answer {
            0 => {}
            2 => return Err(Error::new(Status::Refused, "proxy.forbidden").server(reply())),
            3 | 4 | 6 => return Err(Error::new(Status::Network, "proxy.server_unreachable").server(reply())),
            5 => return Err(Error::new(Status::Network, "proxy.server_refused").server(reply())),
            _ => return Err(Error::new(Status::Network, "proxy.refused").server(reply())),
        }
        // The address that the proxy connected from; of no use to us, but it stands before the server's first words.
        let [_, kind] = exactly(stream, call)?;
        let mut length = match kind {
            1 => 4,
            4 => 16,
            3 => exactly::<1>(stream, call)?[0].into(),
            _ => return Err(nonsense(&format!("address of kind {kind}"))),
        };
        length += 2;
        for _ in 0..length {
            exactly::<1>(stream, call)?;
        }
        Ok(())
    }

    fn socks5_login(&self, stream: &mut Stream, call: &Call) -> Result<(), Error> {
        let (user, password) = (self.user.as_bytes(), self.password.reveal().as_bytes());
        let mut request = Zeroizing::new(Vec::with_capacity(3 + user.len() + password.len()));
        for text in [user, password] {
            request.push(text.len() as u8); // At most 255 by `parse`.
            request.extend_from_slice(text);
        }
        request.insert(0, 1);
        stream.write_secret(&request, "[SOCKS5 login] ***", call)?;
        match exactly(stream, call)? {
            [_, 0] => Ok(()),
            _ => Err(Error::new(Status::Auth, "proxy.auth_refused")),
        }
    }

    fn http(&self, stream: &mut Stream, target: &Endpoint, call: &Call) -> Result<(), Error> {
        let place = if target.host.contains(':') {
            format!("[{}]:{}", target.host, target.port)
        } else {
            format!("{}:{}", target.host, target.port)
        };
        let head = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
        if self.user.is_empty() {
            stream.write(format!("{head}\r\n").as_bytes(), call)?;
        } else {
            let pair = Zeroizing::new(format!("{}:{}", self.user, self.password.reveal()));
            let pair = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
            let request = Zeroizing::new(format!("{head}Proxy-Authorization: Basic {}\r\n\r\n", pair.as_str()));
            stream.write_secret(request.as_bytes(), &format!("CONNECT {place} HTTP/1.1 [Proxy-Authorization: Basic ***]"), call)?;
        }
        // Interim answers (1xx) may come first; a proxy that sends many has nothing else to say.
        for _ in 0..5 {
            let (code, text) = status_line(stream, call)?;
            headers(stream, call)?;
            let error = match code {
                100..=199 => continue,
                200..=299 => return Ok(()),
                407 if self.user.is_empty() => Error::new(Status::Auth, "proxy.auth_required"),
                407 => Error::new(Status::Auth, "proxy.auth_refused"),
                403 => Error::new(Status::Refused, "proxy.forbidden"),
                502..=504 => Error::new(Status::Network, "proxy.server_unreachable"),
                _ => Error::new(Status::Network, "proxy.refused"),
            };
            return Err(error.server(Reply { code, enhanced: None, text }));
        }
        Err(nonsense("nothing but interim answers"))
    }
}

/// Reads `HTTP/1.1 200 text`.
fn status_line(stream: &mut Stream, call: &Call) -> Result<(u16, String), Error> {
    let line = stream.read_line(call)?.to_vec();
    let line = stream.transcript().clean(&line);
    let mut parts = line.splitn(3, ' ');
    let is_http = parts.next().is_some_and(|version| version.starts_with("HTTP/1."));
    match parts.next().and_then(|code| code.parse().ok()) {
        Some(code) if is_http => Ok((code, parts.next().unwrap_or_default().to_owned())),
        _ => Err(nonsense(&line)),
    }
}

fn headers(stream: &mut Stream, call: &Call) -> Result<(), Error> {
    for _ in 0..MOST_HEADERS {
        if stream.read_line(call)?.is_empty() {
            return Ok(());
        }
    }
    Err(nonsense("too many header lines"))
}

fn exactly<const N: usize>(stream: &mut Stream, call: &Call) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    let mut done = 0;
    while done < N {
        match stream.read(&mut bytes[done..], call)? {
            0 => return Err(stream.ended()),
            read => done += read,
        }
    }
    Ok(bytes)
}

fn nonsense(detail: &str) -> Error {
    Error::new(Status::Protocol, "proxy.protocol").detail(detail)
}

fn invalid(pointer: &str) -> Error {
    Error::new(Status::Settings, "settings.proxy_invalid").stage(Stage::Settings).at(pointer, "settings.proxy_invalid")
}

/// Undoes percent-encoding. Control characters have no business in a name or password of a proxy.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok())?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_from_its_url() {
        let proxy = Proxy::parse("socks5://anna:p%40ss%3Aword@proxy.example.com:9050", "/server/proxy").unwrap();
        assert_eq!((proxy.scheme(), proxy.endpoint.host.as_str(), proxy.endpoint.port), ("socks5", "proxy.example.com", 9050));
        assert_eq!((proxy.user.as_str(), proxy.password.reveal()), ("anna", "p@ss:word"));
        let proxy = Proxy::parse("http://[2001:db8::1]:8080/", "/server/proxy").unwrap();
        assert_eq!((proxy.scheme(), proxy.endpoint.host.as_str(), proxy.endpoint.port), ("http", "2001:db8::1", 8080));
        assert!(proxy.user.is_empty());
    }

    #[test]
    fn what_is_no_proxy_is_refused_with_its_place_and_without_its_password() {
        let long = format!("socks5://{}:x@h:1", "u".repeat(256));
        for url in [
            "",
            "proxy",
            "ftp://h",
            "socks4://h",
            "http://",
            "http://h:0",
            "http://u%0d%0a:p@h:1",
            "http://u%zz:p@h:1",
            "http://u%3ax:hush@h:1",
            &long,
        ] {
            let Err(error) = Proxy::parse(url, "/server/proxy") else { panic!("{url} was taken") };
            assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Settings, "/server/proxy"));
            assert!(!format!("{error:?}").contains("hush"));
        }
    }
}
