//! `postkontor form FILE`: the settings as a page in the browser.
//!
//! The page is served on loopback, under an address that cannot be guessed, and ends with its tab or by Ctrl-C. It is built from `form/`
//! at the root of the repository and stands in the command, so that it needs no network.
//!
//! - [`server`] listens; [`gate`] refuses what does not come from the page; [`assets`] is what the browser loads.
//! - [`session`] answers what the page asks: forms, checks, saving. [`settings_file`] is the document on the disk.
//! - [`kept`] keeps passwords of the file from the page. [`typed`] stores those that are typed there. [`places`] knows where
//!   they may stand.
//! - [`calls`] runs what takes time, each on a thread of its own; [`events`] tells the page of it while it happens.

mod assets;
mod calls;
mod events;
mod gate;
mod kept;
mod pages;
mod places;
mod server;
mod session;
mod settings_file;
mod typed;

pub(crate) use server::serve;
