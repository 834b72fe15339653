//! The finding of a sanitizer, taken from the report that its runtime library writes.
//!
//! The report is a text for people, and versions word it differently. A part that is not
//! recognised is left out; the user still has the whole text.

use veo_abi::sanitizer::Sanitizer;

/// A sanitizer's finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SanitizerFinding {
    /// The finding, in a line.
    pub(crate) headline: String,
    /// Function, file and line of the first place outside of runtime libraries, if they are
    /// known.
    pub(crate) place: Option<SourcePlace>,
    /// The address that was accessed, if it is one of an access.
    pub(crate) address: Option<u64>,
    /// The report itself.
    pub(crate) text: String,
    /// Whether it tells what a process left behind at its end.
    pub(crate) is_of_leaks: bool,
}

/// A place in a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SourcePlace {
    pub(crate) function: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// Sanitizers, as their reports name them.
const TITLES: [&str; 4] = [
    Sanitizer::Address.title(),
    LEAKS,
    Sanitizer::Thread.title(),
    Sanitizer::Undefined.title(),
];

/// The part of AddressSanitizer that looks for leaks, as its reports name it.
const LEAKS: &str = "LeakSanitizer";

/// Whether a report says that leaks could not be looked for: to do so, the runtime library stops
/// all threads like a debugger.
pub(crate) fn leaks_unknown(text: &str) -> bool {
    text.contains("LeakSanitizer has encountered a fatal error")
}

impl SanitizerFinding {
    /// The first finding of a report. `None`: there is none in it.
    pub(crate) fn read(text: &str) -> Option<SanitizerFinding> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| is_first(line))?;
        let (first, rest) = (lines[at], &lines[at + 1..]);
        let mut finding = SanitizerFinding {
            text: text.to_owned(),
            ..SanitizerFinding::default()
        };
        if let Some((place, what)) = first.split_once("runtime error: ") {
            finding.headline = format!("UndefinedBehaviorSanitizer: {what}");
            finding.place = place_at(place.trim_end_matches(": "))
                .map(|(file, line)| SourcePlace {
                    function: String::new(),
                    file,
                    line,
                })
                .or_else(|| first_place(rest));
            return Some(finding);
        }
        let title = TITLES.into_iter().find(|title| first.contains(title))?;
        let what = &first[first.find(title)?..];
        match title {
            LEAKS if first.contains("detected memory leaks") => {
                finding.is_of_leaks = true;
                let summary = rest.iter().find_map(|line| line.strip_prefix("SUMMARY: "));
                let summary = summary.and_then(|line| line.split_once(": "));
                let summary = summary.map_or("detected memory leaks", |(_, what)| what);
                finding.headline = format!("LeakSanitizer: {}", summary.trim_end_matches('.'));
                finding.place = first_place(rest);
            }
            "ThreadSanitizer" => {
                let what = what.split(" (pid=").next().unwrap_or(what);
                let accesses = rest
                    .iter()
                    .enumerate()
                    .filter_map(|(at, line)| Some(access_of_thread(line, rest.get(at + 1)?)))
                    .flatten()
                    .take(2);
                let accesses: Vec<String> = accesses.collect();
                finding.headline = match accesses.as_slice() {
                    [] => what.to_owned(),
                    some => format!("{what}: {}", some.join("; ")),
                };
                finding.place = first_place(rest);
            }
            _ => {
                let ends = [" on address ", " on unknown address", " on 0x"];
                let ends = ends.iter().filter_map(|end| what.find(end));
                let what = &what[..ends.min().unwrap_or(what.len())];
                finding.headline = what.trim_end_matches(':').to_owned();
                let access = rest
                    .first()
                    .filter(|line| line.starts_with("READ of") || line.starts_with("WRITE of"));
                if let Some((access, at)) = access.and_then(|line| line.split_once(" at ")) {
                    finding.headline += &format!(", {access}");
                    let at = at.split_whitespace().next().unwrap_or_default();
                    finding.address = number(at);
                }
                let located = rest.iter().find_map(|line| line.split_once(" is located "));
                if let Some((_, located)) = located {
                    let located = located.split(" [").next().unwrap_or(located);
                    let located = located.split(" in frame").next().unwrap_or(located);
                    let located = located.trim_end_matches("thread T0").trim();
                    finding.headline += &format!(", {located}");
                }
                finding.place = first_place(rest);
            }
        }
        Some(finding)
    }
}

