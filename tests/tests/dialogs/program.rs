//! The examples as compiled programs, with the library and its plugins.

use postkontor_tests::folder::Folder;
use postkontor_tests::guard::Guard;
use postkontor_tests::products::Products;
use postkontor_tests::{skip, strangers, transports};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where Debian has the units of Lazarus.
const LAZARUS: &str = "/usr/lib/lazarus";

/// The example of a language.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    Lazarus,
    WinForms,
}

/// Where Mono has Windows Forms.
const WINDOWS_FORMS: &str = "/usr/lib/mono/4.5/System.Windows.Forms.dll";

impl Program {
    /// Those that this machine can compile and run; what is missing is said.
    pub(crate) fn all() -> Vec<Program> {
        let has =
            |name: &&str| std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(name).exists());
        if !["Xvfb", "xdotool"].iter().all(has) {
            skip::because("there is no screen (Debian packages xvfb and xdotool)");
            return Vec::new();
        }
        let mut programs = Vec::new();
        match has(&"fpc") && lazarus().is_some() {
            true => programs.push(Program::Lazarus),
            false => skip::because("Lazarus is not installed (Debian packages fp-compiler, lcl-units-2.2 and fp-units-misc)"),
        }
        match has(&"mcs") && has(&"mono") && Path::new(WINDOWS_FORMS).exists() {
            true => programs.push(Program::WinForms),
            false => skip::because("Windows Forms is not installed (Debian packages mono-mcs and libmono-system-windows-forms4.0-cil)"),
        }
        programs
    }

    /// The command that runs it.
    pub(crate) fn command(self) -> Command {
        let folder = installation();
        let mut command = match self {
            Program::Lazarus => Command::new(lazarus_program()),
            Program::WinForms => {
                let mut mono = Command::new("mono");
                mono.arg(winforms_program());
                mono
            }
        };
        command.env("LD_LIBRARY_PATH", folder).env("LC_ALL", "C.UTF-8");
        command
    }
}

/// The library with all plugins, also those of strangers, until the process ends.
pub(crate) fn installation() -> &'static Path {
    static INSTALLED: OnceLock<(PathBuf, Guard)> = OnceLock::new();
    let install = || {
        let products = Products::built().unwrap();
        let folder = Folder::new().unwrap().keep();
        let guard = Guard::remover(&folder).unwrap();
        std::fs::copy(products.library(), folder.join("libpostkontor.so")).unwrap();
        std::os::unix::fs::symlink("libpostkontor.so", folder.join("libpostkontor.so.1")).unwrap();
        let transports = transports::all().unwrap().into_iter().map(|transport| transport.name);
        let plugins = products.plugins(&folder, &transports.collect::<Vec<_>>()).unwrap();
        strangers::rust("examples/plugin", &[], &plugins.join(strangers::library("folder"))).unwrap();
        let sources = ["folder", "json", "file"].map(|name| format!("examples/plugin-c/{name}.c"));
        strangers::c(&sources.each_ref().map(String::as_str), &[], &plugins.join(strangers::library("folder_c"))).unwrap();
        (folder, guard)
    };
    &INSTALLED.get_or_init(install).0
}

/// The folder with the units of Lazarus' newest version, and the name of this machine's kind in it.
fn lazarus() -> Option<(PathBuf, String)> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir(LAZARUS).ok()?.map(|entry| entry.unwrap().path()).collect();
    versions.sort();
    let kind = format!("{}-linux", std::env::consts::ARCH);
    let has = |version: &PathBuf| version.join("lcl/units").join(&kind).join("forms.ppu").exists();
    versions.into_iter().rev().find(has).map(|version| (version, kind.clone()))
}

/// The Pascal example as it stands, with the unit that tells what it shows.
fn lazarus_program() -> &'static Path {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let (root, folder) = (strangers::root(), installation());
        let (version, kind) = lazarus().unwrap();
        let units = version.join("lcl/units").join(&kind);
        let mut fpc = Command::new("fpc");
        fpc.args(["-Mdelphi", "-O2", "-gl", "-vew", "-dLCL", "-dLCLgtk2", "-FaWatch"]);
        let places = [units.clone(), units.join("gtk2"), version.join("components/lazutils/lib").join(&kind)];
        let own = ["ffi/bindings/delphi", "examples/delphi", "tests/dialogs"].map(|name| root.join(name));
        fpc.args(places.iter().chain(&own).map(|place| format!("-Fu{}", place.display())));
        fpc.args(["-FE", "-Fl"].map(|option| format!("{option}{}", folder.display()))).arg(root.join("examples/delphi/settings.dpr"));
        let done = fpc.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        folder.join("settings")
    })
}

/// The C# example as it stands, with the class that tells what it shows.
fn winforms_program() -> &'static Path {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let program = installation().join("Settings.exe");
        let mut mcs = Command::new("mcs");
        mcs.args(["-langversion:6", "-warn:4", "-warnaserror", "-r:System.Windows.Forms", "-r:System.Drawing", "-main:Watch"]);
        let sources = ["examples/dotnet/SettingsForm.cs", "tests/dialogs/Watch.cs"];
        let binding = ["ffi/bindings/dotnet/Postkontor.cs", "ffi/bindings/dotnet/PostkontorForm.cs"];
        mcs.arg(format!("-out:{}", program.display())).args(sources.iter().chain(&binding).map(|source| strangers::root().join(source)));
        let done = mcs.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        program
    })
}
