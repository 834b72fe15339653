//! The addresses of elements in memory.

/// The elements in a row of two-dimensional accesses.
const ROW: u64 = 16;

/// The address of an element: `stride` bytes from the one before it.
#[inline(always)]
pub const fn strided(base: u64, stride: u64, index: usize) -> u64 {
    base.wrapping_add(stride.wrapping_mul(index as u64))
}

/// The two strides of a two-dimensional access: in a row of 16 elements, and of the rows. `None` if one may be negative, since it is
/// not known whether they are signed.
#[must_use]
pub const fn strides_2d(strides: u64) -> Option<(u64, u64)> {
    if strides >> 63 != 0 || strides & 0x8000 != 0 {
        return None;
    }
    Some((strides & 0xffff, strides >> 16))
}

/// The address of an element of a two-dimensional access.
#[inline(always)]
pub const fn two_dimensional(base: u64, (in_row, of_rows): (u64, u64), index: usize) -> u64 {
    let (row, column) = (index as u64 / ROW, index as u64 % ROW);
    base.wrapping_add(row.wrapping_mul(of_rows))
        .wrapping_add(column.wrapping_mul(in_row))
}
