//! Tuple structures, and ones that are their only field.
use veo_core::{VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Pair(f64, i32);

#[derive(Clone, Copy, VeData)]
#[repr(transparent)]
struct Meters(f64);

#[ve_kernel(lib = "libk.so")]
fn update(pair: &mut Pair, distances: *mut Meters, distance: &Meters);

#[test]
fn a_transparent_structure_is_its_field_to_a_kernel() {
    assert_eq!(<Meters as VeData>::TYPE, <f64 as VeData>::TYPE);
}
