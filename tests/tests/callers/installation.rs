//! An installation in a folder of its own, and the programs that use it.

use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::skip;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The library and its plugins, where programs that are linked with it look for it.
pub(crate) struct Installation {
    pub(crate) folder: Folder,
}

impl Installation {
    pub(crate) fn new(transports: &[&str]) -> Installation {
        let products = Products::built().unwrap();
        let installation = Installation::of(&Products::library(products));
        products.plugins(installation.folder.path(), transports).unwrap();
        installation
    }

    /// A library and nothing else.
    pub(crate) fn of(library: &Path) -> Installation {
        let folder = Folder::new().unwrap();
        let place = folder.file("libpostkontor.so");
        std::fs::copy(library, &place).unwrap();
        // The name that programs linked with it ask for.
        std::os::unix::fs::symlink(&place, folder.file("libpostkontor.so.1")).unwrap();
        Installation { folder }
    }

    /// The path of a file in it, as an argument.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.file(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn gcc(&self, source: &str, extra: &[&str]) -> PathBuf {
        let program = self.folder.file("program");
        let here = self.folder.path().display();
        let arguments = [
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-g",
            &format!("-I{ROOT}/include"),
            &format!("{ROOT}/{source}"),
            "-o",
            program.to_str().unwrap(),
            &format!("-L{here}"),
            &format!("-Wl,-rpath,{here}"),
        ]
        .map(str::to_owned);
        good(Command::new("gcc").args(arguments).args(extra));
        program
    }

    /// Compiles a program in Pascal, which counts its objects: see [`Installation::heap`].
    pub(crate) fn fpc(&self, source: &str) -> PathBuf {
        let here = self.folder.path().display();
        let mut command = Command::new("fpc");
        command.args([
            "-Mdelphi",
            "-O2",
            "-gl",
            "-gh",
            "-vew",
            &format!("-Fu{ROOT}/ffi/bindings/delphi"),
            &format!("-FE{here}"),
            &format!("-Fl{here}"),
        ]);
        command.args([&format!("-k-rpath={here}"), &format!("{ROOT}/{source}")]);
        good(&mut command);
        self.folder.path().join(Path::new(source).file_stem().unwrap())
    }

    /// Where a program in Pascal is to write what it has not freed.
    pub(crate) fn heap(&self) -> String {
        format!("log={}", self.file("heap"))
    }

    /// Fails where the program did not free all: valgrind does not see the objects of Pascal's own heap.
    pub(crate) fn has_freed_all(&self) {
        let heap = std::fs::read_to_string(self.folder.file("heap")).unwrap();
        assert!(heap.contains("\n0 unfreed memory blocks"), "{heap}");
    }

    /// Compiles a program in C#, and gives the command that runs it.
    pub(crate) fn mcs(&self, source: &str) -> Command {
        let program = self.file("Program.exe");
        let mut compile = Command::new("mcs");
        compile.args(["-langversion:6", "-warn:4", "-warnaserror", &format!("-out:{program}")]);
        good(compile.args([source, "ffi/bindings/dotnet/Postkontor.cs"].map(|file| format!("{ROOT}/{file}"))));
        self.mono()
    }

    /// Runs what [`Installation::mcs`] compiled.
    pub(crate) fn mono(&self) -> Command {
        let mut mono = Command::new("mono");
        mono.arg(self.file("Program.exe")).env("LD_LIBRARY_PATH", self.folder.path());
        mono
    }

    pub(crate) fn python(&self, source: &str) -> Command {
        let mut python = Command::new("python3");
        python.arg("-B").arg(format!("{ROOT}/{source}"));
        python.env("PYTHONPATH", format!("{ROOT}/ffi/bindings/python")).env("LD_LIBRARY_PATH", self.folder.path());
        python
    }
}

pub(crate) fn good(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr));
    output
}

pub(crate) fn valgrind(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["-q", "--leak-check=full", "--error-exitcode=9", "--num-callers=40"]);
    command.arg(format!("--suppressions={ROOT}/tests/callers/valgrind.supp")).arg(program);
    command
}

/// Whether the machine has all these programs; a test that needs one says that it is skipped.
pub(crate) fn has(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        !std::env::split_paths(&paths).any(|folder| folder.join(program).exists())
    });
    if let Some(missing) = missing {
        skip::because(&format!("{missing} is not installed"));
    }
    missing.is_none()
}
