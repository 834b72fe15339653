//! The loop over chunks of which all elements take part.
//!
//! The questions that the loop of [`elementwise`](super::elementwise) asks for each chunk are answered before this loop begins:
//! the places of the sources, and that no element is left out. With AVX2, `vfmad.d` on 256 elements takes 31 ns so, of which the
//! host's instructions alone need 29, and 70 ns with the questions.

use std::cell::Cell;

use super::level::{RegisterLoop, RegisterSources, best_of_registers};
use super::{Operand, Registers};

/// The elements that are loaded, computed and stored together.
pub(super) const CHUNK: usize = 16;

/// The chunks of a register.
pub(super) const CHUNKS: usize = crate::state::ELEMENTS / CHUNK;

pub(super) type Chunk = [u64; CHUNK];
pub(super) type ChunkedRegister = [Cell<Chunk>; CHUNKS];

/// All registers, to be read and written in turns.
#[inline(always)]
pub(super) fn cells(v: &mut Registers) -> &[ChunkedRegister] {
    let (chunks, _) = v.as_flattened_mut().as_chunks_mut::<CHUNK>();
    let (registers, _) = Cell::from_mut(chunks)
        .as_slice_of_cells()
        .as_chunks::<CHUNKS>();
    registers
}

/// Stands for the number of a source where all of them are registers.
const NO_SCALAR: usize = usize::MAX;

/// The function makes a chunk of the sources, and exceptions as bits of [`Flags`](crate::state::psw::Flags). `SCALAR` is the number of
/// the source that is the same for each element, or [`NO_SCALAR`].
struct WholeLoop<const N: usize, const SCALAR: usize, F>(F);

impl<const N: usize, const SCALAR: usize, F: Fn([Chunk; N]) -> (Chunk, Chunk)>
    RegisterLoop<ChunkedRegister> for WholeLoop<N, SCALAR, F>
{
    #[inline(always)]
    fn run(
        self,
        x: &ChunkedRegister,
        parts: usize,
        sources: RegisterSources<'_, ChunkedRegister>,
        scalar: u64,
    ) -> u64 {
        let mut flags = 0;
        for chunk in 0..parts.min(CHUNKS) {
            let mut values = [[0; CHUNK]; N];
            for (source, value) in values.iter_mut().enumerate() {
                *value = if source == SCALAR {
                    [scalar; CHUNK]
                } else {
                    sources[source][chunk].get()
                };
            }
            let (result, happened) = (self.0)(values);
            for happened in happened {
                flags |= happened;
            }
            x[chunk].set(result);
        }
        flags
    }
}

/// Writes the first `chunks` of a register, of up to three sources; the result are the exceptions. Nothing is done where more than one
/// source is a scalar, or the third: no instruction has that.
#[inline(always)]
pub(super) fn whole<const N: usize>(
    v: &mut Registers,
    x: usize,
    sources: &[Operand; N],
    chunks: usize,
    f: impl Fn([Chunk; N]) -> (Chunk, Chunk),
) -> Option<u64> {
    const { assert!(N <= 3) }
    let registers = cells(v);
    let x = &registers[x % 64];
    let mut found = [x; 3];
    let (mut place, mut scalar, mut scalars) = (NO_SCALAR, 0, 0);
    for (index, (source, found)) in sources.iter().zip(&mut found).enumerate() {
        match source {
            Operand::Vector(register) => *found = &registers[register % 64],
            Operand::Scalar(value) => (place, scalar, scalars) = (index, *value, scalars + 1),
        }
    }
    macro_rules! run {
        ($place:expr) => {
            best_of_registers(WholeLoop::<N, { $place }, _>(f), x, chunks, found, scalar)
        };
    }
    Some(match (place, scalars) {
        (NO_SCALAR, _) => run!(NO_SCALAR),
        (0, 1) => run!(0),
        (1, 1) => run!(1),
        _ => return None,
    })
}
