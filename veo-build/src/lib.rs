//! Compiles VE kernels from a build script
