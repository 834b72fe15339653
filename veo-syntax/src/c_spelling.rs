//! Translates declarations in C syntax, such as `double *x`, to Rust.
//!
//! It sees only tokens that are not valid Rust, so it may guess.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use veo_abi::CType;

use crate::attribute::split_at_commas;
use crate::mistake::Mistake;
use crate::spell::spell;

/// The first parameter that is not written as in Rust. The tokens follow the function's name.
pub(crate) fn mistake(after_name: TokenStream) -> Option<(TokenStream, Mistake)> {
    let params = after_name.into_iter().find_map(|tree| match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            Some(group.stream())
        }
        _ => None,
    })?;
    let params = split_at_commas(params);
    let alone = params.len() == 1;
    params
        .into_iter()
        .find_map(|param| Some((param.clone(), parameter(param, alone)?)))
}

fn parameter(param: TokenStream, alone: bool) -> Option<Mistake> {
    let written = spell(&param);
    let trees: Vec<TokenTree> = param.into_iter().collect();
    let instead = match colon(&trees) {
        Some(colon) => {
            let name = spell(&tokens(&trees[..colon]));
            let ty = &trees[colon + 1..];
            if let Some(default) = ty.iter().position(|tree| is(tree, '=')) {
                let default = spell(&tokens(&ty[default..]));
                return Some(Mistake::DefaultValue(default));
            }
            if let [star, qualifier, ..] = ty
                && is(star, '*')
                && is_qualifier(qualifier)
            {
                return None;
            }
            format!("{name}: {}", rust_type(ty)?)
        }
        None if alone && written == "void" => return Some(Mistake::CVoid),
        // `x *mut f64`, `i32`
        None => match trees.as_slice() {
            [TokenTree::Ident(name), star, rest @ ..]
                if is(star, '*') && rest.first().is_some_and(is_qualifier) =>
            {
                format!("{name}: {}", spell(&tokens(&trees[1..])))
            }
            [star, ..] if is(star, '*') => format!("x: {written}"),
            [TokenTree::Ident(ty)] => format!("n: {}", scalar(&ty.to_string())),
            _ => {
                let instead = c_parameter(&trees)?;
                let written = written.replace('*', " *");
                return Some(Mistake::CParameter { written, instead });
            }
        },
    };
    Some(Mistake::CParameter { written, instead })
}

/// The single colon after a parameter's name.
fn colon(trees: &[TokenTree]) -> Option<usize> {
    let at = trees.iter().position(|tree| is(tree, ':'))?;
    trees
        .get(at + 1)
        .is_none_or(|next| !is(next, ':'))
        .then_some(at)
}

/// `const double *x`, `int n`, `double x[3]`
fn c_parameter(trees: &[TokenTree]) -> Option<String> {
    let mut read = ReadType::of(trees, &["restrict", "struct"])?;
    let name = read.words.pop()?;
    (!read.words.is_empty()).then(|| format!("{name}: {}", read.as_rust()))
}

/// `f64*`, `*f64`, `f64[3]`, `const *f64`, as a type of Rust.
fn rust_type(trees: &[TokenTree]) -> Option<String> {
    let read = ReadType::of(trees, &["mut"])?;
    (!read.words.is_empty() && read.stars != 0).then(|| read.as_rust())
}

/// The parts of a type in tokens, in whatever order they are.
struct ReadType {
    words: Vec<String>,
    /// Its pointers; an array counts as one.
    stars: usize,
    constant: bool,
}

impl ReadType {
    /// Reads a type, without the words in `ignored`.
    fn of(trees: &[TokenTree], ignored: &[&str]) -> Option<ReadType> {
        let mut read = ReadType {
            words: Vec::new(),
            stars: 0,
            constant: false,
        };
        for tree in trees {
            match tree {
                TokenTree::Ident(word) if word == "const" => read.constant = true,
                TokenTree::Ident(word) if ignored.iter().any(|ignored| word == ignored) => {}
                TokenTree::Ident(word) => read.words.push(word.to_string()),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                    read.stars += 1;
                }
                tree if is(tree, '*') => read.stars += 1,
                _ => return None,
            }
        }
        Some(read)
    }

    fn as_rust(&self) -> String {
        pointers(self.stars, self.constant, &scalar(&self.words.join(" ")))
    }
}

fn pointers(stars: usize, constant: bool, ty: &str) -> String {
    let pointer = if constant { "*const " } else { "*mut " };
    let ty = if stars > 0 && ty == "()" {
        "c_void"
    } else {
        ty
    };
    pointer.repeat(stars) + ty
}

/// The Rust name of a C type, or the unchanged name.
fn scalar(name: &str) -> String {
    match CType::parse(name) {
        Ok(CType::Scalar(scalar)) => scalar.rust_name().to_owned(),
        Ok(CType::Void) => "()".to_owned(),
        _ => name.to_owned(),
    }
}

fn is(tree: &TokenTree, punct: char) -> bool {
    matches!(tree, TokenTree::Punct(p) if p.as_char() == punct)
}

fn is_qualifier(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Ident(word) if word == "mut" || word == "const")
}

fn tokens(trees: &[TokenTree]) -> TokenStream {
    trees.iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(declaration: &str) -> Option<String> {
        Some(mistake(declaration.parse().unwrap())?.1.text())
    }

    #[test]
    fn parameters_of_c_are_spelled_in_rust() {
        for (written, instead) in [
            ("(double *x, int n)", "x: *mut f64"),
            ("(const double *x)", "x: *const f64"),
            ("(double const * restrict x)", "x: *const f64"),
            ("(unsigned int n)", "n: u32"),
            ("(double **x)", "x: *mut *mut f64"),
            ("(void *x)", "x: *mut c_void"),
            ("(double x[3])", "x: *mut f64"),
            ("(struct plan *p)", "p: *mut plan"),
            ("(n: i32, x: f64*)", "x: *mut f64"),
            ("(x: *f64)", "x: *mut f64"),
            ("(x: const *f64)", "x: *const f64"),
            ("(x: f64[3])", "x: *mut f64"),
            ("(x *mut f64)", "x: *mut f64"),
            ("(i32, *mut f64)", "n: i32"),
            ("(int)", "n: i32"),
        ] {
            let said = said(written).unwrap_or_default();
            assert!(said.contains(&format!("`{instead}`")), "{written}: {said}");
        }
    }

    #[test]
    fn rust_and_unclear_tokens_are_left_to_the_compiler() {
        for written in [
            "(n: i32, x: *mut f64): i32",
            "(x: &f64) => i32",
            "(a + b)",
            "",
        ] {
            assert_eq!(said(written), None, "{written}");
        }
    }
}
