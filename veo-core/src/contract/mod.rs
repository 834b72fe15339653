//! Contracts: conditions of a call, such as `requires(x.len() >= n)` in a declaration.
//!
//! The expansion of `#[ve_kernel]` turns each clause into calls of the functions here. Their types
//! are checked by the compiler: each function asks for a proof, which only an implementation of the
//! right trait has, so that a mistake is one message at the user's own token. Everything is `const`
//! but the parts that ask for arguments, so a clause of constants is computed while the crate is compiled.
//!
//! Contracts are no promises: nothing unsafe depends on the results here.

mod broken;
mod operation;
mod parameter;
mod value;

pub use broken::{Asked, Shown, broken};
pub use operation::{
    at_least, at_most, both, difference, divided, equal, greater, larger, less, negative, not, or,
    product, remainder, smaller, sum, unequal,
};
pub use parameter::{
    Address, Memory, SeenArgument, Valued, disjoint, is_aligned, is_known, is_null, len, look,
    value,
};
pub use value::{
    ClauseFailure, Compare, Compute, Condition, Constant, ContractValue, Count, Equal, Float,
    Integer, Signed, Truth, Verdict, constant, verdict,
};
