//! Floats.

use crate::encoding::Op;
use crate::encoding::Rounding;
use crate::interp::float::rounding;
use crate::interp::run::{Fuel, Handler, Link, Run, Slot};
use crate::semantics::convert;
use crate::semantics::float::{self as scalar, Exact, FloatUnit};
use crate::semantics::vector::Halves::{self, Both, Lower, Upper};
use crate::semantics::vector::elementwise::{self, each, each_lane};
use crate::semantics::vector::float::*;
use crate::semantics::vector::{Active, Operand, Registers, iterate, reduce};
use crate::trap::TrapKind;

impl Run {
    /// Whether the host's unit computes many elements at a time. Under Miri there is none.
    #[inline(always)]
    fn vector_floats(&self) -> bool {
        self.host_floats && !cfg!(miri)
    }

    /// Computes with an exact unit, and notes what happened. If that traps, the register `x` is as before.
    #[cold]
    fn exactly_in_vectors(
        &mut self,
        slot: &Slot,
        fuel: Fuel,
        operation: impl FnOnce(&mut Registers, &mut Exact),
    ) -> Link {
        let x = self.vector_x(slot);
        let before = Box::new(self.cpu.v[x]);
        let mut unit = Exact::new(self.cpu.psw.rounding());
        operation(&mut self.cpu.v, &mut unit);
        if let Err(leave) = self.note(slot, &unit) {
            self.cpu.v[x] = *before;
            return leave;
        }
        self.next(slot, fuel)
    }

    #[inline(always)]
    fn doubles<K: Arithmetic<N>, const N: usize>(
        &mut self,
        slot: &Slot,
        fuel: Fuel,
        sources: [Operand; N],
    ) -> Link {
        let active = self.active(slot);
        let places = self.places(slot, sources, &active);
        if self.vector_floats() {
            elementwise::doubles::<K, N>(&mut self.cpu.v, places);
            return self.next(slot, fuel);
        }
        self.exactly_in_vectors(slot, fuel, |v, unit| {
            each(v, places, |operands| K::exact_double(unit, operands));
        })
    }

    #[inline(always)]
    fn lanes_that_take_part(&self, slot: &Slot, halves: Halves) -> Active {
        match halves {
            Both => self.active_pair(slot),
            Lower | Upper => self.active(slot),
        }
    }

    #[inline(always)]
    fn singles<K: Arithmetic<N>, const N: usize>(
        &mut self,
        slot: &Slot,
        fuel: Fuel,
        sources: [Operand; N],
        halves: Halves,
    ) -> Link {
        let active = self.lanes_that_take_part(slot, halves);
        let places = self.places(slot, sources, &active);
        if self.vector_floats() {
            elementwise::singles::<K, N>(&mut self.cpu.v, places, halves);
            return self.next(slot, fuel);
        }
        self.exactly_in_vectors(slot, fuel, |v, unit| {
            each_lane(v, places, halves, |operands| {
                K::exact_single(unit, operands)
            });
        })
    }

    /// Computes something of which only signaling NaNs are seen. `is_signaling` says whether there are any.
    fn unseen_but_signaling(
        &mut self,
        operation: impl FnOnce(&mut Registers),
        is_signaling: impl FnOnce(&Registers) -> bool,
    ) {
        let v = &mut self.cpu.v;
        // The sources may be gone afterwards.
        let signaling = is_signaling(v);
        self.unit.unseen(|| operation(v));
        if signaling {
            self.unit.raise(crate::state::psw::Flags::INVALID);
        }
    }
}

fn is_signaling_double(value: u64) -> bool {
    const QUIET: u64 = 1 << 51;
    value << 1 > f64::INFINITY.to_bits() << 1 && value & QUIET == 0
}

fn is_signaling_single(value: u32) -> bool {
    const QUIET: u32 = 1 << 22;
    value << 1 > f32::INFINITY.to_bits() << 1 && value & QUIET == 0
}

fn sources_yz(run: &Run, slot: &Slot) -> [Operand; 2] {
    [run.source_y(slot), run.source_z(slot)]
}

fn sources_yzw(run: &Run, slot: &Slot) -> [Operand; 3] {
    let w = Operand::Vector(run.register(slot.insn.vw()));
    [run.source_y(slot), run.source_z(slot), w]
}

fn sources_y(run: &Run, slot: &Slot) -> [Operand; 1] {
    [run.source_y(slot)]
}

