//! Functions of the host: what they touch for machine code, and who has called them.
//!
//! Which call is under way is noted for each thread of the host, since functions get at memory by the window alone.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use super::Checker;
use crate::defect::{Defect, DefectKind, Near, Use};
use crate::memory::Window;
use crate::trap::TrapKind;

/// A call of a function of the host by machine code.
#[derive(Debug)]
pub(crate) struct HostCall {
    pub(crate) checker: Arc<Checker>,
    pub(crate) function: Arc<str>,
    /// The instruction that calls it.
    pub(crate) ic: u64,
    pub(crate) stack: Range<u64>,
    pub(crate) sp: u64,
}

thread_local! {
    static CALL: RefCell<Option<HostCall>> = const { RefCell::new(None) };
}

/// Ends what [`begin`] began, when it is dropped.
#[derive(Debug)]
pub(crate) struct CallScope(Option<HostCall>);

impl Drop for CallScope {
    fn drop(&mut self) {
        let outer = self.0.take();
        CALL.with(|call| *call.borrow_mut() = outer);
    }
}

/// Notes that machine code has called a function of the host. What is under way already goes on after it.
pub(crate) fn begin(call: HostCall) -> CallScope {
    CallScope(CALL.with(|place| place.replace(Some(call))))
}

/// The instruction that has called the function under way; 0 if there is none.
pub(super) fn caller() -> u64 {
    CALL.with(|call| call.borrow().as_ref().map_or(0, |call| call.ic))
}

/// The name of the function under way.
pub(super) fn function() -> Option<String> {
    CALL.with(|call| Some(call.borrow().as_ref()?.function.to_string()))
}

/// Asks whether the function under way may touch these bytes.
#[inline]
pub(crate) fn access(
    window: &Window,
    address: u64,
    length: u64,
    write: bool,
) -> Result<(), TrapKind> {
    if window.shadow().is_none() {
        return Ok(());
    }
    checked(window, address, length, write)
}

#[cold]
fn checked(window: &Window, address: u64, length: u64, write: bool) -> Result<(), TrapKind> {
    let address = window.plain(address);
    CALL.with(|call| {
        let call = call.borrow();
        let (Some(call), Some(shadow)) = (&*call, window.shadow()) else {
            return Ok(());
        };
        let range = address..address.saturating_add(length);
        if let Some(first) = shadow.first_closed(&range) {
            return call.wrong(first, length, write, call.checker.near(first));
        }
        let below = call.stack.contains(&address) && call.stack.contains(&call.sp);
        if below && address < call.sp {
            let near = Near::BelowStack { sp: call.sp };
            return call.wrong(address, length, write, near);
        }
        Ok(())
    })
}

impl HostCall {
    fn wrong(&self, address: u64, size: u64, write: bool, near: Near) -> Result<(), TrapKind> {
        let kind = DefectKind::Access {
            address,
            size,
            write,
        };
        self.found(kind, near)
    }

    fn found(&self, kind: DefectKind, near: Near) -> Result<(), TrapKind> {
        let defect = Defect {
            kind,
            function: Some(self.function.to_string()),
            element: None,
            near,
        };
        self.checker.found(self.ic, defect)
    }
}

/// Asks whether all of these bytes have values, which leave the machine or decide something.
#[expect(dead_code, reason = "nothing follows values yet")]
pub(crate) fn used(window: &Window, address: u64, length: u64) -> Result<(), TrapKind> {
    let Some(shadow) = window.shadow().filter(|shadow| shadow.has_undefined()) else {
        return Ok(());
    };
    let address = window.plain(address);
    let range = address..address.saturating_add(length);
    let Some(first) = shadow.first_undefined(&range) else {
        return Ok(());
    };
    CALL.with(|call| match &*call.borrow() {
        Some(call) => {
            let kind = DefectKind::Undefined(Use::Memory { address: first });
            call.found(kind, call.checker.near(first))
        }
        None => Ok(()),
    })
}

/// Copies what is known of bits, as their bytes were copied.
#[expect(dead_code, reason = "nothing follows values yet")]
pub(crate) fn copied(window: &Window, to: u64, from: u64, length: u64) {
    if let Some(shadow) = window.shadow().filter(|shadow| shadow.has_undefined()) {
        shadow.copy(window.plain(to), window.plain(from), length);
    }
}
