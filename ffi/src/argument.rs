//! Pointers from C become references here, or an error that names the parameter.

use crate::abi::Slice;
use postkontor_plugin::{Error, Status};
use std::ffi::{CStr, c_char};

/// More attachments than any message has; a larger count is a mistake, which reading so many slices would make worse.
const MOST_PARTS: usize = 65_536;

fn wrong(code: &str, name: &str) -> Error {
    Error::new(Status::Argument, code).arg("argument", name)
}

/// Text that must be there.
///
/// # Safety
///
/// `text` is null or a zero-terminated string that lives and stays the same for `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str, Error> {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { optional_text(text, name) }?.ok_or_else(|| wrong("argument.null", name))
}

/// Text that may be left out.
///
/// # Safety
///
/// As for [`text()`].
pub(crate) unsafe fn optional_text<'a>(text: *const c_char, name: &str) -> Result<Option<&'a str>, Error> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: a zero-terminated string, by the promise of the exported function's caller.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map(Some).map_err(|error| wrong("argument.not_utf8", name).arg("position", error.valid_up_to()))
}

/// Borrowed bytes.
///
/// # Safety
///
/// `data` is null or points to `len` bytes that live and stay the same for `'a`.
pub(crate) unsafe fn bytes<'a>(data: *const u8, len: usize, name: &str) -> Result<&'a [u8], Error> {
    match (data.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(wrong("argument.null", name)),
        (false, len) if isize::try_from(len).is_err() || data.addr().checked_add(len).is_none() => Err(wrong("argument.too_large", name)),
        // SAFETY: not null, not longer than memory can be, and the caller promises that the bytes are there.
        (false, len) => Ok(unsafe { std::slice::from_raw_parts(data, len) }),
    }
}

/// The parts that attachments refer to by index.
///
/// # Safety
///
/// `parts` is null or points to `count` slices, whose bytes live and stay the same for `'a`. It need not be aligned.
pub(crate) unsafe fn parts<'a>(parts: *const Slice, count: usize) -> Result<Vec<&'a [u8]>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if parts.is_null() {
        return Err(wrong("argument.null", "parts"));
    }
    if count > MOST_PARTS {
        return Err(wrong("argument.too_large", "count"));
    }
    let read = |index: usize| {
        // SAFETY: below `count`, which the caller promises; MOST_PARTS keeps the address from wrapping.
        let part = unsafe { parts.wrapping_add(index).read_unaligned() };
        // SAFETY: the bytes are there by the same promise.
        unsafe { bytes(part.data, part.len, &format!("parts[{index}]")) }
    };
    (0..count).map(read).collect()
}

/// The place for a new handle. Null is written to it first, so that a failed call leaves no garbage behind.
///
/// # Safety
///
/// `place` is null or may be written to. It need not be aligned.
pub(crate) unsafe fn place<'a, T>(place: *mut *mut T, name: &str) -> Result<Place<'a, T>, Error> {
    if place.is_null() {
        return Err(wrong("argument.null", name));
    }
    // SAFETY: not null, and the caller promises room for a pointer.
    unsafe { place.write_unaligned(std::ptr::null_mut()) };
    Ok(Place(place, std::marker::PhantomData))
}

/// A checked place for a handle.
pub(crate) struct Place<'a, T>(*mut *mut T, std::marker::PhantomData<&'a mut *mut T>);

impl<T> Place<'_, T> {
    /// Writes the handle.
    pub(crate) fn fill(self, handle: *mut T) {
        // SAFETY: checked by [`place`], and still valid by the caller's promise.
        unsafe { self.0.write_unaligned(handle) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null;

    fn code<T>(result: Result<T, Error>) -> String {
        result.err().map(|error| format!("{} {}", error.code, error.args["argument"].as_str().unwrap())).unwrap_or_default()
    }

    #[test]
    fn text_is_utf8_or_an_error_that_names_the_argument() {
        assert_eq!(unsafe { text(c"Grüße".as_ptr(), "config") }.unwrap(), "Grüße");
        assert_eq!(code(unsafe { text(null(), "config") }), "argument.null config");
        let latin = unsafe { text(c"Gr\xfc\xdfe".as_ptr(), "message") };
        assert_eq!(latin.as_ref().unwrap_err().args["position"], 2);
        assert_eq!(code(latin), "argument.not_utf8 message");
        assert_eq!(unsafe { optional_text(null(), "request") }.unwrap(), None);
    }

    #[test]
    fn impossible_lengths_are_refused_without_reading() {
        let byte = 7_u8;
        for len in [usize::MAX, usize::MAX / 2 + 1, 1 << (usize::BITS - 1)] {
            assert_eq!(code(unsafe { bytes(&byte, len, "data") }), "argument.too_large data");
        }
        assert_eq!(code(unsafe { bytes(null(), 1, "data") }), "argument.null data");
        assert_eq!(unsafe { bytes(null(), 0, "data") }.unwrap(), b"");
        assert_eq!(unsafe { bytes(&byte, 1, "data") }.unwrap(), [7]);
    }

    #[test]
    fn parts_are_counted_and_named() {
        let good = [Slice { data: b"ab".as_ptr(), len: 2 }, Slice { data: null(), len: 0 }];
        assert_eq!(unsafe { parts(good.as_ptr(), 2) }.unwrap(), [b"ab".as_slice(), b""]);
        let bad = [Slice { data: b"ab".as_ptr(), len: 2 }, Slice { data: null(), len: 5 }];
        assert_eq!(code(unsafe { parts(bad.as_ptr(), 2) }), "argument.null parts[1]");
        for count in [MOST_PARTS + 1, 1 << 31, usize::MAX] {
            assert_eq!(code(unsafe { parts(good.as_ptr(), count) }), "argument.too_large count");
        }
        assert_eq!(code(unsafe { parts(null(), 1) }), "argument.null parts");
        assert!(unsafe { parts(null(), 0) }.unwrap().is_empty());
    }

    #[test]
    fn misaligned_parts_are_read() {
        let slice = [b"odd".as_ptr().addr().to_ne_bytes(), 3_usize.to_ne_bytes()].concat();
        let odd = [vec![0], slice].concat();
        assert_eq!(unsafe { parts(odd[1..].as_ptr().cast(), 1) }.unwrap().len(), 1);
    }
}