/// An operation of [`Arithmetic`] on `f64`.
macro_rules! double {
    ($sources:ident $kind:ident) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let sources = $sources(run, slot);
            run.doubles::<$kind, _>(slot, fuel, sources)
        }) as Handler
    };
}

/// An operation of [`Arithmetic`] on `f32`.
macro_rules! single {
    ($sources:ident $halves:ident $kind:ident) => {
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let sources = $sources(run, slot);
            run.singles::<$kind, _>(slot, fuel, sources, $halves)
        }) as Handler
    };
}

/// An operation on either unit, one element after the other.
macro_rules! each_element {
    ($sources:ident |$unit:ident, $operands:ident, $rounding:ident| $value:expr) => {{
        fn operation<const N: usize>(
            $unit: &mut impl FloatUnit,
            $operands: [u64; N],
            $rounding: Rounding,
        ) -> u64
        where
            [u64; N]: Operands,
        {
            let $operands = $operands.operands();
            $value
        }
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let (active, sources) = (run.active(slot), $sources(run, slot));
            let places = run.places(slot, sources, &active);
            let rounding = rounding(slot);
            if run.host_floats {
                let unit = &mut run.unit;
                each(&mut run.cpu.v, places, |operands| {
                    operation(unit, operands, rounding)
                });
                return run.next(slot, fuel);
            }
            run.exactly_in_vectors(slot, fuel, |v, unit| {
                each(v, places, |operands| operation(unit, operands, rounding));
            })
        }) as Handler
    }};
}

/// An operation on either unit, one lane after the other.
macro_rules! each_single {
    ($sources:ident $halves:ident |$unit:ident, $operands:ident, $rounding:ident| $value:expr) => {{
        fn operation<const N: usize>(
            $unit: &mut impl FloatUnit,
            $operands: [u32; N],
            $rounding: Rounding,
        ) -> u32
        where
            [u64; N]: Operands,
        {
            // As scalar operations have it: an `f32` in the upper half, an integer in the lower.
            let $operands = $operands.map(u64::from).operands();
            $value
        }
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let (active, sources) = (run.lanes_that_take_part(slot, $halves), $sources(run, slot));
            let places = run.places(slot, sources, &active);
            let rounding = rounding(slot);
            if run.host_floats {
                let unit = &mut run.unit;
                each_lane(&mut run.cpu.v, places, $halves, |operands| {
                    operation(unit, operands, rounding)
                });
                return run.next(slot, fuel);
            }
            run.exactly_in_vectors(slot, fuel, |v, unit| {
                each_lane(v, places, $halves, |operands| {
                    operation(unit, operands, rounding)
                });
            })
        }) as Handler
    }};
}

/// The first two operands; the second is 0 where there is one only.
trait Operands {
    fn operands(self) -> (u64, u64);
}

impl Operands for [u64; 1] {
    fn operands(self) -> (u64, u64) {
        (self[0], 0)
    }
}

impl Operands for [u64; 2] {
    fn operands(self) -> (u64, u64) {
        (self[0], self[1])
    }
}

/// The four forms of an operation of [`Arithmetic`]: the handler, if `op` is one of them.
macro_rules! forms {
    ($op:ident: $($sources:ident $kind:ident $d:ident $lo:ident $up:ident $packed:ident;)*) => {
        match $op {
            $(
                Op::$d => return Some(double!($sources $kind)),
                Op::$lo => return Some(single!($sources Lower $kind)),
                Op::$up => return Some(single!($sources Upper $kind)),
                Op::$packed => return Some(single!($sources Both $kind)),
            )*
            _ => {}
        }
    };
}

pub(super) fn handler(op: Op) -> Option<Handler> {
    forms! { op:
        sources_yz Add VfaddD PvfaddLo PvfaddUp Pvfadd;
        sources_yz Sub VfsubD PvfsubLo PvfsubUp Pvfsub;
        sources_yz Mul VfmulD PvfmulLo PvfmulUp Pvfmul;
        sources_yzw MulAdd VfmadD PvfmadLo PvfmadUp Pvfmad;
        sources_yzw MulSub VfmsbD PvfmsbLo PvfmsbUp Pvfmsb;
        sources_yzw NegMulAdd VfnmadD PvfnmadLo PvfnmadUp Pvfnmad;
        sources_yzw NegMulSub VfnmsbD PvfnmsbLo PvfnmsbUp Pvfnmsb;
        sources_y Reciprocal VrcpD PvrcpLo PvrcpUp Pvrcp;
        sources_y ReciprocalRoot VrsqrtD PvrsqrtLo PvrsqrtUp Pvrsqrt;
    }
    arithmetic(op)
        .or_else(|| conversion(op))
        .or_else(|| reduction(op))
        .or_else(|| iteration(op))
}

