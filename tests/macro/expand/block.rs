#[ve_kernel(lib = "libvetest.so", lazy)]
#[cfg(feature = "kernels")]
unsafe extern "C" {
    /// Is safe to call.
    pub safe fn first(x: *mut f64);

    /// Has to be given what it expects.
    pub(crate) unsafe fn second(x: *mut f64, n: u64) -> f32;

    #[deprecated]
    #[ve_kernel(name = "third_")]
    fn third();
}
