//! Addresses as arguments of a command.

use postkontor_plugin::{Error, Mail};

/// Refuses addresses that the command could take for something else: an option, a list, a file, a program.
pub(crate) fn check(mail: &Mail) -> Result<(), Error> {
    mail.check_addresses(is_address)
}

fn is_address(address: &str) -> bool {
    // `-x` is an option, `|x` a program, `/x` a file, `:include:x` a list, `\x` a name that no alias applies to.
    if address.is_empty() || address.len() > 900 || address.starts_with(['-', '|', '/', ':', '\\']) {
        return false;
    }
    let mut quoted = false;
    let mut escaped = false;
    for c in address.chars() {
        match c {
            c if c.is_control() => return false,
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            // Outside of quotes these make a list, a comment, a group or a route of it.
            '<' | '>' | ',' | ';' | '(' | ')' if !quoted => return false,
            c if c.is_whitespace() && !quoted => return false,
            _ => {}
        }
    }
    !quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_nothing_else() {
        for bad in [
            "",
            "-oQ/tmp",
            "-f",
            "--",
            "|/bin/sh",
            "/etc/passwd",
            ":include:/etc/passwd",
            "\\root",
            "a@b,c@d",
            "a@b c@d",
            "a@b\nc",
            "a@b\0",
            "<a@b>",
            "a@b;c",
            "a@b(c)",
            "\"a@b",
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
        for good in ["a@b", "root", "\"a, b\"@c", "\"-x\"@c", "jörg@example.com", "a+b@c"] {
            assert!(is_address(good), "{good:?}");
        }
    }
}