fn arithmetic(op: Op) -> Option<Handler> {
    Some(match op {
        Op::VfdivD => double!(sources_yz Div),
        Op::VfdivS => single!(sources_yz Upper Div),
        Op::VfsqrtD => double!(sources_y Sqrt),
        Op::VfsqrtS => single!(sources_y Upper Sqrt),
        Op::VfcmpD => |run, slot, fuel| {
            if !run.vector_floats() {
                return (double!(sources_yz Difference))(run, slot, fuel);
            }
            let (active, sources) = (run.active(slot), sources_yz(run, slot));
            let places = run.places(slot, sources, &active);
            run.unseen_but_signaling(
                |v| elementwise::doubles::<Difference, 2>(v, places),
                |v| elementwise::any(v, places, is_signaling_double),
            );
            run.next(slot, fuel)
        },
        Op::PvfcmpLo => |run, slot, fuel| run.compare_singles(slot, fuel, Lower),
        Op::PvfcmpUp => |run, slot, fuel| run.compare_singles(slot, fuel, Upper),
        Op::Pvfcmp => |run, slot, fuel| run.compare_singles(slot, fuel, Both),
        Op::VrsqrtDNex => |run, slot, fuel| {
            let (active, sources) = (run.active(slot), sources_y(run, slot));
            let places = run.places(slot, sources, &active);
            run.silently(|v, unit| match unit {
                None => elementwise::doubles::<ReciprocalRootOrLargest, 1>(v, places),
                Some(unit) => each(v, places, |operands| {
                    ReciprocalRootOrLargest::exact_double(unit, operands)
                }),
            });
            run.next(slot, fuel)
        },
        Op::PvrsqrtLoNex => |run, slot, fuel| run.silent_roots(slot, fuel, Lower),
        Op::PvrsqrtUpNex => |run, slot, fuel| run.silent_roots(slot, fuel, Upper),
        Op::PvrsqrtNex => |run, slot, fuel| run.silent_roots(slot, fuel, Both),
        Op::VfmaxD => each_element!(sources_yz | unit, o, _r | scalar::fmax_d(unit, o.0, o.1)),
        Op::VfminD => each_element!(sources_yz | unit, o, _r | scalar::fmin_d(unit, o.0, o.1)),
        Op::PvfmaxLo => {
            each_single!(sources_yz Lower |unit, o, _r| upper(scalar::fmax_s(unit, o.0 << 32, o.1 << 32)))
        }
        Op::PvfmaxUp => {
            each_single!(sources_yz Upper |unit, o, _r| upper(scalar::fmax_s(unit, o.0 << 32, o.1 << 32)))
        }
        Op::Pvfmax => {
            each_single!(sources_yz Both |unit, o, _r| upper(scalar::fmax_s(unit, o.0 << 32, o.1 << 32)))
        }
        Op::PvfminLo => {
            each_single!(sources_yz Lower |unit, o, _r| upper(scalar::fmin_s(unit, o.0 << 32, o.1 << 32)))
        }
        Op::PvfminUp => {
            each_single!(sources_yz Upper |unit, o, _r| upper(scalar::fmin_s(unit, o.0 << 32, o.1 << 32)))
        }
        Op::Pvfmin => {
            each_single!(sources_yz Both |unit, o, _r| upper(scalar::fmin_s(unit, o.0 << 32, o.1 << 32)))
        }
        _ => return None,
    })
}

fn upper(value: u64) -> u32 {
    (value >> 32) as u32
}

impl Run {
    fn compare_singles(&mut self, slot: &Slot, fuel: Fuel, halves: Halves) -> Link {
        let sources = sources_yz(self, slot);
        if !self.vector_floats() {
            return self.singles::<Difference, 2>(slot, fuel, sources, halves);
        }
        let active = self.lanes_that_take_part(slot, halves);
        let places = self.places(slot, sources, &active);
        self.unseen_but_signaling(
            |v| elementwise::singles::<Difference, 2>(v, places, halves),
            |v| elementwise::any_lane(v, places, halves, is_signaling_single),
        );
        self.next(slot, fuel)
    }

