//! `postkontor_message_*`.

use crate::abi::{Buf, HostHandle, MessageHandle, Slice, StatusNumber, Write};
use crate::callbacks::Writer;
use crate::entry::{self, NOTHING};
use crate::{argument, handle};
use postkontor_core::message::compose;
use postkontor_core::settings::Sender;
use postkontor_plugin::{Error, Status};
use std::ffi::{c_char, c_void};

/// Builds the MIME form of a message without sending it, for archives and previews. Bcc does not appear in it.
///
/// `sender` is the "sender" group of the settings, or null. `message`, `parts` and `count` are those of postkontor_account_send.
/// The bytes go to `write` with `user`, block by block, and `out` is {"size","message_id","from","recipients":[...]}; or, where
/// `write` is null, all of them go to `out`.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_message_build(
    host: *mut HostHandle,
    sender: *const c_char,
    message: *const c_char,
    parts: *const Slice,
    count: usize,
    write: Write,
    user: *mut c_void,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call(out, || {
            let _host = handle::share(host)?;
            let sender = argument::optional_text(sender, "sender")?.unwrap_or("{}");
            let message = argument::text(message, "message")?;
            let parts = argument::parts(parts, count)?;
            build(sender, message, &parts, Writer::new(write, user))
        })
    }
}

/// Opens a message to read from: the `len` bytes at `data`, or, when `source` is {"file":"/path.eml"}, a file. One of the two is
/// null. `message` receives the handle, or null; `out` the summary {"subject","from","date","parts":[{"name","type","size"}]}.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_message_open(
    host: *mut HostHandle,
    source: *const c_char,
    data: *const u8,
    len: usize,
    message: *mut *mut MessageHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call(out, || {
            let _message = argument::place(message, "message")?;
            let _host = handle::share(host)?;
            argument::optional_text(source, "source")?;
            argument::bytes(data, len, "data")?;
            Err::<String, _>(not_yet("message_open"))
        })
    }
}

/// Reads a part of a message, decoded: `request` is {"part":0} in the order of the summary, or {"raw":true} for all of the
/// message as it came; with "file" it is saved there. Else the bytes go to `write` with `user`, or, where that is null, to `out`.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_message_part(
    message: *mut MessageHandle,
    request: *const c_char,
    write: Write,
    user: *mut c_void,
    out: *mut Buf,
) -> StatusNumber {
    let _ = (write, user);
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call(out, || {
            let _message = handle::lend(message)?;
            argument::text(request, "request")?;
            Err::<String, _>(not_yet("message_part"))
        })
    }
}

/// Closes a message that postkontor_message_open opened.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_message_close(message: *mut MessageHandle, out: *mut Buf) -> StatusNumber {
    // SAFETY: `out` is what the header says.
    unsafe { entry::call(out, || handle::close(message).map(|_| NOTHING)) }
}

fn not_yet(function: &str) -> Error {
    Error::new(Status::Unsupported, "library.function_unsupported").arg("function", format!("postkontor_{function}"))
}

fn build(sender: &str, message: &str, parts: &[&[u8]], writer: Option<Writer>) -> Result<Vec<u8>, Error> {
    let sender: Sender =
        serde_json::from_str(sender).map_err(|error| Error::new(Status::Settings, "settings.unreadable").detail(error.to_string()))?;
    let mut composed = compose(message, &sender, parts)?;
    let mut block = vec![0; 64 * 1024];
    let mut whole = Vec::new();
    loop {
        let count = composed.read(&mut block)?;
        let Some(bytes) = block.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
        match &writer {
            Some(writer) => writer.write(bytes)?,
            None => whole.extend_from_slice(bytes),
        }
    }
    if writer.is_none() {
        return Ok(whole);
    }
    let recipients: Vec<_> = composed.recipients.iter().map(|recipient| recipient.address.as_str()).collect();
    let facts = serde_json::json!({
        "size": composed.size,
        "message_id": composed.message_id,
        "from": composed.from,
        "recipients": recipients,
    });
    Ok(facts.to_string().into_bytes())
}
