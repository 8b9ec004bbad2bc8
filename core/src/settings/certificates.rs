//! The certificates that settings name: what a form shows of each, and what is wrong with it.
//!
//! Files are read where no secret has to be asked for. What is wrong with a file is a finding of a check and no reason to refuse an account: sending fails by itself where it
//! needs the file.

use super::account::Account;
use super::reading::Reading;
use super::secrets::Wiped;
use super::{Encrypt, Incoming, KeyFile, Password, Problem, Schemas, Sender, Sign, own_sender};
use crate::keys::{Judged, Look, Opening, Seen, Unusable, judge, judge_address, now};
use crate::message::{When, rfc3339};
use crate::pointer::child;
use crate::texts;
use postkontor_smime::Certificate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// What a form shows of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Whose it is: `C=DE, O=Muster GmbH, CN=Anna Muster`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The mail addresses that it is for.
    pub addresses: Vec<String>,
    /// SHA-256 of the certificate: `AB:CD:…`.
    pub fingerprint: String,
    /// From when it is valid (RFC 3339).
    pub not_before: String,
    /// Until when it is valid (RFC 3339).
    pub not_after: String,
    /// The kind of its key: `RSA 2048`, `P-256`.
    pub key: String,
    /// Whether mail may be signed with it.
    pub signs: bool,
    /// Whether mail may be encrypted for it.
    pub encrypts: bool,
}

impl Shown {
    /// What there is to show.
    pub(crate) fn of(certificate: &Certificate) -> Shown {
        let fingerprint = certificate.fingerprint().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
        Shown {
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            addresses: certificate.emails().to_vec(),
            fingerprint,
            not_before: rfc3339(certificate.not_before()),
            not_after: rfc3339(certificate.not_after()),
            key: certificate.kind().to_string(),
            signs: certificate.can_sign(),
            encrypts: certificate.can_encrypt(),
        }
    }
}

/// What is wrong with the files, pointing into the document as it was given, and what there is to show, by pointers into the settings.
pub(super) fn look(reading: &Reading, schemas: &dyn Schemas) -> (Vec<Problem>, BTreeMap<String, Shown>) {
    let own = Seen::default();
    let mut looking = Looking { seen: schemas.seen().unwrap_or(&own), now: now(), problems: Vec::new(), shown: BTreeMap::new() };
    if reading.enabled {
        let document = &reading.groups["sender"];
        if let Ok(sender) = Sender::deserialize(document) {
            looking.sender(&sender, document, "");
        }
        for account in reading.accounts.iter().filter(|account| !account.sender.is_null()) {
            looking.own_sender(account, document);
        }
        if let Ok(incoming) = Incoming::deserialize(&reading.groups["receive"]["smime"]) {
            looking.incoming(&incoming);
        }
    }
    let placed = |problem: Problem| Problem { pointer: reading.place(&problem.pointer), ..problem };
    (looking.problems.into_iter().map(placed).collect(), looking.shown)
}

struct Looking<'a> {
    seen: &'a Seen,
    /// In seconds since 1970.
    now: i64,
    problems: Vec<Problem>,
    shown: BTreeMap<String, Shown>,
}

