//! How NEC's linker makes libraries, and how ours does, as LLVM's reader of ELF files sees them. NEC's libraries are large, so these tests
//! are for `tests/necs-libraries/run`, which fetches them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use veo_build::{Built, Kernels, Target};

use super::check_for_the_loader;
use crate::installed_compilers::{bench, clang};

/// Parts that our libraries lack. docs/book/src/ve-linker.md says why.
const ONLY_THEIRS: [&str; 11] = [
    "tag INIT",
    "tag FINI",
    "tag RUNPATH",
    "tag VERNEED",
    "tag VERNEEDNUM",
    "tag VERSYM",
    "section .init",
    "section .fini",
    "section .gnu.version",
    "section .gnu.version_r",
    "section .eh_frame",
];

/// Parts that theirs lack.
const ONLY_OURS: [&str; 2] = ["tag FLAGS", "segment TLS"];

/// NEC's libraries for VE1.
fn libraries() -> Vec<PathBuf> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("necs-libraries");
    let mut found = Vec::new();
    for directory in [
        "veda==2.2.1/veda/libve",
        "veda==2.3.1/veda/libve",
        "nlcpy-ve1-kernel==3.0.1/nlcpy_ve1_kernel",
    ] {
        let entries =
            fs::read_dir(place.join(directory)).expect("tests/necs-libraries/run fetches them");
        let files = entries.map(|entry| entry.unwrap().path());
        found.extend(files.filter(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            matches!(ending, Some("so" | "vso"))
        }));
    }
    found
}

fn read_elf(option: &str, path: &Path) -> String {
    let mut command = Command::new("llvm-readelf-19");
    let output = command.args([option, "-W"]).arg(path).output().unwrap();
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && warnings.is_empty(), "{warnings}");
    String::from_utf8(output.stdout).unwrap()
}

/// The kinds of everything that a loader looks at.
fn kinds(path: &Path) -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for line in read_elf("-h", path).lines() {
        // Each file has addresses and numbers of its own.
        let (name, value) = line.split_once(':').unwrap_or_default();
        if [
            "Class",
            "Data",
            "OS/ABI",
            "ABI Version",
            "Type",
            "Machine",
            "Flags",
        ]
        .contains(&name.trim())
        {
            kinds.insert(format!("{}: {}", name.trim(), value.trim()));
        }
    }
    for line in read_elf("-l", path).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["LOAD", _, _, _, _, _, ref flags @ .., align] => {
                kinds.insert(format!("segment LOAD {} {align}", flags.concat()));
            }
            [kind, offset, ..] if offset.starts_with("0x") => {
                kinds.insert(format!("segment {kind}"));
            }
            _ => {}
        }
    }
    for line in read_elf("-d", path).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [number, name, ..] = words[..]
            && number.starts_with("0x")
        {
            kinds.insert(format!("tag {}", name.trim_matches(['(', ')'])));
        }
    }
    for word in read_elf("-r", path).split_whitespace() {
        if word.starts_with("R_VE_") {
            kinds.insert(format!("relocation {word}"));
        }
    }
    kinds
}

/// The loaded sections in order, with the letters of their flags.
fn sections(path: &Path) -> Vec<(String, String)> {
    let text = read_elf("-S", path);
    let lines = text.lines().filter_map(|line| line.split_once(']'));
    lines
        .filter_map(|(_, line)| {
            let words: Vec<&str> = line.split_whitespace().collect();
            // Name, type, address, offset, size, entry, flags.
            let flags = words.get(6).filter(|flags| flags.contains('A'))?;
            Some((words[0].to_owned(), (*flags).to_owned()))
        })
        .collect()
}

#[test]
#[ignore = "needs NEC's libraries"]
fn ours_differs_from_theirs_in_what_is_documented_alone() {
    if !clang() {
        return;
    }
    let bench = bench("ve1-llvm");
    let mut kernels = Kernels::new("libours.so");
    kernels.inline("ours.c", include_str!("sources/ours.c"));
    let built = bench.build(&mut kernels).unwrap();
    let our_library = Built::library(&built, Target::Ve1Llvm).unwrap();
    let ours = kinds(our_library);
    let theirs: BTreeSet<String> = libraries().iter().flat_map(|path| kinds(path)).collect();
    let listed = |kinds: &[&str]| -> BTreeSet<String> {
        let of_loaders = kinds.iter().filter(|kind| !kind.starts_with("section "));
        of_loaders.map(|kind| (*kind).to_owned()).collect()
    };
    assert_eq!(&theirs - &ours, listed(&ONLY_THEIRS));
    assert_eq!(&ours - &theirs, listed(&ONLY_OURS));

    // Sections of both are of the same kind, and in the same order: the loader wants code before data.
    let ours = sections(our_library);
    for path in libraries() {
        let theirs = sections(&path);
        for (name, _) in &theirs {
            let listed = ONLY_THEIRS.contains(&format!("section {name}").as_str());
            let has = ours.iter().any(|(ours, _)| ours == name);
            assert!(has != listed, "{name} of {}", path.display());
        }
        let data = |sections: &[(String, String)]| -> Vec<_> {
            let names = [".dynamic", ".got", ".got.plt", ".data", ".bss"];
            let all = sections.iter().cloned();
            all.filter(|(name, _)| names.contains(&name.as_str()))
                .collect()
        };
        assert_eq!(data(&theirs), data(&ours), "{}", path.display());
        let code = |sections: &[(String, String)]| -> Vec<_> {
            let all = sections.iter().filter(|(name, flags)| {
                !flags.contains('W') && !ONLY_THEIRS.contains(&format!("section {name}").as_str())
            });
            all.map(|(name, _)| name.clone())
                .filter(|name| name != ".note.gnu.build-id")
                .collect()
        };
        assert_eq!(code(&theirs), code(&ours), "{}", path.display());
    }
    let text = include_str!("../../../docs/book/src/ve-linker.md");
    for difference in ONLY_THEIRS.into_iter().chain(ONLY_OURS) {
        let (_, name) = difference.split_once(' ').unwrap();
        assert!(
            text.contains(&format!("`{name}`")),
            "docs/book/src/ve-linker.md does not explain {name}"
        );
    }
}

#[test]
#[ignore = "needs NEC's libraries"]
fn theirs_pass_the_check_of_the_loader_that_ours_pass() {
    for path in libraries() {
        let bytes = fs::read(&path).unwrap();
        assert_eq!(check_for_the_loader(&bytes), Ok(()), "{}", path.display());
    }
}
