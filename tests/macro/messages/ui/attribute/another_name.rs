use veo_core::ve_kernel;
use veo_core::ve_kernel as kernel;

#[ve_kernel(lib = "libvetest.so")]
unsafe extern "C" {
    #[kernel(name = "scale_")]
    safe fn scale(x: *mut f64, n: i32);
}

fn call(proc: &veo_core::VeoProc) -> veo_core::Result<()> {
    scale(proc, veo_core::NULL, 1)
}

fn main() {}
