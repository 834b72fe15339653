//! A crate with all its modules, and where a path in one of them leads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens;

use super::source::{
    Module, Name, bindings, defined, is_for_tests, path_attribute, type_with_methods, visible_type,
};

/// A crate: a library, program, test, example or bench of a package.
#[derive(Debug)]
pub struct Crate {
    pub package: String,
    /// The name that its own modules may call it by.
    pub own: Option<String>,
    pub root: PathBuf,
    pub modules: BTreeMap<Name, Module>,
}

/// For each directory of modules: which child names which, and a module that does.
pub type Edges = BTreeMap<Name, BTreeMap<String, BTreeMap<String, String>>>;

/// The target of a path.
#[derive(Default)]
struct Way {
    touched: BTreeSet<Name>,
    seen: BTreeSet<(Name, Name)>,
}

fn below(module: &[String], name: &str) -> Name {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

impl Crate {
    pub fn read(package: &str, own: Option<String>, root: &Path) -> Self {
        let mut this = Self {
            package: package.to_owned(),
            own,
            root: root.to_owned(),
            modules: BTreeMap::new(),
        };
        let dir = root.parent().expect("a directory of sources");
        this.file(root, dir, &[]);
        this
    }

    /// Reads a module's file, whose children are in `dir`.
    fn file(&mut self, file: &Path, dir: &Path, name: &[String]) {
        let text =
            fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.items(&parsed.items, file, dir, name);
    }

    fn items(&mut self, items: &[syn::Item], file: &Path, dir: &Path, name: &[String]) {
        let module = self.modules.entry(name.to_vec()).or_default();
        module.file = file.to_owned();
        for item in items {
            let tokens = item.to_token_stream();
            if is_for_tests(&tokens) {
                continue;
            }
            if let syn::Item::Mod(item) = item {
                self.child(item, file, dir, name);
                continue;
            }
            let module = self.modules.get_mut(name).expect("entered above");
            module.read(tokens);
            module.types.extend(visible_type(item));
            module.with_methods.extend(type_with_methods(item));
            match item {
                syn::Item::Use(item) => bindings(&item.tree, &mut Vec::new(), &mut module.uses),
                _ => module.defines.extend(defined(item)),
            }
        }
    }

    fn child(&mut self, item: &syn::ItemMod, file: &Path, dir: &Path, name: &[String]) {
        let ident = item.ident.to_string();
        let child = below(name, &ident);
        let own_dir = dir.join(&ident);
        if let Some((_, items)) = &item.content {
            self.items(items, file, &own_dir, &child);
            return;
        }
        if let Some(path) = path_attribute(&item.attrs) {
            let file = file.parent().expect("a directory").join(path);
            let dir = file.parent().expect("a directory").to_owned();
            self.file(&file, &dir, &child);
            return;
        }
        let beside = dir.join(format!("{ident}.rs"));
        let inside = own_dir.join("mod.rs");
        let file = if beside.is_file() { beside } else { inside };
        self.file(&file, &own_dir, &child);
    }

    /// The modules that a path in a module leads through.
    fn resolve(&self, from: &[String], path: &[String], way: &mut Way) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let parent = from.split_last().map_or(from, |(_, parent)| parent);
        match first.as_str() {
            "crate" => self.walk(&[], rest, way),
            "self" => self.walk(from, rest, way),
            "super" if rest.first().is_some_and(|next| next == "super") => {
                self.resolve(parent, rest, way);
            }
            "super" => self.walk(parent, rest, way),
            name if self.own.as_deref() == Some(name) => self.walk(&[], rest, way),
            // The path is another crate's if the module has no such name.
            _ => self.walk(from, path, way),
        }
    }

    /// Follows a path that begins in the module `at`.
    fn walk(&self, at: &[String], path: &[String], way: &mut Way) {
        let Some(module) = self.modules.get(at) else {
            return;
        };
        way.touched.insert(at.to_vec());
        // A `use` of another crate may seem to lead to its own name.
        let is_new = way.seen.insert((at.to_vec(), path.to_vec()));
        if !is_new || path.len() > 16 {
            return;
        }
        let Some((name, rest)) = path.split_first() else {
            return;
        };
        let child = below(at, name);
        if self.modules.contains_key(&child) {
            self.walk(&child, rest, way);
            return;
        }
        if module.defines.contains(name) {
            return;
        }
        for (bound, target) in &module.uses {
            if bound == name {
                let path: Name = target.iter().chain(rest).cloned().collect();
                self.resolve(at, &path, way);
            } else if bound == "*" {
                let before = std::mem::take(&mut way.touched);
                self.resolve(at, target, way);
                let through = std::mem::replace(&mut way.touched, before);
                for other in through {
                    if other != at && self.has(&other, name) {
                        self.walk(&other, path, way);
                    }
                }
            }
        }
    }

    /// Whether a module has a name, as its own or by `use`.
    fn has(&self, module: &[String], name: &str) -> bool {
        self.modules.contains_key(&below(module, name))
            || self.modules.get(module).is_some_and(|module| {
                module.defines.contains(name) || module.uses.iter().any(|(bound, _)| bound == name)
            })
    }

    pub fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for (name, module) in &self.modules {
            if let Some((own, parent)) = name.split_last() {
                edges
                    .entry(parent.to_vec())
                    .or_default()
                    .entry(own.clone())
                    .or_default();
            }
            let mut touched = BTreeSet::new();
            for path in &module.paths {
                let mut way = Way::default();
                self.resolve(name, path, &mut way);
                touched.extend(way.touched);
            }
            for other in touched {
                let same = name.iter().zip(&other).take_while(|(a, b)| a == b).count();
                let (Some(from), Some(to)) = (name.get(same), other.get(same)) else {
                    // One contains the other.
                    continue;
                };
                let at = edges.entry(name[..same].to_vec()).or_default();
                at.entry(from.clone())
                    .or_default()
                    .entry(to.clone())
                    .or_insert_with(|| format!("{} names {}", name.join("::"), other.join("::")));
            }
        }
        edges
    }
}
