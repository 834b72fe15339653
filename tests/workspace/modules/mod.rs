//! Modules and crates refer to each other only as ARCHITECTURE.md says: no modules of one directory need each other in a circle,
//! floors name only what is below them, and crates use only the crates listed for them.
//!
//! This reads sources as the compiler does, without types: `mod` and `use` items, paths in code and in macros, and re-exports, which
//! lead to the module that has the item. It does not see methods. Code for tests alone is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use serde_json::Value;
use veo_test_support as _;

/// Modules that name each other in neither direction: the two processes of the emulated node.
const STRANGERS: &[(&str, &str, &str)] = &[("veo-emu", "host", "veorun")];

/// A module's name from the crate's root, which has an empty one.
type Name = Vec<String>;

/// What a module says.
#[derive(Debug, Default)]
struct Module {
    /// What `use` items bind: a name or `*`, and the path.
    uses: Vec<(String, Name)>,
    defines: BTreeSet<String>,
    /// Paths of more than one word in its code.
    paths: BTreeSet<Name>,
}

/// A crate: a library, program, test, example or bench of a package.
#[derive(Debug)]
struct Crate {
    package: String,
    /// The name that its own modules may call it by.
    own: Option<String>,
    root: PathBuf,
    modules: BTreeMap<Name, Module>,
}

/// For each directory of modules: which child names which, and a module that does.
type Edges = BTreeMap<Name, BTreeMap<String, BTreeMap<String, String>>>;

/// Where a path leads.
#[derive(Default)]
struct Way {
    touched: BTreeSet<Name>,
    seen: BTreeSet<(Name, Name)>,
}

fn below(module: &[String], name: &str) -> Name {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

impl Crate {
    fn read(package: &str, own: Option<String>, root: &Path) -> Self {
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
        self.modules.entry(name.to_vec()).or_default();
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
            // Another crate's, if the module has no such name.
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

    fn edges(&self) -> Edges {
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

impl Module {
    /// Gathers the paths in code.
    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Punct(punct) if punct.as_char() == '#' => self.attribute(&tokens, at),
                // What follows belongs to another crate, or to a type.
                TokenTree::Punct(_) if is_separator(&tokens, at) => skip_path(&tokens, at),
                TokenTree::Ident(_) => self.path(&tokens, at, &Name::new()),
                TokenTree::Group(group) => {
                    self.read(group.stream());
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    /// Passes over the item after a `#[cfg(test)]`.
    fn attribute(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let rest: TokenStream = tokens[at..].iter().take(2).cloned().collect();
        if !is_for_tests(&rest) {
            return at + 1;
        }
        let end = tokens[at..].iter().position(|token| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        });
        end.map_or(tokens.len(), |end| at + end + 1)
    }

    /// A path that begins at `at`, below `prefix`; gives what comes after it.
    fn path(&mut self, tokens: &[TokenTree], mut at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(ident)) => path.push(ident.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.tree(&group.stream().into_iter().collect::<Vec<_>>(), &path);
                    return at + 1;
                }
                _ => {
                    // `use a::*`, `a::<T>`
                    self.paths.insert(path);
                    return at;
                }
            }
            at += 1;
            if !is_separator(tokens, at) {
                break;
            }
            at += 2;
        }
        if path.len() > 1 {
            self.paths.insert(path);
        }
        at
    }

    /// The tree of a `use`: `{a, b::{c}}`.
    fn tree(&mut self, tokens: &[TokenTree], prefix: &[String]) {
        let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
        for part in tokens.split(comma).filter(|part| !part.is_empty()) {
            self.path(part, 0, prefix);
        }
    }
}

fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == ':');
    colon(tokens.get(at)) && colon(tokens.get(at + 1))
}

fn skip_path(tokens: &[TokenTree], mut at: usize) -> usize {
    while is_separator(tokens, at) {
        at += 2;
        if let Some(TokenTree::Ident(_)) = tokens.get(at) {
            at += 1;
        }
    }
    at
}

/// Whether code begins with `#[cfg(test)]`, or with one that asks for more beside.
fn is_for_tests(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    while let Some(TokenTree::Punct(punct)) = tokens.next() {
        let Some(TokenTree::Group(attribute)) = tokens.next() else {
            break;
        };
        let text = attribute.stream().to_string().replace(' ', "");
        let condition = text.strip_prefix("cfg(").unwrap_or_default();
        if punct.as_char() == '#'
            && (condition.starts_with("test)") || condition.starts_with("all(test,"))
        {
            return true;
        }
    }
    false
}

fn path_attribute(attrs: &[syn::Attribute]) -> Option<String> {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("path"))
        .find_map(|attr| match &attr.meta {
            syn::Meta::NameValue(meta) => match &meta.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
}

fn bindings(tree: &syn::UseTree, path: &mut Name, found: &mut Vec<(String, Name)>) {
    let with = |path: &Name, last: &syn::Ident| {
        path.iter()
            .cloned()
            .chain([last.to_string()])
            .collect::<Name>()
    };
    match tree {
        syn::UseTree::Path(part) => {
            path.push(part.ident.to_string());
            bindings(&part.tree, path, found);
            path.pop();
        }
        syn::UseTree::Name(name) if name.ident == "self" => {
            found.extend(path.last().cloned().map(|last| (last, path.clone())));
        }
        syn::UseTree::Name(name) => found.push((name.ident.to_string(), with(path, &name.ident))),
        syn::UseTree::Rename(name) => {
            found.push((name.rename.to_string(), with(path, &name.ident)));
        }
        syn::UseTree::Glob(_) => found.push(("*".into(), path.clone())),
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                bindings(tree, path, found);
            }
        }
    }
}

