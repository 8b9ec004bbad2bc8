//! OfficePlaner: the access data of one mail account.

use crate::draft::Draft;
use crate::page::{Account, Field, Kind, Page};

macro_rules! field {
    ($labels:literal, $kind:expr) => {
        Field { labels: $labels, kind: $kind }
    };
}

pub(crate) const PAGE: Page = Page {
    fields: &[
        field!("Kontonummer|Account number", Kind::Text("/receive/number")),
        field!("E-Mail-Adresse|E-Mail|E-mail address", Kind::Text("/sender/address")),
        field!("Exchange-Konto|Exchange account", Kind::Switch(&[("/accounts/exchange/transport", "exchange-ews")], &[])),
        field!("Exchange-Server|Exchange server|Exchange URL", Kind::Text("/accounts/exchange/exchange/url")),
        field!("Exchange-Benutzer|Exchange-Kontoname|Exchange user name", Kind::Text("/accounts/exchange/auth/user")),
        field!("Exchange-Passwort|Exchange-Kennwort|Exchange password", Kind::Secret("/accounts/exchange/auth/password", "exchange")),
        field!("POP3-Server|POP3 server|Posteingangsserver", Kind::Text("/accounts/in/server/host")),
        field!("POP3-Kontoname|Kontoname|POP3 account name|Account name", Kind::Text("/accounts/in/auth/user")),
        field!("POP3-Passwort|Passwort|Kennwort|POP3 password|Password", Kind::Secret("/accounts/in/auth/password", "in")),
        field!(
            "Gesicherte Kennwortauthentifizierung (SPA)|SPA|Secured password authentication (SPA)|POP3 SPA",
            Kind::Switch(&[("/accounts/in/auth/method", "ntlm")], &[("/accounts/in/auth/method", "password")])
        ),
        field!(
            "POP3 SSL/TLS|POP3-SSL/TLS|POP3 SSL",
            Kind::Switch(&[("/accounts/in/tls/mode", "required")], &[("/accounts/in/tls/mode", "none")])
        ),
        field!("SMTP-Server|SMTP server|Postausgangsserver", Kind::Text("/accounts/out/server/host")),
        field!("SMTP-Kontoname|SMTP account name", Kind::Text("/accounts/out/smtp/account-name")),
        field!(
            "SMTP SSL/TLS|SMTP-SSL/TLS|SMTP SSL",
            Kind::Switch(&[("/accounts/out/tls/mode", "required")], &[("/accounts/out/tls/mode", "none")])
        ),
        field!(
            "SMTP-Authentifizierungsmethode|Authentifizierungsmethode|SMTP authentication method",
            Kind::Choice(&[
                ("AUTH LOGIN|LOGIN", &[("/accounts/out/auth/method", "login")]),
                ("CRAM-MD5|CRAM MD5", &[("/accounts/out/auth/method", "cram-md5")]),
            ])
        ),
        field!(
            "SMTP-Authentifizierung erforderlich|SMTP authentication required|Server erfordert Authentifizierung",
            Kind::Switch(&[("/accounts/out/smtp/authentication", "true")], &[("/accounts/out/auth/method", "none")])
        ),
        field!(
            "SMTP eigene Zugangsdaten|Eigene SMTP-Zugangsdaten|SMTP own credentials",
            Kind::Switch(&[("/accounts/out/smtp/own", "true")], &[("/accounts/out/auth/account", "in")])
        ),
        field!("SMTP-Benutzername|SMTP-Benutzer|SMTP user name", Kind::Text("/accounts/out/auth/user")),
        field!("SMTP-Passwort|SMTP-Kennwort|SMTP password", Kind::Secret("/accounts/out/auth/password", "out")),
        field!("Sachbearbeiter|Bediener|Operatoren|Operators", Kind::List("/receive/operators")),
        field!("Arbeitsgruppen|Workgroups", Kind::List("/receive/workgroups")),
    ],
    accounts: &[
        Account { id: "in", transport: "pop3", needs: "/server/host" },
        Account { id: "out", transport: "smtp", needs: "/server/host" },
    ],
    finish,
};

fn finish(draft: &mut Draft) {
    draft.take("/accounts/out/smtp");
    // The account's own credentials are the user's; those of the other account need no name here.
    if draft.get("/accounts/out/auth/account").is_some() {
        let method = draft.get("/accounts/out/auth/method").cloned();
        if method.is_none() {
            draft.set("/accounts/out/auth/method", "account");
        }
        for name in ["user", "password"] {
            if draft.take(&format!("/accounts/out/auth/{name}")).is_some() {
                draft.leave_out(&format!("SMTP {name}"), "import.not_used").arg("account", "out");
            }
        }
    }
    let is_exchange = draft.get("/accounts/exchange/transport").is_some();
    match is_exchange {
        true => {
            for id in ["in", "out"] {
                if draft.take(&format!("/accounts/{id}")).is_some() {
                    draft.leave_out(id, "import.other_type");
                }
            }
            if draft.get("/accounts/exchange/auth").is_some() {
                draft.set("/accounts/exchange/auth/method", "password");
            }
            draft.set("/send/account", "exchange");
            draft.set("/receive/account", "exchange");
        }
        false => {
            if draft.take("/accounts/exchange").is_some() {
                draft.leave_out("Exchange-Konto", "import.other_type");
            }
            if draft.has("out") {
                draft.set("/send/account", "out");
            }
            if draft.has("in") {
                draft.set("/receive/account", "in");
            }
        }
    }
    if let Some(number) = draft.get("/receive/number").and_then(|number| number.as_str()).map(str::to_owned)
        && !(number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()))
    {
        draft.take("/receive/number");
        draft.refuse("Kontonummer", "import.no_account_number", &number);
    }
    if draft.get("/receive/operators").is_some() {
        draft.set("/receive/routing", true);
    } else if draft.get("/receive/workgroups").is_some() {
        draft.leave_out("Sachbearbeiter", "import.operators_missing");
    }
}
