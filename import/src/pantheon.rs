//! PANTHEON: three accounts of the user and a sender of the company. Labels in English, German and Slovenian.

use crate::draft::Draft;
use crate::page::{Account, Field, Kind, Page, Settings};
use serde_json::Value;

macro_rules! field {
    ($labels:literal, $kind:expr) => {
        Field { labels: $labels, kind: $kind }
    };
}

const POP3: &str = "pop3";
const IMAP_VIA: &str = "/accounts/imap/imap/via";
const NO_BUTTON: Kind = Kind::Nothing("import.button");

/// What "use TLS/SSL" of POP3 and IMAP sets.
macro_rules! tls_switch {
    ($account:literal) => {
        Kind::Switch(
            &[(concat!("/accounts/", $account, "/tls/mode"), "required")],
            &[(concat!("/accounts/", $account, "/tls/mode"), "none")],
        )
    };
}

/// The four values of "use TLS/SSL" where mail is sent.
macro_rules! tls_choice {
    ($account:literal) => {
        Kind::Choice(&[
            ("none|keine|kein|brez|nein|ne", &[(concat!("/accounts/", $account, "/tls/mode"), "none")]),
            ("SSL/TLS|TLS/SSL|ja|yes|da", &[(concat!("/accounts/", $account, "/tls/mode"), "required")]),
            ("auto|automatic|automatisch|samodejno", &[(concat!("/accounts/", $account, "/tls/mode"), "auto")]),
            (
                "implicit|implizit|Implizites SSL/TLS|implicit SSL/TLS|implicitno",
                &[(concat!("/accounts/", $account, "/tls/mode"), "implicit")],
            ),
        ])
    };
}

macro_rules! minimum {
    ($account:literal) => {
        Kind::Switch(
            &[(concat!("/accounts/", $account, "/tls/minimum"), "1.2")],
            &[(concat!("/accounts/", $account, "/tls/minimum"), "1.0")],
        )
    };
}

macro_rules! sasl {
    ($account:literal, $otherwise:literal) => {
        Kind::Switch(
            &[(concat!("/accounts/", $account, "/auth/method"), "auto")],
            &[(concat!("/accounts/", $account, "/auth/method"), $otherwise)],
        )
    };
}

const USES_POP3_AT_SMTP: Settings = &[("/accounts/smtp/auth/method", "account"), ("/accounts/smtp/auth/account", POP3)];
const USES_POP3_AT_IMAP: Settings = &[("/accounts/imap/auth/method", "account"), ("/accounts/imap/auth/account", POP3)];

