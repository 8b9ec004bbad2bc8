//! Every function of the C ABI, given every handle and text that cannot be.

#![allow(unsafe_code, reason = "the C ABI is called as C calls it")]
#![allow(clippy::unwrap_used, clippy::undocumented_unsafe_blocks, reason = "a test that passes what must be refused")]

use postkontor::abi::{AccountHandle, Buf, CancelHandle, HostHandle, MessageHandle, OutboxHandle};
use postkontor::account::*;
use postkontor::cancel::*;
use postkontor::host::*;
use postkontor::library::*;
use postkontor::message::*;
use postkontor::outbox::*;
use std::ffi::{CStr, c_char};
use std::ptr::{null, null_mut, without_provenance_mut};

const OK: i32 = 0;
const ARGUMENT: i32 = 1;

/// What a call came to: its status and its JSON.
fn run(call: impl FnOnce(*mut Buf) -> i32) -> (i32, serde_json::Value) {
    // The library only writes: whatever stood there before must not matter.
    let mut out = Buf { data: without_provenance_mut::<c_char>(usize::MAX - 7), len: usize::MAX };
    let status = call(&mut out);
    let text = unsafe { CStr::from_ptr(out.data) }.to_str().unwrap().to_owned();
    assert_eq!(text.len(), out.len);
    unsafe { postkontor_buf_free(&mut out) };
    assert!(out.data.is_null());
    (status, serde_json::from_str(&text).unwrap())
}

fn host() -> *mut HostHandle {
    let mut host = null_mut();
    assert_eq!(run(|out| unsafe { postkontor_host_open(null(), null(), &mut host, out) }).0, OK);
    host
}

fn account(host: *mut HostHandle) -> *mut AccountHandle {
    let mut account = null_mut();
    let opened = run(|out| unsafe { postkontor_account_open(host, c"{\"enabled\":false}".as_ptr(), null(), &mut account, out) });
    assert_eq!(opened.0, OK, "{opened:?}");
    account
}

fn message(host: *mut HostHandle) -> *mut MessageHandle {
    let mut message = null_mut();
    let raw = b"Subject: Invoice\r\n\r\ntext\r\n";
    let (status, summary) = run(|out| unsafe { postkontor_message_open(host, null(), raw.as_ptr(), raw.len(), &mut message, out) });
    assert_eq!((status, &summary["subject"]), (OK, &"Invoice".into()));
    message
}

/// An outbox of this test alone, which is removed with it.
struct Store(std::path::PathBuf);

impl Store {
    fn new(test: &str) -> Store {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Store(folder)
    }

    fn settings(&self) -> std::ffi::CString {
        let store = serde_json::json!({"outbox": {"store": format!("sqlite:{}", self.0.join("outbox.db").display())}});
        std::ffi::CString::new(store.to_string()).unwrap()
    }

    fn open(&self, host: *mut HostHandle) -> *mut OutboxHandle {
        let (mut outbox, settings) = (null_mut(), self.settings());
        let opened = run(|out| unsafe { postkontor_outbox_open(host, settings.as_ptr(), null_mut(), &mut outbox, out) });
        assert_eq!(opened.0, OK, "{opened:?}");
        outbox
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let removed = std::fs::remove_dir_all(&self.0);
        assert!(removed.is_ok() || std::thread::panicking(), "{removed:?}");
    }
}

fn cancel() -> *mut CancelHandle {
    let mut cancel = null_mut();
    assert_eq!(run(|out| unsafe { postkontor_cancel_new(0, &mut cancel, out) }).0, OK);
    cancel
}