fn defined(item: &syn::Item) -> Option<String> {
    Some(match item {
        syn::Item::Macro(item) => item.ident.as_ref()?.to_string(),
        syn::Item::Const(item) => item.ident.to_string(),
        syn::Item::Enum(item) => item.ident.to_string(),
        syn::Item::Fn(item) => item.sig.ident.to_string(),
        syn::Item::Static(item) => item.ident.to_string(),
        syn::Item::Struct(item) => item.ident.to_string(),
        syn::Item::Trait(item) => item.ident.to_string(),
        syn::Item::Type(item) => item.ident.to_string(),
        syn::Item::Union(item) => item.ident.to_string(),
        _ => return None,
    })
}

/// The text below a heading of ARCHITECTURE.md, up to the next of the same level.
fn section(architecture: &str, heading: &str) -> Option<String> {
    let mut sections = architecture.split("\n## ").skip(1);
    let text = sections.find_map(|section| section.strip_prefix(heading)?.strip_prefix('\n'));
    text.map(ToOwned::to_owned)
}

fn architecture(metadata: &Value) -> String {
    let file = Path::new(&text(metadata, "workspace_root")).join("ARCHITECTURE.md");
    fs::read_to_string(file).expect("ARCHITECTURE.md")
}

/// The words in backquotes.
fn quoted(text: &str) -> Vec<String> {
    let words = text.split('`').skip(1).step_by(2);
    words.map(ToOwned::to_owned).collect()
}

/// The modules of a crate from the lowest to the highest: the first column of the table in its section.
fn floors(architecture: &str, package: &str) -> Option<Vec<String>> {
    let section = section(architecture, &format!("Inside {package}"))?;
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| format!("`{}", row.split('|').next().unwrap_or_default()));
    Some(cells.flat_map(|cell| quoted(&cell)).collect())
}

/// The crates that each crate uses: the lines `a -> b, c` of the section on the house.
fn arrows(architecture: &str) -> BTreeMap<String, BTreeSet<String>> {
    let section = section(architecture, "The house").expect("a section on the house");
    let lines = section.lines().filter_map(|line| line.split_once("->"));
    let words = |text: &str| -> Vec<String> {
        let words = text.split([',', ' ', ';']).filter(|word| !word.is_empty());
        words.map(ToOwned::to_owned).collect()
    };
    let mut arrows = BTreeMap::new();
    for (from, to) in lines {
        for from in words(from) {
            arrows.insert(from, words(to).into_iter().collect());
        }
    }
    arrows
}

/// Whether a package is a part of the house and not a test or an example.
fn is_of_the_house(metadata: &Value, package: &Value) -> bool {
    let root = PathBuf::from(text(metadata, "workspace_root"));
    !["tests", "examples"]
        .iter()
        .any(|dir| Path::new(&text(package, "manifest_path")).starts_with(root.join(dir)))
}

#[test]
fn no_modules_need_each_other() {
    let metadata = metadata();
    let crates = crates(&metadata);
    for package in list(&metadata, "packages") {
        let name = text(package, "name");
        let mut modules = crates.iter().filter(|it| it.package == name);
        assert!(
            modules.any(|it| !it.modules.is_empty()),
            "{name} was not read"
        );
    }
    let mut found = Vec::new();
    for krate in &crates {
        for edges in krate.edges().into_values() {
            for circle in circles(&edges) {
                found.push(format!("{}: {}", krate.root.display(), circle.join(", ")));
            }
        }
        println!(
            "{} ({}): {} modules",
            krate.package,
            krate.root.display(),
            krate.modules.len()
        );
    }
    assert!(
        found.is_empty(),
        "modules that need each other:\n{}",
        found.join("\n")
    );
}

#[test]
fn modules_name_only_lower_floors() {
    let metadata = metadata();
    let architecture = architecture(&metadata);
    let mut found = Vec::new();
    for krate in crates(&metadata).iter().filter(|krate| krate.own.is_some()) {
        let mut edges = krate.edges();
        let edges = edges.remove(&Name::new()).unwrap_or_default();
        let Some(floors) = floors(&architecture, &krate.package) else {
            continue;
        };
        let floor = |module: &String| floors.iter().position(|floor| floor == module);
        for module in floors.iter().filter(|module| !edges.contains_key(*module)) {
            found.push(format!(
                "ARCHITECTURE.md lists {module}, {} has none",
                krate.package
            ));
        }
        for (module, named) in &edges {
            if floor(module).is_none() {
                found.push(format!(
                    "ARCHITECTURE.md does not list {module} of {}",
                    krate.package
                ));
            }
            let higher = named
                .iter()
                .filter(|(other, _)| floor(other) >= floor(module));
            found.extend(higher.map(|(_, says)| format!("{}: {says}", krate.package)));
            let strangers = STRANGERS.iter().filter(|(of, one, other)| {
                let pair = [one, other];
                krate.package == *of
                    && pair.contains(&&module.as_str())
                    && pair.iter().any(|it| named.contains_key(**it))
            });
            found.extend(strangers.map(|(_, one, other)| {
                format!("{}: {one} and {other} have to be strangers", krate.package)
            }));
        }
    }
    assert!(
        found.is_empty(),
        "not as ARCHITECTURE.md says:\n{}",
        found.join("\n")
    );
}

