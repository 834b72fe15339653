//! Where in its process something is that is called, and whether it is still there.

use std::sync::Arc;

use super::handle::VeoProc;
use super::shared::ProcShared;
use crate::call::Callee;
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::queue::{Submission, may_hold_up_unloading};
use crate::session::{Code, RequestKind};

/// Something to be called.
pub(crate) struct Place {
    pub(crate) what: RequestKind,
    pub(crate) addr: u64,
    from: From,
}

/// Where an address comes from.
enum From {
    /// The process's table, which forgets it when the library is unloaded.
    Table(&'static Kernel),
    /// The library, which may be unloaded before the call is made.
    Library(Arc<Code>),
}

impl VeoProc {
    /// Where it is, what is called, in this process. Before the call is made, with its
    /// context locked, [`Place::is_there`] or [`Place::enter`] has to be asked: if the place
    /// of a kernel is gone it is to be resolved again; that of a function is an error here.
    #[inline]
    pub(crate) fn resolve(&self, callee: &Callee) -> Result<Place> {
        match callee {
            Callee::Kernel(kernel) => {
                let what = callee.what();
                let (addr, from) = match self.shared().known_address(kernel) {
                    0 => {
                        let (addr, code) = self.shared().resolve(kernel)?;
                        (addr, From::Library(code))
                    }
                    addr => (addr, From::Table(kernel)),
                };
                Ok(Place { what, addr, from })
            }
            Callee::Function {
                addr, proc, code, ..
            } => {
                let what = callee.what();
                if *proc != self.id() {
                    return Err(Error::WrongProcess {
                        what: what.to_string(),
                        argument: None,
                        belongs_to: proc.to_string(),
                        used_with: self.id().to_string(),
                    });
                }
                code.check(false)?;
                let from = From::Library(Arc::clone(code));
                Ok(Place {
                    what,
                    addr: *addr,
                    from,
                })
            }
        }
    }
}

impl Place {
    pub(crate) fn is_there(&self, proc: &ProcShared) -> bool {
        match &self.from {
            From::Table(kernel) => proc.known_address(kernel) == self.addr,
            From::Library(code) => code.is_there(may_hold_up_unloading()),
        }
    }

    /// Enters that it is called into a request: an error if it is not there any more.
    pub(crate) fn enter(&self, proc: &ProcShared, request: &mut Submission<'_>) -> Result<()> {
        match &self.from {
            From::Table(_) if self.is_there(proc) => Ok(()),
            From::Table(kernel) => Err(Error::LibraryUnloaded {
                name: kernel.info().library.to_string(),
            }),
            From::Library(code) => request.calls(code),
        }
    }
}
