//! Kernels that compilers have built with sanitizers: what is reported of wrong ones, and that
//! nothing is reported of right ones.

use veo_test_support as _;

mod built;
mod refused;
mod right;
mod slow_end;
mod wrong;
