//! What to do about an error of the wire.

use crate::settings::{Server, Tls};
use crate::{Error, Stage, Step};

/// The failed step of a test for an error, with facts, pointer, advice, and the settings patch that would repair it.
pub fn step(error: &Error, _server: &Server, tls: &Tls) -> Step {
    let mut step = Step::fail(error.stage.unwrap_or(Stage::Connect), error);
    add(&mut step, tls);
    step
}

pub(super) fn add(_step: &mut Step, _tls: &Tls) {}
