//! Packages for Debian: the library and the command, and what programmers need to build against it.
//!
//! Library and command lie in one folder of their own, where each finds further plugins beside itself; links lead there from the folders in
//! which the system looks. A program that follows such a link knows the file's true place.

use super::binary;
use super::pack::{self, files};
use super::platform::dist_folder;
use super::release::{Release, copy, link};
use super::stamp::Stamp;
use crate::cache::{self, at};
use crate::run;
use crate::workspace::root;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// Writes both packages.
pub(crate) fn write(release: &Release, stamp: &Stamp) -> Result<(), String> {
    let scratch = dist_folder().join("debian");
    cache::empty(&scratch)?;
    let version = format!("{}-1", release.version);
    runtime(release, &scratch.join("postkontor"), &version, stamp)?;
    development(&scratch.join("libpostkontor-dev"), release, &version, stamp)
}

/// The package `postkontor`.
fn runtime(release: &Release, tree: &Path, version: &str, stamp: &Stamp) -> Result<(), String> {
    let own = tree.join(LIBRARIES).join("postkontor");
    for (product, file) in &release.products {
        copy(file, &own.join(product.place(release.platform)))?;
    }
    link("postkontor/libpostkontor.so.1", &tree.join(LIBRARIES).join("libpostkontor.so.1"))?;
    link("../lib/x86_64-linux-gnu/postkontor/postkontor", &tree.join("usr/bin/postkontor"))?;
    let documents = tree.join("usr/share/doc/postkontor");
    for name in ["README.md", "THIRD-PARTY.md", "sbom.cdx.json", "licences/form.txt", "licences/rust-standard-library.html"] {
        copy(&release.folder.join(name), &documents.join(name))?;
    }
    let depends = depends(release)?.into_iter().collect::<Vec<_>>().join(", ");
    let about = "mail counter of an ERP: tests mail settings, sends and fetches mail\n A library with a C ABI, its transports, and the command postkontor.";
    // The dynamic linker's list of libraries is made anew when this package comes or goes.
    let triggers = Some("activate-noawait ldconfig\n");
    package(tree, &format!("Package: postkontor\nSection: mail\nDepends: {depends}\nDescription: {about}\n"), version, triggers, stamp)
}

/// The package `libpostkontor-dev`.
fn development(tree: &Path, release: &Release, version: &str, stamp: &Stamp) -> Result<(), String> {
    for header in ["postkontor.h", "postkontor_plugin.h"] {
        copy(&root().join("include").join(header), &tree.join("usr/include").join(header))?;
    }
    link("libpostkontor.so.1", &tree.join(LIBRARIES).join("libpostkontor.so"))?;
    let description = tree.join(LIBRARIES).join("pkgconfig/postkontor.pc");
    let folder = description.parent().unwrap_or(tree);
    fs::create_dir_all(folder).map_err(at(folder))?;
    let text = format!(
        "Name: postkontor\nDescription: Mail counter of an ERP\nVersion: {}\nLibs: -lpostkontor\nCflags: -I/usr/include\n",
        release.version
    );
    fs::write(&description, text).map_err(at(&description))?;
    let about = "mail counter of an ERP: headers\n What is needed to build programs and plugins in C against Postkontor.";
    let control = format!("Package: libpostkontor-dev\nSection: libdevel\nDepends: postkontor (= {version})\nDescription: {about}\n");
    package(tree, &control, version, None, stamp)
}

/// The packages that hold what the files need.
fn depends(release: &Release) -> Result<BTreeSet<String>, String> {
    let mut newest = (0, 0);
    for (_, file) in &release.products {
        newest = newest.max(binary::glibc(release.platform, file)?);
    }
    let mut depends = BTreeSet::new();
    for (_, file) in &release.products {
        for library in binary::needed(release.platform, file)? {
            depends.insert(match library.as_str() {
                "libssl.so.3" | "libcrypto.so.3" => "libssl3".to_owned(),
                "libgcc_s.so.1" => "libgcc-s1".to_owned(),
                "libc.so.6" | "libm.so.6" | "ld-linux-x86-64.so.2" => format!("libc6 (>= {}.{})", newest.0, newest.1),
                other => return Err(format!("{}: the package of {other} is not known", file.display())),
            });
        }
    }
    Ok(depends)
}

/// Adds the control files to a tree and packs it.
fn package(tree: &Path, control: &str, version: &str, triggers: Option<&str>, stamp: &Stamp) -> Result<(), String> {
    let name = tree.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let documents = tree.join("usr/share/doc").join(&name);
    fs::create_dir_all(&documents).map_err(at(&documents))?;
    let ours = fs::read_to_string(root().join("LICENSE-MIT")).map_err(at(&root()))?;
    let copyright = format!(
        "Postkontor is licensed under the MIT licence or the Apache licence 2.0 (/usr/share/common-licenses/Apache-2.0), as you like.\n\
         What else is inside is named in /usr/share/doc/postkontor/THIRD-PARTY.md with its licences.\n\n{ours}"
    );
    fs::write(documents.join("copyright"), copyright).map_err(at(&documents))?;
    pack::fix_modes(tree, &["postkontor"])?;
    let control_folder = tree.join("DEBIAN");
    fs::create_dir_all(&control_folder).map_err(at(&control_folder))?;
    let (mut size, mut sums) = (0, String::new());
    for file in files(&tree.join("usr"))?.iter().filter(|file| !file.is_symlink()) {
        size += fs::metadata(file).map_err(at(file))?.len().div_ceil(1024);
        let path = file.strip_prefix(tree).unwrap_or(file);
        sums += &run::output(Command::new("md5sum").arg("--").arg(path).current_dir(tree))?;
    }
    let (head, description) = control.split_once("Description:").unwrap_or((control, ""));
    let maintainer = "Maintainer: The authors of Postkontor <postkontor@invalid.invalid>";
    let text = format!(
        "{head}Version: {version}\nArchitecture: amd64\nPriority: optional\n{maintainer}\nInstalled-Size: {size}\nDescription:{description}"
    );
    let write = |name: &str, text: &str| fs::write(control_folder.join(name), text).map_err(at(&control_folder));
    write("control", &text)?;
    write("md5sums", &sums)?;
    triggers.map_or(Ok(()), |triggers| write("triggers", triggers))?;
    pack::fix_modes(&control_folder, &[])?;
    let mut build = Command::new("dpkg-deb");
    build.env("SOURCE_DATE_EPOCH", stamp.seconds.to_string()).args(["--build", "--root-owner-group", "-Zxz"]).arg(tree);
    run::output(build.arg(Release::files().join(format!("{name}_{version}_amd64.deb")))).map(drop)
}
