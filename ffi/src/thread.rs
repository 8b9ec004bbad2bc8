//! The state of the caller's thread that a call changes and restores: floating-point traps and SIGPIPE.
//!
//! Delphi and Free Pascal let division by zero trap; Rust, OpenSSL and libm rely on it not to. A server that hangs up raises
//! SIGPIPE, which kills a process that does not expect it. Both are set aside during a call, and given back during callbacks.

use std::cell::Cell;

thread_local! {
    /// The caller's state while this thread is inside a call.
    static CALLER: Cell<Option<State>> = const { Cell::new(None) };
    /// The process in which that call began; 0 outside of calls.
    static PROCESS: Cell<u32> = const { Cell::new(0) };
}

/// The process that this thread is in. Asked of the system once in a call, not for each handle: a child that a callback forks learns
/// it anew with its first call.
pub(crate) fn process() -> u32 {
    match PROCESS.get() {
        0 => std::process::id(),
        process => process,
    }
}

/// Whether this thread is inside a call, and not in one of its callbacks.
pub(crate) fn is_inside() -> bool {
    CALLER.get().is_some()
}

/// Runs a call with the thread set up for it.
pub(crate) fn inside<R>(body: impl FnOnce() -> R) -> R {
    struct Leave {
        caller: State,
        previous: Option<State>,
        process: u32,
    }
    impl Drop for Leave {
        fn drop(&mut self) {
            CALLER.set(self.previous);
            PROCESS.set(self.process);
            self.caller.restore();
        }
    }

    let caller = State::set_aside();
    let _leave = Leave { caller, previous: CALLER.replace(Some(caller)), process: PROCESS.replace(std::process::id()) };
    body()
}

/// Runs a callback with the caller's state. `None` when the thread is not inside a call: callbacks run nowhere else.
pub(crate) fn outside<R>(callback: impl FnOnce() -> R) -> Option<R> {
    let caller = CALLER.take()?;
    caller.restore();
    let result = callback();
    // The callback may leave anything in these registers: the caller gets its own values back.
    State::set_aside();
    CALLER.set(Some(caller));
    Some(result)
}

#[derive(Clone, Copy)]
struct State {
    float: float::State,
    pipe: pipe::State,
}

impl State {
    fn set_aside() -> State {
        State { float: float::State::set_aside(), pipe: pipe::State::set_aside() }
    }

    fn restore(self) {
        self.pipe.restore();
        self.float.restore();
    }
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod float {
    use std::arch::asm;

    /// The control words of SSE and x87.
    #[derive(Clone, Copy)]
    pub(super) struct State {
        mxcsr: u32,
        x87: u16,
    }

    /// Everything masked, round to nearest, no flags: what a program starts with by the ABI.
    const MXCSR: u32 = 0x1f80;
    const X87: u16 = 0x037f;

    impl State {
        pub(super) fn set_aside() -> State {
            let mut caller = State { mxcsr: 0, x87: 0 };
            // SAFETY: stores the two control words into `caller`.
            unsafe {
                asm!("stmxcsr [{}]", in(reg) &raw mut caller.mxcsr, options(nostack));
                asm!("fnstcw [{}]", in(reg) &raw mut caller.x87, options(nostack));
            }
            State { mxcsr: MXCSR, x87: X87 }.restore();
            caller
        }

        pub(super) fn restore(self) {
            // SAFETY: loads control words that the processor gave, or the ABI's defaults. Pending x87 exceptions are cleared
            // before, because the next x87 instruction would raise them once they are unmasked.
            unsafe {
                asm!("fnclex", "fldcw [{}]", in(reg) &raw const self.x87, options(nostack));
                asm!("ldmxcsr [{}]", in(reg) &raw const self.mxcsr, options(nostack));
            }
        }
    }

    #[cfg(test)]
    pub(super) fn set_mxcsr(mxcsr: u32) {
        // SAFETY: the test passes a value with reserved bits clear.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const mxcsr, options(nostack)) }
    }

    #[cfg(test)]
    pub(super) fn mxcsr() -> u32 {
        let state = State::set_aside();
        state.restore();
        state.mxcsr
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
mod float {
    /// Nothing: on these processors no compiler for ERP clients lets floating-point exceptions trap.
    #[derive(Clone, Copy)]
    pub(super) struct State;

    impl State {
        pub(super) fn set_aside() -> State {
            State
        }

        pub(super) fn restore(self) {}
    }
}

#[cfg(unix)]
mod pipe {
    use std::mem::MaybeUninit;
    use std::ptr::{null, null_mut};

    /// The state to restore.
    #[derive(Clone, Copy)]
    pub(super) struct State {
        /// The caller lets SIGPIPE through, and none was pending: one that is pending at the end is ours.
        blocked_by_us: bool,
    }

    fn only_pipe() -> libc::sigset_t {
        let mut set = MaybeUninit::uninit();
        // SAFETY: sigemptyset initialises the set, sigaddset adds a signal that exists.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE);
            set.assume_init()
        }
    }

    fn holds_pipe(fill: impl FnOnce(*mut libc::sigset_t) -> i32) -> bool {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the set is read only if the function that fills it succeeded.
        fill(set.as_mut_ptr()) == 0 && unsafe { libc::sigismember(set.as_ptr(), libc::SIGPIPE) } == 1
    }

    impl State {
        pub(super) fn set_aside() -> State {
            let pipe = only_pipe();
            // SAFETY: both sets are valid; only this thread's mask changes.
            let already_blocked = holds_pipe(|before| unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &pipe, before) });
            State { blocked_by_us: !already_blocked }
        }

        pub(super) fn restore(self) {
            if !self.blocked_by_us {
                return;
            }
            let pipe = only_pipe();
            // SAFETY: the pointers are valid or null where the functions allow it.
            unsafe {
                if holds_pipe(|pending| libc::sigpending(pending)) {
                    take(&pipe);
                }
                libc::pthread_sigmask(libc::SIG_UNBLOCK, &pipe, null_mut());
            }
        }
    }

