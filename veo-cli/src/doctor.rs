//! `veo doctor`: what decides how kernels are built and run here, to paste into a bug report.
//!
//! It tries everything that it reports: it asks each library for its nodes, in a process of its own, and has `veo-build` build a
//! kernel.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;
use veo_abi::environment;
use veo_build::Built;

use crate::failure::CommandFailure;
use crate::output::{Answer, Console, Page, lossy};
use crate::scratch;

/// Show what builds and runs kernels here, for a bug report
#[derive(clap::Args)]
pub(crate) struct Doctor {}

/// Variables of other programs that `veo-build`, libclang and the compilers obey.
const OF_COMPILERS: [&str; 12] = [
    "CC",
    "CXX",
    "FC",
    "HOST_CC",
    "HOST_CXX",
    "CFLAGS",
    "CXXFLAGS",
    "FFLAGS",
    "CPATH",
    "LIBRARY_PATH",
    "LIBCLANG_PATH",
    "NCC_INCLUDE_PATH",
];

#[derive(Serialize)]
struct Diagnosis {
    version: &'static str,
    system: System,
    backend: ChosenBackend,
    /// Each backend, tried alone.
    emu: Tried,
    libveo: Tried,
    /// Files whose presence means a card.
    cards: Vec<String>,
    targets: Vec<TargetReport>,
    /// Whether libclang reads headers.
    libclang: Tried,
    /// Variables that this project, NEC's software or the compilers read, as they are set.
    variables: Vec<SetVariable>,
}

#[derive(Serialize)]
struct System {
    /// The system, as the kernel names itself.
    kernel: Option<String>,
    /// The system, as the distribution names itself.
    distribution: Option<String>,
    machine: &'static str,
    rustc: Option<String>,
}

/// The backend that programs get if they choose none.
#[derive(Serialize)]
struct ChosenBackend {
    name: Option<String>,
    why: String,
}

/// The result of a trial.
#[derive(Serialize)]
struct Tried {
    works: bool,
    /// The finding, or the mistake.
    said: String,
}

/// A target of `veo-build`.
#[derive(Serialize)]
struct TargetReport {
    name: String,
    works: bool,
    /// The compilers, or why there are none.
    said: String,
}

#[derive(Serialize)]
struct SetVariable {
    name: String,
    value: String,
}

pub(crate) fn run(_: &Doctor, console: &Console) -> Result<(), CommandFailure> {
    let cards = cards();
    let (emu, libveo) = (backend("emu"), backend("libveo"));
    let scratch = scratch::directory()?;
    let report = Diagnosis {
        version: env!("CARGO_PKG_VERSION"),
        system: System::read(),
        backend: chosen(!cards.is_empty(), libveo.works),
        emu,
        libveo,
        cards,
        targets: targets(scratch.path()),
        libclang: libclang(scratch.path()),
        variables: variables(),
    };
    console.give(&report)
}

impl System {
    fn read() -> Self {
        let first_line = |text: String| text.lines().next().map(str::to_owned);
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        let distribution = fs::read_to_string("/etc/os-release").ok().and_then(|text| {
            let name = text
                .lines()
                .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
            Some(name.trim_matches('"').to_owned())
        });
        let rustc = Command::new("rustc")
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok();
        let rustc = rustc.filter(|output| output.status.success());
        Self {
            kernel: release
                .and_then(first_line)
                .map(|release| format!("Linux {release}")),
            distribution,
            machine: std::env::consts::ARCH,
            rustc: rustc.and_then(|output| first_line(lossy_bytes(&output.stdout))),
        }
    }
}

