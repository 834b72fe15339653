//! Runnable examples, see `examples/`.
