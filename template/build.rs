fn main() {
    veo_build::Kernels::new("libkernels.so")
        .file("kernels/scale.c")
        .compile();
}
