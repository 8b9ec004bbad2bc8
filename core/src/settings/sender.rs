//! Group `sender`: in whose name mail goes out, and what it looks like.

use super::smime;
use crate::error::failed;
use postkontor_plugin::{Error, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// In whose name mail goes out, and what it looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sender {
    /// The address that mail comes from where the message names no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "email", "x-postkontor" = {"scope": "company", "order": 10, "default_by": "message"}))]
    pub address: Option<String>,
    /// The name beside that address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 20}))]
    pub name: Option<String>,
    /// The address that answers go to, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "email", "x-postkontor" = {"scope": "company", "order": 30}))]
    pub reply_to: Option<String>,
    /// Character set of texts and headers by its MIME name, for example `utf-8`, `windows-1250`, `iso-8859-2`.
    #[schemars(extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 40}))]
    pub charset: String,
    /// What to do with a text that the character set cannot express.
    #[schemars(extend("x-postkontor" = {"scope": "company", "advanced": true, "order": 50}))]
    pub unencodable: Unencodable,
    /// Each mail also goes to its From address, as BCC.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 60}))]
    pub bcc_to_sender: bool,
    /// HTML mail; when the group is left out, each message decides for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 70}))]
    pub html: Option<Html>,
    /// How mail is signed and encrypted (S/MIME).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 80}))]
    pub smime: Option<smime::Outgoing>,
}

impl Sender {
    /// Reads the group from its JSON document.
    pub fn read(json: &str) -> Result<Sender, Error> {
        serde_json::from_str(json).map_err(|error| failed(Status::Settings, "settings.unreadable").detail(error.to_string()))
    }
}

impl Default for Sender {
    fn default() -> Sender {
        Sender {
            address: None,
            name: None,
            reply_to: None,
            charset: "utf-8".to_owned(),
            unencodable: Unencodable::default(),
            bcc_to_sender: false,
            html: None,
            smime: None,
        }
    }
}

/// What to do with a text that the character set cannot express.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unencodable {
    /// Write that text in UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Refuse the message and name the place.
    Refuse,
}

/// HTML mail with the company's look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Html {
    /// On: every mail gets an HTML part in the wrapper beside its text. Off: text only, even when the caller gave HTML.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 10}))]
    pub enabled: bool,
    /// HTML file with the places `{{content}}` and `{{logo}}`; a plain wrapper is built in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 20, "default_by": "program", "when": {"enabled": [true]}}))]
    pub template: Option<String>,
    /// Image file that stands at `{{logo}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 30, "default_by": "nothing", "when": {"enabled": [true]}}))]
    pub logo: Option<String>,
}
