//! The token source of one account.

use super::Audience;
use super::cache::{Cache, digest};
use super::exchange::Exchange;
use super::form::Form;
use super::issued::Issued;
use super::jwt;
use super::key::Key;
use super::pending::Pending;
use super::places::Places;
use super::refusal::Asked;
use crate::net::Recorder;
use crate::settings::{Auth, Grant, Method, OAuth2, Provider, Route, Server, Tls, WebTls};
use crate::{Call, Error, Opening, Secret, Stage, Status, Step};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the refresh token stands.
const REFRESH: &str = "/auth/oauth2/refresh_token";

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The token source of one account.
///
/// What was got is kept in the process: accounts with the same credentials share it. A token is renewed five minutes before its end,
/// and where a server refuses it ([`Tokens::renew`]).
pub struct Tokens {
    pub(super) settings: OAuth2,
    pub(super) user: String,
    pub(super) account: String,
    pub(super) places: Places,
    pub(super) scope: String,
    pub(super) audience: Audience,
    pub(super) route: Route,
    pub(super) tls: WebTls,
    /// The name under which the refresh token is kept.
    pub(super) name: Option<String>,
    cache: Mutex<Cache>,
    /// The host keeps tokens for all transports.
    is_hosted: bool,
    /// The consent that a person was asked for.
    pub(super) pending: Mutex<Option<Pending>>,
}

