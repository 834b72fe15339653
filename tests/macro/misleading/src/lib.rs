//! Macros that try to get wrong promises out of ours: written without `unsafe`, as anyone may.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicUsize, Ordering};

use proc_macro::{TokenStream, TokenTree};

/// `in_turn!(A; B; C)` is `A` when it is expanded first, then `B`, then `C`, and stays that. One
/// for each program.
#[proc_macro]
pub fn in_turn(choices: TokenStream) -> TokenStream {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let mut all = vec![TokenStream::new()];
    for tree in choices {
        match (&tree, all.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ';' => all.push(TokenStream::new()),
            (_, last) => last
                .into_iter()
                .for_each(|last| last.extend([tree.clone()])),
        }
    }
    let turn = TURN.fetch_add(1, Ordering::Relaxed).min(all.len() - 1);
    all.swap_remove(turn)
}

/// `#[becomes(struct Other;)]` replaces what it stands on.
#[proc_macro_attribute]
pub fn becomes(other: TokenStream, _: TokenStream) -> TokenStream {
    other
}
