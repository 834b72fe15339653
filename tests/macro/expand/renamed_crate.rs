#[ve_kernel(lib = "libvetest.so", crate = my::veo)]
fn nothing();
