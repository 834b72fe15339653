//! Iterations: each element from the one before it.
//!
//! Every step rounds. No compiler is known to use them but for `vfia` and `vfim`; the order of operands of `vfis` is a guess.

use super::Registers;

/// Writes to each of the first `vl` elements what `step` makes of the result before it, at first of `first`, and of the element of `y`.
#[inline(always)]
pub fn iterate(
    v: &mut Registers,
    x: usize,
    y: usize,
    vl: usize,
    first: u64,
    mut step: impl FnMut(u64, u64) -> u64,
) {
    let source = v[y % 64];
    let mut before = first;
    for (result, element) in v[x % 64].iter_mut().zip(source).take(vl) {
        before = step(before, element);
        *result = before;
    }
}
