//! `stdlib.h`: memory that is allocated, and the operators `new` and `delete`.

use super::call::{Outcome, Table, load, nothing, result, result_int, set_errno, store, word};
use super::memory::{fill, move_bytes};
use crate::check;
use crate::process::HeapError;
use crate::thread::{Failure, Thread};

pub(super) const TABLE: Table = &[
    ("malloc", |thread| {
        let address = allocate(thread, word(thread, 0));
        result(thread, address)
    }),
    ("calloc", allocate_zeros),
    ("realloc", |thread| {
        let (address, size) = (word(thread, 0), word(thread, 1));
        reallocate(thread, address, size)
    }),
    ("reallocarray", |thread| {
        let (address, count) = (word(thread, 0), word(thread, 1));
        let size = count.saturating_mul(word(thread, 2));
        reallocate(thread, address, size)
    }),
    ("free", |thread| free(thread, word(thread, 0))),
    ("cfree", |thread| free(thread, word(thread, 0))),
    ("posix_memalign", allocate_aligned_into),
    ("aligned_alloc", allocate_aligned),
    ("memalign", allocate_aligned),
    ("valloc", |thread| {
        let address = allocate_at(thread, word(thread, 0), 4096);
        result(thread, address)
    }),
    ("malloc_usable_size", |thread| {
        let address = word(thread, 0);
        let size = if address == 0 {
            0
        } else {
            thread
                .process()
                .heap
                .size(address)
                .map_err(|error| bad(address, error))?
        };
        result(thread, size)
    }),
    ("mallopt", |thread| result_int(thread, 1)),
    ("malloc_trim", |thread| result_int(thread, 0)),
    // Operators new: plain, nothrow, aligned; delete: plain, sized, aligned, nothrow.
    ("_Znwm", new),
    ("_Znam", new),
    ("_ZnwmRKSt9nothrow_t", new_or_null),
    ("_ZnamRKSt9nothrow_t", new_or_null),
    ("_ZnwmSt11align_val_t", new_aligned),
    ("_ZnamSt11align_val_t", new_aligned),
    ("_ZnwmSt11align_val_tRKSt9nothrow_t", new_aligned_or_null),
    ("_ZnamSt11align_val_tRKSt9nothrow_t", new_aligned_or_null),
    ("_ZdlPv", |thread| free(thread, word(thread, 0))),
    ("_ZdaPv", |thread| free(thread, word(thread, 0))),
    ("_ZdlPvm", |thread| free(thread, word(thread, 0))),
    ("_ZdaPvm", |thread| free(thread, word(thread, 0))),
    ("_ZdlPvRKSt9nothrow_t", |thread| {
        free(thread, word(thread, 0))
    }),
    ("_ZdaPvRKSt9nothrow_t", |thread| {
        free(thread, word(thread, 0))
    }),
    ("_ZdlPvSt11align_val_t", |thread| {
        free(thread, word(thread, 0))
    }),
    ("_ZdaPvSt11align_val_t", |thread| {
        free(thread, word(thread, 0))
    }),
    ("_ZdlPvmSt11align_val_t", |thread| {
        free(thread, word(thread, 0))
    }),
    ("_ZdaPvmSt11align_val_t", |thread| {
        free(thread, word(thread, 0))
    }),
    ("_ZdlPvSt11align_val_tRKSt9nothrow_t", |thread| {
        free(thread, word(thread, 0))
    }),
    ("_ZdaPvSt11align_val_tRKSt9nothrow_t", |thread| {
        free(thread, word(thread, 0))
    }),
    ("__libc_freeres", nothing),
];

fn bad(address: u64, error: HeapError) -> Failure {
    Failure::Why(match error {
        HeapError::NoBlock => format!("was given {address:#x}, where no allocated block begins"),
        HeapError::Freed => format!("was given {address:#x}, a block that was freed before"),
    })
}

fn allocate_at(thread: &Thread, size: u64, alignment: u64) -> u64 {
    match thread
        .process()
        .heap
        .allocate(thread.window(), size, alignment)
    {
        Some((address, _)) => address,
        None => {
            set_errno(thread, libc::ENOMEM);
            0
        }
    }
}

/// A new block, or 0 with `errno` set.
pub(super) fn allocate(thread: &Thread, size: u64) -> u64 {
    allocate_at(thread, size, 1)
}

