//! A server on this machine for programs, scanners and telephone systems that only speak SMTP and POP3, with a password or none.
//!
//! What its SMTP server accepts lies durable in the outbox; its POP3 server gives the mail of an account that such programs cannot log in to.
#![forbid(unsafe_code)]
