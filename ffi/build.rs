//! Linker arguments of the shared library on systems with ELF.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if matches!(system.as_str(), "linux" | "android" | "freebsd" | "netbsd" | "openbsd" | "dragonfly") {
        // An ABI that programs of today could not use would get a second name, so that an installed program never meets the wrong one.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libpostkontor.so.1");
        // An ERP may dlclose the library while threads of a plugin or thread-local destructors still need its code.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
