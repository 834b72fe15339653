//! Asks a compiler whether it accepts an option, by compiling an empty source.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use crate::Result;
use crate::context::{self, Context};
use crate::source::Language;
use crate::tool::Tool;

/// Whether the compiler accepts `args` after `base`. The answer is kept until the compiler changes.
pub(crate) fn accepts(
    context: &Context,
    compiler: &Tool,
    language: Language,
    base: &[OsString],
    args: &[&OsStr],
) -> Result<bool> {
    // One at a time: the answers are files, and the same question comes from several threads.
    static ASKING: Mutex<()> = Mutex::new(());
    let _asking = ASKING.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = context.out.join("work/probes");
    let mut hasher = DefaultHasher::new();
    (compiler.identity(), language, base, args).hash(&mut hasher);
    let name = format!("{:016x}", hasher.finish());
    let answer = dir.join(format!("{name}.txt"));
    match fs::read_to_string(&answer).as_deref() {
        Ok("yes") => return Ok(true),
        Ok("no") => return Ok(false),
        // Not asked yet, or not written to the end.
        _ => {}
    }
    let (suffix, text) = match language {
        Language::C => ("c", "int veo_build_probe;\n"),
        Language::Cxx => ("cc", "int veo_build_probe;\n"),
        Language::Fortran => ("f90", "subroutine veo_build_probe()\nend subroutine\n"),
    };
    let source = dir.join(format!("{name}.{suffix}"));
    context::write_if_changed(&source, text.as_bytes())?;
    let mut command = compiler.command(&context.env, &dir);
    command
        .args(base)
        .args(args)
        .arg("-c")
        .arg(&source)
        .arg("-o")
        .arg(dir.join(format!("{name}.o")));
    let output = command.output();
    // Some drivers ignore what they do not know and only warn.
    let accepted = output.is_ok_and(|output| {
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        output.status.success()
            && !["unrecognized", "unknown", "unsupported"]
                .iter()
                .any(|word| said.contains(word))
    });
    context::write_if_changed(&answer, if accepted { b"yes" } else { b"no" })?;
    Ok(accepted)
}