/// Whether a report begins with this line. A runtime library warns of other things, too, such as
/// an allocation that is too large.
fn is_first(line: &str) -> bool {
    line.contains("runtime error: ")
        || line.contains("WARNING: ThreadSanitizer: ")
        || TITLES
            .iter()
            .any(|title| line.contains(&format!("ERROR: {title}: ")))
}

/// The access of one of two racing threads, and its place: `Write of size 8 in add,
/// kernels/sum.c:12`.
fn access_of_thread(line: &str, next: &str) -> Option<String> {
    let (access, _) = line.split_once(" at 0x")?;
    let is_access = access.contains(" of size ");
    let place = frame(next).filter(|_| is_access)?;
    Some(format!(
        "{access} in {}, {}:{}",
        place.function, place.file, place.line
    ))
}

/// The first frame with a source line that does not belong to a runtime library.
fn first_place(lines: &[&str]) -> Option<SourcePlace> {
    let ends = ["allocated by", "Thread T", "freed by", "previously"];
    lines
        .iter()
        .take_while(|line| !ends.iter().any(|end| line.starts_with(end)))
        .filter_map(|line| frame(line))
        .find(|place| !of_runtime(place))
}

fn of_runtime(place: &SourcePlace) -> bool {
    [
        "__interceptor_",
        "__asan_",
        "__ubsan_",
        "__tsan_",
        "operator new",
    ]
    .iter()
    .any(|start| place.function.starts_with(start))
        || place.file.contains("/libsanitizer/")
        || place.file.contains("/compiler-rt/")
}

/// A frame with a source line: `#1 0x7f in name FILE:LINE:COLUMN (MODULE)`, or without the
/// address and `in`.
fn frame(line: &str) -> Option<SourcePlace> {
    let (number, rest) = line.strip_prefix('#')?.split_once(' ')?;
    number.parse::<u32>().ok()?;
    let rest = match rest.split_once(" in ") {
        Some((address, rest)) if address.starts_with("0x") => rest,
        _ => rest,
    };
    let rest = rest.split(" (").next()?;
    // Names of C++ functions have spaces, too.
    let at = rest.rfind(" /").or_else(|| rest.rfind(' '))?;
    let (file, line) = place_at(&rest[at + 1..])?;
    Some(SourcePlace {
        function: rest[..at].to_owned(),
        file,
        line,
    })
}

