//! The table of sizes and start times in README.md, from the files that are to be handed over.

use super::platform::{Kind, Platform, dist_folder};
use super::release::Release;
use crate::cache::at;
use crate::run;
use crate::windows::std::tool;
use crate::workspace::{root, transports};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How often a program starts; the median counts.
const STARTS: usize = 21;

/// Between these lines the table stands.
const MARK: &str = "<!-- sizes -->";

/// Measures the releases that are there, and writes the table. `runner`: a program that runs programs for Windows.
pub(crate) fn write(releases: &[Release], runner: Option<&str>) -> Result<(), String> {
    let mut table = "| | Library | Command | Archive | Start |\n|---|---|---|---|---|\n".to_owned();
    for release in releases {
        let size = |kind: Kind| -> Result<u64, String> {
            let files = release.products.iter().filter(|(product, _)| product.kind == kind);
            files.map(|(_, file)| fs::metadata(file).map(|data| data.len()).map_err(at(file))).sum()
        };
        let archive = fs::metadata(release.archive()).map_err(at(&release.archive()))?.len();
        let sizes = [size(Kind::Library)?, size(Kind::Command)?, archive].map(megabytes);
        table += &format!("| {} | {} | {} |\n", release.platform.name, sizes.join(" | "), start(release, runner)?);
    }
    let page = root().join("README.md");
    let text = fs::read_to_string(&page).map_err(at(&page))?;
    let parts: Vec<&str> = text.split(MARK).collect();
    let [before, _, after] = parts.as_slice() else { return Err(format!("README.md has no two lines {MARK}")) };
    fs::write(&page, format!("{before}{MARK}\n\n{table}\n{MARK}{after}")).map_err(at(&page))
}

fn megabytes(bytes: u64) -> String {
    // Rounded up: a limit that is shown as kept is kept.
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// The median time from loading the library until the transports are listed, in a new process each time.
fn start(release: &Release, runner: Option<&str>) -> Result<String, String> {
    let platform = release.platform;
    let Some(library) = release.library() else { return Err("there is no library".to_owned()) };
    let program = compile(platform)?;
    let expected = transports().map_err(|error| error.to_string())?.len();
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let mut command = match (platform.is_windows(), runner) {
            (false, _) => Command::new(&program),
            (true, None) => return Ok("not measured".to_owned()),
            (true, Some(runner)) => {
                let mut command = Command::new(runner);
                command.arg(&program);
                command
            }
        };
        // Under Wine the drive Z: is the root of this machine.
        let library =
            if platform.is_windows() { format!("Z:{}", library.display()).replace('/', "\\") } else { library.display().to_string() };
        let said = run::output(command.arg(library))?;
        let (time, listed) = said.trim().split_once(' ').ok_or_else(|| format!("{} said {said}", program.display()))?;
        if listed.parse() != Ok(expected) {
            return Err(format!("{}: {listed} transports are listed, not {expected}", platform.name));
        }
        times.push(time.parse::<u64>().map_err(|_| format!("{} said {said}", program.display()))?);
    }
    times.sort_unstable();
    let median = times[STARTS / 2].div_ceil(100);
    let place = if platform.is_windows() { " under Wine" } else { "" };
    Ok(format!("{}.{} ms{place}", median / 10, median % 10))
}

fn compile(platform: &Platform) -> Result<PathBuf, String> {
    let folder = dist_folder().join("build").join(platform.name);
    let program = folder.join("start.exe");
    let gcc = if platform.is_windows() { tool(platform.target, "gcc") } else { "gcc".to_owned() };
    let source = root().join("xtask/src/dist/start.c");
    let mut compile = Command::new(gcc);
    compile.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-static-libgcc", "-o"]).arg(&program).arg(&source);
    run::succeed(compile.arg("-I").arg(Path::new(&root()).join("include")))?;
    Ok(program)
}
