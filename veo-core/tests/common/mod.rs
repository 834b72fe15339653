//! Shared by the tests: their kernels, compiled once and put beside the test program, where the
//! typed layer looks for libraries.
#![allow(dead_code)]

pub mod listener;
pub mod on_ve;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use veo_core::__private::{Kernel, Library, Resolution, abi};
use veo_core::abi::build_dir::{HOST, VE1_LLVM};
use veo_core::{KernelInfo, Result, VeBuffer, VeoContext, VeoProc, VeoProcBuilder, Verify};
use veo_test_support::compile;

/// The library of `kernels.c`.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| compile("kernels.c", "libcoretest.so", &["-O1", "-g"]))
}

/// Compiles a file of this directory to a library beside the test program.
pub fn compile(source: &str, name: &str, flags: &[&str]) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/common")
        .join(source);
    let program = std::env::current_exe().expect("a test program has a path");
    let beside = program.parent().expect("and a directory");
    let for_host = beside.join(HOST).join(name);
    let for_ve = beside.join(VE1_LLVM).join(name);
    let library = if on_ve::is_wanted() {
        &for_ve
    } else {
        &for_host
    };
    let directory = library.parent().expect("it has one");
    std::fs::create_dir_all(directory).expect("the target directory is writable");
    if on_ve::is_wanted() {
        on_ve::library(&source, library, flags);
        // It would be found first.
        let _ = std::fs::remove_file(&for_host);
    } else {
        let flags = [&["-Wl,-Bsymbolic"], flags, &["-lm"]].concat();
        compile::library(source, library, &flags);
    }
    library.to_owned()
}

/// A process on node 0 that can find the kernels.
pub fn process() -> VeoProc {
    library();
    VeoProc::new(0).expect("the emulated node is there")
}

/// Runs a future on this thread, as a small runtime would.
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future.into_future());
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park_timeout(Duration::from_secs(10)),
        }
    }
}

/// A declaration, not compared with its library, of a function without arguments and result, as
/// the expansion in a crate with this `OUT_DIR` makes it. It stands where this is called.
#[track_caller]
pub const fn declared(
    symbol: &'static str,
    library: &'static str,
    resolution: Resolution,
    build_dir: &'static str,
) -> Kernel {
    let place = std::panic::Location::caller();
    Kernel::new(KernelInfo {
        name: symbol,
        symbol,
        library: Library::Shared(library),
        resolution,
        crate_name: "some-kernels",
        module: module_path!(),
        file: place.file(),
        line: place.line(),
        build_dir: Some(build_dir),
        signature: abi::Signature {
            params: &[],
            result: abi::Type::Void,
        },
        parameters: &[],
        words: &[],
        verify: Verify::Default,
        contract: &[],
    })
}

/// A process with two contexts beside the main one, and two buffers of zeros.
pub struct TwoContexts {
    pub proc: VeoProc,
    pub one: VeoContext,
    pub two: VeoContext,
    pub x: VeBuffer<f64>,
    pub y: VeBuffer<f64>,
}

impl TwoContexts {
    /// `len` is the length of the buffers.
    pub fn new(builder: VeoProcBuilder, len: usize) -> Result<TwoContexts> {
        let proc = builder.build()?;
        let _main = proc.open_context()?;
        let (one, two) = (proc.open_context()?, proc.open_context()?);
        let (x, y) = (proc.zeros(len)?, proc.zeros(len)?);
        Ok(TwoContexts {
            proc,
            one,
            two,
            x,
            y,
        })
    }
}
