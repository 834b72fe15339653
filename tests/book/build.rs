//! Builds the kernels that the book shows.

fn main() {
    veo_build::Kernels::new("libscale.so")
        .file("../../docs/book/kernels/scale.c")
        .compile();
}
