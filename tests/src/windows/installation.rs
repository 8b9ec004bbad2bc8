//! An installation on Windows, and the programs that use it.

use super::build::said;
use super::import_library;
use crate::folder::Folder;
use crate::products::Products;
use crate::project::{root, target};
use crate::skip;
use crate::windows::wine::provided;
use crate::windows::{Width, Wine, ready};
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library and its plugins in a folder whose name no code page has, with the programs that use them.
#[derive(Debug)]
pub struct Installation {
    outer: Folder,
    folder: PathBuf,
    width: Width,
    wine: &'static Wine,
}

impl Installation {
    /// One with the plugins of these transports, which are all inside where a release is tested; nothing where this machine cannot run programs of Windows, which is noted.
    pub fn new(width: Width, transports: &[impl AsRef<str>]) -> io::Result<Option<Installation>> {
        let Some(wine) = ready(width) else { return Ok(None) };
        let products = Products::for_windows(width)?;
        // Not in the system's temporary folder: Wine shows that as one in which everyone may remove everything.
        let outer = Folder::within(&target()?.join(width.target()).join("installations"))?;
        let folder = outer.file("Größe 日本");
        std::fs::create_dir(&folder)?;
        products.plugins(&folder, transports)?;
        for file in [products.library(), products.command()] {
            std::fs::copy(&file, folder.join(file.file_name().unwrap_or_default()))?;
        }
        Ok(Some(Installation { outer, folder, width, wine }))
    }

    /// The folder with the library.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The width of the library.
    pub fn width(&self) -> Width {
        self.width
    }

    /// A file beside the folder, in one whose name is ASCII: programs take such a name as an argument, as [`shown`] writes it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.outer.file(name)
    }

    /// Writes `settings.json` beside the folder, for a server whose authority is in a file; `write` gets that file's name as programs see it.
    pub fn settings(&self, authority: &Path, write: impl FnOnce(&str) -> Value) -> io::Result<()> {
        let copy = self.file("authority.pem");
        std::fs::copy(authority, &copy)?;
        std::fs::write(self.file("settings.json"), write(&shown(&copy)).to_string())
    }

    /// Compiles a program in C of the project into the folder with the library.
    pub fn c(&self, source: &str, extra: &[&str]) -> io::Result<PathBuf> {
        let source = root().join(source);
        let program = self.folder.join(source.file_name().unwrap_or_default()).with_extension("exe");
        let mut compiler = self.width.tool("gcc");
        compiler.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-static-libgcc", "-I"]).arg(root().join("include"));
        said(compiler.arg(source).arg("-o").arg(&program).args(extra))?;
        Ok(program)
    }

    /// The same, linked with the library by the import library of the release, or by one made here where none is tested.
    pub fn linked(&self, source: &str) -> io::Result<PathBuf> {
        let released = Products::for_windows(self.width)?.folder().join("lib").join("libpostkontor.dll.a");
        if !released.exists() {
            import_library::make(self.width, self.outer.path())?;
        }
        let library = if released.exists() { released } else { self.outer.file("libpostkontor.a") };
        self.c(source, &["-pedantic", &library.display().to_string()])
    }

    /// Compiles a program in Pascal of the project into the folder with the library; nothing, which is noted, where Free Pascal is not here.
    pub fn pascal(&self, source: &str) -> io::Result<Option<PathBuf>> {
        let Some(pascal) = provided("pascal-") else {
            skip::because("Free Pascal for Windows is not here; cargo xtask test --windows brings it");
            return Ok(None);
        };
        let (compiler, target) = match self.width {
            Width::Bits32 => (pascal.join("ppcross386"), "win32"),
            Width::Bits64 => (PathBuf::from("ppcx64"), "win64"),
        };
        let (source, outer) = (root().join(source), self.outer.path().display());
        let mut compiler = Command::new(compiler);
        compiler.args(["-n", "-Mdelphi", "-O2", "-v0"]).arg(format!("-T{target}"));
        compiler.args([format!("-Fu{}", pascal.join(target).display()), format!("-Fu{}", root().join("ffi/bindings/delphi").display())]);
        said(compiler.args([format!("-FU{outer}"), format!("-FE{outer}")]).arg(&source))?;
        let name = source.with_extension("exe");
        let name = name.file_name().unwrap_or_default();
        std::fs::copy(self.outer.path().join(name), self.folder.join(name))?;
        Ok(Some(self.folder.join(name)))
    }

    /// Compiles a program in C# of the project with the class for it, and gives the command that runs it by .NET Core 3.1; nothing, which is noted,
    /// where that is not here.
    pub fn csharp(&self, source: &str) -> io::Result<Option<Command>> {
        let Some(runtimes) = provided("dotnet-") else {
            skip::because(".NET for Windows is not here; cargo xtask test --windows brings it");
            return Ok(None);
        };
        let mut compiler = Command::new("mcs");
        compiler.args(["-langversion:6", "-warn:4", "-warnaserror"]).arg(format!("-out:{}", self.folder.join("Program.exe").display()));
        said(compiler.args([source, "ffi/bindings/dotnet/Postkontor.cs"].map(|file| root().join(file))))?;
        // Tables of languages are not there.
        let framework = json!({"name": "Microsoft.NETCore.App", "version": "3.1.0"});
        let options = json!({"runtimeOptions": {"framework": framework, "configProperties": {"System.Globalization.Invariant": true}}});
        std::fs::write(self.folder.join("Program.json"), options.to_string())?;
        let platform = if self.width == Width::Bits32 { "win32" } else { "win_amd64" };
        let mut command = self.command(&runtimes.join(platform).join("dotnetcore2/bin/dotnet.exe"));
        command.args(["exec", "--runtimeconfig", "Program.json", "Program.exe"]);
        Ok(Some(command))
    }

    /// Runs a program in the folder with the library.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = self.wine.command(program);
        command.current_dir(&self.folder);
        command
    }

    /// Runs the command `postkontor`.
    pub fn postkontor(&self) -> Command {
        self.command(&self.folder.join("postkontor.exe"))
    }
}

/// A path of this machine as programs under Wine see it, with slashes, which need no escape in JSON.
pub fn shown(path: &Path) -> String {
    format!("Z:{}", path.display())
}
