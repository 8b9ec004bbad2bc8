//! Tokens against scripted providers on loopback.

#[cfg(unix)]
mod assertions;
mod consent;
mod provider;
mod refusals;
mod shared;
mod tokens;
