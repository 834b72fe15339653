//! What a process has done and executed, as the program asks for it.

use super::builder::VeoProc;
use super::shared::ProcShared;
use crate::error::Result;
use crate::stats::{self, KernelStatistics, ProcStats};

impl VeoProc {
    /// What the process has done so far. Memory is always counted; what requests come to, where
    /// [`VeoProcBuilder::stats`](crate::VeoProcBuilder::stats) or `VEO_STATS` asks for it when the process is created. Nothing is waited for,
    /// and it can be asked for after the end of the process, too.
    ///
    /// ```
    /// # fn main() -> veo_core::Result<()> {
    /// use veo_core::VeoProc;
    /// let proc = VeoProc::builder().stats(true).build()?;
    /// let x = proc.upload(&[1.0, 2.0, 3.0])?;
    /// let stats = proc.stats();
    /// assert_eq!((stats.memory.now, stats.memory.most), (24, 24));
    /// let requests = stats.requests.expect("they were asked for");
    /// assert_eq!((requests.writes.count, requests.writes.bytes), (1, 24));
    /// # drop(x);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stats(&self) -> ProcStats {
        self.shared().stats()
    }

    /// What kernels of VE machine code have executed so far, in the order of their names (`veo_emu_get_statistics`). What a library has
    /// executed stays when it is unloaded, and goes on when it is loaded again. It waits for what was queued on the process itself.
    ///
    /// The emulated node counts where [`VeoProcBuilder::profile`](crate::VeoProcBuilder::profile), `VEO_EMU_PROFILE` or `VEO_STATS` asks
    /// for it. Otherwise, for kernels of the host's code and on a card, the result is empty.
    ///
    /// # Errors
    ///
    /// [`Error::ProcessEnded`](crate::Error::ProcessEnded); [`Error::WouldDeadlock`](crate::Error::WouldDeadlock).
    pub fn statistics(&self) -> Result<Vec<KernelStatistics>> {
        let shared = self.shared();
        let text = {
            let _exclusive = shared.exclusive(&"asking what kernels have executed")?;
            shared.core.extension.statistics().unwrap_or_default()
        };
        Ok(stats::read_statistics(&text))
    }
}

impl ProcShared {
    fn stats(&self) -> ProcStats {
        let requests = self.settings.collector.as_ref();
        ProcStats {
            name: self.core.to_string(),
            memory: self.memory.stats(),
            requests: requests.map(|collector| collector.stats()),
        }
    }
}
