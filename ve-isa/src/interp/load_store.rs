//! Operations that touch memory.

use super::run::{Fuel, Handler, Link, Run, Slot};
use crate::encoding::Op;
use crate::semantics::{address, atomic};
use crate::trap::TrapKind;

/// The address where `y` is an operand of its own: `disp(z)`.
#[inline(always)]
fn short_address(run: &Run, slot: &Slot) -> u64 {
    address::lea(0, run.z(slot), slot.insn.imm() as i32)
}

/// Replaces memory by the result of `new`. `x` becomes the result of `old` on the old memory.
#[inline(always)]
fn replace<const SIZE: u64>(
    run: &mut Run,
    slot: &Slot,
    fuel: Fuel,
    new: impl Fn(u64) -> Option<u64>,
) -> Link {
    let address = short_address(run, slot);
    if !address.is_multiple_of(SIZE) {
        return run.trap(
            slot,
            TrapKind::Misaligned {
                address,
                alignment: SIZE,
            },
        );
    }
    let window = &run.common.window;
    let mut before = match window.load::<SIZE>(address) {
        Ok(value) => value,
        Err(cause) => return run.no_access(slot, address, true, cause),
    };
    loop {
        let Some(new) = new(before) else {
            return run.trap(
                slot,
                TrapKind::Unimplemented {
                    op: slot.insn.op(),
                    what: "its meaning for this operand is not known",
                },
            );
        };
        match window.compare_exchange::<SIZE>(address, before, new) {
            Ok(found) if found == before => break,
            Ok(found) => before = found,
            Err(cause) => return run.no_access(slot, address, true, cause),
        }
    }
    run.set_x(slot, before);
    run.next(slot, fuel)
}

macro_rules! load {
    ($size:literal, |$memory:ident| $value:expr) => {{
        #[cold]
        #[inline(never)]
        fn unusual(run: &mut Run, slot: &Slot, fuel: Fuel) -> Link {
            let address = run.address(slot);
            match run.common.window.load::<$size>(address) {
                Ok($memory) => {
                    run.set_x(slot, $value);
                    run.next(slot, fuel)
                }
                Err(cause) => run.no_access(slot, address, false, cause),
            }
        }
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let address = run.address(slot);
            let Some($memory) = run.common.window.load_usual::<$size>(address) else {
                return unusual(run, slot, fuel);
            };
            run.set_x(slot, $value);
            run.next(slot, fuel)
        }) as Handler
    }};
}

/// A load that gives 0 where no memory is.
macro_rules! dismissable {
    ($size:literal, |$memory:ident| $value:expr) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let address = run.address(slot);
            let $memory = run.common.window.load::<$size>(address).unwrap_or(0);
            run.set_x(slot, $value);
            run.next(slot, fuel)
        }) as Handler
    };
}

macro_rules! store {
    ($size:literal, |$x:ident| $value:expr) => {{
        #[cold]
        #[inline(never)]
        fn unusual(run: &mut Run, slot: &Slot, fuel: Fuel) -> Link {
            let address = run.address(slot);
            let $x = run.x(slot);
            match run.common.window.store::<$size>(address, $value as u64) {
                Ok(()) => run.next(slot, fuel),
                Err(cause) => run.no_access(slot, address, true, cause),
            }
        }
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let address = run.address(slot);
            let $x = run.x(slot);
            let window = &run.common.window;
            if window
                .store_usual::<$size>(address, $value as u64)
                .is_none()
            {
                return unusual(run, slot, fuel);
            }
            run.next(slot, fuel)
        }) as Handler
    }};
}

