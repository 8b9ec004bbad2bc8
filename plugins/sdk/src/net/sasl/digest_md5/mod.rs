//! DIGEST-MD5 (RFC 2831): a digest of password and challenge, with proof from both sides.
//!
//! Historic since RFC 6331, which counts up why: MD5, and servers that keep what is as good as the password. It is used only where the
//! settings name it, for servers that know nothing better. Nothing is signed or encrypted by it; that is the task of TLS.

mod challenge;

use super::constant_time::equal;
use super::misbehaviour::{unexpected, unproven};
use crate::net::secret_hash;
use crate::settings::Endpoint;
use crate::{Error, Stage, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use challenge::{Challenge, QUALITY};
use md5::Md5;
use zeroize::Zeroizing;

/// Every nonce is used once.
const COUNT: &str = "00000001";

pub(super) struct DigestMd5 {
    user: String,
    password: Zeroizing<String>,
    host: String,
    /// The service that is meant to be reached, such as `imap/mail.example.com`.
    uri: String,
    nonce: String,
    step: Step,
}

enum Step {
    /// The server's challenge is due.
    Start,
    /// The client's proof was sent; the server's, which must be this one, is due.
    Proved { server_proof: Zeroizing<String> },
    /// The server's proof was right.
    Verified,
}

impl DigestMd5 {
    /// `user` is a name, or `name@realm` with one of the realms that the server offers.
    pub(super) fn new(user: &str, password: &str, endpoint: &Endpoint) -> Result<DigestMd5, Error> {
        let mut random = [0; 18];
        getrandom::fill(&mut random)
            .map_err(|error| Error::new(Status::Local, "auth.no_random_numbers").stage(Stage::Login).detail(error.to_string()))?;
        Ok(DigestMd5::with_nonce(user, password, endpoint, STANDARD.encode(random)))
    }

    fn with_nonce(user: &str, password: &str, endpoint: &Endpoint, nonce: String) -> DigestMd5 {
        let password = Zeroizing::new(password.to_owned());
        DigestMd5 { user: user.to_owned(), password, host: endpoint.host.clone(), uri: String::new(), nonce, step: Step::Start }
    }

    /// Takes Windows' name of the service and says IANA's: they differ with SMTP only.
    pub(super) fn aim(&mut self, service: &str) {
        let service = if service == "SMTPSVC" { "smtp".to_owned() } else { service.to_ascii_lowercase() };
        self.uri = format!("{service}/{}", self.host);
    }

    pub(super) fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        match &self.step {
            Step::Start => self.prove(challenge),
            Step::Proved { server_proof } => {
                if !equal(&challenge::server_proof(challenge)?, server_proof.as_bytes()) {
                    return Err(unproven());
                }
                self.step = Step::Verified;
                Ok(Zeroizing::new(Vec::new()))
            }
            Step::Verified => Err(unexpected()),
        }
    }

    pub(super) fn finish(&self) -> Result<(), Error> {
        if matches!(self.step, Step::Verified) { Ok(()) } else { Err(unproven()) }
    }

    fn prove(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let Challenge { realms, nonce, is_utf8 } = Challenge::parse(challenge)?;
        let whole =
            if is_utf8 { self.user.as_bytes().to_vec() } else { latin(&self.user).ok_or_else(|| beyond_latin("/auth/user"))?.to_vec() };
        let (user, realm) = account(&whole, &realms);
        // Even from UTF-8, what Latin-1 has is hashed as Latin-1, each for itself (section 2.1.2.1).
        let hashed_user =
            std::str::from_utf8(user).ok().filter(|_| is_utf8).and_then(latin).unwrap_or_else(|| Zeroizing::new(user.to_vec()));
        let password = match latin(&self.password) {
            Some(password) => password,
            None if is_utf8 => Zeroizing::new(self.password.as_bytes().to_vec()),
            None => return Err(beyond_latin("/auth/password")),
        };

        let secret = hash(&[&hashed_user, realm.unwrap_or_default(), &password]);
        let key = hex(&*hash(&[&*secret, &nonce, self.nonce.as_bytes()]));
        let proof = |verb: &str| {
            let act = hex(&*hash(&[verb.as_bytes(), self.uri.as_bytes()]));
            let [key, count, own, quality, act] = [&*key, COUNT, &self.nonce, QUALITY, &act].map(str::as_bytes);
            hex(&*hash(&[key, &nonce, count, own, quality, act]))
        };
        let ours = proof("AUTHENTICATE");
        let server_proof = proof("");

        let mut response = Zeroizing::new(Vec::with_capacity(2 * challenge.len() + 512));
        if is_utf8 {
            response.extend_from_slice(b"charset=utf-8,");
        }
        quote(&mut response, "username", user);
        if let Some(realm) = realm {
            quote(&mut response, "realm", realm);
        }
        quote(&mut response, "nonce", &nonce);
        response.extend_from_slice(format!("nc={COUNT},").as_bytes());
        quote(&mut response, "cnonce", self.nonce.as_bytes());
        quote(&mut response, "digest-uri", self.uri.as_bytes());
        response.extend_from_slice(format!("response={},qop={QUALITY}", ours.as_str()).as_bytes());
        self.step = Step::Proved { server_proof };
        Ok(response)
    }
}

