//! Asking a person for consent, in two steps: what to show, and the wait for the answer.

use super::browser::{self, Returned};
use super::exchange::Exchange;
use super::form::{Form, encoded};
use super::issued::Issued;
use super::jwt;
use super::pending::{Browser, Device, Pending};
use super::refusal::Refusal;
use super::tokens::Tokens;
use crate::net::Recorder;
use crate::net::http::Url;
use crate::settings::{Grant, Provider};
use crate::{Call, Error, Secret, Stage, Status, printable};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How long to wait between two questions where the provider does not say (RFC 8628, section 3.5), and at most.
const INTERVAL: u64 = 5;
const LONGEST_INTERVAL: u64 = 300;

/// How much longer after each `slow_down`.
const SLOWER: Duration = Duration::from_secs(5);

/// The longest life of a code that is believed.
const LONGEST_CODE: u64 = 3600;

/// The answer to the question for a code (RFC 8628, section 3.2).
#[derive(Deserialize)]
struct DeviceCode {
    device_code: Secret,
    user_code: String,
    /// Google writes it as `verification_url`.
    #[serde(alias = "verification_url")]
    verification_uri: String,
    #[serde(default)]
    verification_uri_complete: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    interval: Option<u64>,
}

impl Tokens {
    /// Performs the operation `authorize`: with `begin` it answers what to show the person, with `finish` it waits for the consent.
    pub fn authorize(&self, request: &Value, call: &Call) -> Result<Value, Error> {
        let is = |name: &str| request.get(name) == Some(&Value::Bool(true));
        match (is("begin"), is("finish"), self.settings.grant) {
            (true, false, Grant::DeviceCode) => self.begin_device(call),
            (true, false, Grant::AuthorizationCode) => self.begin_browser(),
            (false, true, Grant::DeviceCode | Grant::AuthorizationCode) => self.finish(call),
            (_, _, Grant::DeviceCode | Grant::AuthorizationCode) => {
                let code = "oauth.step_missing";
                Err(Error::new(Status::Argument, code).at_request("/begin", code))
            }
            _ => {
                let code = "oauth.no_consent";
                Err(Error::new(Status::Unsupported, code).stage(Stage::Settings).at("/auth/oauth2/grant", code))
            }
        }
    }

    fn begin_device(&self, call: &Call) -> Result<Value, Error> {
        let missing = || Error::setting("/auth/oauth2/device_url", "settings.url_invalid");
        let url = self.places.device.as_ref().ok_or_else(missing)?;
        let mut exchange = Exchange::new(url, &self.route, &self.tls);
        let form = Form::default().field("client_id", &self.settings.client_id).given("scope", &self.scope);
        let reply = exchange.post(&form, false, call, &mut Recorder::off())?;
        if !reply.is_success() {
            return Err(exchange.refused(&reply, &self.asked()));
        }
        let code: DeviceCode = serde_json::from_slice(reply.body()).map_err(|_| exchange.foreign(&reply))?;
        let is_shown = !code.user_code.is_empty() && code.user_code.len() <= 64 && !code.user_code.chars().any(char::is_control);
        let place = |text: &str| Url::parse(text, "").ok();
        let (Some(place), true, false) = (place(&code.verification_uri), is_shown, code.device_code.is_empty()) else {
            return Err(exchange.foreign(&reply));
        };
        let complete = code.verification_uri_complete.as_deref().and_then(|text| Url::parse(text, "").ok());
        let lifetime = code.expires_in.unwrap_or(900).min(LONGEST_CODE);
        let interval = Duration::from_secs(code.interval.unwrap_or(INTERVAL).clamp(1, LONGEST_INTERVAL));
        let end = Instant::now() + Duration::from_secs(lifetime);
        *self.pending() = Some(Pending::Device(Device { code: code.device_code, interval, end }));
        let (place, user_code) = (place.to_string(), code.user_code);
        Ok(json!({
            "url": complete.map_or_else(|| place.clone(), |url| url.to_string()),
            "user_code": user_code,
            "verification_url": place,
            "expires_in_seconds": lifetime,
            "message": {"code": "oauth.enter_code", "args": {"url": place, "user_code": user_code}}
        }))
    }

