//! The transport against servers in this process: scripted dialogues, and a small server that can be made to fail.

mod account;
mod batch;
mod delivery;
mod lost;
mod play;
mod safety;
mod sandbox;
mod steps;
