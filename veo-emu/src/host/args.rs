//! The arguments of a call, as a program sets them one by one.

use veo_abi::limits::MAX_STACK_DATA;
use veo_abi::{hmem, word_class};

use crate::error::{Error, Result};
use crate::shared::class::{ResultClass, WordClass};
use crate::shared::ring::MAX_WORDS;

/// All stack buffers of one call together.
const MOST_STACK: u64 = MAX_STACK_DATA as u64;

/// Which way the bytes of a stack buffer go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    In,
    InOut,
    Out,
}

impl Intent {
    pub(crate) fn copies_in(self) -> bool {
        self != Intent::Out
    }

    pub(crate) fn copies_out(self) -> bool {
        self != Intent::In
    }
}

/// A buffer of the host that a kernel sees on its stack.
#[derive(Clone, Copy)]
pub(crate) struct StackBuffer {
    pub(crate) index: usize,
    pub(crate) intent: Intent,
    pub(crate) place: *mut u8,
    pub(crate) len: u64,
}

/// Arguments by index. Setting one twice replaces it.
#[derive(Default)]
pub(crate) struct CallArgs {
    words: Vec<u64>,
    /// Packed.
    classes: [u64; word_class::words_for(MAX_WORDS)],
    set: [u64; MAX_WORDS / 64],
    stack: Vec<StackBuffer>,
    /// Which words are addresses that may have a tag.
    hmem: Vec<usize>,
    returns: Option<ResultClass>,
}

// SAFETY: the buffers are addresses of the program that made the call; they are used
// only as the interface says, from whichever thread.
unsafe impl Send for CallArgs {}
// SAFETY: as above; a shared reference only reads.
unsafe impl Sync for CallArgs {}

impl CallArgs {
    /// Forgets everything but keeps the room.
    pub(crate) fn clear(&mut self) {
        self.words.clear();
        self.classes = Default::default();
        self.set = Default::default();
        self.stack.clear();
        self.hmem.clear();
        self.returns = None;
    }

    /// Sets a scalar.
    #[inline]
    pub(crate) fn set(&mut self, index: i32, word: u64, class: WordClass) -> Result<()> {
        let index = self.place(index)?;
        self.words[index] = word;
        class.put(&mut self.classes, index);
        Ok(())
    }

    /// Sets an address that may have a tag. The function that is called decides later whether
    /// it gets the tag.
    pub(crate) fn set_hmem(&mut self, index: i32, address: u64) -> Result<()> {
        self.set(index, address, WordClass::Integer)?;
        self.hmem.push(index as usize);
        Ok(())
    }

    /// Sets a buffer on the kernel's stack.
    pub(crate) fn set_stack(
        &mut self,
        index: i32,
        intent: Intent,
        place: *mut u8,
        len: u64,
    ) -> Result<()> {
        if place.is_null() {
            return Err(Error::invalid(format!(
                "argument {index}: a stack buffer needs an address"
            )));
        }
        if len > MOST_STACK {
            return Err(Error::invalid(format!(
                "argument {index}: {len} bytes are more than the {MOST_STACK} that fit the stack"
            )));
        }
        let index = self.place(index)?;
        self.words[index] = 0;
        WordClass::Integer.put(&mut self.classes, index);
        self.stack.push(StackBuffer {
            index,
            intent,
            place,
            len,
        });
        Ok(())
    }

    #[inline]
    fn place(&mut self, index: i32) -> Result<usize> {
        let place = usize::try_from(index).ok().filter(|at| *at < MAX_WORDS);
        let Some(place) = place else {
            return Err(Error::invalid(format!(
                "argument {index}: indices go from 0 to {}",
                MAX_WORDS - 1
            )));
        };
        if place >= self.words.len() {
            self.words.resize(place + 1, 0);
        }
        let bit = 1 << (place % 64);
        if self.set[place / 64] & bit != 0 {
            self.stack.retain(|buffer| buffer.index != place);
            self.hmem.retain(|index| *index != place);
        }
        self.set[place / 64] |= bit;
        Ok(place)
    }

    /// Declares that every argument was set with its own type, and the type of the result.
    pub(crate) fn mark(&mut self, returns: Option<ResultClass>) {
        self.returns = returns;
    }

    /// Whether the arguments can be passed: dense, and the buffers not too large.
    pub(crate) fn check(&self) -> Result<()> {
        let count = self.words.len();
        for (word, bits) in self.set.iter().enumerate() {
            let wanted = count.saturating_sub(word * 64).min(64);
            let mask = if wanted == 64 { !0 } else { (1 << wanted) - 1 };
            if bits & mask != mask {
                let missing = word * 64 + (!bits & mask).trailing_zeros() as usize;
                return Err(Error::invalid(format!(
                    "argument {missing} was not set, but {} was",
                    count - 1
                )));
            }
        }
        let total: u64 = self.stack.iter().map(|buffer| buffer.len).sum();
        if total > MOST_STACK {
            return Err(Error::invalid(format!(
                "the stack buffers are {total} bytes together; at most {MOST_STACK} fit"
            )));
        }
        Ok(())
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Whether some words may have tags.
    pub(crate) fn has_hmem(&self) -> bool {
        !self.hmem.is_empty()
    }

    /// The words without tags of the process that gets them, of which the identifiers are told. An address of another
    /// process keeps its tag: without it, it would be one of this process.
    pub(crate) fn untagged(&self, is_own: impl Fn(usize) -> bool) -> Vec<u64> {
        let mut words = self.words.clone();
        for index in &self.hmem {
            let word = &mut words[*index];
            if is_own(hmem::identifier(*word)) {
                *word = hmem::untag(*word);
            }
        }
        words
    }

    /// The classes of the words, packed.
    pub(crate) fn classes(&self) -> &[u64] {
        &self.classes[..word_class::words_for(self.words.len())]
    }

    pub(crate) fn stack(&self) -> &[StackBuffer] {
        &self.stack
    }

    /// The class of the function's result, if the arguments were marked.
    pub(crate) fn returns(&self) -> Option<ResultClass> {
        self.returns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_found() {
        let mut args = CallArgs::default();
        args.check().unwrap();
        args.set(1, 5, WordClass::Integer).unwrap();
        assert!(args.check().unwrap_err().text.contains("argument 0"));
        args.set(0, 5, WordClass::Integer).unwrap();
        args.check().unwrap();
        args.set(255, 5, WordClass::Double).unwrap();
        assert!(args.check().unwrap_err().text.contains("argument 2 "));
        for index in 2..255 {
            args.set(index, 0, WordClass::Integer).unwrap();
        }
        args.check().unwrap();
        assert!(args.set(256, 0, WordClass::Integer).is_err());
        assert!(args.set(-1, 0, WordClass::Integer).is_err());
    }

    #[test]
    fn a_scalar_replaces_a_buffer() {
        let mut args = CallArgs::default();
        let mut byte = 0u8;
        args.set_stack(0, Intent::In, &mut byte, 1).unwrap();
        args.set_stack(0, Intent::Out, &mut byte, 1).unwrap();
        assert_eq!(args.stack().len(), 1);
        args.set(0, 1, WordClass::Integer).unwrap();
        assert!(args.stack().is_empty());
        assert!(
            args.set_stack(0, Intent::In, std::ptr::null_mut(), 1)
                .is_err()
        );
        assert!(
            args.set_stack(0, Intent::In, &mut byte, MOST_STACK + 1)
                .is_err()
        );
    }
}
