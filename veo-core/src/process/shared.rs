//! The part of a process that its handles, its contexts' handles and its thread share.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::loaded::{Addresses, Libraries};
use super::settings::ProcSettings;
use crate::address::Usage;
use crate::arg::Args;
use crate::backend::need;
use crate::error::Result;
use crate::queue::{CtxShared, DeferredWork, Exclusive, PlainCallee, Retirement};
use crate::session::ProcCore;
use crate::stats::{KernelStatistics, MemoryCount, read_statistics};
use crate::warning::contain;

/// How long a process that is closed may take for queued requests.
const GRACE: Duration = Duration::from_secs(20);

/// An allocation on the VE.
pub(crate) struct Allocation {
    pub(crate) size: u64,
    pub(crate) usage: &'static Usage,
    /// Whether it was made by `alloc_mem`, so that `free_mem` may free it.
    pub(crate) raw: bool,
}

pub(crate) struct ProcShared {
    pub(crate) core: Arc<ProcCore>,
    /// The context of synchronous calls.
    pub(crate) main: Arc<CtxShared>,
    /// Every context that was not closed, the main one too.
    contexts: Mutex<Vec<Arc<CtxShared>>>,
    /// The handles of contexts that the program holds; their type is known above.
    pub(crate) handles: Mutex<Vec<Weak<dyn Any + Send + Sync>>>,
    /// Every allocation, by address.
    allocations: Mutex<BTreeMap<u64, Allocation>>,
    /// How much of it there is.
    pub(crate) memory: Arc<MemoryCount>,
    /// Memory to be freed after its last use.
    frees: Mutex<Vec<(u64, &'static Usage)>>,
    have_frees: AtomicBool,
    pub(crate) libraries: Libraries,
    pub(crate) addresses: Addresses,
    pub(crate) settings: ProcSettings,
    /// Whether a handle of the user stands for the main context.
    pub(crate) main_taken: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ProcShared {
    pub(crate) fn new(
        core: Arc<ProcCore>,
        main: Arc<CtxShared>,
        memory: Arc<MemoryCount>,
        settings: ProcSettings,
    ) -> ProcShared {
        ProcShared {
            contexts: Mutex::new(vec![Arc::clone(&main)]),
            main,
            core,
            handles: Mutex::default(),
            allocations: Mutex::default(),
            memory,
            frees: Mutex::default(),
            have_frees: AtomicBool::new(false),
            libraries: Libraries::default(),
            addresses: Addresses::default(),
            settings,
            main_taken: AtomicBool::new(false),
        }
    }

    pub(crate) fn allocations(&self) -> MutexGuard<'_, BTreeMap<u64, Allocation>> {
        lock(&self.allocations)
    }

    pub(crate) fn contexts(&self) -> MutexGuard<'_, Vec<Arc<CtxShared>>> {
        lock(&self.contexts)
    }

