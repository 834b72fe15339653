//! The files that debug information lies in: beside the library, compressed, in objects for the host and the VE.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use veo_abi::prototype::Prototypes;
use veo_debuginfo::debug_link;
use veo_debuginfo::prototypes::{read, read_file};

use crate::c::{all_are_found, plain, source};
use crate::compilers::{c_compilers, find, fortran_compilers, once_with, ve_compiler};

#[test]
fn separate_debug_files_are_found_and_checked() {
    let compiler = &c_compilers()[0];
    let objcopy = find(&["objcopy"]).expect("objcopy comes with gcc");
    let (_keep, library) = compiler.compile("k.c", &source());
    let (_other, stranger) = compiler.compile("k.c", "int add(void) { return 0; }");
    let run = |arguments: &[&OsStr]| {
        let status = Command::new(&objcopy).args(arguments).status();
        assert!(status.is_ok_and(|status| status.success()));
    };
    let kept = library.with_file_name("somewhere.debug");
    run(&[
        "--only-keep-debug".as_ref(),
        library.as_ref(),
        kept.as_ref(),
    ]);
    run(&["--strip-debug".as_ref(), library.as_ref()]);
    let stripped = std::fs::read(&library).unwrap();
    let debug = std::fs::read(&kept).unwrap();
    assert!(
        read(&stripped, None)
            .expect("no prototypes are no error")
            .is_empty()
    );
    assert!(read(&stripped, None).unwrap().exports("add"));
    let found = read(&stripped, Some(&debug)).expect("the debug file belongs to it");
    assert_eq!(
        plain(&found.get("add").unwrap().to_string()),
        "long add(int a, double *b)"
    );

    // First by the link, then by the name.
    let mut link = OsString::from("--add-gnu-debuglink=");
    link.push(&kept);
    run(&[&link, library.as_ref()]);
    assert!(read_file(&library).unwrap().get("add").is_some());
    let linked = std::fs::read(&library).unwrap();
    let (name, _) = debug_link(&linked).unwrap().unwrap();
    assert_eq!(name, "somewhere.debug");
    run(&["--remove-section=.gnu_debuglink".as_ref(), library.as_ref()]);
    assert!(read_file(&library).unwrap().get("add").is_none());
    std::fs::rename(&kept, library.with_file_name("libk.so.debug")).unwrap();
    assert!(read_file(&library).unwrap().get("add").is_some());

    // The debug file of another build.
    let stranger = std::fs::read(&stranger).unwrap();
    assert!(read(&linked, Some(&stranger)).is_err());
}

#[test]
fn compressed_and_relocatable_debug_information_is_read() {
    let few = [("-O0", "-gdwarf-5"), ("-O2", "-gdwarf-4")];
    for compiler in c_compilers()
        .into_iter()
        .filter(|compiler| compiler.is(&few))
    {
        for extra in ["-gz=zlib", "-fdebug-types-section"] {
            let mut compiler = compiler.clone();
            compiler.options.push(extra);
            let found = compiler.prototypes("k.c", &source());
            all_are_found(&found, &compiler);
        }
        for extra in [
            &["-c"][..],
            &["-c", "-ffunction-sections", "-fdebug-types-section"],
        ] {
            let mut compiler = compiler.clone();
            compiler.options.retain(|option| *option != "-shared");
            compiler.options.extend(extra);
            let found = compiler.prototypes("k.c", &source());
            assert_eq!(found.notes, &[] as &[String]);
            all_are_found(&found, &compiler);
        }
    }
}

#[test]
fn objects_for_the_ve_are_relocated_and_read() {
    let Some(compiler) = ve_compiler() else {
        return;
    };
    for options in [
        &["-O0"][..],
        &["-O2", "-fpic"],
        &["-O2", "-gdwarf-4", "-ffunction-sections"],
    ] {
        let mut compiler = compiler.clone();
        compiler.options.extend(options);
        compiler.options.extend(["-w", "-ffreestanding"]);
        let (_keep, object) = compiler.compile("k.c", &source());
        let bytes = std::fs::read(&object).unwrap();
        assert_eq!(bytes[18..20], [251, 0], "the object is for the VE");
        let found = read_file(&object).expect("the object can be read");
        all_are_found(&found, &compiler);
    }
}

