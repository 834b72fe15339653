//! The effects of operations on scalar registers and memory, as the translator emits them.

use ve_isa::encoding::Op;

/// Whether an operation writes its first operand, a scalar register, whatever was in it.
pub(crate) fn writes(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        AdduL
            | SubuL
            | MuluL
            | AdduW
            | SubuW
            | MuluW
            | MulsLW
            | And
            | Or
            | Xor
            | Eqv
            | Nnd
            | Ldz
            | Pcnt
            | Brv
            | Bswp
            | Sll
            | Srl
            | SraL
            | SraWSx
            | SraWZx
            | CmpsL
            | CmpuL
            | CmpsWSx
            | CmpsWZx
            | CmpuW
            | MaxsL
            | MinsL
            | MaxsWSx
            | MaxsWZx
            | MinsWSx
            | MinsWZx
            | Lea
            | LeaSl
            | Ld
            | Ldu
            | LdlSx
            | LdlZx
            | Ld2bSx
            | Ld2bZx
            | Ld1bSx
            | Ld1bZx
            | Svl
            | Smvl
            | Sic
            | Bsic
            | FaddD
            | FsubD
            | FmulD
            | FdivD
            | FaddS
            | FsubS
            | FmulS
            | FdivS
            | CvtDL
            | CvtDW
            | CvtSW
            | CvtDS
            | CvtSD
    ) || notes_overflow(op)
}

/// Whether an operation may note that a signed result did not fit.
pub(crate) fn notes_overflow(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        AddsL
            | SubsL
            | MulsL
            | AddsWSx
            | AddsWZx
            | SubsWSx
            | SubsWZx
            | MulsWSx
            | MulsWZx
            | SlaL
            | SlaWSx
            | SlaWZx
    )
}

/// Whether an operation loads one number.
pub(crate) fn is_load(op: Op) -> bool {
    use Op::{Ld, Ld1bSx, Ld1bZx, Ld2bSx, Ld2bZx, LdlSx, LdlZx, Ldu};
    matches!(
        op,
        Ld | Ldu | LdlSx | LdlZx | Ld2bSx | Ld2bZx | Ld1bSx | Ld1bZx
    )
}

/// Whether an operation stores one number.
pub(crate) fn is_store(op: Op) -> bool {
    matches!(op, Op::St | Op::Stu | Op::Stl | Op::St2b | Op::St1b)
}

/// Whether the translator emits an operation of the host's unit for it.
pub(crate) fn is_float(op: Op) -> bool {
    matches!(
        op,
        Op::FaddD
            | Op::FsubD
            | Op::FmulD
            | Op::FdivD
            | Op::FaddS
            | Op::FsubS
            | Op::FmulS
            | Op::FdivS
            | Op::CvtDL
            | Op::CvtDW
            | Op::CvtSW
            | Op::CvtDS
            | Op::CvtSD
    )
}

/// Whether an operation is translated to a value alone, which is stored later.
pub(crate) fn is_deferred(op: Op) -> bool {
    use Op::{Bsic, Bswp, CmovD, CmovL, CmovS, CmovW, Mrg};
    if matches!(op, CmovL | CmovW | CmovD | CmovS | Mrg) {
        return true;
    }
    // Some forms of `Bswp` are the interpreter's.
    writes(op) && !is_float(op) && !matches!(op, Bswp | Bsic)
}

/// Whether registers may be seen by others while an operation is executed, so that all are stored before.
pub(crate) fn shows(op: Op) -> bool {
    use Op::{BD, BL, BS, BW, BrD, BrL, BrS, BrW, Fencei, Nop, Pfch, Svob};
    // Branches that never go are among these.
    let does_nothing = matches!(
        op,
        Nop | Svob | Fencei | Pfch | BrL | BrW | BrD | BrS | BL | BW | BD | BS
    );
    !does_nothing && (is_load(op) || !is_deferred(op)) && !is_float(op)
}
