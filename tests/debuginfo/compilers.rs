//! The compilers that are there, each in the variants that write different debug information.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use veo_abi::prototype::Prototypes;
use veo_debuginfo::prototypes::read_file;
use veo_test_support::compile::tool;
use veo_test_support::{available, found};

/// A compiler with the options that a test is about.
#[derive(Clone, Debug)]
pub struct Compiler {
    pub program: String,
    pub options: Vec<&'static str>,
}

/// The first of these programs that answers.
pub fn find(programs: &[&str]) -> Option<String> {
    let there = programs.iter().find(|program| found(program));
    there.map(|program| (*program).to_owned())
}

/// Every way to compile C here: compiler, optimisation, version of DWARF.
pub fn c_compilers() -> Vec<Compiler> {
    let mut compilers = matrix(&find(&["cc", "gcc"]).expect("README asks for a C compiler"));
    let clang = find(&["clang", "clang-19", "clang-18", "clang-14"]);
    if available("clang (Debian: clang)", clang.is_some()) {
        compilers.extend(matrix(&clang.unwrap_or_default()));
    }
    compilers
}

/// A C++ compiler for each of gcc and clang, in fewer variants: its headers take their time.
pub fn cpp_compilers() -> Vec<Compiler> {
    let mut compilers = Vec::new();
    let gcc = find(&["g++"]);
    if available("a C++ compiler (Debian: g++)", gcc.is_some()) {
        compilers.extend(matrix(&gcc.unwrap_or_default()));
    }
    let clang = find(&["clang++", "clang++-19", "clang++-18", "clang++-14"]);
    if available("clang++ (Debian: clang)", clang.is_some()) {
        compilers.extend(matrix(&clang.unwrap_or_default()));
    }
    compilers.retain(|compiler| compiler.is(&[("-O0", "-gdwarf-5"), ("-O2", "-gdwarf-4")]));
    compilers
}

/// gfortran in its variants, if it is there.
pub fn fortran_compilers() -> Vec<Compiler> {
    let found = find(&["gfortran"]);
    if !available("gfortran (Debian: gfortran)", found.is_some()) {
        return Vec::new();
    }
    matrix(&found.unwrap_or_default())
}

/// A clang that can compile for the VE.
pub fn ve_compiler() -> Option<Compiler> {
    let names = ["clang-22", "clang-21", "clang-20", "clang-19", "clang"];
    let found = names.into_iter().find(|name| {
        Command::new(name)
            .arg("--print-targets")
            .output()
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("\n    ve "))
    });
    available(
        "clang with the VE target (Debian: clang-19)",
        found.is_some(),
    )
    .then(|| Compiler {
        program: found.unwrap_or_default().to_owned(),
        options: vec!["--target=ve-unknown-linux-gnu", "-g", "-c"],
    })
}

/// Optimisation and version of DWARF.
const VARIANTS: [(&str, &str); 5] = [
    ("-O0", "-gdwarf-4"),
    ("-O0", "-gdwarf-5"),
    ("-O1", "-gdwarf-5"),
    ("-O2", "-gdwarf-4"),
    ("-O2", "-gdwarf-5"),
];

fn matrix(program: &str) -> Vec<Compiler> {
    VARIANTS
        .into_iter()
        .map(|(optimisation, dwarf)| Compiler {
            program: program.to_owned(),
            options: vec![optimisation, dwarf, "-shared", "-fPIC", "-w"],
        })
        .collect()
}

/// Each compiler once, with these options besides its own.
pub fn once_with(compilers: Vec<Compiler>, options: &[&'static str]) -> Vec<Compiler> {
    let mut one = Vec::<Compiler>::new();
    for mut compiler in compilers {
        if one.iter().all(|other| other.program != compiler.program) {
            compiler.options.extend(options);
            one.push(compiler);
        }
    }
    one
}

impl Compiler {
    /// Whether this is one of these variants.
    pub fn is(&self, variants: &[(&str, &str)]) -> bool {
        variants.contains(&(self.options[0], self.options[1]))
    }

    /// Compiles a source and returns the file with what keeps it alive.
    pub fn compile(&self, file: &str, source: &str) -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let path = directory.path().join(file);
        std::fs::write(&path, source).expect("the source can be written");
        let output = directory.path().join("libk.so");
        self.run(directory.path(), &path, &output);
        (directory, output)
    }

    /// The prototypes in the library that it makes of a source.
    pub fn prototypes(&self, file: &str, source: &str) -> Prototypes {
        let (_keep, library) = self.compile(file, source);
        read_file(&library).expect("the library can be read")
    }

    /// Compiles `source`, in a directory of other files that it may need.
    pub fn run(&self, directory: &Path, source: &Path, output: &Path) {
        let mut command = Command::new(&self.program);
        command.current_dir(directory).args(&self.options);
        tool(command.arg("-o").args([output, source]));
    }
}
