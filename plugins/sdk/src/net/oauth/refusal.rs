//! What a provider's refusal means (RFC 6749, section 5.2), and what to do about it.

use super::places::Places;
use crate::settings::{Grant, OAuth2, Provider};
use crate::{Error, Stage, Status};
use serde::Deserialize;
use serde_json::{Value, json};

/// A refusal as JSON has it; members of wrong types count as left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    pub(super) error: Value,
    error_description: Value,
    error_subtype: Value,
    error_codes: Value,
    correlation_id: Value,
}

/// What was asked for, as far as a refusal may be about it.
pub(super) struct Asked<'a> {
    pub(super) settings: &'a OAuth2,
    pub(super) places: &'a Places,
    pub(super) user: &'a str,
    pub(super) scope: &'a str,
    /// The application: by its id, or by the address of a service account.
    pub(super) client: &'a str,
}

/// Microsoft's numbers (AADSTS…) and what they come to.
const MICROSOFT: &[(&str, &[u64])] = &[
    ("oauth.secret_wrong", &[7_000_215, 7_000_216]),
    ("oauth.secret_expired", &[7_000_222]),
    ("oauth.client_unknown", &[700_016, 7_000_229]),
    ("oauth.client_disabled", &[7_000_112]),
    ("oauth.client_is_public", &[700_025]),
    ("oauth.public_client_forbidden", &[7_000_218]),
    ("oauth.tenant_unknown", &[90_002, 900_023, 50_059]),
    ("oauth.tenant_needed", &[50_194]),
    ("oauth.personal_accounts_only", &[9_002_331, 9_002_346]),
    ("oauth.scope_wrong", &[28_003, 70_011, 500_011, 650_052, 650_053, 1_002_012]),
    ("oauth.consent_missing", &[65_001, 65_005, 90_008, 90_094, 900_941, 650_056, 650_057]),
    ("oauth.consent_declined", &[65_004]),
    ("oauth.user_not_assigned", &[50_105]),
    ("oauth.account_disabled", &[50_053, 50_057]),
    ("oauth.mailbox_unknown", &[50_020, 50_034, 51_004]),
    ("oauth.interaction_needed", &[16_000, 50_058, 50_072, 50_074, 50_076, 50_078, 50_079, 50_125, 50_158]),
    ("oauth.access_blocked", &[50_097, 53_000, 53_001, 53_002, 53_003, 53_009, 530_003, 530_032]),
    ("oauth.consent_expired", &[50_089, 50_132, 50_133, 50_173, 70_000, 70_008, 70_043, 700_081, 700_082, 700_084]),
    ("oauth.certificate_refused", &[50_027, 700_023, 700_027, 700_030, 7_000_272]),
    ("oauth.clock_wrong", &[500_133, 700_024]),
    ("oauth.code_expired", &[70_019, 70_020]),
    ("oauth.later", &[50_196, 90_024, 90_025, 90_033, 90_036]),
];

/// Google's words: the error, what its description has in lower case, and what both come to.
const GOOGLE: &[(&str, &str, &str)] = &[
    ("invalid_client", "not found", "oauth.client_unknown"),
    ("deleted_client", "", "oauth.client_disabled"),
    ("disabled_client", "", "oauth.client_disabled"),
    ("invalid_grant", "short-lived", "oauth.clock_wrong"),
    ("invalid_grant", "signature", "oauth.certificate_refused"),
    ("invalid_grant", "email or user id", "oauth.mailbox_unknown"),
    ("invalid_grant", "account not found", "oauth.client_unknown"),
    ("invalid_grant", "reauth", "oauth.interaction_needed"),
    ("invalid_grant", "rapt", "oauth.interaction_needed"),
    ("unauthorized_client", "", "oauth.delegation_missing"),
    ("admin_policy_enforced", "", "oauth.access_blocked"),
    ("org_internal", "", "oauth.access_blocked"),
    ("rate_limit_exceeded", "", "oauth.later"),
];

