//! Who wrote the debug information, and whether as much of it as there can be.
//!
//! With `-g1`, `-gline-tables-only` and the like, functions have names and lines and nothing
//! else. Nothing marks such information: `void f(void)` in C++ looks the same.

/// The compiler of a unit, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Producer {
    /// gcc, with full debug information if its options tell so.
    Gcc {
        /// Whether they do.
        full: bool,
    },
    /// clang.
    Clang,
    /// LLVM's Fortran compiler.
    Flang {
        /// Whether it is one that leaves out parameters which are values or procedures, writes
        /// `integer` for derived types, and the type of its first argument for the result of a
        /// subroutine.
        partial: bool,
    },
    /// An assembler, which knows functions and not what they take.
    Assembler,
    /// Another, or none that says so.
    Other,
}

impl Producer {
    /// Whether this compiler marks every function of C that has a prototype, so that one
    /// without the mark has none.
    pub fn marks_prototypes(self) -> bool {
        matches!(self, Producer::Gcc { .. } | Producer::Clang)
    }

    /// From the text of `DW_AT_producer`.
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
    fn the_last_level_counts() {
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
