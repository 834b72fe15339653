//! The registers of one thread.

use std::ops::{Deref, DerefMut};

use super::psw::Psw;
use crate::encoding::operand;

/// How many elements a vector register has.
pub const ELEMENTS: usize = 256;

/// A vector register.
pub type Vector = [u64; ELEMENTS];

/// A mask register: bit i % 64 of word i / 64 is the bit of element i.
///
/// `lvm` and `svm` see it differently; they turn each word round.
pub type Mask = [u64; ELEMENTS / 64];

/// All vector registers. Each begins where a cache line of the host does, so that wide loads and stores lie in one.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Vectors([Vector; 64]);

impl Vectors {
    fn new() -> Box<Self> {
        // This is never on the stack, since it is large.
        let zeros = Box::new_zeroed();
        // SAFETY: they are integers.
        unsafe { zeros.assume_init() }
    }
}

impl Deref for Vectors {
    type Target = [Vector; 64];

    #[inline(always)]
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Vectors {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// The registers of one thread: 64 scalar ones, 64 vector registers, 16 masks, and the registers that say where and how to go on.
///
/// The vector registers, 128 KiB, are on the heap.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Cpu {
    /// The scalar registers, then all constants, as [`operand`] numbers them.
    pub(crate) s: [u64; operand::COUNT],
    pub(crate) vm: [Mask; 16],
    pub(crate) v: Box<Vectors>,
    /// The address of the instruction.
    pub ic: u64,
    /// How many elements vector instructions work on, 0 to 256.
    pub(crate) vl: u64,
    /// The number of the vector register that `%vix` stands for.
    pub(crate) vixr: u64,
    /// RoundingMode, exceptions that trap, exceptions that have happened.
    pub psw: Psw,
}

impl Default for Cpu {
    fn default() -> Self {
        Self::new()
    }
}

impl Cpu {
    /// Registers as at the start: all 0, PSW with its defaults.
    #[must_use]
    pub fn new() -> Self {
        let mut vm = [[0; 4]; 16];
        // The mask register 0 is all ones and cannot be changed.
        vm[0] = [u64::MAX; 4];
        Self {
            s: operand::values(),
            vm,
            v: Vectors::new(),
            ic: 0,
            vl: 0,
            vixr: 0,
            psw: Psw::default(),
        }
    }

    /// The scalar register with this number.
    ///
    /// # Panics
    /// The number is not below 64.
    #[must_use]
    pub fn scalar(&self, number: usize) -> u64 {
        self.s[..operand::REGISTERS][number]
    }

    /// The value of the scalar operand with this index, as [`operand`] numbers them.
    ///
    /// # Panics
    /// There is no such index.
    #[must_use]
    pub fn operand(&self, index: usize) -> u64 {
        self.s[index]
    }

    /// Sets the scalar register with this number.
    ///
    /// # Panics
    /// The number is not below 64.
    pub fn set_scalar(&mut self, number: usize, value: u64) {
        self.s[..operand::REGISTERS][number] = value;
    }

    /// The vector register with this number.
    ///
    /// # Panics
    /// The number is not below 64.
    #[must_use]
    pub fn vector(&self, number: usize) -> &Vector {
        &self.v[number]
    }

    /// The vector register with this number, to be changed.
    ///
    /// # Panics
    /// The number is not below 64.
    pub fn vector_mut(&mut self, number: usize) -> &mut Vector {
        &mut self.v[number]
    }

    /// The mask register with this number.
    ///
    /// # Panics
    /// The number is not below 16.
    #[must_use]
    pub fn mask(&self, number: usize) -> &Mask {
        &self.vm[number]
    }

    /// Sets a mask register. Number 0 is always all ones: a value for it is lost.
    ///
    /// # Panics
    /// The number is not below 16.
    pub fn set_mask(&mut self, number: usize, value: Mask) {
        if number != 0 {
            self.vm[number] = value;
        }
    }

    /// How many elements vector instructions work on.
    #[must_use]
    pub fn vl(&self) -> usize {
        self.vl as usize
    }

    /// Sets how many elements vector instructions work on.
    ///
    /// # Panics
    /// The number is above 256.
    pub fn set_vl(&mut self, elements: usize) {
        assert!(elements <= ELEMENTS, "VL is {elements}, at most {ELEMENTS}");
        self.vl = elements as u64;
    }
}
