//! The loops over elements and lanes.
//!
//! A loop loads 16 elements of each source, computes, and stores 16: so a destination can be a source, and compilers make
//! vector instructions of it. Where not all of 16 take part, floats that raise nothing stand in for the others before
//! anything is computed.

use std::cell::Cell;

use super::float::Arithmetic;
use super::level::{Loop, best};
use super::whole::{CHUNK, Chunk, cells, whole};
use super::{Active, Halves, Operand, Registers};
use crate::semantics::IntegerOutcome;
use crate::state::psw::Flags;

type Lanes = [u32; 2 * CHUNK];

/// The lanes of a chunk, in the order that they have in memory here.
#[inline(always)]
fn to_lanes(chunk: Chunk) -> Lanes {
    // SAFETY: both are 128 bytes of integers.
    unsafe { std::mem::transmute(chunk) }
}

#[inline(always)]
fn of_lanes(lanes: Lanes) -> Chunk {
    // SAFETY: as in `to_lanes`.
    unsafe { std::mem::transmute(lanes) }
}

/// The same number, of which the compiler knows nothing. As lanes of a result are kept by such a number, it cannot know that others are
/// not, and compute them in another way than it is told to.
#[inline(always)]
fn hidden(number: u64) -> u64 {
    // If code here drives no unit of the host, exceptions are those of exact units.
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    {
        let hidden;
        // SAFETY: no instruction is executed, the number stays in its register.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) number => hidden, options(pure, nomem, nostack, preserves_flags));
        }
        hidden
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
    number
}

/// Which lanes of a chunk take part: a bit for each upper one, and for each lower one.
#[derive(Clone, Copy)]
struct Selection {
    upper: u16,
    lower: u16,
}

impl Selection {
    #[inline(always)]
    fn of(active: &Active, chunk: usize) -> Self {
        let (word, shift) = (chunk / 4, chunk % 4 * CHUNK);
        let (upper, lower) = active.words(word);
        Self {
            upper: (upper >> shift) as u16,
            lower: (lower >> shift) as u16,
        }
    }

    #[inline(always)]
    fn hidden(self) -> Self {
        let bits = hidden(u64::from(self.upper) << 16 | u64::from(self.lower));
        Self {
            upper: (bits >> 16) as u16,
            lower: bits as u16,
        }
    }

    #[inline(always)]
    fn is_none(self) -> bool {
        self.upper | self.lower == 0
    }

    #[inline(always)]
    fn is_all(self) -> bool {
        self.upper & self.lower == u16::MAX
    }

    /// Ones where lanes take part; where there are no `LANES`, elements.
    #[inline(always)]
    fn bits<const LANES: bool>(self) -> Chunk {
        let mut bits = [0; CHUNK];
        for (index, bits) in bits.iter_mut().enumerate() {
            let upper = (u64::from(self.upper) >> index & 1).wrapping_neg();
            *bits = if LANES {
                let lower = (u64::from(self.lower) >> index & 1).wrapping_neg();
                (upper << 32) | (lower & Halves::Lower as u64)
            } else {
                upper
            };
        }
        bits
    }
}

/// As [`std::array::from_fn`], but surely inline: a call would be compiled without the instructions that the caller may use.
#[inline(always)]
fn array<T: Copy + Default, const N: usize>(f: impl Fn(usize) -> T) -> [T; N] {
    let mut array = [T::default(); N];
    for (index, element) in array.iter_mut().enumerate() {
        *element = f(index);
    }
    array
}

/// A chunk of each source. They have so many chunks between one and the next.
#[inline(always)]
fn chunk_of<const N: usize>(inputs: &[(&[Cell<Chunk>], usize); N], chunk: usize) -> [Chunk; N] {
    array(
        #[inline(always)]
        |source| inputs[source].0[chunk * inputs[source].1].get(),
    )
}

/// A loop over chunks. `F` makes one of the sources, and exceptions as bits of [`Flags`]; `IDLE`, if not 0, is what sources have where
/// nothing takes part.
struct Map<'a, const N: usize, const IDLE: u64, const LANES: bool, F> {
    v: &'a mut Registers,
    x: usize,
    sources: [Operand; N],
    active: &'a Active,
    halves: u64,
    /// The first chunk.
    first: usize,
    f: F,
}