/// File and line of `FILE:LINE:COLUMN` or `FILE:LINE`.
fn place_at(text: &str) -> Option<(String, u32)> {
    let mut parts = text.rsplitn(3, ':');
    let (last, middle, first) = (parts.next()?, parts.next()?, parts.next());
    match (first, middle.parse(), last.parse::<u32>()) {
        (Some(file), Ok(line), Ok(_)) => Some((file.to_owned(), line)),
        (_, _, Ok(line)) => {
            let file = text.rsplit_once(':')?.0;
            Some((file.to_owned(), line))
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(function: &str, file: &str, line: u32) -> Option<SourcePlace> {
        Some(SourcePlace {
            function: function.into(),
            file: file.into(),
            line,
        })
    }

    #[test]
    fn a_bad_access() {
        let text = "\
=================================================================
==16600==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6140000001d0 at pc 0x7f5 bp 0x7ff sp 0x7fe
WRITE of size 8 at 0x6140000001d0 thread T0
    #0 0x7f555ef39225 in over /k/k.c:4
    #1 0x562cc6c0c458 in main (/k/m+0x1458)

0x6140000001d0 is located 0 bytes to the right of 400-byte region [0x614000000040,0x6140000001d0)
allocated by thread T0 here:
    #0 0x7f in __interceptor_malloc ../../../../src/libsanitizer/asan/asan_malloc_linux.cpp:69
    #1 0x7f in over /k/k.c:5
";
        let finding = SanitizerFinding::read(text).unwrap();
        assert_eq!(
            finding.headline,
            "AddressSanitizer: heap-buffer-overflow, WRITE of size 8, 0 bytes to the right of \
             400-byte region"
        );
        assert_eq!(finding.place, place("over", "/k/k.c", 4));
        assert_eq!(finding.address, Some(0x6140_0000_01d0));
        assert!(!finding.is_of_leaks && finding.text == text);
    }

    #[test]
    fn an_intercepted_function_is_not_the_place() {
        let text = "\
==1==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6140 at pc 0x7f5 bp 0x7ff sp 0x7fe
READ of size 88 at 0x6140 thread T2
    #0 0x7f in __interceptor_memcpy ../../../../src/libsanitizer/sanitizer_common/x.inc:827
    #1 0x7f in ns::copy(double*, long) /k/a b.cpp:12:3
";
        let finding = SanitizerFinding::read(text).unwrap();
        let found = finding.place.unwrap();
        assert_eq!((found.file.as_str(), found.line), ("/k/a b.cpp", 12));
        assert_eq!(found.function, "ns::copy(double*, long)");
    }

    #[test]
    fn undefined_behaviour() {
        let text = "k.c:5:34: runtime error: shift exponent 40 is too large for 32-bit type 'int'
    #0 0x7fc0833c72f3 in shift /k/k.c:5:34
";
        let finding = SanitizerFinding::read(text).unwrap();
        assert_eq!(
            finding.headline,
            "UndefinedBehaviorSanitizer: shift exponent 40 is too large for 32-bit type 'int'"
        );
        assert_eq!(finding.place, place("", "k.c", 5));
    }

    #[test]
    fn a_race_names_both_sides() {
        let text = "\
==================
WARNING: ThreadSanitizer: data race (pid=16881)
  Write of size 8 at 0x7ffdf2279bf0 by thread T1:
    #0 w /k/t.c:3:41 (kt.so+0x122b) (BuildId: 406669e8d6b337c8c33840ce450dae560dbbaf11)
    #1 <null> <null> (libclang_rt.tsan-x86_64.so+0x73a27)

  Previous write of size 8 at 0x7ffdf2279bf0 by main thread:
    #0 over /k/t.c:4:79 (kt.so+0x11b6) (BuildId: 406669e8d6b337c8c33840ce450dae560dbbaf11)

SUMMARY: ThreadSanitizer: data race /k/t.c:3:41 in w
";
        let finding = SanitizerFinding::read(text).unwrap();
        assert_eq!(
            finding.headline,
            "ThreadSanitizer: data race: Write of size 8 in w, /k/t.c:3; Previous write of size 8 \
             in over, /k/t.c:4"
        );
        assert_eq!(finding.place, place("w", "/k/t.c", 3));
    }

    #[test]
    fn leaks() {
        let text = "
=================================================================
==16608==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 100 byte(s) in 1 object(s) allocated from:
    #0 0x7fe7d20b89cf in __interceptor_malloc ../../../../src/libsanitizer/asan/asan_malloc_linux.cpp:69
    #1 0x7fe7d26b124b in leak /k/k.c:6

SUMMARY: AddressSanitizer: 100 byte(s) leaked in 1 allocation(s).
";
        let finding = SanitizerFinding::read(text).unwrap();
        assert!(finding.is_of_leaks);
        assert_eq!(
            finding.headline,
            "LeakSanitizer: 100 byte(s) leaked in 1 allocation(s)"
        );
        assert_eq!(finding.place, place("leak", "/k/k.c", 6));
    }

    #[test]
    fn any_text_is_read() {
        for text in [
            "",
            "\n",
            "#0",
            "runtime error: ",
            "==1==ERROR: AddressSanitizer: ",
        ] {
            let _ = SanitizerFinding::read(text);
        }
        let text =
            "==1==ERROR: AddressSanitizer: x on address 0x1\nREAD of size 8 at \n#0 0x1 in f a:b:c";
        assert_eq!(SanitizerFinding::read(text).unwrap().place, None);
        assert_eq!(SanitizerFinding::read("hello\nworld"), None);
        let warning = "==1==WARNING: AddressSanitizer failed to allocate 0x4000000000000 bytes";
        assert_eq!(SanitizerFinding::read(warning), None);
    }
}
