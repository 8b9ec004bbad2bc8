//! Providers that keep what they send.
//!
//! Google and Microsoft put what goes out over their servers into the sender's mailbox, some seconds later. A look into the folder may come
//! too early, so it has to be known beforehand.

use crate::capabilities::Capabilities;
use crate::settings::Settings;
use postkontor_plugin::SentBy;

/// Whether the provider puts into this mailbox what that account sent: it must have been sent over the provider's own server, by the user
/// of this mailbox.
pub(crate) fn keeps(sent_by: &SentBy, capabilities: &Capabilities, settings: &Settings) -> bool {
    let provider = Provider::of(&sent_by.host);
    let here = if capabilities.has("X-GM-EXT-1") { Some(Provider::Google) } else { Provider::of(&settings.server.host) };
    provider.is_some() && provider == here && is_same_user(&sent_by.user, &settings.auth.user)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Provider {
    Google,
    Microsoft,
}

impl Provider {
    fn of(host: &str) -> Option<Provider> {
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_end_matches('.').to_ascii_lowercase();
        match host.split_once('.')? {
            // Google's relay for companies, which is called smtp-relay, keeps nothing.
            ("smtp" | "imap", "gmail.com" | "googlemail.com") => Some(Provider::Google),
            (_, domain) => {
                let is_in = |known: &str| domain == known || domain.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'));
                ["office365.com", "office365.us", "outlook.com", "office.com"].into_iter().any(is_in).then_some(Provider::Microsoft)
            }
        }
    }
}

/// `anna` and `anna@gmail.com` log in to the same mailbox.
fn is_same_user(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let local = |user: &str| user.split('@').next().unwrap_or_default().to_owned();
    !one.is_empty() && (one == other || (one.contains('@') != other.contains('@') && local(&one) == local(&other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_plugin::serde_json::{self, json};

    fn kept(sent_by: (&str, &str), here: (&str, &str), capability: &str) -> bool {
        let settings = json!({"server": {"host": here.0}, "auth": {"user": here.1, "password": "x"}});
        let sent_by = SentBy { host: sent_by.0.to_owned(), user: sent_by.1.to_owned() };
        keeps(&sent_by, &Capabilities(vec![capability.to_owned()]), &serde_json::from_value(settings).unwrap())
    }

    #[test]
    fn a_provider_keeps_what_it_sent_for_the_same_user() {
        let anna = "Anna@example.com";
        for (sent_by, here, capability) in [
            (("smtp.gmail.com", anna), ("imap.gmail.com", "anna@example.com"), "IDLE"),
            (("SMTP.GMAIL.COM:587", "anna"), ("127.0.0.1", "anna@gmail.com"), "X-GM-EXT-1"),
            (("smtp.office365.com", anna), ("outlook.office365.com:993", anna), "IDLE"),
            (("smtp-mail.outlook.com", anna), ("imap-mail.outlook.com.", anna), "IDLE"),
        ] {
            assert!(kept(sent_by, here, capability), "{sent_by:?} {here:?}");
        }
    }

    #[test]
    fn mail_sent_by_another_server_or_user_is_not_kept() {
        let anna = "anna@example.com";
        for (sent_by, here, capability) in [
            (("mail.example.com", anna), ("imap.gmail.com", anna), "X-GM-EXT-1"),
            (("smtp-relay.gmail.com", anna), ("imap.gmail.com", anna), "X-GM-EXT-1"),
            (("smtp.gmail.com", anna), ("mail.example.com", anna), "IDLE"),
            (("smtp.gmail.com", anna), ("outlook.office365.com", anna), "IDLE"),
            (("smtp.office365.com", "faktura@example.com"), ("outlook.office365.com", anna), "IDLE"),
            (("smtp.office365.com", ""), ("outlook.office365.com", ""), "IDLE"),
            (("smtp.notoutlook.com", anna), ("imap.notoutlook.com", anna), "IDLE"),
        ] {
            assert!(!kept(sent_by, here, capability), "{sent_by:?} {here:?}");
        }
    }
}
