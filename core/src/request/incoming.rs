//! The group `receive.smime` of the settings as a member of a request.

use super::members::Members;
use crate::settings::{Incoming, KeyFile, Password};
use postkontor_plugin::Secret;

/// Reads the group.
pub(super) fn read(members: &mut Members<'_, '_>) -> Incoming {
    Incoming {
        keys: members.groups("keys", key_file).unwrap_or_default(),
        ca_file: members.line("ca_file"),
        collect: members.line("collect"),
    }
}

fn key_file(members: &mut Members<'_, '_>) -> KeyFile {
    KeyFile {
        certificate: members.line("certificate").or_else(|| members.missing("certificate")).unwrap_or_default(),
        password: members.text_or("password", |inner| inner.line("secret").or_else(|| inner.missing("secret"))).map(|given| match given {
            Ok(secret) => Password::Literal(Secret::new(secret)),
            Err(name) => Password::Reference { secret: name.unwrap_or_default() },
        }),
    }
}
