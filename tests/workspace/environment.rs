//! Everything that runs in a user's program reads variables through `veo_abi::environment`, which
//! reads none in a program with raised privileges. The files that may read them otherwise are listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use veo_abi::environment;
use veo_test_support as _;

/// Functions that read variables, or files and directories that variables name.
const READERS: &[&str] = &[
    "env::var", // also `vars`, `var_os`, `vars_os`
    "var_os(",
    "vars_os(",
    "env::set_var",
    "getenv",
    "environ;",
    "environ[",
    "environ)",
    "temp_dir",
    "tempfile",
    "tempdir",
    "home_dir",
    " env = \"",
    "getauxval",
];

/// Functions that read variables even of a program with raised privileges.
const UNGUARDED: &[&str] = &["unguarded()", "environment::names()"];

/// The files that may, with the reason.
const AROUND: &[(&str, &str)] = &[
    ("veo-abi/src/environment.rs", "the gate itself"),
    (
        "veo-build/src/context.rs",
        "runs in build scripts, whose variables are their user's own",
    ),
    ("veo-syntax/src/built.rs", "runs in the compiler"),
    ("ve-isa/build.rs", "runs while this is built"),
    ("veo-emu/build.rs", "runs while this is built"),
    (
        "ve-isa/src/host/stdlib.rs",
        "names functions of machine code, which read the variables of their machine",
    ),
    (
        "ve-isa/src/host/fenv.rs",
        "gives machine code the function of C for the environment of floats, whose name ends in the same letters",
    ),
    (
        "ve-run/src/run.rs",
        "hands all variables on to the program that it runs, and obeys none itself",
    ),
    ("veo-cli/build.rs", "runs while this is built"),
    ("veo-mpi/build.rs", "runs while this is built"),
    (
        "veo-cli/src/scratch.rs",
        "a command that refuses to run with raised privileges",
    ),
    (
        "veo-cli/src/install/artifacts.rs",
        "a command that refuses to run with raised privileges",
    ),
    (
        "veo-cli/src/install/layout.rs",
        "a command that refuses to run with raised privileges",
    ),
    (
        "veo-cli/src/install/mod.rs",
        "a command that refuses to run with raised privileges",
    ),
    (
        "veo-emu/src/host/program.rs",
        "asks for the name the program was started by",
    ),
    (
        "veo-core/src/backend/libveo/bare.rs",
        "compares a number that NEC's library reads by itself",
    ),
    (
        "veo-core/src/backend/libveo/nodes.rs",
        "tells whether NEC's library numbers nodes by a list",
    ),
    (
        "veo-core/src/backend/libveo/load.rs",
        "refuses variables that NEC's library would obey",
    ),
    ("veo-emu/src/veorun/takeover.rs", "can only end the program"),
    (
        "veo-emu/src/shared/handshake.rs",
        "can only refuse to start a VE process",
    ),
];

/// The crates' sources, without tests.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for entry in fs::read_dir(&root).unwrap() {
        let package = entry.unwrap().path();
        let name = package.file_name().unwrap().to_str().unwrap().to_owned();
        if !package.join("Cargo.toml").exists() || ["tests", "examples", "fuzz"].contains(&&*name) {
            continue;
        }
        gather(&package.join("src"), &mut files);
        gather(&package.join("shim"), &mut files);
        files.extend(Some(package.join("build.rs")).filter(|path| path.exists()));
    }
    let of_tests = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.ends_with("_tests.rs") || ["fuzzing.rs", "tests.rs"].contains(&name)
    };
    files.retain(|path| !of_tests(path));
    files.sort();
    let named = files.into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        (name, text)
    });
    named.collect()
}

fn gather(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        let kind = path.extension().and_then(|kind| kind.to_str());
        if path.is_dir() {
            gather(&path, files);
        } else if matches!(kind, Some("rs" | "c" | "h")) {
            files.push(path);
        }
    }
}

/// The lines that read something, by file.
fn readings() -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for (name, text) in sources() {
        let code = text.split("\nmod tests {").next().unwrap();
        let lines = code.lines().map(str::trim);
        for line in lines.filter(|line| !line.starts_with("//") && !line.starts_with('*')) {
            if READERS
                .iter()
                .chain(UNGUARDED)
                .any(|reader| line.contains(reader))
            {
                found.entry(name.clone()).or_default().push(line.to_owned());
            }
        }
    }
    found
}

#[test]
fn nothing_goes_around_the_gate() {
    let found = readings();
    // If these were not found, this would look at the wrong things.
    assert!(
        found.contains_key("veo-abi/src/environment.rs"),
        "{found:#?}"
    );
    assert!(found.contains_key("veo-build/src/context.rs"), "{found:#?}");
    let allowed: BTreeSet<_> = AROUND.iter().map(|(file, _)| *file).collect();
    for (file, lines) in &found {
        assert!(
            allowed.contains(file.as_str()),
            "{file} asks the system itself; read variables through veo_abi::environment, or add \
             the file to AROUND with the reason: {lines:#?}"
        );
    }
    for (file, reason) in AROUND {
        assert!(
            found.contains_key(*file),
            "{file} ({reason}) reads nothing any more"
        );
    }
}

#[test]
fn all_variables_are_listed_once() {
    let mut names: Vec<_> = environment::ALL
        .iter()
        .map(|variable| variable.name())
        .collect();
    println!(
        "programs obey, without raised privileges: {}",
        names.join(", ")
    );
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(names.contains(&"VEO_LIBVEO") && names.contains(&"VEORUN_BIN"));
}
