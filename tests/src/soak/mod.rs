//! Random operations on random contexts and processes, with faults injected,
//! checked against a model.
//!
//! Each thread has a `world` of its own: processes, contexts, buffers and what
//! every request must give. Two kinds of bookkeeping must agree at the end:
//! every request submitted was collected, reported as failed, discarded or lost
//! with its context, and the `census` of descriptors, threads, processes and
//! mappings is that of the beginning.

mod census;
mod faults;
mod model;
mod requests;
mod world;

use std::ffi::{CStr, CString};
use std::fmt;
use std::os::raw::c_void;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::time::{Duration, Instant};

use veo_abi::ffi::VeoApi;

use census::Census;
use world::World;

/// Loads a library of the libveo interface for as long as the program runs.
///
/// # Panics
///
/// If it cannot be loaded.
#[must_use]
pub fn load(library: &Path) -> VeoApi {
    // SAFETY: the file is an installed libveo, whose start-up code has no effect
    // on a program that is no veorun.
    let library = unsafe { libloading::Library::new(library) };
    let library = Box::leak(Box::new(library.expect("the library loads")));
    let find = |name: &str| {
        // SAFETY: the symbol is only taken as an address.
        let symbol = unsafe { library.get::<*const c_void>(name) };
        symbol.map_or(ptr::null(), |symbol| *symbol)
    };
    // SAFETY: a libveo has each function with the prototype of its name, and this
    // one is never closed.
    unsafe { VeoApi::load(find) }
}

/// The options of a soak.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long it goes on.
    pub duration: Duration,
    /// The seed of the random numbers; each thread adds its number.
    pub seed: u64,
    /// Threads, each with processes of its own.
    pub threads: u64,
}

/// The outcome of the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that got an id.
    pub submitted: u64,
    /// Collected with the result that the model has for them.
    pub collected: u64,
    /// Collected as an exception or an error where the model allows one.
    pub reported: u64,
    /// Given up with `veo_emu_discard_result`.
    pub discarded: u64,
    /// Requests that were not collected before their context or process was closed.
    pub lost: u64,
    /// Synchronous operations.
    pub synchronous: u64,
    /// Processes made.
    pub processes: u64,
    /// Contexts opened.
    pub contexts: u64,
    /// Processes that were made to fail.
    pub faults: u64,
    /// Bytes compared with the model.
    pub bytes: u64,
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.submitted += other.submitted;
        self.collected += other.collected;
        self.reported += other.reported;
        self.discarded += other.discarded;
        self.lost += other.lost;
        self.synchronous += other.synchronous;
        self.processes += other.processes;
        self.contexts += other.contexts;
        self.faults += other.faults;
        self.bytes += other.bytes;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} requests submitted = {} collected + {} reported + {} discarded + {} lost with \
             their context; {} synchronous operations, {} processes, {} contexts, {} faults, \
             {} bytes compared",
            self.submitted,
            self.collected,
            self.reported,
            self.discarded,
            self.lost,
            self.synchronous,
            self.processes,
            self.contexts,
            self.faults,
            self.bytes
        )
    }
}

/// Runs a soak on `api` with the kernels in the directory `kernels`
/// (`libkernels.so` and `libveside.so` of the conformance suite).
/// `VE_OMP_NUM_THREADS=1` must be set.
///
/// # Panics
///
/// At the first thing that is not as the model has it, with the seed.
pub fn soak(api: &VeoApi, kernels: &Path, options: &Options) -> Counts {
    let path = |name: &str| {
        let path = kernels.join(name);
        CString::new(path.as_os_str().as_bytes()).expect("a path has no NUL")
    };
    let libraries = [path("libkernels.so"), path("libveside.so")];
    let kernels = [libraries[0].as_c_str(), libraries[1].as_c_str()];
    // Resources that are made once and kept are made here, before the first census.
    let mut total = each_thread(api, kernels, options, Duration::from_millis(200), 1 << 40);
    let before = Census::settled();
    total.add(&each_thread(api, kernels, options, options.duration, 0));
    Census::expect(&before);
    assert_eq!(
        total.submitted,
        total.collected + total.reported + total.discarded + total.lost,
        "{total}"
    );
    total
}

fn each_thread(
    api: &VeoApi,
    kernels: [&CStr; 2],
    options: &Options,
    duration: Duration,
    offset: u64,
) -> Counts {
    let end = Instant::now() + duration;
    let mut total = Counts::default();
    std::thread::scope(|scope| {
        let worlds: Vec<_> = (0..options.threads)
            .map(|number| {
                let seed = options.seed + offset + number;
                scope.spawn(move || {
                    let mut world = World::new(api, kernels, seed);
                    while Instant::now() < end {
                        world.step();
                    }
                    world.close()
                })
            })
            .collect();
        for world in worlds {
            match world.join() {
                Ok(counts) => total.add(&counts),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    total
}
