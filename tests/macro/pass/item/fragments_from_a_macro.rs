//! Declarations made of a macro's fragments.
use veo_core::{Result, VeoProc, ve_kernel};

macro_rules! kernel {
    ($(#[$attr:meta])* $vis:vis $name:ident($($arg:ident: $ty:ty),*) $(-> $result:ty)?) => {
        $(#[$attr])*
        #[ve_kernel(lib = "libk.so")]
        $vis fn $name($($arg: $ty),*) $(-> $result)?;
    };
}

macro_rules! kernels {
    ($lib:literal, $ty:ty, $($name:ident),*) => {
        #[ve_kernel(lib = $lib)]
        unsafe extern "C" {
            $(pub(crate) safe fn $name(x: *mut $ty, n: usize, by: $ty) -> $ty;)*
        }
    };
}

type Real = f64;

kernel!(
    /// Documented.
    pub(crate) power(x: f64, n: core::ffi::c_int, y: *const Real, z: &mut [Real]) -> Real
);
kernel!(nothing());
kernels!("libk.so", f32, scale, shift);

fn call(proc: &VeoProc) -> Result<f32> {
    nothing(proc)?;
    let mut x = proc.upload(&[1.0])?;
    power(proc, 2.0, 3, veo_core::NULL, &mut [1.0])?;
    Ok(scale(proc, &mut x, 1, 2.0)? + shift(proc, &mut x, 1, 2.0)?)
}
