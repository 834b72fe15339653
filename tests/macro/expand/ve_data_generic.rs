#[derive(Clone, Copy, VeData)]
#[repr(C)]
struct Matrix<T: Copy, const N: usize>([[T; N]; N])
where
    T: Default;
