//! Which mechanism is used.

use super::credentials::is_logged_on_user;
use super::{Mechanism, Protection};
use crate::settings::{Auth, Method};
use crate::{Error, Stage, Status};

/// From best to worst: proof from both sides, a proof that hides the password, the password itself.
const BY_PASSWORD: [Mechanism; 5] = [Mechanism::ScramSha256, Mechanism::ScramSha1, Mechanism::CramMd5, Mechanism::Plain, Mechanism::Login];

/// From best to worst: the standard, its forerunner.
const BY_TOKEN: [Mechanism; 2] = [Mechanism::OauthBearer, Mechanism::Xoauth2];

/// From best to worst. On Windows the envelope comes first, in which NTLM is, too, where the domain has no Kerberos for the service; on
/// Unix the logged-on user has a Kerberos ticket and nothing else, and GSSAPI is what every server takes it by.
const BY_LOGGED_ON_USER: &[Mechanism] =
    if cfg!(windows) { &[Mechanism::GssSpnego, Mechanism::Ntlm, Mechanism::Gssapi] } else { &[Mechanism::Gssapi, Mechanism::GssSpnego] };

/// Whether the settings ask for a login at all. The method `auto` without any credentials does not.
pub fn wanted(auth: &Auth) -> bool {
    match auth.method {
        Method::None | Method::PopBeforeSmtp => false,
        Method::Auto => !auth.user.is_empty() || !auth.password.is_empty() || has_token(auth),
        _ => true,
    }
}

/// Chooses the mechanism.
///
/// `offered` are the names that the server lists, in any case of letters; `protection` is that of the connection. With `auto` and
/// `password` the best mechanism that both sides know is taken, which is never NTLM or DIGEST-MD5; every other method is exact. `windows` without a user
/// is the ticket of the logged-on one.
pub fn choose(auth: &Auth, offered: &[String], protection: Protection) -> Result<Mechanism, Error> {
    let candidates: &[Mechanism] = match auth.method {
        Method::Auto if has_token(auth) => &BY_TOKEN,
        Method::Auto | Method::Password => &BY_PASSWORD,
        Method::Oauth2 => &BY_TOKEN,
        Method::Plain => &[Mechanism::Plain],
        Method::Login => &[Mechanism::Login],
        Method::CramMd5 => &[Mechanism::CramMd5],
        Method::DigestMd5 => &[Mechanism::DigestMd5],
        Method::ScramSha1 => &[Mechanism::ScramSha1],
        Method::ScramSha256 => &[Mechanism::ScramSha256],
        Method::Xoauth2 => &[Mechanism::Xoauth2],
        Method::Oauthbearer => &[Mechanism::OauthBearer],
        Method::External => &[Mechanism::External],
        Method::Windows if is_logged_on_user(auth) => BY_LOGGED_ON_USER,
        Method::Ntlm | Method::Windows => &[Mechanism::Ntlm],
        Method::None | Method::Apop | Method::PopBeforeSmtp | Method::Account => {
            let code = "auth.method_unsupported";
            let error = Error::new(Status::Unsupported, code).stage(Stage::Login).arg("method", auth.method.name());
            return Err(error.at("/auth/method", code));
        }
    };
    if !auth.allow_cleartext {
        let refusal = match protection {
            Protection::None => Some(("auth.cleartext_forbidden", "/auth/allow_cleartext")),
            // The server that gets an answer of NTLM, or a ticket, can pass it on to the server that it is for.
            Protection::Unverified if matches!(auth.method, Method::Ntlm | Method::Windows) => {
                Some(("auth.server_unverified", "/tls/verify"))
            }
            _ => None,
        };
        if let Some((code, pointer)) = refusal {
            return Err(Error::new(Status::Auth, code).stage(Stage::Login).at(pointer, code));
        }
    }
    let known = |mechanism: &&Mechanism| offered.iter().any(|name| name.eq_ignore_ascii_case(mechanism.name()));
    candidates.iter().find(known).copied().ok_or_else(|| not_offered(auth, candidates, offered))
}

fn not_offered(auth: &Auth, candidates: &[Mechanism], offered: &[String]) -> Error {
    let code = if offered.is_empty() { "auth.not_offered" } else { "auth.mechanism_not_offered" };
    let wanted: Vec<&str> = candidates.iter().map(|mechanism| mechanism.name()).collect();
    let error = Error::new(Status::Auth, code).stage(Stage::Login).at("/auth/method", code);
    error.arg("method", auth.method.name()).arg("wanted", wanted.join(", ")).arg("offered", offered.join(", "))
}

