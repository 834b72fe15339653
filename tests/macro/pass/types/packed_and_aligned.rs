//! Layouts that C compilers have attributes for.
use veo_core::VeData;
use veo_core::abi::Type;

#[derive(Clone, Copy, VeData)]
#[repr(C, packed)]
struct Packed {
    a: u8,
    b: f64,
}

#[derive(Clone, Copy, VeData)]
#[repr(C)]
#[repr(align(32))]
struct Aligned {
    a: f64,
}

#[test]
fn the_layout_is_recorded() {
    let Type::Struct(packed) = <Packed as VeData>::TYPE else {
        panic!("not a structure")
    };
    assert_eq!(
        (packed.size, packed.align, packed.fields[1].offset),
        (9, 1, 1)
    );
    let Type::Struct(aligned) = <Aligned as VeData>::TYPE else {
        panic!("not a structure")
    };
    assert_eq!((aligned.size, aligned.align), (32, 32));
}
