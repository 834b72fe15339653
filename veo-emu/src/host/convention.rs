//! How a native function takes its arguments and gives its result, by the debug information of
//! its library. This is for callers that set 64-bit words and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use veo_abi::prototype::{Encoding, FoundType, Prototype, Prototypes, TypeId};
use veo_abi::word_class;
use veo_debuginfo::prototypes::read_original;
use veo_debuginfo::{Original, SourceLines};

use super::operation::CallView;
use super::tags;
use crate::shared::class::{ResultClass, WordClass};
use crate::shared::ring::MAX_WORDS;
use crate::sys::thread::Uncancelled;

/// How one parameter is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PassedAs {
    /// A word in an integer register.
    Word,
    /// An integer of fewer bytes: the word is extended from its lower part.
    Integer(u8, bool),
    /// `float`: the upper half of the word.
    Float,
    /// `double`.
    Double,
    /// A type that no word can carry. Its word is passed as it was set.
    AsSet,
}

/// The convention of one function.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Convention {
    params: Vec<PassedAs>,
    returns: ResultClass,
}

impl Convention {
    /// The convention of a prototype. `None` if the prototype leaves the parameters open.
    pub(crate) fn of(prototype: &Prototype) -> Option<Convention> {
        let params = if prototype.prototyped {
            prototype
                .params
                .iter()
                .map(|param| passed(prototype, param.ty))
                .collect()
        } else {
            Vec::new()
        };
        let returns = match prototype.types.resolved(prototype.result) {
            FoundType::Base {
                encoding: Encoding::Float,
                size: 4,
                ..
            } => ResultClass::Float,
            FoundType::Base {
                encoding: Encoding::Float,
                size: 8,
                ..
            } => ResultClass::Double,
            FoundType::Base { encoding, size, .. } => match signed(*encoding) {
                Some(signed) => ResultClass::integer(*size, signed),
                None => ResultClass::Word,
            },
            FoundType::Enum { size, signed, .. } => {
                ResultClass::integer(*size, signed.unwrap_or(true))
            }
            _ => ResultClass::Word,
        };
        Some(Convention { params, returns })
    }
}

fn signed(encoding: Encoding) -> Option<bool> {
    match encoding {
        Encoding::Signed | Encoding::SignedChar => Some(true),
        Encoding::Unsigned | Encoding::UnsignedChar | Encoding::Bool => Some(false),
        Encoding::Float | Encoding::Complex | Encoding::Swapped => None,
    }
}

fn passed(prototype: &Prototype, ty: TypeId) -> PassedAs {
    let integer = |size: u64, signed: bool| match size {
        1 | 2 | 4 => PassedAs::Integer(size as u8, signed),
        8 => PassedAs::Word,
        _ => PassedAs::AsSet,
    };
    match prototype.types.resolved(ty) {
        FoundType::Base {
            encoding: Encoding::Float,
            size: 4,
            ..
        } => PassedAs::Float,
        FoundType::Base {
            encoding: Encoding::Float,
            size: 8,
            ..
        } => PassedAs::Double,
        FoundType::Base { encoding, size, .. } => {
            signed(*encoding).map_or(PassedAs::AsSet, |signed| integer(*size, signed))
        }
        FoundType::Enum { size, signed, .. } => integer(*size, signed.unwrap_or(true)),
        FoundType::Pointer { .. } | FoundType::Array { .. } | FoundType::Function { .. } => {
            PassedAs::Word
        }
        _ => PassedAs::AsSet,
    }
}

/// The arguments of one call, brought into the form that its function takes.
pub(crate) struct Prepared {
    words: [u64; MAX_WORDS],
    /// Packed.
    classes: [u64; word_class::words_for(MAX_WORDS)],
}

impl Default for Prepared {
    fn default() -> Prepared {
        Prepared {
            words: [0; MAX_WORDS],
            classes: [0; word_class::words_for(MAX_WORDS)],
        }
    }
}

impl Prepared {
    /// Applies the convention, if there is one. A word that it does not mention is passed as it
    /// was set.
    pub(crate) fn apply<'a>(
        &'a mut self,
        address: u64,
        convention: Option<&Convention>,
        words: &'a [u64],
        classes: &'a [u64],
    ) -> CallView<'a> {
        let Some(convention) = convention else {
            return CallView {
                address,
                words,
                classes,
                returns: ResultClass::Word,
            };
        };
        let count = words.len();
        for (index, &word) in words.iter().enumerate() {
            let class = WordClass::at(classes, index);
            let passed = convention.params.get(index).unwrap_or(&PassedAs::AsSet);
            let (word, class) = match *passed {
                PassedAs::Word => (word, WordClass::Integer),
                PassedAs::Integer(size, signed) => (
                    ResultClass::integer(size.into(), signed).word(word, 0),
                    WordClass::Integer,
                ),
                PassedAs::Float => (word, WordClass::Float),
                PassedAs::Double => (word, WordClass::Double),
                PassedAs::AsSet => (word, class),
            };
            self.words[index] = word;
            class.put(&mut self.classes, index);
        }
        CallView {
            address,
            words: &self.words[..count],
            classes: &self.classes[..word_class::words_for(count)],
            returns: convention.returns,
        }
    }
}

/// The prototypes of a library, read when first asked for.
#[derive(Debug)]
pub(crate) struct Lazy {
    file: Option<Arc<Original>>,
    /// The files of the libraries that were loaded before it, in order: it may use their functions.
    earlier: Vec<Arc<Original>>,
    read: OnceLock<Option<Prototypes>>,
    asks: OnceLock<bool>,
    extent: OnceLock<u64>,
}

impl Lazy {
    pub(crate) fn new(file: Option<Arc<Original>>, earlier: Vec<Arc<Original>>) -> Lazy {
        Lazy {
            file,
            earlier,
            read: OnceLock::new(),
            asks: OnceLock::new(),
            extent: OnceLock::new(),
        }
    }

    /// Whether its functions get addresses with their tags, in process `pid`. The loader has decided when it loaded the
    /// library, so this never changes.
    pub(crate) fn asks_for_tags(&self, pid: libc::pid_t) -> bool {
        *self.asks.get_or_init(|| {
            let _held = Uncancelled::new();
            let asks = |file: &Arc<Original>| {
                let asks = AssertUnwindSafe(|| tags::asks_for_tags(file, &self.earlier, pid));
                catch_unwind(asks).unwrap_or(false)
            };
            self.file.as_ref().is_some_and(asks)
        })
    }

    /// The length of the library in memory, 0 if its file cannot be read.
    pub(crate) fn extent(&self) -> u64 {
        *self.extent.get_or_init(|| {
            let _held = Uncancelled::new();
            let source = self.file.as_ref().and_then(|file| SourceLines::open(file));
            source.map_or(0, |source| source.extent())
        })
    }

    /// The prototypes, or `None` if the file has none that can be read.
    pub(crate) fn get(&self) -> Option<&Prototypes> {
        self.read
            .get_or_init(|| {
                let _held = Uncancelled::new();
                let file = self.file.as_ref()?;
                catch_unwind(AssertUnwindSafe(|| read_original(file).ok()))
                    .ok()
                    .flatten()
            })
            .as_ref()
    }
}