type Call = (&'static str, Box<dyn Fn(usize, *mut Buf) -> i32>);

macro_rules! calls {
    ($($function:ident($handle:ident $(, $argument:expr)*);)*) => {
        vec![$((stringify!($function), Box::new(|ticket, out| unsafe {
            let $handle = without_provenance_mut(ticket);
            $function($handle $(, $argument)*, out)
        }) as Box<dyn Fn(usize, *mut Buf) -> i32>),)*]
    };
}

const TEXT: *const c_char = c"{}".as_ptr();

/// Every function that takes a handle, by the kind of its first one.
fn functions(kind: &str) -> Vec<Call> {
    match kind {
        "host" => calls! {
            postkontor_host_close(host);
            postkontor_host_transports(host);
            postkontor_host_schema(host, TEXT, null());
            postkontor_host_check(host, TEXT);
            postkontor_host_discover(host, TEXT, null_mut());
            postkontor_account_open(host, TEXT, null(), &mut null_mut());
            postkontor_outbox_open(host, TEXT, null_mut(), &mut null_mut());
            postkontor_message_build(host, null(), TEXT, null(), 0, None, null_mut());
            postkontor_message_open(host, null(), null(), 0, &mut null_mut());
        },
        "account" => calls! {
            postkontor_account_close(account);
            postkontor_account_test(account, null(), null_mut());
            postkontor_account_authorize(account, null(), null_mut());
            postkontor_account_send(account, TEXT, null(), 0, null_mut());
            postkontor_account_list(account, null(), null_mut());
            postkontor_account_receive(account, null(), None, null_mut(), null_mut());
            postkontor_account_apply(account, null(), null_mut());
        },
        "message" => calls! {
            postkontor_message_part(message, TEXT, None, null_mut());
            postkontor_message_close(message);
        },
        "outbox" => calls! {
            postkontor_outbox_close(outbox);
            postkontor_outbox_put(outbox, TEXT, null(), 0, null_mut());
            postkontor_outbox_work(outbox, null(), null_mut());
            postkontor_outbox_query(outbox, null(), null_mut());
            postkontor_outbox_act(outbox, null(), null_mut());
        },
        _ => calls! {
            postkontor_cancel_fire(cancel);
            postkontor_cancel_free(cancel);
        },
    }
}

#[test]
fn every_function_of_the_header_is_among_these() {
    let header = include_str!("../../include/postkontor.h");
    let taking_handles = header.split(';').filter(|declaration| {
        let declaration = declaration.rsplit("*/").next().unwrap_or_default();
        let first = declaration.split_once('(').map(|(_, parameters)| parameters.trim_start()).unwrap_or_default();
        declaration.contains("postkontor_status POSTKONTOR_CALL postkontor_")
            && ["postkontor_host *", "postkontor_account *", "postkontor_message *", "postkontor_outbox *", "postkontor_cancel *"]
                .iter()
                .any(|kind| first.starts_with(kind) && !first.starts_with(&format!("{kind}*")))
    });
    let covered: usize = ["host", "account", "message", "outbox", "cancel"].iter().map(|kind| functions(kind).len()).sum();
    assert_eq!(taking_handles.count(), covered);
}

#[test]
fn no_function_takes_a_handle_that_is_none() {
    let living = host();
    let store = Store::new("refused");
    let (open_account, open_message, open_cancel, open_outbox) = (account(living), message(living), cancel(), store.open(living));
    let stale_host = host();
    let (stale_account, stale_message, stale_cancel) = (account(stale_host), message(living), cancel());
    let stale_outbox = store.open(stale_host);
    unsafe {
        assert_eq!(postkontor_host_close(stale_host, null_mut()), OK);
        assert_eq!(postkontor_message_close(stale_message, null_mut()), OK);
        assert_eq!(postkontor_cancel_free(stale_cancel, null_mut()), OK);
    }
    let object = Box::new(7_u64);

    let mut refused = 0;
    for kind in ["host", "account", "message", "outbox", "cancel"] {
        let mut tickets = vec![0, 1, 7, usize::MAX, usize::MAX / 2, 0x7fff_fff0, (&raw const *object).addr(), TEXT.addr()];
        tickets.extend([stale_host.addr(), stale_account.addr(), stale_message.addr(), stale_cancel.addr(), stale_outbox.addr()]);
        // Numbers of a generator without state, so that a failure can be repeated.
        tickets.extend((1..500_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31) as usize));
        let foreign = [
            ("host", living.addr()),
            ("account", open_account.addr()),
            ("message", open_message.addr()),
            ("outbox", open_outbox.addr()),
            ("cancel", open_cancel.addr()),
        ];
        tickets.extend(foreign.iter().filter(|(other, _)| *other != kind).map(|(_, ticket)| *ticket));
        let own = foreign.iter().find(|(other, _)| *other == kind).unwrap().1;
        for (name, function) in functions(kind) {
            for &ticket in tickets.iter().filter(|ticket| **ticket != own) {
                let (status, error) = run(|out| function(ticket, out));
                assert_eq!(status, ARGUMENT, "{name}({ticket:#x}): {error}");
                assert!(error["message"].as_str().unwrap().contains(kind), "{name}({ticket:#x}): {error}");
                assert_eq!(function(ticket, null_mut()), ARGUMENT, "{name}({ticket:#x})");
                refused += 1;
            }
        }
    }
    assert!(refused > 5000, "{refused}");
    unsafe {
        // None of it did any harm.
        assert_eq!(postkontor_message_close(open_message, null_mut()), OK);
        assert_eq!(postkontor_account_close(open_account, null_mut()), OK);
        assert_eq!(postkontor_outbox_close(open_outbox, null_mut()), OK);
        assert_eq!(postkontor_cancel_free(open_cancel, null_mut()), OK);
        assert_eq!(postkontor_host_close(living, null_mut()), OK);
    }
}