/// Name and realm to log in with: the realm behind the name where the server offers it, the longest one as a realm may have an "@",
/// too; else the whole name with the first realm, if there is any.
fn account<'a>(user: &'a [u8], realms: &'a [Vec<u8>]) -> (&'a [u8], Option<&'a [u8]>) {
    let named = realms.iter().filter_map(|realm| {
        let name = user.strip_suffix(realm.as_slice())?.strip_suffix(b"@")?;
        (!name.is_empty() && !realm.is_empty()).then_some((name, realm.as_slice()))
    });
    match named.max_by_key(|(_, realm)| realm.len()) {
        Some((name, realm)) => (name, Some(realm)),
        None => (user, realms.first().map(Vec::as_slice)),
    }
}

/// Appends `name="value",`.
fn quote(response: &mut Vec<u8>, name: &str, value: &[u8]) {
    response.extend_from_slice(name.as_bytes());
    response.extend_from_slice(b"=\"");
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            response.push(b'\\');
        }
        response.push(*byte);
    }
    response.extend_from_slice(b"\",");
}

/// MD5 of the parts with colons between them.
fn hash(parts: &[&[u8]]) -> Zeroizing<[u8; 16]> {
    let parts: Vec<&[u8]> = parts.iter().enumerate().flat_map(|(number, part)| [if number > 0 { &b":"[..] } else { b"" }, part]).collect();
    Zeroizing::new(secret_hash::<Md5>(&parts).into())
}

fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]));
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    text.extend(digits);
    text
}

/// The text in Latin-1 (ISO 8859-1), where that has all its characters.
fn latin(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for character in text.chars() {
        bytes.push(u8::try_from(character).ok()?);
    }
    Some(bytes)
}

fn beyond_latin(pointer: &str) -> Error {
    let code = "auth.latin1_only";
    Error::new(Status::Auth, code).stage(Stage::Login).at(pointer, code)
}

#[cfg(test)]
mod tests {
    use super::challenge::LIMIT;
    use super::*;

    /// The example of RFC 2831, section 4, for IMAP.
    const CHALLENGE: &str = r#"realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8"#;
    const RESPONSE: &str = concat!(
        r#"charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk","#,
        r#"digest-uri="imap/elwood.innosoft.com",response=d388dad90d4bbd760a152321f2143af7,qop=auth"#
    );
    const PROOF: &str = "rspauth=ea40f60335c427b5527b84dbabcdfffd";

    fn digest(user: &str, password: &str) -> DigestMd5 {
        let endpoint = Endpoint { host: "elwood.innosoft.com".to_owned(), port: 143 };
        let mut digest = DigestMd5::with_nonce(user, password, &endpoint, "OA6MHXh6VqTrRk".to_owned());
        digest.aim("IMAP");
        digest
    }

    fn respond(digest: &mut DigestMd5, challenge: &str) -> Result<String, Error> {
        digest.respond(challenge.as_bytes()).map(|response| String::from_utf8_lossy(&response).into_owned())
    }

    fn answer(user: &str, challenge: &str) -> String {
        respond(&mut digest(user, "secret"), challenge).unwrap()
    }

    /// The digest in an answer.
    fn proof(answer: &str) -> &str {
        answer.split("response=").nth(1).unwrap().split(',').next().unwrap()
    }

