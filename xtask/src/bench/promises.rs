//! The promises of Postkontor, compared with the measurements of this run.

use super::client::Cost;
use super::exchange;
use super::protecting::Protecting;
use super::workloads::Who::{Lettre, Libcurl, Libetpan, Postkontor};
use super::workloads::{Who, Workload};

/// The measured costs of the clients, by workload: the medians.
pub(crate) type Results = Vec<(&'static Workload, Vec<(Who, Cost)>)>;

/// One promise and what became of it.
pub(crate) struct Promise {
    pub(crate) text: &'static str,
    pub(crate) measured: String,
    pub(crate) kept: bool,
}

/// The workloads that were measured in this run.
struct Measured<'a>(&'a Results);

impl Measured<'_> {
    fn cost(&self, workload: &str, who: Who) -> Option<Cost> {
        let (_, costs) = self.0.iter().find(|(measured, _)| measured.name == workload)?;
        costs.iter().find(|(client, _)| *client == who).map(|(_, cost)| *cost)
    }

    /// How many times as fast Postkontor was, and what part of the CPU time it took, beside the best of libcurl and lettre.
    fn small(&self) -> Option<(f64, f64)> {
        let (ours, curl, lettre) = (self.cost("small", Postkontor)?, self.cost("small", Libcurl)?, self.cost("small", Lettre)?);
        Some((ours.rate() / curl.rate().max(lettre.rate()), ours.cpu_us / curl.cpu_us.min(lettre.cpu_us)))
    }

    /// How many times as fast Postkontor was.
    fn beside(&self, workload: &str, who: Who) -> Option<f64> {
        Some(self.cost(workload, Postkontor)?.rate() / self.cost(workload, who)?.rate())
    }
}

/// Checks every promise about which something was measured: the workloads, the seconds of opening a host and of a check, the multiple of mail-parser's time
/// that reading takes, and how many times as fast as GMime it is.
pub(crate) fn promises(
    results: &Results,
    (opening, checking): (Option<f64>, Option<f64>),
    (parsing, decoding): (Option<f64>, Option<f64>),
    protecting: Option<Protecting>,
    at_exchange: &[exchange::Cost],
) -> Vec<Promise> {
    let measured = Measured(results);
    let others = [
        at_most("Reading 4 KB with its summary: at most mail-parser's own time", parsing, 1.0, " times"),
        at_least("Reading 10 MB with all parts decoded: at least twice as fast as GMime", decoding, 2.0, " times"),
        at_least(
            "Signing and encrypting 200 KB: at least as fast as OpenSSL's CMS",
            protecting.map(|protecting| protecting.both),
            1.0,
            " times",
        ),
        at_least("Signing 200 KB: at least as fast as OpenSSL's CMS", protecting.map(|protecting| protecting.signing), 1.0, " times"),
        at_least(
            "Encrypting 200 KB, CBC or GCM: at least as fast as OpenSSL's CMS",
            protecting.map(|protecting| protecting.encrypting),
            1.0,
            " times",
        ),
        at_least(
            "1000 mails with 200 KB signed and encrypted from Python: at least as fast as OpenSSL's CMS in the same program",
            protecting.map(|protecting| protecting.python),
            1.0,
            " times",
        ),
        at_most("Host opened, and all plugins for the list of transports, in under 5 ms", opening.map(|seconds| seconds * 1e3), 5.0, " ms"),
        at_most("`check` of a document of 10 accounts: under 1 ms", checking.map(|seconds| seconds * 1e3), 1.0, " ms"),
    ];
    sending(&measured).into_iter().chain(fetching(&measured)).chain(others).chain(exchanging(at_exchange)).flatten().collect()
}

fn exchanging(costs: &[exchange::Cost]) -> Vec<Option<Promise>> {
    let cost = |name: &str| costs.iter().find(|cost| cost.name == name);
    let beside = |name: &str, rate: fn(&exchange::Cost) -> f64| Some(rate(cost(name)?) / rate(cost("exchangelib")?));
    let most = |name: &str| cost(name).map(|cost| cost.connections.max(cost.handshakes));
    vec![
        at_least("2 KB mails by EWS: at least 5 times exchangelib's rate", beside("exchange-ews", |cost| cost.sent), 5.0, " times"),
        at_least("2 KB mails by Graph: at least 5 times exchangelib's rate", beside("graph", |cost| cost.sent), 5.0, " times"),
        at_least("Fetching 2 KB by EWS: at least 5 times exchangelib's rate", beside("exchange-ews", |cost| cost.fetched), 5.0, " times"),
        at_least("Fetching 2 KB by Graph: at least 5 times exchangelib's rate", beside("graph", |cost| cost.fetched), 5.0, " times"),
        at_most("All of it by EWS: one connection, one handshake", most("exchange-ews"), 1.0, ""),
        at_most("All of it by Graph: one connection, one handshake", most("graph"), 1.0, ""),
    ]
}

