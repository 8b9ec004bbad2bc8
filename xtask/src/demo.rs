//! `cargo xtask demo`: the tour of examples/c/demo.c, with a sandbox mail server of its own on this machine.

use crate::packages;
use crate::workspace::{cargo, root, transports};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

/// Gives the tour. `--lang LANGUAGE` changes the language of the library's texts (en, de, sl).
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let language = match arguments {
        [] => "en",
        [option, language] if option == "--lang" => language,
        _ => {
            eprintln!("usage: cargo xtask demo [--lang LANGUAGE]");
            return ExitCode::from(2);
        }
    };
    packages::provide(&[packages::BUILD]);
    match tour(language) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("demo: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn tour(language: &str) -> Result<bool, String> {
    let transports = transports().map_err(|error| error.to_string())?;
    eprintln!("Building the library, {} transports and the sandbox mail server …", transports.len());
    let mut build = cargo();
    build.args([
        "build",
        "--quiet",
        "--package",
        "postkontor-ffi",
        "--package",
        "postkontor-tests",
        "--lib",
        "--bin",
        "postkontor-sandbox",
        "--bin",
        "postkontor-exchange-scene",
        "--bin",
        "postkontor-outbox-scene",
        "--package",
        "postkontor-cli",
        "--bin",
        "postkontor",
    ]);
    for transport in &transports {
        build.arg("--package").arg(format!("postkontor-{transport}"));
    }
    succeed(&mut build)?;
    let stage = Stage::set(&transports)?;
    let sandbox = Sandbox::start(&stage)?;
    let mut demo = Command::new(&stage.program);
    demo.arg(&sandbox.described).arg(&stage.plugins).arg(language);
    // Windows looks for libraries in this variable; elsewhere the program knows the place.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(stage.folder.clone()).chain(std::env::split_paths(&path));
    demo.env("PATH", std::env::join_paths(paths).map_err(|error| error.to_string())?);
    let status = demo.status().map_err(|error| format!("{}: {error}", stage.program.display()))?;
    sandbox.end();
    Ok(status.success() && in_the_outbox(&stage, language)? && at_exchange(&stage, language, &transports)?)
}

/// The scene that plays in the outbox: mails are handed over, a worker is killed, and each of them arrives once.
fn in_the_outbox(stage: &Stage, language: &str) -> Result<bool, String> {
    use std::env::consts::EXE_SUFFIX;
    let built = root().join("target").join("debug");
    let program = built.join(format!("postkontor-outbox-scene{EXE_SUFFIX}"));
    let mut scene = Command::new(&program);
    scene.arg(built.join(format!("postkontor{EXE_SUFFIX}"))).arg(&stage.plugins).arg(language);
    let status = scene.status().map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(status.success())
}

/// The scene that plays at Exchange, where a transport for it is there.
fn at_exchange(stage: &Stage, language: &str, transports: &[String]) -> Result<bool, String> {
    use std::env::consts::EXE_SUFFIX;
    if cfg!(windows) || !transports.iter().any(|transport| transport == "exchange-ews" || transport == "graph") {
        return Ok(true);
    }
    let built = root().join("target").join("debug");
    let program = built.join(format!("postkontor-exchange-scene{EXE_SUFFIX}"));
    let mut scene = Command::new(&program);
    scene.arg(built.join(format!("postkontor{EXE_SUFFIX}"))).arg(&stage.plugins).arg(language).args(transports);
    let status = scene.status().map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(status.success())
}

/// A folder with what the tour needs, laid out as an installation is.
struct Stage {
    folder: PathBuf,
    plugins: PathBuf,
    mail: PathBuf,
    program: PathBuf,
}

impl Stage {
    fn set(transports: &[String]) -> Result<Stage, String> {
        use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
        let built = root().join("target").join("debug");
        let folder = root().join("target").join("demo");
        let (plugins, mail) = (folder.join("plugins"), folder.join("mail"));
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        for folder in [&folder, &plugins, &mail] {
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        for transport in transports {
            let file = format!("{DLL_PREFIX}postkontor_{}{DLL_SUFFIX}", transport.replace('-', "_"));
            copy(&built.join(&file), &plugins.join(&file))?;
            only_mine(&plugins.join(&file))?;
        }
        only_mine(&plugins)?;
        let library = format!("{DLL_PREFIX}postkontor{DLL_SUFFIX}");
        copy(&built.join(&library), &folder.join(&library))?;
        // The name by which programs on Linux ask for it.
        copy(&built.join(&library), &folder.join("libpostkontor.so.1"))?;
        let program = folder.join(format!("demo{EXE_SUFFIX}"));
        compile(&folder, &program)?;
        Ok(Stage { folder, plugins, mail, program })
    }
}

fn compile(library: &Path, program: &Path) -> Result<(), String> {
    let root = root();
    let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| if cfg!(windows) { "gcc" } else { "cc" }.into()));
    compiler.args(["-std=c11", "-O1", "-Wall", "-Wextra", "-o"]).arg(program);
    compiler.args(["examples/c/demo.c", "examples/c/pdf.c", "examples/plugin-c/json.c"].map(|source| root.join(source)));
    compiler.args(["include", "examples/c", "examples/plugin-c"].map(|folder| format!("-I{}", root.join(folder).display())));
    compiler.arg("-L").arg(library).arg("-lpostkontor");
    if !cfg!(windows) {
        compiler.arg("-Wl,-rpath,$ORIGIN");
    }
    succeed(&mut compiler)
}

/// A plugin that others may write is not loaded, and on some machines what a build leaves behind may be written by the group.
fn only_mine(path: &Path) -> Result<(), String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The sandbox mail server; it ends when its standard input does.
struct Sandbox {
    child: Child,
    described: String,
}

impl Sandbox {
    fn start(stage: &Stage) -> Result<Sandbox, String> {
        let program = root().join("target").join("debug").join(format!("postkontor-sandbox{}", std::env::consts::EXE_SUFFIX));
        let mut command = Command::new(&program);
        command.arg(&stage.mail).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
        let mut described = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut described).map_err(|error| error.to_string())?;
        }
        if described.is_empty() {
            return Err("the sandbox mail server does not start".to_owned());
        }
        Ok(Sandbox { child, described: described.trim_end().to_owned() })
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        // It has nothing left to lose, and the tour is over either way.
        let _ = self.child.wait();
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::copy(from, to).map(drop).map_err(|error| format!("{}: {error}", from.display()))
}

fn succeed(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{}: {error}", command.get_program().to_string_lossy())),
    }
}