fn allocate_zeros(thread: &mut Thread) -> Outcome {
    let size = word(thread, 0).checked_mul(word(thread, 1));
    let block = size.and_then(|size| {
        let (address, zeros) = thread.process().heap.allocate(thread.window(), size, 1)?;
        Some((address, size, zeros))
    });
    let Some((address, size, zeros)) = block else {
        set_errno(thread, libc::ENOMEM);
        return result(thread, 0);
    };
    if zeros {
        check::define(thread.window(), address..address + size);
    } else {
        fill(thread.window(), address, 0, size)?;
    }
    result(thread, address)
}

fn reallocate(thread: &mut Thread, address: u64, size: u64) -> Outcome {
    if address == 0 {
        let new = allocate(thread, size);
        return result(thread, new);
    }
    let heap = &thread.process().heap;
    let before = match heap.size(address) {
        Ok(size) => size,
        Err(error) => {
            refuse(thread, address, error)?;
            return result(thread, 0);
        }
    };
    if size == 0 {
        free(thread, address)?;
        return result(thread, 0);
    }
    if heap
        .resize(address, size)
        .map_err(|error| bad(address, error))?
    {
        return result(thread, address);
    }
    let new = allocate(thread, size);
    if new != 0 {
        move_bytes(thread.window(), new, address, before.min(size))?;
        free(thread, address)?;
    }
    result(thread, new)
}

/// Gives a block back.
pub(super) fn free(thread: &Thread, address: u64) -> Outcome {
    if address == 0 {
        return Ok(());
    }
    let heap = &thread.process().heap;
    match heap.free(thread.window(), address) {
        Ok(()) => Ok(()),
        Err(error) => refuse(thread, address, error),
    }
}

/// The outcome of a call that names an address where no block begins.
fn refuse(thread: &Thread, address: u64, error: HeapError) -> Outcome {
    match thread.process().heap.checker() {
        None => Err(bad(address, error)),
        Some(checker) => Ok(checker.bad_free(address, error == HeapError::Freed)?),
    }
}

fn allocate_aligned(thread: &mut Thread) -> Outcome {
    let (alignment, size) = (word(thread, 0), word(thread, 1));
    if !alignment.is_power_of_two() {
        set_errno(thread, libc::EINVAL);
        return result(thread, 0);
    }
    let address = allocate_at(thread, size, alignment);
    result(thread, address)
}

fn allocate_aligned_into(thread: &mut Thread) -> Outcome {
    let (place, alignment, size) = (word(thread, 0), word(thread, 1), word(thread, 2));
    if !alignment.is_power_of_two() || alignment < 8 {
        return result_int(thread, libc::EINVAL);
    }
    // A place that cannot be written is found before there is a block to be lost.
    load::<8>(thread.window(), place)?;
    let heap = &thread.process().heap;
    match heap.allocate(thread.window(), size, alignment) {
        Some((address, _)) => {
            store::<8>(thread.window(), place, address)?;
            result_int(thread, 0)
        }
        None => result_int(thread, libc::ENOMEM),
    }
}

/// There are no exceptions, so an operator that would throw one ends the program.
fn new_with(thread: &mut Thread, size: u64, alignment: u64) -> Outcome {
    match allocate_at(thread, size, alignment) {
        0 => Err(Failure::Why(format!("has no memory for {size} bytes"))),
        address => result(thread, address),
    }
}

fn new(thread: &mut Thread) -> Outcome {
    let size = word(thread, 0);
    new_with(thread, size, 1)
}

fn new_or_null(thread: &mut Thread) -> Outcome {
    let address = allocate(thread, word(thread, 0));
    result(thread, address)
}

fn alignment(thread: &Thread) -> Result<u64, Failure> {
    let alignment = word(thread, 1);
    if alignment.is_power_of_two() {
        return Ok(alignment);
    }
    let why = format!("was given the alignment {alignment}, which is no power of two");
    Err(Failure::Why(why))
}

fn new_aligned(thread: &mut Thread) -> Outcome {
    let alignment = alignment(thread)?;
    let size = word(thread, 0);
    new_with(thread, size, alignment)
}

fn new_aligned_or_null(thread: &mut Thread) -> Outcome {
    let alignment = alignment(thread)?;
    let address = allocate_at(thread, word(thread, 0), alignment);
    result(thread, address)
}
