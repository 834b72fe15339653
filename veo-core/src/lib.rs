//! Typed access to NEC's Vector Engine: processes, contexts, kernels, requests, memory

mod arg;
mod backend;
mod call;
mod context;
mod data;
mod error;
mod expansion;
mod header;
mod hmem;
mod kernel;
mod library;
mod memory;
mod param;
mod process;
mod request;
mod stack;

pub use arg::Arg;
pub use backend::Backend;
pub use call::Target;
pub use context::{ContextOptions, ContextState, Scope, ScopedRead, VeoContext};
pub use data::{VeAddr, VeData, VePointee};
pub use error::{Error, Fault, PrototypeMismatch, Result, UnresolvedKernel};
pub use hmem::{Hmem, HmemMut, HmemPtr, hmemcpy, is_ve_addr};
pub use inventory;
pub use kernel::{KernelInfo, Verify, kernels};
pub use library::{
    Arguments, FnType, TypedArguments, TypedFunction, Value, ValueKind, VeoFunction, VeoLibrary,
};
pub use memory::{NULL, Null, VeBuffer, VeMemPtr, VeSlice, VeSliceMut};
pub use param::{FnAddr, KernelResult, Param};
pub use process::{
    Arch, HookId, Kernels, NodeInfo, ProcInitHook, Prototypes, Stream, VeoProc, VeoProcBuilder,
    del_proc_init_hook, nodes, set_proc_init_hook,
};
pub use request::{RequestFuture, VeoRequest};
pub use stack::OnStack;
pub use veo_abi as abi;
pub use veo_macros::{VeData, VeOpaque, ve_kernel};

/// Python's spelling of [`VeMemPtr`].
pub type VEMemPtr<T> = VeMemPtr<T>;
/// Python's spelling of [`VeoContext`].
pub type VeoCtxt = VeoContext;

/// What expansions of `#[ve_kernel]` name. Not for anyone else.
#[doc(hidden)]
pub mod __private {
    pub use crate::arg::{Arg, Args};
    pub use crate::call::{Call, Target};
    pub use crate::expansion::{Data, Pointee};
    pub use crate::kernel::{Kernel, KernelInfo, Library, Registration, Resolution, Verify};
    pub use crate::param::{FnAddr, KernelResult, Param};
    pub use {inventory, veo_abi as abi};
}
