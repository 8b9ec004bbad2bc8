//! What a parser tells of a message, in the form of our summary.

use postkontor_core::Opened;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Our summary; each part with `sha256` of the bytes handed out, and with `handed` where these are not as many as `size` says.
pub(crate) fn by_us(raw: &[u8]) -> Value {
    let message = Opened::new(raw.to_vec());
    let mut summary: Value = serde_json::from_str(message.summary()).expect("a summary is JSON");
    for (index, part) in summary["parts"].as_array_mut().expect("a summary has parts").iter_mut().enumerate() {
        let bytes = message.part(index).expect("a part that is told is there");
        part["sha256"] = json!(sha256(&bytes));
        if part["size"] != bytes.len() {
            part["handed"] = json!(bytes.len());
        }
    }
    summary
}

/// The digest of bytes, as answers have it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
