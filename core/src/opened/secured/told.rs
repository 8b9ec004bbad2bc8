//! What the summary tells of the layers: a verdict for a program, a sentence for its user, and each layer for support.

use super::super::json::Json;
use super::{Layer, Secured};
use crate::message::rfc3339;
use crate::settings::Shown;
use crate::texts::Texts;
use postkontor_smime::Fault;
use postkontor_smime::fault::Weight;
use postkontor_smime::verify::Signer;
use serde_json::{Map, Value, json};

impl Secured {
    /// Writes `smime`, where there is any, with sentences in this language.
    pub(in crate::opened) fn write(&self, json: &mut Json, texts: &Texts, language: &str) {
        if self.layers.is_empty() {
            return;
        }
        let words = &Words { texts, language };
        json.name("smime").object(|json| {
            self.signed(json, words);
            self.encrypted(json, words);
            json.name("layers").list(&self.layers, |json, layer| json.object(|json| layer.write(json, words)));
        });
    }

    /// The signer with the worst verdict; where several have it, the one of the innermost layer, who wrote the content.
    fn signed(&self, json: &mut Json, words: &Words<'_>) {
        let mut found: Vec<(Weight, Option<&Signer>, Option<&Fault>)> = Vec::new();
        for layer in &self.layers {
            match layer {
                Layer::Signed(Ok(signers)) => {
                    found.extend(signers.iter().map(|signer| (signer.verdict(), Some(signer), signer.faults.first())));
                }
                Layer::Signed(Err(fault)) => found.push((Weight::Bad, None, Some(fault))),
                Layer::Encrypted(_) | Layer::Compressed(_) => {}
            }
        }
        // Of equal ones this takes the last.
        let worst = found.into_iter().max_by_key(|(weight, ..)| *weight);
        let Some((weight, signer, fault)) = worst else { return };
        json.name("signed").object(|json| {
            json.member("status", Some(status(weight)));
            signer.into_iter().for_each(|signer| identity(json, signer));
            words.verdict(json, fault);
        });
    }

    /// The layer that is closed, else the first of which something is to be said.
    fn encrypted(&self, json: &mut Json, words: &Words<'_>) {
        let mut told: Option<(bool, Option<&'static str>, Option<&Fault>)> = None;
        for (index, layer) in self.layers.iter().enumerate() {
            let Layer::Encrypted(result) = layer else { continue };
            match result {
                Err(fault) => told = Some((false, None, Some(fault))),
                Ok((cipher, faults)) => {
                    let covered = self.is_signed_below(index);
                    let open = |fault: &&Fault| !(covered && matches!(fault, Fault::NoIntegrity));
                    // That the text may have been changed weighs more than that others may have read it.
                    let fault = faults.iter().filter(open).max_by_key(|fault| matches!(fault, Fault::NoIntegrity));
                    if told.is_none_or(|(_, _, known)| known.is_none() && fault.is_some()) {
                        told = Some((true, Some(cipher), fault));
                    }
                }
            }
        }
        let Some((is_open, cipher, fault)) = told else { return };
        json.name("encrypted").object(|json| {
            json.member("status", Some(if is_open { "opened" } else { "closed" }));
            json.member("cipher", cipher);
            words.verdict(json, fault);
        });
    }

    /// Whether text was decrypted that can have been changed on its way (EFAIL): the cipher does not show it, and no good signature within does.
    pub(in crate::opened) fn is_unprotected(&self) -> bool {
        self.layers.iter().enumerate().any(|(index, layer)| match layer {
            Layer::Encrypted(Ok((_, faults))) => faults.contains(&Fault::NoIntegrity) && !self.is_signed_below(index),
            _ => false,
        })
    }

    /// Whether a good signature lies within a layer. One around it says nothing: an attacker can sign what he has changed.
    fn is_signed_below(&self, index: usize) -> bool {
        self.layers.iter().skip(index + 1).any(|layer| match layer {
            Layer::Signed(Ok(signers)) => verdict(signers) == Weight::Note,
            _ => false,
        })
    }
}

impl Layer {
    fn write(&self, json: &mut Json, words: &Words<'_>) {
        match self {
            Self::Signed(Ok(signers)) => {
                json.member("kind", Some("signed"));
                json.member("status", Some(status(verdict(signers))));
                json.name("signers").list(signers, |json, signer| {
                    json.object(|json| {
                        json.member("status", Some(status(signer.verdict())));
                        identity(json, signer);
                        words.faults(json, &signer.faults);
                    });
                });
            }
            Self::Signed(Err(fault)) => failed(json, "signed", "bad", fault, words),
            Self::Encrypted(Ok((cipher, found))) => {
                json.member("kind", Some("encrypted"));
                json.member("status", Some("opened"));
                json.member("cipher", Some(cipher));
                words.faults(json, found);
            }
            Self::Encrypted(Err(fault)) => failed(json, "encrypted", "closed", fault, words),
            Self::Compressed(Ok(())) => {
                json.member("kind", Some("compressed"));
                json.member("status", Some("opened"));
            }
            Self::Compressed(Err(fault)) => failed(json, "compressed", "closed", fault, words),
        }
    }
}

/// Whose signature it is, and when it was made.
fn identity(json: &mut Json, signer: &Signer) {
    if let Some(certificate) = &signer.certificate {
        json.member("by", Some(&certificate.subject()));
        json.name("addresses").list(certificate.emails(), |json, address| json.text(address));
        json.member("fingerprint", Some(&Shown::of(certificate).fingerprint));
    }
    if let Some(seconds) = signer.signed_at {
        json.member("signed_at", Some(&rfc3339(seconds)));
    }
}

fn failed(json: &mut Json, kind: &str, status: &str, fault: &Fault, words: &Words<'_>) {
    json.member("kind", Some(kind));
    json.member("status", Some(status));
    words.faults(json, std::slice::from_ref(fault));
}

/// The worst verdict; a signature without signers is none.
fn verdict(signers: &[Signer]) -> Weight {
    signers.iter().map(Signer::verdict).max().unwrap_or(Weight::Bad)
}

fn status(weight: Weight) -> &'static str {
    match weight {
        Weight::Note => "good",
        Weight::Unknown => "unknown",
        Weight::Bad => "bad",
    }
}

