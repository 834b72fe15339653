//! The types of an untyped function whose caller names none: those of the library's debug
//! information, else a guess and one warning.
//!
//! Warnings go to the standard error of a program without a subscriber of `tracing`, so what
//! checks them is this program started again.

mod common;

use std::path::PathBuf;
use std::sync::LazyLock;

use veo_core::{
    Error, OnStack, Prototypes, Result, SymbolKind, Value, ValueKind, VeoLibrary, VeoProc,
};
use veo_test_support::run;

/// The variable that makes a test a case of another one.
const CASE: &str = "VEO_TEST_GUESSED_CASE";

fn described() -> PathBuf {
    static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| compile("libdescribed.so", "-g"));
    LIBRARY.clone()
}

fn bare() -> PathBuf {
    static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| compile("libundescribed.so", "-g0"));
    LIBRARY.clone()
}

fn compile(name: &str, debug: &str) -> PathBuf {
    common::compile("untyped.c", name, &["-O1", debug, "-std=gnu17", "-w"])
}

fn with_library(library: PathBuf) -> Result<(VeoProc, VeoLibrary)> {
    let proc = VeoProc::new(0)?;
    let lib = proc.load_library(library)?;
    Ok((proc, lib))
}

#[test]
fn the_debug_information_says_what_nobody_else_does() -> Result<()> {
    let (proc, lib) = with_library(described())?;
    let call = |name: &str, args: &[Value<'_>]| lib.find_function(name)?.call(&proc, args);
    let f64_of = |name: &str, args: &[Value<'_>]| f64::try_from(call(name, args)?);
    let i64_of = |name: &str, args: &[Value<'_>]| i64::try_from(call(name, args)?);

    assert_eq!(f64_of("half", &[3.0.into()])?, 1.5);
    assert_eq!(f64_of("half", &[3.into()])?, 1.5, "converted as C does");
    assert_eq!(f32::try_from(call("half_f32", &[3.0.into()])?)?, 1.5);
    assert_eq!(i64_of("negate", &[100.into()])?, -100);
    assert_eq!(i64_of("highest", &[])?, 0xffff_ffff);
    assert_eq!(i64_of("is_even", &[3.into()])?, 0);
    assert_eq!(i64_of("turn", &[1.into()])?, -1);
    assert_eq!(f64_of("scaled", &[1.5.into(), 3.into()])?, 4.5);
    assert_eq!(f64_of("times", &[3.into(), 1.5.into()])?, 4.5);
    assert_eq!(f64_of("times", &[3.into(), 1.5f32.into()])?, 4.5);
    assert_eq!(i64_of("count", &[2.into(), 20.into(), 22.into()])?, 42);

    let x = proc.upload(&[1.0, 2.0])?;
    let second = call("second", &[(&x).into()])?;
    assert_eq!(second.kind(), ValueKind::Pointer);
    assert_eq!(call("set", &[second, 7.0.into()])?.kind(), ValueKind::Void);
    assert_eq!(x.to_vec()?, [1.0, 7.0]);
    let half = lib.find_function("half")?;
    assert_eq!(f64_of("apply", &[(&half).into(), 5.0.into()])?, 2.5);
    let mut y = [0.0];
    let set = lib.find_function("set")?;
    set.call(&proc, [OnStack::inout(&mut y).into(), 2.into()])?;
    assert_eq!(y, [2.0]);

    // Wrong arguments are found, too.
    for wrong in [
        call("negate", &[200.into()]),
        call("half", &[]),
        call("half", &[1.0.into(), 2.0.into()]),
        call("count", &[]),
        call("second", &[1.into()]),
        call("turn", &[1.0.into()]),
    ] {
        let error = wrong.map(drop).unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{error}");
    }
    assert_eq!(half.to_string(), "double half(double)");
    let text = |name: &str| Ok::<_, Error>(lib.find_function(name)?.to_string());
    assert_eq!(text("count")?, "int64_t count(int32_t, ..)");
    assert_eq!(text("set")?, "void set(void *, double)");
    Ok(())
}

#[test]
fn a_statement_that_contradicts_the_debug_information_is_an_error() -> Result<()> {
    let (_proc, lib) = with_library(described())?;
    let half = || lib.find_function("half");
    for (wrong, parts) in [
        (half()?.ret_type("long"), ["long half(..)", "the result"]),
        (half()?.ret_type("void"), ["void half(..)", "the result"]),
        (
            half()?.args_type(&["int"]),
            ["half(int)", "parameter 1 (`x`)"],
        ),
        (
            half()?.args_type(&["double *"]),
            ["half(double *)", "`double`"],
        ),
        (
            half()?.args_type(&["double", "int"]),
            ["half(double, int)", "takes 1 parameter"],
        ),
        (
            lib.find_function("set")?.args_type(&["long", "double"]),
            ["double *x", "`void *`"],
        ),
        (
            lib.find_function("make_pair")?.ret_type("double"),
            ["struct pair", "the result"],
        ),
    ] {
        let error = wrong.map(drop).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Prototype { .. }), "{text}");
        for part in parts
            .into_iter()
            .chain(["untyped.c:", "inferred_types.rs:"])
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    half()?.args_type(&["double"])?.ret_type("double")?;
    half()?.args_type(&["const double"])?;
    lib.find_function("set")?.args_type(&["char *", "double"])?;
    // Declared types of a function without a prototype are believed.
    lib.get_symbol("untyped_variable")?;
    Ok(())
}

#[test]
fn contradictions_can_be_allowed() -> Result<()> {
    for policy in [Prototypes::Warn, Prototypes::Off] {
        let proc = VeoProc::builder().prototypes(policy).build()?;
        let half = proc.load_library(described())?.find_function("half")?;
        // The declared types count: as an integer, the bits of 1.5 are another number.
        let r = half.clone().ret_type("void")?.call(&proc, [3.0.into()])?;
        assert_eq!(r.kind(), ValueKind::Void);
        let r = half.call(&proc, [3.0.into()])?;
        assert_eq!(f64::try_from(r)?, 1.5);
    }
    Ok(())
}

#[test]
fn types_that_no_call_can_pass_are_refused() -> Result<()> {
    let (proc, lib) = with_library(described())?;
    let is_x86 = cfg!(target_arch = "x86_64") && !common::on_ve::is_wanted();
    let mut cases = vec![
        ("long_half", 1, "parameter 1 (`x`) is `long double`"),
        ("long_half", 1, "the result is `long double`"),
        ("from_long", 2, "parameter 2 (`x`) is `long double`"),
        ("turned", 1, "`complex float`"),
        ("wide", 1, "`__int128"),
        ("add_pair", 1, "`struct pair`"),
        ("make_pair", 1, "the result is `struct pair`"),
        ("number_of", 1, "takes `struct handle *`"),
    ];
    if is_x86 {
        cases.push(("foreign", 2, "ms_abi"));
    }
    for (name, count, part) in cases {
        let function = lib.find_function(name)?;
        let error = function
            .call(&proc, (0..count).map(Value::from).collect::<Vec<_>>())
            .unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Prototype { .. }), "{text}");
        for part in [part, name, "cannot be called", "untyped.c:"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    // The debug information does not tell how a union travels.
    let (word, number) = union_of(&lib)?;
    let either = lib.find_function("either_of")?;
    assert_eq!(i64::try_from(either.call(&proc, [word])?)?, number);

    // A user who allows contradictions may know better.
    let proc = VeoProc::builder().prototypes(Prototypes::Warn).build()?;
    let lib = proc.load_library(described())?;
    let number = lib.find_function("number_of")?.args_type(&["long"])?;
    if is_x86 {
        assert_eq!(i64::try_from(number.call(&proc, [7.into()])?)?, 7);
    }
    Ok(())
}

/// The word that carries a union, and the number in it: the number itself, or on the VE its address.
fn union_of(lib: &VeoLibrary) -> Result<(Value<'static>, i64)> {
    if common::on_ve::is_wanted() {
        let place = lib.get_symbol("untyped_variable")?;
        return Ok((place.addr().into(), 1.5_f64.to_bits().cast_signed()));
    }
    Ok((7.into(), 7))
}

/// Runs in the program that [`case_of`] starts.
#[test]
fn case() -> Result<()> {
    let Some(case) = std::env::var_os(CASE) else {
        return Ok(());
    };
    let library = if case == "described" {
        described()
    } else {
        bare()
    };
    for _ in 0..2 {
        let (proc, lib) = with_library(library.clone())?;
        match case.to_str() {
            Some("bare") => {
                for _ in 0..3 {
                    lib.find_function("half")?.call(&proc, [3.0.into()])?;
                }
            }
            Some("result said") => {
                let half = lib.find_function("half")?.ret_type("double")?;
                half.call(&proc, [3.0.into()])?;
            }
            Some("nothing to guess") => {
                let half = lib.find_function("half")?;
                let half = half.args_type(&["double"])?.ret_type("double")?;
                assert_eq!(f64::try_from(half.call(&proc, [3.0.into()])?)?, 1.5);
                let highest = lib.find_function("highest")?.ret_type("unsigned")?;
                highest.call(&proc, [])?;
                lib.function::<fn(f64) -> f64>("half")?
                    .call(&proc, (3.0,))?;
            }
            Some("described") => {
                for name in ["half", "times", "count", "is_even"] {
                    let arguments = [1.into(), 1.into()];
                    let count = if ["half", "is_even"].contains(&name) {
                        1
                    } else {
                        2
                    };
                    lib.find_function(name)?.call(&proc, &arguments[..count])?;
                }
                let either = lib.find_function("either_of")?;
                either.call(&proc, [union_of(&lib)?.0])?;
            }
            other => panic!("{other:?}"),
        }
    }
    Ok(())
}

/// The warnings of a case.
fn case_of(case: &str) -> Vec<String> {
    let output = run::one_test("case")
        .env(CASE, case)
        .output()
        .expect("the program starts again");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{case}: {errors}");
    let warnings = errors.lines().filter(|line| line.starts_with("veo-core: "));
    warnings.map(str::to_owned).collect()
}

#[test]
fn a_guess_is_warned_of_once() {
    let warnings = case_of("bare");
    let [warning] = &warnings[..] else {
        panic!("one for six calls in two processes: {warnings:?}");
    };
    for part in [
        "half",
        "libundescribed.so",
        "-g",
        "ret_type",
        "args_type",
        "`long`",
    ] {
        assert!(warning.contains(part), "{part} in {warning}");
    }
    let warnings = case_of("result said");
    let [warning] = &warnings[..] else {
        panic!("the argument is still a guess: {warnings:?}");
    };
    assert!(!warning.contains("`long`"), "{warning}");
    assert!(case_of("nothing to guess").is_empty());
    let warnings = case_of("described");
    let [warning] = &warnings[..] else {
        panic!("a union may be no word: {warnings:?}");
    };
    for part in ["either_of", "through a pointer"] {
        assert!(warning.contains(part), "{part} in {warning}");
    }
}

#[test]
fn a_library_says_what_it_offers() -> Result<()> {
    let (_proc, lib) = with_library(described())?;
    let half = lib.find_function("half")?;
    let symbols = lib.symbols();
    let of = |name: &str| symbols.iter().find(|symbol| symbol.name == name);
    let known = |name: &str| {
        let symbol = of(name).unwrap_or_else(|| panic!("{name} in {symbols:?}"));
        (
            symbol.kind,
            symbol.to_string(),
            symbol.addr.map(|ptr| ptr.addr()),
        )
    };
    let function = |text: &str| (SymbolKind::Function, text.to_owned(), None);
    assert_eq!(
        known("half"),
        (
            SymbolKind::Function,
            "double half(double x)".into(),
            Some(half.addr())
        )
    );
    assert_eq!(known("highest"), function("uint32_t highest(void)"));
    assert_eq!(
        known("apply"),
        function("double apply(double (*f)(double), double x)")
    );
    assert_eq!(known("set"), function("void set(double *x, double value)"));
    for variable in ["untyped_variable", "untyped_text"] {
        assert_eq!(
            known(variable),
            (SymbolKind::Variable, variable.into(), None)
        );
    }
    assert!(of("printf").is_none());
    let mut names: Vec<_> = symbols.iter().map(|symbol| &symbol.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), symbols.len(), "each once");

    let (_proc, lib) = with_library(bare())?;
    let kinds: Vec<_> = lib
        .symbols()
        .into_iter()
        .map(|s| (s.name, s.kind, s.prototype))
        .collect();
    assert!(
        kinds.contains(&("half".into(), SymbolKind::Function, None)),
        "{kinds:?}"
    );
    assert!(kinds.contains(&("untyped_variable".into(), SymbolKind::Variable, None)));
    lib.clone().unload()?;
    assert_eq!(lib.symbols().len(), kinds.len(), "the file is still there");

    // A function of a library that this one needs is found through it, though it is not its own.
    let (_proc, lib) = with_library(common::library().to_owned())?;
    lib.get_symbol("printf")?;
    let symbols = lib.symbols();
    let printf = symbols.iter().find(|symbol| symbol.name == "printf");
    assert_eq!(
        printf.map(|symbol| symbol.kind),
        Some(SymbolKind::Elsewhere)
    );
    assert!(symbols.iter().all(|symbol| symbol.name != "malloc"));
    Ok(())
}
