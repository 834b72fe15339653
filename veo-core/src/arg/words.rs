//! The words of a call's arguments, in the two forms that backends take.

use std::fmt;

use veo_abi::ffi::{
    VEO_EMU_CLASS_DOUBLE, VEO_EMU_CLASS_FLOAT, VEO_EMU_CLASS_HMEM, VEO_EMU_CLASS_INTEGER,
};
use veo_abi::{Scalar, Word};

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
    /// The stack data of this index.
    Stack(u32),
}

/// What a word holds. All but the last are what `veo_emu_call_async` takes.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Class {
    Integer = VEO_EMU_CLASS_INTEGER as u8,
    Float = VEO_EMU_CLASS_FLOAT as u8,
    Double = VEO_EMU_CLASS_DOUBLE as u8,
    Hmem = VEO_EMU_CLASS_HMEM as u8,
    Stack = 0x10,
}

/// Arguments that need no allocation.
const FEW: usize = 16;

/// The words of all arguments, and what each holds.
pub(crate) struct Words {
    len: usize,
    few_words: [u64; FEW],
    few_classes: [Class; FEW],
    /// All of them, once they are more than a few.
    many: Option<Box<(Vec<u64>, Vec<Class>)>>,
    /// Some words are not what the VE gets.
    unfinished: bool,
}

impl Default for Words {
    #[inline(always)]
    fn default() -> Words {
        Words {
            len: 0,
            few_words: [0; FEW],
            few_classes: [Class::Integer; FEW],
            many: None,
            unfinished: false,
        }
    }
}

impl Words {
    #[inline(always)]
    pub(crate) fn push(&mut self, word: ArgWord) {
        let (word, class) = match word {
            ArgWord::Integer(value) => (value as u64, Class::Integer),
            ArgWord::Float(value) => (value.to_word().0, Class::Float),
            ArgWord::Double(value) => (value.to_word().0, Class::Double),
            ArgWord::Hmem(address) => (address, Class::Hmem),
            ArgWord::Stack(index) => (index.into(), Class::Stack),
        };
        self.unfinished |= class == Class::Stack;
        if self.len < FEW {
            self.few_words[self.len] = word;
            self.few_classes[self.len] = class;
        } else {
            self.push_more(word, class);
        }
        self.len += 1;
    }

    #[cold]
    fn push_more(&mut self, word: u64, class: Class) {
        let (words, classes) = &mut **self
            .many
            .get_or_insert_with(|| Box::new((self.few_words.to_vec(), self.few_classes.to_vec())));
        words.push(word);
        classes.push(class);
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn all(&self) -> (&[u64], &[Class]) {
        match &self.many {
            None => (&self.few_words[..self.len], &self.few_classes[..self.len]),
            Some(many) => (&many.0, &many.1),
        }
    }

    /// The arguments one by one.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ArgWord> {
        let (words, classes) = self.all();
        words.iter().zip(classes).map(|(word, class)| match class {
            Class::Integer => ArgWord::Integer(*word as i64),
            Class::Float => ArgWord::Float(f32::from_word(Word(*word))),
            Class::Double => ArgWord::Double(f64::from_word(Word(*word))),
            Class::Hmem => ArgWord::Hmem(*word),
            Class::Stack => ArgWord::Stack(*word as u32),
        })
    }

    /// Where as many words as `len` says are, and as many classes of
    /// `veo_emu_call_async`. `None` if some argument is more than a word.
    #[inline]
    pub(crate) fn direct(&self) -> Option<(*const u64, *const u8)> {
        let (words, classes) = self.all();
        (!self.unfinished).then_some((words.as_ptr(), classes.as_ptr().cast()))
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
                words.push(match index % 3 {
                    0 => ArgWord::Integer(index as i64),
                    1 => ArgWord::Float(index as f32),
                    _ => ArgWord::Double(index as f64),
                });
            }
            assert_eq!((words.len(), words.iter().count()), (count, count));
            for (index, word) in words.iter().enumerate() {
                match (index % 3, word) {
                    (0, ArgWord::Integer(value)) => assert_eq!(value, index as i64),
                    (1, ArgWord::Float(value)) => assert_eq!(value, index as f32),
                    (2, ArgWord::Double(value)) => assert_eq!(value, index as f64),
                    other => panic!("{other:?}"),
                }
            }
            assert!(words.direct().is_some());
            words.push(ArgWord::Stack(0));
            assert!(words.direct().is_none());
        }
    }
}