    #[test]
    fn follows_the_example_of_rfc_2831() {
        let mut digest = digest("chris", "secret");
        assert_eq!(respond(&mut digest, CHALLENGE).unwrap(), RESPONSE);
        assert_eq!(respond(&mut digest, PROOF).unwrap(), "");
        digest.finish().unwrap();
        assert_eq!(respond(&mut digest, PROOF).unwrap_err().code, "auth.unexpected_challenge");
    }

    #[test]
    fn success_without_the_servers_proof_is_refused() {
        let mut digest = digest("chris", "secret");
        assert_eq!(digest.finish().unwrap_err().code, "auth.server_unproven");
        respond(&mut digest, CHALLENGE).unwrap();
        assert_eq!(digest.finish().unwrap_err().code, "auth.server_unproven");
        assert_eq!(respond(&mut digest, "rspauth=ea40f60335c427b5527b84dbabcdfffe").unwrap_err().code, "auth.server_unproven");
        assert_eq!(digest.finish().unwrap_err().code, "auth.server_unproven");
    }

    #[test]
    fn whatever_else_comes_for_a_proof_is_malformed() {
        for challenge in ["", "rspauth=", CHALLENGE, &format!("{PROOF},{PROOF}"), &format!("{PROOF}{}", " ".repeat(LIMIT))] {
            let mut digest = digest("chris", "secret");
            respond(&mut digest, CHALLENGE).unwrap();
            assert_eq!(respond(&mut digest, challenge).unwrap_err().code, "auth.challenge_malformed", "{challenge:?}");
            assert!(digest.finish().is_err());
        }
    }