/// The handler of an operation of this kind.
pub(super) fn handler(op: Op) -> Option<Handler> {
    Some(match op {
        Op::Ld => load!(8, |memory| memory),
        Op::Ldu => load!(4, |memory| address::ldu(memory as u32)),
        Op::LdlSx => load!(4, |memory| address::ldl_sx(memory as u32)),
        Op::LdlZx => load!(4, |memory| address::ldl_zx(memory as u32)),
        Op::Ld2bSx => load!(2, |memory| address::ld2b_sx(memory as u16)),
        Op::Ld2bZx => load!(2, |memory| address::ld2b_zx(memory as u16)),
        Op::Ld1bSx => load!(1, |memory| address::ld1b_sx(memory as u8)),
        Op::Ld1bZx => load!(1, |memory| address::ld1b_zx(memory as u8)),
        Op::Dld => dismissable!(8, |memory| memory),
        Op::Dldu => dismissable!(4, |memory| address::ldu(memory as u32)),
        Op::DldlSx => dismissable!(4, |memory| address::ldl_sx(memory as u32)),
        Op::DldlZx => dismissable!(4, |memory| address::ldl_zx(memory as u32)),
        Op::St => store!(8, |x| x),
        Op::Stu => store!(4, |x| address::stu(x)),
        Op::Stl => store!(4, |x| address::stl(x)),
        Op::St2b => store!(2, |x| address::st2b(x)),
        Op::St1b => store!(1, |x| address::st1b(x)),
        Op::Lea => |run, slot, fuel| {
            run.set_x(slot, run.address(slot));
            run.next(slot, fuel)
        },
        Op::LeaSl => |run, slot, fuel| {
            let value = address::lea_sl(run.y(slot), run.z(slot), slot.insn.imm() as i32);
            run.set_x(slot, value);
            run.next(slot, fuel)
        },
        Op::Pfch => |run, slot, fuel| run.next(slot, fuel),
        Op::CasL => |run, slot, fuel| {
            let (x, y) = (run.x(slot), run.y(slot));
            replace::<8>(run, slot, fuel, |old| Some(if old == y { x } else { old }))
        },
        // The manual does not say what the upper half of the register becomes; this clears it, as `ts1am.w` does.
        Op::CasW => |run, slot, fuel| {
            let (x, y) = (u64::from(run.x(slot) as u32), u64::from(run.y(slot) as u32));
            replace::<4>(run, slot, fuel, |old| Some(if old == y { x } else { old }))
        },
        Op::Ts1amL => |run, slot, fuel| {
            let (x, y) = (run.x(slot), run.y(slot));
            replace::<8>(run, slot, fuel, |old| Some(atomic::ts1am_l(old, x, y)))
        },
        Op::Ts1amW => |run, slot, fuel| {
            let (x, y) = (run.x(slot), run.y(slot));
            replace::<4>(run, slot, fuel, |old| {
                Some(u64::from(atomic::ts1am_w(old as u32, x, y)))
            })
        },
        Op::Atmam => |run, slot, fuel| {
            let (x, y) = (run.x(slot), run.y(slot));
            replace::<8>(run, slot, fuel, |old| atomic::atmam(old, x, y))
        },
        Op::Ts2am | Op::Ts3am => |run, slot, _| {
            run.trap(
                slot,
                TrapKind::Unimplemented {
                    op: slot.insn.op(),
                    what: "its meaning is not known",
                },
            )
        },
        // The only host memory that machine code has here is that of its system calls, which is in the window, too.
        Op::ShmL => host_store::<8>,
        Op::ShmW => host_store::<4>,
        Op::ShmH => host_store::<2>,
        Op::ShmB => host_store::<1>,
        Op::LhmL => host_load::<8>,
        Op::LhmW => host_load::<4>,
        Op::LhmH => host_load::<2>,
        Op::LhmB => host_load::<1>,
        _ => return None,
    })
}

fn host_store<const SIZE: u64>(run: &mut Run, slot: &Slot, fuel: Fuel) -> Link {
    let address = short_address(run, slot);
    if !address.is_multiple_of(SIZE) {
        return run.trap(
            slot,
            TrapKind::Misaligned {
                address,
                alignment: SIZE,
            },
        );
    }
    match run.common.window.store::<SIZE>(address, run.x(slot)) {
        Ok(()) => run.next(slot, fuel),
        Err(cause) => run.no_access(slot, address, true, cause),
    }
}

/// Extended by zeros, which is a guess.
fn host_load<const SIZE: u64>(run: &mut Run, slot: &Slot, fuel: Fuel) -> Link {
    let address = short_address(run, slot);
    if !address.is_multiple_of(SIZE) {
        return run.trap(
            slot,
            TrapKind::Misaligned {
                address,
                alignment: SIZE,
            },
        );
    }
    match run.common.window.load::<SIZE>(address) {
        Ok(value) => {
            run.set_x(slot, value);
            run.next(slot, fuel)
        }
        Err(cause) => run.no_access(slot, address, false, cause),
    }
}
