//! `VeoFunction`.

use veo_core::{Error, Result, Value};

use super::{function, start};

#[test]
fn args_type_ret_type() -> Result<()> {
    let (proc, lib) = start();
    let sum = function(&lib, "sum", &["double *", "long"], "double");
    let x = proc.upload(&[0.5, 0.25])?;
    let result = sum.call(&proc, [Value::from(&x), 2.into()])?;
    assert_eq!(f64::try_from(result)?, 0.75);
    assert!(
        lib.find_function("sum")?
            .args_type(&["quaternion"])
            .is_err()
    );
    assert!(
        lib.find_function("sum")?
            .ret_type("unsigned double")
            .is_err()
    );
    // A value that does not fit is an error, never cut.
    let add_up = function(&lib, "add_up", &["long"; 8], "long");
    let arguments: Vec<Value> = (0..8).map(|_| u64::MAX.into()).collect();
    add_up.call(&proc, arguments).map(drop).unwrap_err();
    // Types that the library's debug information contradicts are one, too.
    let types = lib.find_function("add_up")?.args_type(&["char"; 8]);
    assert!(matches!(types, Err(Error::Prototype { .. })));
    Ok(())
}

#[test]
fn call() -> Result<()> {
    let (proc, lib) = start();
    let ctx = proc.open_context()?;
    let add_up = function(&lib, "add_up", &["long"; 8], "long");
    let request = add_up.call(&ctx, (1..9).map(Value::from).collect::<Vec<_>>())?;
    assert_eq!(i64::try_from(request.wait()?)?, 36);
    add_up.call(&ctx, [Value::from(1)]).map(drop).unwrap_err();
    Ok(())
}

#[test]
fn lib_name() -> Result<()> {
    let (_proc, lib) = start();
    let add_up = lib.find_function("add_up")?;
    assert_eq!((add_up.name(), add_up.lib().name()), ("add_up", lib.name()));
    Ok(())
}
