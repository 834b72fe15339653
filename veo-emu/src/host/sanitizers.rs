//! The needs of a VE process that runs kernels with a compiler's sanitizer: the runtime library,
//! which must come first, its options, and addresses that it leaves to VE memory.

use std::ffi::OsString;
use std::path::Path;

use veo_abi::environment::VE_LD_PRELOAD;
use veo_abi::sanitizer::Sanitizer;
use veo_debuginfo::{ARCHER, is_of_exceptions, runtimes};

use crate::error::{Error, Result};
use crate::shared::guard::Guarding;
use crate::shared::window::AddressRange;
use crate::sys::descriptor::KeptDescriptor;

/// The libraries that a VE process loads before everything else, and the sanitizers among them.
#[derive(Debug, Default)]
pub(crate) struct Sanitizers {
    /// The runtime libraries to be loaded first.
    runtimes: Vec<String>,
    /// The library that is loaded right behind them: that of C++'s exceptions.
    behind: Vec<String>,
    /// The sanitizers of these libraries, each once.
    present: Vec<Sanitizer>,
    /// The tool that tells ThreadSanitizer what clang's OpenMP does.
    archer: Option<String>,
    /// The file that reports go to.
    pub(crate) reports: Option<KeptDescriptor>,
}

impl Sanitizers {
    /// Those whose runtime libraries are in a list with colons, or in `VE_LD_PRELOAD`.
    pub(crate) fn new(listed: &str) -> Result<Sanitizers> {
        let mut all = Sanitizers::default();
        let preloaded = VE_LD_PRELOAD.text().unwrap_or_default();
        let of_user = preloaded.split([':', ' ']).map(|file| (file, false));
        for (file, is_ours) in listed.split(':').map(|file| (file, true)).chain(of_user) {
            if is_ours && Path::new(file).ends_with(ARCHER) {
                all.archer = Some(file.to_owned());
            }
            if is_ours && is_of_exceptions(file) && !all.behind.iter().any(|it| it == file) {
                all.behind.push(file.to_owned());
            }
            let Some(sanitizer) = of_file(file) else {
                continue;
            };
            if !all.present.contains(&sanitizer) {
                all.present.push(sanitizer);
            }
            let file = file.to_owned();
            if is_ours && sanitizer.comes_first() && !all.runtimes.contains(&file) {
                all.runtimes.push(file);
            }
        }
        all.check()?;
        Ok(all)
    }

