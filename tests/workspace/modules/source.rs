//! The names in the source of one module: those that it defines and binds, and the paths that it
//! uses.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module's name from the crate's root, which has an empty one.
pub type Name = Vec<String>;

/// The names in a module.
#[derive(Debug, Default)]
pub struct Module {
    /// The bindings of `use` items: a name or `*`, and the path.
    pub uses: Vec<(String, Name)>,
    pub defines: BTreeSet<String>,
    /// Paths of more than one word in its code.
    pub paths: BTreeSet<Name>,
    pub file: PathBuf,
    /// The types and traits that it defines and other modules can name.
    pub types: BTreeSet<String>,
    /// The types of which it has methods that belong to no trait.
    pub with_methods: BTreeSet<String>,
}

impl Module {
    /// Gathers the paths in code.
    pub fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Punct(punct) if punct.as_char() == '#' => self.attribute(&tokens, at),
                // The next name belongs to another crate, or to a type.
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
pub fn is_for_tests(tokens: &TokenStream) -> bool {
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

pub fn path_attribute(attrs: &[syn::Attribute]) -> Option<String> {
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

pub fn bindings(tree: &syn::UseTree, path: &mut Name, found: &mut Vec<(String, Name)>) {
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

/// The name of the type or trait that an item defines, if other modules can name it.
pub fn visible_type(item: &syn::Item) -> Option<String> {
    let (visibility, ident) = match item {
        syn::Item::Enum(item) => (&item.vis, &item.ident),
        syn::Item::Struct(item) => (&item.vis, &item.ident),
        syn::Item::Trait(item) => (&item.vis, &item.ident),
        syn::Item::Type(item) => (&item.vis, &item.ident),
        syn::Item::Union(item) => (&item.vis, &item.ident),
        _ => return None,
    };
    let visible = !matches!(visibility, syn::Visibility::Inherited);
    visible.then(|| ident.to_string())
}

/// The type of which an item has methods that belong to no trait.
pub fn type_with_methods(item: &syn::Item) -> Option<String> {
    let syn::Item::Impl(item) = item else {
        return None;
    };
    let syn::Type::Path(path) = &*item.self_ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    item.trait_.is_none().then(|| last.ident.to_string())
}

pub fn defined(item: &syn::Item) -> Option<String> {
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
