//! What a token is for: the scope that each provider has for it.

use crate::settings::{Grant, OAuth2, Provider};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Sending by SMTP.
    Smtp,
    /// A mailbox by IMAP.
    Imap,
    /// A mailbox by POP3.
    Pop3,
    /// Exchange Web Services.
    Ews,
    /// Microsoft Graph.
    Graph,
}

/// Google's scope for mail by any protocol.
const GOOGLE: &str = "https://mail.google.com/";

/// The clouds of Microsoft: the host of the sign-in, of Exchange, and of Graph. The first is that of the world.
const CLOUDS: [(&str, &str, &str); 4] = [
    ("login.microsoftonline.com", "outlook.office365.com", "graph.microsoft.com"),
    ("login.microsoftonline.us", "outlook.office365.us", "graph.microsoft.us"),
    ("login.partner.microsoftonline.cn", "partner.outlook.cn", "microsoftgraph.chinacloudapi.cn"),
    ("login.chinacloudapi.cn", "partner.outlook.cn", "microsoftgraph.chinacloudapi.cn"),
];

impl Audience {
    /// The scope that is asked for; empty where only the settings could know it. `authority` is Microsoft's sign-in.
    pub(super) fn scope(self, settings: &OAuth2, authority: &str) -> String {
        if let Some(scope) = settings.scope.as_deref().map(str::trim).filter(|scope| !scope.is_empty()) {
            return scope.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        match (settings.provider, settings.grant) {
            (Provider::Google, _) => GOOGLE.to_owned(),
            (Provider::Custom, _) => String::new(),
            (Provider::Microsoft, Grant::ClientCredentials) => format!("{}/.default", self.resource(authority)),
            (Provider::Microsoft, _) => self.delegated(authority),
        }
    }

    /// The service that the token is shown to, as Microsoft names it.
    fn resource(self, authority: &str) -> String {
        let (_, exchange, graph) = cloud(authority);
        format!("https://{}", if self == Audience::Graph { graph } else { exchange })
    }

    /// What a person is asked to consent to, with the right to renew it.
    fn delegated(self, authority: &str) -> String {
        // The documents write the scopes of mail protocols for this host; it is the same service.
        let office = self.resource(authority).replace("outlook.office365.com", "outlook.office.com");
        let scopes = match self {
            Audience::Smtp => format!("{office}/SMTP.Send"),
            Audience::Imap => format!("{office}/IMAP.AccessAsUser.All"),
            Audience::Pop3 => format!("{office}/POP.AccessAsUser.All"),
            Audience::Ews => format!("{office}/EWS.AccessAsUser.All"),
            Audience::Graph => format!("{office}/Mail.ReadWrite {office}/Mail.Send"),
        };
        // `openid` and `profile` tell who has consented.
        format!("{scopes} offline_access openid profile")
    }

    /// The application roles of Microsoft of which one lets a token of client credentials in, the most fitting first.
    pub(super) fn roles(self) -> &'static [&'static str] {
        match self {
            Audience::Smtp => &["SMTP.SendAsApp"],
            Audience::Imap => &["IMAP.AccessAsApp"],
            Audience::Pop3 => &["POP.AccessAsApp"],
            Audience::Ews => &["full_access_as_app"],
            Audience::Graph => &["Mail.ReadWrite", "Mail.Send", "Mail.Read"],
        }
    }

    /// Whether a token with this `aud` is for it: by name, or by the number that Microsoft has for the service.
    pub(super) fn is_named(self, aud: &str) -> bool {
        let (number, hosts): (_, &[&str]) = match self {
            Audience::Graph => ("00000003-0000-0000-c000-000000000000", &["graph.microsoft", "microsoftgraph."]),
            _ => ("00000002-0000-0ff1-ce00-000000000000", &["outlook.office", "outlook.com", "partner.outlook.cn"]),
        };
        let host = aud.strip_prefix("https://").unwrap_or(aud);
        aud.eq_ignore_ascii_case(number) || hosts.iter().any(|known| host.starts_with(known))
    }
}

/// The cloud whose sign-in this is; that of the world where it is another server's.
fn cloud(authority: &str) -> (&'static str, &'static str, &'static str) {
    let host = authority.split("//").last().unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
    CLOUDS.into_iter().find(|(login, ..)| login.eq_ignore_ascii_case(host)).unwrap_or(CLOUDS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(audience: Audience, provider: Provider, grant: Grant, authority: &str) -> String {
        audience.scope(&OAuth2 { provider, grant, ..OAuth2::default() }, authority)
    }

    #[test]
    fn an_application_asks_for_all_that_it_was_granted_at_one_service() {
        let of = |audience, authority| scope(audience, Provider::Microsoft, Grant::ClientCredentials, authority);
        let world = "https://login.microsoftonline.com";
        for audience in [Audience::Smtp, Audience::Imap, Audience::Pop3, Audience::Ews] {
            assert_eq!(of(audience, world), "https://outlook.office365.com/.default");
        }
        assert_eq!(of(Audience::Graph, world), "https://graph.microsoft.com/.default");
        assert_eq!(of(Audience::Ews, "https://login.microsoftonline.us/"), "https://outlook.office365.us/.default");
        assert_eq!(of(Audience::Graph, "https://login.chinacloudapi.cn"), "https://microsoftgraph.chinacloudapi.cn/.default");
        assert_eq!(of(Audience::Ews, "http://127.0.0.1:1"), "https://outlook.office365.com/.default");
    }

    #[test]
    fn a_person_is_asked_for_what_the_protocol_needs_and_for_its_renewal() {
        let of = |audience| scope(audience, Provider::Microsoft, Grant::DeviceCode, "https://login.microsoftonline.com");
        assert_eq!(of(Audience::Smtp), "https://outlook.office.com/SMTP.Send offline_access openid profile");
        assert!(of(Audience::Graph).starts_with("https://graph.microsoft.com/Mail.ReadWrite https://graph.microsoft.com/Mail.Send "));
        assert_eq!(scope(Audience::Imap, Provider::Google, Grant::RefreshToken, ""), GOOGLE);
    }

    #[test]
    fn the_settings_have_the_last_word() {
        let settings = OAuth2 { scope: Some("  a\tb ".to_owned()), ..OAuth2::default() };
        assert_eq!(Audience::Ews.scope(&settings, ""), "a b");
        assert_eq!(scope(Audience::Ews, Provider::Custom, Grant::ClientCredentials, ""), "");
    }

    #[test]
    fn a_service_is_known_by_its_name_and_by_its_number() {
        assert!(Audience::Graph.is_named("00000003-0000-0000-c000-000000000000"));
        assert!(Audience::Graph.is_named("https://graph.microsoft.com"));
        assert!(Audience::Smtp.is_named("https://outlook.office365.com"));
        assert!(!Audience::Smtp.is_named("https://graph.microsoft.com"));
        assert!(!Audience::Graph.is_named("https://evil.example/graph.microsoft.com"));
    }
}
