//! `--disassemble`: the instructions of an object file, one line for each word of its executable sections.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use ve_isa::encoding;
use veo_debuginfo::{elf, ve_code_sections};

/// Writes `hex address: text` for each word, with the addresses of the file and the text of `llvm-objdump`. A word that is no
/// instruction is `<unknown>`. A reader that stops early is no error. The error says what is wrong with the file.
pub fn disassemble(file: &Path, output: impl Write) -> Result<(), String> {
    let (file, metadata) = elf::open(file).map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        return Err("it is a directory".to_owned());
    }
    let mut output = BufWriter::new(output);
    ve_code_sections(file, |address, bytes| section(&mut output, address, bytes))?
        .and_then(|()| output.flush())
        .or_else(|error| {
            if error.kind() == io::ErrorKind::BrokenPipe {
                Ok(())
            } else {
                Err(error)
            }
        })
        .map_err(|error| format!("the output cannot be written: {error}"))
}

fn section(output: &mut impl Write, address: u64, bytes: &[u8]) -> io::Result<()> {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut at = address;
    for word in words {
        match encoding::disassemble(u64::from_le_bytes(*word)) {
            Some(text) => writeln!(output, "{at:x}: {text}")?,
            None => writeln!(output, "{at:x}: <unknown>")?,
        }
        at = at.wrapping_add(8);
    }
    if rest.is_empty() {
        Ok(())
    } else {
        writeln!(output, "{at:x}: <unknown>")
    }
}
