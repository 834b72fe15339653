//! Values that every rank can compute of every other.

use veo_core::VeData;

/// A type whose values can be told apart.
pub trait Sample: VeData + PartialEq + std::fmt::Debug {
    /// One of many.
    fn sample(number: u64) -> Self;
}

macro_rules! samples {
    ($($ty:ty),*) => {$(
        impl Sample for $ty {
            fn sample(number: u64) -> Self {
                // All bits of the integers, whole numbers of the floats.
                (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16) as $ty
            }
        }
    )*};
}

samples!(i8, i16, i32, i64, u8, u16, u32, u64, isize, usize, f32, f64);

/// A structure with a gap.
#[derive(Clone, Copy, Debug, PartialEq, VeData)]
#[repr(C)]
pub struct Cell {
    pub kind: u8,
    pub count: i32,
    pub at: [f64; 2],
}

impl Sample for Cell {
    fn sample(number: u64) -> Self {
        Cell {
            kind: number as u8,
            count: -(number as i32),
            at: [number as f64, 0.5],
        }
    }
}

impl Sample for [i16; 3] {
    fn sample(number: u64) -> Self {
        [number as i16, 7, -(number as i16)]
    }
}

/// The values that a rank has for a purpose.
pub fn values<T: Sample>(rank: i32, purpose: u64, len: usize) -> Vec<T> {
    let seed = (rank as u64 + 1) * 1_000_003 + purpose * 7919;
    (0..len as u64)
        .map(|at| T::sample(seed.wrapping_mul(31).wrapping_add(at)))
        .collect()
}

/// Lengths around those at which something changes: nothing, what goes with the header, a chunk, several.
pub fn lengths<T>() -> Vec<usize> {
    let chunk = crate::CHUNK / size_of::<T>();
    let inline = 4096 / size_of::<T>();
    vec![
        0,
        1,
        inline / 2,
        inline,
        chunk - 1,
        chunk,
        chunk + 1,
        3 * chunk + 5,
    ]
}

/// A generator of random numbers.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit as u64) as usize
    }
}
