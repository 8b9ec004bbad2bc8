//! Pointers of transports, as pointers into what the caller passed.
//!
//! A transport knows its account's settings, the request and one mail. The caller knows a settings document with accounts and layers,
//! the same request, and a message document or an array of them.

use super::connection::Connection;
use crate::message::Composed;
use crate::operation;
use crate::pointer::names;
use crate::settings::Document;
use postkontor_plugin::{At, Error, Input, Status};
use serde_json::Value;
use std::borrow::Cow;

impl Connection {
    /// Adds what the transport does not know: its name in the error, and where in the document its settings lie.
    pub(super) fn complete(&self, operation: &str, mut error: Error) -> Error {
        error.transport.clone_from(&self.settings.transport);
        self.mask_error(&mut error);
        for at in &mut error.at {
            let of = *at.of.get_or_insert_with(|| self.meant(operation, &at.pointer));
            if of == Input::Settings {
                at.pointer = self.pointer(&at.pointer);
            }
            if operation::is_of_messages(operation) && of == Input::Request && at.pointer == "/do" {
                // The action's name in ABI 1, which the caller does not know.
                at.pointer = "/action".to_owned();
            }
        }
        if [operation::FILE, operation::FIND].contains(&operation) {
            // Its request is the host's own, of which the caller knows nothing.
            error.at.retain(|at| at.of == Some(Input::Settings));
        }
        if operation == operation::APPEND {
            // Its request is made of the member `append` of the message document.
            for at in error.at.iter_mut().filter(|at| at.of == Some(Input::Request)) {
                *at = At { of: Some(Input::Message), pointer: format!("/append{}", at.pointer), ..at.clone() };
            }
        }
        error
    }

    /// The error of an operation that the transport does not have, with what asked for it.
    pub(super) fn unable(&self, error: Error, operation: &str, of: Input, pointer: &str) -> Error {
        let has = self.host().transport(&self.settings.transport).is_ok_and(|transport| transport.supports(operation));
        if has || !error.at.is_empty() || error.status != Status::Unsupported {
            return error;
        }
        let mut error = error;
        let at = At { args: error.args.clone(), ..At::new(of, pointer, &error.code) };
        error.at.push(at);
        error
    }

    /// What a plugin meant that was built before pointers said it: its settings, unless they have no such place.
    fn meant(&self, operation: &str, pointer: &str) -> Input {
        match operation {
            "list" | "receive" | "authorize" | operation::FILE | operation::FIND | operation::APPEND | operation::FOLDERS
                if !self.has_setting(pointer) =>
            {
                Input::Request
            }
            _ if operation::is_of_messages(operation) && !self.has_setting(pointer) => Input::Request,
            "send" if !self.has_setting(pointer) => Input::Message,
            _ => Input::Settings,
        }
    }

    fn has_setting(&self, pointer: &str) -> bool {
        let names: Vec<String> = names(pointer).map(Cow::into_owned).collect();
        self.description().is_ok_and(|description| has_place(&description.schema, &names))
    }
}

/// The error of one mail: a place of the mail that the transport was given becomes the one of the message that the mail was composed
/// from, or of the settings. What the host itself has said stays as it is.
pub(super) fn of_mail(mut error: Error, mail: &Composed<'_>, document: &Document) -> Error {
    for at in error.at.iter_mut().filter(|at| at.of == Some(Input::Message)) {
        let index = at.pointer.strip_prefix("/recipients/").and_then(|index| index.parse::<usize>().ok());
        let (of, pointer) = match (index.and_then(|index| mail.recipients.get(index)), at.pointer.as_str()) {
            (Some(recipient), _) => (recipient.of, recipient.pointer.as_str()),
            (None, "/recipients") => (Input::Message, "/to"),
            (None, "/from") => (Input::Message, "/from"),
            (None, _) => continue,
        };
        *at = At { of: Some(of), pointer: pointer.to_owned(), ..at.clone() };
        locate(at, mail.index, document);
    }
    error
}

/// An error of the host's own about the message at this place of the array; settings that it points to are the document's own groups.
pub(super) fn of_host(mut error: Error, index: Option<usize>, document: &Document) -> Error {
    error.at.iter_mut().for_each(|at| locate(at, index, document));
    error
}

/// Puts in front of a pointer what leads to the message or to the settings: the place in the array, the layer.
pub(super) fn locate(at: &mut At, index: Option<usize>, document: &Document) {
    match (at.of, index) {
        (Some(Input::Message), Some(index)) => at.pointer.insert_str(0, &format!("/{index}")),
        (Some(Input::Settings), _) => at.pointer = document.locate(&at.pointer),
        _ => (),
    }
}

/// Whether a schema has a place for what a pointer names.
fn has_place(schema: &Value, names: &[String]) -> bool {
    let Some((name, rest)) = names.split_first() else { return true };
    let branches = schema["allOf"].as_array().into_iter().flatten().map(|branch| &branch["then"]);
    let mut members = std::iter::once(schema).chain(branches).filter_map(|group| group["properties"].get(name));
    members.any(|member| has_place(member, rest))
}