#[test]
fn a_file_that_is_no_library_is_refused_with_a_reason() {
    let error = |bytes: &[u8]| read(bytes, None).expect_err("it is no library").to_string();
    assert!(error(b"").contains("not an ELF file"));
    assert!(error(b"#!/bin/sh\n").contains("not an ELF file"));
    let mut small = *b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0";
    assert!(error(&small).contains("32-bit"));
    (small[4], small[5]) = (2, 2);
    assert!(error(&small).contains("big-endian"));
    small[5] = 1;
    assert!(error(&small).contains("damaged"));
    let error = read_file("/nonexistent/libk.so".as_ref()).expect_err("there is no such file");
    assert!(error.to_string().contains("/nonexistent/libk.so"));
}

#[test]
fn debug_information_that_dwz_shares_between_libraries_is_read() {
    let dwz = find(&["dwz"]);
    if !veo_test_support::available("dwz (Debian: dwz)", dwz.is_some()) {
        return;
    }
    let dwz = dwz.unwrap_or_default();
    let mut compilers = once_with(c_compilers(), &["-gdwarf-4"]);
    // dwz cannot read what clang writes for it.
    compilers.extend(once_with(c_compilers(), &["-gdwarf-5"]));
    compilers
        .retain(|it| !it.program.starts_with("clang") || it.options.last() == Some(&"-gdwarf-4"));
    for compiler in compilers {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("k.c"), source()).unwrap();
        compiler.run(directory.path(), &path("k.c"), &path("one.so"));
        compiler.run(directory.path(), &path("k.c"), &path("two.so"));
        let run = |arguments: &[&str]| {
            let mut command = Command::new(&dwz);
            let status = command
                .current_dir(directory.path())
                .args(arguments)
                .status();
            assert!(status.is_ok_and(|status| status.success()), "{compiler:?}");
        };
        run(&["one.so"]);
        all_are_found(&read_file(&path("one.so")).unwrap(), &compiler);
        run(&[
            "-m",
            "common.debug",
            "-M",
            "common.debug",
            "one.so",
            "two.so",
        ]);
        assert!(path("common.debug").is_file(), "{compiler:?}");
        for library in ["one.so", "two.so"] {
            let found = read_file(&path(library)).expect("the library can be read");
            assert_eq!(found.notes, &[] as &[String], "{compiler:?}");
            all_are_found(&found, &compiler);
        }
        // Without the file nothing is refused, and a note says what is missing.
        std::fs::remove_file(path("common.debug")).unwrap();
        let found = read_file(&path("one.so")).expect("the library can be read");
        let [note, ..] = found.notes.as_slice() else {
            panic!("nothing is said: {compiler:?}");
        };
        assert!(note.contains("common.debug"), "{note}");
    }
}

#[test]
fn debug_information_that_dwz_shares_keeps_its_language() {
    let dwz = find(&["dwz"]);
    if !veo_test_support::available("dwz (Debian: dwz)", dwz.is_some()) {
        return;
    }
    let source = "\
subroutine fill(x, c)
  real(8) :: x(3,4)
  character(len=4) :: c(3)
  x = 1; c(1) = \"a\"
end subroutine
";
    for compiler in once_with(fortran_compilers(), &["-gdwarf-4"]) {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("k.f90"), source).unwrap();
        for library in ["one.so", "two.so"] {
            compiler.run(directory.path(), &path("k.f90"), &path(library));
        }
        let before = read_file(&path("one.so")).unwrap();
        let mut command = Command::new(dwz.as_deref().unwrap_or_default());
        command.args([
            "-m",
            "common.debug",
            "-M",
            "common.debug",
            "one.so",
            "two.so",
        ]);
        let status = command.current_dir(directory.path()).status();
        assert!(status.is_ok_and(|status| status.success()));
        let after = read_file(&path("one.so")).unwrap();
        let fill = |found: &Prototypes| found.get("fill_").unwrap().to_string();
        assert_eq!(fill(&after), fill(&before), "{compiler:?}");
        assert!(fill(&after).contains("[4][3]"), "{compiler:?}");
    }
}