    fn check(&self) -> Result<()> {
        if self.is_on(Sanitizer::Address) && self.is_on(Sanitizer::Thread) {
            return Err(Error::invalid(
                "kernels of one process are built with AddressSanitizer and with ThreadSanitizer, \
                 which exclude each other; build them all with one of the two",
            ));
        }
        if let [first, second, ..] = self.runtimes.as_slice() {
            return Err(Error::invalid(format!(
                "kernels of one process need the runtime libraries {first} and {second}, of which \
                 only one can be loaded; build all kernels with one compiler"
            )));
        }
        Ok(())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// Whether the process has the runtime library of this sanitizer from its beginning.
    pub(crate) fn is_on(&self, sanitizer: Sanitizer) -> bool {
        self.present.contains(&sanitizer)
    }

    /// How blocks of memory lie if they are guarded like this without a sanitizer.
    pub(crate) fn guarding(&self, guarding: Guarding) -> Guarding {
        match guarding {
            Guarding::Off if self.is_on(Sanitizer::Address) => Guarding::Zones,
            _ => guarding,
        }
    }

    /// Where VE memory lies, so that no sanitizer has its own memory there.
    pub(crate) fn window(&self) -> AddressRange {
        if self.is_on(Sanitizer::Address) {
            AddressRange::BESIDE_ADDRESS_SANITIZER
        } else if self.is_on(Sanitizer::Thread) {
            AddressRange::BESIDE_THREAD_SANITIZER
        } else {
            AddressRange::USUAL
        }
    }

    /// The variables of the process, given those of the program.
    pub(crate) fn variables(
        &self,
        inherited: impl Fn(&str) -> Option<OsString>,
    ) -> Vec<(String, String)> {
        let text = |name: &str| {
            let value = inherited(name)?.to_string_lossy().into_owned();
            Some(value).filter(|value| !value.is_empty())
        };
        let mut variables = Vec::new();
        if let Some(first) = self.runtimes.first() {
            let later = VE_LD_PRELOAD.text().or_else(|| text("LD_PRELOAD"));
            let ours = [first].into_iter().chain(&self.behind).cloned();
            let all = ours.chain(later);
            variables.push(("LD_PRELOAD".into(), all.collect::<Vec<_>>().join(":")));
        }
        if let Some(archer) = &self.archer {
            let all = [text("OMP_TOOL_LIBRARIES"), Some(archer.clone())];
            let all: Vec<_> = all.into_iter().flatten().collect();
            variables.push(("OMP_TOOL_LIBRARIES".into(), all.join(":")));
        }
        for sanitizer in &self.present {
            let name = sanitizer.options();
            // If an option is given twice, its last value counts.
            let options = [
                Some(defaults(*sanitizer).to_owned()),
                text(name),
                Some(needed().to_owned()),
            ];
            let options: Vec<_> = options.into_iter().flatten().collect();
            variables.push((name.into(), options.join(":")));
        }
        variables
    }

    /// Refuses a library that needs a runtime library which the process does not have.
    pub(crate) fn check_library(&self, library: &str) -> Result<()> {
        for runtime in runtimes(library.as_ref()) {
            let runtime = runtime.to_string_lossy();
            let Some(sanitizer) = of_file(&runtime).filter(|it| it.comes_first()) else {
                continue;
            };
            if !self.is_on(sanitizer) {
                return Err(Error::new(
                    libc::ENOEXEC,
                    format!(
                        "library {library} is built with {sanitizer}, whose runtime library has to be \
                         in the VE process from its beginning: declare a kernel of the library, name \
                         the library with VeoProcBuilder::prepare_for, or set VE_LD_PRELOAD={runtime}"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Advice about a process that did not start, if a sanitizer may be the reason.
    pub(crate) fn advice(&self) -> Option<String> {
        let sanitizer = self.present.iter().find(|it| it.comes_first())?;
        let runtime = self.runtimes.first().map_or("", String::as_str);
        Some(format!(
            "{sanitizer} is on{}{runtime}, and this system may refuse its runtime library (is it \
             there? is the address space limited, by ulimit -v perhaps?), which then says why on \
             the standard error; without VEO_SANITIZE the kernels are built without it",
            if runtime.is_empty() { "" } else { " with " }
        ))
    }
}

/// The sanitizer whose runtime library a file is.
fn of_file(file: &str) -> Option<Sanitizer> {
    Sanitizer::of_runtime(Path::new(file).file_name()?.to_str()?)
}

/// The options that a user may change by the sanitizer's variable.
fn defaults(sanitizer: Sanitizer) -> &'static str {
    match sanitizer {
        // A library that is linked with -Bsymbolic has variables of its own, even if other
        // libraries have some with the same names.
        Sanitizer::Address => "detect_odr_violation=0:allocator_may_return_null=1",
        Sanitizer::Undefined => "print_stacktrace=1",
        // The VE process itself, and runtime libraries, synchronise in ways that the sanitizer
        // does not see. Whether OpenMP's threads are there at the end of a process depends on how
        // busy the machine is; they are no leaks of a kernel.
        Sanitizer::Thread => {
            "ignore_noninstrumented_modules=1:allocator_may_return_null=1:atexit_sleep_ms=0:\
             report_thread_leaks=0"
        }
    }
}

/// The options that the VE process relies on: the report ends the process by a signal, which its
/// handlers see, as they see the signals of kernels.
fn needed() -> &'static str {
    "abort_on_error=1:halt_on_error=1:handle_abort=0:handle_segv=0:handle_sigbus=0:\
     handle_sigfpe=0:handle_sigill=0:handle_sigtrap=0:use_sigaltstack=0:color=never"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_must_come_first_does() {
        let all =
            Sanitizers::new("/lib/libasan.so.8:libstdc++.so.6:/lib/libubsan.so.1:/lib/libc.so.6")
                .unwrap();
        assert!(all.is_on(Sanitizer::Address) && all.is_on(Sanitizer::Undefined));
        assert_eq!(all.window(), AddressRange::BESIDE_ADDRESS_SANITIZER);
        let variables = all.variables(|name| match name {
            "LD_PRELOAD" => Some("/mine.so".into()),
            "ASAN_OPTIONS" => Some("detect_leaks=0:abort_on_error=0".into()),
            _ => None,
        });
        let value = |name: &str| &variables.iter().find(|(it, _)| it == name).unwrap().1;
        assert_eq!(
            value("LD_PRELOAD"),
            "/lib/libasan.so.8:libstdc++.so.6:/mine.so"
        );
        let options = value("ASAN_OPTIONS");
        let at = |option: &str| options.find(option).unwrap_or_else(|| panic!("{options}"));
        assert!(at("detect_odr_violation=0") < at("detect_leaks=0"));
        assert!(at("abort_on_error=0") < at("abort_on_error=1"));
        assert!(!value("UBSAN_OPTIONS").is_empty());
        assert!(variables.iter().all(|(name, _)| name != "TSAN_OPTIONS"));
    }

    #[test]
    fn nothing_changes_without_a_sanitizer() {
        let none = Sanitizers::new("").unwrap();
        assert!(none.is_empty() && none.advice().is_none());
        assert_eq!(none.window(), AddressRange::USUAL);
        assert_eq!(none.variables(|_| Some("x".into())), []);
    }

    #[test]
    fn sanitizers_that_exclude_each_other_are_refused() {
        for (listed, said) in [
            ("libasan.so.8:libtsan.so.2", "exclude each other"),
            (
                "libasan.so.8:/usr/lib/libclang_rt.asan-x86_64.so",
                "one compiler",
            ),
        ] {
            let error = Sanitizers::new(listed).unwrap_err();
            assert!(error.text.contains(said), "{}", error.text);
        }
    }
}
