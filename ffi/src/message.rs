//! `postkontor_message_*`.

use crate::abi::{Buf, HostHandle, MessageHandle, Slice, StatusNumber, Write};
use crate::callbacks::Writer;
use crate::entry::{self, NOTHING};
use crate::{argument, handle};
use postkontor_core::message::Composer;
use postkontor_core::settings::Sender;
use postkontor_core::{Cancel, Host, Opened, Source, Wanted, write_whole};
use postkontor_plugin::{Error, Status};
use std::borrow::Cow;
use std::ffi::{c_char, c_void};
use std::path::Path;

/// Builds the MIME form of a message without sending it, for archives and previews. Bcc does not appear in it.
///
/// `sender` is the "sender" group of the settings, or null. `message`, `parts` and `count` are those of postkontor_account_send.
/// The bytes go to `write` with `user`, block by block, and `out` is {"size","message_id","from","recipients":[...]} and, where addresses were
/// put right, "repaired":[{"pointer","code","message","args":{"given","address"}}]; or, where
/// `write` is null, all of them go to `out`. The progress callback is asked meanwhile and may stop the call.
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
            let host = handle::share(host)?;
            let sender = argument::optional_text(sender, "sender")?.unwrap_or("{}");
            let message = argument::text(message, "message")?;
            let parts = argument::parts(parts, count)?;
            build(&host, sender, message, &parts, Writer::new(write, user)).map_err(|error| host.localised(error))
        })
    }
}

/// Opens a message to read from: the `len` bytes at `data`, which are copied, or, when `source` is {"file":"/path.eml"}, a file;
/// `source` may be null. `message` receives the handle, or null; `out` the summary {"subject","from","to","date","text","html",
/// "parts":[{"name","type","size"}],...}. Every input is a message, if need be one without headers.
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
            let message = argument::place(message, "message")?;
            let open = handle::share(host)?;
            let source = Source::read(argument::optional_text(source, "source")?.unwrap_or("{}")).map_err(|error| open.localised(error))?;
            let raw = match source.file {
                Some(file) => std::fs::read(&file).map_err(|error| unreadable(&file, &error, &open))?,
                None => argument::bytes(data, len, "data")?.to_vec(),
            };
            let opened = Opened::new(raw);
            let summary = opened.summary().to_owned();
            message.fill(handle::open(opened, Some(host))?);
            Ok(summary)
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
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call(out, || {
            let mut message = handle::lend(message)?;
            let open = handle::share(message.owner())?;
            let wanted = Wanted::read(argument::text(request, "request")?).map_err(|error| open.localised(error))?;
            let message = message.get()?;
            let part = match wanted.part {
                None => Cow::Borrowed(message.raw()),
                Some(index) => message.part(index).map_err(|error| open.localised(error))?,
            };
            let size = part.len();
            match (wanted.file, Writer::new(write, user)) {
                (Some(file), _) => write_whole(&file, &part).map_err(|error| unwritable(&file, &error, &open))?,
                (None, Some(writer)) => part.chunks(BLOCK).try_for_each(|block| writer.write(block))?,
                (None, None) => return Ok(part.into_owned()),
            }
            Ok(serde_json::json!({ "size": size }).to_string().into_bytes())
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

/// Bytes are handed over in blocks of this size.
const BLOCK: usize = 64 * 1024;

fn unreadable(file: &Path, error: &std::io::Error, host: &Host) -> Error {
    let status = if error.kind() == std::io::ErrorKind::NotFound { Status::NotFound } else { Status::Local };
    let error = Error::new(status, "message.file_unreadable").detail(error.to_string());
    host.localised(error.arg("path", file.display().to_string()))
}

fn unwritable(file: &Path, error: &std::io::Error, host: &Host) -> Error {
    let error = Error::new(Status::Local, "message.part_not_saved").detail(error.to_string());
    host.localised(error.arg("path", file.display().to_string()))
}

fn build(host: &Host, sender: &str, message: &str, parts: &[&[u8]], writer: Option<Writer>) -> Result<Vec<u8>, Error> {
    let sender: Sender =
        serde_json::from_str(sender).map_err(|error| Error::new(Status::Settings, "settings.unreadable").detail(error.to_string()))?;
    let cancel = Cancel::default();
    let watch = host.watch(&cancel);
    let mut composed = Composer::new(&sender)?.watched_by(&watch).compose(message, parts)?;
    let mut block = vec![0; BLOCK];
    let mut whole = Vec::new();
    loop {
        watch.check()?;
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
    let mut facts = serde_json::json!({
        "size": composed.size,
        "message_id": composed.message_id,
        "from": composed.from,
        "recipients": recipients,
    });
    if !composed.repaired.is_empty() {
        host.explain(&mut composed.repaired);
        facts["repaired"] = serde_json::json!(composed.repaired);
    }
    Ok(facts.to_string().into_bytes())
}
