//! Elements to other places.

use super::{Active, Halves, Operand, Registers, bit};
use crate::state::{ELEMENTS, Mask};

/// `vseq`, `pvseq.lo`, `pvseq.up`, `pvseq`: the elements' numbers; where both lanes are computed, `packed`, those of the lanes.
pub fn sequence(v: &mut Registers, x: usize, active: &Active, halves: Halves, packed: bool) {
    for (index, element) in v[x % 64].iter_mut().enumerate().take(active.vl()) {
        let number = index as u64;
        let value = match halves {
            Halves::Upper => number << 32,
            Halves::Both if packed => (2 * number) << 32 | (2 * number + 1),
            _ => number,
        };
        let bits = active.bits(index);
        *element = (*element & !bits) | (value & bits);
    }
}

/// `vmv`: elements that lie `distance` further, of the whole register taken as a ring. The mask is asked for the source's place.
pub fn rotate(v: &mut Registers, x: usize, z: usize, distance: u64, vl: usize, mask: &Mask) {
    let source = v[z % 64];
    for (index, element) in v[x % 64].iter_mut().enumerate().take(vl) {
        let place = ((index as u64).wrapping_add(distance) % ELEMENTS as u64) as usize;
        if bit(mask, place) {
            *element = source[place];
        }
    }
}

/// `vcp`: the elements that take part, one after the other.
pub fn compress(v: &mut Registers, x: usize, z: usize, active: &Active) {
    let source = v[z % 64];
    for (to, from) in active.indices().enumerate() {
        v[x % 64][to] = source[from];
    }
}

/// `vex`: one element after the other, to those that take part.
pub fn expand(v: &mut Registers, x: usize, z: usize, active: &Active) {
    let source = v[z % 64];
    for (from, to) in active.indices().enumerate() {
        v[x % 64][to] = source[from];
    }
}

/// `vmrg`, `vmrg.w`: below VL, lanes of z where they are in `chosen`, of y elsewhere.
pub fn merge(v: &mut Registers, x: usize, y: Operand, z: usize, vl: usize, chosen: &Active) {
    for index in 0..vl {
        let bits = chosen.bits(index);
        let (y, z) = (y.element(v, index), v[z % 64][index]);
        v[x % 64][index] = (y & !bits) | (z & bits);
    }
}
