//! What an application or a service account signs.

use super::provider::{Provider, tokens};
use crate::certificates::{File, Identity, Wish};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Verifier;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::oauth::Audience;
use postkontor_plugin::serde_json::{self, Value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Status};

fn identity() -> Identity {
    Identity::new(&Wish { is_rsa: true, ..Wish::default() }, None)
}

fn access(oauth2: &Value) -> Result<(), Error> {
    let host = TestHost::new();
    tokens(oauth2, &[], Audience::Smtp)?.access(&host.call(), &mut Recorder::off()).map(drop)
}

/// Head and claims of an assertion that this key has signed.
fn read(assertion: &str, key: &PKey<Private>) -> (Value, Value) {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let mut verifier = Verifier::new(MessageDigest::sha256(), key).unwrap();
    assert!(verifier.verify_oneshot(&bytes(signature), signed.as_bytes()).unwrap(), "the signature is not that of the key");
    let (head, claims) = signed.split_once('.').unwrap();
    let [head, claims] = [head, claims].map(|part| serde_json::from_slice(&bytes(part)).unwrap());
    (head, claims)
}

#[test]
fn an_application_proves_itself_by_its_certificate() {
    let identity = identity();
    let files = [identity.locked_pem("geheim"), identity.pkcs12("geheim"), identity.old_pkcs12("geheim")].map(|bytes| File::new(&bytes));
    for file in &files {
        let provider = Provider::issuing();
        let oauth2 = json!({"provider": "custom", "grant": "client_credentials", "client_id": "app-1", "token_url": provider.url("/token"),
                            "certificate": {"file": file.path(), "password": "geheim"}});
        access(&oauth2).unwrap();
        let question = provider.questions().remove(0);
        assert_eq!((question.field("client_secret"), question.field("client_id")), ("", "app-1"));
        assert_eq!(question.field("client_assertion_type"), "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        let (head, claims) = read(question.field("client_assertion"), &identity.key);
        let thumb = |kind| json!(URL_SAFE_NO_PAD.encode(identity.certificate.digest(kind).unwrap()));
        assert_eq!(
            (&head["alg"], &head["x5t#S256"], &head["x5t"]),
            (&json!("RS256"), &thumb(MessageDigest::sha256()), &thumb(MessageDigest::sha1()))
        );
        assert_eq!((&claims["iss"], &claims["sub"], &claims["aud"]), (&json!("app-1"), &json!("app-1"), &json!(provider.url("/token"))));
        let span = claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap();
        assert!((60..=600).contains(&span) && claims["jti"].as_str().unwrap().len() > 20);
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_by_its_pointer() {
    let (rsa, other) = (identity(), Identity::new(&Wish::default(), None));
    let file = |bytes: &[u8]| File::new(bytes);
    for (file, password, pointer) in [
        (file(&rsa.pkcs12("geheim")), "wrong", "/auth/oauth2/certificate/password"),
        (file(&rsa.pem()), "", "/auth/oauth2/certificate/file"),
        (file(&other.pkcs12("geheim")), "geheim", "/auth/oauth2/certificate/file"),
        (file(b"-----BEGIN nonsense"), "", "/auth/oauth2/certificate/file"),
        (file(b""), "", "/auth/oauth2/certificate/file"),
    ] {
        let provider = Provider::issuing();
        let oauth2 = json!({"provider": "custom", "grant": "client_credentials", "client_id": "app-1", "token_url": provider.url("/token"),
                            "certificate": {"file": file.path(), "password": password}});
        let error = access(&oauth2).unwrap_err();
        assert_eq!(error.at[0].pointer, pointer, "{error:?}");
        assert!(provider.questions().is_empty());
    }
}

#[test]
fn a_service_account_acts_for_the_mailbox() {
    let identity = identity();
    let key = String::from_utf8(identity.key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let account = json!({"type": "service_account", "client_email": "robot@project.example", "private_key_id": "k-7", "private_key": key});
    let file = File::new(account.to_string().as_bytes());
    let provider = Provider::issuing();
    let oauth2 =
        json!({"provider": "google", "grant": "client_credentials", "service_account": file.path(), "token_url": provider.url("/token")});
    access(&oauth2).unwrap();
    let question = provider.questions().remove(0);
    assert_eq!(question.field("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (head, claims) = read(question.field("assertion"), &identity.key);
    assert_eq!((&head["alg"], &head["kid"]), (&json!("RS256"), &json!("k-7")));
    let named = [("iss", "robot@project.example"), ("sub", "anna@example.com"), ("scope", "https://mail.google.com/")];
    assert!(named.iter().all(|(name, value)| claims[*name] == *value), "{claims}");
    assert_eq!(claims["aud"], provider.url("/token"));

    for wrong in ["", "{}", "[]", &account.to_string().replace("BEGIN", "BEGUN")] {
        let file = File::new(wrong.as_bytes());
        let oauth2 = json!({"provider": "google", "grant": "client_credentials", "service_account": file.path()});
        let error = access(&oauth2).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Settings, "oauth.key_file_unreadable"));
        assert_eq!(error.at[0].pointer, "/auth/oauth2/service_account");
    }
}