/// The sentences of a language.
struct Words<'a> {
    texts: &'a Texts,
    language: &'a str,
}

impl Words<'_> {
    /// Code and sentence of what is wrong, where something is.
    fn verdict(&self, json: &mut Json, fault: Option<&Fault>) {
        if let Some(fault) = fault {
            json.member("code", Some(fault.code()));
            json.member("message", self.texts.sentence(self.language, fault.code(), &arguments(fault)).as_deref());
        }
    }

    fn faults(&self, json: &mut Json, faults: &[Fault]) {
        json.name("faults").list(faults, |json, fault| {
            json.object(|json| {
                self.verdict(json, Some(fault));
                json.member("detail", Some(&fault.to_string()));
            });
        });
    }
}

/// What the sentence of a fault names.
fn arguments(fault: &Fault) -> Map<String, Value> {
    let (name, value) = match fault {
        Fault::ContentUnsupported(name) | Fault::AlgorithmUnsupported(name) => ("name", json!(name)),
        Fault::WeakCipher(name) | Fault::WeakDigest(name) | Fault::AttributeWrong(name) => ("name", json!(name)),
        Fault::Untrusted(issuer) => ("issuer", json!(issuer)),
        Fault::Expired(seconds) | Fault::ExpiredSince(seconds) => ("not_after", json!(rfc3339(*seconds))),
        Fault::NotYetValid(seconds) => ("not_before", json!(rfc3339(*seconds))),
        Fault::SignedInFuture(seconds) => ("signed_at", json!(rfc3339(*seconds))),
        Fault::OtherAddress(addresses) => ("addresses", json!(addresses)),
        Fault::NotForSigning(subject) => ("subject", json!(subject)),
        Fault::WeakKey(bits) => ("bits", json!(bits)),
        _ => return Map::new(),
    };
    Map::from_iter([(name.to_owned(), value)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_a_sentence_in_each_language_with_its_places_filled_in() {
        let name = || "x".to_owned();
        let faults = [
            Fault::Malformed("x"),
            Fault::Truncated,
            Fault::TooDeep,
            Fault::TooLarge("x"),
            Fault::Source(name()),
            Fault::ContentUnsupported(name()),
            Fault::AlgorithmUnsupported(name()),
            Fault::OtherRecipients(vec![name()]),
            Fault::DecryptFailed,
            Fault::NoIntegrity,
            Fault::WeakCipher("x"),
            Fault::NotSigned,
            Fault::ContentChanged,
            Fault::SignatureWrong,
            Fault::AttributeWrong("x"),
            Fault::SignerUnknown,
            Fault::OtherCertificate,
            Fault::Untrusted(name()),
            Fault::Expired(0),
            Fault::NotYetValid(0),
            Fault::ExpiredSince(0),
            Fault::SignedInFuture(0),
            Fault::OtherAddress(vec![name()]),
            Fault::NotForSigning(name()),
            Fault::WeakDigest("x"),
            Fault::WeakKey(1024),
        ];
        let texts = Texts::new();
        let mut sentences = Vec::new();
        for language in ["en", "de", "sl"] {
            for fault in &faults {
                let sentence = texts.sentence(language, fault.code(), &arguments(fault)).unwrap();
                assert!(!sentence.contains(['{', '}']) && !sentence.contains("T00:"), "{language} {sentence}");
                sentences.push(sentence);
            }
        }
        sentences.sort_unstable();
        sentences.dedup();
        assert_eq!(sentences.len(), 3 * faults.len(), "a language takes a sentence from another");
    }
}
