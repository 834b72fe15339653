//! All elements to one.
//!
//! The result goes to the first element of the destination, all others stay. Where nothing takes part, sums are 0, and so are `vror`
//! and `vrxor`; `vrand` is all ones; a maximum or minimum leaves the destination. In which order the Vector Engine adds floats is not known:
//! here [`PARTIAL_SUMS`] sums grow side by side, and are added in order at the end. So up to that many elements are added in order.
//! Whether and where the Vector Engine delivers the place of a maximum is not known: here it does not.

use super::float::Arithmetic;
use super::level::{Loop, best};
use super::whole::{CHUNK, Chunk};
use super::{Active, Registers};

/// An element with number `n` is added to the partial sum `n` modulo this.
pub const PARTIAL_SUMS: usize = CHUNK;

/// All elements that take part to one: the first as it is, then `f` of what there is and the next one.
#[inline(always)]
pub fn reduce(
    v: &Registers,
    y: usize,
    active: &Active,
    f: impl FnMut(u64, u64) -> u64,
) -> Option<u64> {
    active.indices().map(|index| v[y % 64][index]).reduce(f)
}

/// The sum of the elements that take part, where `add` adds two floats.
#[inline(always)]
pub fn float_sum(
    v: &Registers,
    y: usize,
    active: &Active,
    mut add: impl FnMut(u64, u64) -> u64,
) -> Option<u64> {
    let mut sums = [None; PARTIAL_SUMS];
    for index in active.indices() {
        let (sum, element) = (&mut sums[index % PARTIAL_SUMS], v[y % 64][index]);
        *sum = Some(sum.map_or(element, |sum| add(sum, element)));
    }
    sums.into_iter().flatten().reduce(add)
}

/// The partial sums of [`float_sum`], computed side by side by the host's unit: for whole chunks, of which no element is left out.
/// `vfsum.d` of 256 elements takes a tenth of the time so.
pub fn partial_sums<A: Arithmetic<2>>(
    v: &Registers,
    y: usize,
    active: &Active,
    single: bool,
) -> Option<[u64; PARTIAL_SUMS]> {
    let (chunks, rest) = v[y % 64][..active.vl].as_chunks::<CHUNK>();
    if !active.is_all() || !rest.is_empty() {
        return None;
    }
    let (first, others) = chunks.split_first()?;
    Some(if single {
        best(Sums(*first, others, |a, b| {
            let [a, b] = [a, b].map(|element| f32::from_bits((element >> 32) as u32));
            u64::from(A::single([a, b]).to_bits()) << 32
        }))
    } else {
        best(Sums(*first, others, |a, b| {
            A::double([a, b].map(f64::from_bits)).to_bits()
        }))
    })
}

/// Adds chunks to the first one.
struct Sums<'a, F>(Chunk, &'a [Chunk], F);

impl<F: Fn(u64, u64) -> u64> Loop for Sums<'_, F> {
    type Output = Chunk;

    #[inline(always)]
    fn run(self) -> Chunk {
        let Self(mut sums, chunks, add) = self;
        for chunk in chunks {
            for (sum, element) in sums.iter_mut().zip(chunk) {
                *sum = add(*sum, *element);
            }
        }
        sums
    }
}

/// `vsum.l`, wrapping.
#[must_use]
pub fn sum_l(v: &Registers, y: usize, active: &Active) -> u64 {
    reduce(v, y, active, u64::wrapping_add).unwrap_or(0)
}

/// `vsum.w` of the lower halves, wrapping.
#[must_use]
pub fn sum_w(v: &Registers, y: usize, active: &Active) -> u32 {
    sum_l(v, y, active) as u32
}

/// `vrand`
#[must_use]
pub fn and(v: &Registers, y: usize, active: &Active) -> u64 {
    reduce(v, y, active, |a, b| a & b).unwrap_or(u64::MAX)
}

/// `vror`
#[must_use]
pub fn or(v: &Registers, y: usize, active: &Active) -> u64 {
    reduce(v, y, active, |a, b| a | b).unwrap_or(0)
}

/// `vrxor`
#[must_use]
pub fn xor(v: &Registers, y: usize, active: &Active) -> u64 {
    reduce(v, y, active, |a, b| a ^ b).unwrap_or(0)
}
