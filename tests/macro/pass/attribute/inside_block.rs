//! Names and resolution of single functions of a block.
use veo_core::ve_kernel;

#[ve_kernel(lib = "libk.so")]
unsafe extern "C" {
    #[ve_kernel(name = "scale_")]
    safe fn scale(factor: f64);

    #[ve_kernel(optional)]
    safe fn rarely();

    #[veo_core::ve_kernel(lazy, name = "last_")]
    safe fn last();
}
