//! Stand-ins for NEC's tools: they record how they are called and make a plausible file.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use veo_build::{Built, Kernels, Result};
use veo_debuginfo::elf;

/// Records its command line, makes a VE file where `-o` says, a listing for `-report-all` and, unless it is told to
/// refuse that, a dependency file. `IMITATE` makes it fail as the real ones do.
const TOOL: &str = r#"#!/bin/sh
me=${0##*/}
if [ "$1" = --version ]; then echo "$me (Stand-in) 5.1.0 (Build 10:00:00 Jan 01 2024)"; exit 0; fi
out= dep= source= previous= arch=ve1 report= probe=
for arg in "$@"; do
    case $previous in -o) out=$arg ;; -MF) dep=$arg ;; esac
    case $arg in
        -march=ve3) arch=ve3 ;;
        -report-all) report=yes ;;
        */work/probes/*) probe=yes ;;
        *.c | *.cpp | *.f90) source=$arg ;;
    esac
    previous=$arg
done
for arg in "$@"; do
    case "$IMITATE $arg" in
        old-ncc\ -MD | *\ -fbogus) echo "$me: error: unknown option '$arg'" >&2; exit 1 ;;
    esac
done
case " $* " in *" -E "*) exec cat "$source" ;; esac
[ -n "$probe" ] || { printf '%s\n' "$PWD" "$me" "$@" > "$RECORDS/$me.$$"; }
case "$IMITATE$source" in
    source*/bad.c) echo "\"$source\", line 3: error: expected an expression" >&2; exit 2 ;;
    licence*) echo "$me: error: license check failed: no license server is available" >&2; exit 1 ;;
    crash*) kill -SEGV $$ ;;
    nothing*) exit 0 ;;
esac
case "$source" in
    *.c) echo "$me: vec( 101): ${source##*/}, line 5: Vectorized loop." >&2 ;;
esac
case "$IMITATE$source" in
    warns*.c) echo "\"$source\", line 1: warning: variable \"i\" is set but never used" >&2 ;;
esac
[ -z "$report" ] || { name=${source##*/}; echo "listing of $name" > "${name%.*}.L"; }
case "$me $source" in
    "nfort "*) sed -n 's/^module \([a-z]*\)$/\1/p' "$source" | while read -r name; do cp "$source" "$name.mod"; done ;;
esac
[ -z "$dep" ] || printf '%s: %s\n' "$out" "$source" > "$dep"
[ "$IMITATE" != x86 ] || arch=x86
case "$me" in
    nobjcopy) for last in "$@"; do :; done; cp "$RECORDS/../ve1" "$last" ;;
    *) cp "$RECORDS/../$arch" "$out" ;;
esac
"#;

/// A package in a directory of its own, and an installation of NEC's tools that are stand-ins.
pub struct Bench {
    dir: tempfile::TempDir,
    env: Vec<(String, OsString)>,
}

/// One recorded call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    pub tool: String,
    pub args: Vec<String>,
    pub dir: PathBuf,
}

impl Bench {
    pub fn new() -> Self {
        // Spaces and letters outside of ASCII must not matter anywhere.
        let dir = tempfile::Builder::new()
            .prefix("bench with é ")
            .tempdir()
            .unwrap();
        let root = dir.path();
        let path = std::env::var_os("PATH").unwrap();
        let bench = Self {
            env: vec![
                ("OUT_DIR".into(), root.join("out").into()),
                ("CARGO_MANIFEST_DIR".into(), root.join("package").into()),
                ("TARGET".into(), "x86_64-unknown-linux-gnu".into()),
                ("HOST".into(), "x86_64-unknown-linux-gnu".into()),
                ("CARGO_CFG_TARGET_OS".into(), "linux".into()),
                ("OPT_LEVEL".into(), "2".into()),
                ("DEBUG".into(), "2".into()),
                ("NUM_JOBS".into(), "2".into()),
                ("VEO_TARGETS".into(), "ve1".into()),
                ("VEO_NEC_ROOT".into(), root.join("nec").into()),
                ("RECORDS".into(), root.join("records").into()),
                ("PATH".into(), path),
            ],
            dir,
        };
        let root = bench.dir.path();
        for dir in [
            "out",
            "package/kernels",
            "records",
            "nec/ve/bin",
            "nec/ve/lib",
        ] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        for (name, machine, flags) in [
            ("ve1", elf::VE, 0),
            ("ve3", elf::VE, 1),
            ("x86", elf::X86_64, 0),
        ] {
            fs::write(root.join(name), elf_header(machine, flags)).unwrap();
        }
        for tool in ["ncc", "nc++", "nfort", "mk_veorun_static", "nobjcopy"] {
            bench.install(&format!("nec/ve/bin/{tool}"), TOOL);
        }
        bench
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    pub fn text(&self, relative: &str) -> String {
        self.path(relative).to_str().unwrap().to_string()
    }

    /// A file of the package.
    pub fn source(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path("package").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn install(&self, relative: &str, script: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn remove(&self, relative: &str) {
        fs::remove_file(self.path(relative)).unwrap();
    }

    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.env.push((name.into(), value.as_ref().to_owned()));
    }

    /// Builds as a build script in this package would.
    pub fn build(&self, kernels: &mut Kernels) -> Result<Built> {
        for (name, value) in &self.env {
            kernels.env(name, value);
        }
        kernels.cargo_metadata(false).try_compile()
    }

    /// The calls since the last time, sorted.
    pub fn calls(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        for entry in fs::read_dir(self.path("records")).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            fs::remove_file(path).unwrap();
            let mut lines = text.lines().map(str::to_string);
            calls.push(Call {
                dir: lines.next().unwrap().into(),
                tool: lines.next().unwrap(),
                args: lines.collect(),
            });
        }
        calls.sort_by_key(|call| (call.args.contains(&"-shared".into()), call.clone()));
        calls
    }

    /// The calls since the last time as lines: full paths below the bench are shortened, hashes of file names left out.
    pub fn lines(&self) -> Vec<String> {
        let root = self.dir.path().to_str().unwrap();
        let short = |arg: &str| {
            let arg = arg
                .replace(&format!("{root}/package/"), "")
                .replace(&format!("{root}/out/veo/"), "");
            let arg = arg.replace(&format!("{root}/"), "");
            match arg.rsplit_once('-') {
                Some((stem, hash)) if arg.starts_with("work/") && hash.len() > 8 => {
                    format!("{stem}{}", &hash[8..])
                }
                _ => arg,
            }
        };
        let line = |call: Call| {
            format!(
                "{} {}",
                call.tool,
                call.args
                    .iter()
                    .map(|arg| short(arg))
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        };
        self.calls().into_iter().map(line).collect()
    }
}

/// The header of a VE file, as every ELF reader needs it.
pub fn elf_header(machine: u16, flags: u32) -> Vec<u8> {
    let mut header = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    header.extend(3_u16.to_le_bytes()); // ET_DYN
    header.extend(machine.to_le_bytes());
    header.extend(1_u32.to_le_bytes());
    header.extend([0; 24]);
    header.extend(flags.to_le_bytes());
    for half in [64_u16, 56, 0, 64, 0, 0] {
        header.extend(half.to_le_bytes());
    }
    header
}

/// Gives the file a time stamp later than it had and than all that was built from it.
pub fn touch(path: &Path) {
    let before = fs::metadata(path).unwrap().modified().unwrap();
    let later = SystemTime::now().max(before + Duration::from_millis(10));
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(later)
        .unwrap();
}
