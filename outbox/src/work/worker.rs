//! What a lane works with.

use super::limits::Limits;
use super::pause::Pauses;
use crate::engine::Engine;
use crate::place::Place;
use postkontor_core::Host;
use std::collections::HashMap;
use std::sync::Arc;

/// What the settings say of working.
pub(super) struct Rules {
    pub(super) pauses: Pauses,
    pub(super) sends_again: bool,
    /// How long entries are kept that have ended, in milliseconds.
    pub(super) keep: i64,
    pub(super) limits: HashMap<String, Limits>,
}

/// What a lane works with.
pub(super) struct Worker<'a> {
    pub(super) host: &'a Arc<Host>,
    pub(super) settings: &'a str,
    pub(super) place: &'a Place,
    pub(super) engine: &'a mut dyn Engine,
    pub(super) rules: Rules,
}
