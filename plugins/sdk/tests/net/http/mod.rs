//! HTTP/1.1 against scripted servers on loopback.

mod answers;
mod judge;
mod login;
mod requests;
mod waits;
mod web;
