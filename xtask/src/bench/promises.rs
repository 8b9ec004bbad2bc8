//! What Postkontor promises, compared with what was measured in this run.

use super::client::Cost;
use super::workloads::Who::{Lettre, Libcurl, Libetpan, Postkontor};
use super::workloads::{Who, Workload};

/// What the clients were measured at, by workload: the medians.
pub(crate) type Results = Vec<(&'static Workload, Vec<(Who, Cost)>)>;

/// One promise and what became of it.
pub(crate) struct Promise {
    pub(crate) text: &'static str,
    pub(crate) measured: String,
    pub(crate) kept: bool,
}

/// Checks every promise about which something was measured: the workloads, the seconds of opening a host, the multiple of mail-parser's time
/// that reading takes.
pub(crate) fn promises(results: &Results, opening: Option<f64>, reading: Option<f64>) -> Vec<Promise> {
    let cost = |workload: &str, who: Who| -> Option<Cost> {
        let (_, costs) = results.iter().find(|(measured, _)| measured.name == workload)?;
        costs.iter().find(|(client, _)| *client == who).map(|(_, cost)| *cost)
    };
    let small = || {
        let (ours, curl, lettre) = (cost("small", Postkontor)?, cost("small", Libcurl)?, cost("small", Lettre)?);
        Some((ours.rate() / curl.rate().max(lettre.rate()), ours.cpu_us / curl.cpu_us.min(lettre.cpu_us)))
    };
    let beside = |workload, who| Some(cost(workload, Postkontor)?.rate() / cost(workload, who)?.rate());
    let beside_lettre = |workload| beside(workload, Lettre);
    let at_least = |text, value: Option<f64>, limit: f64, unit: &str| {
        value.map(|value| Promise { text, measured: format!("{value:.2}{unit}"), kept: value >= limit })
    };
    let at_most = |text, value: Option<f64>, limit: f64, unit: &str| {
        value.map(|value| Promise { text, measured: format!("{value:.2}{unit}"), kept: value <= limit })
    };
    [
        at_least("2 KB mails: at least twice as fast as the best of libcurl and lettre", small().map(|(speed, _)| speed), 2.0, " times"),
        at_most("2 KB mails: at most half the CPU time of the best of them", small().map(|(_, cpu)| cpu), 0.5, " of it"),
        at_most(
            "20 ms reply delay: one round trip a mail (connecting takes two, spread over all)",
            cost("delay", Postkontor).map(|cost| cost.round_trips()),
            1.2,
            "",
        ),
        at_least(
            "20 ms reply delay, batch: at least 500 mails a second",
            cost("batch, delay", Postkontor).map(|cost| cost.rate()),
            500.0,
            "",
        ),
        at_least("200 KB attachment: at least twice as fast as lettre", beside_lettre("attachment"), 2.0, " times"),
        at_least("100 MB attachment: at least twice as fast as lettre", beside_lettre("file"), 2.0, " times"),
        at_most("100 MB attachment: under 40 MB of memory", cost("file", Postkontor).map(|cost| cost.peak_mb), 40.0, " MB"),
        at_least("Fetching 4 KB by POP3: at least as fast as libetpan", beside("pop3", Libetpan), 1.0, " times"),
        at_least("Fetching 4 KB by IMAP: at least as fast as libetpan", beside("imap", Libetpan), 1.0, " times"),
        at_least(
            "Fetching by POP3, 5 ms reply delay: at least 5000 messages a second",
            cost("pop3, far", Postkontor).map(|cost| cost.rate()),
            5000.0,
            "",
        ),
        at_least("Fetching 100 MB by POP3: at least as fast as libcurl", beside("pop3, large", Libcurl), 1.0, " times"),
        at_least("Fetching 100 MB by IMAP: at least as fast as libcurl", beside("imap, large", Libcurl), 1.0, " times"),
        at_most("Fetching 100 MB by POP3: under 40 MB of memory", cost("pop3, large", Postkontor).map(|cost| cost.peak_mb), 40.0, " MB"),
        at_most("Fetching 100 MB by IMAP: under 40 MB of memory", cost("imap, large", Postkontor).map(|cost| cost.peak_mb), 40.0, " MB"),
        at_least("Fetching 4 KB from Dovecot by POP3: at least as fast as libetpan", beside("pop3, dovecot", Libetpan), 1.0, " times"),
        at_least("Fetching 4 KB from Dovecot by IMAP: at least as fast as libetpan", beside("imap, dovecot", Libetpan), 1.0, " times"),
        at_least(
            "Fetching 100 MB from Dovecot by POP3: at least as fast as libcurl",
            beside("pop3, large, dovecot", Libcurl),
            1.0,
            " times",
        ),
        at_least(
            "Fetching 100 MB from Dovecot by IMAP: at least as fast as libcurl",
            beside("imap, large, dovecot", Libcurl),
            1.0,
            " times",
        ),
        at_most("Reading 4 KB with its summary: at most twice mail-parser's time", reading, 2.0, " times"),
        at_most("Host with all plugins opened in under 5 ms", opening.map(|seconds| seconds * 1e3), 5.0, " ms"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
