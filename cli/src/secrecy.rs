//! A settings file with a password in it that others may read.

use crate::texts::Texts;
use postkontor_core::Host;
use std::io::Write;
use std::path::Path;

/// Warns on standard error, whatever is printed on standard output: the call itself goes on.
pub(crate) fn warn(file: &Path, settings: &str, host: &Host, texts: &Texts) {
    if is_readable_for_others(file) && has_secret(settings, host) {
        let warning = texts.word("cli.settings_readable").replace("{path}", &file.display().to_string());
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

#[cfg(unix)]
fn is_readable_for_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o044 != 0)
}

/// Windows keeps the files of a user's own folder from others.
#[cfg(not(unix))]
fn is_readable_for_others(_file: &Path) -> bool {
    false
}
