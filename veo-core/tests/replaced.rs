//! Libraries whose files are replaced while they are loaded, and symbols that are no functions.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use common::{compile, process};
use veo_core::{Error, Result, VeoProc, ve_kernel};

/// A directory of one test, with two versions of a library.
struct Versions {
    directory: tempfile::TempDir,
    old: PathBuf,
    new: PathBuf,
}

impl Versions {
    fn new(name: &str) -> Versions {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let version = |version: &str, text: &str| {
            let source = directory.path().join(format!("{version}.c"));
            fs::write(&source, text).expect("it is writable");
            let library = format!("lib{name}-{version}.so");
            compile(source.to_str().expect("UTF-8"), &library, &["-g", "-O0"])
        };
        let crash = "long crash(long x) { return *(volatile long *)16; }\n";
        Versions {
            old: version(
                "old",
                &format!("long twice(long x) {{ return 2 * x; }}\n{crash}"),
            ),
            new: version(
                "new",
                &format!(
                    "\n\n\n\n\n\n\n\n\ndouble twice(double x, int by) {{ return by * x; }}\n{crash}"
                ),
            ),
            directory,
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("libtwice.so")
    }

    /// Puts the old version in place.
    fn install(&self) -> PathBuf {
        fs::copy(&self.old, self.path()).expect("it is writable");
        self.path()
    }

    /// Puts another version in its place as package managers do.
    fn replace(&self) {
        let other = self.directory.path().join("other");
        fs::copy(&self.new, &other).expect("it is writable");
        fs::rename(&other, self.path()).expect("it is writable");
    }
}

/// The loaded library is the old version, and says so.
fn is_the_old_one(path: &Path, change: impl FnOnce()) -> Result<()> {
    let proc = process();
    let lib = proc.load_library(path)?;
    change();
    let twice = lib.function::<fn(i64) -> i64>("twice")?;
    assert_eq!(twice.call(&proc, (4,))?, 8);
    let error = lib.function::<fn(f64, i32) -> f64>("twice").unwrap_err();
    assert!(matches!(error, Error::Prototype { .. }), "{error}");
    let untyped = lib.find_function("twice")?;
    assert_eq!(i64::try_from(untyped.call(&proc, [5.into()])?)?, 10);
    // The same one, whatever its path names now. A link that leads elsewhere is another path.
    if path.is_file() && !path.is_symlink() {
        assert_eq!(proc.load_library(path)?, lib);
    }
    // The source line is that of the old version.
    let crash = lib.function::<fn(i64) -> i64>("crash")?;
    let error = crash.call(&proc, (1,)).unwrap_err();
    let (file, line) = error
        .fault()
        .and_then(|fault| fault.source.clone())
        .expect("a line");
    assert!(file.ends_with("old.c"), "{file}");
    assert_eq!(line, 2);
    Ok(())
}

#[test]
fn a_library_stays_what_was_loaded() -> Result<()> {
    let versions = Versions::new("replaced");
    is_the_old_one(&versions.install(), || versions.replace())?;
    is_the_old_one(&versions.install(), || {
        fs::remove_file(versions.path()).expect("it is there");
    })?;
    // Another file of the same size and time.
    is_the_old_one(&versions.install(), || {
        let before = versions
            .path()
            .metadata()
            .and_then(|file| file.modified())
            .expect("a time");
        versions.replace();
        let file = fs::File::options()
            .write(true)
            .open(versions.path())
            .expect("it is there");
        file.set_modified(before).expect("it is ours");
    })?;
    let link = versions.directory.path().join("liblink.so");
    symlink(versions.install(), &link).expect("it is writable");
    is_the_old_one(&link, || {
        fs::remove_file(&link).expect("it is there");
        symlink(&versions.new, &link).expect("it is writable");
    })
}

/// A constructor puts another file in the place of its own library, so that happens during each loading.
#[test]
fn a_library_that_is_replaced_while_it_is_loaded_is_not_taken() -> Result<()> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let [source, path, other] =
        ["k.c", "libreplacing.so", "other"].map(|name| directory.path().join(name));
    let text = format!(
        "#include <stdio.h>\n\
         __attribute__((constructor)) static void replace(void) {{ rename({other:?}, {path:?}); }}\n\
         long twice(long x) {{ return 2 * x; }}\n"
    );
    fs::write(&source, text).expect("it is writable");
    let built = compile(source.to_str().expect("UTF-8"), "libreplacing.so", &["-g"]);
    fs::copy(&built, &path).expect("it is writable");
    fs::copy(&built, &other).expect("it is writable");

