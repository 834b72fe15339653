//! Kernels that the examples and tests use: sources and typed declarations
