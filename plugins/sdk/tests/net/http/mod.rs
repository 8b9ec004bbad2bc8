//! HTTP/1.1 against scripted servers on loopback.

mod answers;
mod requests;
mod web;
