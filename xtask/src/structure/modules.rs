//! The modules of a crate, and which file takes which names from which other one.

use super::paths::{self, Import, Scope};
use super::tokens;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The files of one crate.
#[derive(Default)]
pub(super) struct Crate {
    pub(super) files: Vec<PathBuf>,
    modules: Vec<Module>,
    /// Several modules have one path where the system decides which of them is compiled.
    by_path: BTreeMap<Vec<String>, Vec<usize>>,
}

struct Module {
    path: Vec<String>,
    file: usize,
    scope: Scope,
}

/// The names that one file takes from another, by the numbers of both.
pub(super) type Arrows = BTreeMap<(usize, usize), BTreeSet<String>>;

/// Imports that go round end here.
const STEPS: usize = 20;

impl Crate {
    /// Reads the crate whose root this file is, with all files that it declares.
    pub(super) fn read(root: &Path) -> std::io::Result<Crate> {
        let mut found = Crate::default();
        let folder = root.parent().unwrap_or(root).to_owned();
        found.file(root, Vec::new(), &folder, &|path| std::fs::read_to_string(path))?;
        Ok(found)
    }

    /// Reads a file as the module of that path; the files of its modules stand in `folder`.
    fn file(
        &mut self,
        path: &Path,
        module: Vec<String>,
        folder: &Path,
        source: &dyn Fn(&Path) -> std::io::Result<String>,
    ) -> std::io::Result<()> {
        let text = source(path)?;
        let file = self.files.len();
        self.files.push(path.to_owned());
        for scope in paths::of(&tokens::of_product(&text)) {
            let own = [module.as_slice(), &scope.inside].concat();
            let within = scope.inside.iter().fold(folder.to_owned(), |folder, name| folder.join(name));
            for declared in &scope.declared {
                let child = [own.as_slice(), std::slice::from_ref(&declared.name)].concat();
                let (beside, below) = (within.join(format!("{}.rs", declared.name)), within.join(&declared.name));
                match &declared.file {
                    Some(named) => self.file(&path.with_file_name(named), child, &below, source)?,
                    None if source(&beside).is_ok() => self.file(&beside, child, &below, source)?,
                    None => self.file(&below.join("mod.rs"), child, &below, source)?,
                }
            }
            self.by_path.entry(own.clone()).or_default().push(self.modules.len());
            self.modules.push(Module { path: own, file, scope });
        }
        Ok(())
    }

    /// Which file takes what from which.
    pub(super) fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (index, module) in self.modules.iter().enumerate() {
            let imported = module.scope.imports.iter().filter(|import| !self.only_hands_on(module, import));
            let paths =
                imported.map(|import| (&import.path, import.name == "*")).chain(module.scope.paths.iter().map(|path| (path, false)));
            for (path, all) in paths {
                for target in self.origins(index, path, all, STEPS) {
                    let file = self.modules[target].file;
                    if file != module.file {
                        arrows.entry((module.file, file)).or_default().insert(path.last().cloned().unwrap_or_default());
                    }
                }
            }
        }
        arrows
    }

    /// Whether a module makes a name of one of its own modules known without using it itself.
    fn only_hands_on(&self, module: &Module, import: &Import) -> bool {
        let from = usize::from(import.path.first().is_some_and(|first| first == "self"));
        let own = import.path.get(from).is_some_and(|first| self.by_path.contains_key(&child(&module.path, first)));
        import.public && own && !module.scope.words.contains(&import.name)
    }

    /// The modules in which stands what a path names, as read in that module; none for another crate's and for a module as such.
    fn origins(&self, from: usize, path: &[String], all: bool, steps: usize) -> Vec<usize> {
        let module = &self.modules[from];
        let Some((first, rest)) = path.split_first().filter(|_| steps > 0) else { return Vec::new() };
        match first.as_str() {
            "crate" => self.descend(&[], rest, all, steps),
            "self" => self.descend(&module.path, rest, all, steps),
            "super" => {
                let above = path.iter().take_while(|name| *name == "super").count();
                let kept = module.path.len().saturating_sub(above);
                self.descend(&module.path[..kept], &path[above..], all, steps)
            }
            _ if (all || !rest.is_empty()) && self.by_path.contains_key(&child(&module.path, first)) => {
                self.descend(&module.path, path, all, steps)
            }
            _ => self.by_import(from, first, rest, all, steps),
        }
    }

    /// What a name of the module was imported as.
    fn by_import(&self, from: usize, name: &str, rest: &[String], all: bool, steps: usize) -> Vec<usize> {
        let named = self.modules[from].scope.imports.iter().filter(|import| import.name == name);
        named.flat_map(|import| self.origins(from, &[import.path.as_slice(), rest].concat(), all, steps - 1)).collect()
    }

    /// Follows a path from the modules at `place` on.
    fn descend(&self, place: &[String], path: &[String], all: bool, steps: usize) -> Vec<usize> {
        let here = self.by_path.get(place).map_or(&[][..], Vec::as_slice);
        let Some((first, rest)) = path.split_first() else { return if all { here.to_vec() } else { Vec::new() } };
        let below = child(place, first);
        if (all || !rest.is_empty()) && self.by_path.contains_key(&below) {
            return self.descend(&below, rest, all, steps);
        }
        here.iter().flat_map(|module| self.named(*module, first, rest, all, steps)).collect()
    }

    /// Where that name of a module comes from: its own items first, then its imports, then what it imports as a whole.
    fn named(&self, module: usize, name: &str, rest: &[String], all: bool, steps: usize) -> Vec<usize> {
        let Module { path, scope, .. } = &self.modules[module];
        if steps == 0 || scope.items.contains(name) {
            return vec![module];
        }
        if scope.imports.iter().any(|import| import.name == name) {
            return self.by_import(module, name, rest, all, steps);
        }
        let wholes = scope.imports.iter().filter(|import| import.name == "*");
        let wholes = wholes.flat_map(|import| self.origins(module, &import.path, true, steps - 1));
        if let Some(whole) = wholes.into_iter().find(|whole| self.modules[*whole].scope.items.contains(name)) {
            return vec![whole];
        }
        // A module as such is no use of what stands in it. All else, such as what a macro makes, stands here.
        if self.by_path.contains_key(&child(path, name)) { Vec::new() } else { vec![module] }
    }
}

