//! The sanitizers of C compilers that kernels can be built with.

use std::fmt;

/// A checker that a compiler builds into kernels, for the emulated node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sanitizer {
    /// Accesses outside of blocks, to freed memory and to variables that are gone; leaks.
    Address,
    /// Undefined behaviour of C: shifts, overflows, indices, misaligned pointers.
    Undefined,
    /// Data races between threads.
    Thread,
}

impl Sanitizer {
    /// All of them.
    pub const ALL: [Sanitizer; 3] = [Sanitizer::Address, Sanitizer::Undefined, Sanitizer::Thread];

    /// The word that compilers know it by: `address`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Sanitizer::Address => "address",
            Sanitizer::Undefined => "undefined",
            Sanitizer::Thread => "thread",
        }
    }

    /// The name that its reports begin with: `AddressSanitizer`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Sanitizer::Address => "AddressSanitizer",
            Sanitizer::Undefined => "UndefinedBehaviorSanitizer",
            Sanitizer::Thread => "ThreadSanitizer",
        }
    }

    /// The variable that holds the options of its runtime library.
    #[must_use]
    pub const fn options(self) -> &'static str {
        match self {
            Sanitizer::Address => "ASAN_OPTIONS",
            Sanitizer::Undefined => "UBSAN_OPTIONS",
            Sanitizer::Thread => "TSAN_OPTIONS",
        }
    }

    /// Whether its runtime library works only if it is loaded before everything else.
    #[must_use]
    pub const fn comes_first(self) -> bool {
        matches!(self, Sanitizer::Address | Sanitizer::Thread)
    }

    /// The sanitizer of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Sanitizer> {
        Sanitizer::ALL
            .into_iter()
            .find(|sanitizer| sanitizer.word() == word)
    }

    /// The part of its runtime libraries' names after `lib`: gcc's, clang's (after `clang_rt.`).
    #[must_use]
    pub const fn runtimes(self) -> [&'static str; 2] {
        match self {
            Sanitizer::Address => ["asan", "asan"],
            Sanitizer::Undefined => ["ubsan", "ubsan_standalone"],
            Sanitizer::Thread => ["tsan", "tsan"],
        }
    }

    /// The sanitizer whose shared runtime library has this file name, gcc's or clang's:
    /// `libasan.so.8`, `libclang_rt.asan-x86_64.so`.
    #[must_use]
    pub fn of_runtime(file: &str) -> Option<Sanitizer> {
        let name = file.strip_prefix("lib")?;
        let name = name.strip_prefix("clang_rt.").unwrap_or(name);
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        Sanitizer::ALL
            .into_iter()
            .find(|sanitizer| sanitizer.runtimes().contains(&&name[..end]))
    }
}

impl fmt::Display for Sanitizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_are_known_by_their_files() {
        for (file, expected) in [
            ("libasan.so.8", Some(Sanitizer::Address)),
            ("libclang_rt.asan-x86_64.so", Some(Sanitizer::Address)),
            ("libclang_rt.asan.so", Some(Sanitizer::Address)),
            ("libubsan.so.1", Some(Sanitizer::Undefined)),
            (
                "libclang_rt.ubsan_standalone-aarch64.so",
                Some(Sanitizer::Undefined),
            ),
            ("libtsan.so.2", Some(Sanitizer::Thread)),
            ("libclang_rt.hwasan-x86_64.so", None),
            ("libclang_rt.profile-x86_64.so", None),
            ("libasan", None),
            ("libc.so.6", None),
            ("asan.so", None),
        ] {
            assert_eq!(Sanitizer::of_runtime(file), expected, "{file}");
        }
    }

    #[test]
    fn words_are_those_of_compilers() {
        for sanitizer in Sanitizer::ALL {
            assert_eq!(Sanitizer::of_word(sanitizer.word()), Some(sanitizer));
        }
        assert_eq!(Sanitizer::of_word("leak"), None);
    }
}
