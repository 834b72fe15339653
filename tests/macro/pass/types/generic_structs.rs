//! Structures with parameters, where the fields are plain data for sure.
use veo_core::{VeData, ve_kernel};

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Complex<T> {
    re: T,
    im: T,
}

#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Matrix<T: Copy, const N: usize, const M: usize>([[T; N]; M])
where
    T: PartialOrd;

#[ve_kernel(lib = "libk.so")]
fn update(a: &mut Complex<f32>, b: *mut Complex<f64>, c: &[Matrix<f32, 3, 4>]);

#[test]
fn layouts_follow_the_parameters() {
    assert_eq!(<Complex<f32> as VeData>::TYPE.size(), Some(8));
    assert_eq!(<Complex<f64> as VeData>::TYPE.size(), Some(16));
    assert_eq!(<Matrix<f32, 3, 4> as VeData>::TYPE.size(), Some(48));
}
