//! STARFACE: the mail server of a telephone system.

use crate::draft::Draft;
use crate::page::{Account, Field, Kind, Page};

macro_rules! field {
    ($labels:literal, $kind:expr) => {
        Field { labels: $labels, kind: $kind }
    };
}

pub(crate) const PAGE: Page = Page {
    fields: &[
        field!(
            "Mail-Server|Mailserver|Mail server|Interner oder externer Mail-Server",
            Kind::Choice(&[
                ("intern|internal|Interner Mail-Server|internal mail server", &[("/send/account", "internal")]),
                ("extern|external|Externer Mail-Server|external mail server", &[("/send/account", "external")]),
            ])
        ),
        field!("Alternative Absenderadresse|Absenderadresse|Alternative sender address", Kind::Text("/sender/address")),
        field!("Testmail senden|Send test mail", Kind::Nothing("import.button")),
        field!(
            "HTML-E-Mails senden|HTML-E-Mails versenden|Send HTML e-mails",
            Kind::Switch(&[("/sender/html/enabled", "true")], &[("/sender/html/enabled", "false")])
        ),
        field!("SMTP-Server|SMTP server|Server", Kind::Text("/accounts/external/server/host")),
        field!("Benutzername|Benutzer|User name|User", Kind::Text("/accounts/external/auth/user")),
        field!("Passwort|Kennwort|Password", Kind::Secret("/accounts/external/auth/password", "external")),
        field!(
            "Sicherheit|Verschlüsselung|Security",
            Kind::Choice(&[
                ("TLS|SSL/TLS|Implizites SSL/TLS|TLS (465)", &[("/accounts/external/tls/mode", "implicit")]),
                ("STARTTLS|STARTTLS (587)", &[("/accounts/external/tls/mode", "starttls")]),
                ("unverschlüsselt|unencrypted|keine|none", &[("/accounts/external/tls/mode", "none")]),
            ])
        ),
        field!(
            "Zertifikate prüfen|Zertifikate überprüfen|Verify certificates",
            Kind::Switch(&[("/accounts/external/tls/verify", "true")], &[("/accounts/external/tls/verify", "false")])
        ),
        field!(
            "SMTP mit Authentifizierung|SMTP-Authentifizierung|SMTP with authentication",
            Kind::Switch(&[("/accounts/external/auth/method", "auto")], &[("/accounts/external/auth/method", "none")])
        ),
        field!(
            "SMTP nach POP3|SMTP-after-POP3|SMTP after POP3",
            Kind::Switch(&[("/accounts/external/auth/method", "pop-before-smtp")], &[])
        ),
        field!("POP3-Server|POP3-Serveradresse|POP3 server address|POP3 server", Kind::Text("/accounts/external/smtp/pop3/host")),
    ],
    accounts: &[Account { id: "external", transport: "smtp", needs: "/server/host" }],
    finish,
};

fn finish(draft: &mut Draft) {
    let is_internal = draft.get("/send/account").is_some_and(|account| account == "internal");
    if is_internal {
        draft.set("/accounts/internal/transport", "sendmail");
    } else if draft.has("external") {
        draft.set("/send/account", "external");
    } else {
        draft.take("/send");
    }
    let is_after_pop3 = draft.get("/accounts/external/auth/method").is_some_and(|method| method == "pop-before-smtp");
    if !is_after_pop3 && draft.take("/accounts/external/smtp").is_some() {
        draft.leave_out("POP3-Server", "import.not_used").arg("account", "external");
    }
}