    let proc = process();
    let error = proc.load_library(&path).unwrap_err();
    assert!(matches!(error, Error::LibraryLoad { .. }), "{error}");
    assert!(error.to_string().contains("was replaced while"), "{error}");
    // There is nothing left to put in its place.
    let twice = proc
        .load_library(&path)?
        .function::<fn(i64) -> i64>("twice")?;
    assert_eq!(twice.call(&proc, (4,))?, 8);
    Ok(())
}

#[test]
fn a_library_that_is_loaded_again_is_the_new_one() -> Result<()> {
    let versions = Versions::new("reloaded");
    let path = versions.install();
    let proc = process();
    let lib = proc.load_library(&path)?;
    lib.function::<fn(i64) -> i64>("twice")?;
    versions.replace();
    lib.unload()?;
    let lib = proc.load_library(&path)?;
    assert!(lib.function::<fn(i64) -> i64>("twice").is_err());
    let twice = lib.function::<fn(f64, i32) -> f64>("twice")?;
    assert_eq!(twice.call(&proc, (1.5, 3))?, 4.5);
    Ok(())
}

/// The VE process then has a mixture of both files.
#[test]
fn a_library_that_was_overwritten_is_not_checked_against_something_else() -> Result<()> {
    let versions = Versions::new("overwritten");
    let path = versions.install();
    let proc = process();
    let lib = proc.load_library(&path)?;
    fs::write(&path, fs::read(&versions.new).expect("it is there")).expect("it is writable");
    for error in [
        lib.function::<fn(i64) -> i64>("twice")
            .map(drop)
            .unwrap_err(),
        lib.function::<fn(f64, i32) -> f64>("twice")
            .map(drop)
            .unwrap_err(),
    ] {
        assert!(matches!(error, Error::LibraryOverwritten { .. }), "{error}");
        assert!(error.to_string().contains("libtwice.so"), "{error}");
    }
    let error = lib.find_function("twice").map(drop).unwrap_err();
    assert!(matches!(error, Error::LibraryOverwritten { .. }), "{error}");
    // The mixture may crash.
    let proc = process();
    let lib = proc.load_library(&path)?;
    let twice = lib.function::<fn(f64, i32) -> f64>("twice")?;
    assert_eq!(twice.call(&proc, (1.5, 3))?, 4.5);
    Ok(())
}

#[ve_kernel(lib = "libsymbols.so")]
unsafe extern "C" {
    safe fn table(x: i64) -> i64;
    safe fn constant(x: i64) -> i64;
    safe fn plain(x: i64) -> i64;
}

