//! `postkontor_host_*`.

use crate::abi::{Buf, Callbacks, CancelHandle, HostHandle, StatusNumber};
use crate::callbacks::Client;
use crate::entry::{self, NOTHING};
use crate::{argument, cancel, handle, pin};
use postkontor_core::Host;
use std::ffi::c_char;

/// Opens a host: finds the plugins, remembers language and callbacks. Touches no network.
///
/// `config` is {"language":"de","plugins":["/absolute/folder"],"trust_environment":false,"pins":{"file name":"sha256:..."},
/// "log":{"file":"/absolute/file.log","level":"information","max_bytes":10485760,"keep":5},"protocol":false} or null; every
/// member may be left out. `log` writes a file without a callback, in which several processes may write: with `max_bytes` it
/// is put aside as file.log.1, and `keep` of those are kept; `level` (error, warning, information, debug, trace) also limits
/// what the callback gets. A file that cannot be written is reported to the callback once and is no error. With `protocol` the
/// error of a failed call holds its dialogue without secrets, as "transcript":["C: ...","S: ..."]. `callbacks` may be null; it is copied. A plugin that does not load is no error:
/// postkontor_host_transports tells why. `host` receives the handle, or null.
///
/// # Safety
///
/// As the header says: pointers are null where allowed, or point to what they are for.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_host_open(
    config: *const c_char,
    callbacks: *const Callbacks,
    host: *mut *mut HostHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says, by the promise of this function's caller.
    unsafe {
        entry::call(out, || {
            let host = argument::place(host, "host")?;
            let config = argument::optional_text(config, "config")?.unwrap_or("{}");
            let client = Client::read(callbacks)?;
            pin::pin();
            entry::speak(config);
            host.fill(handle::open(Host::open_with(config, Box::new(client), postkontor_linked::TRANSPORTS)?, None)?);
            Ok(NOTHING)
        })
    }
}

/// Closes a host and all that was opened with it. Once it returns POSTKONTOR_OK no callback is called any more.
/// POSTKONTOR_BUSY: the host, or something opened with it, is in use; nothing was closed.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_host_close(host: *mut HostHandle, out: *mut Buf) -> StatusNumber {
    // SAFETY: `out` is what the header says.
    unsafe { entry::call_of(host, out, || handle::close_host(host).map(|_| NOTHING)) }
}

/// Lists the transports, also those whose plugin did not load:
/// [{"name","version","operations","file"}, {"file","error"}, ...]. "file" is missing where the transport is part of the library.
/// May be called by several threads at a time.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_host_transports(host: *mut HostHandle, out: *mut Buf) -> StatusNumber {
    // SAFETY: `out` is what the header says.
    unsafe { entry::call_of(host, out, || entry::json(handle::share(host)?.transports())) }
}

/// Describes the form for a transport's settings: {"schema","uischema","rjsf"}, texts in `language` ("de-AT") or, where that
/// is null, in the host's. An empty `transport` asks for the groups that belong to no account: sender, send, receive. Reserved
/// names ask for more than one transport: "account" (an account of any), "document" (the whole settings document), "layers" (the
/// same in its layers); or for what a call takes: "message" (the document of a message), and "receive", "list", "apply", "test",
/// "authorize" and "discover" (the request of the call of this name). May be called by several threads at a time.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_host_schema(
    host: *mut HostHandle,
    transport: *const c_char,
    language: *const c_char,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call_of(host, out, || {
            let host = handle::share(host)?;
            let transport = argument::text(transport, "transport")?;
            host.schema(transport, argument::optional_text(language, "language")?.unwrap_or_default()).and_then(entry::json)
        })
    }
}

/// Checks a settings document without network: {"ok","version","problems":[{"pointer","code","message","severity","patch"}],"visible",
/// "settings","secrets","origin","certificates"}, and "migrated" where the document is of an older version. "certificates" has, by the pointer of the field that names a file,
/// {"subject","issuer","addresses","fingerprint","not_before","not_after","key","signs","encrypts"}; a file whose password is {"secret":"name"} is not opened for that. POSTKONTOR_OK means that it was checked; "ok" says whether it is good, but for warnings. May be called by several threads at a time.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_host_check(host: *mut HostHandle, settings: *const c_char, out: *mut Buf) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call_of(host, out, || {
            let host = handle::share(host)?;
            entry::json(host.check(argument::text(settings, "settings")?))
        })
    }
}

/// Finds settings for an e-mail address: known providers, DNS, autoconfig, Autodiscover, usual names. `address` is the address, or
/// a request, which begins with a brace: {"address","password","steps":{"table":true,"srv":true,"autoconfig":true,"database":true,
/// "mx":true,"autodiscover":true,"guess":true},"timeout_seconds":20,"dns":["192.0.2.1:53"],"proxy","ca_file","client_id"}; all but
/// the address may be left out. The answer is {"address","proposals":[{"settings","source","provider","confidence","reason","notes",
/// "tested"}, ...],"tried":[{"step","result","message"}, ...]}, best first; no proposal at all is POSTKONTOR_OK, too. `settings`
/// is a whole document, in which the password is a reference. With `password` (a text, or {"secret":"name"}) the best proposals
/// are tested, over verified TLS only, and `tested` is the report. Without a deadline it takes 20 seconds at most, or
/// `timeout_seconds`. `cancel` may be null. May be called by several threads at a time.
///
/// # Safety
///
/// As the header says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn postkontor_host_discover(
    host: *mut HostHandle,
    address: *const c_char,
    cancel: *mut CancelHandle,
    out: *mut Buf,
) -> StatusNumber {
    // SAFETY: every pointer is what the header says.
    unsafe {
        entry::call_of(host, out, || {
            let host = handle::share(host)?;
            host.discover(argument::text(address, "address")?, &cancel::token(cancel)?).and_then(entry::json)
        })
    }
}
