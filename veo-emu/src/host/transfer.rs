//! The work that the host does for a request: copies, allocations, functions.

use super::memory::{NewBlock, VeMemory};
use super::operation::HostOp;
use super::queue::{Queue, progress};
use crate::error::{Error, Result};
use crate::log::warn_once;
use crate::shared::parcel::{PARCEL, PARCEL_AT, Task};
use crate::shared::ring::Completion;
use crate::sys::memfd;

/// Up to this size, the thread that asks for a transfer makes it at once.
const IMMEDIATE: u64 = 64 << 10;

/// libveo makes a transfer in parts, each of which takes an id: at most this many bytes
/// in one, and less for small transfers, to have several under way.
const PART: u64 = 4 << 20;

/// Up to this size there are fewer parts.
const SMALL: u64 = 2 << 20;

/// No VE has as much memory. A longer transfer fails in any case, so it takes one id: the ids of
/// its parts would take more memory than the host has.
const TOO_LONG: u64 = 1 << 40;

/// How many ids a transfer of this size to the VE takes.
pub(crate) fn parts_to_ve(len: u64) -> u64 {
    parts(len, 3, 4)
}

/// How many ids a transfer of this size to the host takes.
pub(crate) fn parts_to_host(len: u64) -> u64 {
    parts(len, 4, 5)
}

/// The number of parts: `some` up to `SMALL`, then `many` as long as that makes none too large.
/// The remaining bytes are another part.
fn parts(len: u64, some: u64, many: u64) -> u64 {
    let wanted = match len {
        0..=SMALL if len <= SMALL / 3 => return 1,
        0..=SMALL if len <= SMALL / 2 => 2,
        0..=SMALL => some,
        TOO_LONG.. => return 1,
        _ => many,
    };
    let part = if len / PART > 4 {
        PART
    } else {
        (len / wanted).next_multiple_of(8)
    };
    len.div_ceil(part)
}

impl HostOp {
    /// How many ids the request takes.
    pub(crate) fn ids(&self) -> u64 {
        match self {
            HostOp::Read { len, .. } => parts_to_host(*len),
            HostOp::Write { len, .. } => parts_to_ve(*len),
            _ => 1,
        }
    }

    /// Whether it takes less time than handing it to another thread.
    pub(crate) fn is_immediate(&self, memory: &VeMemory) -> bool {
        match self {
            HostOp::Read { src: at, len, .. } | HostOp::Write { dst: at, len, .. } => {
                *len == 0 || (*len <= IMMEDIATE && memory.contains(*at))
            }
            HostOp::Alloc { len } => *len <= IMMEDIATE,
            HostOp::Free { address } => *address == 0 || memory.contains(*address),
            HostOp::Call { .. } => false,
        }
    }

    /// Whether it runs a function of the program, which only the context's own
    /// thread may do.
    pub(crate) fn is_function(&self) -> bool {
        matches!(self, HostOp::Call { .. })
    }

    /// Does it, and gives its result. The caller has the context for itself.
    pub(crate) fn run(self, queue: &Queue) -> Result<u64> {
        match self {
            // SAFETY: the caller of the interface keeps its buffer valid until the
            // result was collected.
            HostOp::Read { dst, src, len } => unsafe { read(queue, dst, src, len) }.map(|()| 0),
            // SAFETY: as above.
            HostOp::Write { dst, src, len } => unsafe { write(queue, dst, src, len) }.map(|()| 0),
            HostOp::Alloc { len } => Ok(alloc(queue, len).unwrap_or(0)),
            HostOp::Free { address } => free(queue, address).map(|()| 0),
            HostOp::Call { function, arg } => {
                debug_assert!(progress::is_serving(queue));
                // SAFETY: the program gave the function for exactly this call.
                Ok(unsafe { function(arg) })
            }
        }
    }
}

fn unmapped(address: u64, len: u64) -> Error {
    Error::new(
        libc::EFAULT,
        format!("{len} bytes at VE address {address:#x} are not mapped on the VE"),
    )
}

/// Allocates VE memory. The caller has the context for itself.
pub(crate) fn alloc(queue: &Queue, len: u64) -> Result<u64> {
    let memory = &queue.child.memory;
    let span = match memory.alloc(len) {
        Ok(NewBlock::Plain(address)) => return Ok(address),
        Ok(NewBlock::Guarded(span)) => span,
        Err(text) => return Err(Error::new(libc::ENOMEM, text)),
    };
    match queue.task(Task::Open, &span.words()) {
        Ok((Completion::Done, gave_up)) => {
            if gave_up != 0 {
                warn_once!(
                    "the system has no more mappings for the guards of a VE process (sysctl \
                     vm.max_map_count); from now on accesses outside of its blocks do not fault"
                );
            }
            Ok(span.block.start)
        }
        Ok((Completion::Refused, _)) => {
            memory.forget(&span);
            Err(Error::new(
                libc::ENOMEM,
                format!("no {len} bytes of VE memory: the VE process cannot open its pages"),
            ))
        }
        Err(error) => {
            memory.forget(&span);
            Err(error)
        }
    }
}

/// Frees a guarded block. `false`: none begins at this address. The caller has the context for
/// itself.
fn free_guarded(queue: &Queue, address: u64) -> Result<bool> {
    let memory = &queue.child.memory;
    let Some(span) = memory.retire(address) else {
        return Ok(false);
    };
    // A block that is not closed is still out of use.
    let closed = queue.task(Task::Close, &span.words());
    memory.discard(&span);
    closed.map(|_| true)
}