pub(crate) const PAGE: Page = Page {
    fields: &[
        field!("POP3 server name|POP3 server|POP3-Server|POP3 strežnik|POP3 ime strežnika", Kind::Text("/accounts/pop3/server/host")),
        field!("POP3 port|POP3-Port|POP3 vrata", Kind::Number("/accounts/pop3/server/port")),
        field!(
            "POP3 timeout (s)|POP3 timeout|POP3 Timeout (Sekunden)|POP3-Zeitlimit|POP3 časovna omejitev",
            Kind::Time("/accounts/pop3/server/timeout_seconds", 1)
        ),
        field!("POP3 user name|POP3 user|POP3-Benutzername|POP3 Benutzer|POP3 uporabniško ime", Kind::Text("/accounts/pop3/auth/user")),
        field!("POP3 password|POP3-Passwort|POP3-Kennwort|POP3 geslo", Kind::Secret("/accounts/pop3/auth/password", "pop3")),
        field!("POP3 use TLS/SSL|POP3 TLS/SSL|POP3 TLS/SSL verwenden|POP3 uporabi TLS/SSL", tls_switch!("pop3")),
        field!("POP3 use SASL|POP3 SASL|POP3 SASL verwenden|POP3 uporabi SASL", sasl!("pop3", "password")),
        field!("POP3 force TLS 1.2|POP3 TLS 1.2 erzwingen|POP3 vsili TLS 1.2", minimum!("pop3")),
        field!("Test POP3|POP3 testen", NO_BUTTON),
        field!(
            "SMTP server name|SMTP name|SMTP server|SMTP-Server|SMTP strežnik|SMTP ime strežnika",
            Kind::Text("/accounts/smtp/server/host")
        ),
        field!("SMTP port|SMTP-Port|SMTP vrata", Kind::Number("/accounts/smtp/server/port")),
        field!(
            "SMTP timeout (s)|SMTP timeout|SMTP Timeout (Sekunden)|SMTP-Zeitlimit|SMTP časovna omejitev",
            Kind::Time("/accounts/smtp/server/timeout_seconds", 1)
        ),
        field!("SMTP user name|SMTP user|SMTP-Benutzername|SMTP Benutzer|SMTP uporabniško ime", Kind::Text("/accounts/smtp/auth/user")),
        field!("SMTP password|SMTP-Passwort|SMTP-Kennwort|SMTP geslo", Kind::Secret("/accounts/smtp/auth/password", "smtp")),
        field!("SMTP use TLS/SSL|SMTP TLS/SSL|SMTP TLS/SSL verwenden|SMTP uporabi TLS/SSL", tls_choice!("smtp")),
        field!("SMTP use SASL|SMTP SASL|SMTP SASL verwenden|SMTP uporabi SASL", sasl!("smtp", "none")),
        field!("SMTP force TLS 1.2|SMTP TLS 1.2 erzwingen|SMTP vsili TLS 1.2", minimum!("smtp")),
        field!("SMTP EHLO|EHLO|HELO", Kind::Text("/accounts/smtp/smtp/ehlo")),
        field!("SMTP use POP3 account|SMTP POP3-Konto verwenden|SMTP uporabi račun POP3", Kind::Switch(USES_POP3_AT_SMTP, &[])),
        field!("Test SMTP|SMTP testen", NO_BUTTON),
        field!(
            "IMAP server name|IMAP name|IMAP server|IMAP-Server|IMAP strežnik|IMAP ime strežnika",
            Kind::Text("/accounts/imap/server/host")
        ),
        field!("IMAP port|IMAP-Port|IMAP vrata", Kind::Number("/accounts/imap/server/port")),
        field!(
            "IMAP timeout (s)|IMAP timeout|IMAP Timeout (Sekunden)|IMAP-Zeitlimit|IMAP časovna omejitev",
            Kind::Time("/accounts/imap/server/timeout_seconds", 1)
        ),
        field!("IMAP user name|IMAP user|IMAP-Benutzername|IMAP Benutzer|IMAP uporabniško ime", Kind::Text("/accounts/imap/auth/user")),
        field!("IMAP password|IMAP-Passwort|IMAP-Kennwort|IMAP geslo", Kind::Secret("/accounts/imap/auth/password", "imap")),
        field!("IMAP use TLS/SSL|IMAP TLS/SSL|IMAP TLS/SSL verwenden|IMAP uporabi TLS/SSL", tls_switch!("imap")),
        field!("IMAP use SASL|IMAP SASL|IMAP SASL verwenden|IMAP uporabi SASL", sasl!("imap", "password")),
        field!("IMAP force TLS 1.2|IMAP TLS 1.2 erzwingen|IMAP vsili TLS 1.2", minimum!("imap")),
        field!("IMAP outbox|IMAP-Postausgang|IMAP odhodna pošta", Kind::Text("/accounts/imap/imap/outbox")),
        field!("IMAP inbox|IMAP-Posteingang|IMAP prejeta pošta", Kind::Text("/accounts/imap/imap/inbox")),
        field!("IMAP use POP3 account|IMAP POP3-Konto verwenden|IMAP uporabi račun POP3", Kind::Switch(USES_POP3_AT_IMAP, &[])),
        field!("IMAP use SMTP account|IMAP SMTP-Konto verwenden|IMAP uporabi račun SMTP", Kind::Switch(&[(IMAP_VIA, "smtp")], &[])),
        field!("Test IMAP|IMAP testen", NO_BUTTON),
        field!(
            "Company server type|Company sender server type|Firma Servertyp|Podjetje vrsta strežnika",
            Kind::Choice(&[("SMTP", &[("/accounts/company/transport", "smtp")]), ("IMAP", &[("/accounts/company/transport", "imap")]),])
        ),
        field!("Company e-mail address|Firma E-Mail-Adresse|Firma E-Mail|Podjetje e-poštni naslov", Kind::Text("/sender/address")),
        field!("Company first name|Firma Vorname|Podjetje ime", Kind::Text("/sender/first")),
        field!("Company last name|Firma Nachname|Podjetje priimek", Kind::Text("/sender/name")),
        field!("Company charset|Firma Zeichensatz|Podjetje nabor znakov", Kind::Text("/sender/charset")),
        field!("Company server|Firma Server|Podjetje strežnik", Kind::Text("/accounts/company/server/host")),
        field!("Company port|Firma Port|Podjetje vrata", Kind::Number("/accounts/company/server/port")),
        field!(
            "Company timeout (s)|Company timeout|Firma Timeout (Sekunden)|Podjetje časovna omejitev",
            Kind::Time("/accounts/company/server/timeout_seconds", 1)
        ),
        field!("Company user name|Company user|Firma Benutzername|Podjetje uporabniško ime", Kind::Text("/accounts/company/auth/user")),
        field!("Company password|Firma Passwort|Podjetje geslo", Kind::Secret("/accounts/company/auth/password", "company")),
        field!("Company use TLS/SSL|Company TLS/SSL|Firma TLS/SSL|Podjetje TLS/SSL", tls_choice!("company")),
        field!("Company use SASL|Company SASL|Firma SASL|Podjetje SASL", sasl!("company", "none")),
        field!("Company force TLS 1.2|Firma TLS 1.2 erzwingen|Podjetje vsili TLS 1.2", minimum!("company")),
        field!("Company EHLO|Firma EHLO|Podjetje EHLO", Kind::Text("/accounts/company/smtp/ehlo")),
        field!("Company outbox|Firma Postausgang|Podjetje odhodna pošta", Kind::Text("/accounts/company/imap/outbox")),
        field!("Company inbox|Firma Posteingang|Podjetje prejeta pošta", Kind::Text("/accounts/company/imap/inbox")),
        field!(
            "Company fallback|Company fallback to SMTP|Firma Ersatz SMTP|Podjetje nadomestni SMTP",
            Kind::Switch(&[("/send/fallback/0", "smtp")], &[])
        ),
        field!("Test server|Server testen|Preveri strežnik", NO_BUTTON),
    ],
    accounts: &[
        Account { id: "pop3", transport: "pop3", needs: "/server/host" },
        Account { id: "smtp", transport: "smtp", needs: "/server/host" },
        Account { id: "imap", transport: "imap", needs: "/server/host" },
        Account { id: "company", transport: "", needs: "/server/host" },
    ],
    finish,
};