    /// Exclusive use of the main context, which every function of the backend that takes the
    /// process needs. Frees what can be freed.
    pub(crate) fn exclusive(&self, what: &dyn fmt::Display) -> Result<Exclusive<'_>> {
        let exclusive = Exclusive::take(&self.main, what)?;
        if self.have_frees.load(Ordering::Acquire) {
            self.run_frees(&exclusive);
        }
        Ok(exclusive)
    }

    /// Whether the program's receiver of output runs.
    pub(super) fn is_receiving(&self) -> bool {
        let output = &self.settings.output;
        output
            .as_ref()
            .is_some_and(|output| Arc::strong_count(output) > 1)
    }

    /// Calls a function with plain words in the main context and waits, where that is possible.
    pub(crate) fn call_words(
        &self,
        callee: &PlainCallee<'_>,
        args: &Args<'_, '_>,
        result: u32,
    ) -> Option<Result<u64>> {
        if self.have_frees.load(Ordering::Acquire) {
            return None;
        }
        self.main.call_words(callee, args, result)
    }

    /// Whether request `number` of context `ctx` has finished. Contexts that are not
    /// there any more have finished everything.
    fn finished(&self, ctx: u64, number: u64) -> bool {
        let contexts = self.contexts();
        contexts
            .iter()
            .find(|context| context.id == ctx)
            .is_none_or(|context| context.finished(number))
    }

    /// Waits for the last use of an allocation.
    pub(crate) fn wait_for_uses(&self, usage: &Usage) -> Result<()> {
        let mut uses = Vec::new();
        usage.all(|ctx, number| {
            uses.push((ctx, number));
            true
        });
        for (ctx, number) in uses {
            let context = self
                .contexts()
                .iter()
                .find(|context| context.id == ctx)
                .map(Arc::clone);
            if let Some(context) = context
                && !context.finished(number)
            {
                context.check_not_before(number, || "freeing memory".into())?;
                context.drain(number + 1, None);
            }
        }
        Ok(())
    }

    /// Frees the memory after its last use, without waiting for that.
    pub(crate) fn free_later(&self, addr: u64, usage: &'static Usage) {
        lock(&self.frees).push((addr, usage));
        self.have_frees.store(true, Ordering::Release);
        self.core.proc_thread.tend();
    }

    /// Ends a pin of an allocation, which may have been given up meanwhile.
    pub(crate) fn unpin(&self, usage: &Usage) {
        // This needs the lock, since `run_frees` looks for pinned memory.
        let frees = lock(&self.frees);
        usage.unpin();
        let waiting = !frees.is_empty();
        if waiting {
            self.have_frees.store(true, Ordering::Release);
        }
        drop(frees);
        if waiting && !self.core.image.is_foreign() {
            self.core.proc_thread.tend();
        }
    }

    /// Enters an allocation.
    pub(crate) fn register(&self, addr: u64, size: u64, raw: bool) -> &'static Usage {
        let usage = Usage::take();
        let now = self.memory.allocated(size);
        self.allocations()
            .insert(addr, Allocation { size, usage, raw });
        self.core.observers.tell_memory(now);
        usage
    }

    /// Forgets the allocation that begins at an address.
    pub(crate) fn forget_allocation(&self, addr: u64) -> Option<Allocation> {
        let allocation = self.allocations().remove(&addr)?;
        let now = self.memory.freed(allocation.size);
        self.core.observers.tell_memory(now);
        Some(allocation)
    }

    /// Frees what can be freed, after a look at what has finished. Tells whether
    /// there was anything.
    pub(crate) fn reclaim(&self) -> bool {
        self.collect_idle();
        let before = lock(&self.frees).len();
        self.tend(&mut Vec::new());
        lock(&self.frees).len() < before
    }

    /// Frees what nothing uses any more.
    fn run_frees(&self, exclusive: &Exclusive<'_>) {
        let mut frees = std::mem::take(&mut *lock(&self.frees));
        frees.retain(|(addr, usage)| {
            let free = !usage.is_pinned() && usage.all(|ctx, number| self.finished(ctx, number));
            if free {
                // A failure leaves memory of a process that is about to end.
                let _ = self.free_now(exclusive, *addr);
                usage.give_back();
            }
            !free
        });
        let mut left = lock(&self.frees);
        left.append(&mut frees);
        // Memory that is pinned is freed when it is unpinned, and that asks for it again.
        let can_come = left.iter().any(|(_, usage)| !usage.is_pinned());
        self.have_frees.store(can_come, Ordering::Release);
    }

    /// Frees memory that nothing uses.
    pub(crate) fn free_now(&self, _: &Exclusive<'_>, addr: u64) -> Result<i32> {
        let allocation = self.forget_allocation(addr);
        if let (Some(races), Some(allocation)) = (&self.core.races, allocation) {
            races.freed(addr, allocation.size);
        }
        let free = need!(self.core.api, veo_free_mem, "freeing memory")?;
        // SAFETY: the main context is held exclusively, so the process is there and
        // nobody else calls a function that takes it.
        Ok(unsafe { free(self.core.handle(), addr) })
    }

    /// Collects, closes and frees what no thread waits for. Tells whether something is left.
    pub(crate) fn tend(&self, closing: &mut Vec<Arc<CtxShared>>) -> bool {
        let mut left = self.collect_idle();
        closing.retain(|context| !self.close_idle(context));
        if self.have_frees.load(Ordering::Acquire)
            && let Some(exclusive) = Exclusive::try_take(&self.main)
        {
            self.run_frees(&exclusive);
        }
        left |= !closing.is_empty() || self.have_frees.load(Ordering::Acquire);
        left && !self.core.is_gone()
    }

    /// Collects the results that are there, in all contexts. Tells whether more are to come.
    /// Memory that was allocated by requests without a handle is entered to be freed.
    fn collect_idle(&self) -> bool {
        let contexts: Vec<_> = self.contexts().clone();
        let mut left = false;
        for context in &contexts {
            let (more, orphans) = context.tend();
            left |= more;
            let orphans = orphans.into_iter().map(|addr| (addr, Usage::take()));
            lock(&self.frees).extend(orphans);
        }
        if !lock(&self.frees).is_empty() {
            self.have_frees.store(true, Ordering::Release);
        }
        left
    }

    /// Closes a context if nothing is pending in it and closing needs no waiting.
    fn close_idle(&self, context: &Arc<CtxShared>) -> bool {
        self.collect_idle();
        let number = context.lock().table.next();
        if !context.drain(number, Some(Instant::now())) {
            return false;
        }
        let Some(exclusive) = Exclusive::try_take(&self.main) else {
            return self.core.is_gone();
        };
        self.close_drained(context, exclusive);
        true
    }

    /// Closes a context that takes no more requests and has none left.
    pub(crate) fn close_drained(&self, context: &Arc<CtxShared>, exclusive: Exclusive<'_>) {
        if context.retire(Instant::now() + GRACE) != Retirement::Now {
            return;
        }
        context.log_failures();
        if let Some(close) = self.core.api.table.veo_context_close {
            // SAFETY: the context was retired by us, so nobody uses its handle any
            // more, and nobody else closes it; the process is there while the main
            // context is held.
            unsafe { close(context.handle()) };
            self.core.extension.context_closed();
        }
        drop(exclusive);
        context
            .lose_all(false)
            .into_iter()
            .for_each(DeferredWork::run);
        self.contexts().retain(|other| other.id != context.id);
    }

    /// Waits until everything that was submitted has finished, without taking more.
    pub(crate) fn wind_up(&self) -> Result<()> {
        let contexts: Vec<_> = self.contexts().clone();
        for context in &contexts {
            context.check_not_before(u64::MAX, || "closing the process".into())?;
        }
        self.core.set_closing();
        for context in &contexts {
            context.close_down();
        }
        let until = Instant::now() + GRACE;
        for context in &contexts {
            let number = context.lock().table.next();
            context.drain(number, Some(until));
        }
        // A closed process cannot tell why a request has failed.
        contexts.iter().for_each(|context| context.log_failures());
        Ok(())
    }

    /// Kills the process if its kernels have not finished by `until`, where its end would wait
    /// for them however long they run.
    fn end_what_does_not(&self, contexts: &[Arc<CtxShared>], until: Instant) {
        if !self.core.extension.end_waits_for_kernels() {
            return;
        }
        let drained = contexts.iter().all(|context| {
            let number = context.lock().table.next();
            context.drain(number, Some(until))
        });
        if !drained {
            self.end_by_force();
        }
    }

    fn end_by_force(&self) {
        contain(|| tracing::warn!("{} did not finish in time and is killed", self.core));
        if let Err(error) = self.core.kill() {
            contain(|| tracing::error!("{error}"));
        }
    }

    /// Ends the process. Called once, by its own thread. `false` if the backend may go on
    /// using what it was given.
    pub(crate) fn destroy(&self) -> bool {
        self.core.set_closed();
        let contexts: Vec<_> = self.contexts().clone();
        // `close` has waited before, see `wind_up`.
        let mut until = Instant::now() + Duration::from_secs(2);
        self.end_what_does_not(&contexts, until);
        // The main context comes first: without it nobody opens or closes another.
        for context in &contexts {
            if context.retire(until) == Retirement::Not {
                // A thread waits for a kernel that does not end.
                self.end_by_force();
                until = Instant::now() + GRACE;
                if context.retire(until) == Retirement::Not {
                    // A thread still waits inside the backend, which keeps what it has.
                    lose_all(&contexts, true);
                    self.print_end(&[]);
                    return false;
                }
            }
        }
        let executed = self.executed();
        contexts.iter().for_each(|context| context.log_failures());
        let handles: Vec<_> = contexts.iter().map(|context| context.handle()).collect();
        // SAFETY: every context was retired, so nobody uses the process or a context of it;
        // none that is in the list was closed. This is done once, on the thread that created
        // the process.
        let destroyed = unsafe { self.core.extension.destroy(&handles) };
        lose_all(&contexts, !destroyed);
        self.print_end(&executed);
        self.core.observers.tell_end(None);
        self.allocations().clear();
        self.memory.lost();
        for (_, usage) in lock(&self.frees).drain(..) {
            usage.give_back();
        }
        destroyed
    }
}

impl ProcShared {
    /// The counts of kernels of VE machine code, if they are to be printed and the process still answers. Nobody uses the process
    /// or a context of it.
    fn executed(&self) -> Vec<KernelStatistics> {
        if self.settings.end_table.is_none() {
            return Vec::new();
        }
        let text = self.core.extension.statistics().unwrap_or_default();
        read_statistics(&text)
    }

    /// Prints what the process has done, if that is wanted.
    fn print_end(&self, executed: &[KernelStatistics]) {
        if let Some(table) = &self.settings.end_table {
            table.print(executed);
        }
    }
}

/// Ends what is pending in all contexts before anything that it owned is dropped.
fn lose_all(contexts: &[Arc<CtxShared>], leak: bool) {
    let after: Vec<_> = contexts.iter().map(|ctx| ctx.lose_all(leak)).collect();
    after.into_iter().flatten().for_each(DeferredWork::run);
}
