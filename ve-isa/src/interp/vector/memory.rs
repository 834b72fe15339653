//! Vectors from and to memory.
//!
//! Elements that lie side by side go through the window in one piece; others one by one, as do those of a piece that is not
//! accessible as a whole, which finds the one where it fails. A load that fails changes no register. A store that fails may
//! have stored elements before.

use crate::encoding::{Op, Scalar};
use crate::interp::run::{Fuel, Handler, Link, Run, Slot};
use crate::semantics::address;
use crate::semantics::vector::Active;
use crate::semantics::vector::address::{strided, strides_2d, two_dimensional};
use crate::state::ELEMENTS;
use crate::trap::TrapKind;

/// What an element is of the bytes in memory.
type Extend = fn(u64) -> u64;

impl Run {
    /// Traps where an element that takes part is not aligned.
    fn aligned<const SIZE: u64>(
        &mut self,
        slot: &Slot,
        active: &Active,
        address: impl Fn(&Self, usize) -> u64,
    ) -> Result<(), Link> {
        for index in 0..active.vl() {
            let address = address(self, index);
            if active.upper(index) && !address.is_multiple_of(SIZE) {
                return Err(self.trap(
                    slot,
                    TrapKind::Misaligned {
                        address,
                        alignment: SIZE,
                    },
                ));
            }
        }
        Ok(())
    }

    fn load_each<const SIZE: u64>(
        &mut self,
        slot: &Slot,
        active: &Active,
        address: impl Fn(&Self, usize) -> u64,
        extend: Extend,
    ) -> Result<(), Link> {
        self.aligned::<SIZE>(slot, active, &address)?;
        let x = self.vector_x(slot);
        let mut loaded = self.cpu.v[x];
        for (index, element) in loaded.iter_mut().enumerate().take(active.vl()) {
            if active.upper(index) {
                let address = address(self, index);
                match self.common.window.load::<SIZE>(address) {
                    Ok(value) => *element = extend(value),
                    Err(cause) => return Err(self.no_access(slot, address, false, cause)),
                }
            }
        }
        self.cpu.v[x] = loaded;
        Ok(())
    }

    fn store_each<const SIZE: u64>(
        &mut self,
        slot: &Slot,
        active: &Active,
        address: impl Fn(&Self, usize) -> u64,
        part: Extend,
    ) -> Result<(), Link> {
        self.aligned::<SIZE>(slot, active, &address)?;
        let x = self.vector_x(slot);
        for index in 0..active.vl() {
            if active.upper(index) {
                let address = address(self, index);
                let value = part(self.cpu.v[x][index]);
                if let Err(cause) = self.common.window.store::<SIZE>(address, value) {
                    return Err(self.no_access(slot, address, true, cause));
                }
            }
        }
        Ok(())
    }

    /// Loads elements that lie side by side, if they are accessible.
    #[inline(always)]
    fn load_side_by_side<const SIZE: u64>(
        &mut self,
        slot: &Slot,
        base: u64,
        vl: usize,
        extend: Extend,
    ) -> bool {
        let (x, window) = (self.vector_x(slot), &self.common.window);
        if SIZE == 8 {
            // They have at most one border between pages among them, so what can be read at both ends can be read. If another thread
            // closes it meanwhile, the register has changed when the trap is reported.
            let last = base.wrapping_add(8 * vl as u64 - 8);
            return window.load::<8>(base).is_ok()
                && window.load::<8>(last).is_ok()
                && window.read_words(base, &mut self.cpu.v[x][..vl]).is_ok();
        }
        let mut bytes = [0; 4 * ELEMENTS];
        if window.read(base, &mut bytes[..4 * vl]).is_err() {
            return false;
        }
        let (words, _) = bytes.as_chunks::<4>();
        for (element, word) in self.cpu.v[x][..vl].iter_mut().zip(words) {
            *element = extend(u32::from_le_bytes(*word).into());
        }
        true
    }

    /// Stores elements side by side, if the place is accessible.
    #[inline(always)]
    fn store_side_by_side<const SIZE: u64>(
        &mut self,
        slot: &Slot,
        base: u64,
        vl: usize,
        part: Extend,
    ) -> bool {
        let (x, window) = (self.vector_x(slot), &self.common.window);
        if SIZE == 8 {
            return window.write_words(base, &self.cpu.v[x][..vl]).is_ok();
        }
        let mut bytes = [0; 4 * ELEMENTS];
        let (words, _) = bytes.as_chunks_mut::<4>();
        for (element, word) in self.cpu.v[x][..vl].iter().zip(words) {
            *word = (part(*element) as u32).to_le_bytes();
        }
        window.write(base, &bytes[..4 * vl]).is_ok()
    }

    #[inline(always)]
    fn load_strided<const SIZE: u64>(&mut self, slot: &Slot, fuel: Fuel, extend: Extend) -> Link {
        let (base, stride, vl) = (self.z(slot), self.y(slot), self.cpu.vl());
        if stride == SIZE
            && base.is_multiple_of(SIZE)
            && vl != 0
            && self.load_side_by_side::<SIZE>(slot, base, vl, extend)
        {
            return self.next(slot, fuel);
        }
        let address = |_: &Self, index| strided(base, stride, index);
        match self.load_each::<SIZE>(slot, &Active::all(vl), address, extend) {
            Ok(()) => self.next(slot, fuel),
            Err(leave) => leave,
        }
    }

