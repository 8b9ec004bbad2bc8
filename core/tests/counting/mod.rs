//! Counts the memory that a piece of work asks for. For a program of its own: its allocator counts.
#![allow(unsafe_code, reason = "an allocator that counts is unsafe by its trait; it only calls the system's")]
#![allow(dead_code, reason = "each program counts what it is about")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts for each thread how many bytes were asked for, how many of them are kept, and how many were at most.
/// What grows counts twice while it is copied, as on a system that cannot grow it where it is.
struct Counting;

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
    static KEPT: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: every call goes on to the system's allocator as it came; counting in cells without destructors asks for no memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + layout.size());
        KEPT.set(KEPT.get() + layout.size() as isize);
        MOST.set(MOST.get().max(KEPT.get()));
        // SAFETY: the caller's promises are those that the system's allocator wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        KEPT.set(KEPT.get() - layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What a piece of work gives, how many bytes it asked for, and how many of them are still kept.
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> (T, usize, isize) {
    let (asked, kept) = (ASKED.get(), KEPT.get());
    let made = work();
    (made, ASKED.get() - asked, KEPT.get() - kept)
}

/// What a piece of work gives, and how many bytes more than before were kept at most meanwhile.
pub(crate) fn most<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = KEPT.get();
    MOST.set(before);
    let made = work();
    (made, usize::try_from(MOST.get() - before).unwrap_or_default())
}
