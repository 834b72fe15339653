//! The entries of a context's queue, which wait until they may go into the ring, or until the
//! host may do them.

use std::ffi::c_void;

use super::args::StackBuffer;
use super::memory::VeMemory;
use crate::shared::class::ResultClass;
use crate::shared::guard::GuardedSpan;

/// A function of the host that runs in queue order.
pub(crate) type VhFunction = unsafe extern "C" fn(*mut c_void) -> u64;

/// A request that the host itself does.
pub(crate) enum HostOp {
    Read {
        dst: *mut u8,
        src: u64,
        len: u64,
    },
    Write {
        dst: u64,
        src: *const u8,
        len: u64,
    },
    Alloc {
        len: u64,
    },
    Free {
        address: u64,
    },
    Call {
        function: VhFunction,
        arg: *mut c_void,
    },
}

// SAFETY: the pointers are the caller's; the interface demands that they stay valid
// until the result was collected, whichever thread uses them.
unsafe impl Send for HostOp {}

/// A call that did not fit the ring when it was made. It takes as little room as possible, since
/// there may be a million of them. Its IN bytes are captured.
pub(crate) struct WaitingCall {
    /// Address; number of words and class of the result; the words; their classes, two bits
    /// each.
    body: Box<[u64]>,
    pub(crate) stack: Option<Box<StackImage>>,
}

/// An entry of the queue.
pub(crate) enum QueuedRequest {
    Call(u64, WaitingCall),
    Host(u64, Box<HostOp>),
    /// A thread that wants the context for itself, by ticket.
    ExclusiveUse(u64),
}

/// Where the stack buffers of a call go.
pub(crate) struct StackLayout {
    pub(crate) len: u64,
    /// Offset of each buffer, in the order of the arguments' list.
    pub(crate) offsets: Vec<u64>,
}

impl StackLayout {
    /// Lays the buffers out behind each other, each aligned for any type.
    pub(crate) fn new(buffers: &[StackBuffer]) -> StackLayout {
        let mut len: u64 = 0;
        let offsets = buffers
            .iter()
            .map(|buffer| {
                let align = if buffer.len >= 64 { 64 } else { 16 };
                let at = len.next_multiple_of(align);
                len = at + buffer.len;
                at
            })
            .collect();
        StackLayout { len, offsets }
    }

    /// Lays them out with room around each, where memory is guarded.
    pub(crate) fn guarded(buffers: &[StackBuffer]) -> StackLayout {
        let mut len: u64 = 0;
        let offsets = buffers
            .iter()
            .map(|buffer| {
                let at = GuardedSpan::next_on_stack(len);
                len = GuardedSpan::on_stack(at, buffer.len).open.end;
                at
            })
            .collect();
        StackLayout { len, offsets }
    }
}

/// Captured stack buffers of a call that waits.
pub(crate) struct StackImage {
    pub(crate) bytes: Vec<u8>,
    pub(crate) layout: StackLayout,
    pub(crate) buffers: Vec<StackBuffer>,
}

// SAFETY: the buffers' places are the caller's, valid until the result was collected.
unsafe impl Send for StackImage {}

impl StackImage {
    /// Captures the IN bytes of a call's buffers.
    pub(crate) fn capture(buffers: &[StackBuffer]) -> Option<Box<StackImage>> {
        if buffers.is_empty() {
            return None;
        }
        let layout = StackLayout::new(buffers);
        let mut bytes = vec![0u8; layout.len as usize];
        for (buffer, offset) in buffers.iter().zip(&layout.offsets) {
            if buffer.intent.copies_in() {
                // SAFETY: the caller's buffer has `len` bytes, and the layout gave it
                // as many at `offset`.
                unsafe {
                    crate::sys::memfd::copy(
                        bytes.as_mut_ptr().add(*offset as usize),
                        buffer.place,
                        buffer.len as usize,
                    );
                }
            }
        }
        Some(Box::new(StackImage {
            bytes,
            layout,
            buffers: buffers.to_vec(),
        }))
    }
}

/// A call as it is made: a function and its arguments, ready to be passed.
#[derive(Clone, Copy)]
pub(crate) struct CallView<'a> {
    pub(crate) address: u64,
    pub(crate) words: &'a [u64],
    /// Packed.
    pub(crate) classes: &'a [u64],
    pub(crate) returns: ResultClass,
}

impl WaitingCall {
    /// Captures a call for later.
    pub(crate) fn capture(view: CallView<'_>, stack: &[StackBuffer]) -> WaitingCall {
        let count = view.words.len();
        let mut body = Vec::with_capacity(2 + count + view.classes.len());
        body.push(view.address);
        body.push((count as u64) << 8 | view.returns as u64);
        body.extend_from_slice(view.words);
        body.extend_from_slice(view.classes);
        WaitingCall {
            body: body.into(),
            stack: StackImage::capture(stack),
        }
    }

    /// Passes the call on as it was made.
    pub(crate) fn with<R>(&self, f: impl FnOnce(CallView<'_>) -> R) -> R {
        let (count, returns) = ((self.body[1] >> 8) as usize, self.body[1]);
        let (words, classes) = self.body[2..].split_at(count);
        f(CallView {
            address: self.body[0],
            words,
            classes,
            returns: ResultClass::from_bits(returns),
        })
    }
}

/// The bytes of a call in the ring that go back to the host when it ends.
pub(crate) struct Staged {
    pub(crate) staging: super::memory::StagingRoom,
    pub(crate) back: Vec<(*mut u8, u64, u64)>,
}

// SAFETY: as for `StackImage`.
unsafe impl Send for Staged {}

impl Staged {
    /// Copies OUT and INOUT bytes to the host's buffers and gives the room back.
    pub(crate) fn finish(self, memory: &VeMemory, copy_back: bool) {
        if copy_back {
            for (place, offset, len) in &self.back {
                // SAFETY: the caller's buffer has `len` bytes and is valid until the
                // result was collected; the staging has as many at `offset`.
                unsafe {
                    crate::sys::memfd::copy(
                        *place,
                        self.staging.place.wrapping_add(*offset as usize),
                        *len as usize,
                    );
                }
            }
        }
        memory.unstage(self.staging);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_captured_call_is_what_was_made() {
        for count in [0, 1, 8, 31, 32, 33, 256] {
            let words: Vec<u64> = (0..count as u64)
                .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                .collect();
            let classes: Vec<u64> = words.iter().step_by(32).map(|n| n ^ 5).collect();
            for returns in [ResultClass::Word, ResultClass::Double, ResultClass::U32] {
                let view = CallView {
                    address: 0x6000_1234_5678,
                    words: &words,
                    classes: &classes,
                    returns,
                };
                WaitingCall::capture(view, &[]).with(|call| {
                    assert_eq!(call.address, view.address);
                    assert_eq!((call.words, call.classes), (view.words, view.classes));
                    assert_eq!(call.returns, returns);
                });
            }
        }
    }
}