    /// Computes something that raises nothing, on the host's unit or the one that is given.
    fn silently(&mut self, operation: impl FnOnce(&mut Registers, Option<&mut Exact>)) {
        if self.vector_floats() {
            let v = &mut self.cpu.v;
            self.unit.unseen(|| operation(v, None));
        } else {
            let mut unit = Exact::new(self.cpu.psw.rounding());
            operation(&mut self.cpu.v, Some(&mut unit));
        }
    }

    fn silent_roots(&mut self, slot: &Slot, fuel: Fuel, halves: Halves) -> Link {
        let active = self.lanes_that_take_part(slot, halves);
        let places = self.places(slot, sources_y(self, slot), &active);
        self.silently(|v, unit| match unit {
            None => elementwise::singles::<ReciprocalRootOrLargest, 1>(v, places, halves),
            Some(unit) => each_lane(v, places, halves, |operands| {
                ReciprocalRootOrLargest::exact_single(unit, operands)
            }),
        });
        self.next(slot, fuel)
    }
}

fn conversion(op: Op) -> Option<Handler> {
    Some(match op {
        Op::VcvtWDSx => each_element!(sources_y | unit, o, r | convert::cvt_w_d_sx(unit, o.0, r)),
        Op::VcvtWDZx => each_element!(sources_y | unit, o, r | convert::cvt_w_d_zx(unit, o.0, r)),
        Op::VcvtWSSx => each_element!(sources_y | unit, o, r | convert::cvt_w_s_sx(unit, o.0, r)),
        Op::VcvtWSZx => each_element!(sources_y | unit, o, r | convert::cvt_w_s_zx(unit, o.0, r)),
        Op::VcvtLD => each_element!(sources_y | unit, o, r | convert::cvt_l_d(unit, o.0, r)),
        Op::VcvtDW => each_element!(sources_y | _unit, o, _r | convert::cvt_d_w(o.0)),
        Op::VcvtSW => each_element!(sources_y | unit, o, _r | convert::cvt_s_w(unit, o.0)),
        Op::VcvtDL => each_element!(sources_y | unit, o, _r | convert::cvt_d_l(unit, o.0)),
        Op::VcvtDS => each_element!(sources_y | unit, o, _r | convert::cvt_d_s(unit, o.0)),
        Op::VcvtSD => each_element!(sources_y | unit, o, _r | convert::cvt_s_d(unit, o.0)),
        Op::PvcvtWSLo => {
            each_single!(sources_y Lower |unit, o, r| convert::cvt_w_s_zx(unit, o.0 << 32, r) as u32)
        }
        Op::PvcvtWSUp => {
            each_single!(sources_y Upper |unit, o, r| convert::cvt_w_s_zx(unit, o.0 << 32, r) as u32)
        }
        Op::PvcvtWS => {
            each_single!(sources_y Both |unit, o, r| convert::cvt_w_s_zx(unit, o.0 << 32, r) as u32)
        }
        Op::PvcvtSWLo => {
            each_single!(sources_y Lower |unit, o, _r| upper(convert::cvt_s_w(unit, o.0)))
        }
        Op::PvcvtSWUp => {
            each_single!(sources_y Upper |unit, o, _r| upper(convert::cvt_s_w(unit, o.0)))
        }
        Op::PvcvtSW => {
            each_single!(sources_y Both |unit, o, _r| upper(convert::cvt_s_w(unit, o.0)))
        }
        _ => return None,
    })
}

/// A maximum or minimum of the elements that take part, if there are any.
macro_rules! extreme {
    ($lanes:ident |$unit:ident, $a:ident, $b:ident| $value:expr) => {{
        fn operation($unit: &mut impl FloatUnit, $a: u64, $b: u64) -> u64 {
            $value
        }
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let (active, x, y) = (run.active(slot), run.vector_x(slot), run.vector_y(slot));
            if run.host_floats {
                let unit = &mut run.unit;
                let result = reduce::reduce(&run.cpu.v, y, &active, |a, b| operation(unit, a, b));
                if let Some(result) = result {
                    run.cpu.v[x][0] = result & $lanes as u64;
                }
                return run.next(slot, fuel);
            }
            run.exactly_in_vectors(slot, fuel, |v, unit| {
                if let Some(result) = reduce::reduce(v, y, &active, |a, b| operation(unit, a, b)) {
                    v[x][0] = result & $lanes as u64;
                }
            })
        }) as Handler
    }};
}