#[test]
fn a_stale_token_is_refused_by_every_call_that_takes_one() {
    let (host, token) = (host(), cancel());
    let store = Store::new("stale-token");
    let (account, outbox) = (account(host), store.open(host));
    unsafe {
        assert_eq!(postkontor_cancel_free(token, null_mut()), OK);
        for status in [
            postkontor_host_discover(host, TEXT, token, null_mut()),
            postkontor_account_test(account, null(), token, null_mut()),
            postkontor_account_send(account, TEXT, null(), 0, token, null_mut()),
            postkontor_account_receive(account, null(), None, null_mut(), token, null_mut()),
            postkontor_account_list(account, null(), host.cast(), null_mut()),
            postkontor_outbox_open(host, store.settings().as_ptr(), token, &mut null_mut(), null_mut()),
            postkontor_outbox_put(outbox, TEXT, null(), 0, token, null_mut()),
            postkontor_outbox_work(outbox, null(), token, null_mut()),
            postkontor_outbox_query(outbox, null(), token, null_mut()),
            postkontor_outbox_act(outbox, TEXT, token, null_mut()),
        ] {
            assert_eq!(status, ARGUMENT);
        }
        assert_eq!(postkontor_host_close(host, null_mut()), OK);
    }
}

#[test]
fn closing_a_host_closes_what_was_opened_with_it() {
    let (first, second) = (host(), host());
    let (gone, stays) = (account(first), account(second));
    let read = message(first);
    let store = Store::new("closed");
    let put = store.open(first);
    unsafe {
        assert_eq!(postkontor_host_close(first, null_mut()), OK);
        assert_eq!(postkontor_account_test(gone, null(), null_mut(), null_mut()), ARGUMENT);
        assert_eq!(postkontor_message_close(read, null_mut()), ARGUMENT);
        assert_eq!(postkontor_outbox_query(put, null(), null_mut(), null_mut()), ARGUMENT);
        assert_eq!(postkontor_account_close(stays, null_mut()), OK);
        assert_eq!(postkontor_host_close(second, null_mut()), OK);
    }
}