fn sending(measured: &Measured) -> Vec<Option<Promise>> {
    vec![
        at_least(
            "2 KB mails: at least twice as fast as the best of libcurl and lettre",
            measured.small().map(|(speed, _)| speed),
            2.0,
            " times",
        ),
        at_most("2 KB mails: at most half the CPU time of the best of them", measured.small().map(|(_, cpu)| cpu), 0.5, " of it"),
        at_most(
            "20 ms reply delay: one round trip a mail (connecting takes two, spread over all)",
            measured.cost("delay", Postkontor).map(|cost| cost.round_trips()),
            1.2,
            "",
        ),
        at_least(
            "20 ms reply delay, batch: at least 500 mails a second",
            measured.cost("batch, delay", Postkontor).map(|cost| cost.rate()),
            500.0,
            "",
        ),
        at_least("200 KB attachment: at least twice as fast as lettre", measured.beside("attachment", Lettre), 2.0, " times"),
        at_least("100 MB attachment: at least twice as fast as lettre", measured.beside("file", Lettre), 2.0, " times"),
        at_least(
            "A new account for each mail: at least 0.4 times lettre's rate, which resumes TLS",
            measured.beside("account", Lettre),
            0.4,
            " times",
        ),
        at_most("100 MB attachment: under 40 MB of memory", measured.cost("file", Postkontor).map(|cost| cost.peak_mb), 40.0, " MB"),
    ]
}

fn fetching(measured: &Measured) -> Vec<Option<Promise>> {
    vec![
        at_least("Fetching 4 KB by POP3: at least as fast as libetpan", measured.beside("pop3", Libetpan), 1.0, " times"),
        at_least("Fetching 4 KB by IMAP: at least as fast as libetpan", measured.beside("imap", Libetpan), 1.0, " times"),
        at_least(
            "Fetching by POP3, 5 ms reply delay: at least 5000 messages a second",
            measured.cost("pop3, far", Postkontor).map(|cost| cost.rate()),
            5000.0,
            "",
        ),
        at_least("Fetching 100 MB by POP3: at least as fast as libcurl", measured.beside("pop3, large", Libcurl), 1.0, " times"),
        at_least("Fetching 100 MB by IMAP: at least as fast as libcurl", measured.beside("imap, large", Libcurl), 1.0, " times"),
        at_most(
            "Fetching 100 MB by POP3: under 40 MB of memory",
            measured.cost("pop3, large", Postkontor).map(|cost| cost.peak_mb),
            40.0,
            " MB",
        ),
        at_most(
            "Fetching 100 MB by IMAP: under 40 MB of memory",
            measured.cost("imap, large", Postkontor).map(|cost| cost.peak_mb),
            40.0,
            " MB",
        ),
        at_least(
            "Fetching 4 KB from Dovecot by POP3: at least as fast as libetpan",
            measured.beside("pop3, dovecot", Libetpan),
            1.0,
            " times",
        ),
        at_least(
            "Fetching 4 KB from Dovecot by IMAP: at least as fast as libetpan",
            measured.beside("imap, dovecot", Libetpan),
            1.0,
            " times",
        ),
        at_least(
            "Fetching 100 MB from Dovecot by POP3: at least as fast as libcurl",
            measured.beside("pop3, large, dovecot", Libcurl),
            1.0,
            " times",
        ),
        at_least(
            "Fetching 100 MB from Dovecot by IMAP: at least as fast as libcurl",
            measured.beside("imap, large, dovecot", Libcurl),
            1.0,
            " times",
        ),
    ]
}

fn at_least(text: &'static str, value: Option<f64>, limit: f64, unit: &str) -> Option<Promise> {
    value.map(|value| Promise { text, measured: format!("{value:.2}{unit}"), kept: value >= limit })
}

fn at_most(text: &'static str, value: Option<f64>, limit: f64, unit: &str) -> Option<Promise> {
    value.map(|value| Promise { text, measured: format!("{value:.2}{unit}"), kept: value <= limit })
}
