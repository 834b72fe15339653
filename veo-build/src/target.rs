//! The machines that kernels are compiled for.

use std::fmt;
use std::str::FromStr;

use veo_abi::build_dir;
use veo_debuginfo::elf;

/// A machine that kernels are compiled for.
///
/// [`fmt::Display`] writes the name of a target. This is also the name of its directory in `OUT_DIR/veo` and its name in
/// `VEO_TARGETS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// `host`: the machine that the Rust program runs on, for the emulated node.
    Host,
    /// `ve1`: VE1 and VE2 cards, by NEC's compilers.
    Ve1,
    /// `ve3`: VE3 cards, by NEC's compilers.
    Ve3,
    /// `ve1-llvm`: VE1 machine code, made by clang, linked by us.
    Ve1Llvm,
}

impl Target {
    /// All targets, in the order in which they are built and reported.
    pub const ALL: [Self; 4] = [Self::Host, Self::Ve1, Self::Ve3, Self::Ve1Llvm];

    /// The name of the target.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => build_dir::HOST,
            Self::Ve1 => build_dir::VE1,
            Self::Ve3 => build_dir::VE3,
            Self::Ve1Llvm => build_dir::VE1_LLVM,
        }
    }

    /// The name as the end of an environment variable: `ve1_llvm`.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Ve1Llvm => "ve1_llvm",
            other => other.name(),
        }
    }

    /// Whether NEC's compilers make code for this target.
    pub(crate) fn is_nec(self) -> bool {
        matches!(self, Self::Ve1 | Self::Ve3)
    }

    /// The machine number and the last digit of the flags in the ELF header, if they are fixed.
    pub(crate) fn elf(self) -> Option<(u16, u32)> {
        match self {
            Self::Host => None,
            Self::Ve1 | Self::Ve1Llvm => Some((elf::VE, 0)),
            Self::Ve3 => Some((elf::VE, 1)),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|target| target.name() == name)
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|target| target.name()).collect();
                format!(
                    "`{name}` is not a target; the targets are {}",
                    names.join(", ")
                )
            })
    }
}

/// Which targets to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TargetChoice {
    /// All targets with installed tools, and these in any case.
    Detect {
        also: Vec<Target>,
        without: Vec<Target>,
    },
    /// Exactly these targets. A missing tool is an error.
    Exactly(Vec<Target>),
}

impl TargetChoice {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let words = text
            .split([',', ' ', ';'])
            .map(str::trim)
            .filter(|word| !word.is_empty());
        let (mut named, mut without) = (Vec::new(), Vec::<Target>::new());
        let (mut detect, mut none) = (false, false);
        for word in words {
            match word {
                "all" | "auto" => detect = true,
                "none" => none = true,
                _ => match word.strip_prefix('-') {
                    Some(name) => without.push(name.parse()?),
                    None => named.push(word.parse()?),
                },
            }
        }
        if none && (detect || !named.is_empty()) {
            return Err("`none` excludes all others".into());
        }
        if let Some(target) = named.iter().find(|target| without.contains(*target)) {
            return Err(format!("`{target}` is both asked for and excluded"));
        }
        Ok(if none {
            Self::Exactly(Vec::new())
        } else if detect || named.is_empty() {
            Self::Detect {
                also: named,
                without,
            }
        } else {
            Self::Exactly(named)
        })
    }

    /// Whether to build a target: `Some(true)` if it was asked for by name, `Some(false)` if it needs only installed tools,
    /// `None` if not.
    pub(crate) fn wants(&self, target: Target) -> Option<bool> {
        match self {
            Self::Exactly(named) => named.contains(&target).then_some(true),
            Self::Detect { also, .. } if also.contains(&target) => Some(true),
            Self::Detect { without, .. } => (!without.contains(&target)).then_some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, TargetChoice};

    #[test]
    fn names_are_read_back() {
        for target in Target::ALL {
            assert_eq!(target.name().parse(), Ok(target));
        }
        let message = "ve2".parse::<Target>().unwrap_err();
        assert_eq!(
            message,
            "`ve2` is not a target; the targets are host, ve1, ve3, ve1-llvm"
        );
    }

    #[test]
    fn choices() {
        use Target::{Host, Ve1, Ve1Llvm, Ve3};
        let wants = |text: &str| {
            let choice = TargetChoice::parse(text).unwrap();
            [Host, Ve1, Ve3, Ve1Llvm].map(|target| choice.wants(target))
        };
        let (yes, auto) = (Some(true), Some(false));
        assert_eq!(wants(""), [auto, auto, auto, auto]);
        assert_eq!(wants("all"), [auto, auto, auto, auto]);
        assert_eq!(wants("host, ve3"), [yes, None, yes, None]);
        assert_eq!(wants("-ve1-llvm"), [auto, auto, auto, None]);
        assert_eq!(wants("auto ve1"), [auto, yes, auto, auto]);
        assert_eq!(wants("none"), [None; 4]);
        assert!(TargetChoice::parse("host,-host").is_err());
        assert!(TargetChoice::parse("host none").is_err());
        assert!(TargetChoice::parse("hots").is_err());
    }
}
