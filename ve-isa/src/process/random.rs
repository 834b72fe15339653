//! Pseudo-random numbers, as `rand` and `random` of the C library of Linux have them.

/// Words of the state and how far behind the other summand is, by the number of the kind.
const KINDS: [(usize, usize); 5] = [(1, 0), (7, 3), (15, 1), (31, 3), (63, 1)];

/// The additive generator that `random` is known for: each word is the sum of two before it, those 3 and 31 before if nobody wants
/// another kind. Kind 0 multiplies instead.
#[derive(Debug)]
pub(crate) struct Random {
    kind: usize,
    words: Vec<u32>,
    next: usize,
}

impl Default for Random {
    fn default() -> Self {
        Self::of_kind(3, 1)
    }
}

impl Random {
    /// The largest kind whose state has room in so many bytes, with a word that tells its kind.
    pub(crate) fn kind_for(bytes: u64) -> Option<usize> {
        let has_room = |(words, _): &(usize, usize)| bytes >= 4 * (*words as u64 + 1);
        KINDS.iter().rposition(has_room)
    }

    pub(crate) fn of_kind(kind: usize, seed: u32) -> Self {
        let kind = kind.min(KINDS.len() - 1);
        let (length, behind) = KINDS[kind];
        let mut word = if seed == 0 { 1 } else { seed as i32 };
        let mut words = Vec::with_capacity(length);
        for _ in 0..length {
            words.push(word as u32);
            // 16807 times the word, modulo 2^31 - 1, where a negative remainder counts from above.
            let product = i64::from(word) * 16807 % 0x7fff_ffff;
            word = (if product < 0 {
                product + 0x7fff_ffff
            } else {
                product
            }) as i32;
        }
        let mut new = Self {
            kind,
            words,
            next: behind,
        };
        if kind > 0 {
            for _ in 0..10 * length {
                new.next();
            }
        }
        new
    }

    /// Begins anew, with a state of the same kind.
    pub(crate) fn seed(&mut self, seed: u32) {
        *self = Self::of_kind(self.kind, seed);
    }

    /// A number below 2^31.
    pub(crate) fn next(&mut self) -> u32 {
        let (length, behind) = KINDS[self.kind];
        if self.kind == 0 {
            let product = self.words[0].wrapping_mul(1_103_515_245);
            self.words[0] = product.wrapping_add(12345) & 0x7fff_ffff;
            return self.words[0];
        }
        let index = self.next;
        let other = self.words[(index + length - behind) % length];
        self.words[index] = self.words[index].wrapping_add(other);
        self.next = (index + 1) % length;
        self.words[index] >> 1
    }

    /// The state as programs keep it: a word that tells kind and place, then all others.
    pub(crate) fn to_words(&self) -> Vec<u32> {
        let (length, behind) = KINDS[self.kind];
        let other = (self.next + length - behind) % length;
        let first = match self.kind {
            0 => 0,
            kind => KINDS.len() * other + kind,
        };
        [&[first as u32][..], &self.words].concat()
    }

    /// How many words follow the first one of a state; nothing if it is none.
    pub(crate) fn length(first: u32) -> Option<usize> {
        let (length, _) = KINDS[first as usize % KINDS.len()];
        (first as usize / KINDS.len() < length).then_some(length)
    }

    /// A state that a program has kept, where there are as many words as [`length`](Self::length) tells.
    pub(crate) fn from_words(first: u32, words: Vec<u32>) -> Self {
        let kind = first as usize % KINDS.len();
        let (length, behind) = KINDS[kind];
        let next = (first as usize / KINDS.len() + behind) % length;
        debug_assert_eq!(words.len(), length);
        Self { kind, words, next }
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

    /// With factor and term as at first.
    pub(crate) fn with_state(state: u64) -> Self {
        Self::new(state, Self::FACTOR, Self::TERM)
    }

    pub(crate) fn state(&self) -> u64 {
        self.state
    }

    pub(crate) fn factor(&self) -> u64 {
        self.factor
    }

    pub(crate) fn term(&self) -> u64 {
        self.term
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
        *self = Self::with_state(state);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_are_those_of_the_c_library() {
        for seed in [0, 1, 2, 42, 0x8000_0000, u32::MAX] {
            let mut random = Random::default();
            random.seed(seed);
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