impl<const N: usize, const IDLE: u64, const LANES: bool, F: Fn([Chunk; N]) -> (Chunk, Chunk)> Loop
    for Map<'_, N, IDLE, LANES, F>
{
    type Output = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        let Self {
            v,
            x,
            sources,
            active,
            halves,
            first,
            f,
        } = self;
        let scalars = sources.map(|source| match source {
            Operand::Scalar(value) => Cell::new([value; CHUNK]),
            Operand::Vector(_) => Cell::new([0; CHUNK]),
        });
        let registers = cells(v);
        let of = |register: usize| registers[register % 64].as_slice();
        let inputs: [(&[Cell<Chunk>], usize); N] =
            std::array::from_fn(|source| match sources[source] {
                Operand::Vector(register) => (of(register), 1),
                Operand::Scalar(_) => (std::slice::from_ref(&scalars[source]), 0),
            });
        let outputs = of(x);
        let mut flags = 0;
        let kept = hidden(halves);
        let chunks = active.vl.div_ceil(CHUNK);
        for chunk in first..chunks {
            let selection = Selection::of(active, chunk);
            let Some(output) = outputs.get(chunk) else {
                break;
            };
            if selection.is_none() {
                continue;
            }
            if halves == u64::MAX && selection.is_all() {
                let (result, happened) = f(chunk_of(&inputs, chunk));
                for happened in happened {
                    flags |= happened;
                }
                output.set(result);
                continue;
            }
            let mut values = chunk_of(&inputs, chunk);
            if IDLE != 0 {
                let computed = selection.bits::<LANES>().map(|bits| bits & halves);
                for value in &mut values {
                    replace::<IDLE>(value, &computed);
                }
            }
            let written = selection.hidden().bits::<LANES>();
            let (mut result, happened) = f(values);
            let before = output.get();
            for index in 0..CHUNK {
                let computed = written[index] & kept;
                result[index] = (before[index] & !written[index]) | (result[index] & computed);
                flags |= happened[index] & computed;
            }
            output.set(result);
        }
        flags
    }
}

#[inline(always)]
fn replace<const IDLE: u64>(value: &mut Chunk, taking_part: &Chunk) {
    for index in 0..CHUNK {
        value[index] = (value[index] & taking_part[index]) | (IDLE & !taking_part[index]);
    }
}

/// The destination, and its sources.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a, const N: usize> {
    /// The number of the destination, of which the lowest six bits count.
    pub x: usize,
    /// The sources.
    pub sources: [Operand; N],
    /// Which elements take part.
    pub active: &'a Active,
}

#[inline(always)]
fn map<const N: usize, const IDLE: u64, const LANES: bool>(
    v: &mut Registers,
    places: Places<'_, N>,
    halves: Halves,
    f: impl Fn([Chunk; N]) -> (Chunk, Chunk) + Copy,
) -> u64 {
    let Places { x, sources, active } = places;
    let (mut flags, mut first) = (0, 0);
    if halves == Halves::Both && active.is_all() {
        let chunks = active.vl / CHUNK;
        if let Some(happened) = whole(v, x, &sources, chunks, f) {
            (flags, first) = (happened, chunks);
        }
        if first * CHUNK == active.vl {
            return flags;
        }
    }
    let halves = halves as u64;
    flags
        | best(Map::<N, IDLE, LANES, _> {
            v,
            x,
            sources,
            active,
            halves,
            first,
            f,
        })
}

/// Writes to each element what a function makes of the sources.
#[inline(always)]
pub fn elements<const N: usize>(
    v: &mut Registers,
    places: Places<'_, N>,
    f: impl Fn([u64; N]) -> u64 + Copy,
) {
    map::<N, 0, true>(
        v,
        places,
        Halves::Both,
        #[inline(always)]
        move |sources| {
            let mut results = [0; CHUNK];
            for index in 0..CHUNK {
                results[index] = f(array(
                    #[inline(always)]
                    |source| sources[source][index],
                ));
            }
            (results, [0; CHUNK])
        },
    );
}

/// Does the same as [`elements`]. The result is the exceptions that happened.
#[inline(always)]
pub fn elements_with_flags<const N: usize>(
    v: &mut Registers,
    places: Places<'_, N>,
    f: impl Fn([u64; N]) -> IntegerOutcome + Copy,
) -> Flags {
    let flags = map::<N, 0, true>(
        v,
        places,
        Halves::Both,
        #[inline(always)]
        move |sources| {
            let (mut results, mut flags) = ([0; CHUNK], [0; CHUNK]);
            for index in 0..CHUNK {
                let outcome = f(array(
                    #[inline(always)]
                    |source| sources[source][index],
                ));
                results[index] = outcome.value;
                flags[index] = outcome.flags.bits().into();
            }
            (results, flags)
        },
    );
    Flags::from_bits_truncate(flags as u8)
}

