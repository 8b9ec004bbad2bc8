//! The ground of the tests: certificates made on the spot, a sandbox mail server, real mail servers in a temporary folder,
//! scripted servers that misbehave on purpose, and proxies that cut the line.
//!
//! Nothing here is part of the product. The [`sandbox`] also serves the demo and the examples, through the command
//! `postkontor-sandbox`.
//!
//! All servers listen on loopback, on ports the system gives; all can run side by side.
#![forbid(unsafe_code)]

pub mod certificates;
pub mod connect_proxy;
pub mod dovecot;
pub mod engine;
pub mod exchange;
pub mod exchange_scene;
pub mod exim;
pub mod folder;
pub mod form_generators;
pub mod guard;
pub mod inputs;
pub mod kerberos;
pub mod mailbox;
#[cfg(target_os = "linux")]
pub mod memory;
pub mod merge_patch;
pub mod office;
pub mod outbox_scene;
pub mod ports;
pub mod postgresql;
pub mod products;
mod project;
pub mod random_settings;
pub mod relay;
pub mod sandbox;
pub mod scripted;
pub mod skip;
pub mod small_disk;
pub mod strangers;
pub mod transports;
pub mod tunnel;
pub mod windows;
