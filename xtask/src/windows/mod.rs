//! What building for Windows, and testing there, needs on a machine that is none.

mod dotnet;
mod pascal;
pub(crate) mod provide;
pub(crate) mod std;
mod wine;
