//! `postkontor_account_*`.

use crate::abi::{
    AccountHandle, Buf, CancelHandle, HostHandle, MessageHandle, POSTKONTOR_DELETE, POSTKONTOR_KEEP, POSTKONTOR_SEEN, Received, Slice,
    StatusNumber,
};
use crate::entry::{self, NOTHING};
use crate::{argument, callbacks, cancel, handle, thread, verb};
use postkontor_core::{Account, Action, Fetched};
use std::ffi::{c_char, c_void};

/// Opens an account of a settings document (or of its layers {"company","user","workstation"}). Touches no network.
///
/// `id` names the account. Null: the one that sends (send.account, or the only one); list, receive and apply then use the one that
/// fetches (receive.account), where the document names one. `account` receives the handle, or null.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_account_open(
    host: *mut HostHandle,
    settings: *const c_char,
    id: *const c_char,
    account: *mut *mut AccountHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call_of(host, out, || {
            let account = argument::place(account, "account")?;
            let opened = handle::share(host)?;
            let settings = argument::text(settings, "settings")?;
            let id = argument::optional_text(id, "id")?;
            account.fill(handle::open(Account::open(&opened, settings, id)?, Some(host))?);
            Ok(NOTHING)
        })
    }
}

/// Closes an account and its connection.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_account_close(account: *mut AccountHandle, out: *mut Buf) -> StatusNumber {
    // SAFETY: `out` is what the header says.
    unsafe { entry::call_of(account, out, || handle::close(account).map(|_| NOTHING)) }
}

/// Tries the settings step by step, and sends nothing unless asked to. POSTKONTOR_OK means that the test ran; what it found is
/// {"ok","elapsed_ms","steps":[{"step","status","status_number","code","message","advice","patch",...}],"transcript"}.
///
/// `request` is {"loop":{"to":"..."},"steps":true} or null; `cancel` may be null. With "steps" the callback `step` gets each step as it ends.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_account_test(
    account: *mut AccountHandle,
    request: *const c_char,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe { verb::ask(account, request, cancel, out, |account, request, cancel| account.test(request, cancel).and_then(entry::json)) }
}

/// Gets a person's consent (OAuth 2.0), in two steps, where the settings have the grant device_code or authorization_code; for any other
/// the answer is POSTKONTOR_UNSUPPORTED. `cancel` may be null.
///
/// `request` {"begin":true} answers at once with what to show: {"url","user_code","verification_url","expires_in_seconds","message"}.
/// "message" is a sentence in the host's language that says it all; "url" is what a program may open in a browser; with the grant
/// authorization_code there is no code, and the browser has to run on this machine.
///
/// `request` {"finish":true} then waits for the person, as long as the consent may take, the deadline allows and the caller does not cancel (progress
/// is called); without a deadline for ten minutes. It answers {"account","user","scopes","expires_in_seconds","kept","message"}. The token
/// by which others are got goes to `secret_put`, under the name that /auth/oauth2/refresh_token refers to; "kept" says whether it is
/// there, and where not, the consent lasts as long as the account is open. After POSTKONTOR_TIMEOUT and POSTKONTOR_CANCELLED the wait
/// can be taken up again, as long as the browser has not come back. Both calls are for the same account handle.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_account_authorize(
    account: *mut AccountHandle,
    request: *const c_char,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe { verb::ask(account, request, cancel, out, |account, request, cancel| account.authorize(request, cancel)) }
}

/// Sends a message, or several when `message` is a JSON array. The connection is kept for the next call.
///
/// `message` is {"to":["..."],"subject":"...","text":"...","attachments":[{"name":"...","part":0},{"file":"/path"}]}; "part"
/// counts in `parts`, an array of `count` slices. `parts` may be null when `count` is 0; `cancel` may be null. With
/// `"append":{"folder":"<drafts>","flags":["draft","seen"],"keywords":["..."]}` the message is put into that folder of the account's mailbox
/// and not sent; its receipt has "filed":{"status","folder","message"} and no recipients.
///
/// POSTKONTOR_OK: all of it went to all recipients; `out` is the receipt {"message_id","account","transport","recipients":[...]}, for
/// several messages {"results":[receipt or error,...]}. Its "sent_copy" says whether a copy was kept (settings: sent.copy); one that
/// failed changes no status. "warnings" of this and every other result, where there are any, are errors for information: the call went on,
/// and somebody should know. Of several messages the first one's receipt has them. POSTKONTOR_PARTIAL: "recipients" of the error says who got it and who did not.
/// POSTKONTOR_UNCERTAIN: the connection broke before the server's reply to the whole message; only a human may decide to send again, or,
/// with "append", whether the message is in the folder.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_account_send(
    account: *mut AccountHandle,
    message: *const c_char,
    parts: *const Slice,
    count: usize,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call_of(account, out, || {
            let mut account = handle::lend(account)?;
            let message = argument::text(message, "message")?;
            let parts = argument::parts(parts, count)?;
            account.get()?.send_document(message, &parts, &cancel::token(cancel)?).and_then(entry::json)
        })
    }
}

