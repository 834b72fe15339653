//! Turns clauses into the checks at the beginning of a stub, and into its documentation.
//!
//! A token that requires a type has the span of the user's own token, so that the compiler reports a wrong type there.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use crate::clause::{Clause, NamedParam, Term, TermNode};
use crate::declaration::{Declaration, DeclaredParam};
use crate::spans::around;

/// The checks of a contract. Each runs at most once in a call. `name` gives the name of a parameter in the stub.
pub(super) fn checks(
    declaration: &Declaration,
    name: impl Fn(&DeclaredParam, usize) -> Ident,
) -> TokenStream {
    let clauses = declaration.contract.iter().enumerate();
    let (mut constant, mut checked) = (TokenStream::new(), TokenStream::new());
    let mut named = BTreeSet::new();
    let mut counted = BTreeSet::new();
    for (index, clause) in clauses {
        let mut asked = Vec::new();
        clause.condition.ask(&mut asked);
        if asked.is_empty() {
            constant.extend(of_constants(clause, declaration));
            continue;
        }
        named.extend(asked.iter().map(|(of, _)| of.index));
        let values = asked.iter().filter(|(_, asked)| *asked == Asked::Value);
        counted.extend(values.map(|(of, _)| of.index));
        checked.extend(of_call(clause, index, &asked, declaration));
    }
    let looks = named.into_iter().filter_map(|index| {
        let param = declaration.params.get(index)?;
        let (seen, name) = (seen(index), name(param, index));
        let declared = param.ty.declared(quote!(__veo));
        let counts = counted.contains(&index);
        Some(quote!(let #seen = __veo::contract::look::<#declared, _>(&#name, #counts);))
    });
    let looks: TokenStream = looks.collect();
    let checked = (!checked.is_empty()).then(|| quote!({ #looks #checked }));
    quote!(#constant #checked)
}

/// A section for rustdoc.
pub(super) fn documentation(declaration: &Declaration) -> Vec<String> {
    if declaration.contract.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), " # Contract".to_owned(), String::new()];
    let clauses = declaration.contract.iter();
    lines.extend(clauses.map(|clause| format!(" - `{}`", clause.text)));
    lines.push(String::new());
    lines.push(" A call that does not keep it is not made: it is `Error::Contract`.".to_owned());
    lines
}

/// A clause that is checked in every call.
fn of_call(
    clause: &Clause,
    index: usize,
    asked: &[(NamedParam, Asked)],
    declaration: &Declaration,
) -> TokenStream {
    let verdict = local("_verdict");
    let value = clause.verdict();
    let mut texts = BTreeSet::new();
    let shown = asked.iter().filter_map(|(of, asked)| {
        let name = declaration.params.get(of.index)?.ident.unraw().to_string();
        if !texts.insert((of.index, *asked)) {
            return None;
        }
        let seen = seen(of.index);
        let asked = match asked {
            Asked::Value => quote!(Value),
            Asked::Length => {
                let elements = proof(&of.ident, quote!(Memory), quote!(ELEMENTS));
                quote!(Length(#elements))
            }
            Asked::Address => quote!(Address),
            Asked::Range => quote!(Range),
            Asked::Known => quote!(Known),
        };
        Some(quote!(#seen.shown(#name, __veo::contract::Asked::#asked)))
    });
    let shown: Vec<TokenStream> = shown.collect();
    quote! {
        let #verdict = #value;
        if !#verdict.is_kept() {
            return ::core::result::Result::Err(__veo::contract::broken(
                &_KERNEL,
                #index,
                #verdict,
                &[#(#shown),*],
                __veo::contract::Location::caller(),
            ));
        }
    }
}

/// A clause that is computed while the crate is compiled.
fn of_constants(clause: &Clause, declaration: &Declaration) -> TokenStream {
    let verdict = local("_verdict");
    let value = clause.verdict();
    let text = &clause.text;
    let what = |why: &str| {
        format!(
            "the contract of `{}` can never be kept: `{text}` {why}",
            declaration.ident.unraw()
        )
    };
    let messages = [
        String::new(),
        what("does not hold"),
        what("overflows 128 bits"),
        what("divides by zero"),
        what("compares a NaN"),
    ];
    let refuse = around(
        &clause.condition.ends,
        quote!(::core::panic!),
        TokenStream::new(),
        quote!(("{}", __MESSAGES[#verdict.index()])),
    );
    quote! {
        const _: () = {
            const __MESSAGES: &[&str] = &[#(#messages),*];
            let #verdict = #value;
            if !#verdict.is_kept() {
                #refuse
            }
        };
    }
}

/// The property of a parameter that a clause uses, for the message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Value,
    Length,
    Address,
    Range,
    Known,
}

impl Clause {
    fn verdict(&self) -> TokenStream {
        let value = self.condition.value();
        let proof = self.condition.proof(quote!(Condition));
        quote!(__veo::contract::verdict(#value, #proof))
    }
}

impl Term {
    /// All facts that the clauses need of parameters, from left to right.
    fn ask(&self, asked: &mut Vec<(NamedParam, Asked)>) {
        match &self.node {
            TermNode::Value(of) => asked.push((of.clone(), Asked::Value)),
            TermNode::Constant(_) => {}
            TermNode::Negative(term) | TermNode::Not(term) => term.ask(asked),
            TermNode::Computed(_, sides)
            | TermNode::Compared(_, _, sides)
            | TermNode::Joined(_, sides) => {
                sides.iter().for_each(|side| side.ask(asked));
            }
            TermNode::Len(of) => asked.push((of.clone(), Asked::Length)),
            TermNode::IsNull(of) => asked.push((of.clone(), Asked::Address)),
            TermNode::IsAligned(of, n) => {
                asked.push((of.clone(), Asked::Address));
                n.ask(asked);
            }
            TermNode::Disjoint(a, b) => {
                asked.extend([a, b].map(|of| (of.clone(), Asked::Range)));
            }
            TermNode::IsKnown(of) => asked.push((of.clone(), Asked::Known)),
        }
    }

    /// The expression that computes it.
    fn value(&self) -> TokenStream {
        match &self.node {
            TermNode::Value(of) => {
                let (seen, proof) = (
                    seen(of.index),
                    proof(&of.ident, quote!(Valued), quote!(VALUE)),
                );
                quote!(__veo::contract::value(&#seen, #proof))
            }
            TermNode::Constant(tokens) => {
                let read = proof(tokens, quote!(Constant), quote!(READ));
                quote!(__veo::contract::constant(&#tokens, #read))
            }
            TermNode::Negative(term) => {
                let (value, proof) = (term.value(), term.proof(quote!(Signed)));
                quote!(__veo::contract::negative(#value, #proof))
            }
            TermNode::Not(term) => {
                let (value, proof) = (term.value(), term.proof(quote!(Condition)));
                quote!(__veo::contract::not(#value, #proof))
            }
            TermNode::Computed(name, sides) => pair(name, sides, quote!(Compute<_>)),
            TermNode::Compared(name, true, sides) => pair(name, sides, quote!(Compare<_>)),
            TermNode::Compared(name, false, sides) => pair(name, sides, quote!(Equal<_>)),
            TermNode::Joined(name, sides) => {
                let name = local(name);
                let [a, b] = &**sides;
                let (a_value, a_proof) = (a.value(), a.proof(quote!(Condition)));
                let (b_value, b_proof) = (b.value(), b.proof(quote!(Condition)));
                quote!(__veo::contract::#name(#a_value, #a_proof, #b_value, #b_proof))
            }
            TermNode::Len(of) => {
                let proof = proof(&of.ident, quote!(Memory), quote!(ELEMENTS));
                let seen = seen(of.index);
                quote!(__veo::contract::len(&#seen, #proof))
            }
            TermNode::IsNull(of) => {
                let (seen, proof) = of.address();
                quote!(__veo::contract::is_null(&#seen, #proof))
            }
            TermNode::IsAligned(of, n) => {
                let (seen, proof) = of.address();
                let (value, count) = (n.value(), n.proof(quote!(Count)));
                quote!(__veo::contract::is_aligned(&#seen, #proof, #value, #count))
            }
            TermNode::Disjoint(a, b) => {
                let ((a, a_proof), (b, b_proof)) = (a.address(), b.address());
                quote!(__veo::contract::disjoint(&#a, #a_proof, &#b, #b_proof))
            }
            TermNode::IsKnown(of) => {
                let seen = seen(of.index);
                quote!(__veo::contract::is_known(&#seen))
            }
        }
    }

    /// The proof that its kind is right.
    fn proof(&self, wanted: TokenStream) -> TokenStream {
        proof(&self.ends, wanted, quote!(IS))
    }
}

impl NamedParam {
    fn address(&self) -> (Ident, TokenStream) {
        let proof = proof(&self.ident, quote!(Address), quote!(IS));
        (seen(self.index), proof)
    }
}

/// A call of the function with this name. If the types of its two arguments differ, the error is at the second.
fn pair(name: &str, sides: &[Term; 2], wanted: TokenStream) -> TokenStream {
    let name = local(name);
    let [a, b] = sides;
    let (a, b_value) = (a.value(), b.value());
    let proof = proof(&b.ends, wanted, quote!(WITH));
    quote!(__veo::contract::#name(#a, #b_value, #proof))
}

/// `<_ as Trait>::ITEM` with a span of the user's tokens.
fn proof(place: &impl quote::ToTokens, wanted: TokenStream, item: TokenStream) -> TokenStream {
    let path = quote!(<_ as __veo::contract::#wanted>::);
    around(place, path, TokenStream::new(), item)
}

/// The known facts about the argument for a parameter.
fn seen(index: usize) -> Ident {
    local(&format!("_seen{index}"))
}

/// A name that cannot conflict with the user's names.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