fn finish(draft: &mut Draft) {
    // A first and a last name are one name in a document.
    if let Some(first) = draft.take("/sender/first") {
        let last = draft.take("/sender/name");
        let names = [Some(&first), last.as_ref()].into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
        draft.set("/sender/name", names.join(" "));
    }
    if draft.has("company") && draft.get("/accounts/company/transport").is_none() {
        draft.set("/accounts/company/transport", "smtp");
    }
    let is_imap = draft.get("/accounts/company/transport").is_some_and(|transport| transport == "imap");
    let other = if is_imap { "/accounts/company/smtp" } else { "/accounts/company/imap" };
    if draft.take(other).is_some() {
        draft.leave_out("Company server type", "import.other_type");
    }
    if is_imap && draft.get("/accounts/company/auth/method").is_some_and(|method| method == "none") {
        draft.set("/accounts/company/auth/method", "password");
    }
    let is_fallback = draft.take("/send").is_some();
    if let Some(account) = ["company", "smtp", "imap"].into_iter().find(|account| draft.has(account)) {
        draft.set("/send/account", account);
    }
    match is_fallback {
        true if draft.has("company") && draft.has("smtp") => draft.set("/send/fallback", vec!["smtp"]),
        true => draft.leave_out("Company fallback", "import.account_missing").arg("account", "smtp").end(),
        false => {}
    }
    if draft.get("/accounts/imap/imap/via").is_some() && !draft.has("smtp") {
        draft.take("/accounts/imap/imap/via");
        draft.leave_out("IMAP use SMTP account", "import.account_missing").arg("account", "smtp");
    }
    if let Some(account) = ["imap", "pop3"].into_iter().find(|account| draft.has(account)) {
        draft.set("/receive/account", account);
    }
}