    fn begin_browser(&self) -> Result<Value, Error> {
        let missing = || Error::setting("/auth/oauth2/authorization_url", "settings.url_invalid");
        let consent = self.places.consent.as_ref().ok_or_else(missing)?.to_string();
        // The former listener gives its port back first.
        *self.pending() = None;
        let browser = Browser::listen(self.settings.redirect_port, self.settings.provider == Provider::Microsoft)?;
        let mut query = vec![
            ("client_id", self.settings.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", &browser.redirect),
            ("state", &browser.state),
            ("code_challenge_method", "S256"),
        ];
        let challenge = browser.challenge();
        query.push(("code_challenge", &challenge));
        query.extend([("scope", self.scope.as_str())].into_iter().filter(|(_, scope)| !scope.is_empty()));
        query.extend([("login_hint", self.user.as_str())].into_iter().filter(|(_, user)| user.contains('@')));
        match self.settings.provider {
            // Without these there is no token to renew by.
            Provider::Google => query.extend([("access_type", "offline"), ("prompt", "consent")]),
            Provider::Microsoft => query.push(("response_mode", "query")),
            Provider::Custom => (),
        }
        let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={}", encoded(value).as_str())).collect();
        let url = format!("{consent}{}{}", if consent.contains('?') { '&' } else { '?' }, query.join("&"));
        let lifetime = browser.end.saturating_duration_since(Instant::now()).as_secs();
        *self.pending() = Some(Pending::Browser(browser));
        Ok(json!({"url": url, "expires_in_seconds": lifetime, "message": {"code": "oauth.open_browser", "args": {"url": url}}}))
    }

    fn finish(&self, call: &Call) -> Result<Value, Error> {
        let begun = self.pending().take();
        let code = "oauth.not_begun";
        let mut pending = begun.ok_or_else(|| Error::new(Status::Argument, code).at_request("/finish", code))?;
        let result = match &mut pending {
            Pending::Device(device) => self.await_device(device, call),
            Pending::Browser(browser) => self.await_browser(browser, call),
        };
        match result {
            Ok(issued) => Ok(self.consented(&issued, call)),
            Err(error) => {
                // The caller may go on waiting, unless a browser has come back: it comes once.
                if matches!(error.status, Status::Cancelled | Status::Timeout) && pending.is_open() {
                    *self.pending() = Some(pending);
                }
                Err(error)
            }
        }
    }

    /// Asks the provider again and again until the person has answered (RFC 8628, section 3.4).
    fn await_device(&self, device: &mut Device, call: &Call) -> Result<Issued, Error> {
        let mut exchange = self.exchange();
        exchange.hide(&device.code);
        loop {
            rest(device.interval, device.end, call)?;
            let form = Form::default().field("grant_type", DEVICE_CODE).secret("device_code", device.code.reveal());
            let form = self.application(form, &mut exchange)?;
            let reply = match exchange.post(&form, false, call, &mut Recorder::off()) {
                Ok(reply) => reply,
                // The person may take minutes; a provider that is out of reach for a moment is asked again, less often.
                Err(error) if matches!(error.status, Status::Network | Status::Timeout) && call.check().is_ok() => {
                    device.interval = (device.interval * 2).min(Duration::from_secs(60));
                    continue;
                }
                Err(error) => return Err(error),
            };
            if reply.is_success() {
                return Issued::read(reply.body()).ok_or_else(|| exchange.foreign(&reply));
            }
            match reply.refusal().as_ref().map_or("", Refusal::word) {
                "authorization_pending" => (),
                "slow_down" => device.interval += SLOWER,
                _ => {
                    let error = exchange.refused(&reply, &self.asked());
                    if error.status != Status::Later {
                        return Err(error);
                    }
                    device.interval = (device.interval * 2).min(Duration::from_secs(60));
                }
            }
        }
    }

    /// Waits for the browser, and has a token issued for what it brings.
    fn await_browser(&self, browser: &mut Browser, call: &Call) -> Result<Issued, Error> {
        let code = match browser::wait(browser, call)? {
            Returned::Code(code) => Secret::new(code),
            Returned::Refused(word, text) => {
                return Err(Refusal::of(&word, &text).error(200, &self.asked(), &|text| printable(text)));
            }
        };
        browser.is_back = true;
        let mut exchange = self.exchange();
        exchange.hide(&code);
        exchange.hide(&browser.verifier);
        let form = Form::default().field("grant_type", "authorization_code").secret("code", code.reveal());
        let form = form.field("redirect_uri", &browser.redirect).secret("code_verifier", browser.verifier.reveal());
        let form = self.application(form, &mut exchange)?;
        // A code is good for one attempt, so a second wait would find nothing.
        self.issue(&mut exchange, &form, false, call, &mut Recorder::off()).map_err(|error| match error.status {
            Status::Timeout => Error::new(Status::Network, "oauth.code_lost").stage(Stage::Token).arg("host", self.places.token.host()),
            _ => error,
        })
    }

    /// The answer to the program, once the tokens are kept.
    fn consented(&self, issued: &Issued, call: &Call) -> Value {
        let cache = self.begin_anew(issued.refresh().unwrap_or(&Secret::default()));
        let code = "oauth.refresh_missing";
        let missing = || Error::new(Status::NotFound, code).stage(Stage::Token).at("/auth/oauth2/scope", code).usable();
        let warning = self.keep(&cache, issued, call).or_else(|| issued.refresh().is_none().then(missing));
        let claims = issued.identity().and_then(|token| jwt::claims(token.reveal())).unwrap_or_default();
        let named = ["preferred_username", "email", "upn"].into_iter().find_map(|name| claims.get(name)?.as_str());
        let user = named.map_or_else(|| self.user.clone(), printable);
        let scopes: Vec<String> = issued.scope.as_deref().unwrap_or(&self.scope).split_whitespace().map(printable).collect();
        let seconds = self.remaining(call).as_secs();
        let message = match &warning {
            Some(warning) => json!({"code": warning.code, "args": warning.args}),
            None => json!({"code": "oauth.consented", "args": {"user": user}}),
        };
        let is_kept = warning.is_none();
        if let Some(warning) = warning {
            call.warn(warning);
        }
        json!({"account": self.account, "user": user, "scopes": scopes, "expires_in_seconds": seconds, "kept": is_kept, "message": message})
    }
}

/// Waits between two questions. Fails when the call has to stop, or the code has ended.
fn rest(interval: Duration, end: Instant, call: &Call) -> Result<(), Error> {
    let until = Instant::now() + interval;
    loop {
        call.check()?;
        let now = Instant::now();
        if now >= end {
            let code = "oauth.code_expired";
            return Err(Error::new(Status::Auth, code).stage(Stage::Token));
        }
        if now >= until {
            return Ok(());
        }
        std::thread::sleep(call.slice().min(until - now));
    }
}