/// Writes to each lane the result of a function of the sources, which also returns the exceptions, in bits of [`Flags`].
#[inline(always)]
pub fn lanes<const N: usize>(
    v: &mut Registers,
    places: Places<'_, N>,
    halves: Halves,
    f: impl Fn([u32; N]) -> (u32, u32) + Copy,
) -> Flags {
    let flags = map::<N, 0, true>(
        v,
        places,
        halves,
        #[inline(always)]
        move |sources| {
            let sources = sources.map(to_lanes);
            let (mut results, mut flags) = ([0; 2 * CHUNK], [0; 2 * CHUNK]);
            for index in 0..2 * CHUNK {
                (results[index], flags[index]) = f(array(
                    #[inline(always)]
                    |source| sources[source][index],
                ));
            }
            (of_lanes(results), of_lanes(flags))
        },
    );
    Flags::from_bits_truncate((flags | flags >> 32) as u8)
}

/// Computes with the host's unit, each element an `f64`. Exceptions gather in the host's status.
pub fn doubles<K: Arithmetic<N>, const N: usize>(v: &mut Registers, places: Places<'_, N>) {
    const ONE: u64 = 1.0f64.to_bits();
    map::<N, ONE, false>(
        v,
        places,
        Halves::Both,
        #[inline(always)]
        |sources| {
            let mut results = [0; CHUNK];
            for index in 0..CHUNK {
                let operands = array(
                    #[inline(always)]
                    |source| f64::from_bits(sources[source][index]),
                );
                results[index] = K::double(operands).to_bits();
            }
            (results, [0; CHUNK])
        },
    );
}

/// As [`doubles`], each lane an `f32`.
pub fn singles<K: Arithmetic<N>, const N: usize>(
    v: &mut Registers,
    places: Places<'_, N>,
    halves: Halves,
) {
    const ONES: u64 = (1.0f32.to_bits() as u64) << 32 | 1.0f32.to_bits() as u64;
    map::<N, ONES, true>(
        v,
        places,
        halves,
        #[inline(always)]
        |sources| {
            let sources = sources.map(to_lanes);
            let mut results = [0; 2 * CHUNK];
            for index in 0..2 * CHUNK {
                let operands = array(
                    #[inline(always)]
                    |source| f32::from_bits(sources[source][index]),
                );
                results[index] = K::single(operands).to_bits();
            }
            (of_lanes(results), [0; CHUNK])
        },
    );
}

impl Operand {
    #[inline(always)]
    pub(super) fn element(self, v: &Registers, index: usize) -> u64 {
        match self {
            Self::Vector(register) => v[register % 64][index],
            Self::Scalar(value) => value,
        }
    }
}

/// Calls a function for each element that takes part, in order, and for no other.
#[inline(always)]
pub fn each<const N: usize>(
    v: &mut Registers,
    places: Places<'_, N>,
    mut f: impl FnMut([u64; N]) -> u64,
) {
    for index in places.active.indices() {
        let sources = places.sources.map(|source| source.element(v, index));
        v[places.x % 64][index] = f(sources);
    }
}

/// Calls a function for each lane that takes part and is one of `halves`, and for no other.
#[inline(always)]
pub fn each_lane<const N: usize>(
    v: &mut Registers,
    places: Places<'_, N>,
    halves: Halves,
    mut f: impl FnMut([u32; N]) -> u32,
) {
    for index in 0..places.active.vl {
        let written = places.active.bits(index);
        let sources = places.sources.map(|source| source.element(v, index));
        let mut result = 0;
        for shift in [32, 0] {
            if (written & halves as u64) >> shift & 1 == 1 {
                let lane = f(sources.map(|source| (source >> shift) as u32));
                result |= u64::from(lane) << shift;
            }
        }
        let element = &mut v[places.x % 64][index];
        *element = (*element & !written) | result;
    }
}

/// Whether an element of a source, of those that take part, is such.
pub fn any<const N: usize>(
    v: &Registers,
    places: Places<'_, N>,
    is_such: impl Fn(u64) -> bool,
) -> bool {
    let mut found = false;
    for index in places.active.indices() {
        for source in places.sources {
            found |= is_such(source.element(v, index));
        }
    }
    found
}

/// As [`any`], for lanes that are one of `halves`.
pub fn any_lane<const N: usize>(
    v: &Registers,
    places: Places<'_, N>,
    halves: Halves,
    is_such: impl Fn(u32) -> bool,
) -> bool {
    let mut found = false;
    for index in 0..places.active.vl {
        let bits = places.active.bits(index) & halves as u64;
        for source in places.sources {
            let value = source.element(v, index);
            found |= bits >> 32 != 0 && is_such((value >> 32) as u32);
            found |= bits << 32 != 0 && is_such(value as u32);
        }
    }
    found
}