    #[inline(always)]
    fn store_strided<const SIZE: u64>(&mut self, slot: &Slot, fuel: Fuel, part: Extend) -> Link {
        let (base, stride, vl) = (self.z(slot), self.y(slot), self.cpu.vl());
        if stride == SIZE
            && base.is_multiple_of(SIZE)
            && vl != 0
            && slot.insn.mask() == 0
            && self.store_side_by_side::<SIZE>(slot, base, vl, part)
        {
            return self.next(slot, fuel);
        }
        let active = self.active(slot);
        let address = |_: &Self, index| strided(base, stride, index);
        match self.store_each::<SIZE>(slot, &active, address, part) {
            Ok(()) => self.next(slot, fuel),
            Err(leave) => leave,
        }
    }

    /// The strides of a two-dimensional access.
    fn strides(&mut self, slot: &Slot) -> Result<(u64, u64), Link> {
        strides_2d(self.y(slot)).ok_or_else(|| {
            self.trap(
                slot,
                TrapKind::Unimplemented {
                    op: slot.insn.op(),
                    what: "it is not known whether such a stride is negative",
                },
            )
        })
    }

    fn load_2d<const SIZE: u64>(&mut self, slot: &Slot, extend: Extend) -> Result<(), Link> {
        let (base, strides, active) = (
            self.z(slot),
            self.strides(slot)?,
            Active::all(self.cpu.vl()),
        );
        let address = |_: &Self, index| two_dimensional(base, strides, index);
        self.load_each::<SIZE>(slot, &active, address, extend)
    }

    fn store_2d<const SIZE: u64>(&mut self, slot: &Slot, part: Extend) -> Result<(), Link> {
        let (base, strides, active) = (self.z(slot), self.strides(slot)?, self.active(slot));
        let address = |_: &Self, index| two_dimensional(base, strides, index);
        self.store_each::<SIZE>(slot, &active, address, part)
    }

    /// The address of an element in gather and scatter. The bounds, `sy` and `sz`, are a hint.
    #[inline(always)]
    fn indexed(&self, slot: &Slot, index: usize) -> u64 {
        match slot.insn.scalar() {
            Scalar::Y => self.x(slot),
            Scalar::None | Scalar::Z => self.cpu.v[self.vector_y(slot)][index],
        }
    }

    fn gather<const SIZE: u64>(&mut self, slot: &Slot, extend: Extend) -> Result<(), Link> {
        let active = self.active(slot);
        let address = |run: &Self, index| run.indexed(slot, index);
        self.load_each::<SIZE>(slot, &active, address, extend)
    }

    fn scatter<const SIZE: u64>(&mut self, slot: &Slot, part: Extend) -> Result<(), Link> {
        let active = self.active(slot);
        let address = |run: &Self, index| run.indexed(slot, index);
        self.store_each::<SIZE>(slot, &active, address, part)
    }
}

macro_rules! strided {
    ($method:ident $size:literal |$value:ident| $part:expr) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| run.$method::<$size>(slot, fuel, |$value| $part))
            as Handler
    };
}

macro_rules! other {
    ($method:ident $size:literal |$value:ident| $part:expr) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| match run.$method::<$size>(slot, |$value| $part) {
            Ok(()) => run.next(slot, fuel),
            Err(leave) => leave,
        }) as Handler
    };
}

pub(super) fn handler(op: Op) -> Option<Handler> {
    Some(match op {
        Op::Vld => strided!(load_strided 8 |m| m),
        Op::Vldu => strided!(load_strided 4 |m| address::ldu(m as u32)),
        Op::VldlSx => strided!(load_strided 4 |m| address::ldl_sx(m as u32)),
        Op::VldlZx => strided!(load_strided 4 |m| address::ldl_zx(m as u32)),
        Op::Vld2d => other!(load_2d 8 |m| m),
        Op::Vldu2d => other!(load_2d 4 |m| address::ldu(m as u32)),
        Op::Vldl2dSx => other!(load_2d 4 |m| address::ldl_sx(m as u32)),
        Op::Vldl2dZx => other!(load_2d 4 |m| address::ldl_zx(m as u32)),
        Op::Vst => strided!(store_strided 8 |x| x),
        Op::Vstu => strided!(store_strided 4 |x| address::stu(x).into()),
        Op::Vstl => strided!(store_strided 4 |x| address::stl(x).into()),
        Op::Vst2d => other!(store_2d 8 |x| x),
        Op::Vstu2d => other!(store_2d 4 |x| address::stu(x).into()),
        Op::Vstl2d => other!(store_2d 4 |x| address::stl(x).into()),
        Op::Vgt => other!(gather 8 |m| m),
        Op::Vgtu => other!(gather 4 |m| address::ldu(m as u32)),
        Op::VgtlSx => other!(gather 4 |m| address::ldl_sx(m as u32)),
        Op::VgtlZx => other!(gather 4 |m| address::ldl_zx(m as u32)),
        Op::Vsc => other!(scatter 8 |x| x),
        Op::Vscu => other!(scatter 4 |x| address::stu(x).into()),
        Op::Vscl => other!(scatter 4 |x| address::stl(x).into()),
        Op::Pfchv => |run, slot, fuel| run.next(slot, fuel),
        _ => return None,
    })
}
