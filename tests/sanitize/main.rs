//! Kernels that compilers have built with sanitizers: what wrong ones are told, and that right
//! ones are left alone.

use veo_test_support as _;

mod built;
mod right;
mod wrong;
