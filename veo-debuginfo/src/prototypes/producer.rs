//! The compiler that wrote the debug information, and whether the information is full.
//!
//! With `-g1`, `-gline-tables-only` and the like, functions have only names and lines. Such
//! information has no mark: `void f(void)` in C++ looks the same.

/// The compiler of a unit, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Producer {
    /// gcc.
    Gcc {
        /// Whether its options ask for full debug information.
        full: bool,
    },
    /// clang.
    Clang,
    /// LLVM's Fortran compiler.
    Flang {
        /// Whether this version leaves out parameters that are values or procedures, writes
        /// `integer` for derived types, and writes the type of a subroutine's first argument as
        /// its result.
        partial: bool,
    },
    /// An assembler, which does not know the types of functions.
    Assembler,
    /// Another or an unknown compiler.
    Other,
}

impl Producer {
    /// Whether this compiler marks every function of C that has a prototype, so that one
    /// without the mark has none.
    pub fn marks_prototypes(self) -> bool {
        matches!(self, Producer::Gcc { .. } | Producer::Clang)
    }

    /// Reads the text of `DW_AT_producer`.
    pub fn of(text: &str) -> Producer {
        if text.starts_with("GNU AS") {
            Producer::Assembler
        } else if text.starts_with("GNU ") {
            Producer::Gcc {
                full: level(text) >= 2,
            }
        } else if text.contains("flang") {
            let version = text
                .split(['.', ' '])
                .find_map(|word| word.parse::<u32>().ok());
            Producer::Flang {
                partial: version.is_some_and(|version| version < 20),
            }
        } else if text.contains("clang") {
            Producer::Clang
        } else {
            Producer::Other
        }
    }
}

/// The level of debug information that gcc's options ask for.
fn level(options: &str) -> u32 {
    let mut level = 0;
    for option in options.split_whitespace() {
        let Some(option) = option.strip_prefix("-g") else {
            continue;
        };
        let number = option.strip_prefix("gdb").unwrap_or(option);
        match number {
            "0" => level = 0,
            "1" => level = 1,
            "2" => level = 2,
            "3" => level = 3,
            "" => level = level.max(2),
            version if version.starts_with("dwarf") && level == 0 => level = 2,
            _ => {}
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::Producer;

    #[test]
    fn the_last_debug_level_counts() {
        for (options, full) in [
            ("-O2 -g -fPIC", true),
            ("-ggdb -O2", true),
            ("-gdwarf-4 -O2", true),
            ("-g -g3", true),
            ("-O2 -g1", false),
            ("-g -gdwarf-5 -g1", false),
            ("-g1 -gdwarf-5", false),
            ("-g1 -g", true),
            ("-ggdb1", false),
            ("-O2 -mtune=generic", false),
        ] {
            let producer = Producer::of(&format!("GNU C17 12.2.0 {options}"));
            assert_eq!(producer, Producer::Gcc { full }, "{options}");
        }
        let clang = Producer::of("Debian clang version 19.1.7 (3~deb12u1)");
        assert_eq!(clang, Producer::Clang);
    }
}
