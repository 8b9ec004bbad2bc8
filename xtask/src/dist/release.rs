//! One platform's release: built, laid out as an installation is, looked at, and packed.

use super::build::{Builder, Mode};
use super::platform::{Kind, PRODUCTS, Platform, Product, dist_folder, version};
use super::stamp::Stamp;
use super::{contents, exports, pack, sbom, verify};
use crate::cache::{self, at};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What was built for a platform.
pub(crate) struct Release {
    pub(crate) platform: &'static Platform,
    pub(crate) version: String,
    /// The folder that became the archive.
    pub(crate) folder: PathBuf,
    /// The products, each with its file in that folder.
    pub(crate) products: Vec<(&'static Product, PathBuf)>,
}

impl Release {
    /// The folder in which the files to hand over lie.
    pub(crate) fn files() -> PathBuf {
        dist_folder().join("files")
    }

    /// Builds and packs for one platform.
    pub(crate) fn make(platform: &'static Platform, stamp: &Stamp, mode: Mode) -> Result<Release, String> {
        let version = version()?;
        let name = format!("postkontor-{version}-{}", platform.name);
        let (folder, symbols) = (dist_folder().join(&name), dist_folder().join(format!("{name}-debug")));
        cache::empty(&folder)?;
        cache::empty(&symbols)?;
        let builder = Builder::new(platform, &version, mode)?;
        let mut products = Vec::new();
        for product in &PRODUCTS {
            let begin = Instant::now();
            let built = builder.build(product)?;
            let place = folder.join(product.place(platform));
            copy(&built.file, &place)?;
            copy(&built.symbols, &symbols.join(built.symbols.file_name().unwrap_or_default()))?;
            let size = fs::metadata(&place).map_err(at(&place))?.len();
            println!("{}: {} {size} bytes, {} s", platform.name, product.package, begin.elapsed().as_secs());
            products.push((product, place));
        }
        verify::files(platform, &version, &products)?;
        if mode == Mode::Final {
            verify::size(&products)?;
        }
        let release = Release { platform, version, folder, products };
        release.lay_out(stamp)?;
        verify::paths(&release.folder)?;
        verify::paths(&symbols)?;
        release.pack(&symbols, stamp)?;
        Ok(release)
    }

    /// Adds to the built files what belongs to them.
    fn lay_out(&self, stamp: &Stamp) -> Result<(), String> {
        contents::copy(self.platform, &self.folder)?;
        match self.platform.is_windows() {
            true => exports::import_libraries(self.platform, &self.folder.join("lib"))?,
            // The name that a linker looks for.
            false => link("libpostkontor.so.1", &self.folder.join("libpostkontor.so"))?,
        }
        let bill = self.folder.join("sbom.cdx.json");
        fs::write(&bill, sbom::document(self.platform, &self.version, stamp)?).map_err(at(&bill))
    }

    fn pack(&self, symbols: &Path, stamp: &Stamp) -> Result<(), String> {
        let files = Release::files();
        fs::create_dir_all(&files).map_err(at(&files))?;
        for folder in [self.folder.as_path(), symbols] {
            pack::fix_modes(folder, &[self.platform.command()])?;
            pack::folder(folder, &self.packed(folder), stamp)?;
        }
        Ok(())
    }

    fn packed(&self, folder: &Path) -> PathBuf {
        let extension = if self.platform.is_windows() { "zip" } else { "tar.gz" };
        Release::files().join(format!("{}.{extension}", folder.file_name().unwrap_or_default().to_string_lossy()))
    }

    /// The archive.
    pub(crate) fn archive(&self) -> PathBuf {
        self.packed(&self.folder)
    }

    /// A release that was made before.
    pub(crate) fn find(platform: &'static Platform) -> Result<Option<Release>, String> {
        let version = version()?;
        let folder = dist_folder().join(format!("postkontor-{version}-{}", platform.name));
        let products: Vec<(&Product, PathBuf)> = PRODUCTS.iter().map(|product| (product, folder.join(product.place(platform)))).collect();
        let is_there = products.iter().all(|(_, file)| file.exists());
        Ok(is_there.then_some(Release { platform, version, folder, products }))
    }

    /// The file of the library.
    pub(crate) fn library(&self) -> Option<&Path> {
        self.products.iter().find(|(product, _)| product.kind == Kind::Library).map(|(_, file)| file.as_path())
    }
}

/// Copies a file into a folder that need not be there yet.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let parent = to.parent().unwrap_or(to);
    fs::create_dir_all(parent).map_err(at(parent))?;
    fs::copy(from, to).map(drop).map_err(at(from))
}

/// Makes a symbolic link.
pub(crate) fn link(target: &str, place: &Path) -> Result<(), String> {
    let parent = place.parent().unwrap_or(place);
    fs::create_dir_all(parent).map_err(at(parent))?;
    std::os::unix::fs::symlink(target, place).map_err(at(place))
}
