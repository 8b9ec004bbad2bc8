//! The test of the settings: everything short of a mail, step by step.

use crate::session::Session;
use crate::settings::Settings;
use postkontor_plugin::net::{self, Trail};
use postkontor_plugin::serde_json::{Value, json};
use postkontor_plugin::settings::{Method, TlsMode};
use postkontor_plugin::{Call, Error, Report, Stage, Status, Step};

/// The steps of a whole test, in the order of a session that switches to TLS.
const STEPS: [Stage; 7] = [Stage::Resolve, Stage::Connect, Stage::Greeting, Stage::Capabilities, Stage::Tls, Stage::Login, Stage::Quit];

/// Connects, logs in and leaves, on a connection of its own. Fails only when the caller stops it.
pub(crate) fn test(settings: &Settings, call: &Call) -> Result<Report, Error> {
    let mut trail = Trail::on();
    let mut transcript = Vec::new();
    let opened = Session::open_recorded(settings, call, &mut trail, &mut transcript);
    match opened {
        Ok(mut session) => {
            match session.quit(call) {
                Ok(()) => trail.push(Step::ok(Stage::Quit)),
                // Everything that matters has worked.
                Err(error) => {
                    trail.push(Step { status: postkontor_plugin::StepStatus::Warn, status_number: 0, ..Step::fail(Stage::Quit, &error) })
                }
            }
            transcript.append(&mut session.stream.transcript().take());
            session.stream.close();
        }
        Err(error) if error.status == Status::Cancelled => return Err(error),
        Err(error) => trail.push(failed(&error, settings)),
    }
    let mut steps = trail.steps();
    let failed = steps.iter().any(|step| step.status == postkontor_plugin::StepStatus::Fail);
    for stage in STEPS {
        if failed && !steps.iter().any(|step| step.step == stage) {
            steps.push(Step::skipped(stage));
        }
    }
    Ok(Report { steps, transcript })
}

/// The failed step, with what to do about it.
fn failed(error: &Error, settings: &Settings) -> Step {
    let mut step = net::step(error, &settings.server, &settings.tls);
    let (advice, pointer, patch): (&[&str], &str, Option<Value>) = match error.code.as_str() {
        "auth.refused" => (&["advice.check_user_and_password", "advice.app_password"], "/auth/password", None),
        "auth.mechanism_not_offered" => (&["advice.method_auto"], "/auth/method", Some(json!({"auth": {"method": "auto"}}))),
        "auth.not_offered" if settings.tls.mode == TlsMode::None => {
            (&["advice.login_needs_tls"], "/tls/mode", Some(json!({"tls": {"mode": "required"}})))
        }
        "auth.not_offered" => (&["advice.login_not_needed"], "/auth/method", Some(json!({"auth": {"method": "none"}}))),
        "auth.cleartext_forbidden" if settings.auth.method == Method::PopBeforeSmtp => (&["advice.use_tls"], "/smtp/pop3/mode", None),
        "auth.cleartext_forbidden" if settings.tls.mode == TlsMode::None => {
            (&["advice.use_tls", "advice.allow_cleartext"], "/tls/mode", Some(json!({"tls": {"mode": "required"}})))
        }
        // TLS is what the settings ask for already, and the server has none.
        "auth.cleartext_forbidden" => (&["advice.allow_cleartext"], "/auth/allow_cleartext", None),
        "auth.encryption_needed" => (&["advice.use_tls"], "/tls/mode", Some(json!({"tls": {"mode": "required"}}))),
        "auth.method_unsupported" => (&["advice.method_auto"], "/auth/method", Some(json!({"auth": {"method": "auto"}}))),
        "auth.later" | "smtp.not_now" | "smtp.closing" => (&["advice.try_later"], "", None),
        "tls.not_offered" => (&["advice.tls_port", "advice.ask_provider_for_tls"], "/tls/mode", None),
        "smtp.not_smtp" => (&["advice.check_port"], "/server/port", None),
        _ => (&[], "", None),
    };
    step.advice.extend(
        advice
            .iter()
            .filter(|advice| !step.advice.iter().any(|known| known == *advice))
            .map(|advice| (*advice).to_owned())
            .collect::<Vec<_>>(),
    );
    if step.pointer.is_empty() && !pointer.is_empty() {
        pointer.clone_into(&mut step.pointer);
    }
    step.patch = step.patch.or(patch);
    step
}
