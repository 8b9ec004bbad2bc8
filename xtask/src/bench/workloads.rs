//! The work that is compared, and who does it.

/// The reply delay of the workloads whose name says so.
pub(crate) const DELAY_MS: u64 = 20;

/// The work in which each mail has an account and a connection of its own.
pub(crate) const ACCOUNT: &str = "account";

/// A client that does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Postkontor,
    Libcurl,
    Lettre,
    Smtplib,
    Libetpan,
    /// poplib and imaplib.
    Python,
}

/// The server that the clients work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// Takes what is sent.
    Sink,
    /// Gives what is fetched.
    Source,
    /// The same from a real server, from files.
    Dovecot,
}

/// One kind of work, and how many mails of it each client does: slow ones fewer, so that all take seconds.
pub(crate) struct Workload {
    /// By this name the promises find it.
    pub(crate) name: &'static str,
    pub(super) title: &'static str,
    pub(super) server: Server,
    pub(super) options: &'static [&'static str],
    /// The work by the name that the clients know.
    pub(super) work: &'static str,
    pub(super) mails: &'static [(Who, u32)],
}

use Server::{Dovecot, Sink, Source};
use Who::{Lettre, Libcurl, Libetpan, Postkontor, Python, Smtplib};

pub(super) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "small",
        title: "Mails of 2 KB, each composed anew, one connection",
        server: Sink,
        options: &[],
        work: "small",
        mails: &[(Postkontor, 10_000), (Libcurl, 10_000), (Lettre, 100), (Smtplib, 300)],
    },
    Workload {
        name: "small, acknowledged at once",
        title: "The same, with a server that does not delay its TCP acknowledgements",
        server: Sink,
        options: &["--quick-ack"],
        work: "small",
        mails: &[(Postkontor, 10_000), (Libcurl, 10_000), (Lettre, 10_000), (Smtplib, 300)],
    },
    Workload {
        name: "batch",
        title: "Mails of 2 KB, Postkontor in batches of 500",
        server: Sink,
        options: &[],
        work: "batch",
        mails: &[(Postkontor, 10_000)],
    },
    Workload {
        name: "delay",
        title: "Mails of 2 KB, the server's replies take 20 ms",
        server: Sink,
        options: &["--delay", "20"],
        work: "small",
        mails: &[(Postkontor, 100), (Libcurl, 25), (Lettre, 20), (Smtplib, 25)],
    },
    Workload {
        name: "batch, delay",
        title: "Mails of 2 KB, the server's replies take 20 ms, Postkontor in batches of 500",
        server: Sink,
        options: &["--delay", "20"],
        work: "batch",
        mails: &[(Postkontor, 2000)],
    },
    Workload {
        name: "attachment",
        title: "Mails with an attachment of 200 KB from memory",
        server: Sink,
        options: &[],
        work: "attachment",
        mails: &[(Postkontor, 1000), (Libcurl, 1000), (Lettre, 200), (Smtplib, 25)],
    },
    Workload {
        name: "file",
        title: "One mail with an attachment of 100 MB from a file",
        server: Sink,
        options: &[],
        work: "file",
        mails: &[(Postkontor, 1), (Libcurl, 1), (Lettre, 1), (Smtplib, 1)],
    },
    Workload {
        name: "account",
        title: "Mails of 2 KB, each by a new account: connection, TLS, login, mail, QUIT",
        server: Sink,
        // lettre writes the end of a mail by itself, and would wait for 40 ms each time.
        options: &["--quick-ack", "--tls"],
        work: ACCOUNT,
        mails: &[(Postkontor, 1000), (Lettre, 1000)],
    },
    Workload {
        name: "pop3",
        title: "10,000 messages of 4 KB fetched by POP3",
        server: Source,
        options: &["pop3"],
        work: "pop3",
        mails: &[(Postkontor, 10_000), (Libetpan, 10_000), (Libcurl, 10_000), (Python, 10_000)],
    },
    Workload {
        name: "imap",
        title: "10,000 messages of 4 KB fetched by IMAP",
        server: Source,
        options: &["imap"],
        work: "imap",
        mails: &[(Postkontor, 10_000), (Libetpan, 10_000), (Libcurl, 10_000), (Python, 10_000)],
    },
    Workload {
        name: "pop3, summaries",
        title: "10,000 messages of 4 KB fetched by POP3, each read for its summary",
        server: Source,
        options: &["pop3"],
        work: "pop3-summary",
        mails: &[(Postkontor, 10_000)],
    },
    Workload {
        name: "imap, summaries",
        title: "10,000 messages of 4 KB fetched by IMAP, each read for its summary",
        server: Source,
        options: &["imap"],
        work: "imap-summary",
        mails: &[(Postkontor, 10_000)],
    },
    Workload {
        name: "pop3, far",
        title: "Messages of 4 KB fetched by POP3, the server's replies take 5 ms",
        server: Source,
        options: &["pop3", "--delay", "5"],
        work: "pop3",
        // The source gives every client the mailbox of 10,000; only Postkontor asks for all of it.
        mails: &[(Postkontor, 10_000), (Libetpan, 200), (Libcurl, 200), (Python, 200)],
    },
    Workload {
        name: "pop3, large",
        title: "One message of 100 MB fetched by POP3",
        server: Source,
        options: &["pop3", "--messages", "1", "--bytes", "104857600"],
        work: "pop3",
        mails: &[(Postkontor, 1), (Libetpan, 1), (Libcurl, 1), (Python, 1)],
    },
    Workload {
        name: "imap, large",
        title: "One message of 100 MB fetched by IMAP",
        server: Source,
        options: &["imap", "--messages", "1", "--bytes", "104857600"],
        work: "imap",
        mails: &[(Postkontor, 1), (Libetpan, 1), (Libcurl, 1), (Python, 1)],
    },
    Workload {
        name: "pop3, saved",
        title: "One message of 100 MB fetched by POP3 into a file (Postkontor also makes its SHA-256)",
        server: Source,
        options: &["pop3", "--messages", "1", "--bytes", "104857600"],
        work: "pop3-save",
        mails: &[(Postkontor, 1), (Libcurl, 1)],
    },
    Workload {
        name: "imap, saved",
        title: "One message of 100 MB fetched by IMAP into a file (Postkontor also makes its SHA-256)",
        server: Source,
        options: &["imap", "--messages", "1", "--bytes", "104857600"],
        work: "imap-save",
        mails: &[(Postkontor, 1), (Libcurl, 1)],
    },
    Workload {
        name: "pop3, dovecot",
        title: "10,000 messages of 4 KB fetched from Dovecot by POP3",
        server: Dovecot,
        options: &["pop3"],
        work: "pop3",
        mails: &[(Postkontor, 10_000), (Libetpan, 10_000), (Libcurl, 10_000), (Python, 10_000)],
    },
    Workload {
        name: "imap, dovecot",
        title: "10,000 messages of 4 KB fetched from Dovecot by IMAP",
        server: Dovecot,
        options: &["imap"],
        work: "imap",
        mails: &[(Postkontor, 10_000), (Libetpan, 10_000), (Libcurl, 10_000), (Python, 10_000)],
    },
    Workload {
        name: "pop3, large, dovecot",
        title: "One message of 100 MB fetched from Dovecot by POP3",
        server: Dovecot,
        options: &["pop3", "--messages", "1", "--bytes", "104857600"],
        work: "pop3",
        mails: &[(Postkontor, 1), (Libetpan, 1), (Libcurl, 1), (Python, 1)],
    },
    Workload {
        name: "imap, large, dovecot",
        title: "One message of 100 MB fetched from Dovecot by IMAP",
        server: Dovecot,
        options: &["imap", "--messages", "1", "--bytes", "104857600"],
        work: "imap",
        mails: &[(Postkontor, 1), (Libetpan, 1), (Libcurl, 1), (Python, 1)],
    },
];

/// Work that is not done with a server.
pub(super) const OTHERS: [&str; 6] = ["open", "check", "parse", "decode", "smime", "exchange"];