fn lossy_bytes(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn cards() -> Vec<String> {
    let entries = fs::read_dir("/dev").into_iter().flatten().flatten();
    let slots = entries.filter(|entry| lossy(entry.file_name()).starts_with("veslot"));
    let mut slots: Vec<String> = slots.map(|entry| lossy(entry.path())).collect();
    slots.sort();
    slots
}

/// The backend that a program gets, and the reason.
fn chosen(card: bool, libveo: bool) -> ChosenBackend {
    let variable = environment::VEO_BACKEND.text();
    let there = |it: bool| if it { "there is" } else { "there is no" };
    let why = match variable.as_deref() {
        None | Some("auto") => format!("{} card, {} usable libveo", there(card), there(libveo)),
        Some(word) => format!("VEO_BACKEND is {word}"),
    };
    match veo_core::nodes() {
        Ok(nodes) => ChosenBackend {
            name: match nodes.first() {
                Some(node) => Some(node.backend.to_string()),
                None => Some("libveo".to_owned()),
            },
            why,
        },
        Err(error) => ChosenBackend {
            name: None,
            why: format!("{why}: {error}"),
        },
    }
}

/// Asks a backend for its nodes in a process of its own, since NEC's library may do anything.
fn backend(name: &str) -> Tried {
    let program = std::env::current_exe();
    let asked = program.and_then(|program| {
        let mut command = Command::new(program);
        command
            .args(["nodes", "--json"])
            .env(environment::VEO_BACKEND.name(), name);
        command.stdin(Stdio::null()).output()
    });
    let output = match asked {
        Ok(output) => output,
        Err(why) => {
            return Tried {
                works: false,
                said: format!("cannot be asked: {why}"),
            };
        }
    };
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if let Some(nodes) = answer["nodes"].as_array() {
        let plural = if nodes.len() == 1 { "" } else { "s" };
        return Tried {
            works: true,
            said: format!("{} node{plural}", nodes.len()),
        };
    }
    let said = match answer["error"].as_str() {
        Some(error) => error.to_owned(),
        None => format!(
            "ended with {} {}",
            output.status,
            lossy_bytes(&output.stderr).trim()
        ),
    };
    Tried { works: false, said }
}

/// Builds a kernel for all targets.
fn targets(scratch: &Path) -> Vec<TargetReport> {
    let mut kernels = scratch::kernels(scratch, "libdoctor.so");
    kernels.inline("doctor.c", "int doctor(int x) { return x; }\n");
    match kernels.try_compile() {
        Ok(built) => of_build(&built),
        Err(error) => vec![TargetReport {
            name: "all".to_owned(),
            works: false,
            said: error.to_string(),
        }],
    }
}

fn of_build(built: &Built) -> Vec<TargetReport> {
    let works = built.targets.iter().map(|target| {
        let name = target.target.to_string();
        let said = match tools(&built.note, &name) {
            Some(tools) => tools.to_owned(),
            None => lossy(&target.library),
        };
        TargetReport {
            name,
            works: true,
            said,
        }
    });
    let left_out = built.left_out.iter().map(|(target, why)| TargetReport {
        name: target.to_string(),
        works: false,
        said: why.clone(),
    });
    works.chain(left_out).collect()
}

/// The compilers of a target by a build note, `libx.so: built for host (cc, gcc 12), ..`.
fn tools<'a>(note: &'a str, target: &str) -> Option<&'a str> {
    let begin = note.find(&format!("{target} ("))? + target.len() + 2;
    let mut depth = 1;
    let end = note[begin..].find(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    })?;
    Some(&note[begin..begin + end])
}

/// Imports a header.
fn libclang(scratch: &Path) -> Tried {
    let header = scratch.join("doctor.h");
    if let Err(why) = fs::write(&header, "int doctor(int x);\n") {
        return Tried {
            works: false,
            said: why.to_string(),
        };
    }
    let mut kernels = scratch::kernels(scratch, "libheader.so");
    kernels.import_header(&header);
    match kernels.try_compile() {
        Ok(_) => Tried {
            works: true,
            said: "reads headers".to_owned(),
        },
        Err(error) => Tried {
            works: false,
            said: error.to_string(),
        },
    }
}

fn variables() -> Vec<SetVariable> {
    let is_ours = |name: &str| {
        let known = environment::ALL
            .iter()
            .any(|variable| variable.name() == name);
        known || OF_COMPILERS.contains(&name) || name.starts_with("VEO_") || name.starts_with("VE_")
    };
    let all = environment::inherited().map(|(name, value)| (lossy(name), lossy(value)));
    let mut found: Vec<SetVariable> = all
        .filter(|(name, _)| is_ours(name))
        .map(|(name, value)| SetVariable { name, value })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

impl Tried {
    fn line(&self) -> String {
        let said = one_line(&self.said);
        if self.works {
            said
        } else {
            format!("no: {said}")
        }
    }
}

/// The first sentence of a longer explanation.
fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

impl Answer for Diagnosis {
    fn print(&self, page: &mut Page) -> std::io::Result<()> {
        let unknown = || "-".to_owned();
        let system = &self.system;
        let backend = self
            .backend
            .name
            .clone()
            .unwrap_or_else(|| "none".to_owned());
        let mut fields = vec![
            ("veo", self.version.to_owned()),
            (
                "system",
                system.distribution.clone().unwrap_or_else(unknown),
            ),
            ("kernel", system.kernel.clone().unwrap_or_else(unknown)),
            ("machine", system.machine.to_owned()),
            ("rustc", system.rustc.clone().unwrap_or_else(unknown)),
            ("backend", format!("{backend} ({})", self.backend.why)),
            ("emu", self.emu.line()),
            ("libveo", self.libveo.line()),
            (
                "cards",
                if self.cards.is_empty() {
                    "none".to_owned()
                } else {
                    self.cards.join(", ")
                },
            ),
            ("libclang", self.libclang.line()),
        ];
        for target in &self.targets {
            let said = one_line(&target.said);
            let said = if target.works {
                said
            } else {
                format!("no: {said}")
            };
            fields.push((&target.name, said));
        }
        page.fields(fields)?;
        if self.variables.is_empty() {
            return page.line("no variables are set");
        }
        page.line("")?;
        let variables = self.variables.iter();
        page.fields(variables.map(|variable| (&*variable.name, variable.value.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::tools;

    #[test]
    fn the_note_of_a_build_names_compilers() {
        let note = "libx.so: built for host (cc, gcc 12 (Debian)), ve1-llvm (clang 19); left out: ve1 (no ncc)";
        assert_eq!(tools(note, "host"), Some("cc, gcc 12 (Debian)"));
        assert_eq!(tools(note, "ve1-llvm"), Some("clang 19"));
        assert_eq!(tools(note, "ve3"), None);
    }
}
