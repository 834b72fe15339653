//! Typed access to NEC's Vector Engine: processes, contexts, kernels, requests, memory.
//!
//! A Vector Engine (VE) is a vector processor on a card, driven by programs on the
//! Linux host (VH) through libveo. This crate is libveo for Rust: kernels are declared
//! once and then called like functions, with arguments and results checked at compile
//! time. Without a card, kernels run on an emulated node, a process of the host.
//!
//! ```no_run
//! use veo_core::{OnStack, VeoProc, ve_kernel};
//!
//! #[ve_kernel(lib = "libvetest.so")]
//! fn add(a: i32, b: *mut f64) -> i64;
//!
//! fn main() -> veo_core::Result<()> {
//!     let proc = VeoProc::new(0)?; // declared kernels are resolved here
//!     let ctx = proc.open_context()?;
//!     let mut x = proc.upload(&[1.0, 2.0, 3.0])?; // VeBuffer<f64>: memory on the VE
//!     let r: i64 = add(&ctx, 3, &mut x)?.wait()?; // queued, typed, awaited
//!     let mut y = [0.0; 3];
//!     let s: i64 = add(&proc, 3, OnStack::inout(&mut y))?; // synchronous; on the kernel's stack
//!     println!("{r} {s}");
//!     Ok(())
//! }
//! ```
//!
//! The library is built by a `build.rs` of one line with `veo-build`.
//!
//! # The objects
//!
//! | | |
//! |---|---|
//! | [`VeoProc`] | a process on a VE node: memory, libraries, contexts; calls on it wait |
//! | [`VeoContext`] | a queue of requests with a thread of its own on the VE |
//! | [`VeoRequest`] | a queued call or transfer: [`wait`](VeoRequest::wait), [`peek`](VeoRequest::peek), `.await` |
//! | [`VeBuffer`], [`VeSlice`], [`VeSliceMut`] | memory on the VE and parts of it |
//! | [`VeMemPtr`], [`VeAddr`] | a bare address on the VE, with its process and without |
//! | [`OnStack`] | host data that travel with a call, and back |
//! | [`VeoLibrary`], [`VeoFunction`], [`Value`] | the untyped way: what is called is known at run time |
//!
//! # Declaring kernels
//!
//! [`ve_kernel`] stands on a function without body, or on an `unsafe extern "C"` block of them. Each becomes a
//! function whose first argument decides the kind of call. [`Arg`] says what the others accept; [`VeData`]
//! says what can be passed by reference. Features make types of other crates plain data: `num-complex`,
//! `half`, `bytemuck` (`VePod`). With `ndarray` its arrays go to VE memory and come back
//! (`VeBuffer::from_array`, `VeBuffer::to_array`).
//!
//! `requires(x.len() >= n)` in a declaration is a contract, which each call is held against before it is
//! made: [`ve_kernel`] has the language, [`Error::Contract`] is what a wrong call gives, and [`kernels`] lists
//! the contracts of all declared kernels.
//!
//! # What runs the kernels
//!
//! `VEO_BACKEND` is `libveo` (NEC's library and a card), `emu` (the emulated node) or
//! `auto`, the default: libveo where both library and card are there, the emulated node
//! where neither is. `VEO_LIBVEO` names the library to load, instead of the one that the
//! loader or NEC's place has. [`VeoProc::backend`] tells.
//!
//! On the emulated node a kernel is machine code of the host, or of the VE (`VEO_TARGETS=ve1-llvm` builds it), which an
//! interpreter runs: as on a card, but slowly, and without what NEC's compilers and libraries bring along. Where a library is there for
//! both, `VEO_EMU_PREFER` (`host`, the default, or `ve`) chooses. [`VeoLibrary::is_ve_code`] tells what was loaded,
//! [`VeoProc::statistics`] what it has executed.
//!
//! # What is checked
//!
//! `VEO_EMU_SCHEDULE` (`late`, `random:7`) and `VEO_EMU_RACES` (`warn`, `deny`) find waits that a program with
//! several contexts lacks: [`VeoProcBuilder::schedule`] and [`VeoProcBuilder::races`] say how.
//!
//! `VEO_VERIFY` is what a declaration that contradicts the debug information of its library
//! means: `deny`, the default, `warn` or `off`. It is read while declarations are compiled
//! and when a process is created; [`VeoProcBuilder::prototypes`] overrides it, and `verify` in
//! a declaration both.
//!
//! A difference that the debug information leaves open is never an error: a structure of which it has only the name, a union, a bit field, a
//! `long double`. When a process resolves a kernel, `tracing` reports these, even if the declaration was compared while it was
//! compiled: at level `info` the libraries and functions without debug information (assembly, or compiled without `-g` or with
//! `-g1`), at level `debug` the types that could not be compared.
//!
//! A library offers the functions of those that it needs as well. Such a function is compared with
//! nothing, since only the library itself is read: name the library that has the function as
//! `lib`, and it is compared.
//!
//! # What is safe
//!
//! A kernel runs in another process and can damage nothing but VE memory. Host memory that the VE
//! side may touch belongs to the request until that has finished, whatever becomes of its handle.
//! Declarations are compared with the library's debug information; that they are true where it says
//! nothing is their author's promise.

