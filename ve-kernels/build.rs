//! Builds the kernels: one line per library.

use veo_build::Kernels;

fn main() {
    Kernels::new("libvebasics.so")
        .file("kernels/basics.c")
        .compile();
    Kernels::new("libvestat.so")
        .file("kernels/statistics.c")
        .compile();
    Kernels::new("libveecho.so")
        .file("kernels/echo.c")
        .compile();
    Kernels::new("libvememory.so")
        .file("kernels/memory.c")
        .compile();
    Kernels::new("libvefaults.so")
        .file("kernels/faults.c")
        .compile();
    Kernels::new("libveheat.so")
        .file("kernels/heat.c")
        .compile();
}
