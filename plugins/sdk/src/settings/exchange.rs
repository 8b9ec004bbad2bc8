//! Group `exchange`: the mailbox at an Exchange server, in whichever protocol it is spoken to.

use super::{Auth, Grant};
use crate::{Error, Stage, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The mailbox at an Exchange server. The same for EWS and Microsoft Graph, so that an account moves by changing its transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Exchange {
    /// The service's URL: of EWS the address of `Exchange.asmx`, of Graph the base. Found or the public one when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1),
        regex(pattern = r"^\s*https?://[^\s#]+\s*$"),
        example = "https://mail.example.com/EWS/Exchange.asmx",
        extend("x-postkontor" = {"scope": "company", "order": 10, "default_by": "server", "problem": "settings.url_invalid"})
    )]
    pub url: Option<String>,
    /// The mailbox by its address, where it is another one than that of the user who logs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1),
        example = "orders@example.com",
        extend("x-postkontor" = {"scope": "user", "order": 20, "default_by": "server", "required": [
            {"/auth/method": ["oauth2"], "/auth/account": null, "/auth/user": null, "/auth/oauth2/grant": ["client_credentials"]}]})
    )]
    pub mailbox: Option<String>,
    /// The mailbox is opened as its owner (impersonation), not as somebody with rights on it.
    #[schemars(extend("x-postkontor" = {"scope": "company", "order": 30}))]
    pub impersonate: bool,
    /// Sent mail is kept in the mailbox.
    #[schemars(extend("x-postkontor" = {"scope": "user", "order": 40}))]
    pub save: bool,
    /// The folder that mail is fetched from: a distinguished name (`inbox`) or a path with `/`.
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "user", "order": 50, "folder": true}))]
    pub inbox: String,
    /// The folder for sent mail: a distinguished name or a path; that of the mailbox when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-postkontor" = {"scope": "user", "advanced": true, "order": 60, "folder": true, "default_by": "server"}))]
    pub sent: Option<String>,
}

impl Default for Exchange {
    fn default() -> Exchange {
        Exchange { url: None, mailbox: None, impersonate: false, save: true, inbox: "inbox".to_owned(), sent: None }
    }
}

impl Exchange {
    /// Refuses what cannot be, before anything is sent. The URL is the transport's to read.
    pub fn check(&self, auth: &Auth) -> Result<(), Error> {
        let wrong = |pointer, code: &str| Err(Error::new(Status::Settings, code).stage(Stage::Settings).at(pointer, code));
        if self.mailbox.as_deref().is_some_and(|mailbox| !is_mailbox(mailbox)) {
            return wrong("/exchange/mailbox", "exchange.mailbox_invalid");
        }
        if self.impersonate && self.mailbox.is_none() {
            return wrong("/exchange/mailbox", "exchange.mailbox_missing");
        }
        // A token that a person has consented to says whose it is; an application has no mailbox of its own.
        let is_application = auth.oauth2.as_ref().is_some_and(|oauth2| oauth2.grant == Grant::ClientCredentials);
        if is_application && self.mailbox.is_none() && !is_mailbox(&auth.user) {
            return wrong("/exchange/mailbox", "exchange.mailbox_of_application");
        }
        for (pointer, folder) in [("/exchange/inbox", Some(&self.inbox)), ("/exchange/sent", self.sent.as_ref())] {
            if folder.is_some_and(|folder| !is_folder(folder)) {
                return wrong(pointer, "exchange.folder_name_invalid");
            }
        }
        Ok(())
    }
}

/// Lets the user be left out of a group `auth` where the login is by token: at Exchange the token says who it is for.
pub fn user_by_token(auth: &mut schemars::Schema) {
    if let Some(Value::Array(methods)) = auth.pointer_mut("/properties/user/x-postkontor/required/method") {
        methods.retain(|method| method != "oauth2");
    }
}

/// Whether a text can be the name of a folder: not empty, and without control characters.
pub fn is_folder(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(char::is_control)
}

/// Whether a text can name a mailbox: an address, which is all that both protocols take.
fn is_mailbox(name: &str) -> bool {
    let is_text = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_control() || c.is_whitespace() || "<>\"/\\".contains(c));
    name.rsplit_once('@').is_some_and(|(user, domain)| is_text(user) && is_text(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_are_refused_at_their_pointers() {
        let refused = |exchange: Exchange| exchange.check(&Auth::default()).err().map(|error| error.at[0].pointer.clone());
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(refused(Exchange::default()), None);
        assert_eq!(refused(Exchange { mailbox: some("müller@example.com"), sent: some("Gesendet/2026"), ..Exchange::default() }), None);
        for mailbox in ["", "anna", "a b@example.com", "a\r\n@b", "a@b/c", "<a@b>", "@b", "a@"] {
            assert_eq!(refused(Exchange { mailbox: some(mailbox), ..Exchange::default() }), some("/exchange/mailbox"), "{mailbox:?}");
        }
        assert_eq!(refused(Exchange { impersonate: true, ..Exchange::default() }), some("/exchange/mailbox"));
        let application = crate::settings::OAuth2 { grant: Grant::ClientCredentials, ..Default::default() };
        let auth = |user: &str| Auth { user: user.to_owned(), oauth2: Some(application.clone()), ..Auth::default() };
        let lacks =
            |user: &str, mailbox| Exchange { mailbox, ..Exchange::default() }.check(&auth(user)).err().map(|error| error.code.clone());
        assert_eq!([lacks("", None), lacks("DOMAIN\\anna", None)], [(); 2].map(|()| some("exchange.mailbox_of_application")));
        assert_eq!([lacks("anna@example.com", None), lacks("", some("anna@example.com"))], [None, None]);
        assert_eq!(refused(Exchange { inbox: " ".to_owned(), ..Exchange::default() }), some("/exchange/inbox"));
        assert_eq!(refused(Exchange { sent: some("a\nb"), ..Exchange::default() }), some("/exchange/sent"));
    }
}