#[test]
fn crates_use_only_what_is_listed() {
    let metadata = metadata();
    let arrows = arrows(&architecture(&metadata));
    let members: BTreeSet<String> = list(&metadata, "packages")
        .map(|package| text(package, "name"))
        .collect();
    let house = list(&metadata, "packages").filter(|package| is_of_the_house(&metadata, package));
    for package in house {
        let used: BTreeSet<String> = list(package, "dependencies")
            .filter(|used| used["kind"] != "dev")
            .map(|used| text(used, "name"))
            .filter(|name| members.contains(name))
            .collect();
        let name = text(package, "name");
        let listed = arrows.get(&name).cloned().unwrap_or_default();
        assert_eq!(
            used, listed,
            "what {name} uses, and what ARCHITECTURE.md says"
        );
    }
}

#[test]
fn paths_are_resolved_as_the_compiler_does() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    };
    let root = "pub use low::Thing; mod low; mod high; mod other; mod inner { mod deep { use super::super::low; } }";
    file("lib.rs", root);
    file(
        "low.rs",
        "pub struct Thing; pub fn f() {} #[cfg(test)] mod tests { use crate::high; }",
    );
    file("high/mod.rs", "mod a; mod b; use self::a::A; pub use b::B;");
    file(
        "high/a.rs",
        "use super::B; pub struct A; fn f() -> crate::Thing { ::core::high() }",
    );
    file(
        "high/b.rs",
        "pub struct B; fn f() { println!(\"{}\", crate::other::X::<u8>::Y) }",
    );
    file(
        "other.rs",
        "use crate::{high as h, low::{self, *}}; fn f(_: h::B) { tracing::low() }",
    );
    let edges = Crate::read("x", Some("x".into()), &dir.path().join("lib.rs")).edges();
    let named = |dir: &[&str], module: &str| -> Vec<String> {
        let dir: Name = dir.iter().map(ToString::to_string).collect();
        edges[&dir][module].keys().cloned().collect()
    };
    assert_eq!(named(&[], "low"), [""; 0]);
    assert_eq!(named(&[], "high"), ["low", "other"]);
    assert_eq!(named(&[], "other"), ["high", "low"]);
    assert_eq!(named(&[], "inner"), ["low"]);
    assert_eq!(named(&["high"], "a"), ["b"]);
    assert_eq!(named(&["high"], "b"), [""; 0]);
    let found = circles(&edges[&Name::new()]);
    assert_eq!(found, [["high::b names other", "other names high"]]);
    assert_eq!(circles(&edges[&vec!["high".to_owned()]]), [[""; 0]; 0]);
}

/// A sentence for each module in a circle: the shortest circle through it.
fn circles(edges: &BTreeMap<String, BTreeMap<String, String>>) -> Vec<Vec<String>> {
    let mut circles = Vec::new();
    let mut seen = BTreeSet::new();
    for start in edges.keys().filter(|start| !edges[*start].is_empty()) {
        if seen.contains(start) {
            continue;
        }
        // Each module reached, and the one that leads to it.
        let mut from: BTreeMap<&String, &String> = BTreeMap::new();
        let mut open = vec![start];
        while !open.is_empty() && !from.contains_key(start) {
            let mut next = Vec::new();
            for module in open {
                for other in edges.get(module).into_iter().flat_map(BTreeMap::keys) {
                    from.entry(other).or_insert_with(|| {
                        next.push(other);
                        module
                    });
                }
            }
            open = next;
        }
        let Some(mut before) = from.get(start).copied() else {
            continue;
        };
        let mut circle = vec![edges[before][start].clone()];
        while before != start {
            seen.insert(before);
            circle.push(edges[from[before]][before].clone());
            before = from[before];
        }
        circle.reverse();
        circles.push(circle);
    }
    circles
}

fn metadata() -> Value {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(std::env::var_os("CARGO_MANIFEST_DIR").expect("Cargo sets it"))
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().expect("a list").iter()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("a text").to_owned()
}

fn crates(metadata: &Value) -> Vec<Crate> {
    let mut crates = Vec::new();
    for package in list(metadata, "packages") {
        for target in list(package, "targets") {
            let name = text(target, "name").replace('-', "_");
            let library = list(target, "crate_types").any(|kind| kind != "bin");
            let own = library.then_some(name);
            let root = PathBuf::from(text(target, "src_path"));
            crates.push(Crate::read(&text(package, "name"), own, &root));
        }
    }
    crates
}