impl Looking<'_> {
    fn own_sender(&mut self, account: &Account, document: &Value) {
        let place = child("/accounts", &account.id);
        let merged: Wiped = own_sender::merged(document, &account.sender);
        let Ok(sender) = Sender::deserialize(&*merged) else { return };
        self.sender(&sender, &account.sender, &place);
        let sign = sender.smime.as_ref().and_then(|smime| smime.sign.as_ref());
        // The document's certificate with an address of the account's own.
        if let (Some(sign), Some(address)) = (sign, &sender.address)
            && own_sender::is_own(&account.sender, "/address")
            && !own_sender::is_own(&account.sender, "/smime/sign")
            && let Ok([certificate, ..]) = self.key(&sign.certificate, sign.password.as_ref()).found.as_deref()
        {
            self.note_address(certificate, address, &format!("{place}/sender/address"));
        }
    }

    /// What a sender says itself; the rest is looked at where it stands.
    fn sender(&mut self, sender: &Sender, given: &Value, place: &str) {
        let Some(smime) = &sender.smime else { return };
        if let Some(sign) = smime.sign.as_ref().filter(|_| own_sender::is_own(given, "/smime/sign")) {
            self.sign(sign, sender.address.as_deref(), &format!("{place}/sender/smime/sign"));
        }
        if let Some(encrypt) = smime.encrypt.as_ref().filter(|_| given.pointer("/smime/encrypt").is_some()) {
            self.encrypt(encrypt, given, &format!("{place}/sender/smime/encrypt"));
        }
    }

    fn sign(&mut self, sign: &Sign, address: Option<&str>, group: &str) {
        let pointer = format!("{group}/certificate");
        let look = self.key(&sign.certificate, sign.password.as_ref());
        match &look.found {
            Err(unusable) => self.unusable(unusable, group),
            Ok(certificates) => {
                // Nothing is known of a file that is closed.
                if let Some(certificate) = certificates.first() {
                    self.shown.insert(pointer.clone(), Shown::of(certificate));
                    self.say(judge(certificate, self.now), &pointer);
                    address.into_iter().for_each(|address| self.note_address(certificate, address, &pointer));
                }
            }
        }
        if let Some(chain) = &sign.chain {
            self.certificates(chain, &format!("{group}/chain"));
        }
    }

    fn note_address(&mut self, certificate: &Certificate, address: &str, pointer: &str) {
        self.say(judge_address(certificate, address), pointer);
    }

    fn say(&mut self, judged: impl IntoIterator<Item = Judged>, pointer: &str) {
        self.problems.extend(judged.into_iter().map(|Judged { code, args, is_warning }| Problem {
            args: Box::new(args),
            warning: is_warning,
            ..Problem::new(pointer, code)
        }));
    }

    fn encrypt(&mut self, encrypt: &Encrypt, given: &Value, group: &str) {
        if encrypt.when == When::Always && encrypt.certificates.is_empty() {
            self.problems.push(Problem::warning(&format!("{group}/certificates"), "smime.no_certificates"));
        }
        if given.pointer("/smime/encrypt/certificates").is_none() {
            return;
        }
        for (place, path) in encrypt.certificates.iter().enumerate() {
            let pointer = format!("{group}/certificates/{place}");
            if !Path::new(path).is_dir() {
                self.certificates(path, &pointer);
            } else if let Err(error) = fs::read_dir(path) {
                self.note(&Unusable::unread(Path::new(path), &error), &pointer);
            }
        }
    }

    fn incoming(&mut self, incoming: &Incoming) {
        for (place, KeyFile { certificate, password }) in incoming.keys.iter().enumerate() {
            let group = format!("/receive/smime/keys/{place}");
            let look = self.key(certificate, password.as_ref());
            match &look.found {
                Err(unusable) => self.unusable(unusable, &group),
                Ok(certificates) => self.opener(certificates, &format!("{group}/certificate")),
            }
        }
        if let Some(file) = &incoming.ca_file {
            self.certificates(file, "/receive/smime/ca_file");
        }
        let collect = incoming.collect.as_deref().map(Path::new);
        if let Some(file) = collect.filter(|folder| folder.exists() && !folder.is_dir()) {
            self.problems.push(Problem::new("/receive/smime/collect", "smime.no_folder").arg("file", texts::path(file)));
        }
    }

    /// A certificate to open mail with may have expired: it opens old mail.
    fn opener(&mut self, certificates: &[Certificate], pointer: &str) {
        let opens = certificates.iter().find(|certificate| certificate.can_encrypt());
        if let Some(certificate) = opens.or(certificates.first()) {
            self.shown.insert(pointer.to_owned(), Shown::of(certificate));
            if opens.is_none() {
                self.problems.push(Problem::warning(pointer, "smime.certificate_not_for_encrypting").arg("subject", certificate.subject()));
            }
        }
    }

    /// A file with certificates of others.
    fn certificates(&mut self, file: &str, pointer: &str) {
        match &self.seen.look(file, Opening::Certificates).found {
            Err(unusable) => self.note(unusable, pointer),
            Ok(certificates) => self.shown.extend(certificates.first().map(|first| (pointer.to_owned(), Shown::of(first)))),
        }
    }

    /// A file with a key, which is opened where its password is known here.
    fn key(&self, file: &str, password: Option<&Password>) -> Arc<Look> {
        let opening = match password {
            None => Opening::Key(None),
            Some(Password::Literal(secret)) => Opening::Key(Some(secret)),
            Some(Password::Reference { .. }) => Opening::Closed,
        };
        self.seen.look(file, opening)
    }

    fn unusable(&mut self, unusable: &Unusable, group: &str) {
        self.note(unusable, &format!("{group}/{}", if unusable.is_password { "password" } else { "certificate" }));
    }

    fn note(&mut self, unusable: &Unusable, pointer: &str) {
        let mut problem = Problem::new(pointer, unusable.code).detail(unusable.detail.clone());
        problem.args.extend(unusable.args.clone());
        self.problems.push(problem);
    }
}
