//! `OnStack`.

use veo_core::{OnStack, Result, Value, VeoFunction, VeoLibrary};

use super::{function, start};

fn fill(lib: &VeoLibrary) -> VeoFunction {
    let args = ["double *", "long", "double", "double"];
    function(lib, "fill", &args, "void")
}

#[test]
fn intent_in() -> Result<()> {
    let (proc, lib) = start();
    let sum = function(&lib, "sum", &["double *", "long"], "double");
    let values = [1.0, 2.0, 3.0];
    let result = sum.call(&proc, [OnStack::input(&values).into(), Value::from(3)])?;
    assert_eq!(f64::try_from(result)?, 6.0);
    Ok(())
}

#[test]
fn intent_out() -> Result<()> {
    let (proc, lib) = start();
    let fill = fill(&lib);
    let mut values = [0.0; 3];
    let out = OnStack::output(&mut values).into();
    fill.call(&proc, [out, Value::from(3), 1.0.into(), 0.5.into()])?;
    assert_eq!(values, [1.0, 1.5, 2.0]);
    Ok(())
}

#[test]
fn intent_inout() -> Result<()> {
    let (proc, lib) = start();
    let axpy = function(
        &lib,
        "axpy",
        &["long", "double", "double *", "double *"],
        "void",
    );
    let (x, mut y) = ([1.0, 2.0], [10.0, 20.0]);
    let (input, inout) = (OnStack::input(&x).into(), OnStack::inout(&mut y).into());
    axpy.call(&proc, [Value::from(2), 3.0.into(), input, inout])?;
    assert_eq!(y, [13.0, 26.0]);
    Ok(())
}

/// Python gives a size to pass less than the buffer; here a slice has its own.
#[test]
fn size() -> Result<()> {
    let (proc, lib) = start();
    let fill = fill(&lib);
    let mut values = [0.0; 4];
    let out = OnStack::output(&mut values[..2]).into();
    fill.call(&proc, [out, Value::from(2), 1.0.into(), 1.0.into()])?;
    assert_eq!(values, [1.0, 2.0, 0.0, 0.0]);
    let sum = function(&lib, "sum", &["double *", "long"], "double");
    let part = OnStack::input(&values[1..3]).into();
    let result = sum.call(&proc, [part, Value::from(2)])?;
    assert_eq!(f64::try_from(result)?, 2.0);
    Ok(())
}
