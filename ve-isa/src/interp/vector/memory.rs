//! Vectors from and to memory.
//!
//! Elements that lie side by side go through the window in one piece; others one by one, as do those of a piece that is not
//! accessible as a whole, which finds the one where it fails. A load that fails changes no register. A store that fails may
//! have stored elements before.

use crate::encoding::{Op, ScalarOperand};
use crate::interp::run::{Fuel, Handler, Link, Run, Slot};
use crate::semantics::address;
use crate::semantics::vector::Active;
use crate::semantics::vector::address::{strided, strides_2d, two_dimensional};
use crate::state::ELEMENTS;
use crate::trap::TrapKind;

/// Makes an element of the bytes in memory.
type Extend = fn(u64) -> u64;

/// Traps where an element that takes part is not aligned.
fn aligned<const SIZE: u64>(
    run: &mut Run,
    slot: &Slot,
    active: &Active,
    address: impl Fn(&Run, usize) -> u64,
) -> Result<(), Link> {
    for index in 0..active.vl() {
        let address = address(run, index);
        if active.upper(index) && !address.is_multiple_of(SIZE) {
            return Err(run.trap(
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
    run: &mut Run,
    slot: &Slot,
    active: &Active,
    address: impl Fn(&Run, usize) -> u64,
    extend: Extend,
) -> Result<(), Link> {
    aligned::<SIZE>(run, slot, active, &address)?;
    let x = run.vector_x(slot);
    let mut loaded = run.cpu.v[x];
    for (index, element) in loaded.iter_mut().enumerate().take(active.vl()) {
        if active.upper(index) {
            let address = address(run, index);
            match run.common.window.load::<SIZE>(address) {
                Ok(value) => *element = extend(value),
                Err(cause) => return Err(run.no_access(slot, address, false, cause)),
            }
        }
    }
    run.cpu.v[x] = loaded;
    Ok(())
}

fn store_each<const SIZE: u64>(
    run: &mut Run,
    slot: &Slot,
    active: &Active,
    address: impl Fn(&Run, usize) -> u64,
    part: Extend,
) -> Result<(), Link> {
    aligned::<SIZE>(run, slot, active, &address)?;
    let x = run.vector_x(slot);
    for index in 0..active.vl() {
        if active.upper(index) {
            let address = address(run, index);
            let value = part(run.cpu.v[x][index]);
            if let Err(cause) = run.common.window.store::<SIZE>(address, value) {
                return Err(run.no_access(slot, address, true, cause));
            }
        }
    }
    Ok(())
}

/// Loads elements that lie side by side, if they are accessible.
#[inline(always)]
fn load_side_by_side<const SIZE: u64>(
    run: &mut Run,
    slot: &Slot,
    base: u64,
    vl: usize,
    extend: Extend,
) -> bool {
    let (x, window) = (run.vector_x(slot), &run.common.window);
    if SIZE == 8 {
        // They have at most one border between pages among them, so what can be read at both ends can be read. If another thread
        // closes it meanwhile, the register has changed when the trap is reported.
        let last = base.wrapping_add(8 * vl as u64 - 8);
        return window.load::<8>(base).is_ok()
            && window.load::<8>(last).is_ok()
            && window.read_words(base, &mut run.cpu.v[x][..vl]).is_ok();
    }
    let mut bytes = [0; 4 * ELEMENTS];
    if window.read(base, &mut bytes[..4 * vl]).is_err() {
        return false;
    }
    let (words, _) = bytes.as_chunks::<4>();
    for (element, word) in run.cpu.v[x][..vl].iter_mut().zip(words) {
        *element = extend(u32::from_le_bytes(*word).into());
    }
    true
}

/// Stores elements side by side, if the place is accessible.
#[inline(always)]
fn store_side_by_side<const SIZE: u64>(
    run: &mut Run,
    slot: &Slot,
    base: u64,
    vl: usize,
    part: Extend,
) -> bool {
    let (x, window) = (run.vector_x(slot), &run.common.window);
    if SIZE == 8 {
        return window.write_words(base, &run.cpu.v[x][..vl]).is_ok();
    }
    let mut bytes = [0; 4 * ELEMENTS];
    let (words, _) = bytes.as_chunks_mut::<4>();
    for (element, word) in run.cpu.v[x][..vl].iter().zip(words) {
        *word = (part(*element) as u32).to_le_bytes();
    }
    window.write(base, &bytes[..4 * vl]).is_ok()
}

#[inline(always)]
fn load_strided<const SIZE: u64>(run: &mut Run, slot: &Slot, fuel: Fuel, extend: Extend) -> Link {
    let (base, stride, vl) = (run.z(slot), run.y(slot), run.cpu.vl());
    if stride == SIZE
        && base.is_multiple_of(SIZE)
        && vl != 0
        && load_side_by_side::<SIZE>(run, slot, base, vl, extend)
    {
        return run.next(slot, fuel);
    }
    let address = |_: &Run, index| strided(base, stride, index);
    match load_each::<SIZE>(run, slot, &Active::all(vl), address, extend) {
        Ok(()) => run.next(slot, fuel),
        Err(leave) => leave,
    }
}

#[inline(always)]
fn store_strided<const SIZE: u64>(run: &mut Run, slot: &Slot, fuel: Fuel, part: Extend) -> Link {
    let (base, stride, vl) = (run.z(slot), run.y(slot), run.cpu.vl());
    if stride == SIZE
        && base.is_multiple_of(SIZE)
        && vl != 0
        && slot.insn.mask() == 0
        && store_side_by_side::<SIZE>(run, slot, base, vl, part)
    {
        return run.next(slot, fuel);
    }
    let active = run.active(slot);
    let address = |_: &Run, index| strided(base, stride, index);
    match store_each::<SIZE>(run, slot, &active, address, part) {
        Ok(()) => run.next(slot, fuel),
        Err(leave) => leave,
    }
}

/// The strides of a two-dimensional access.
fn strides(run: &mut Run, slot: &Slot) -> Result<(u64, u64), Link> {
    strides_2d(run.y(slot)).ok_or_else(|| {
        run.trap(
            slot,
            TrapKind::Unimplemented {
                op: slot.insn.op(),
                what: "it is not known whether such a stride is negative",
            },
        )
    })
}

fn load_2d<const SIZE: u64>(run: &mut Run, slot: &Slot, extend: Extend) -> Result<(), Link> {
    let (base, strides, active) = (run.z(slot), strides(run, slot)?, Active::all(run.cpu.vl()));
    let address = |_: &Run, index| two_dimensional(base, strides, index);
    load_each::<SIZE>(run, slot, &active, address, extend)
}

fn store_2d<const SIZE: u64>(run: &mut Run, slot: &Slot, part: Extend) -> Result<(), Link> {
    let (base, strides, active) = (run.z(slot), strides(run, slot)?, run.active(slot));
    let address = |_: &Run, index| two_dimensional(base, strides, index);
    store_each::<SIZE>(run, slot, &active, address, part)
}

/// The address of an element in gather and scatter. The bounds, `sy` and `sz`, are a hint.
#[inline(always)]
fn indexed(run: &Run, slot: &Slot, index: usize) -> u64 {
    match slot.insn.scalar() {
        ScalarOperand::Y => run.x(slot),
        ScalarOperand::None | ScalarOperand::Z => run.cpu.v[run.vector_y(slot)][index],
    }
}

fn gather<const SIZE: u64>(run: &mut Run, slot: &Slot, extend: Extend) -> Result<(), Link> {
    let active = run.active(slot);
    let address = |run: &Run, index| indexed(run, slot, index);
    load_each::<SIZE>(run, slot, &active, address, extend)
}

fn scatter<const SIZE: u64>(run: &mut Run, slot: &Slot, part: Extend) -> Result<(), Link> {
    let active = run.active(slot);
    let address = |run: &Run, index| indexed(run, slot, index);
    store_each::<SIZE>(run, slot, &active, address, part)
}

macro_rules! strided {
    ($method:ident $size:literal |$value:ident| $part:expr) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| $method::<$size>(run, slot, fuel, |$value| $part))
            as Handler
    };
}

macro_rules! other {
    ($method:ident $size:literal |$value:ident| $part:expr) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| match $method::<$size>(run, slot, |$value| $part)
        {
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
