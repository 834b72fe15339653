//! Public, crate-wide and private kernels.
mod kernels {
    use veo_core::ve_kernel;

    #[ve_kernel(lib = "libk.so")]
    pub fn everyone();

    #[ve_kernel(lib = "libk.so")]
    pub(crate) fn this_crate();

    #[ve_kernel(lib = "libk.so")]
    pub(in crate::item) fn these_modules();

    #[ve_kernel(lib = "libk.so")]
    fn nobody_else();
}

fn call(proc: &veo_core::VeoProc) -> veo_core::Result<()> {
    kernels::everyone(proc)?;
    kernels::this_crate(proc)?;
    kernels::these_modules(proc)
}
