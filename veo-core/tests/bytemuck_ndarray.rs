//! Data of `bytemuck` and `ndarray`: they go through kernels and come back bit for bit. C code is the
//! reference.
#![cfg(all(feature = "bytemuck", feature = "ndarray"))]

mod common;

use std::sync::OnceLock;

use bytemuck::{Pod, TransparentWrapper, TransparentWrapperAlloc, Zeroable};
use ndarray::{Array1, Array2, Array3, Axis, arr0, s};
use veo_core::{Error, OnStack, Result, VeBuffer, VePod, VeoProc, ve_kernel};

/// A type of a crate that knows nothing of the VE.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
struct Particle {
    at: [f64; 3],
    charge: f32,
    kind: u32,
}

#[ve_kernel(lib = "libothers.so")]
unsafe extern "C" {
    safe fn mirror(x: *mut VePod<Particle>, n: i64) -> f64;
    safe fn transpose(x: *const f64, rows: i64, columns: i64, y: *mut f64);
}

mod wrong {
    use super::*;

    #[ve_kernel(lib = "libothers.so", name = "mirror")]
    fn of_another_size(x: *mut VePod<[f32; 3]>, n: i64) -> f64;

    pub fn error(proc: &VeoProc) -> Error {
        of_another_size(proc, veo_core::NULL, 0).unwrap_err()
    }
}

fn process() -> VeoProc {
    static LIBRARY: OnceLock<std::path::PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| common::compile("others.c", "libothers.so", &["-O1", "-g"]));
    VeoProc::new(0).expect("the emulated node is there")
}

fn particles() -> Vec<Particle> {
    let particle = |i: u32| Particle {
        at: [f64::from(i), -0.5 * f64::from(i), 1e300],
        charge: i as f32 - 10.0,
        kind: i,
    };
    (0..100).map(particle).collect()
}

fn mirrored(particle: &Particle) -> Particle {
    Particle {
        at: particle.at.map(|x| -x),
        kind: particle.kind + 1,
        ..*particle
    }
}

#[test]
fn plain_data_of_bytemuck_goes_and_comes() -> Result<()> {
    let proc = process();
    let before = particles();
    let expected: Vec<_> = before.iter().map(mirrored).collect();
    let charge: f64 = before.iter().map(|p| f64::from(p.charge)).sum();
    let mut x = proc.upload(VePod::wrap_slice(&before))?;
    assert_eq!(mirror(&proc, &mut x, 100)?, charge);
    assert_eq!(VePod::peel_vec(x.to_vec()?), expected);
    // Queued, and on the stack of a call.
    let ctx = proc.open_context()?;
    let written = ctx.write(&mut x, VePod::wrap_vec(before.clone()))?;
    mirror(&ctx, &mut x, 100)?.wait()?;
    assert_eq!(VePod::peel_vec(ctx.read(&x)?.wait()?), expected);
    written.wait()?;
    let mut few = [VePod(before[1]), before[2].into()];
    mirror(&proc, OnStack::inout(&mut few), 2)?;
    assert_eq!(few.map(|VePod(particle)| particle), expected[1..3]);
    // Its bytes are those of what it wraps.
    assert_eq!(
        bytemuck::cast_slice::<_, u8>(&few),
        bytemuck::cast_slice::<_, u8>(&expected[1..3])
    );
    let error = wrong::error(&proc);
    assert!(matches!(error, Error::Prototype { .. }), "{error}");
    Ok(())
}

#[test]
fn arrays_go_and_come() -> Result<()> {
    let proc = process();
    let a = Array2::from_shape_fn((7, 5), |(i, j)| i as f64 * 100.0 + j as f64);
    let x = VeBuffer::from_array(&proc, &a)?;
    let mut y = proc.zeros::<f64>(35)?;
    transpose(&proc, &x, 7, 5, &mut y)?;
    let turned = y.to_array((5, 7))?;
    assert_eq!(turned, a.t());
    assert!(turned.is_standard_layout());
    // Views and arrays of other dimensions, also none and empty ones.
    let rows = a.slice(s![2..4, ..]);
    let x = VeBuffer::from_array(&proc, &rows)?;
    assert_eq!(x.to_array((2, 5))?, rows);
    assert_eq!(x.slice(5..)?.to_array(5)?, a.row(3));
    let cube = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 12 + j * 4 + k) as i32);
    assert_eq!(
        VeBuffer::from_array(&proc, &cube)?.to_array([2, 3, 4])?,
        cube
    );
    let dynamic = cube.clone().into_dyn().into_shared();
    let x = VeBuffer::from_array(&proc, &dynamic)?;
    assert_eq!(x.to_array(vec![2, 3, 4])?, dynamic);
    assert_eq!(
        VeBuffer::from_array(&proc, &arr0(2.5))?.to_array(())?,
        arr0(2.5)
    );
    let none = Array2::<f32>::zeros((0, 3));
    assert_eq!(VeBuffer::from_array(&proc, &none)?.to_array((0, 3))?, none);
    let mut z = proc.alloc::<f64>(35)?;
    z.write_array(&a)?;
    assert_eq!(z.to_array((7, 5))?, a);
    Ok(())
}

#[test]
fn other_layouts_and_other_sizes_are_refused() -> Result<()> {
    let proc = process();
    let a = Array2::from_shape_fn((3, 4), |(i, j)| (i * 4 + j) as i64);
    let mut x = proc.zeros::<i64>(12)?;
    let mut reversed = a.clone();
    reversed.invert_axis(Axis(0));
    let columns = a.slice(s![.., 1..3]);
    for (case, error) in [
        ("transposed", VeBuffer::from_array(&proc, &a.t()).map(drop)),
        ("columns", VeBuffer::from_array(&proc, &columns).map(drop)),
        ("reversed", x.write_array(&reversed)),
    ] {
        let error = error.unwrap_err();
        assert!(
            matches!(error, Error::ArrayLayout { .. }),
            "{case}: {error}"
        );
        assert!(
            error.to_string().contains("as_standard_layout"),
            "{case}: {error}"
        );
    }
    assert_eq!(x.to_vec()?, [0; 12], "nothing was written");
    let turned = VeBuffer::from_array(&proc, &a.t().as_standard_layout())?;
    assert_eq!(turned.to_array((4, 3))?, a.t());
    let huge = usize::MAX / 2;
    for (case, error) in [
        ("too many", x.to_array((4, 4)).map(drop)),
        ("too few", x.to_array(11).map(drop)),
        (
            "more than can be counted",
            x.to_array((huge, 4, huge)).map(drop),
        ),
        ("written", x.write_array(&Array1::zeros(13))),
    ] {
        let error = error.unwrap_err();
        assert!(
            matches!(error, Error::SizeMismatch { .. }),
            "{case}: {error}"
        );
    }
    Ok(())
}