/// The words of RFC 6749 and RFC 8628, of any provider.
const STANDARD: &[(&str, &str)] = &[
    ("invalid_client", "oauth.secret_wrong"),
    ("invalid_scope", "oauth.scope_wrong"),
    ("unauthorized_client", "oauth.grant_unsupported"),
    ("unsupported_grant_type", "oauth.grant_unsupported"),
    ("access_denied", "oauth.consent_declined"),
    ("authorization_declined", "oauth.consent_declined"),
    ("expired_token", "oauth.code_expired"),
    ("interaction_required", "oauth.interaction_needed"),
    ("login_required", "oauth.interaction_needed"),
    ("consent_required", "oauth.consent_missing"),
    ("temporarily_unavailable", "oauth.later"),
    ("server_error", "oauth.later"),
    ("slow_down", "oauth.later"),
];

impl Refusal {
    /// A refusal that came by a browser.
    pub(super) fn of(word: &str, text: &str) -> Refusal {
        Refusal { error: Value::from(word), error_description: Value::from(text), ..Refusal::default() }
    }

    /// The word of RFC 6749 for it; empty where there is none.
    pub(super) fn word(&self) -> &str {
        self.error.as_str().unwrap_or_default()
    }

    /// The error for the user. `status` is that of HTTP; `clean` takes secrets and control characters out of the provider's text.
    pub(super) fn error(&self, status: u16, asked: &Asked, clean: &dyn Fn(&str) -> String) -> Error {
        let said = clean(self.error_description.as_str().unwrap_or_default());
        // What follows is for the provider's own support.
        let text = said.split(" Trace ID").next().unwrap_or_default().split("\\r").next().unwrap_or_default().trim().to_owned();
        let text = if text.is_empty() { clean(self.word()) } else { text };
        let code = self.code(status, asked, &said);
        let kind = if code == "oauth.later" { Status::Later } else { Status::Auth };
        let mut error = Error::new(kind, code).stage(Stage::Token).arg("host", asked.places.token.host()).arg("text", shortened(&text));
        error =
            error.arg("client", asked.client).arg("user", asked.user).arg("scope", asked.scope).arg("tenant", asked.places.tenant.as_str());
        if code == "oauth.consent_missing" {
            let link = asked.places.admin_consent(asked.client);
            error = error.arg("link", link.unwrap_or_default());
        }
        let correlation = clean(self.correlation_id.as_str().unwrap_or_default());
        let id = if correlation.is_empty() { String::new() } else { format!(" [correlation id {}]", shortened(&correlation)) };
        error = error.detail(format!("HTTP {status}, {}: {}{id}", clean(self.word()), shortened(&said)));
        let pointer = remedy(code).map_or("", |remedy| remedy.0);
        if pointer.is_empty() { error } else { error.at(pointer, code) }
    }

    fn code(&self, status: u16, asked: &Asked, said: &str) -> &'static str {
        let settings = asked.settings;
        let known = self.number().and_then(|number| MICROSOFT.iter().find(|(_, numbers)| numbers.contains(&number)).map(|(code, _)| *code));
        let code = known.or_else(|| (settings.provider == Provider::Google).then(|| self.of_google(said)).flatten());
        let code = code.or_else(|| self.standard(settings)).unwrap_or(match status {
            429 | 500..600 => "oauth.later",
            _ => "oauth.refused",
        });
        match code {
            // The scope is ours, so it is the directory that lacks something.
            "oauth.scope_wrong" if settings.scope.as_deref().is_none_or(|scope| scope.trim().is_empty()) => "oauth.service_missing",
            // No person takes part who could be asked.
            "oauth.interaction_needed" | "oauth.consent_missing" if settings.grant == Grant::ClientCredentials => "oauth.consent_missing",
            "oauth.secret_wrong" if settings.certificate.is_some() || settings.service_account.is_some() => "oauth.certificate_refused",
            code => code,
        }
    }

    /// Microsoft's number, from the list of them or from the beginning of the description.
    fn number(&self) -> Option<u64> {
        let listed = self.error_codes.as_array().and_then(|codes| codes.first()?.as_u64());
        let described = || {
            let text = self.error_description.as_str()?.strip_prefix("AADSTS")?;
            text[..text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len())].parse().ok()
        };
        listed.or_else(described)
    }

    fn of_google(&self, said: &str) -> Option<&'static str> {
        let said = [said, self.error_subtype.as_str().unwrap_or_default()].join(" ").to_lowercase();
        GOOGLE.iter().find(|(error, text, _)| *error == self.word() && said.contains(text)).map(|(.., code)| *code)
    }

    fn standard(&self, settings: &OAuth2) -> Option<&'static str> {
        // What has expired or was taken back: the person's consent, or, where there is none, what the application shows.
        if self.word() == "invalid_grant" {
            let by_person = settings.grant != Grant::ClientCredentials;
            return Some(if by_person { "oauth.consent_expired" } else { "oauth.certificate_refused" });
        }
        STANDARD.iter().find(|(error, _)| *error == self.word()).map(|(_, code)| *code)
    }
}

