//! Prints the prototypes of the functions that a library or object file exports:
//! `cargo run -p veo-debuginfo --example prototypes -- libk.so`

use std::process::ExitCode;

use veo_debuginfo::prototypes::read_file;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: prototypes <library or object file>");
        return ExitCode::FAILURE;
    };
    let prototypes = match read_file(path.as_ref()) {
        Ok(prototypes) => prototypes,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    };
    for (symbol, prototype) in prototypes.iter() {
        let place = prototype.location().unwrap_or_else(|| "?".to_owned());
        println!("{symbol}: {prototype};  // {place}");
        match prototype.rust_declaration() {
            Some(declaration) => println!("    {declaration}"),
            None => println!("    (cannot be declared in Rust)"),
        }
    }
    for symbol in &prototypes.undescribed {
        println!("{symbol}: no debug information");
    }
    for note in &prototypes.notes {
        eprintln!("note: {note}");
    }
    ExitCode::SUCCESS
}
