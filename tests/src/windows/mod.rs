//! Programs of Windows, run on this machine by Wine: what was built for it, compilers, and an installation to run them in.
//!
//! `cargo xtask test --windows` brings all of it. Where something is missing, tests say that they are skipped, and why.

mod build;
mod import_library;
mod installation;
pub mod release;
mod wine;

pub use build::Width;
pub use import_library::symbols;
pub use installation::{Installation, shown};
pub use wine::Wine;

pub(crate) use build::said;

use crate::skip;

/// Wine with what was built for a width; where this machine has not all of it, the test is noted as skipped.
pub fn ready(width: Width) -> Option<&'static Wine> {
    let ready = width.missing().map_or_else(Wine::shared, Err);
    ready.map_err(|reason| skip::because(&reason)).ok()
}
