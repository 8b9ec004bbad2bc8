//! Programs in Pascal, by Free Pascal in its Delphi mode.

use crate::{good, sends, uses};
use postkontor_tests::mailbox::Mailbox;
use postkontor_tests::office::{Office, PASSWORD};
use postkontor_tests::windows::{Installation, Width, shown};

#[test]
fn the_example_tests_and_sends() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        let Some(program) = installation.pascal("examples/delphi/invoice.dpr").unwrap() else { return };
        sends(&installation, &mut installation.command(&program));
    }
}

#[test]
fn a_program_uses_a_mailbox() {
    for (width, transport) in Width::ALL.into_iter().flat_map(|width| ["imap", "pop3"].map(|transport| (width, transport))) {
        let Some(installation) = Installation::new(width, &["imap", "pop3"]).unwrap() else { return };
        let Some(mailbox) = Mailbox::new(transport) else { return };
        let Some(program) = installation.pascal("tests/callers/mailbox.dpr").unwrap() else { return };
        uses(&installation, &mailbox, transport, &mut installation.command(&program));
    }
}

#[test]
fn floating_point_exceptions_trap_in_the_program_alone_before_and_after() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        let Some(program) = installation.pascal("tests/callers/traps.dpr").unwrap() else { return };
        let office = Office::open();
        installation.settings(office.authority(), |authority| office.settings(authority)).unwrap();
        let mut command = installation.command(&program);
        let output = good(command.arg(shown(&installation.file("settings.json"))).arg("native").env("INVOICE_PASSWORD", PASSWORD));
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), "held");
    }
}