fn has_token(auth: &Auth) -> bool {
    auth.oauth2.as_ref().is_some_and(|oauth2| !oauth2.access_token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use crate::settings::OAuth2;

    fn auth(method: Method) -> Auth {
        Auth { method, user: "u".to_owned(), password: Secret::new("p"), ..Auth::default() }
    }

    fn names(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn auto_takes_the_best_that_both_know() {
        let pick = |offered: &str| choose(&auth(Method::Auto), &names(offered), Protection::Verified).ok();
        assert_eq!(pick("LOGIN PLAIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256"), Some(Mechanism::ScramSha256));
        assert_eq!(pick("LOGIN PLAIN CRAM-MD5 scram-sha-1"), Some(Mechanism::ScramSha1));
        assert_eq!(pick("LOGIN PLAIN CRAM-MD5"), Some(Mechanism::CramMd5));
        assert_eq!(pick("LOGIN PLAIN NTLM"), Some(Mechanism::Plain));
        assert_eq!(pick("LOGIN"), Some(Mechanism::Login));
        assert_eq!(pick("XOAUTH2 EXTERNAL"), None);
    }

    #[test]
    fn a_token_is_shown_to_token_mechanisms_only() {
        let auto = Auth { oauth2: Some(OAuth2 { access_token: Secret::new("t"), ..OAuth2::default() }), ..auth(Method::Auto) };
        assert_eq!(choose(&auto, &names("PLAIN XOAUTH2 OAUTHBEARER"), Protection::Verified).unwrap(), Mechanism::OauthBearer);
        assert_eq!(choose(&auto, &names("PLAIN XOAUTH2"), Protection::Verified).unwrap(), Mechanism::Xoauth2);
        assert_eq!(choose(&auto, &names("PLAIN LOGIN"), Protection::Verified).unwrap_err().code, "auth.mechanism_not_offered");
    }

    #[test]
    fn an_exact_choice_is_never_replaced() {
        let everything = names("PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER EXTERNAL NTLM");
        let exact = [
            (Method::Plain, Mechanism::Plain),
            (Method::Login, Mechanism::Login),
            (Method::CramMd5, Mechanism::CramMd5),
            (Method::DigestMd5, Mechanism::DigestMd5),
            (Method::ScramSha1, Mechanism::ScramSha1),
            (Method::ScramSha256, Mechanism::ScramSha256),
            (Method::Xoauth2, Mechanism::Xoauth2),
            (Method::Oauthbearer, Mechanism::OauthBearer),
            (Method::External, Mechanism::External),
            (Method::Ntlm, Mechanism::Ntlm),
            (Method::Windows, Mechanism::Ntlm),
        ];
        for (method, mechanism) in exact {
            assert_eq!(choose(&auth(method), &everything, Protection::Verified).unwrap(), mechanism);
            let others: Vec<String> = everything.iter().filter(|name| *name != mechanism.name()).cloned().collect();
            let refused = choose(&auth(method), &others, Protection::Verified).unwrap_err();
            assert_eq!(refused.code, "auth.mechanism_not_offered");
            assert_eq!(refused.args["wanted"], mechanism.name());
            assert_eq!(refused.args["offered"], others.join(", "));
        }
    }

    #[test]
    fn without_tls_and_consent_no_mechanism_is_chosen() {
        let everything = names("PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER EXTERNAL NTLM");
        for method in [
            Method::Auto,
            Method::Password,
            Method::Plain,
            Method::CramMd5,
            Method::DigestMd5,
            Method::ScramSha256,
            Method::Oauth2,
            Method::External,
            Method::Ntlm,
        ] {
            let refused = choose(&auth(method), &everything, Protection::None).unwrap_err();
            assert_eq!((refused.code.as_str(), refused.status), ("auth.cleartext_forbidden", Status::Auth), "{method:?}");
        }
        let consent = Auth { allow_cleartext: true, ..auth(Method::Auto) };
        assert_eq!(choose(&consent, &everything, Protection::None).unwrap(), Mechanism::ScramSha256);
    }

    #[test]
    fn ntlm_is_for_a_verified_server_or_for_consent() {
        let offered = names("NTLM PLAIN");
        let refused = choose(&auth(Method::Ntlm), &offered, Protection::Unverified).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.status), ("auth.server_unverified", Status::Auth));
        assert_eq!(choose(&auth(Method::Plain), &offered, Protection::Unverified).unwrap(), Mechanism::Plain);
        let consent = Auth { allow_cleartext: true, ..auth(Method::Ntlm) };
        for protection in [Protection::None, Protection::Unverified, Protection::Verified] {
            assert_eq!(choose(&consent, &offered, protection).unwrap(), Mechanism::Ntlm);
        }
    }

    #[test]
    fn ntlm_and_digest_md5_are_never_chosen_unasked() {
        for method in [Method::Auto, Method::Password] {
            assert_eq!(
                choose(&auth(method), &names("NTLM DIGEST-MD5"), Protection::Verified).unwrap_err().code,
                "auth.mechanism_not_offered"
            );
        }
    }

    #[test]
    #[cfg(unix)]
    fn the_logged_on_user_shows_a_ticket_and_the_given_one_a_password() {
        let without_user = Auth { method: Method::Windows, ..Auth::default() };
        let pick = |auth: &Auth, offered: &str| choose(auth, &names(offered), Protection::Verified).map_err(|error| error.code.clone());
        assert_eq!(pick(&without_user, "NTLM GSS-SPNEGO GSSAPI PLAIN"), Ok(Mechanism::Gssapi));
        assert_eq!(pick(&without_user, "NTLM GSS-SPNEGO PLAIN"), Ok(Mechanism::GssSpnego));
        assert_eq!(pick(&without_user, "NTLM PLAIN"), Err("auth.mechanism_not_offered".to_owned()));
        assert_eq!(pick(&auth(Method::Windows), "NTLM GSSAPI PLAIN"), Ok(Mechanism::Ntlm));
        assert_eq!(pick(&auth(Method::Auto), "GSSAPI"), Err("auth.mechanism_not_offered".to_owned()), "never unasked");
        let refused = choose(&without_user, &names("GSSAPI"), Protection::Unverified).unwrap_err();
        assert_eq!(refused.code, "auth.server_unverified");
    }

    #[test]
    fn methods_of_other_protocols_are_unsupported() {
        let refused = choose(&auth(Method::Apop), &names("PLAIN NTLM DIGEST-MD5"), Protection::Verified).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.status), ("auth.method_unsupported", Status::Unsupported));
    }

    #[test]
    fn a_login_is_wanted_where_there_is_something_to_show() {
        assert!(!wanted(&Auth::default()));
        assert!(wanted(&auth(Method::Auto)));
        assert!(!wanted(&auth(Method::None)));
        assert!(!wanted(&auth(Method::PopBeforeSmtp)));
        assert!(wanted(&Auth { method: Method::External, ..Auth::default() }));
    }
}
