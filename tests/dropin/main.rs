//! The drop-in `libveo.so.1`: what is installed, and programs in other languages on it.

use veo_test_support as _;

mod conformance;
mod install;
mod languages;
mod robustness;
mod soak;
