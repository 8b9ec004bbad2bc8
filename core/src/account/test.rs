//! Testing the settings: every step, what was seen, and what to do about it.

use super::Account;
use super::connection::timed;
use super::steps::{Hearing, Telling};
use crate::Cancel;
use crate::error::{failed, unreadable};
use crate::report::Report;
use crate::request::{Asked, TestRequest};
use postkontor_plugin::{Error, Report as Found, Stage, Status, Step};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

impl Account {
    /// Tests the settings step by step. Sends nothing unless the request asks for a test message.
    ///
    /// A test that finds a failure is a success; an error means that the test could not run.
    pub fn test<'r>(&mut self, request: impl Into<Asked<'r, TestRequest>>, cancel: &Cancel) -> Result<Report, Error> {
        let started = self.begin();
        let result = self.run_test(request.into(), cancel);
        self.conclude("test", result, |report| self.tested(report, started))
    }

    fn run_test(&mut self, request: Asked<'_, TestRequest>, cancel: &Cancel) -> Result<Report, Error> {
        self.enabled()?;
        let request = request.read()?;
        let started = Instant::now();
        let to = request.looped.map(|looped| self.loop_recipient(looped.to)).transpose()?;
        let mut telling = Telling::new(&self.host, request.steps);
        let mut report = self.prepare_and_test(&mut telling, cancel)?;
        let mut own = self.said(self.warning_steps(), &telling);
        if report.is_ok() {
            let copying = self.copying_step(cancel);
            own.extend(self.said(copying, &telling));
        }
        if let Some(to) = to {
            let looped = self.loop_step(&report, &to, cancel);
            own.extend(self.said([looped], &telling));
        }
        telling.end();
        let quit = report.steps.iter().position(|step| step.step == Stage::Quit).unwrap_or(report.steps.len());
        report.steps.splice(quit..quit, own);
        let Some(connection) = self.connections.first() else { return Err(failed(Status::Disabled, "settings.disabled")) };
        let (account, transport) = (connection.settings.id.clone(), connection.settings.transport.clone());
        let ok = report.is_ok();
        self.journal_steps(&account, &report.steps);
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Report { ok, elapsed_ms, account, transport, steps: report.steps, transcript: report.transcript })
    }

    /// Steps of the host's own, with their sentences, as the program learns them.
    fn said(&self, steps: impl IntoIterator<Item = Step>, telling: &Telling) -> Vec<Step> {
        let steps = steps.into_iter().map(|step| self.host.in_words(step));
        steps.inspect(|step| telling.say(step)).collect()
    }

    /// Steps `settings` and `secret`, then those of the transport.
    fn prepare_and_test(&mut self, telling: &mut Telling, cancel: &Cancel) -> Result<Found, Error> {
        let smime = if self.sends() { self.smime_step(cancel) } else { None };
        let connection = self.own()?;
        // The document was checked when the account was opened; what only the transport can judge is judged here.
        let refers = connection.refers_to_secrets();
        let mut steps = vec![Step::ok(Stage::Settings), if refers { Step::ok(Stage::Secret) } else { Step::skipped(Stage::Secret) }];
        let prepared = connection.prepare();
        if let Err(error) = &prepared {
            let (index, stage) = if error.stage == Some(Stage::Secret) { (1, Stage::Secret) } else { (0, Stage::Settings) };
            steps[index] = Step::fail(stage, error);
        }
        steps.extend(smime);
        let mut steps = self.said(steps, telling);
        if prepared.is_err() {
            return Ok(Found { steps, transcript: Vec::new() });
        }
        let connection = self.own()?;
        let seconds = connection.settings.settings.pointer("/server/timeout_seconds").and_then(Value::as_u64).unwrap_or(60);
        let (mut hearing, finish) = (Hearing::new(telling, connection.finish()), connection.finish());
        let request = if hearing.is_wanted() { json!({"steps": true}) } else { json!({}) };
        let request = timed(request, cancel.remaining(Duration::from_secs(seconds)))?;
        let answer = connection.stream("test", &request, cancel, &mut hearing)?;
        let report: Found = serde_json::from_slice(&answer).map_err(unreadable)?;
        let found: Vec<Step> = report.steps.into_iter().map(|step| finish.step(step)).collect();
        hearing.rest(&found);
        steps.extend(found);
        Ok(Found { steps, transcript: report.transcript.into_iter().map(|line| finish.line(line)).collect() })
    }

    /// Whether mail goes out in the name of the account.
    fn sends(&self) -> bool {
        let sender = self.connections.get(self.first_sender);
        let transport = sender.and_then(|connection| self.host.transport(&connection.settings.transport).ok());
        transport.is_some_and(|transport| transport.supports("send"))
    }

    /// The address that a test message goes to: the one of the request, else the sender's own.
    fn loop_recipient(&self, to: Option<String>) -> Result<String, Error> {
        let missing = || failed(Status::Argument, "test.loop_recipient_missing").at_request("/loop/to", "test.loop_recipient_missing");
        to.or_else(|| self.sender().address.clone()).ok_or_else(missing)
    }

    fn loop_step(&mut self, report: &Found, to: &str, cancel: &Cancel) -> Step {
        if !report.is_ok() {
            return Step::skipped(Stage::Loop);
        }
        let started = Instant::now();
        let mut step = match self.send_test(to, cancel) {
            Ok(receipt) => Step::ok(Stage::Loop).fact("receipt", json!(receipt)),
            Err(error) => self.advised(Step::fail(Stage::Loop, &error)),
        };
        step.ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        step
    }

    /// The step of a test message that did not go out, with what to do about it.
    fn advised(&self, mut step: Step) -> Step {
        let (pointer, advice): (_, &[&str]) = match step.code.as_str() {
            "sender.refused" => ("/sender/address", &["advice.check_sender", "advice.ask_administrator"]),
            "auth.required" => ("", &["advice.login_required"]),
            "recipients.all_refused" | "recipients.refused" => ("", &["advice.check_recipient"]),
            "sender.later" | "recipients.all_later" | "content.later" | "smtp.closing" => ("", &["advice.try_later"]),
            "content.refused" => ("", &["advice.ask_administrator"]),
            _ => return step,
        };
        if let Some(connection) = self.connections.get(self.first_sender) {
            match pointer {
                "" if step.code == "auth.required" => step.pointer = connection.pointer("/auth/method"),
                "" => {}
                pointer => step.pointer = self.document.sender_pointer(&connection.settings.id, pointer),
            }
        }
        step.advice = advice.iter().map(|code| (*code).to_owned()).collect();
        step
    }
}
