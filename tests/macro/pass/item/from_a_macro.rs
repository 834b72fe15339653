//! Declarations that a macro writes.
use veo_core::{Result, VeoProc, ve_kernel};

macro_rules! kernels {
    ($lib:literal: $($name:ident($($param:ident: $ty:ty),*) $(-> $result:ty)?;)*) => {$(
        #[ve_kernel(lib = $lib)]
        fn $name($($param: $ty),*) $(-> $result)?;
    )*};
}

kernels! { "libk.so":
    one(n: i32) -> i64;
    two(x: *mut f64, y: &[f64], z: &mut [f64; 3]);
    three() -> *const f64;
}

fn call(proc: &VeoProc) -> Result<()> {
    let n = one(proc, 3)?;
    let mut x = proc.alloc::<f64>(n as usize)?;
    let mut z = [0.0; 3];
    two(proc, &mut x, &[1.0], &mut z)?;
    let _ = three(proc)?.addr();
    Ok(())
}
