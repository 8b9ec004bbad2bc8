//! Programs that use the library as it should not be used, and what they rely on all the same.

use crate::installation::{Installation, good, has, valgrind};
use crate::sending::Office;
use std::process::Command;

#[test]
fn a_hostile_c_program_gets_errors_and_nothing_else() {
    if has(&["gcc", "valgrind"]) {
        let installation = Installation::new(&["smtp"]);
        let program = installation.gcc("tests/callers/hostile.c", &["-lpostkontor", "-lpthread"]);
        for command in [&mut Command::new(&program), &mut valgrind(&program)] {
            assert_eq!(good(command).stdout, b"held\n");
        }
    }
}

#[test]
fn the_library_survives_being_freed() {
    if has(&["gcc"]) {
        let installation = Installation::new(&["smtp"]);
        let program = installation.gcc("tests/callers/unload.c", &["-ldl"]);
        assert_eq!(good(Command::new(program).arg(installation.file("libpostkontor.so"))).stdout, b"held\n");
    }
}

#[test]
fn a_pascal_program_keeps_its_floating_point_traps() {
    if has(&["fpc", "valgrind"]) {
        let office = Office::new();
        let installation = &office.installation;
        let program = installation.fpc("tests/callers/traps.dpr");
        let settings = installation.file("settings.json");
        assert_eq!(good(Command::new(&program).args([&settings, "native"])).stdout, b"held\n");
        assert_eq!(good(valgrind(&program).args([&settings, "valgrind"])).stdout, b"held\n");
    }
}
