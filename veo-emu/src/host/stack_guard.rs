//! Data on the stacks of calls, if memory is guarded: their names in messages, and the headers by
//! which the VE process knows them. This touches no memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::args::StackBuffer;
use super::guard::BlockPlace;
use crate::shared::guard::GuardedSpan;
use crate::sync::lock;

/// A buffer on the stack of a call that is under way.
struct StackBlock {
    span: GuardedSpan,
    /// Which argument it is.
    index: usize,
}

/// All buffers of a process, by the address of the room that a call has for them.
#[derive(Default)]
pub(crate) struct StackBlocks(Mutex<BTreeMap<u64, Vec<StackBlock>>>);

impl StackBlocks {
    /// Notes the buffers of a call, at these offsets from `address`.
    pub(crate) fn note(&self, address: u64, buffers: &[StackBuffer], offsets: &[u64]) {
        let blocks = buffers.iter().zip(offsets).map(|(buffer, offset)| {
            let span = GuardedSpan::on_stack(address + offset, buffer.len);
            StackBlock {
                span,
                index: buffer.index,
            }
        });
        lock(&self.0).insert(address, blocks.collect());
    }

    /// Forgets those of a call that has ended. Gives the addresses of their headers.
    pub(crate) fn forget(&self, address: u64) -> Vec<u64> {
        let blocks = lock(&self.0).remove(&address).unwrap_or_default();
        blocks.iter().map(|block| block.span.header().0).collect()
    }

    /// Where an address of the staging area lies, by the nearest buffer.
    pub(crate) fn explain(&self, address: u64) -> Option<BlockPlace> {
        let calls = lock(&self.0);
        let blocks = calls.values().flatten();
        let nearest = blocks.min_by_key(|block| block.span.distance(address))?;
        let block = nearest.span.block.clone();
        let name = format!(
            "{} bytes on the stack for argument {}",
            block.end - block.start,
            nearest.index
        );
        Some(BlockPlace::new(address, block, Some(name.into()), false))
    }
}
