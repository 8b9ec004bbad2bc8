//! From Rust back to C: the functions that the caller gave to `postkontor_host_open`.

use crate::abi::{Callbacks, Log, Progress, SecretGet, SecretPut, Step, Write};
use crate::thread;
use postkontor_plugin::{Error, Level, Secret, Status};
use std::ffi::{CString, c_void};
use std::mem::{MaybeUninit, offset_of};
use zeroize::Zeroizing;

/// The caller's functions, copied out of its struct.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    user: *mut c_void,
    log: Log,
    progress: Progress,
    secret_get: SecretGet,
    secret_put: SecretPut,
    step: Step,
}

// SAFETY: the header says that callbacks run on whichever thread calls, so `user` has to be ready for that.
unsafe impl Send for Client {}
// SAFETY: as above; the pointers themselves are only copied.
unsafe impl Sync for Client {}

/// The least size that is accepted: the struct of ABI 1, six words of 8 or 4 bytes. A number that never changes, because the struct
/// grows, and programs that were compiled before go on with the one they had.
const SMALLEST: usize = if cfg!(target_pointer_width = "64") { 48 } else { 24 };
/// A larger size is no struct of a newer ABI but an uninitialised one.
const LARGEST: usize = 4096;

impl Client {
    /// Reads the caller's struct; null means no functions.
    ///
    /// # Safety
    ///
    /// `callbacks` is null or points to a struct of the size that it begins with. It need not be aligned.
    pub(crate) unsafe fn read(callbacks: *const Callbacks) -> Result<Client, Error> {
        if callbacks.is_null() {
            return Ok(Client { user: std::ptr::null_mut(), log: None, progress: None, secret_get: None, secret_put: None, step: None });
        }
        // SAFETY: every such struct begins with its size.
        let size = unsafe { callbacks.byte_add(offset_of!(Callbacks, size)).cast::<usize>().read_unaligned() };
        if !(SMALLEST..=LARGEST).contains(&size) {
            return Err(Error::new(Status::Argument, "argument.size").arg("argument", "callbacks").arg("expected", SMALLEST));
        }
        // SAFETY: the struct has the size that it begins with, which was looked at; every member of `Callbacks` may be zero.
        let Callbacks { size: _, user, log, progress, secret_get, secret_put, step } = unsafe { grown(callbacks, size) };
        Ok(Client { user, log, progress, secret_get, secret_put, step })
    }
}

/// A struct as it is known here, of which the caller has `size` bytes: what the caller's lacks is zero, what it has beyond is not looked at.
///
/// # Safety
///
/// `given` points to `size` readable bytes, which need not be aligned, and zeros are a value of every member of `T`.
unsafe fn grown<T>(given: *const T, size: usize) -> T {
    let mut known = MaybeUninit::<T>::zeroed();
    // SAFETY: both sides have so many bytes and do not overlap, as one of them is new.
    unsafe { std::ptr::copy_nonoverlapping(given.cast::<u8>(), known.as_mut_ptr().cast(), size.min(size_of::<T>())) };
    // SAFETY: by the caller's promise what was not copied is valid as zeros.
    unsafe { known.assume_init() }
}

impl postkontor_core::Callbacks for Client {
    fn log(&self, level: i32, text: &str) {
        let Some(log) = self.log else { return };
        let text = zero_terminated(text);
        // SAFETY: the caller's function, with the arguments that the header promises.
        thread::outside(|| unsafe { log(self.user, level, text.as_ptr()) });
    }

    fn log_level(&self) -> Option<Level> {
        self.log.map(|_| Level::Trace)
    }

    fn progress(&self, done: u64, total: u64) -> bool {
        let Some(progress) = self.progress else { return true };
        // SAFETY: as above.
        thread::outside(|| unsafe { progress(self.user, done, total) }).unwrap_or(0) == 0
    }

    fn step(&self, step: &str) {
        let Some(tell) = self.step else { return };
        // JSON has no zero byte.
        let text = zero_terminated(step);
        // SAFETY: as above; the text ends in a zero byte behind `size` bytes.
        thread::outside(|| unsafe { tell(self.user, text.as_ptr(), text.as_bytes().len()) });
    }

    fn secret_get(&self, name: &str) -> Option<Secret> {
        let get = self.secret_get?;
        let name = zero_terminated(name);
        let mut value = Zeroizing::new(vec![0_u8; 1024]);
        // The second time there is room for what the first time was too long; should it have grown meanwhile, it is not to be had.
        for _ in 0..2 {
            let capacity = i32::try_from(value.len()).ok()?;
            // SAFETY: as above; the function writes no more than `capacity` bytes.
            let length = thread::outside(|| unsafe { get(self.user, name.as_ptr(), value.as_mut_ptr().cast(), capacity) })?;
            let length = usize::try_from(length).ok()?;
            if let Some(secret) = value.get(..length) {
                return std::str::from_utf8(secret).ok().map(Secret::new);
            }
            value = Zeroizing::new(vec![0; length]);
        }
        None
    }

