//! Programs in C#, compiled by Mono, in a runtime of Windows: of 32 bits too, whose calls are `stdcall`.

use crate::{sends, uses};
use postkontor_tests::mailbox::Mailbox;
use postkontor_tests::windows::{Installation, Width};

#[test]
fn the_example_tests_and_sends() {
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &["smtp"]).unwrap() else { return };
        let Some(mut command) = installation.csharp("examples/dotnet/Invoice.cs").unwrap() else { return };
        sends(&installation, &mut command);
    }
}

#[test]
fn a_program_uses_a_mailbox() {
    for (width, transport) in Width::ALL.into_iter().flat_map(|width| ["imap", "pop3"].map(|transport| (width, transport))) {
        let Some(installation) = Installation::new(width, &["imap", "pop3"]).unwrap() else { return };
        let Some(mailbox) = Mailbox::new(transport) else { return };
        let Some(mut command) = installation.csharp("tests/callers/Mailbox.cs").unwrap() else { return };
        uses(&installation, &mailbox, transport, &mut command);
    }
}
