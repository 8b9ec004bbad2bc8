//! Cookies (RFC 6265), as far as a client of one origin needs them: servers keep their own session in them.

use super::date;
use super::head::Fields;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// How many cookies are kept, and the longest of them.
const MOST: usize = 50;
const LONGEST: usize = 4096;

/// The most that goes out with a request.
const FIELD: usize = 16 * 1024;

/// The cookies of one origin. They go to no other: a client has none.
#[derive(Default)]
pub(super) struct Cookies(Vec<Cookie>);

struct Cookie {
    name: String,
    value: Zeroizing<String>,
    path: String,
    expires: Option<SystemTime>,
}

impl Cookies {
    /// Takes those of an answer to a request for `path`.
    pub(super) fn take(&mut self, fields: &Fields, path: &str, is_secure: bool, now: SystemTime) {
        for field in fields.all("set-cookie") {
            let Some(cookie) = Cookie::read(field, path, is_secure, now) else { continue };
            self.0.retain(|other| (&other.name, &other.path) != (&cookie.name, &cookie.path));
            if !cookie.is_over(now) {
                if self.0.len() == MOST {
                    self.0.remove(0);
                }
                self.0.push(cookie);
            }
        }
    }

    /// The value of the field `Cookie` of a request for `path`; empty where there are none.
    pub(super) fn field(&self, path: &str, now: SystemTime) -> Zeroizing<String> {
        let mut field = Zeroizing::new(String::with_capacity(FIELD));
        for cookie in self.0.iter().filter(|cookie| !cookie.is_over(now) && cookie.is_for(path)) {
            let length = cookie.name.len() + cookie.value.len() + 3;
            if field.len() + length > FIELD {
                break;
            }
            if !field.is_empty() {
                field.push_str("; ");
            }
            field.push_str(&cookie.name);
            field.push('=');
            field.push_str(&cookie.value);
        }
        field
    }
}

impl Cookie {
    fn read(field: &str, request: &str, is_secure: bool, now: SystemTime) -> Option<Cookie> {
        let mut parts = field.split(';').map(str::trim);
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim_end(), value.trim_start());
        let is_writable = |text: &str| text.bytes().all(|byte| byte >= b' ' && byte != 0x7f);
        if name.is_empty() || name.len() + value.len() > LONGEST || !is_writable(name) || !is_writable(value) {
            return None;
        }
        let directory = &request[..request.rfind('/').unwrap_or_default()];
        let directory = if directory.is_empty() { "/" } else { directory };
        let mut cookie =
            Cookie { name: name.to_owned(), value: Zeroizing::new(value.to_owned()), path: directory.to_owned(), expires: None };
        let mut has_age = false;
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            match key.trim().to_ascii_lowercase().as_str() {
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                // It may come over a secured connection only, and go over one only.
                "secure" if !is_secure => return None,
                "max-age" => {
                    let seconds = value.trim().parse::<i64>().ok()?;
                    has_age = true;
                    // No cookie outlives its client by a year.
                    let age = Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(365 * 86_400));
                    cookie.expires = Some(if seconds <= 0 { SystemTime::UNIX_EPOCH } else { now + age });
                }
                "expires" if !has_age => cookie.expires = date::parse(value),
                _ => {}
            }
        }
        Some(cookie)
    }

    fn is_over(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    fn is_for(&self, path: &str) -> bool {
        path.strip_prefix(self.path.as_str()).is_some_and(|rest| rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(lines: &[&str], path: &str) -> String {
        let (mut cookies, now) = (Cookies::default(), SystemTime::now());
        let fields = Fields::from_iter(lines.iter().map(|line| ("Set-Cookie", *line)));
        cookies.take(&fields, "/EWS/Exchange.asmx", true, now);
        cookies.field(path, now).to_string()
    }

    #[test]
    fn cookies_go_where_they_are_for_until_they_are_over() {
        let lines = [
            "a=1",
            "b=2; Path=/",
            "c=3; path=/EWS; Secure; HttpOnly",
            "d=4; Path=/owa",
            "e=5; Max-Age=0",
            "f=6; Max-Age=60",
            "g=7; Expires=Thu, 01 Jan 2015 00:00:00 GMT",
            "h=8; Expires=Thu, 01-Jan-2015 00:00:00 GMT; Max-Age=60",
            "i=; Path=/EWS/",
        ];
        assert_eq!(kept(&lines, "/EWS/Exchange.asmx"), "a=1; b=2; c=3; f=6; h=8; i=");
        assert_eq!(kept(&lines, "/EWSX"), "b=2");
        assert_eq!(kept(&lines, "/owa/x"), "b=2; d=4");
        assert_eq!(kept(&["a=1", "a=2", "b=1; Path=/", "b=; Path=/; Max-Age=-1"], "/EWS/x"), "a=2");
    }

    #[test]
    fn what_is_no_cookie_is_left_out_and_there_is_a_bound() {
        assert_eq!(kept(&["", ";", "=x", "novalue", "a=\u{1}", "b=1; Max-Age=x", &format!("c={}", "x".repeat(5000))], "/EWS/x"), "");
        let many: Vec<String> = (0..1000).map(|number| format!("c{number}={}", "x".repeat(1000))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let field = kept(&many, "/EWS/x");
        assert!(field.len() <= FIELD && field.starts_with("c950="), "{}", field.len());
    }

    #[test]
    fn a_cookie_for_secured_connections_is_not_taken_from_another() {
        let (mut cookies, now) = (Cookies::default(), SystemTime::now());
        cookies.take(&Fields::from_iter([("Set-Cookie", "a=1; Secure"), ("Set-Cookie", "b=2")]), "/", false, now);
        assert_eq!(cookies.field("/", now).as_str(), "b=2");
    }
}