    /// Takes the pending signal away without waiting for another.
    ///
    /// # Safety
    ///
    /// None beyond a valid set.
    #[cfg(not(any(target_os = "macos", target_os = "ios", target_os = "openbsd")))]
    unsafe fn take(pipe: &libc::sigset_t) {
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: valid set and time; the information about the signal is not wanted.
        unsafe { libc::sigtimedwait(pipe, null::<libc::siginfo_t>().cast_mut(), &at_once) };
    }

    #[cfg(any(target_os = "macos", target_os = "ios", target_os = "openbsd"))]
    unsafe fn take(pipe: &libc::sigset_t) {
        let mut signal = 0;
        let _ = null::<()>();
        // SAFETY: valid set; the signal is pending, so this returns at once.
        unsafe { libc::sigwait(pipe, &mut signal) };
    }
}

#[cfg(not(unix))]
mod pipe {
    /// Nothing: there is no SIGPIPE.
    #[derive(Clone, Copy)]
    pub(super) struct State;

    impl State {
        pub(super) fn set_aside() -> State {
            State
        }

        pub(super) fn restore(self) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    #[test]
    fn floating_point_traps_are_masked_inside_and_as_the_caller_has_them_outside() {
        const DELPHI: u32 = 0x1900;
        float::set_mxcsr(DELPHI);
        let (inside_call, in_callback, after_callback) = inside(|| {
            let first = float::mxcsr();
            assert_eq!(std::hint::black_box(1.0) / std::hint::black_box(0.0), f64::INFINITY);
            (first, outside(float::mxcsr).unwrap(), float::mxcsr())
        });
        let after = float::mxcsr();
        float::set_mxcsr(0x1f80);
        assert_eq!((inside_call & 0x1f80, in_callback, after_callback & 0x1f80, after), (0x1f80, DELPHI, 0x1f80, DELPHI));
    }

    #[cfg(unix)]
    #[test]
    fn a_broken_pipe_inside_a_call_is_no_signal_to_the_caller() {
        let mut ends = [0; 2];
        // The test runner ignores SIGPIPE, as all Rust programs do; a C host does not.
        // SAFETY: plain system calls with valid arguments.
        let before = unsafe {
            assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
            libc::close(ends[0]);
            libc::signal(libc::SIGPIPE, libc::SIG_DFL)
        };
        let written = inside(|| unsafe { libc::write(ends[1], b"x".as_ptr().cast(), 1) });
        unsafe {
            libc::signal(libc::SIGPIPE, before);
            libc::close(ends[1]);
        }
        assert_eq!(written, -1);
    }

    #[test]
    fn callbacks_run_only_inside_a_call() {
        assert_eq!(outside(|| 1), None);
        assert_eq!(inside(|| outside(|| inside(|| outside(|| 1)))), Some(Some(1)));
        assert!(!is_inside());
        assert!(inside(is_inside));
        assert_eq!(inside(|| outside(is_inside)), Some(false));
    }
}
