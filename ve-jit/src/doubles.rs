//! Which registers a region uses as `f64` for the most part. These are kept as such, in the host's registers for floats.
//!
//! Any choice is right: a value goes from one kind of register to the other where it has to.

use ve_isa::encoding::{Op, operand};

use crate::live::{StateSet, bit};
use crate::region::Region;

/// The registers that are used more often as `f64` than as anything else.
pub(crate) fn doubles(region: &Region) -> StateSet {
    let mut uses = [0i32; operand::REGISTERS];
    let mut count = |operands: &[usize], by: i32| {
        for operand in operands {
            if let Some(uses) = uses.get_mut(*operand) {
                *uses += by;
            }
        }
    };
    for (_, insn) in region.blocks.values().flat_map(|block| &block.instructions) {
        let (op, x, y, z) = (insn.op(), insn.x(), insn.y(), insn.z());
        match op {
            Op::FaddD | Op::FsubD | Op::FmulD | Op::FdivD => count(&[x, y, z], 1),
            Op::CvtDL | Op::CvtDW | Op::CvtDS => {
                count(&[x], 1);
                count(&[y], -1);
            }
            Op::CvtSD => {
                count(&[x], -1);
                count(&[y], 1);
            }
            Op::BrD => count(&[y, z], 1),
            // Constants, copies, 64 bits from and to memory do not care.
            Op::Or if y == operand::ZERO => {}
            Op::LeaSl | Op::Ld | Op::St => count(&[y, z], -1),
            _ => count(&[x, y, z], -1),
        }
    }
    let doubles = (0..operand::REGISTERS).filter(|number| uses[*number] > 0);
    doubles.fold(0, |all, number| all | bit(number))
}
