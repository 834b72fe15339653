//! The untyped way, for tools that learn a kernel's signature at run time.

use ve_kernels as _; // The build of this crate makes the library, so the program finds it.
use veo_core::{Value, VeoProc};

fn main() -> veo_core::Result<()> {
    let proc = VeoProc::new(0)?;
    let ctx = proc.open_context()?;
    let lib = proc.load_library("libvebasics.so")?;
    let add_up = lib
        .find_function("add_up")?
        .args_type(&["long"; 8])?
        .ret_type("long")?;
    let arguments: Vec<Value> = (1..=8).map(Value::from).collect();
    let result = add_up.call(&ctx, arguments)?.wait()?;
    println!("{}", i64::try_from(result)?);
    Ok(())
}
