//! Memory that the caller holds: every buffer is remembered until it is given back, so that a second time does no harm.

use crate::abi::Buf;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// By address. A tree, because it owns no memory once the last buffer is back: nothing for a leak checker to wonder about.
static LIVE: Mutex<BTreeMap<usize, Vec<u8>>> = Mutex::new(BTreeMap::new());

fn live() -> MutexGuard<'static, BTreeMap<usize, Vec<u8>>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands bytes to the caller, a zero byte behind them.
///
/// # Safety
///
/// `out` is null or may be written to. It need not be aligned or initialised.
pub(crate) unsafe fn hand_out(out: *mut Buf, mut bytes: Vec<u8>) {
    if out.is_null() {
        return;
    }
    let len = bytes.len();
    bytes.reserve_exact(1);
    bytes.push(0);
    let data = bytes.as_ptr();
    live().insert(data.addr(), bytes);
    // SAFETY: the caller of the exported function promises room for one Buf.
    unsafe { out.write_unaligned(Buf { data: data.cast(), len }) }
}

/// Takes a buffer back and empties it; what was never handed out, or is already back, is only emptied.
///
/// # Safety
///
/// `buf` is null or may be read and written. It need not be aligned.
pub(crate) unsafe fn give_back(buf: *mut Buf) {
    if buf.is_null() {
        return;
    }
    // SAFETY: the caller of the exported function promises a Buf.
    let Buf { data, len } = unsafe { buf.read_unaligned() };
    let mut live = live();
    let known = live.get(&data.addr()).is_some_and(|bytes| bytes.len() == len.wrapping_add(1));
    let bytes = if known { live.remove(&data.addr()) } else { None };
    if live.is_empty() {
        *live = BTreeMap::new();
    }
    drop(live);
    drop(bytes);
    // SAFETY: as above.
    unsafe { buf.write_unaligned(Buf { data: std::ptr::null(), len: 0 }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_given_back_a_second_time_does_no_harm() {
        let mut first = Buf { data: std::ptr::null(), len: 0 };
        unsafe { hand_out(&mut first, b"text".to_vec()) };
        let mut copy = Buf { data: first.data, len: first.len };
        assert_eq!(unsafe { std::ffi::CStr::from_ptr(first.data) }, c"text");
        unsafe { give_back(&mut first) };
        unsafe { give_back(&mut first) };
        unsafe { give_back(&mut copy) };
        assert!(first.data.is_null() && first.len == 0 && copy.data.is_null());
    }

    #[test]
    fn a_foreign_buffer_is_left_alone() {
        let text = c"mine";
        let mut foreign = Buf { data: text.as_ptr(), len: 4 };
        unsafe { give_back(&mut foreign) };
        assert_eq!(text, c"mine");
        unsafe { give_back(std::ptr::null_mut()) };
    }

    #[test]
    fn a_misaligned_buffer_works() {
        let mut room = [0_u8; 2 * size_of::<Buf>()];
        let out: *mut Buf = room[1..].as_mut_ptr().cast();
        unsafe { hand_out(out, b"odd".to_vec()) };
        let data = unsafe { out.read_unaligned() }.data;
        assert_eq!(unsafe { std::ffi::CStr::from_ptr(data) }, c"odd");
        unsafe { give_back(out) };
        assert!(unsafe { out.read_unaligned() }.data.is_null());
    }
}