#[test]
fn text_that_is_null_or_no_utf8_is_refused_by_name() {
    let host = host();
    let account = account(host);
    let latin = c"Gr\xfc\xdfe".as_ptr();
    let message = message(host);
    let store = Store::new("texts");
    let outbox = store.open(host);
    for text in [null(), latin] {
        let required: [(&str, (i32, serde_json::Value)); 9] = unsafe {
            [
                ("transport", run(|out| postkontor_host_schema(host, text, null(), out))),
                ("settings", run(|out| postkontor_host_check(host, text, out))),
                ("address", run(|out| postkontor_host_discover(host, text, null_mut(), out))),
                ("settings", run(|out| postkontor_account_open(host, text, null(), &mut null_mut(), out))),
                ("message", run(|out| postkontor_account_send(account, text, null(), 0, null_mut(), out))),
                ("message", run(|out| postkontor_message_build(host, null(), text, null(), 0, None, null_mut(), out))),
                ("request", run(|out| postkontor_message_part(message, text, None, null_mut(), out))),
                ("settings", run(|out| postkontor_outbox_open(host, text, null_mut(), &mut null_mut(), out))),
                ("mails", run(|out| postkontor_outbox_put(outbox, text, null(), 0, null_mut(), out))),
            ]
        };
        for (name, (status, error)) in required {
            assert_eq!((status, &error["args"]["argument"]), (ARGUMENT, &name.into()), "{error}");
        }
    }
    let optional: [(&str, (i32, serde_json::Value)); 12] = unsafe {
        [
            ("config", run(|out| postkontor_host_open(latin, null(), &mut null_mut(), out))),
            ("language", run(|out| postkontor_host_schema(host, TEXT, latin, out))),
            ("id", run(|out| postkontor_account_open(host, TEXT, latin, &mut null_mut(), out))),
            ("request", run(|out| postkontor_account_test(account, latin, null_mut(), out))),
            ("request", run(|out| postkontor_account_receive(account, latin, None, null_mut(), null_mut(), out))),
            ("request", run(|out| postkontor_account_list(account, latin, null_mut(), out))),
            ("request", run(|out| postkontor_account_apply(account, latin, null_mut(), out))),
            ("request", run(|out| postkontor_outbox_work(outbox, latin, null_mut(), out))),
            ("request", run(|out| postkontor_outbox_query(outbox, latin, null_mut(), out))),
            ("request", run(|out| postkontor_outbox_act(outbox, latin, null_mut(), out))),
            ("sender", run(|out| postkontor_message_build(host, latin, TEXT, null(), 0, None, null_mut(), out))),
            ("source", run(|out| postkontor_message_open(host, latin, null(), 0, &mut null_mut(), out))),
        ]
    };
    for (name, (status, error)) in optional {
        assert_eq!((status, &error["args"]["argument"]), (ARGUMENT, &name.into()), "{error}");
    }
    unsafe { assert_eq!(postkontor_host_close(host, null_mut()), OK) };
}

#[test]
fn a_place_for_a_handle_must_be_there_and_holds_null_after_a_failure() {
    let host = host();
    unsafe {
        for status in [
            postkontor_host_open(null(), null(), null_mut(), null_mut()),
            postkontor_account_open(host, TEXT, null(), null_mut(), null_mut()),
            postkontor_message_open(host, null(), null(), 0, null_mut(), null_mut()),
            postkontor_outbox_open(host, TEXT, null_mut(), null_mut(), null_mut()),
            postkontor_cancel_new(0, null_mut(), null_mut()),
        ] {
            assert_eq!(status, ARGUMENT);
        }
        let mut place = without_provenance_mut(5);
        assert_ne!(postkontor_account_open(host, c"no JSON".as_ptr(), null(), &mut place, null_mut()), OK);
        assert!(place.is_null());
        let mut place = without_provenance_mut(5);
        assert_eq!(postkontor_cancel_new(-1, &mut place, null_mut()), ARGUMENT);
        assert!(place.is_null());
        assert_eq!(postkontor_host_close(host, null_mut()), OK);
    }
}