/// What may be shown of a foreign text.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 400;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// What to do about an error: the setting, the advice, the patch that would repair it.
type Remedy = (&'static str, &'static [&'static str], Option<Value>);

/// What to do about an error of getting a token.
pub(in crate::net) fn remedy(code: &str) -> Option<Remedy> {
    let patch = |members: Value| Some(json!({"auth": {"oauth2": members}}));
    Some(match code {
        "oauth.secret_wrong" => ("/auth/oauth2/client_secret", &["advice.secret_value"], None),
        "oauth.secret_expired" => ("/auth/oauth2/client_secret", &["advice.new_secret"], None),
        "oauth.client_unknown" => ("/auth/oauth2/client_id", &["advice.check_client", "advice.check_tenant"], None),
        "oauth.client_disabled" => ("/auth/oauth2/client_id", &["advice.ask_directory_administrator"], None),
        "oauth.client_is_public" => {
            ("/auth/oauth2/client_secret", &["advice.no_secret"], patch(json!({"client_secret": null, "certificate": null})))
        }
        "oauth.public_client_forbidden" => ("/auth/oauth2/client_secret", &["advice.allow_public_client", "advice.secret_value"], None),
        "oauth.tenant_unknown" => ("/auth/oauth2/tenant", &["advice.check_tenant"], None),
        "oauth.tenant_needed" => ("/auth/oauth2/tenant", &["advice.enter_tenant"], None),
        "oauth.personal_accounts_only" => ("/auth/oauth2/tenant", &["advice.tenant_consumers"], patch(json!({"tenant": "consumers"}))),
        "oauth.scope_wrong" | "oauth.audience_wrong" => ("/auth/oauth2/scope", &["advice.scope_empty"], patch(json!({"scope": null}))),
        "oauth.service_missing" => ("/auth/oauth2/tenant", &["advice.check_tenant", "advice.check_licence"], None),
        "oauth.consent_missing" => ("/auth/oauth2/client_id", &["advice.admin_consent"], None),
        "oauth.role_missing" => ("/auth/oauth2/client_id", &["advice.add_role", "advice.admin_consent"], None),
        "oauth.consent_declined" | "oauth.code_expired" => ("", &["advice.authorize_again"], None),
        "oauth.consent_needed" | "oauth.consent_expired" => ("/auth/oauth2/refresh_token", &["advice.authorize_again"], None),
        "oauth.interaction_needed" => {
            ("/auth/oauth2/refresh_token", &["advice.authorize_again", "advice.ask_directory_administrator"], None)
        }
        "oauth.access_blocked" | "oauth.account_disabled" => ("", &["advice.ask_directory_administrator"], None),
        "oauth.user_not_assigned" => ("/auth/oauth2/client_id", &["advice.assign_user"], None),
        "oauth.mailbox_unknown" => ("/auth/user", &["advice.check_mailbox"], None),
        "oauth.mailbox_not_allowed" => ("/auth/user", &["advice.allow_mailbox", "advice.check_token_rights"], None),
        "oauth.certificate_refused" => ("/auth/oauth2/certificate/file", &["advice.upload_certificate"], None),
        "oauth.clock_wrong" => ("", &["advice.check_clock"], None),
        "oauth.delegation_missing" => ("/auth/oauth2/service_account", &["advice.delegate"], None),
        "oauth.grant_unsupported" => ("/auth/oauth2/grant", &["advice.check_grant"], None),
        "oauth.later" => ("", &["advice.try_later"], None),
        "oauth.reply_foreign" | "oauth.reply_malformed" => {
            ("/auth/oauth2/token_url", &["advice.check_token_url", "advice.check_proxy"], None)
        }
        "oauth.refused" => ("", &["advice.ask_directory_administrator"], None),
        "oauth.redirect_port_busy" => ("/auth/oauth2/redirect_port", &["advice.other_redirect_port"], None),
        "oauth.cleartext_forbidden" => ("/auth/oauth2/token_url", &["advice.use_https"], None),
        _ => return None,
    })
}
