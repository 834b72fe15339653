//! The words of a call's arguments, with the class of each.

use std::fmt;
use std::mem::MaybeUninit;

use veo_abi::{Scalar, Word, word_class};

/// One argument as the VE gets it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ArgWord {
    /// Integers, already extended to 64 bits, and addresses.
    Integer(i64),
    Float(f32),
    Double(f64),
    /// An address with the tag of its process, for which the backend knows whether the
    /// kernel gets it.
    Hmem(u64),
}

/// Arguments that need no allocation.
const FEW: usize = 16;

/// The words of all arguments, and what each holds.
pub(crate) struct Words {
    len: usize,
    /// The first `len` of these are written, while there are no more than a few. The others stay
    /// unwritten: filling and copying them takes 50 of 1,400 instructions of a call.
    few_words: [MaybeUninit<u64>; FEW],
    few_classes: u64,
    /// All of them, once they are more than a few.
    many: Option<Box<(Vec<u64>, Vec<u64>)>>,
}

impl Default for Words {
    #[inline(always)]
    fn default() -> Words {
        Words {
            len: 0,
            few_words: [const { MaybeUninit::uninit() }; FEW],
            few_classes: 0,
            many: None,
        }
    }
}

impl Words {
    #[inline(always)]
    pub(crate) fn push(&mut self, word: ArgWord) {
        let (word, class) = match word {
            ArgWord::Integer(value) => (value as u64, word_class::INTEGER),
            ArgWord::Float(value) => (value.to_word().0, word_class::FLOAT),
            ArgWord::Double(value) => (value.to_word().0, word_class::DOUBLE),
            ArgWord::Hmem(address) => (address, word_class::HMEM),
        };
        if self.len < FEW {
            self.few_words[self.len].write(word);
            self.few_classes = word_class::with(self.few_classes, self.len, class);
        } else {
            self.push_more(word, class);
        }
        self.len += 1;
    }

    #[cold]
    fn push_more(&mut self, word: u64, class: u64) {
        if self.many.is_none() {
            let (few, classes) = self.packed();
            self.many = Some(Box::new((few.to_vec(), classes.to_vec())));
        }
        let Some(many) = &mut self.many else { return };
        let (words, classes) = &mut **many;
        let index = words.len();
        words.push(word);
        classes.resize(word_class::words_for(words.len()), 0);
        word_class::set(classes, index, class);
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The words, and their classes as `veo_emu_call_async` takes them.
    #[inline]
    pub(crate) fn packed(&self) -> (&[u64], &[u64]) {
        match &self.many {
            None => {
                let words = std::ptr::from_ref(&self.few_words[..self.len]) as *const [u64];
                // SAFETY: `push` writes the word at `len` before it counts it, and goes on
                // in `many` from the first that has no room here. So all of these are written,
                // and they are borrowed as `self` is.
                let words = unsafe { &*words };
                (words, std::slice::from_ref(&self.few_classes))
            }
            Some(many) => (&many.0, &many.1),
        }
    }

    /// The arguments one by one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ArgWord> {
        let (words, classes) = self.packed();
        words
            .iter()
            .enumerate()
            .map(|(index, word)| match word_class::get(classes, index) {
                word_class::INTEGER => ArgWord::Integer(*word as i64),
                word_class::FLOAT => ArgWord::Float(f32::from_word(Word(*word))),
                word_class::DOUBLE => ArgWord::Double(f64::from_word(Word(*word))),
                _ => ArgWord::Hmem(*word),
            })
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_arguments_keeps_its_order() {
        for count in [0, 1, FEW - 1, FEW, FEW + 1, 256] {
            let mut words = Words::default();
            for index in 0..count {
                words.push(match index % 4 {
                    0 => ArgWord::Integer(index as i64),
                    1 => ArgWord::Float(index as f32),
                    2 => ArgWord::Hmem(index as u64),
                    _ => ArgWord::Double(index as f64),
                });
            }
            assert_eq!((words.len(), words.iter().count()), (count, count));
            for (index, word) in words.iter().enumerate() {
                match (index % 4, word) {
                    (0, ArgWord::Integer(value)) => assert_eq!(value, index as i64),
                    (1, ArgWord::Float(value)) => assert_eq!(value, index as f32),
                    (2, ArgWord::Hmem(value)) => assert_eq!(value, index as u64),
                    (3, ArgWord::Double(value)) => assert_eq!(value, index as f64),
                    other => panic!("{other:?}"),
                }
            }
            let (all, classes) = words.packed();
            assert_eq!(all.len(), count);
            assert_eq!(classes.len(), word_class::words_for(count).max(1));
        }
    }
}
