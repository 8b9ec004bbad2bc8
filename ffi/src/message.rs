//! `postkontor_message_*`.

use crate::abi::{Buf, HostHandle, MessageHandle, Slice, StatusNumber, Write};
use crate::callbacks::Writer;
use crate::entry::{self, NOTHING};
use crate::{argument, handle};
use postkontor_core::settings::Sender;
use postkontor_core::{Source, Wanted};
use std::ffi::{c_char, c_void};

/// Builds the MIME form of a message without sending it, for archives and previews. Bcc does not appear in it, unless it has "append".
///
/// `sender` is the "sender" group of the settings, or null. `message`, `parts` and `count` are those of postkontor_account_send.
/// The bytes go to `write` with `user`, block by block, and `out` is {"size","message_id","from","recipients":[...]} and, where addresses were
/// put right, "repaired":[{"pointer","code","message","args":{"given","address"}}]; or, where
/// `write` is null, all of them go to `out`. The progress callback is asked meanwhile and may stop the call.
///
/// A message may answer a mail, {"reply":{"part":0,"all":true,"quote":"text|html"},...}, or pass one on,
/// {"forward":{"part":0,"as":"inline|attachment"},...}: recipients, subject, references, quote and files come from that mail where they are
/// not given. The part is the slice that holds the raw mail; "file" with a path stands in its place. An answer to a mail that a program sent
/// gives "warnings" in `out`, a list of errors.
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
        entry::call_of(host, out, || {
            let host = handle::share(host)?;
            let sender = argument::optional_text(sender, "sender")?.unwrap_or("{}");
            let message = argument::text(message, "message")?;
            let parts = argument::parts(parts, count)?;
            let sender = Sender::read(sender)?;
            let Some(writer) = Writer::new(write, user) else {
                return host.build_whole(&sender, message, &parts);
            };
            host.build(&sender, message, &parts, &mut |block| writer.write(block)).and_then(entry::json)
        })
    }
}

/// Opens a message to read from: the `len` bytes at `data`, which are copied, or, when `source` is {"file":"/path.eml"}, a file;
/// `source` may be null. The progress callback is asked meanwhile and may stop the call; "timeout_seconds" in `source` ends it as well.
/// With "smime":{"keys":[{"certificate","password"}],"ca_file","collect"} in `source`, as receive.smime in the settings, the message is
/// decrypted and its signature is verified; a password {"secret":"name"} comes from the secret callback. Where a file that is named there
/// cannot be used, the call fails with its pointer.
/// `message` receives the handle, or null; `out` the summary {"subject","from","to","date","text","html",
/// "parts":[{"name","type","size"}],...}. Every input is a message, if need be one without headers. A
/// message of Outlook's (.msg, or a winmail.dat) becomes MIME, and `size` and the bytes of the whole message are those of that.
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
        entry::call_of(host, out, || {
            let message = argument::place(message, "message")?;
            let open = handle::share(host)?;
            let source = Source::read(argument::optional_text(source, "source")?.unwrap_or("{}"))?;
            let opened = open.open_message(&source, || argument::bytes(data, len, "data").map(<[u8]>::to_vec))?;
            let summary = opened.summary().to_owned();
            message.fill(handle::open(opened, Some(host))?);
            Ok(summary)
        })
    }
}

/// Reads a part of a message, decoded: `request` is {"part":0} in the order of the summary, or {"raw":true} for all of the
/// message as it came; with "file" it is saved there. Else the bytes go to `write` with `user`, block by block, so that a part of any size needs
/// little memory. In both cases `out` is {"size"}. Where `write` is null, too, `out` gets the bytes and nothing else: of an empty part none,
/// `len` is 0.
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
        entry::call_of(message, out, || {
            let mut message = handle::lend(message)?;
            let wanted = Wanted::read(argument::text(request, "request")?)?;
            let message = message.get()?;
            let size = match (&wanted.file, Writer::new(write, user)) {
                (Some(file), _) => message.save(wanted.part, file)?,
                (None, Some(writer)) => {
                    let mut stream = message.stream(wanted.part)?;
                    let mut size = 0;
                    while let Some(block) = stream.block()? {
                        writer.write(block)?;
                        size += block.len() as u64;
                    }
                    size
                }
                (None, None) => return Ok(message.bytes(wanted.part)?.into_owned()),
            };
            entry::json(serde_json::json!({ "size": size }))
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
    unsafe { entry::call_of(message, out, || handle::close(message).map(|_| NOTHING)) }
}