#[test]
fn a_message_is_read_part_by_part() {
    let host = host();
    let raw = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n\
        --b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n";
    let mut message = null_mut();
    let mut out = Buf { data: null(), len: 0 };
    unsafe extern "system" fn collect(user: *mut std::ffi::c_void, data: *const u8, len: usize) -> i32 {
        let all = unsafe { &mut *user.cast::<Vec<u8>>() };
        all.extend_from_slice(unsafe { std::slice::from_raw_parts(data, len) });
        0
    }
    let mut all: Vec<u8> = Vec::new();
    unsafe {
        assert_eq!(postkontor_message_open(host, null(), raw.as_ptr(), raw.len(), &mut message, null_mut()), OK);
        assert_eq!(postkontor_message_part(message, c"{\"part\":0}".as_ptr(), None, null_mut(), &mut out), OK);
        assert_eq!(CStr::from_ptr(out.data), c"%PDF");
        postkontor_buf_free(&mut out);
        let written = run(|out| postkontor_message_part(message, c"{\"raw\":true}".as_ptr(), Some(collect), (&raw mut all).cast(), out));
        assert_eq!((written.0, &written.1["size"]), (OK, &raw.len().into()));
        assert_eq!(all, raw);
        assert_eq!(postkontor_message_part(message, c"{\"part\":1}".as_ptr(), None, null_mut(), null_mut()), 14);
        assert_eq!(postkontor_message_part(message, TEXT, None, null_mut(), null_mut()), ARGUMENT);
        assert_eq!(postkontor_host_close(host, null_mut()), OK);
    }
}

#[test]
fn the_numbers_are_those_of_every_other_part() {
    use postkontor::abi as c;
    use postkontor_plugin::Status;
    let numbers = [
        c::POSTKONTOR_OK,
        c::POSTKONTOR_ARGUMENT,
        c::POSTKONTOR_SETTINGS,
        c::POSTKONTOR_TRANSPORT,
        c::POSTKONTOR_UNSUPPORTED,
        c::POSTKONTOR_AUTH,
        c::POSTKONTOR_TLS,
        c::POSTKONTOR_NETWORK,
        c::POSTKONTOR_TIMEOUT,
        c::POSTKONTOR_CANCELLED,
        c::POSTKONTOR_REFUSED,
        c::POSTKONTOR_LATER,
        c::POSTKONTOR_PARTIAL,
        c::POSTKONTOR_UNCERTAIN,
        c::POSTKONTOR_NOT_FOUND,
        c::POSTKONTOR_BUSY,
        c::POSTKONTOR_INTERNAL,
        c::POSTKONTOR_DISABLED,
        c::POSTKONTOR_PROTOCOL,
        c::POSTKONTOR_LOCAL,
    ];
    assert_eq!(numbers.map(Some), Status::ALL.map(|status| Some(status.number())));
}

/// A host that speaks a language.
fn speaking(config: &CStr) -> *mut HostHandle {
    let mut host = null_mut();
    assert_eq!(run(|out| unsafe { postkontor_host_open(config.as_ptr(), null(), &mut host, out) }).0, OK);
    host
}

#[test]
fn an_error_is_in_the_language_of_the_host_that_was_called() {
    let german = speaking(c"{\"language\":\"de\"}");
    let (account_of_german, message_of_german) = (account(german), message(german));
    let slovenian = speaking(c"{\"language\":\"sl\"}");
    let mut opened = null_mut();
    for (host, begin) in [(german, "Das Argument"), (slovenian, "Argument »")] {
        let (status, error) = run(|out| unsafe { postkontor_account_open(host, null(), null(), &mut opened, out) });
        assert_eq!((status, error["code"].as_str()), (ARGUMENT, Some("argument.null")), "{error}");
        assert!(error["message"].as_str().unwrap().starts_with(begin), "{error}");
    }
    let text = |call: (i32, serde_json::Value)| call.1["message"].as_str().unwrap().to_owned();
    let null_message = text(run(|out| unsafe { postkontor_account_send(account_of_german, null(), null(), 0, null_mut(), out) }));
    let null_request = text(run(|out| unsafe { postkontor_message_part(message_of_german, null(), None, null_mut(), out) }));
    assert!(null_message.starts_with("Das Argument") && null_request.starts_with("Das Argument"), "{null_message} {null_request}");
    for host in [german, slovenian] {
        assert_eq!(run(|out| unsafe { postkontor_host_close(host, out) }).0, OK);
    }
}