impl Run {
    /// `vfsum` of doubles, or of singles.
    fn float_sum<const SINGLE: bool>(&mut self, slot: &Slot, fuel: Fuel) -> Link {
        fn add<const SINGLE: bool>(unit: &mut impl FloatUnit, a: u64, b: u64) -> u64 {
            if SINGLE {
                scalar::fadd_s(unit, a, b)
            } else {
                scalar::fadd_d(unit, a, b)
            }
        }
        let (active, x, y) = (self.active(slot), self.vector_x(slot), self.vector_y(slot));
        if active.vl() == 0 {
            return self.next(slot, fuel);
        }
        let halves = if SINGLE { Upper } else { Both };
        let written = |sum: Option<u64>| sum.unwrap_or(0) & halves as u64;
        if self.host_floats {
            let sums = self
                .vector_floats()
                .then(|| reduce::partial_sums::<Add>(&self.cpu.v, y, &active, SINGLE))
                .flatten();
            let unit = &mut self.unit;
            let sum = match sums {
                Some(sums) => sums.into_iter().reduce(|a, b| add::<SINGLE>(unit, a, b)),
                None => {
                    reduce::float_sum(&self.cpu.v, y, &active, |a, b| add::<SINGLE>(unit, a, b))
                }
            };
            self.cpu.v[x][0] = written(sum);
            return self.next(slot, fuel);
        }
        self.exactly_in_vectors(slot, fuel, |v, unit| {
            let sum = reduce::float_sum(v, y, &active, |a, b| add::<SINGLE>(unit, a, b));
            v[x][0] = written(sum);
        })
    }
}

fn reduction(op: Op) -> Option<Handler> {
    Some(match op {
        Op::VfsumD => Run::float_sum::<false>,
        Op::VfsumS => Run::float_sum::<true>,
        // Equal elements have the same bits, except NaNs. So the first and the last one give the same result.
        Op::VfrmaxDFst | Op::VfrmaxDLst => {
            extreme!(Both | unit, a, b | scalar::fmax_d(unit, a, b))
        }
        Op::VfrminDFst | Op::VfrminDLst => {
            extreme!(Both | unit, a, b | scalar::fmin_d(unit, a, b))
        }
        Op::VfrmaxSFst | Op::VfrmaxSLst => {
            extreme!(Upper | unit, a, b | scalar::fmax_s(unit, a, b))
        }
        Op::VfrminSFst | Op::VfrminSLst => {
            extreme!(Upper | unit, a, b | scalar::fmin_s(unit, a, b))
        }
        _ => return None,
    })
}

/// Each element of the one before and one of y.
macro_rules! iterated {
    (|$unit:ident, $before:ident, $y:ident| $value:expr) => {{
        fn operation($unit: &mut impl FloatUnit, $before: u64, $y: u64) -> u64 {
            $value
        }
        (|run: &mut Run, slot: &Slot, fuel: Fuel| {
            let (x, y, vl) = (run.vector_x(slot), run.vector_y(slot), run.cpu.vl());
            let first = run.y(slot);
            if run.host_floats {
                let unit = &mut run.unit;
                iterate::iterate(&mut run.cpu.v, x, y, vl, first, |before, y| {
                    operation(unit, before, y)
                });
                return run.next(slot, fuel);
            }
            run.exactly_in_vectors(slot, fuel, |v, unit| {
                iterate::iterate(v, x, y, vl, first, |before, y| operation(unit, before, y));
            })
        }) as Handler
    }};
}

fn iteration(op: Op) -> Option<Handler> {
    Some(match op {
        Op::VfiaD => iterated!(|unit, before, y| scalar::fadd_d(unit, before, y)),
        Op::VfiaS => iterated!(|unit, before, y| scalar::fadd_s(unit, before, y)),
        Op::VfisD => iterated!(|unit, before, y| scalar::fsub_d(unit, y, before)),
        Op::VfisS => iterated!(|unit, before, y| scalar::fsub_s(unit, y, before)),
        Op::VfimD => iterated!(|unit, before, y| scalar::fmul_d(unit, before, y)),
        Op::VfimS => iterated!(|unit, before, y| scalar::fmul_s(unit, before, y)),
        Op::VfiamD
        | Op::VfiamS
        | Op::VfismD
        | Op::VfismS
        | Op::VfimaD
        | Op::VfimaS
        | Op::VfimsD
        | Op::VfimsS => |run, slot, _| {
            run.trap(
                slot,
                TrapKind::Unimplemented {
                    op: slot.insn.op(),
                    what: "the order of its steps is not known",
                },
            )
        },
        _ => return None,
    })
}
