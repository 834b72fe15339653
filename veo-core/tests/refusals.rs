//! Calls that are refused: the error names kernel, parameter, process and node.

mod common;

use common::{library, process};
use veo_core::__private::{self, abi};
use veo_core::{Error, NULL, OnStack, Result, VeAddr, VeData, VeoProc, ve_kernel};

#[ve_kernel(lib = "libcoretest.so")]
unsafe extern "C" {
    safe fn scale(x: *mut f64, n: u64, factor: f64);
    safe fn sum(x: *const f64, n: u64) -> f64;
}

/// More aligned than the stack of a kernel.
#[derive(Clone, Copy, Default, VeData)]
#[repr(C, align(32))]
struct Wide {
    values: [f64; 4],
}

mod pointers {
    use super::Wide;
    use veo_core::ve_kernel;

    #[ve_kernel(lib = "libcoretest.so", name = "set_flag", verify = "off", lazy)]
    pub fn two(x: *mut f64, y: *const f64);

    #[ve_kernel(lib = "libcoretest.so", name = "sum", verify = "off", lazy)]
    pub fn sum_of_wide(x: *const Wide, n: u64) -> f64;
}

#[track_caller]
fn says<T>(result: Result<T>, parts: &[&str]) -> Error {
    let error = result.map(drop).unwrap_err();
    let said = error.to_string();
    for part in parts {
        assert!(said.contains(part), "{part:?} is missing in: {said}");
    }
    error
}

#[test]
fn memory_of_another_process() -> Result<()> {
    let (one, other) = (process(), VeoProc::new(1)?);
    let ctx = one.open_context()?;
    let mut there = other.zeros::<f64>(3)?;
    let parts = ["parameter 1 (`x`) of kernel scale", "(node 0)", "(node 1)"];
    says(scale(&one, &mut there, 3, 2.0), &parts);
    let error = says(scale(&ctx, &mut there, 3, 2.0), &parts);
    assert!(matches!(
        error,
        Error::WrongProcess {
            argument: Some(0),
            ..
        }
    ));
    // The one that is wrong is named, whichever comes first.
    let here = one.zeros::<f64>(3)?;
    let wrong = [(&here, &there), (&there, &here)];
    for ((x, y), parameter) in wrong
        .into_iter()
        .zip(["parameter 2 (`y`)", "parameter 1 (`x`)"])
    {
        let called = pointers::two(&one, x.as_ptr(), y.as_ptr());
        says(called, &[parameter, "(node 1), but"]);
    }
    Ok(())
}

#[test]
fn data_that_the_stack_does_not_take() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let large = vec![0.0; 9 << 20];
    let parts = [
        "kernel sum on VE process",
        "(node 0)",
        "parameter 1 (`x`)",
        "63 MiB",
    ];
    says(sum(&proc, OnStack::input(&large), 1), &parts);
    says(sum(&ctx, OnStack::input(&large), 1), &parts);
    let parts = [
        "parameter 1 (`x`) of kernel sum on VE process",
        "alignment 32",
    ];
    let wide = Wide::default();
    says(
        pointers::sum_of_wide(&ctx, OnStack::input(&wide), 1),
        &parts,
    );
    Ok(())
}

#[test]
fn values_of_the_untyped_way() -> Result<()> {
    let proc = process();
    let lib = proc.load_library(library())?;
    let sum = lib.find_function("sum")?;
    let parts = [
        "parameter 2 (`n`) of kernel sum on VE process",
        "(node 0)",
        "1.5",
    ];
    says(sum.call(&proc, [NULL.into(), 1.5.into()]), &parts);
    let parts = ["kernel sum on VE process", "takes 2 arguments, 1 given"];
    says(sum.call(&proc, [NULL.into()]), &parts);
    let many = vec!["int"; 257];
    says(sum.args_type(&many), &["kernel sum: 257 arguments"]);
    Ok(())
}

#[test]
fn memory_that_is_not_what_a_copy_needs() -> Result<()> {
    let proc = VeoProc::new(1)?;
    let ctx = proc.open_context()?;
    let mut x = proc.zeros::<f64>(4)?;
    let (near, far) = (proc.alloc_mem(8)?, proc.pointer(VeAddr::<u8>::new(16)));
    let process = proc.alloc::<u8>(1)?.slice(2..).unwrap_err().to_string();
    let process = &process[process.find("VE process").expect("it is named")..];
    assert!(process.contains("(node 1)"), "{process}");
    let mut bytes = [0; 9];
    let (mut few, many) = ([0.0; 3], [0.0; 5]);
    says(x.slice(3..9), &["range 3..9", "4 elements", process]);
    says(x.slice_mut(..=4), &["4 elements", process]);
    says(x.as_slice().split_at(5), &["4 elements", process]);
    says(proc.read(&x, &mut few), &["3 elements given", process]);
    says(proc.write(&mut x, &many), &["5 elements given", process]);
    says(
        ctx.write(&mut x, many.to_vec()),
        &["5 elements given", process],
    );
    let scoped = ctx.scope(|s| s.write_from(&mut x, &many));
    says(scoped, &["5 elements given", process]);
    let scoped = ctx.scope(|s| {
        s.read_into(&x, &mut few);
    });
    says(scoped, &["3 elements given", process]);
    let other = proc.zeros::<f64>(3)?;
    says(proc.copy(&mut x, &other), &["3 elements given", process]);
    says(proc.read_mem(&mut bytes, near), &["9 bytes", process]);
    says(proc.write_mem(near, &bytes), &["9 bytes", process]);
    says(proc.read_mem(&mut bytes, far), &["0x10", process]);
    proc.free_mem(near)?;
    says(proc.free_mem(near), &["freed before", process]);
    Ok(())
}

/// This is how the expansion of a declaration makes it.
static AGAIN: __private::Kernel = __private::Kernel::new(__private::KernelInfo {
    name: "scale",
    symbol: "scale",
    library: __private::Library::Shared("libcoretest.so"),
    resolution: __private::Resolution::Lazy,
    crate_name: "veo-core",
    module: "refusals",
    file: file!(),
    line: line!(),
    build_dir: None,
    signature: abi::Signature {
        params: &[
            abi::Type::Pointer {
                mutable: true,
                pointee: &abi::Type::Scalar(abi::ScalarType::F64),
            },
            abi::Type::Scalar(abi::ScalarType::U64),
            abi::Type::Scalar(abi::ScalarType::F64),
        ],
        result: abi::Type::Void,
    },
    parameters: &["x", "n", "factor"],
    words: &[],
    verify: __private::Verify::Off,
    contract: &[],
});

#[test]
fn a_call_that_was_made_already() -> Result<()> {
    let proc = process();
    let ctx = proc.open_context()?;
    let mut values = [1.0, 2.0];
    let mut call = __private::Call::new(&AGAIN);
    call.arg::<*mut f64>(OnStack::inout(&mut values));
    call.arg::<u64>(2);
    call.arg::<f64>(3.0);
    let first = call.submit::<_, ()>(&ctx)?;
    for _ in 0..2 {
        says(
            call.submit::<_, ()>(&ctx),
            &["parameter 1 (`x`) of kernel scale", "already"],
        );
        says(
            call.submit::<_, ()>(&proc),
            &["parameter 1 (`x`) of kernel scale", "already"],
        );
    }
    first.wait()?;
    drop(call);
    assert_eq!(values, [3.0, 6.0]);
    Ok(())
}
