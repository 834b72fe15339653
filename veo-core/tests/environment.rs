//! A process's use of its program's environment: the nodes that a job scheduler gave it, the
//! directories of libraries, and the number of OpenMP's threads.

mod common;

use veo_core::{Error, Result, VeoProc, ve_kernel};
use veo_test_support::run;

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    /// 0: it was not given.
    safe fn threads_of_openmp() -> i64;
}

/// The variable that makes [`case`] look.
const CASE: &str = "VEO_TEST_SURROUNDINGS_CASE";

/// The case that loads a library of this name.
const LOAD: &str = "load";
const NAME: &str = "libsurrounded.so";

/// Runs in the program that [`lies_on`] starts: says on which node the process is.
#[test]
fn case() -> Result<()> {
    let Ok(asked) = std::env::var(CASE) else {
        return Ok(());
    };
    common::library();
    if asked == LOAD {
        match VeoProc::new(0)?.load_library(NAME) {
            Ok(library) => println!("\nnode has {}", library.path().unwrap().display()),
            Err(error) => println!("\nerror: {error}"),
        }
        return Ok(());
    }
    let listed: Vec<i32> = match veo_core::nodes() {
        Ok(nodes) => nodes.iter().map(|node| node.node).collect(),
        Err(error) => panic!("{error}"),
    };
    match VeoProc::new(asked.parse().unwrap()) {
        Ok(proc) => println!("\nnode {} of {listed:?}", proc.nodeid()),
        Err(error @ (Error::NoSuchNode { .. } | Error::ProcessStart { .. })) => {
            println!("\nerror: {error}");
        }
        Err(error) => panic!("{error}"),
    }
    Ok(())
}

/// The outcome of creating a process for which `asked` is given, with these variables.
fn lies_on(asked: i32, list: Option<&str>, number: Option<&str>) -> String {
    let variables = [("_VENODELIST", list), ("VE_NODE_NUMBER", number)];
    said_with(&asked.to_string(), &variables)
}

/// The output of the case with these variables.
fn said_with(case: &str, variables: &[(&str, Option<&str>)]) -> String {
    let mut program = run::one_test("case");
    program.env(CASE, case).env("VEO_EMU_NODES", "6");
    for (name, value) in variables {
        program.env_remove(name);
        if let Some(value) = value {
            program.env(name, value);
        }
    }
    let output = program.output().expect("the program starts again");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = &mut text.lines();
    let said = lines.find(|line| line.starts_with("node ") || line.starts_with("error: "));
    said.unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn nodes_are_found_as_libveo_finds_them() {
    let all = "[0, 1, 2, 3, 4, 5]";
    for (asked, list, number, lies) in [
        (-1, None, None, format!("node 0 of {all}")),
        (3, None, Some("5"), format!("node 3 of {all}")),
        (-1, None, Some("5"), format!("node 5 of {all}")),
        (-1, None, Some(" 2 "), format!("node 2 of {all}")),
        (-1, Some("4 5"), None, "node 4 of [0, 1]".into()),
        (-1, Some("4 5"), Some("4"), "node 4 of [0, 1]".into()),
        (-1, Some("4 5"), Some("5"), "node 5 of [0, 1]".into()),
        (0, Some("4 5"), Some("5"), "node 4 of [0, 1]".into()),
        (1, Some(" 4  5 "), None, "node 5 of [0, 1]".into()),
    ] {
        let have = lies_on(asked, list, number);
        assert_eq!(have, lies, "{asked} with {list:?} and {number:?}");
    }
}

#[test]
fn a_node_that_does_not_exist_is_an_error() {
    for (asked, list, number, parts) in [
        (6, None, None, ["node 6", "6 nodes"]),
        (-2, None, None, ["-2", "no number of a VE node"]),
        (-1, None, Some("6"), ["node 6", "does not exist"]),
        (-1, None, Some("two"), ["VE_NODE_NUMBER", "\"two\""]),
        (-1, None, Some(""), ["VE_NODE_NUMBER", "\"\""]),
        (2, Some("4 5"), None, ["node 2", "[4, 5]"]),
        (-1, Some("4 5"), Some("1"), ["node 1", "[4, 5]"]),
        (0, Some("9 5"), None, ["node 9", "does not exist"]),
        (-1, Some(""), None, ["_VENODELIST is empty", "scheduler"]),
    ] {
        let said = lies_on(asked, list, number);
        assert!(said.starts_with("error: "), "{said}");
        for part in parts {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert!(!said.contains("-1"), "{said}");
    }
}

#[test]
fn a_library_of_another_machine_hides_none_that_can_run() {
    let whole = std::fs::read(common::library()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().canonicalize().unwrap();
    let place = |name: &str, bytes: &[u8]| {
        let file = directory.join(name).join(NAME);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, bytes).unwrap();
        file
    };
    let mut foreign = whole.clone();
    foreign[18..20].copy_from_slice(&243u16.to_le_bytes());
    place("first", &foreign);
    // The headers are there; what is behind what is loaded may be missing.
    place("second", &whole[..4096]);
    let path = ["first", "second", "third"].map(|name| directory.join(name).display().to_string());
    let path = path.join(":");
    let loaded = || said_with(LOAD, &[("VEO_LIBRARY_PATH", Some(&path))]);
    let error = loaded();
    for part in ["error: ", "first/libsurrounded.so", "machine number 243"] {
        assert!(error.contains(part), "{error}");
    }
    let good = place("third", &whole);
    assert_eq!(loaded(), format!("node has {}", good.display()));
}

#[test]
fn openmp_has_the_threads_that_the_process_was_built_with() -> Result<()> {
    common::library();
    let before = std::env::var_os("VE_OMP_NUM_THREADS");
    for threads in [1, 3] {
        let proc = VeoProc::builder().omp_threads(threads).build()?;
        assert_eq!(threads_of_openmp(&proc)?, threads.into());
        // Any number of them leaves room for contexts.
        let contexts = [proc.open_context()?, proc.open_context()?];
        assert_eq!(threads_of_openmp(&contexts[1])?.wait()?, threads.into());
    }
    assert_eq!(std::env::var_os("VE_OMP_NUM_THREADS"), before);
    let none = VeoProc::builder().omp_threads(0).build().unwrap_err();
    assert!(none.to_string().contains("at least 1"), "{none}");
    Ok(())
}
