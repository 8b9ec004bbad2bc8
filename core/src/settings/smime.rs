//! Groups `sender.smime` and `receive.smime`: with which keys mail is signed and encrypted, and opened again (S/MIME, RFC 8551).

use crate::message::When;
use postkontor_plugin::Secret;
use schemars::JsonSchema;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// How the mail of a sender is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Outgoing {
    /// With what mail is signed; when the group is left out, it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 10}))]
    pub sign: Option<Sign>,
    /// For whom mail is encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 20}))]
    pub encrypt: Option<Encrypt>,
}

/// With what mail is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sign {
    /// File with the certificate and its private key: PKCS#12 (.p12, .pfx) or PEM.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "company", "order": 10}))]
    pub certificate: String,
    /// The password of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("x-postkontor" = {"scope": "company", "secret": true, "order": 20}))]
    pub password: Option<Password>,
    /// File with further certificates that go out with each signature: those of the authorities in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 30, "default_by": "nothing"}))]
    pub chain: Option<String>,
}

/// For whom mail is encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Encrypt {
    /// When.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 10}))]
    pub when: When,
    /// Folders and files with the certificates of recipients; a list, or a text with `;` between them.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 20, "list": true}))]
    pub certificates: Vec<String>,
    /// Each mail is encrypted for the certificate that signs as well, so that the sender can read the copies that are kept.
    #[schemars(extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 30}))]
    pub to_self: bool,
}

impl Default for Encrypt {
    fn default() -> Encrypt {
        Encrypt { when: When::default(), certificates: Vec::new(), to_self: true }
    }
}

/// With what fetched mail is opened and verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Incoming {
    /// The files with the keys that mail is encrypted for, those that are no longer used for sending among them.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 10}))]
    pub keys: Vec<KeyFile>,
    /// File with the certificates (PEM) of the authorities that signatures are trusted by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 20, "default_by": "machine"}))]
    pub ca_file: Option<String>,
    /// Folder into which the certificates of those are put who send signed mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 30, "default_by": "nothing"}))]
    pub collect: Option<String>,
}

/// A file with a private key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// File with the certificate and its private key: PKCS#12 (.p12, .pfx) or PEM.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "user", "order": 10}))]
    pub certificate: String,
    /// The password of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("x-postkontor" = {"scope": "user", "secret": true, "order": 20}))]
    pub password: Option<Password>,
}

/// A secret of the document: itself, or the name under which the program keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Password {
    /// The secret itself.
    Literal(Secret),
    /// `{"secret": "name"}`.
    Reference {
        /// The name.
        secret: String,
    },
}

/// Read without a copy in between, which would stay in memory.
impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Password, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Password;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or {\"secret\": \"name\"}")
            }

            fn visit_str<E>(self, text: &str) -> Result<Password, E> {
                Ok(Password::Literal(Secret::new(text)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Password, A::Error> {
                match members.next_entry::<String, String>()? {
                    Some((name, secret)) if name == "secret" => Ok(Password::Reference { secret }),
                    _ => Err(A::Error::custom("a reference is {\"secret\": \"name\"}")),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}
