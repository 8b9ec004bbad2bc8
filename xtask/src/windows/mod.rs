//! What building for Windows needs on a machine that is none.

pub(crate) mod std;