/// Frees a block of VE memory, which the host has allocated or a kernel with malloc.
/// The caller has the context for itself.
pub(crate) fn free(queue: &Queue, address: u64) -> Result<()> {
    let memory = &queue.child.memory;
    // As for free(3), NULL needs no work.
    let mut freed = address == 0
        || if memory.guard().is_on() {
            free_guarded(queue, address)?
        } else {
            memory.free(address)
        };
    if !freed && !memory.contains(address) {
        let (ended, _) = queue.task(Task::Free, &[address])?;
        freed = ended == Completion::Done;
    }
    if freed {
        Ok(())
    } else {
        let place = memory.explain(address);
        let place = place.map_or_else(String::new, |place| format!(", {place}"));
        Err(Error::invalid(format!(
            "no allocated block begins at VE address {address:#x}{place}"
        )))
    }
}

/// Fails if a copy is to leave the block where it begins, and blocks are guarded.
fn check_block(memory: &VeMemory, address: u64, len: u64) -> Result<()> {
    if memory.may_be_copied(address, len) {
        return Ok(());
    }
    let place = |address| {
        let place = memory.explain(address);
        place.map_or_else(String::new, |place| format!(" {place}"))
    };
    let (start, end) = (place(address), place(address.saturating_add(len)));
    Err(Error::new(
        libc::EFAULT,
        format!(
            "{len} bytes at VE address {address:#x} do not lie in one block: they begin{start} \
             and end{end}"
        ),
    ))
}

/// Copies from the VE.
///
/// # Safety
///
/// `len` bytes are writable at `dst`, and the caller has the context for itself.
pub(crate) unsafe fn read(queue: &Queue, dst: *mut u8, src: u64, len: u64) -> Result<()> {
    queue.child.check()?;
    if len == 0 {
        return Ok(());
    }
    let memory = &queue.child.memory;
    check_block(memory, src, len)?;
    src.checked_add(len).ok_or_else(|| unmapped(src, len))?;
    let shown = &queue.child.connection.control().shown;
    if let Some(pinned) = memory.pin(src, len) {
        // SAFETY: the pinned range has `len` bytes, and the caller vouches for `dst`.
        unsafe { memfd::copy(dst, pinned.place(), len as usize) };
        shown.count_to_host(len);
        return Ok(());
    }
    let parcel = queue.mapping.base().wrapping_add(PARCEL_AT);
    let mut done = 0;
    while done < len {
        let part = (len - done).min(PARCEL as u64);
        let (ended, _) = queue.task(Task::Read, &[src + done, part])?;
        if ended != Completion::Done {
            return Err(unmapped(src, len));
        }
        // SAFETY: the parcel has PARCEL bytes, and the caller vouches for `dst`.
        unsafe { memfd::copy(dst.add(done as usize), parcel, part as usize) };
        shown.count_to_host(part);
        done += part;
    }
    Ok(())
}

/// Copies to the VE.
///
/// # Safety
///
/// `len` bytes are readable at `src`, and the caller has the context for itself.
pub(crate) unsafe fn write(queue: &Queue, dst: u64, src: *const u8, len: u64) -> Result<()> {
    queue.child.check()?;
    if len == 0 {
        return Ok(());
    }
    let memory = &queue.child.memory;
    check_block(memory, dst, len)?;
    dst.checked_add(len).ok_or_else(|| unmapped(dst, len))?;
    let shown = &queue.child.connection.control().shown;
    if let Some(pinned) = memory.pin(dst, len) {
        // SAFETY: the pinned range has `len` bytes, and the caller vouches for `src`.
        unsafe { memfd::copy(pinned.place(), src, len as usize) };
        shown.count_to_ve(len);
        return Ok(());
    }
    let parcel = queue.mapping.base().wrapping_add(PARCEL_AT);
    let mut done = 0;
    while done < len {
        let part = (len - done).min(PARCEL as u64);
        // SAFETY: the parcel has PARCEL bytes, and the caller vouches for `src`.
        unsafe { memfd::copy(parcel, src.add(done as usize), part as usize) };
        let (ended, _) = queue.task(Task::Write, &[dst + done, part])?;
        if ended != Completion::Done {
            return Err(unmapped(dst, len));
        }
        shown.count_to_ve(part);
        done += part;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NEC's library was seen to do it so.
    #[test]
    fn transfers_take_as_many_ids_as_with_libveo() {
        for (len, to_ve, to_host) in [
            (0, 1, 1),
            (699_050, 1, 1),
            (699_051, 2, 2),
            (786_433, 3, 3),
            (1 << 20, 2, 2),
            ((1 << 20) + 1, 3, 5),
            ((1 << 20) + 8, 3, 4),
            (1_572_865, 4, 5),
            (2 << 20, 3, 4),
            ((2 << 20) + 1, 5, 5),
            ((2 << 20) + 8, 4, 5),
            (4 << 20, 4, 5),
            (16 << 20, 4, 5),
            ((16 << 20) + 8, 4, 5),
            ((20 << 20) - 1, 4, 5),
            (20 << 20, 5, 5),
            ((20 << 20) + 1, 6, 6),
            (33 << 20, 9, 9),
            (64 << 20, 16, 16),
            (u64::MAX, 1, 1),
        ] {
            assert_eq!(
                (parts_to_ve(len), parts_to_host(len)),
                (to_ve, to_host),
                "{len}"
            );
        }
    }
}
