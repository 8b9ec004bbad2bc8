//! Random settings with a secret at every place where one may stand, and in odd shapes: no answer, error, log or transcript shows any of it.

use crate::forms::leak;
use crate::{Program, result, strings};
use postkontor_core::{Account, Cancel, Host};
use postkontor_tests::engine::PATIENCE;
use postkontor_tests::folder::Folder;
use postkontor_tests::ports::Closed;
use postkontor_tests::products::Products;
use serde_json::{Value, json};

const TRANSPORTS: [&str; 6] = ["smtp", "imap", "pop3", "exchange-ews", "graph", "sendmail"];

const METHODS: [&str; 10] =
    ["auto", "password", "plain", "login", "cram-md5", "scram-sha-256", "xoauth2", "oauthbearer", "oauth2", "external"];

/// Documents of each transport: in an unoptimised build one takes a second or two.
const DOCUMENTS: usize = 8;

/// Numbers that look like chance and are the same in each run (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn letters(&mut self, length: usize, of: &str) -> String {
        let of: Vec<char> = of.chars().collect();
        (0..length).map(|_| of[self.below(of.len())]).collect()
    }

    /// A text that stands nowhere else: letters of an alphabet that is not ours, base64, JSON, odd signs, a URL.
    fn secret(&mut self) -> String {
        let rare = self.letters(9, "QXZqxz0789");
        match self.below(6) {
            0 => format!("{rare}+/=="),
            1 => format!("{{\"{rare}\":\"\\u00e4{rare}\"}}"),
            2 => format!("{rare}\u{1}\t\"\\ {rare}"),
            3 => format!("ä€🔑{rare}"),
            4 => format!("http://{rare}:{rare}@127.0.0.1:1"),
            _ => rare,
        }
    }

    /// The secret as it should be given, or as it should not.
    fn shape(&mut self, secret: &str) -> Value {
        match self.below(8) {
            0 => json!({"secret": "unknown", "text": secret}),
            1 => json!([secret]),
            2 => json!({"text": secret}),
            _ => json!(secret),
        }
    }
}

/// Where secrets may stand, by the schema.
fn places(schema: &Value, pointer: &str, found: &mut Vec<String>) {
    let branches = schema["allOf"].as_array().into_iter().flatten().map(|branch| &branch["then"]);
    for group in std::iter::once(schema).chain(branches) {
        for (name, member) in group["properties"].as_object().into_iter().flatten() {
            let pointer = format!("{pointer}/{name}");
            if member["x-postkontor"]["secret"] == true {
                found.push(pointer);
            } else {
                places(member, &pointer, found);
                places(&member["items"], &format!("{pointer}/0"), found);
            }
        }
    }
}

fn put(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for name in pointer.split('/').skip(1) {
        if name == "0" && !place.is_array() {
            *place = json!([{}]);
        }
        place = if name == "0" { &mut place[0] } else { &mut place[name] };
    }
    *place = value;
}

#[test]
fn random_settings_tell_none_of_their_secrets() {
    let folder = Folder::new().unwrap();
    let plugins = Products::built().unwrap().plugins(folder.path(), &TRANSPORTS).unwrap();
    let program = Program::default();
    let log = json!({"file": folder.file("mail.log"), "level": "trace"});
    let host = Host::open(&json!({"plugins": [plugins], "log": log, "protocol": true}).to_string(), Box::new(program.clone())).unwrap();
    let closed = Closed::new().unwrap();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut looked_at = 0;
    let mut of_document = Vec::new();
    places(&json!(host.schema("", "en").unwrap())["schema"], "", &mut of_document);
    assert!(of_document.len() >= 2, "{of_document:?}");
    for transport in TRANSPORTS {
        let mut found = Vec::new();
        places(&json!(host.schema(transport, "en").unwrap())["schema"], "", &mut found);
        found.sort();
        found.dedup();
        for _ in 0..DOCUMENTS {
            let mut main = json!({"transport": transport, "auth": {"method": METHODS[chance.below(METHODS.len())], "user": "anna"}});
            if ["exchange-ews", "graph"].contains(&transport) {
                main["exchange"] = json!({"url": format!("http://127.0.0.1:{}/x", closed.port), "mailbox": "a@example.com"});
            } else if transport != "sendmail" {
                main["server"] = json!({"host": "127.0.0.1", "port": closed.port});
            }
            main["auth"]["allow_cleartext"] = json!(true);
            let mut secrets = Vec::new();
            for place in &found {
                if chance.below(3) > 0 {
                    let secret = chance.secret();
                    put(&mut main, place, chance.shape(&secret));
                    secrets.push((place, secret));
                }
            }
            let mut document = json!({"accounts": {"main": main}, "sender": {"address": "a@example.com"}});
            for place in &of_document {
                if chance.below(2) > 0 {
                    let secret = chance.secret();
                    put(&mut document, place, chance.shape(&secret));
                    // Half of them belong to a file, so that something is done with them.
                    if chance.below(2) > 0 {
                        put(&mut document, &place.replace("/password", "/certificate"), json!(folder.file("none.p12")));
                    }
                    secrets.push((place, secret));
                }
            }
            let document = if chance.below(2) == 0 { json!({ "user": document }) } else { document };
            let told = told(&host, &document.to_string());
            let log = std::mem::take(&mut *program.0.lock().unwrap());
            let told = format!("{told}\n{log}\n{}", std::fs::read_to_string(folder.file("mail.log")).unwrap());
            std::fs::write(folder.file("mail.log"), "").unwrap();
            for (place, secret) in &secrets {
                // What all secrets of that kind have in common tells nothing.
                let rare = secret.trim_start_matches("http://").trim_start_matches("{\"").trim_start_matches("ä€🔑");
                let rare: String = rare.chars().take(9).collect();
                if let Some(leak) = leak(&told, &rare) {
                    panic!("{transport} {place}: {leak}\n{document}");
                }
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 80, "{looked_at}");
}

/// All that is said about the settings: by `check`, opening, a test and a mail.
fn told(host: &std::sync::Arc<Host>, document: &str) -> String {
    let mut told = Vec::new();
    let mut take = |answer: Value| {
        strings(&answer, &mut told);
        told.push(answer.to_string());
    };
    take(json!(host.check(document)));
    match Account::open(host, document, Some("main")) {
        Ok(mut account) => {
            take(result(account.test("", &Cancel::new(Some(PATIENCE)))));
            take(result(account.send_document(r#"{"to":["b@example.com"],"text":"x"}"#, &[], &Cancel::new(Some(PATIENCE)))));
        }
        Err(error) => take(json!(error)),
    }
    told.join("\n")
}
