//! Scalar operands as indices into one array: registers, then all constants that an instruction can hold.
//!
//! An interpreter keeps the 64 registers and behind them the constants, [`values`], in one array, and reads each operand
//! as `s[index]` without asking which of them it is. The constants must never be written.
//!
//! | index | value |
//! |---|---|
//! | 0 to 63 | register `%s0` to `%s63` |
//! | 64 to 255 | the constants -64 to 127 |
//! | 256 to 383 | mask constants by their 7-bit code: `(0)1` to `(63)1`, `(0)0` to `(63)0` |

/// How many indices there are.
pub const COUNT: usize = 384;

/// How many of them, from 0 on, are registers.
pub const REGISTERS: usize = 64;

const ZERO_AT: usize = 128;
const MASKS_AT: usize = 256;

/// The index of the constant 0.
pub const ZERO: usize = ZERO_AT;

/// The index of a constant from -64 to 127, or nothing for others.
#[must_use]
pub const fn constant(value: i64) -> Option<usize> {
    if value >= -64 && value <= 127 {
        Some((ZERO_AT as i64 + value) as usize)
    } else {
        None
    }
}

/// The index of the mask constant with this code, of which the lowest seven bits count.
#[must_use]
pub const fn mask_constant(code: u8) -> usize {
    MASKS_AT + (code & 127) as usize
}

/// The value of a mask constant: `(m)0`, with bit 6 of the code set, is m zeros, then ones; `(m)1` is m ones, then zeros. m is in
/// bits 5 to 0.
#[must_use]
pub const fn mask_value(code: u8) -> u64 {
    let m = code & 63;
    match (code & 64 != 0, m) {
        (true, _) => u64::MAX >> m,
        (false, 0) => 0,
        (false, _) => ((1_u64 << 63) as i64 >> (m - 1)) as u64,
    }
}

/// The array to begin with: registers are 0, constants have their values.
#[must_use]
pub const fn values() -> [u64; COUNT] {
    let mut values = [0; COUNT];
    let mut index = REGISTERS;
    while index < MASKS_AT {
        values[index] = (index as i64 - ZERO_AT as i64) as u64;
        index += 1;
    }
    while index < COUNT {
        values[index] = mask_value((index - MASKS_AT) as u8);
        index += 1;
    }
    values
}

/// Special registers that `smir` reads: number and name.
pub(super) const SPECIAL: [(u8, &str); 23] = [
    (0, "usrcc"),
    (1, "psw"),
    (2, "sar"),
    (7, "pmmr"),
    (8, "pmcr0"),
    (9, "pmcr1"),
    (10, "pmcr2"),
    (11, "pmcr3"),
    (16, "pmc0"),
    (17, "pmc1"),
    (18, "pmc2"),
    (19, "pmc3"),
    (20, "pmc4"),
    (21, "pmc5"),
    (22, "pmc6"),
    (23, "pmc7"),
    (24, "pmc8"),
    (25, "pmc9"),
    (26, "pmc10"),
    (27, "pmc11"),
    (28, "pmc12"),
    (29, "pmc13"),
    (30, "pmc14"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_its_value() {
        let values = values();
        for value in -64..=127 {
            assert_eq!(values[constant(value).unwrap()] as i64, value);
        }
        assert_eq!((constant(-65), constant(128)), (None, None));
        // `(m)b` spelled out bit by bit.
        for m in 0..64 {
            let ones: String = "1".repeat(m) + &"0".repeat(64 - m);
            let zeros: String = "0".repeat(m) + &"1".repeat(64 - m);
            assert_eq!(
                values[mask_constant(m as u8)],
                u64::from_str_radix(&ones, 2).unwrap(),
                "({m})1"
            );
            assert_eq!(
                values[mask_constant(m as u8 | 64)],
                u64::from_str_radix(&zeros, 2).unwrap(),
                "({m})0"
            );
        }
        assert_eq!(values[..REGISTERS], [0; REGISTERS]);
        assert_eq!(values[ZERO], 0);
    }
}
