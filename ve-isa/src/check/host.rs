//! Functions of the host: the memory that they touch for machine code, and the place of their call.
//!
//! The call that is under way is noted for each thread of the host, since functions get at memory by the window alone.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use super::Checker;
use crate::defect::{Defect, DefectKind, Near, UndefinedUse};
use crate::memory::Window;
use crate::trap::TrapKind;

/// A call of a function of the host by machine code.
#[derive(Debug)]
pub(crate) struct CheckedCall {
    pub(crate) checker: Arc<Checker>,
    pub(crate) function: Arc<str>,
    /// The instruction that calls it.
    pub(crate) ic: u64,
    pub(crate) stack: Range<u64>,
    pub(crate) sp: u64,
    /// The end of the call when the function returns, if it cannot say so itself.
    pub(crate) trap: Option<TrapKind>,
}

// A thread that is about to end has none any more, though functions for the end of the program may still call machine code.
thread_local! {
    static CALL: RefCell<Option<CheckedCall>> = const { RefCell::new(None) };
}

/// Ends what [`begin`] began, when it is dropped.
#[derive(Debug)]
pub(crate) struct CallScope(Option<CheckedCall>);

impl Drop for CallScope {
    fn drop(&mut self) {
        let outer = self.0.take();
        let _ = CALL.try_with(|call| *call.borrow_mut() = outer);
    }
}

/// Notes that machine code has called a function of the host. A call that is already noted goes on after this one.
pub(crate) fn begin(call: CheckedCall) -> CallScope {
    CallScope(
        CALL.try_with(|place| place.replace(Some(call)))
            .unwrap_or(None),
    )
}

/// Looks at the call that is under way, if there is one.
fn under_way<R>(look: impl FnOnce(&CheckedCall) -> R) -> Option<R> {
    let found = CALL.try_with(|call| call.borrow().as_ref().map(look));
    found.unwrap_or(None)
}

/// The instruction that has called the function under way; 0 if there is none.
pub(super) fn caller() -> u64 {
    under_way(|call| call.ic).unwrap_or(0)
}

/// The name of the function under way.
pub(super) fn function() -> Option<String> {
    under_way(|call| call.function.to_string())
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
    let found = under_way(|call| {
        let shadow = window.shadow()?;
        let range = address..address.saturating_add(length);
        if let Some(first) = shadow.first_closed(&range) {
            return Some(call.wrong(first, length, write, call.checker.near(first)));
        }
        let on_stack = call.stack.contains(&address) && call.stack.contains(&call.sp);
        (on_stack && address < call.sp).then(|| {
            let near = Near::BelowStack { sp: call.sp };
            call.wrong(address, length, write, near)
        })
    });
    found.flatten().unwrap_or(Ok(()))
}

impl CheckedCall {
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
pub(crate) fn used(window: &Window, address: u64, length: u64) -> Result<(), TrapKind> {
    let Some(shadow) = window.shadow().filter(|shadow| shadow.has_undefined()) else {
        return Ok(());
    };
    let address = window.plain(address);
    let range = address..address.saturating_add(length);
    let Some(first) = shadow.first_undefined(&range) else {
        return Ok(());
    };
    let found = under_way(|call| {
        let kind = DefectKind::Undefined(UndefinedUse::Memory { address: first });
        call.found(kind, call.checker.near(first))
    });
    found.unwrap_or(Ok(()))
}

/// Notes what a check has found for the end of the function under way.
pub(crate) fn note(found: Result<(), TrapKind>) {
    if let Err(kind) = found {
        let _ = CALL.try_with(|call| {
            if let Some(call) = &mut *call.borrow_mut() {
                call.trap.get_or_insert(kind);
            }
        });
    }
}

/// The note for the end of the function under way.
pub(crate) fn noted() -> Option<TrapKind> {
    let noted = CALL.try_with(|call| call.borrow_mut().as_mut()?.trap.take());
    noted.unwrap_or(None)
}

/// The undefined bits of some bytes, of none where nobody looks for them.
pub(crate) fn bits(window: &Window, address: u64, length: u64) -> Vec<u8> {
    match window.shadow().filter(|shadow| shadow.has_undefined()) {
        None => Vec::new(),
        Some(shadow) => {
            let address = window.plain(address);
            let each = (0..length).map(|offset| address.wrapping_add(offset));
            each.map(|at| shadow.undefined::<1>(at) as u8).collect()
        }
    }
}

/// Says which bits of some bytes are undefined, as [`bits`] had them somewhere else.
pub(crate) fn set_bits(window: &Window, address: u64, bits: &[u8]) {
    if let Some(shadow) = window.shadow() {
        let address = window.plain(address);
        for (offset, bits) in bits.iter().enumerate() {
            shadow.set_undefined::<1>(address.wrapping_add(offset as u64), u64::from(*bits));
        }
    }
}