    fn secret_put(&self, name: &str, value: &Secret) -> bool {
        let Some(put) = self.secret_put else { return false };
        let name = zero_terminated(name);
        let mut bytes = Zeroizing::new(Vec::with_capacity(value.reveal().len() + 1));
        bytes.extend_from_slice(value.reveal().as_bytes());
        bytes.push(0);
        if bytes.iter().position(|&byte| byte == 0) != Some(bytes.len() - 1) {
            return false;
        }
        // SAFETY: as above; both texts end in a zero byte.
        thread::outside(|| unsafe { put(self.user, name.as_ptr(), bytes.as_ptr().cast()) }) == Some(0)
    }
}

/// Text for C. A zero byte inside would cut it short, so it becomes the replacement character.
pub(crate) fn zero_terminated(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}

/// Hands bytes to a write function of the caller.
pub(crate) struct Writer {
    write: Write,
    user: *mut c_void,
}

impl Writer {
    /// `None` where the caller gave no function.
    pub(crate) fn new(write: Write, user: *mut c_void) -> Option<Writer> {
        write.is_some().then_some(Writer { write, user })
    }

    /// Hands on the next bytes.
    pub(crate) fn write(&self, data: &[u8]) -> Result<(), Error> {
        let Some(write) = self.write else { return Ok(()) };
        // SAFETY: the caller's function, with bytes that live until it returns.
        match thread::outside(|| unsafe { write(self.user, data.as_ptr(), data.len()) }) {
            Some(0) => Ok(()),
            _ => Err(Error::new(Status::Cancelled, "call.cancelled")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use postkontor_core::Callbacks as _;
    use std::ffi::{CStr, c_char};

    unsafe extern "system" fn long_secret(user: *mut c_void, name: *const c_char, value: *mut c_char, capacity: i32) -> i32 {
        assert_eq!(unsafe { CStr::from_ptr(name) }, c"smtp");
        let calls = unsafe { &mut *user.cast::<i32>() };
        *calls += 1;
        if capacity >= 5000 {
            unsafe { std::slice::from_raw_parts_mut(value.cast::<u8>(), 5000) }.fill(b'x');
        }
        5000
    }

    unsafe extern "system" fn no_secret(_: *mut c_void, _: *const c_char, _: *mut c_char, _: i32) -> i32 {
        -1
    }

    fn client(user: *mut c_void, secret_get: SecretGet) -> Client {
        let table = Callbacks { size: SMALLEST, user, log: None, progress: None, secret_get, secret_put: None, step: None };
        unsafe { Client::read(&table) }.unwrap()
    }

    #[test]
    fn a_secret_may_be_longer_than_the_first_buffer() {
        let mut calls = 0;
        let client = client((&raw mut calls).cast(), Some(long_secret));
        assert_eq!(thread::inside(|| client.secret_get("smtp")).unwrap().reveal().len(), 5000);
        assert_eq!(calls, 2);
    }

    #[test]
    fn a_secret_that_is_not_there_is_none() {
        assert!(thread::inside(|| client(std::ptr::null_mut(), Some(no_secret)).secret_get("smtp")).is_none());
        assert!(thread::inside(|| client(std::ptr::null_mut(), None).secret_get("smtp")).is_none());
    }

    #[test]
    fn a_struct_of_the_wrong_size_is_refused() {
        let mut table =
            Callbacks { size: 0, user: std::ptr::null_mut(), log: None, progress: None, secret_get: None, secret_put: None, step: None };
        for size in [0, 1, SMALLEST - 1, LARGEST + 1, usize::MAX] {
            table.size = size;
            assert_eq!(unsafe { Client::read(&table) }.err().unwrap().code, "argument.size");
        }
    }

    #[test]
    fn a_struct_that_grows_takes_programs_that_were_compiled_before() {
        /// The struct of some later ABI.
        #[repr(C)]
        struct Later {
            before: Callbacks,
            one_more: SecretGet,
        }
        // On the heap and of that size only, so that a checker of memory sees a read beyond its end.
        let old = Box::new(Callbacks {
            size: size_of::<Callbacks>(),
            user: std::ptr::null_mut(),
            log: None,
            progress: None,
            secret_get: Some(no_secret),
            secret_put: None,
            step: None,
        });
        let read = unsafe { grown::<Later>((&raw const *old).cast(), old.size) };
        assert!(read.one_more.is_none() && read.before.secret_get.is_some());
        // A program that was compiled before callbacks grew, as words of its memory: what stands behind its struct is not looked at.
        let words = [6 * size_of::<usize>(), 0, 0, 0, no_secret as *const () as usize, 0, usize::MAX, usize::MAX];
        let read = unsafe { grown::<Later>(words.as_ptr().cast(), words[0]) };
        assert!(read.one_more.is_none() && read.before.secret_get.is_some());
        let client = unsafe { Client::read(words.as_ptr().cast()) }.unwrap();
        assert!(client.secret_get.is_some() && client.step.is_none());
        // And the other way round: a newer program with this library.
        let new = Later { before: Callbacks { size: size_of::<Later>(), ..*old }, one_more: Some(long_secret) };
        let client = unsafe { Client::read((&raw const new).cast()) }.unwrap();
        assert!(client.secret_get.is_some() && client.secret_put.is_none());
    }

    #[test]
    fn a_zero_byte_does_not_cut_a_line_of_the_log() {
        assert_eq!(zero_terminated("a\0b").to_str().unwrap(), "a\u{fffd}b");
    }
}
