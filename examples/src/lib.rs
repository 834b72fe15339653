//! Shared by the examples: reading a series of numbers from a file.
//!
//! The examples themselves are in `examples/examples`, numbered from small to large;
//! `average` uses everything.

pub mod series;
