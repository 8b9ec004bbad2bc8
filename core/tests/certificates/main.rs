//! The certificates that settings name, as files that `openssl` made: what a check says of each, what the test of an account says, and mail that is
//! signed and encrypted with them.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../../../smime/tests/people/mod.rs"]
mod people;
#[allow(dead_code, reason = "the transport is all that is wanted")]
#[path = "../typed/pigeonhole.rs"]
mod pigeonhole;

mod checking;
mod folders;
mod issued;
mod sending;
mod testing;

use people::Folder;
use postkontor_core::{Callbacks, Host};
use postkontor_plugin::Secret;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A program that has secrets, counts how often it is asked for one, and keeps its log.
#[derive(Clone, Default)]
struct Program(Arc<Mutex<(usize, String)>>);

impl Program {
    fn asked(&self) -> usize {
        self.0.lock().unwrap().0
    }

    fn log(&self) -> String {
        self.0.lock().unwrap().1.clone()
    }
}

impl Callbacks for Program {
    fn secret_get(&self, name: &str) -> Option<Secret> {
        self.0.lock().unwrap().0 += 1;
        (name == "certificate").then(|| Secret::new(people::PASSWORD))
    }

    fn log(&self, _level: i32, text: &str) {
        let log = &mut self.0.lock().unwrap().1;
        log.push_str(text);
        log.push('\n');
    }
}

fn host(program: &Program) -> Arc<Host> {
    Host::open_with("{}", Box::new(program.clone()), &[pigeonhole::pigeonhole()]).unwrap()
}

/// Writes a file anew, at another time than before.
fn rewrite(folder: &Folder, name: &str, bytes: &[u8]) {
    let file = std::fs::File::options().write(true).truncate(true).open(folder.path(name)).unwrap();
    std::io::Write::write_all(&mut &file, bytes).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_790_000_000)).unwrap();
}

/// A document with one account, and these groups.
fn document(sender: Value, receive: Value) -> Value {
    json!({"accounts": {"main": {"transport": "pigeonhole"}}, "sender": sender, "receive": receive})
}

/// A sender who signs with a file of a folder.
fn signing(folder: &Folder, file: &str, address: &str, password: Value) -> Value {
    json!({"address": address, "smime": {"sign": {"certificate": folder.path(file), "password": password}}})
}

fn checked(document: &Value) -> Value {
    json!(host(&Program::default()).check(&document.to_string()))
}

/// Pointer and code of each problem.
fn problems(answer: &Value) -> Vec<(&str, &str)> {
    let all = answer["problems"].as_array().unwrap();
    all.iter().map(|problem| (problem["pointer"].as_str().unwrap(), problem["code"].as_str().unwrap())).collect()
}
