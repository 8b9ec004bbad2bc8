//! esoffice: the outgoing mail server, and its Exchange connections.

use crate::draft::Draft;
use crate::page::{Account, Field, Kind, Page};

macro_rules! field {
    ($labels:literal, $kind:expr) => {
        Field { labels: $labels, kind: $kind }
    };
}

pub(crate) const PAGE: Page = Page {
    fields: &[
        field!("Aktiviert|Aktiv|Enabled", Kind::Switch(&[("/enabled", "true")], &[("/enabled", "false")])),
        field!(
            "Servertyp|Server type",
            Kind::Choice(&[("SMTP", &[("/send/account", "smtp")]), ("Exchange", &[("/send/account", "exchange")])])
        ),
        field!(
            "Authentifizierung|Authentication",
            Kind::Choice(&[
                ("keine|ohne|none", &[("/accounts/smtp/auth/method", "none")]),
                ("Windows", &[("/accounts/smtp/auth/method", "windows")]),
                ("Passwort|Kennwort|password", &[("/accounts/smtp/auth/method", "password")]),
                ("OAuth|OAuth 2.0|OAuth2", &[("/accounts/smtp/auth/method", "xoauth2"), ("/accounts/smtp/auth/account", "exchange")]),
            ])
        ),
        field!("Hostname|Host|Server|Host name", Kind::Text("/accounts/smtp/server/host")),
        field!("Port", Kind::Number("/accounts/smtp/server/port")),
        field!("Benutzername|Benutzer|User name|User", Kind::Text("/accounts/smtp/auth/user")),
        field!("Passwort|Kennwort|Password", Kind::Secret("/accounts/smtp/auth/password", "smtp")),
        field!("TLS|SSL/TLS", Kind::Switch(&[("/accounts/smtp/tls/mode", "required")], &[("/accounts/smtp/tls/mode", "none")])),
        field!("Absenderadresse|Absender|Sender address", Kind::Text("/sender/address")),
        field!("BCC an Absender|BCC to sender", Kind::Switch(&[("/sender/bcc_to_sender", "true")], &[("/sender/bcc_to_sender", "false")])),
        field!("Timeout (Minuten)|Timeout (minutes)|Timeout", Kind::Time("/accounts/smtp/server/timeout_seconds", 60)),
        field!("Timeout (Sekunden)|Timeout (seconds)", Kind::Time("/accounts/smtp/server/timeout_seconds", 1)),
        field!("S/MIME", Kind::Switch(&[("/sender/smime/encrypt/when", "if_possible")], &[("/sender/smime/encrypt/when", "never")])),
        field!("S/MIME-Zertifikat|S/MIME certificate", Kind::Text("/sender/smime/sign/certificate")),
        field!("S/MIME-Passwort|S/MIME-Kennwort|S/MIME password", Kind::Secret("/sender/smime/sign/password", "smime")),
        field!("Zertifikat|Client-Zertifikat|Certificate", Kind::Text("/accounts/smtp/tls/client_certificate/file")),
        field!(
            "Zertifikat Passwort|Zertifikat Kennwort|Certificate password",
            Kind::Secret("/accounts/smtp/tls/client_certificate/password", "certificate")
        ),
        field!("Verbindung testen|Test connection", Kind::Nothing("import.button")),
        field!("Exchange-Verbindung|Exchange connection|Exchange Name", Kind::Nothing("import.name_of_connection")),
        field!("Exchange URL|Exchange-Server|Exchange Server", Kind::Text("/accounts/exchange/exchange/url")),
        field!(
            "Exchange Authentifizierung|Exchange authentication",
            Kind::Choice(&[
                (
                    "OAuth|OAuth 2.0|OAuth2",
                    &[("/accounts/exchange/auth/method", "oauth2"), ("/accounts/exchange/auth/oauth2/grant", "client_credentials")],
                ),
                ("Passwort|Kennwort|password", &[("/accounts/exchange/auth/method", "password")]),
                ("Windows", &[("/accounts/exchange/auth/method", "windows")]),
            ])
        ),
        field!("Exchange Benutzername|Exchange user name", Kind::Text("/accounts/exchange/auth/user")),
        field!("Exchange Passwort|Exchange Kennwort|Exchange password", Kind::Secret("/accounts/exchange/auth/password", "exchange")),
        field!("Exchange Postfach|Exchange Postfachadresse|Exchange mailbox", Kind::Text("/accounts/exchange/exchange/mailbox")),
        field!("Exchange Client-ID|Exchange Client ID|Exchange client id", Kind::Text("/accounts/exchange/auth/oauth2/client_id")),
        field!("Exchange Mandanten-ID|Exchange Tenant-ID|Exchange tenant id", Kind::Text("/accounts/exchange/auth/oauth2/tenant")),
        field!(
            "Exchange Client-Geheimnis|Exchange Client Secret|Exchange client secret",
            Kind::Secret("/accounts/exchange/auth/oauth2/client_secret", "exchange-application")
        ),
        field!("Exchange Absenderadresse|Exchange sender address", Kind::Text("/accounts/exchange/sender/address")),
        field!(
            "Exchange Timeout (Minuten)|Exchange timeout (minutes)|Exchange Timeout",
            Kind::Time("/accounts/exchange/server/timeout_seconds", 60)
        ),
        field!("Exchange Timeout (Sekunden)|Exchange timeout (seconds)", Kind::Time("/accounts/exchange/server/timeout_seconds", 1)),
    ],
    accounts: &[
        Account { id: "smtp", transport: "smtp", needs: "/server/host" },
        Account { id: "exchange", transport: "exchange-ews", needs: "/auth" },
    ],
    finish,
};

