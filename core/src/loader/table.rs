//! Whether the table that a plugin returned is one.
//!
//! A plugin in another language may return anything: a table of another interface, a shorter one, one with an empty place. Calling
//! through such a table would end the process, so it is looked at, member by member, before it is taken for a [`raw::Plugin`].

#![allow(unsafe_code, reason = "what a plugin returned is a pointer")]

use postkontor_abi as raw;
use std::ffi::c_void;
use std::mem::{align_of, offset_of};

/// Takes the table that a plugin returned, or says by a code and English words why it is none.
///
/// # Safety
/// `table` must be null or point to what the plugin calls its table, which stays where it is and as it is for ever. Of it, the first two
/// members must be readable, and as many bytes as its `size` says.
pub(super) unsafe fn read(table: *const raw::Plugin) -> Result<&'static raw::Plugin, (&'static str, String)> {
    let magic = table.cast::<u64>();
    if magic.is_null() {
        return Err(("plugin.no_vtable", "the table is null".to_owned()));
    }
    if !table.addr().is_multiple_of(align_of::<raw::Plugin>()) {
        return Err(("plugin.no_vtable", format!("the table is not aligned to {} bytes", align_of::<raw::Plugin>())));
    }
    // SAFETY: promised by the caller: the first member is readable.
    let found = unsafe { magic.read() };
    if found != raw::MAGIC {
        return Err(("plugin.other_abi", format!("magic {found:#018x}; this host needs {:#018x}", raw::MAGIC)));
    }
    // SAFETY: behind the right magic stands the size, promised likewise.
    let size = unsafe { table.byte_add(offset_of!(raw::Plugin, size)).cast::<usize>().read() };
    if size != size_of::<raw::Plugin>() {
        return Err(("plugin.other_abi", format!("size {size}; this host needs {}", size_of::<raw::Plugin>())));
    }
    let functions = [
        ("describe", offset_of!(raw::Plugin, describe)),
        ("open", offset_of!(raw::Plugin, open)),
        ("call", offset_of!(raw::Plugin, call)),
        ("close", offset_of!(raw::Plugin, close)),
    ];
    for (name, offset) in functions {
        // A function in Rust is never null, so the place is read as the pointer that C has there.
        // SAFETY: the size says that the whole table is there.
        if unsafe { table.byte_add(offset).cast::<*const c_void>().read() }.is_null() {
            return Err(("plugin.no_vtable", format!("the function `{name}` is null")));
        }
    }
    // SAFETY: it has the magic, the size, and no function that is null; it lives for ever.
    Ok(unsafe { &*table })
}

#[cfg(test)]
#[allow(clippy::undocumented_unsafe_blocks, reason = "what is read lies in the tests")]
mod tests {
    use super::*;

    /// A table as C would build it: the magic, the size and four functions.
    #[repr(C)]
    struct Table {
        magic: u64,
        size: usize,
        functions: [*const c_void; 4],
    }

    fn whole() -> Table {
        let function = whole as fn() -> Table as *const c_void;
        Table { magic: raw::MAGIC, size: size_of::<raw::Plugin>(), functions: [function; 4] }
    }

    fn refusal(table: Table) -> Option<(&'static str, String)> {
        let table: &'static Table = Box::leak(Box::new(table));
        unsafe { read(std::ptr::from_ref(table).cast()) }.err()
    }

    #[test]
    fn a_table_with_everything_in_its_place_is_taken() {
        assert_eq!(size_of::<Table>(), size_of::<raw::Plugin>());
        assert_eq!(refusal(whole()), None);
    }

    #[test]
    fn a_table_that_lacks_something_is_refused_before_it_is_used() {
        assert_eq!(refusal(Table { magic: 7, ..whole() }).unwrap().0, "plugin.other_abi");
        for size in [0, 16, size_of::<raw::Plugin>() - 8, size_of::<raw::Plugin>() + 8, usize::MAX] {
            assert_eq!(refusal(Table { size, ..whole() }).unwrap().0, "plugin.other_abi", "{size}");
        }
        for (index, name) in ["describe", "open", "call", "close"].into_iter().enumerate() {
            let mut table = whole();
            table.functions[index] = std::ptr::null();
            let (code, detail) = refusal(table).unwrap();
            assert!(code == "plugin.no_vtable" && detail.contains(name), "{code} {detail}");
        }
        assert_eq!(unsafe { read(std::ptr::null()) }.err().unwrap().0, "plugin.no_vtable");
        let bytes: &'static [u8; 128] = Box::leak(Box::new([0; 128]));
        let odd = bytes.as_ptr().wrapping_add(1 + bytes.as_ptr().align_offset(8)).cast();
        assert_eq!(unsafe { read(odd) }.err().unwrap().0, "plugin.no_vtable");
    }
}
