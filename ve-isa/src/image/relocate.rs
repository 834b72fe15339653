//! The values that relocations write.
//!
//! S is the symbol's address, A the addend, P the place, GOT the global offset table; `HI` and `LO` are the halves of a value, both
//! written to the displacement of an instruction.

/// A relocation, by its number in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RelocationNumber(pub(super) u32);

/// Their names.
const NAMES: [&str; 37] = [
    "NONE",
    "REFLONG",
    "REFQUAD",
    "SREL32",
    "HI32",
    "LO32",
    "PC_HI32",
    "PC_LO32",
    "GOT32",
    "GOT_HI32",
    "GOT_LO32",
    "GOTOFF32",
    "GOTOFF_HI32",
    "GOTOFF_LO32",
    "PLT32",
    "PLT_HI32",
    "PLT_LO32",
    "RELATIVE",
    "GLOB_DAT",
    "JUMP_SLOT",
    "COPY",
    "IRELATIVE",
    "DTPMOD64",
    "DTPOFF64",
    "TPOFF64",
    "TLS_GD_HI32",
    "TLS_GD_LO32",
    "TLS_LD_HI32",
    "TLS_LD_LO32",
    "DTPOFF32",
    "TLS_IE_HI32",
    "TLS_IE_LO32",
    "TPOFF_HI32",
    "TPOFF_LO32",
    "TPOFF32",
    "CALL_HI32",
    "CALL_LO32",
];

/// The property of a symbol that a relocation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Needs {
    /// Its address.
    Address,
    /// A slot of the table that holds its address.
    Slot,
    /// Two slots: the number of its thread-local memory, and where it is in there.
    Pair,
    /// A slot that holds its distance from the thread pointer.
    ThreadSlot,
    /// Its distance from the thread pointer.
    ThreadOffset,
    /// Its offset in its image's thread-local memory.
    LocalOffset,
}

/// The form of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// All 64 bits.
    Whole(u64),
    /// 32 bits.
    Half(u32),
}

impl RelocationNumber {
    /// Whether it writes nothing.
    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether there is such a relocation.
    pub(super) fn is_known(self) -> bool {
        (self.0 as usize) < NAMES.len()
    }

    /// The name in NEC's papers.
    pub(super) fn name(self) -> String {
        match NAMES.get(self.0 as usize) {
            Some(name) => format!("R_VE_{name}"),
            None => format!("relocation {}", self.0),
        }
    }

    /// The property that it needs of its symbol, in a relocatable object; none if such an object cannot have it.
    pub(super) fn needs(self) -> Option<Needs> {
        Some(match self.0 {
            1..=7 | 11..=16 | 35 | 36 => Needs::Address,
            8..=10 => Needs::Slot,
            25..=28 => Needs::Pair,
            30 | 31 => Needs::ThreadSlot,
            32..=34 => Needs::ThreadOffset,
            29 => Needs::LocalOffset,
            _ => return None,
        })
    }

    /// The value that it writes. `value` is the property that it needs: an address, that of a slot, or an offset.
    pub(super) fn write(
        self,
        value: u64,
        addend: i64,
        place: u64,
        got: u64,
    ) -> Result<Write, String> {
        let sum = value.wrapping_add(addend as u64);
        let relative = sum.wrapping_sub(place);
        let of_got = sum.wrapping_sub(got);
        let high = |value: u64| Ok(Write::Half((value >> 32) as u32));
        let low = |value: u64| Ok(Write::Half(value as u32));
        let near = |value: u64| {
            i32::try_from(value as i64)
                .map(|value| Write::Half(value as u32))
                .map_err(|_| format!("{} cannot reach {value:#x}", self.name()))
        };
        match self.0 {
            1 if sum <= u64::from(u32::MAX) => low(sum),
            1 | 34 | 29 => near(sum),
            2 => Ok(Write::Whole(sum)),
            3 | 14 => near(relative),
            4 | 35 | 32 => high(sum),
            5 | 36 | 33 => low(sum),
            6 | 15 | 25 => high(relative),
            7 | 16 | 26 => low(relative),
            8 | 11 => near(of_got),
            9 | 12 | 27 | 30 => high(of_got),
            10 | 13 | 28 | 31 => low(of_got),
            _ => Err(format!(
                "{} has no place in a relocatable object",
                self.name()
            )),
        }
    }
}
