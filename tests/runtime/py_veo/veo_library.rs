//! `VeoLibrary`.

use std::ffi::c_void;

use veo_core::{Error, Result, VEMemPtr};

use super::start;

#[test]
fn get_symbol() -> Result<()> {
    let (proc, lib) = start();
    let counter: VEMemPtr<c_void> = lib.get_symbol("counter")?;
    let mut value = [0; 8];
    proc.read_mem(&mut value, counter)?;
    assert_eq!(i64::from_ne_bytes(value), 100);
    Ok(())
}

#[test]
fn find_function() -> Result<()> {
    let (_proc, lib) = start();
    assert_eq!(lib.find_function("add_up")?.name(), "add_up");
    let Err(Error::SymbolNotFound { near, .. }) = lib.find_function("addup") else {
        panic!("there is no such function");
    };
    assert_eq!(near, ["add_up"]);
    Ok(())
}

/// `lib.foo` of Python: a typed function by name.
#[test]
fn function_as_attribute() -> Result<()> {
    let (proc, lib) = start();
    let sum = lib.function::<fn(*const f64, i64) -> f64>("sum")?;
    let x = proc.upload(&[1.0, 2.5])?;
    assert_eq!(sum.call(&proc, (&x, 2))?, 3.5);
    Ok(())
}

#[test]
fn name_proc_func_symbol() -> Result<()> {
    let (proc, lib) = start();
    assert!(lib.name().ends_with("libvebasics.so"));
    assert!(lib.path().is_some_and(|path| path.is_absolute()));
    assert_eq!(lib.proc().nodeid(), proc.nodeid());
    let addr = lib.find_function("add_up")?.addr();
    assert!(
        lib.symbols()
            .iter()
            .any(|symbol| symbol.name == "add_up"
                && symbol.addr.is_some_and(|ptr| ptr.addr() == addr))
    );
    Ok(())
}
