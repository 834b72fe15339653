//! The chunks of memory of the host that values go through: two on the way out, two on the way in, whatever is sent. Where a rank has a
//! window, those on the way out are its slots, also for values that MPI carries (`step`).

use veo_core::VeMemPtr;
use veo_core::VeoProc;

use crate::error::Result;

/// One chunk, which is here or lent.
#[derive(Default)]
struct LendableChunk {
    lent: bool,
    chunk: Vec<u8>,
}

impl LendableChunk {
    fn lend(&mut self, len: usize) -> Option<Vec<u8>> {
        if std::mem::replace(&mut self.lent, true) {
            return None;
        }
        let mut chunk = std::mem::take(&mut self.chunk);
        if chunk.len() < len {
            chunk.resize(len, 0);
        }
        Some(chunk)
    }

    fn take_back(&mut self, chunk: Vec<u8>) {
        self.lent = false;
        self.chunk = chunk;
    }
}

/// Two chunks for one way.
#[derive(Default)]
pub(super) struct Side {
    /// The chunk for the message that goes in chunks. There is only one at a time, and both its ends are ready for it. So it comes to an end
    /// whatever the program does next, and another message may wait for this chunk.
    first: LendableChunk,
    /// On the way out, the second of that message, or that of one which was sent at once, or of a reduction: these may wait for
    /// what another rank does next, so nobody waits for this chunk. On the way in, the second of that message, or that of a
    /// reduction, of which there is one at a time and which needs it: so only a reduction waits for it, for that message.
    spare: LendableChunk,
}

/// Chunks that were lent.
#[derive(Default)]
pub(super) struct Lent {
    first: bool,
    spare: bool,
}

impl Side {
    /// The first chunk, if nobody has it.
    pub(super) fn lend_first(&mut self, len: usize, lent: &mut Lent) -> Option<Vec<u8>> {
        let chunk = self.first.lend(len)?;
        lent.first = true;
        Some(chunk)
    }

    /// The spare chunk, if nobody has it.
    pub(super) fn lend_spare(&mut self, len: usize, lent: &mut Lent) -> Option<Vec<u8>> {
        let chunk = self.spare.lend(len)?;
        lent.spare = true;
        Some(chunk)
    }

    /// Takes the spare chunk back before the first.
    pub(super) fn give_spare(&mut self, lent: &mut Lent, chunk: Vec<u8>) {
        if std::mem::take(&mut lent.spare) {
            self.spare.take_back(chunk);
        }
    }

    /// Takes everything back that was lent. Chunks that MPI has not given back are replaced.
    pub(super) fn take_back(&mut self, lent: &mut Lent, chunks: impl IntoIterator<Item = Vec<u8>>) {
        let mut chunks = chunks.into_iter();
        if std::mem::take(&mut lent.first) {
            self.first.take_back(chunks.next().unwrap_or_default());
        }
        if std::mem::take(&mut lent.spare) {
            self.spare.take_back(chunks.next().unwrap_or_default());
        }
    }
}

/// The staging of a rank.
#[derive(Default)]
pub(super) struct RankStaging {
    pub(super) out: Side,
    pub(super) inward: Side,
}

/// Copies VE memory to the host.
pub(super) fn read(proc: &VeoProc, from: VeMemPtr<u8>, at: usize, to: &mut [u8]) -> Result<()> {
    Ok(proc.read_mem(to, from.add(at))?)
}

/// Copies memory of the host to the VE.
pub(super) fn write(proc: &VeoProc, to: VeMemPtr<u8>, at: usize, from: &[u8]) -> Result<()> {
    Ok(proc.write_mem(to.add(at), from)?)
}