#[test]
fn only_functions_are_called() -> Result<()> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let source = directory.path().join("symbols.c");
    let text = r#"
        long table[4] = { 1 };
        const long constant = 3;
        long common;
        _Thread_local long own = 5;
        __asm__(".globl number\n.set number, 0x1234");
        __asm__(".data\n.globl untyped\nuntyped: .quad 7\n.text");
        extern long missing(long) __attribute__((weak));
        long (*use)(long) = missing;
        long plain(long x) { return x; }
        static void *choose(void) { return plain; }
        void *chosen(long) __attribute__((ifunc("choose")));
        extern long alias(long) __attribute__((alias("plain")));
        long weak(long x) __attribute__((weak));
        long weak(long x) { return x + 1; }
        __asm__(".text\n.globl bare\nbare: jmp plain\n");
    "#;
    fs::write(&source, text).expect("it is writable");
    // Also without sections and without debug information.
    for flags in [
        &["-g"][..],
        &["-s"],
        &["-g", "-fno-common", "-ffunction-sections"],
    ] {
        let name = "libsymbols.so";
        let path = compile(source.to_str().expect("UTF-8"), name, flags);
        let proc = process();
        let lib = proc.load_library(path)?;
        for symbol in [
            "table", "constant", "common", "own", "number", "untyped", "use",
        ] {
            let errors = [
                lib.find_function(symbol).map(drop).unwrap_err(),
                lib.function::<fn(i64) -> i64>(symbol)
                    .map(drop)
                    .unwrap_err(),
                proc.get_function(symbol).map(drop).unwrap_err(),
            ];
            for error in errors {
                assert!(
                    matches!(error, Error::NotAFunction { .. }),
                    "{symbol}: {error}"
                );
                assert!(error.to_string().contains(symbol), "{error}");
            }
        }
        for error in [
            table(&proc, 1).unwrap_err(),
            constant(&proc, 1).unwrap_err(),
        ] {
            assert!(matches!(error, Error::NotAFunction { .. }), "{error}");
        }
        assert!(matches!(
            lib.find_function("missing"),
            Err(Error::SymbolNotFound { .. })
        ));
        assert!(lib.get_symbol("table").is_ok());
        for (symbol, result) in [
            ("plain", 9),
            ("chosen", 9),
            ("alias", 9),
            ("weak", 10),
            ("bare", 9),
        ] {
            let function = lib
                .find_function(symbol)?
                .args_type(&["long"])?
                .ret_type("long")?;
            assert_eq!(
                i64::try_from(function.call(&proc, [9.into()])?)?,
                result,
                "{symbol}"
            );
        }
        assert_eq!(plain(&proc, 3)?, 3);
        lib.unload()?;
    }
    Ok(())
}

#[test]
fn a_variable_of_another_library_is_no_function() -> Result<()> {
    let proc = process();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let source = directory.path().join("uses.c");
    let text = "#include <stdio.h>\nlong sum(long x) { return x + fputs(\"\", stdout); }";
    fs::write(&source, text).expect("it is writable");
    let path = compile(source.to_str().expect("UTF-8"), "libuses.so", &["-g"]);
    let lib = proc.load_library(path)?;
    for symbol in ["stdout", "environ"] {
        for error in [
            lib.find_function(symbol).map(drop).unwrap_err(),
            lib.function::<fn(i64) -> i64>(symbol)
                .map(drop)
                .unwrap_err(),
        ] {
            let is_right = matches!(error, Error::NotAFunction { .. });
            assert!(is_right, "{symbol}: {error}");
        }
        assert!(lib.get_symbol(symbol).is_ok());
    }
    let abs = lib.function::<fn(i32) -> i32>("abs")?;
    assert_eq!(abs.call(&proc, (-7,))?, 7);
    Ok(())
}

/// The loader goes by names: what another library needs is there already.
#[test]
fn a_library_that_another_one_has_brought_along_is_the_old_one() -> Result<()> {
    let versions = Versions::new("needed");
    let path = versions.install();
    let source = versions.directory.path().join("needy.c");
    let text = "long twice(long); long through(long x) { return twice(x) + 1; }";
    fs::write(&source, text).expect("it is writable");
    let flags = [
        format!("-Wl,-rpath,{}", versions.directory.path().display()),
        "-Wl,--no-as-needed".into(),
        format!("-L{}", versions.directory.path().display()),
        "-ltwice".into(),
    ];
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let needy = compile(source.to_str().expect("UTF-8"), "libneedy-old.so", &flags);
    let proc = process();
    let lib = proc.load_library(&needy)?;
    let twice = |proc: &VeoProc| {
        proc.load_library(&path)?
            .function::<fn(i64) -> i64>("twice")
    };
    assert_eq!(twice(&proc)?.call(&proc, (4,))?, 8);
    proc.load_library(&path)?.unload()?;
    versions.replace();
    let error = proc.load_library(&path).map(drop).unwrap_err();
    assert!(error.to_string().contains("replaced"), "{error}");
    // A process that begins now has the new one, and what is loaded goes on.
    let through = lib.function::<fn(i64) -> i64>("through")?;
    assert_eq!(through.call(&proc, (4,))?, 9);
    assert!(matches!(
        twice(&process()).map(drop),
        Err(Error::Prototype { .. })
    ));
    Ok(())
}
