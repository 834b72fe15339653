//! The relocations of objects: what each of them computes, and where the result goes.

/// The value of a relocation for the symbol S with the addend A, at the place P.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    Nothing,
    /// S + A
    Absolute,
    /// S + A - P
    Relative,
    /// The slot of S in the global offset table + A - the table.
    Slot,
    /// S + A - the table.
    FromTable,
    /// S + A - P, or the entry for S in the procedure linkage table in place of S.
    Call,
    /// The pair of words for `__tls_get_addr` + A - P.
    TlsPair,
    /// The slot that has the offset of S from the thread pointer + A - the table.
    TlsSlot,
    /// The offset of S in its block of thread-local variables.
    TlsOffset,
    /// Only programs may have it: the offset of S from the thread pointer.
    TlsOfProgram,
    /// The form of general access that other compilers have.
    TlsOfModule,
    /// Linkers make it; objects do not have it.
    ForLoader,
}

/// Where the result is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoredPart {
    /// 64 bits.
    Whole,
    /// 32 bits, with or without a sign.
    Long,
    /// 32 bits with a sign.
    Signed,
    /// The upper 32 bits of 64.
    High,
    /// The lower 32 bits of 64.
    Low,
}

/// A kind of relocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct RelocationKind {
    pub(super) name: &'static str,
    pub(super) expression: Expression,
    pub(super) part: StoredPart,
}

pub(super) const REFQUAD: u32 = 2;
pub(super) const RELATIVE: u32 = 17;
pub(super) const GLOB_DAT: u32 = 18;
pub(super) const JUMP_SLOT: u32 = 19;
pub(super) const DTPMOD64: u32 = 22;
pub(super) const DTPOFF64: u32 = 23;
pub(super) const TPOFF64: u32 = 24;

/// The kind with a number.
pub(super) fn kind(number: u32) -> Option<RelocationKind> {
    use Expression as E;
    use StoredPart as P;
    let (name, expression, part) = match number {
        0 => ("R_VE_NONE", E::Nothing, P::Long),
        1 => ("R_VE_REFLONG", E::Absolute, P::Long),
        REFQUAD => ("R_VE_REFQUAD", E::Absolute, P::Whole),
        3 => ("R_VE_SREL32", E::Relative, P::Signed),
        4 => ("R_VE_HI32", E::Absolute, P::High),
        5 => ("R_VE_LO32", E::Absolute, P::Low),
        6 => ("R_VE_PC_HI32", E::Relative, P::High),
        7 => ("R_VE_PC_LO32", E::Relative, P::Low),
        8 => ("R_VE_GOT32", E::Slot, P::Signed),
        9 => ("R_VE_GOT_HI32", E::Slot, P::High),
        10 => ("R_VE_GOT_LO32", E::Slot, P::Low),
        11 => ("R_VE_GOTOFF32", E::FromTable, P::Signed),
        12 => ("R_VE_GOTOFF_HI32", E::FromTable, P::High),
        13 => ("R_VE_GOTOFF_LO32", E::FromTable, P::Low),
        14 => ("R_VE_PLT32", E::Call, P::Signed),
        15 => ("R_VE_PLT_HI32", E::Call, P::High),
        16 => ("R_VE_PLT_LO32", E::Call, P::Low),
        RELATIVE => ("R_VE_RELATIVE", E::ForLoader, P::Whole),
        GLOB_DAT => ("R_VE_GLOB_DAT", E::ForLoader, P::Whole),
        JUMP_SLOT => ("R_VE_JUMP_SLOT", E::ForLoader, P::Whole),
        20 => ("R_VE_COPY", E::ForLoader, P::Whole),
        21 => ("R_VE_IRELATIVE", E::ForLoader, P::Whole),
        DTPMOD64 => ("R_VE_DTPMOD64", E::ForLoader, P::Whole),
        DTPOFF64 => ("R_VE_DTPOFF64", E::TlsOffset, P::Whole),
        TPOFF64 => ("R_VE_TPOFF64", E::ForLoader, P::Whole),
        25 => ("R_VE_TLS_GD_HI32", E::TlsPair, P::High),
        26 => ("R_VE_TLS_GD_LO32", E::TlsPair, P::Low),
        27 => ("R_VE_TLS_LD_HI32", E::TlsOfModule, P::High),
        28 => ("R_VE_TLS_LD_LO32", E::TlsOfModule, P::Low),
        29 => ("R_VE_DTPOFF32", E::TlsOffset, P::Signed),
        30 => ("R_VE_TLS_IE_HI32", E::TlsSlot, P::High),
        31 => ("R_VE_TLS_IE_LO32", E::TlsSlot, P::Low),
        32 => ("R_VE_TPOFF_HI32", E::TlsOfProgram, P::High),
        33 => ("R_VE_TPOFF_LO32", E::TlsOfProgram, P::Low),
        34 => ("R_VE_TPOFF32", E::TlsOfProgram, P::Signed),
        35 => ("R_VE_CALL_HI32", E::Absolute, P::High),
        36 => ("R_VE_CALL_LO32", E::Absolute, P::Low),
        _ => return None,
    };
    Some(RelocationKind {
        name,
        expression,
        part,
    })
}

impl Expression {
    /// Whether the symbol must be a thread-local variable.
    pub(super) fn is_of_tls(self) -> bool {
        matches!(
            self,
            Self::TlsPair
                | Self::TlsSlot
                | Self::TlsOffset
                | Self::TlsOfProgram
                | Self::TlsOfModule
        )
    }
}

impl StoredPart {
    /// How many bytes it has.
    pub(super) fn width(self) -> usize {
        if self == Self::Whole { 8 } else { 4 }
    }

    /// Stores a value at the beginning of `place`. It is refused if it is too large.
    pub(super) fn store(self, place: &mut [u8], value: u64) -> bool {
        let signed = value.cast_signed();
        let is_in_range = match self {
            Self::Whole | Self::High | Self::Low => true,
            Self::Long => i32::try_from(signed).is_ok() || u32::try_from(value).is_ok(),
            Self::Signed => i32::try_from(signed).is_ok(),
        };
        let value = if self == Self::High {
            value >> 32
        } else {
            value
        };
        let bytes = value.to_le_bytes();
        let width = self.width();
        match (place.get_mut(..width), bytes.get(..width)) {
            (Some(place), Some(bytes)) => {
                place.copy_from_slice(bytes);
                is_in_range
            }
            _ => false,
        }
    }
}
