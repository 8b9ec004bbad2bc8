//! `postkontor_outbox_*`.

use crate::abi::{Buf, CancelHandle, HostHandle, OutboxHandle, Slice, StatusNumber};
use crate::entry::{self, NOTHING};
use crate::features::Outbox;
use crate::{argument, cancel, handle, verb};
use std::ffi::c_char;

/// Opens the outbox that the settings document names: {"outbox":{"store":"sqlite:/path/outbox.db"}}, or "postgresql://..." where several machines
/// share it. Its store is made where there is none. `cancel` may be null; `outbox` receives the handle, or null.
///
/// Open one for each thread that puts or works; they may be of the same store, in one program and in many. docs/outbox.md says what it promises.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_outbox_open(
    host: *mut HostHandle,
    settings: *const c_char,
    cancel: *mut CancelHandle,
    outbox: *mut *mut OutboxHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call_of(host, out, || {
            let outbox = argument::place(outbox, "outbox")?;
            let opened = handle::share(host)?;
            let settings = argument::text(settings, "settings")?;
            outbox.fill(handle::open(Outbox::open(&opened, settings, &cancel::token(cancel)?)?, Some(host))?);
            Ok(NOTHING)
        })
    }
}

/// Closes an outbox and its connection. What was put stays where it is.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_outbox_close(outbox: *mut OutboxHandle, out: *mut Buf) -> StatusNumber {
    // SAFETY: `out` is what the header says.
    unsafe { entry::call_of(outbox, out, || handle::close(outbox).map(|_| NOTHING)) }
}

/// Hands mail over. POSTKONTOR_OK: it is durable, and some worker sends it once; nothing was sent by this call.
///
/// `mails` is {"message":{...},"account":"...","key":"...","queue":"...","not_before":"2026-12-01T06:00:00Z","give_up_at":"...","priority":5} or an array of
/// them, which is put as a whole or not at all. "message" is what postkontor_account_send takes; its parts count in `parts`, an array of `count` slices that the
/// mails share. All but "message" may be left out. "key" is the program's own name for the mail: put again, the same mail under the same key is found and not
/// put twice. Mails of one "queue" go out in the order in which they were put. Lower "priority" (0 to 9) first. `cancel` may be null.
///
/// The answer is {"entries":[{"id","key","message_id","state","found"},...]}, in the order of the mails. Another mail under a known key is
/// POSTKONTOR_ARGUMENT, outbox.key_taken. POSTKONTOR_UNCERTAIN: the store broke off in the last moment; what has a key is to be put once more.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_outbox_put(
    outbox: *mut OutboxHandle,
    mails: *const c_char,
    parts: *const Slice,
    count: usize,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call_of(outbox, out, || {
            let mut outbox = handle::lend(outbox)?;
            let mails = argument::text(mails, "mails")?;
            let parts = argument::parts(parts, count)?;
            outbox.get()?.put(mails, &parts, &cancel::token(cancel)?).and_then(entry::json)
        })
    }
}

/// Sends what is due, on the caller's thread: one worker. A program starts as many threads as it wants, each with an outbox of its own; every machine that
/// shares the store may do so.
///
/// `request` is {"until":"empty|stopped","seconds":60,"max_mails":100,"accounts":["..."]} or null: until nothing is due. With "stopped" it waits for more
/// until it is cancelled. A `cancel` that fires, or progress that says so, ends it within two seconds: what is in flight is finished, and the answer is
/// POSTKONTOR_OK all the same. `cancel` may be null.
///
/// The answer is {"sent","held","failed","later","left"}: how many mails went which way. An account whose server or login fails pauses and the others go on;
/// postkontor_outbox_query {"stats":true} says why.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_outbox_work(
    outbox: *mut OutboxHandle,
    request: *const c_char,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe { verb::ask(outbox, request, cancel, out, |outbox, request, cancel| outbox.work(request, cancel).and_then(entry::json)) }
}

/// Says what became of mail. `request` asks by any of "ids", "key", "state", "states", "account", "queue", "message_id", "since" and "until", with "limit",
/// "after" (the cursor of the page before) and "order":"newest|oldest", or null for the newest. `cancel` may be null.
///
/// The answer is {"entries":[{"id","account","state","message_id","created","attempts","recipients":[{"address","status"}]}],"next"}, where there are such with "key", "queue",
/// "next_try", "receipt" and "error"; "next" is given back as "after" where there are more. "state" is queued, sending, sent, held, failed, cancelled or bounced.
/// {"stats":true} answers {"stats":{"queued","sending","sent","held","failed","accounts"}}, the whole in numbers with the accounts that pause and why; {"test":true}
/// a report with the steps "store" and "queue".
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_outbox_query(
    outbox: *mut OutboxHandle,
    request: *const c_char,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe { verb::ask(outbox, request, cancel, out, |outbox, request, cancel| outbox.query(request, cancel).and_then(entry::json)) }
}

/// Decides about mail. `request` is {"action":"retry|cancel|resolve|resume|bounced","ids":["..."]} or, in place of "ids", "key". `cancel` may be null.
///
/// "retry" sends what failed or waits at once; "cancel" takes back what has not begun. "resolve" settles what is held because it is not known whether it was
/// sent, with "as":"sent|send_again|failed". "resume" ends the pause of an "account". "bounced" ties a report to the mail that it is about: "summary" is that of
/// the report, as postkontor_account_receive gives it. The answer is {"entries":[...]} as they are now.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_outbox_act(
    outbox: *mut OutboxHandle,
    request: *const c_char,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe { verb::ask(outbox, request, cancel, out, |outbox, request, cancel| outbox.act(request, cancel).and_then(entry::json)) }
}