#[cfg(all(test, feature = "emu", target_os = "linux", not(miri)))]
mod abandoned_requests_tests;
mod address;
mod arg;
mod backend;
mod call;
mod clock;
mod context;
mod contract;
mod data;
mod error;
mod expansion;
#[cfg(all(test, feature = "emu", target_os = "linux", not(miri)))]
mod failed_transfers_tests;
mod header;
mod hmem;
mod kernel;
mod known;
mod library;
mod memory;
#[cfg(all(test, feature = "emu", target_os = "linux", not(miri)))]
mod observed_requests_tests;
mod param;
#[cfg(feature = "bytemuck")]
mod pod;
mod proc;
mod process;
mod queue;
mod races;
mod session;
mod stack;
mod staging;
mod stats;
pub mod timeline;
mod warning;

pub use address::{NULL, Null, VeMemPtr};
pub use arg::Arg;
pub use backend::Backend;
pub use call::Target;
pub use context::{
    ContextOptions, ContextState, RequestFuture, Scope, ScopedRead, VeoContext, VeoRequest,
};
pub use data::{VeAddr, VeData, VePointee};
pub use error::{
    BrokenContract, Cause, Error, Fault, PrototypeMismatch, Race, Result, UnresolvedKernel,
};
// These are here as well, so that the compiler names them without a path.
#[doc(hidden)]
pub use call::CallTarget;
#[doc(hidden)]
pub use expansion::{
    ConstArg, ConstVoidArg, CopyValues, Data, FunctionArg, MutArg, MutVoidArg, NamedArg, PointedTo,
};
pub use hmem::{Hmem, HmemMut, HmemPtr, hmemcpy, is_ve_addr};
pub use inventory;
pub use kernel::{KernelInfo, kernels};
pub use library::{
    Arguments, FnType, Symbol, SymbolKind, TypedArguments, TypedFunction, Value, ValueKind,
    VeoFunction, VeoLibrary,
};
pub use memory::{PinnedMemory, VeBuffer, VeSlice, VeSliceMut};
pub use param::{FnAddr, KernelResult, Param};
#[cfg(feature = "bytemuck")]
pub use pod::VePod;
pub use process::{
    Arch, Check, Guard, HookId, KernelLookup, NodeInfo, ProcInitHook, Schedule, Stream, VeoProc,
    VeoProcBuilder, del_proc_init_hook, nodes, set_proc_init_hook,
};
pub use races::Races;
pub use stack::OnStack;
pub use stats::{
    ContextStats, KernelStatistics, KernelStats, MemoryStats, OperationStats, ProcStats,
    RequestStats, TimeStats,
};
pub use veo_abi as abi;
pub use veo_abi::{Verify, Verify as Prototypes};
pub use veo_macros::{VeData, VeOpaque, ve_kernel};

/// Python's spelling of [`VeMemPtr`].
pub type VEMemPtr<T> = VeMemPtr<T>;
/// Python's spelling of [`VeoContext`].
pub type VeoCtxt = VeoContext;

/// The names in expansions of `#[ve_kernel]`. Nobody else may use them.
#[doc(hidden)]
pub mod __private {
    pub use crate::arg::{Arg, Args};
    pub use crate::call::{Call, CallTarget, Target};
    pub use crate::expansion::{
        ConstArg, ConstVoidArg, CopyValues, Data, FunctionArg, If, MutArg, MutVoidArg, NamedArg,
        PointedTo, Returned, Returns, ValueOf, Wrong,
    };
    pub use crate::kernel::{Kernel, KernelInfo, Library, Registration, Resolution, crate_name};
    pub use crate::param::{FnAddr, KernelResult, Param};
    // The span of `::core` would decide what it means: another one in the edition of 2015.
    pub use core::line;
    pub use veo_abi::Verify;
    pub use {inventory, veo_abi as abi};

    /// Contracts.
    pub mod contract {
        pub use crate::contract::*;
        pub use std::panic::Location;
    }
}