/// Lists folders, or the messages of one: `request` is null or {} for the folders, {"folder":"..."} for messages, {"folder":""}
/// for those of the settings' inbox; a POP3 mailbox has messages only. `cancel` may be null.
///
/// The answer is {"folders":[{"name","delimiter","uses","selectable"},...]} or {"messages":[{"id","size",...},...]}.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_account_list(
    account: *mut AccountHandle,
    request: *const c_char,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe { verb::ask(account, request, cancel, out, |account, request, cancel| account.list(request, cancel)) }
}

/// Fetches messages: `received` gets each of them with `user` and returns the action on it. It may be null: then "action" of the
/// request holds for all of them.
///
/// `request` is {"folder":"...","state":"...","filter":{...},"max_messages":100,"max_bytes":0,"save_to":"/folder",
/// "action":"keep|seen|delete","summary":"full|none|structure","wait_seconds":0} or null, every member may be left out; with "summary":"none" a
/// message that is not saved is not read for its summary, which then says only what the server tells ("id", "size", ...): faster where
/// only the bytes are wanted. With "summary":"structure" the handle holds the headers, and the summary tells the parts as far as the server does;
/// {"message":"ID","section":"2.1","first_bytes":1000} fetches one message once more, one part of it, or the beginning of that. Neither marks,
/// deletes or counts as fetched, whatever `received` returns. With "wait_seconds" the call waits that long for new messages where there are none, or as long as its
/// deadline allows; nothing new in that time is POSTKONTOR_OK with no messages. `cancel` may be null. `out` is {"messages":[...],"state":"...","more":false}: give the state with the next request, and
/// only what is new is fetched. Messages that the server named and did not hand over are in "missing":[{"id":"...","error":{...}}], which is
/// left out where there are none; the next call tries them again. A message is marked or deleted only after `received` has returned; a crash in between fetches it again, never
/// loses it.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_account_receive(
    account: *mut AccountHandle,
    request: *const c_char,
    received: Received,
    user: *mut c_void,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call_of(account, out, || {
            let mut account = handle::lend(account)?;
            let request = argument::optional_text(request, "request")?.unwrap_or("{}");
            let cancel = cancel::token(cancel)?;
            let owner = account.owner();
            let Some(received) = received else { return account.get()?.receive(request, None, &cancel).and_then(entry::json) };
            let mut take = |fetched: Fetched<'_>| hand_over(received, user, owner, fetched);
            account.get()?.receive(request, Some(&mut take), &cancel).and_then(entry::json)
        })
    }
}

/// Gives a fetched message to the caller's function, under a handle that lives as long as the function runs.
fn hand_over(
    received: unsafe extern "system" fn(*mut c_void, *const c_char, *mut MessageHandle) -> i32,
    user: *mut c_void,
    owner: *mut HostHandle,
    fetched: Fetched<'_>,
) -> Action {
    let summary = callbacks::zero_terminated(fetched.summary);
    // Without a free handle the message stays on the server, and so do those behind it.
    let Ok(message) = handle::open::<MessageHandle>(fetched.message, Some(owner)) else { return Action::Stop };
    // SAFETY: the caller's function, with a text and a handle that are valid until it returns.
    let action = thread::outside(|| unsafe { received(user, summary.as_ptr(), message) });
    // The function may have closed it already.
    drop(handle::close(message));
    match action {
        Some(POSTKONTOR_SEEN) => Action::Seen,
        Some(POSTKONTOR_DELETE) => Action::Delete,
        Some(POSTKONTOR_KEEP) => Action::Keep,
        // Whatever else it answers, nothing must be lost by it.
        _ => Action::Stop,
    }
}

/// Does something with messages, or with folders. `cancel` may be null.
///
/// Messages: {"messages":["id",...],"action":"seen|unseen|answered|unanswered|flagged|unflagged|copy|move|delete","folder":"..."}, with
/// "folder" for copy and move, or {"messages":["id",...],"action":"keywords","add":["..."],"remove":["..."]}. The answer is
/// {"applied":["id",...],"missing":["id",...]} and, after copy and move, "new_ids":[{"id","new_id"},...] for those of which the server tells the id in
/// the other folder. POSTKONTOR_UNCERTAIN: the answer to a copy was lost, and to copy again may make a second one.
///
/// Folders, one change after the other: {"folders":[{"create":"A/B"},{"rename":"A","to":"C"},{"delete":"D","with_messages":true},...]}. The answer is
/// {"folders":[{"created":"A/B"},{"renamed":"C"},{"deleted":"D"},...]}, with "found" for a folder that was there already. A folder with
/// messages is deleted only "with_messages", one with folders below it never, nor INBOX, nor one that the server or the settings need.
///
/// What the transport cannot do is POSTKONTOR_UNSUPPORTED. An error that came after something was done has that as members of its own:
/// "applied", "missing" and "new_ids", or "folders".
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_account_apply(
    account: *mut AccountHandle,
    request: *const c_char,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe { verb::ask(account, request, cancel, out, |account, request, cancel| account.apply(request, cancel)) }
}