/// Nothing of it is for a log.
impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// The token source of an account whose settings have `auth.oauth2`. `route` and `tls` are the account's: proxy and further
    /// authorities count on the way to the provider, too; what the settings say of their own server's certificate does not.
    pub fn new(auth: &Auth, opening: &Opening, route: &Route, tls: &WebTls, audience: Audience) -> Result<Tokens, Error> {
        let settings = auth.oauth2.clone().unwrap_or_default();
        let places = Places::of(auth, &settings)?;
        let scope = audience.scope(&settings, &places.authority);
        let name = opening.secrets.get(REFRESH).cloned();
        check(&settings, name.as_deref())?;
        let tokens = Tokens {
            user: auth.user.clone(),
            account: opening.account.clone(),
            scope,
            audience,
            route: route.clone(),
            tls: tls.clone(),
            name,
            cache: Mutex::new(Cache::of(None, false)),
            is_hosted: opening.token_cache,
            pending: Mutex::default(),
            places,
            settings,
        };
        tokens.begin_anew(&tokens.settings.refresh_token);
        Ok(tokens)
    }

    /// The same for an account that logs in to a server by SASL; `None` where the settings want no token, or bring it.
    pub fn for_login(auth: &Auth, opening: &Opening, server: &Server, tls: &Tls, audience: Audience) -> Result<Option<Tokens>, Error> {
        // The protocols show a token together with the user whose mailbox it opens.
        if matches!(auth.method, Method::Xoauth2 | Method::Oauthbearer | Method::Oauth2) && auth.user.is_empty() {
            return Err(Error::setting("/auth/user", "settings.required"));
        }
        let by_token = matches!(auth.method, Method::Auto | Method::Xoauth2 | Method::Oauthbearer | Method::Oauth2);
        if !by_token || auth.oauth2.as_ref().is_none_or(|oauth2| oauth2.grant == Grant::AccessToken) {
            return Ok(None);
        }
        let route = Route { timeout_seconds: server.timeout_seconds, proxy: server.proxy.clone() };
        let tls = WebTls { minimum: tls.minimum, ca_file: tls.ca_file.clone(), ..WebTls::default() };
        Tokens::new(auth, opening, &route, &tls, audience).map(Some)
    }

    /// A token, from what is kept or new.
    pub fn access(&self, call: &Call, recorder: &mut Recorder) -> Result<Secret, Error> {
        self.find(call, recorder).map(|(token, _)| token)
    }

    /// Another token in the place of one that a server has refused. To be asked once: a new token is refused for other reasons.
    pub fn renew(&self, refused: &Secret, call: &Call, recorder: &mut Recorder) -> Result<Secret, Error> {
        if self.settings.grant == Grant::AccessToken {
            let code = "auth.token_refused";
            let error = Error::new(Status::Auth, code).stage(Stage::Token).arg("user", self.user.as_str());
            return Err(error.at("/auth/oauth2/access_token", code));
        }
        self.forget(refused, call);
        self.access(call, recorder)
    }

    /// A token, and whether this call got it.
    pub(in crate::net) fn find(&self, call: &Call, recorder: &mut Recorder) -> Result<(Secret, bool), Error> {
        if self.settings.grant == Grant::AccessToken {
            let token = &self.settings.access_token;
            let missing = || Error::setting("/auth/oauth2/access_token", "auth.token_missing");
            return if token.is_empty() { Err(missing()) } else { Ok((token.clone(), false)) };
        }
        let cache = self.cache();
        if let Some(token) = cache.fresh(&self.scope, call) {
            return Ok((token, false));
        }
        let _turn = cache.turn(call)?;
        // Another call may have got it while this one waited.
        if let Some(token) = cache.fresh(&self.scope, call) {
            return Ok((token, false));
        }
        match self.get(&cache, call, recorder) {
            Ok(token) => Ok((token, true)),
            // It has some minutes left, and the next call tries again.
            Err(error) => match cache.unexpired(&self.scope, call) {
                Some(token) if matches!(error.status, Status::Network | Status::Later | Status::Timeout) && call.check().is_ok() => {
                    recorder.note(Step::warn(Stage::Token, "oauth.renewed_later").fact("host", self.places.token.host()), call);
                    Ok((token, false))
                }
                _ => Err(error),
            },
        }
    }

    /// Forgets a token that a server has refused, so that the next one is new.
    pub(in crate::net) fn forget(&self, refused: &Secret, call: &Call) {
        self.cache().forget(refused, call);
    }

    /// A server's refusal of a token of this source, explained by what the token itself says, where that is wrong.
    pub fn explain(&self, refused: &Secret, error: Error) -> Error {
        let (code, argument) = match self.fault(refused) {
            Some(fault) => fault,
            None => return error,
        };
        let mut error = error.arg("role", argument.as_str()).arg("audience", argument).arg("client", self.settings.client_id.as_str());
        error = error.arg("link", self.places.admin_consent(&self.settings.client_id).unwrap_or_default());
        code.clone_into(&mut error.code);
        let pointer = super::refusal::remedy(code).map_or("", |remedy| remedy.0);
        error.at.clear();
        if pointer.is_empty() { error } else { error.at(pointer, code) }
    }

    /// The same for a login by SASL, of which a server says nothing more than that it is refused: where the token is good, it is the
    /// mailbox that it does not open.
    pub(in crate::net) fn explain_login(&self, refused: &Secret, error: Error) -> Error {
        let mut error = self.explain(refused, error);
        if error.code == "auth.token_refused" {
            let code = "oauth.mailbox_not_allowed";
            code.clone_into(&mut error.code);
            return error.at("/auth/user", code);
        }
        error
    }

    fn fault(&self, token: &Secret) -> Option<(&'static str, String)> {
        if self.settings.provider != Provider::Microsoft {
            return None;
        }
        let claims = jwt::claims(token.reveal())?;
        let audience = claims.get("aud")?.as_str()?;
        if !self.audience.is_named(audience) {
            return Some(("oauth.audience_wrong", crate::printable(&super::refusal::shortened(audience))));
        }
        let roles = self.audience.roles();
        let granted = claims.get("roles").and_then(|roles| roles.as_array()).into_iter().flatten().filter_map(|role| role.as_str());
        let is_missing = self.settings.grant == Grant::ClientCredentials && !granted.into_iter().any(|role| roles.contains(&role));
        is_missing.then(|| ("oauth.role_missing", roles.first().copied().unwrap_or_default().to_owned()))
    }

    fn get(&self, cache: &Cache, call: &Call, recorder: &mut Recorder) -> Result<Secret, Error> {
        let mut exchange = self.exchange();
        let (form, is_repeatable) = match self.settings.grant {
            Grant::ClientCredentials => (self.by_itself(&mut exchange)?, true),
            _ => (self.by_consent(cache, &mut exchange, call)?, false),
        };
        let issued = self.issue(&mut exchange, &form, is_repeatable, call, recorder)?;
        if let Some(warning) = self.keep(cache, &issued, call) {
            recorder.warn(warning, call);
        }
        let seconds = issued.lifetime().as_secs();
        let step = Step::ok(Stage::Token).fact("host", self.places.token.host()).fact("method", self.settings.grant.name());
        recorder.note(step.fact("expires_in_seconds", seconds), call);
        Ok(issued.access_token)
    }

    /// The way to the place where tokens are got.
    pub(super) fn exchange(&self) -> Exchange {
        let mut exchange = Exchange::new(&self.places.token, &self.route, &self.tls);
        exchange.hide(&self.settings.client_secret);
        exchange.hide(&self.settings.refresh_token);
        exchange
    }

    /// What the application, or the service account, asks for in its own right.
    fn by_itself(&self, exchange: &mut Exchange) -> Result<Form, Error> {
        if let (Provider::Google, Some(file)) = (self.settings.provider, &self.settings.service_account) {
            let (key, account) = Key::of_service_account(file)?;
            let assertion = jwt::of_service_account(&key, &account, &self.user, &self.scope, &self.places.token.to_string())?;
            exchange.hide(&assertion);
            return Ok(Form::default().field("grant_type", JWT_BEARER).secret("assertion", assertion.reveal()));
        }
        let form = Form::default().field("grant_type", "client_credentials").given("scope", &self.scope);
        self.application(form, exchange)
    }

    /// What goes back to a person's consent.
    fn by_consent(&self, cache: &Cache, exchange: &mut Exchange, call: &Call) -> Result<Form, Error> {
        // Another program, or an account of another transport, may have exchanged it since.
        let stored = self.name.as_deref().and_then(|name| call.secret_get(name).ok()).filter(|token| !token.is_empty());
        let refresh = stored.or_else(|| cache.refresh(call)).unwrap_or_else(|| self.settings.refresh_token.clone());
        if refresh.is_empty() {
            let code = "oauth.consent_needed";
            return Err(Error::new(Status::Auth, code).stage(Stage::Token).arg("user", self.user.as_str()).at(REFRESH, code));
        }
        exchange.hide(&refresh);
        let form =
            Form::default().field("grant_type", "refresh_token").given("scope", &self.scope).secret("refresh_token", refresh.reveal());
        self.application(form, exchange)
    }

    /// Adds who the application is, and its proof where it has one.
    pub(super) fn application(&self, form: Form, exchange: &mut Exchange) -> Result<Form, Error> {
        let settings = &self.settings;
        let form = form.field("client_id", &settings.client_id);
        if let Some(certificate) = &settings.certificate {
            let key = Key::of_application(certificate)?;
            let assertion = jwt::of_application(&key, &settings.client_id, &self.places.token.to_string())?;
            exchange.hide(&assertion);
            return Ok(form.field("client_assertion_type", CLIENT_ASSERTION).secret("client_assertion", assertion.reveal()));
        }
        let secret = settings.client_secret.reveal();
        Ok(if secret.is_empty() { form } else { form.secret("client_secret", secret) })
    }

    /// Asks the provider to issue a token.
    pub(super) fn issue(
        &self,
        exchange: &mut Exchange,
        form: &Form,
        is_repeatable: bool,
        call: &Call,
        recorder: &mut Recorder,
    ) -> Result<Issued, Error> {
        let reply = exchange.post(form, is_repeatable, call, recorder)?;
        if !reply.is_success() {
            return Err(exchange.refused(&reply, &self.asked()));
        }
        Issued::read(reply.body()).ok_or_else(|| exchange.foreign(&reply))
    }

    pub(super) fn asked(&self) -> Asked<'_> {
        let (settings, client) = (&self.settings, self.settings.client_id.as_str());
        Asked { settings, places: &self.places, user: &self.user, scope: &self.scope, client }
    }

    /// Keeps what was issued. The token by which others are got goes to where its reference leads; the warning where it is not there.
    pub(super) fn keep(&self, cache: &Cache, issued: &Issued, call: &Call) -> Option<Error> {
        cache.keep(&self.scope, &issued.access_token, issued.lifetime(), call);
        let refresh = issued.refresh().filter(|_| self.settings.grant != Grant::ClientCredentials)?;
        let is_known = cache.refresh(call).as_ref().unwrap_or(&self.settings.refresh_token) == refresh;
        cache.keep_refresh(refresh, call);
        if is_known {
            return None;
        }
        // An account that is opened with this token from now on has the same credentials.
        if let Some(digest) = self.digest(refresh) {
            cache.rename(&digest, call);
        }
        let (code, status) = match self.name.as_deref() {
            None => ("oauth.refresh_without_place", Status::Settings),
            Some(name) => ("oauth.refresh_not_kept", call.secret_put(name, refresh).err()?.status),
        };
        let name = self.name.as_deref().unwrap_or_default();
        Some(Error::new(status, code).stage(Stage::Token).arg("name", name).at(REFRESH, code).usable())
    }

    /// Goes on with these credentials, of which this is the refresh token.
    pub(super) fn begin_anew(&self, refresh: &Secret) -> Cache {
        let cache = Cache::of(self.digest(refresh), self.is_hosted);
        *self.cache.lock().unwrap_or_else(PoisonError::into_inner) = cache.clone();
        cache
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, Option<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the token that is kept is still good.
    pub(super) fn remaining(&self, call: &Call) -> Duration {
        self.cache().remaining(&self.scope, call)
    }

    fn cache(&self) -> Cache {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What stands for these credentials, of which this is the refresh token. Nothing does where there is no token to go back to: two persons
    /// may use one application.
    fn digest(&self, refresh: &Secret) -> Option<String> {
        let (settings, token) = (&self.settings, self.places.token.to_string());
        let secret = settings.client_secret.reveal();
        if settings.grant == Grant::ClientCredentials {
            let (file, password) = settings.certificate.as_ref().map_or(("", ""), |one| (one.file.as_str(), one.password.reveal()));
            let (key, user) = settings.service_account.as_deref().map_or(("", ""), |key| (key, self.user.as_str()));
            return Some(digest(&[settings.grant.name(), &token, &settings.client_id, secret, file, password, key, user]));
        }
        let refresh = Some(refresh.reveal()).filter(|refresh| !refresh.is_empty())?;
        Some(digest(&["consent", &token, &settings.client_id, secret, refresh]))
    }
}

/// Refuses settings that no provider could issue a token for.
fn check(settings: &OAuth2, name: Option<&str>) -> Result<(), Error> {
    let wrong = |pointer: &str, code: &str| Err(Error::setting(pointer, code));
    match settings.grant {
        Grant::AccessToken => Ok(()),
        Grant::ClientCredentials if settings.provider == Provider::Google => match &settings.service_account {
            None => wrong("/auth/oauth2/service_account", "oauth.credentials_missing"),
            Some(_) => Ok(()),
        },
        _ if settings.client_id.is_empty() => wrong("/auth/oauth2/client_id", "oauth.credentials_missing"),
        Grant::ClientCredentials if settings.client_secret.is_empty() && settings.certificate.is_none() => {
            wrong("/auth/oauth2/client_secret", "oauth.credentials_missing")
        }
        // The host takes a secret that is not there yet for an empty one, because a consent may still bring it.
        Grant::RefreshToken if settings.refresh_token.is_empty() => {
            let code = "secret.not_found";
            let error = Error::new(Status::NotFound, code).stage(Stage::Secret).arg("name", name.unwrap_or_default());
            Err(error.at(REFRESH, code))
        }
        _ => Ok(()),
    }
}
