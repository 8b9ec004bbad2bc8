use super::*;
use crate::Secret;

/// The values of MS-NLMP, section 4.2.1, which all of its examples share.
const NONCE: [u8; 8] = [0xaa; 8];
const CHALLENGE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];

/// When and with what every exchange takes place.
const FRESH: Fresh = Fresh { nonce: NONCE, time: 7 };

fn ntlm() -> Ntlm {
    let auth = Auth { user: "User".to_owned(), password: Secret::new("Password"), ..Auth::default() };
    Ntlm::new(&auth, &Endpoint { host: "mail.example.com".to_owned(), port: 993 }, None).unwrap()
}

fn list(pairs: &[(u16, &[u8])]) -> Vec<u8> {
    let mut list = Vec::new();
    for (kind, value) in pairs.iter().chain(&[(attribute::END, &[][..])]) {
        put(&mut list, *kind, value).unwrap();
    }
    list
}

/// A server's message, as MS-NLMP, section 4.2.4.3, has it.
fn message(flags: u32, names: &[u8]) -> Vec<u8> {
    let length = u16::try_from(names.len()).unwrap().to_le_bytes();
    let mut message = [SIGNATURE, &2u32.to_le_bytes(), &[12, 0, 12, 0, 56, 0, 0, 0], &flags.to_le_bytes(), &CHALLENGE, &[0; 8]].concat();
    message.extend([&length[..], &length, &68u32.to_le_bytes(), &[0; 8], &utf16("Server"), names].concat());
    message
}

fn answer(challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    answer_as("Domain\\User", challenge)
}

fn answer_as(user: &str, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    ntlm().authenticate(&Named::new(user, "Password"), challenge, &FRESH)
}

/// The field of our last message whose header is at `at`.
fn part(message: &[u8], at: usize) -> &[u8] {
    let length = usize::from(u16::from_le_bytes([message[at], message[at + 1]]));
    let start = usize::from(u16::from_le_bytes([message[at + 4], message[at + 5]]));
    &message[start..start + length]
}

#[test]
fn follows_the_examples_of_ms_nlmp() {
    let key = Key::new("User", "Domain", "Password").unwrap();
    // 4.2.4.1.3: the names, and what is proved.
    let names = list(&[(2, &utf16("Domain")), (1, &utf16("Server"))]);
    let proof = key.proof(&CHALLENGE, &blob(&NONCE, 0, &names)).unwrap();
    // 4.2.4.2.1: the older response; 4.2.4.2.2: the newer one; 4.2.4.1.2: the session's key.
    let expected = [0x86, 0xc3, 0x50, 0x97, 0xac, 0x9c, 0xec, 0x10, 0x25, 0x54, 0x76, 0x4a, 0x57, 0xcc, 0xcc, 0x19];
    assert_eq!(key.proof(&CHALLENGE, &NONCE).unwrap(), expected);
    assert_eq!(proof, [0x68, 0xcd, 0x0a, 0xb8, 0x51, 0xe5, 0x1c, 0x96, 0xaa, 0xbc, 0x92, 0x7b, 0xeb, 0xef, 0x6a, 0x1c]);
    let session = [0x8d, 0xe4, 0x0c, 0xca, 0xdb, 0xc1, 0x4a, 0x82, 0xf1, 0x5c, 0xb0, 0xad, 0x0d, 0xe9, 0x5c, 0xa3];
    assert_eq!(*key.session(&proof).unwrap(), session);
}

#[test]
fn the_user_may_bring_a_domain() {
    for (given, domain, user) in
        [("Domain\\User", "Domain", "User"), ("user@example.com", "", "user@example.com"), ("user", "", "user"), ("\\user", "", "user")]
    {
        let message = answer_as(given, &message(UNICODE, &[])).unwrap();
        assert_eq!((part(&message, 28), part(&message, 36)), (&utf16(domain)[..], &utf16(user)[..]), "{given}");
    }
}

#[test]
fn the_older_response_goes_only_to_servers_without_a_time() {
    let with = answer(&message(UNICODE | TARGET_INFO, &list(&[(attribute::TIMESTAMP, &[9; 8])]))).unwrap();
    let without = answer(&message(UNICODE | TARGET_INFO, &list(&[(1, b"S\0")]))).unwrap();
    assert_eq!(part(&with, 12), [0; 24]);
    assert_eq!(part(&with, 20)[24..32], [9; 8], "the server's time");
    assert_eq!(part(&without, 12)[..4], [0x86, 0xc3, 0x50, 0x97]);
    assert_eq!(part(&without, 20)[24..32], 7u64.to_le_bytes(), "our time");
}