fn child(path: &[String], name: &str) -> Vec<String> {
    [path, &[name.to_owned()]].concat()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A crate of these files (name and source), without a disk.
    pub(in super::super) fn of(files: &[(&str, &str)]) -> Crate {
        let mut found = Crate::default();
        let source = |path: &Path| {
            let file = files.iter().find(|(name, _)| Path::new(name) == path);
            file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| std::io::Error::other(path.display().to_string()))
        };
        found.file(Path::new("lib.rs"), Vec::new(), Path::new(""), &source).unwrap();
        found
    }

    /// The arrows in words.
    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        let found = of(files);
        let name = |file: usize| found.files[file].display().to_string();
        let arrows = found.arrows();
        arrows
            .iter()
            .map(|((from, to), names)| format!("{} -> {}: {}", name(*from), name(*to), Vec::from_iter(names.iter().cloned()).join(" ")))
            .collect()
    }

    #[test]
    fn a_name_is_followed_to_the_file_in_which_it_stands() {
        let found = arrows(&[
            ("lib.rs", "mod a; mod b; mod shelf; #[cfg(test)] mod tests;"),
            ("a.rs", "use crate::shelf::Book; use super::b; fn read() { b::turn(); std::fs::read(); }"),
            ("b.rs", "pub fn turn() { crate::shelf::dust() }"),
            ("shelf/mod.rs", "mod book; pub(crate) use book::Book; pub use self::book::*; fn own() {}"),
            ("shelf/book.rs", "pub struct Book; pub fn dust() {}"),
        ]);
        // `shelf/mod.rs` only hands on what stands in `shelf/book.rs`, which is no use of it.
        assert_eq!(found, ["a.rs -> b.rs: turn", "a.rs -> shelf/book.rs: Book", "b.rs -> shelf/book.rs: dust"]);
    }

    #[test]
    fn a_parent_that_uses_what_it_hands_on_takes_it() {
        let files = [("lib.rs", "mod a; pub use a::A; fn f() -> A {}"), ("a.rs", "pub struct A; fn g() { super::f() }")];
        assert_eq!(arrows(&files), ["lib.rs -> a.rs: A", "a.rs -> lib.rs: f"]);
    }

    #[test]
    fn a_module_as_such_is_no_use_and_files_by_system_are_all_read() {
        let found = arrows(&[
            (
                "lib.rs",
                "#[cfg(unix)] #[path = \"u.rs\"] mod e; #[cfg(windows)] #[path = \"w.rs\"] mod e; mod c; mod inner { pub mod deep; use super::c::C; }",
            ),
            ("u.rs", "use crate::c;"),
            ("w.rs", "use crate::c::C as D; fn f() { D::new() }"),
            ("c.rs", "use crate::inner::deep::X; pub struct C;"),
            ("inner/deep.rs", "use super::super::e::Y;"),
        ]);
        assert_eq!(
            found,
            [
                "lib.rs -> c.rs: C",
                "w.rs -> c.rs: C new",
                "c.rs -> inner/deep.rs: X",
                "inner/deep.rs -> u.rs: Y",
                "inner/deep.rs -> w.rs: Y",
            ]
            .map(str::to_owned)
        );
    }
}
