//! What a request is, in the words of messages.

use std::fmt;
use std::sync::Arc;

use crate::kernel::Kernel;

/// The kind of a request.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Kernel(&'static Kernel),
    Function(Arc<str>),
    Read(usize),
    Write(usize),
    Alloc(u64),
    HostFunction,
}

impl What {
    /// The symbol of the kernel, if it is a call of one.
    pub(crate) fn kernel(&self) -> Option<&str> {
        match self {
            What::Kernel(kernel) => Some(kernel.info().symbol),
            What::Function(name) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Kernel(kernel) => write!(f, "kernel {}", kernel.info().symbol),
            What::Function(name) => write!(f, "kernel {name}"),
            What::Read(size) => write!(f, "the transfer of {size} bytes from the VE"),
            What::Write(size) => write!(f, "the transfer of {size} bytes to the VE"),
            What::Alloc(size) => write!(f, "the allocation of {size} bytes"),
            What::HostFunction => f.write_str("the host function"),
        }
    }
}