#[test]
fn what_the_server_says_of_our_attributes_is_replaced() {
    let names = list(&[
        (attribute::CHANNEL_BINDINGS, &[1; 16]),
        (attribute::TARGET_NAME, b"evil"),
        (1, b"S\0"),
        (attribute::FLAGS, &1u32.to_le_bytes()),
    ]);
    let mut ntlm = ntlm();
    ntlm.aim("IMAP");
    let message = ntlm.authenticate(&Named::new("User", "Password"), &message(UNICODE | TARGET_INFO, &names), &FRESH).unwrap();
    let expected = list(&[
        (1, b"S\0"),
        (attribute::FLAGS, &3u32.to_le_bytes()),
        (attribute::CHANNEL_BINDINGS, &[0; 16]),
        (attribute::TARGET_NAME, &utf16("IMAP/mail.example.com")),
    ]);
    assert_eq!(part(&message, 20)[44..], [&expected[..], &[0; 4]].concat());
}

#[test]
fn success_before_the_proof_is_refused() {
    let mut ntlm = ntlm();
    assert!(ntlm.finish().is_err());
    ntlm.respond(b"").unwrap();
    assert!(ntlm.finish().is_err());
    ntlm.respond(&message(UNICODE, &[])).unwrap();
    ntlm.finish().unwrap();
    assert_eq!(ntlm.respond(b"").unwrap_err().code, "auth.unexpected_challenge");
}

#[test]
fn challenges_that_make_no_sense_are_refused() {
    let good = message(UNICODE | TARGET_INFO, &list(&[(1, b"S\0")]));
    assert!(answer(&good).is_ok());
    let with = |at: usize, bytes: &[u8]| {
        let mut message = good.clone();
        message[at..at + bytes.len()].copy_from_slice(bytes);
        message
    };
    for (what, message) in [
        ("empty", Vec::new()),
        ("another protocol", with(0, b"NTLMSSQ")),
        ("our own kind", with(8, &[1])),
        ("without Unicode", with(20, &[2])),
        ("names longer than the message", with(40, &[0xff, 0xff])),
        ("names behind the message", with(44, &[0xff, 0xff, 0, 0])),
        ("names at the end of the address space", with(44, &[0xff, 0xff, 0xff, 0xff])),
        ("a name longer than the list", with(70, &[0xff])),
        ("no end mark", with(74, &[1])),
        ("cut in the list", with(40, &[7])),
    ] {
        assert_eq!(answer(&message).unwrap_err().code, "auth.challenge_malformed", "{what}");
    }
    // Every message that is cut, wherever it is, is refused.
    for end in 0..good.len() {
        assert!(answer(&good[..end]).is_err(), "{end} bytes");
    }
}

#[test]
fn a_field_that_would_exceed_its_limit_is_refused() {
    let long = vec![0; 65_500];
    assert!(answer(&message(UNICODE | TARGET_INFO, &list(&[(1, &long)]))).is_err());
    assert!(answer_as(&"x".repeat(32_768), &message(UNICODE, &[])).is_err());
}

/// Bytes of the header, the most telling ones, are changed more often than the rest.
#[test]
fn no_mutation_makes_it_panic_or_answer_with_more_than_the_server_said() {
    let names = list(&[(2, &utf16("Domain")), (1, &utf16("Server")), (attribute::TIMESTAMP, &[9; 8])]);
    let good = message(UNICODE | TARGET_INFO, &names);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut message = good.clone();
        for _ in 0..=random(3) {
            let area = if random(2) == 0 { 48 } else { message.len() };
            let at = random(area);
            message[at] = [0, 1, 0x7f, 0x80, 0xff, message[at].wrapping_add(1), u8::try_from(random(256)).unwrap()][random(7)];
        }
        message.truncate(if random(4) == 0 { random(message.len() + 1) } else { message.len() });
        match answer(&message) {
            Ok(answer) => {
                answered += 1;
                assert!(answer.len() <= HEADER + 24 + 44 + message.len() + 64 + 20, "{} bytes", answer.len());
            }
            Err(error) => {
                refused += 1;
                assert_eq!(error.code, "auth.challenge_malformed");
            }
        }
    }
    assert!(answered > 500 && refused > 500, "{answered} {refused}");
}