    #[test]
    fn malformed_challenges_are_refused() {
        let long = format!(r#"{CHALLENGE},x="{}""#, "a".repeat(LIMIT));
        for challenge in [
            "",
            ",",
            "nonce",
            "nonce=",
            r#"nonce="#,
            r#"nonce=""#,
            r#"nonce="a\"#,
            r#"=x,nonce="a",algorithm=md5-sess"#,
            r#"nonce="a"algorithm=md5-sess"#,
            r#"nonce="a" algorithm=md5-sess"#,
            r#"algorithm=md5-sess"#,
            r#"nonce="a""#,
            r#"nonce="a",algorithm=md5"#,
            r#"nonce="a",algorithm=md5-sess,charset=latin-1"#,
            "nonce=\"a\u{0}\",algorithm=md5-sess",
            "nonce=\"a\\\u{d}\",algorithm=md5-sess",
            &long,
        ] {
            let refused = respond(&mut digest("chris", "secret"), challenge).unwrap_err();
            assert_eq!(refused.code, "auth.challenge_malformed", "{challenge:?}");
        }
    }

    #[test]
    fn only_realms_may_be_there_twice() {
        for twice in [
            r#"nonce="b""#,
            "NONCE=b",
            r#"qop="auth""#,
            "algorithm=md5-sess",
            "charset=utf-8",
            "stale=true,stale=true",
            "maxbuf=1,maxbuf=2",
        ] {
            let refused = respond(&mut digest("chris", "secret"), &format!("{CHALLENGE},{twice}")).unwrap_err();
            assert_eq!(refused.code, "auth.challenge_malformed", "{twice}");
        }
        assert_eq!(answer("chris", &format!(r#"{CHALLENGE},realm="b",x=1,x=2,stale=true,maxbuf=1"#)), RESPONSE);
    }

    #[test]
    fn no_bytes_of_a_challenge_do_harm() {
        let hostile = [b'"', b'\\', b',', b'=', b' ', 0, 0x80, 0xff];
        for place in 0..CHALLENGE.len() {
            for byte in hostile {
                let mut challenge = CHALLENGE.as_bytes().to_vec();
                challenge[place] = byte;
                let whole = digest("chris", "secret").respond(&challenge);
                let cut = digest("chris", "secret").respond(&challenge[..place]);
                assert!(whole.is_ok() || whole.is_err_and(|error| error.status != Status::Internal));
                assert!(cut.is_ok() || cut.is_err_and(|error| error.status != Status::Internal));
            }
        }
    }

    #[test]
    fn spaces_empty_elements_and_big_letters_are_understood() {
        let challenge =
            r#" , Realm = "elwood.innosoft.com" ,, NONCE="OA6MG9tEQGm2hh", qop="auth-int, auth",algorithm="MD5-sess",charset=UTF-8, "#;
        assert_eq!(answer("chris", challenge), RESPONSE);
        assert_eq!(answer("chris", &CHALLENGE.replace(r#"qop="auth","#, "")), RESPONSE);
    }

    #[test]
    fn a_layer_of_its_own_is_not_spoken() {
        let refused = respond(&mut digest("chris", "secret"), &CHALLENGE.replace(r#""auth""#, r#""auth-int,auth-conf""#)).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (Status::Unsupported, "auth.layer_unsupported"));
        assert_eq!(refused.args["offered"], "auth-int,auth-conf");
    }

    #[test]
    fn the_realm_is_the_one_behind_the_name_or_the_first() {
        let names = |user: &str, realms: &[&str]| {
            let realms: String = realms.iter().map(|realm| format!(r#"realm="{realm}","#)).collect();
            let answer = answer(user, &format!(r#"{realms}nonce="a",algorithm=md5-sess"#));
            answer.split(",nonce=").next().unwrap().to_owned()
        };
        assert_eq!(names("chris", &[]), r#"username="chris""#);
        assert_eq!(names("chris@a", &[]), r#"username="chris@a""#);
        assert_eq!(names("chris", &[""]), r#"username="chris",realm="""#);
        assert_eq!(names("chris@", &[""]), r#"username="chris@",realm="""#);
        assert_eq!(names("chris", &["a", "b"]), r#"username="chris",realm="a""#);
        assert_eq!(names("chris@b", &["a", "b"]), r#"username="chris",realm="b""#);
        assert_eq!(names("chris@c", &["a", "b"]), r#"username="chris@c",realm="a""#);
        assert_eq!(names("@b", &["a", "b"]), r#"username="@b",realm="a""#);
        assert_eq!(names("chris@x@b", &["b", "x@b"]), r#"username="chris",realm="x@b""#);
        // The example with its realm behind the name.
        assert_eq!(answer("chris@elwood.innosoft.com", CHALLENGE), RESPONSE);
    }

    #[test]
    fn quotes_and_backslashes_are_escaped_and_hashed_without_escape() {
        let plain = answer("chris", r#"nonce="ab",algorithm=md5-sess"#);
        assert_eq!(proof(&answer("chris", r#"nonce="\a\b",algorithm=md5-sess"#)), proof(&plain));
        let answer = answer(r#"c"h\ris"#, r#"realm="a\"b",nonce="c\\d",algorithm=md5-sess"#);
        assert!(answer.starts_with(r#"username="c\"h\\ris",realm="a\"b",nonce="c\\d","#), "{answer}");
    }

    #[test]
    fn latin_1_is_hashed_alike_whatever_the_charset_and_more_needs_utf_8() {
        let (utf8, latin1) = (r#"nonce="a",algorithm=md5-sess,charset=utf-8"#, r#"nonce="a",algorithm=md5-sess"#);
        let prove = |user, password, challenge: &str| digest(user, password).respond(challenge.as_bytes());
        let in_utf8 = prove("jürgen", "Grüße", utf8).unwrap();
        let in_latin1 = prove("jürgen", "Grüße", latin1).unwrap();
        assert!(in_utf8.starts_with("charset=utf-8,username=\"jürgen\"".as_bytes()));
        assert!(in_latin1.starts_with(b"username=\"j\xfcrgen\""));
        let lossy = |bytes: &[u8]| proof(&String::from_utf8_lossy(bytes)).to_owned();
        assert_eq!(lossy(&in_utf8), lossy(&in_latin1));
        for (user, password, pointer) in [("černe", "x", "/auth/user"), ("x", "geslo-č", "/auth/password")] {
            assert!(prove(user, password, utf8).is_ok());
            let refused = prove(user, password, latin1).unwrap_err();
            assert_eq!((refused.code.as_str(), refused.at[0].pointer.as_str()), ("auth.latin1_only", pointer));
        }
    }

    #[test]
    fn each_service_goes_by_its_registered_name() {
        for (service, uri) in [("SMTPSVC", "smtp/"), ("POP", "pop/"), ("IMAP", "imap/"), ("HTTP", "http/")] {
            let mut digest = digest("chris", "secret");
            digest.aim(service);
            assert!(respond(&mut digest, CHALLENGE).unwrap().contains(&format!(r#"digest-uri="{uri}elwood.innosoft.com""#)));
        }
    }
}
