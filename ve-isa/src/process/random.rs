//! Pseudo-random numbers, as `rand` and `random` of the C library of Linux have them.

/// The additive generator of 31 words that `random` is known for: each is the sum of those 3 and 31 before.
#[derive(Debug)]
pub(crate) struct Random {
    words: [u32; 31],
    next: usize,
}

impl Default for Random {
    fn default() -> Self {
        Self::seeded(1)
    }
}

impl Random {
    pub(crate) fn seeded(seed: u32) -> Self {
        let mut words = [0; 31];
        let mut word = if seed == 0 { 1 } else { seed as i32 };
        for place in &mut words {
            *place = word as u32;
            // 16807 times the word, modulo 2^31 - 1, where a negative remainder counts from above.
            let product = i64::from(word) * 16807 % 0x7fff_ffff;
            word = (if product < 0 {
                product + 0x7fff_ffff
            } else {
                product
            }) as i32;
        }
        let mut new = Self { words, next: 3 };
        for _ in 0..310 {
            new.next();
        }
        new
    }

    /// A number below 2^31.
    pub(crate) fn next(&mut self) -> u32 {
        let index = self.next;
        let other = self.words[(index + 28) % 31];
        self.words[index] = self.words[index].wrapping_add(other);
        self.next = (index + 1) % 31;
        self.words[index] >> 1
    }
}

/// The generator of 48 bits of `drand48`: each state is a multiple of the one before, and a term.
#[derive(Debug)]
pub(crate) struct Random48 {
    state: u64,
    factor: u64,
    term: u64,
}

impl Default for Random48 {
    fn default() -> Self {
        Self::new(0, Self::FACTOR, Self::TERM)
    }
}

impl Random48 {
    const FACTOR: u64 = 0x5_deec_e66d;
    const TERM: u64 = 0xb;

    pub(crate) fn new(state: u64, factor: u64, term: u64) -> Self {
        Self {
            state,
            factor,
            term,
        }
    }

    /// With a seed of 32 bits.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self::new(seed << 16 | 0x330e, Self::FACTOR, Self::TERM)
    }

    /// The state that follows another one.
    pub(crate) fn after(&self, state: u64) -> u64 {
        let product = state.wrapping_mul(self.factor);
        product.wrapping_add(self.term) & ((1 << 48) - 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.after(self.state);
        self.state
    }

    /// Sets the state, with factor and term as at first; the result is the one before.
    pub(crate) fn set(&mut self, state: u64) -> u64 {
        let before = self.state;
        *self = Self::new(state, Self::FACTOR, Self::TERM);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_are_those_of_the_c_library() {
        for seed in [0, 1, 2, 42, 0x8000_0000, u32::MAX] {
            let mut random = Random::seeded(seed);
            // SAFETY: no other test of this crate uses the generator of the C library.
            unsafe { libc::srand(seed) };
            for index in 0..1000 {
                // SAFETY: as above.
                let expected = unsafe { libc::rand() };
                assert_eq!(random.next(), expected as u32, "{seed} {index}");
            }
        }
    }
}