fn finish(draft: &mut Draft) {
    finish_smime(draft);
    if draft.has("exchange") {
        let is_application = draft.get("/accounts/exchange/auth/method").is_some_and(|method| method == "oauth2");
        if is_application {
            // An application has no mailbox of its own: it acts for the one of the page.
            draft.set("/accounts/exchange/exchange/impersonate", true);
            if draft.get("/accounts/exchange/auth/oauth2/client_secret").is_none() {
                let name = draft.refer("/accounts/exchange/auth/oauth2/client_secret", "exchange-application");
                draft.leave_out("exchange", "import.password_missing").arg("account", "exchange").arg("name", name);
            }
            for (pointer, field) in [
                ("/accounts/exchange/auth/oauth2/client_id", "Exchange Client-ID"),
                ("/accounts/exchange/auth/oauth2/tenant", "Exchange Mandanten-ID"),
                ("/accounts/exchange/exchange/mailbox", "Exchange Postfach"),
            ] {
                if draft.get(pointer).is_none() {
                    draft.leave_out(field, "import.field_missing");
                }
            }
            if draft.take("/accounts/exchange/auth/password").is_some() {
                draft.leave_out("Exchange Passwort", "import.not_used").arg("account", "exchange");
            }
        } else if draft.take("/accounts/exchange/auth/oauth2").is_some() {
            draft.leave_out("Exchange Client-ID", "import.not_used").arg("account", "exchange");
        }
    }
    let chosen = draft.get("/send/account").and_then(|account| account.as_str()).unwrap_or("smtp").to_owned();
    match [chosen.as_str(), "smtp", "exchange"].into_iter().find(|account| draft.has(account)).map(str::to_owned) {
        Some(account) => draft.set("/send/account", account),
        None => drop(draft.take("/send")),
    }
}

/// A certificate signs each mail, and the page has one to use only where S/MIME is switched on. Whose certificates there are for encrypting, the page does not say.
fn finish_smime(draft: &mut Draft) {
    let is_on = draft.get("/sender/smime/encrypt/when").is_some_and(|when| when == "if_possible");
    if is_on {
        draft.leave_out("S/MIME", "import.smime_certificates");
    } else if draft.take("/sender/smime/sign").is_some() {
        draft.leave_out("S/MIME-Zertifikat", "import.smime_off");
    }
}
