//! HTTP/1.1 against scripted servers on loopback.

mod answers;
mod judge;
mod requests;
mod waits;
mod web;
