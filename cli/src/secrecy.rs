//! A settings file with a password in it that others may read.

use crate::texts::Texts;
use postkontor_core::Host;
use postkontor_core::access::is_readable_by_others;
use std::io::Write;
use std::path::Path;

/// Warns on standard error, whatever is printed on standard output: the call itself goes on.
pub(crate) fn warn(file: &Path, settings: &str, host: &Host, texts: &Texts) {
    if is_readable_by_others(file) && has_secret(settings, host) {
        let warning = texts.word("cli.settings_readable").replace("{path}", &postkontor_core::texts::path(file));
        // A closed standard error is no reason to fail the call.
        drop(writeln!(std::io::stderr().lock(), "! {warning}"));
    }
}

/// Whether a secret itself stands in the settings, not only the name of one.
fn has_secret(settings: &str, host: &Host) -> bool {
    let checked = host.check(settings);
    // The settings of a check hold the names of secrets and leave the secrets out.
    checked.secrets.iter().any(|pointer| checked.settings.pointer(pointer).is_none())
}
