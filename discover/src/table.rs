//! What the table says of a provider, as findings.

use crate::address::Address;
use crate::finding::{Door, Finding, Login, Outcome, Place, Sentence, Source, Tried, Yield};
use crate::provider::{self, LoginName, PasswordKind, Provider};
use crate::server::Kind;
use crate::steps::Step;

/// The step `table`: the provider of the address's domain.
pub(crate) fn look_up(address: &Address) -> Yield {
    let domain = address.domain();
    let Some(provider) = provider::of_domain(domain) else {
        return Yield::of(Tried::said(Step::Table, Outcome::Nothing, Sentence::new("discover.table_unknown").arg("domain", domain)));
    };
    let reason = Sentence::new("discover.reason_table").arg("domain", domain).arg("provider", provider.name.as_str());
    of_provider(provider, None, address, Step::Table, &reason)
}

/// What is known of a provider. `mx` is the host that the domain's mail goes to, where that led to the provider.
pub(crate) fn of_provider(provider: &Provider, mx: Option<&str>, address: &Address, step: Step, reason: &Sentence) -> Yield {
    if !provider.has_servers() {
        let sentence = Sentence::new("discover.no_access").arg("provider", provider.name.as_str());
        return Yield { is_final: true, ..Yield::of(Tried::said(step, Outcome::Nothing, sentence)) };
    }
    let (source, confidence) = if step == Step::Table { (Source::Table, 95) } else { (Source::Mx, 88) };
    let mut findings = Vec::new();
    for (place, is_second) in places(provider, mx, address) {
        for (rank, login) in logins(provider).into_iter().enumerate() {
            let less = 10 * u8::from(is_second) + 5 * u8::from(rank > 0);
            findings.push(Finding {
                place: place.clone(),
                notes: notes(provider, &login),
                login,
                source,
                provider: Some(provider.name.clone()),
                confidence: confidence - less,
                reason: reason.clone(),
                may_be_tested: provider.login != LoginName::Other,
            });
        }
    }
    if provider.oauth2.as_deref() == Some("microsoft") && provider.id == "microsoft365" {
        findings.push(graph(provider, address, source, confidence - 8, reason));
    }
    Yield { findings, ..Yield::of(Tried::said(step, Outcome::Found, reason.clone())) }
}

/// IMAP with SMTP, then POP3 with SMTP.
fn places(provider: &Provider, mx: Option<&str>, address: &Address) -> Vec<(Place, bool)> {
    let user = match provider.login {
        LoginName::Local => address.local(),
        // It passes for a name until the person has put in the right one.
        LoginName::Address | LoginName::Other => address.text(),
    };
    let door = |kind| provider.server(kind, mx).map(|server| Door { server, user: user.to_owned() });
    let send = door(Kind::Smtp);
    let fetching = [door(Kind::Imap), door(Kind::Pop3)].into_iter().flatten();
    fetching.enumerate().map(|(rank, fetch)| (Place::Servers { fetch: Some(fetch), send: send.clone() }, rank > 0)).collect()
}

/// The ways to log in, the one that works for more programs first.
fn logins(provider: &Provider) -> Vec<Login> {
    let password = (provider.password != PasswordKind::None).then_some(Login::Password);
    password.into_iter().chain(provider.oauth2.clone().map(Login::Token)).collect()
}

fn notes(provider: &Provider, login: &Login) -> Vec<Sentence> {
    let about = |code| Sentence::new(code).arg("provider", provider.name.as_str());
    let mut notes = Vec::new();
    match (login, provider.password) {
        (Login::Token(_), _) => notes.push(about("discover.note_token")),
        (Login::Password, PasswordKind::App) => notes.push(about("discover.note_app_password")),
        (Login::Password, PasswordKind::Mail) => notes.push(about("discover.note_mail_password")),
        (Login::Password, _) => (),
    }
    if provider.login == LoginName::Other {
        notes.push(about("discover.note_login_name"));
    }
    if provider.to_be_switched_on {
        notes.push(about("discover.note_switch_on"));
    }
    if provider.keeps_copy {
        notes.push(about("discover.note_keeps_copy"));
    }
    notes
}

/// Microsoft 365 by its web service, for programs that have an application there.
fn graph(provider: &Provider, address: &Address, source: Source, confidence: u8, reason: &Sentence) -> Finding {
    Finding {
        place: Place::Graph { user: address.text().to_owned() },
        login: Login::Token("microsoft".to_owned()),
        source,
        provider: Some(provider.name.clone()),
        confidence,
        reason: reason.clone(),
        notes: notes(provider, &Login::Token(String::new())),
        may_be_tested: false,
    }
}
