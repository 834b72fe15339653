//! The thread of a schedule. It chooses the request that starts next, and waits until that has ended or has had its time.

use std::cmp::Reverse;
use std::sync::{Arc, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::order::{Draws, StartOrder};
use super::{
    HOLD, OVERTAKEN, Ordered, PATIENCE, QUIET, RequestSchedule, ScheduleState, Started, has_come,
    left,
};
use crate::sync::lock;
use crate::sys::usage;

/// The next look at a request that has not had its time yet, or that runs on.
const AGAIN: Duration = Duration::from_millis(2);

/// A request that was started, or several of one context.
struct StartedRequest {
    context: u32,
    queue: Arc<dyn Ordered>,
    /// If there are several, the one that was seen last.
    what: Started,
    since: Instant,
    /// The processor time of the thread that does it, before it began.
    used: Option<Duration>,
}

/// The processor time that this thread has used.
fn used(what: Started, pid: libc::pid_t) -> Option<Duration> {
    match what {
        Started::Kernel(_) => usage::of_process(pid),
        Started::Function(thread) => usage::of_thread(thread),
        Started::Transfer | Started::Exclusive => None,
    }
}

impl StartedRequest {
    /// How long it still holds others back; `None`: no more.
    fn holds(&mut self, pid: libc::pid_t) -> Option<Duration> {
        match HOLD.checked_sub(self.since.elapsed()) {
            Some(left) if !left.is_zero() => Some(left),
            // On a busy machine its time may have passed without progress.
            _ => {
                self.look(pid);
                self.is_late(pid).then_some(AGAIN)
            }
        }
    }

    /// Notes which of several requests runs now: a copy ends by itself, a kernel behind it may wait.
    fn look(&mut self, pid: libc::pid_t) {
        if let Some(what) = self.queue.runs()
            && what != self.what
        {
            self.what = what;
            self.used = used(what, pid);
        }
    }

    fn is_late(&self, pid: libc::pid_t) -> bool {
        match self.what {
            Started::Transfer => true,
            Started::Exclusive => false,
            Started::Kernel(thread) => self.has_time_left(pid) && usage::is_runnable(pid, thread),
            Started::Function(thread) => {
                // SAFETY: getpid cannot fail.
                let here = unsafe { libc::getpid() };
                self.has_time_left(pid) && usage::is_runnable(here, thread)
            }
        }
    }

    fn has_time_left(&self, pid: libc::pid_t) -> bool {
        let times = used(self.what, pid).zip(self.used);
        times.is_some_and(|(now, before)| now.saturating_sub(before) < HOLD)
    }
}

/// The state of a schedule's thread.
pub(super) struct Scheduler<'a> {
    schedule: &'a RequestSchedule,
    draws: Option<Draws>,
    running: Vec<StartedRequest>,
}

impl Scheduler<'_> {
    pub(super) fn new(schedule: &RequestSchedule) -> Scheduler<'_> {
        let draws = match schedule.order {
            StartOrder::Late => None,
            StartOrder::Random(seed) => Some(Draws::new(seed)),
        };
        Scheduler {
            schedule,
            draws,
            running: Vec::new(),
        }
    }

    pub(super) fn run(&mut self) {
        let schedule = self.schedule;
        let pid = schedule.pid;
        loop {
            self.running.retain(|running| !running.queue.is_at_rest());
            let held = self.running.iter_mut().find_map(|running| {
                let left = running.holds(pid)?;
                Some((&running.queue, left))
            });
            if let Some((queue, left)) = held {
                queue.doze(left);
                continue;
            }
            let mut state = lock(&schedule.state);
            if state.over {
                return;
            }
            let ScheduleState {
                contexts, demands, ..
            } = &mut *state;
            demands.retain(|demand| {
                let context = contexts.get(&demand.context);
                context.is_some_and(|context| !has_come(demand.goal, context))
            });
            match self.look(&state) {
                NextStep::Start(candidates) => {
                    drop(state);
                    // The running request still ran at that look. If it has ended meanwhile, the choice would depend on when it
                    // did.
                    if !self.running.iter().any(|r| r.queue.is_at_rest()) {
                        let context = self.choose(&candidates);
                        self.start(lock(&schedule.state), context, &candidates.ready);
                    }
                }
                NextStep::Wait(limit) => schedule.sleep(state, limit),
                NextStep::Doze => {
                    drop(state);
                    match self.running.first() {
                        Some(running) => running.queue.doze(AGAIN),
                        None => thread::sleep(AGAIN),
                    }
                }
            }
        }
    }

    /// The next step, when nothing holds anything back.
    fn look(&self, state: &ScheduleState) -> NextStep {
        let is_running = |context: &u32| self.running.iter().any(|r| r.context == *context);
        let waiting = state.contexts.iter().filter(|(_, c)| !c.waiting.is_empty());
        let waiting: Vec<u32> = waiting.map(|(index, _)| *index).collect();
        if waiting.is_empty() && state.demands.is_empty() {
            return NextStep::Wait(None);
        }
        if state.demands.is_empty() {
            let quiet = state.submitted.map(|last| left(QUIET, last.at));
            let oldest = state.contexts.values().filter_map(|c| c.waiting.front());
            let patience = oldest.min().map(|oldest| left(PATIENCE, *oldest));
            if let Some(wait) = quiet.flatten().zip(patience.flatten()) {
                return NextStep::Wait(Some(wait.0.min(wait.1)));
            }
        } else if let Some(last) = state.submitted
            && state.demands.iter().all(|it| it.thread != last.thread)
            && let Some(wait) = last.holds()
        {
            return NextStep::Wait(Some(wait));
        }
        let mut ready = waiting;
        ready.retain(|context| !is_running(context));
        let mut demanded = state.demands.iter().map(|demand| demand.context);
        let first = demanded.clone().find(|context| ready.contains(context));
        // The awaited event may be about to be noted as done.
        let is_awaited = state.demands.is_empty()
            || first.is_some()
            || demanded.any(|context| is_running(&context));
        if ready.is_empty() || !is_awaited {
            return NextStep::Doze;
        }
        let overtaken = |index: &u32| Some((*index, state.contexts.get(index)?.overtaken));
        NextStep::Start(ReadyContexts {
            overdue: overdue(ready.iter().filter_map(overtaken).collect()),
            first,
            ready,
        })
    }

    /// The context whose next request starts.
    fn choose(&mut self, candidates: &ReadyContexts) -> u32 {
        let ReadyContexts {
            ready,
            first,
            overdue,
        } = candidates;
        let chosen = match &mut self.draws {
            Some(draws) => ready[draws.below(ready.len())],
            None => first.unwrap_or(ready[ready.len() - 1]),
        };
        overdue.unwrap_or(chosen)
    }

    fn start(&mut self, mut state: MutexGuard<'_, ScheduleState>, index: u32, ready: &[u32]) {
        for index in ready {
            if let Some(context) = state.contexts.get_mut(index) {
                context.overtaken += 1;
            }
        }
        let Some(context) = state.contexts.get_mut(&index) else {
            return;
        };
        context.overtaken = 0;
        let Some(queue) = context.queue.upgrade() else {
            state.contexts.remove(&index);
            return;
        };
        let count = context.batch();
        context.start(count);
        drop(state);
        match queue.start_next(count as u64) {
            Some(what) => self.running.push(StartedRequest {
                context: index,
                queue,
                what,
                since: Instant::now(),
                used: used(what, self.schedule.pid),
            }),
            // The process has ended, and its waiting requests with it.
            None => {
                if let Some(context) = lock(&self.schedule.state).contexts.get_mut(&index) {
                    context.start(context.waiting.len());
                }
            }
        }
    }
}

/// The contexts that have a request to start, at least one. If requests start late, the context that comes first; the one that
/// comes first in any order.
struct ReadyContexts {
    ready: Vec<u32>,
    first: Option<u32>,
    overdue: Option<u32>,
}

/// The context that must start now, so that none is overtaken too often. Each comes with how often it was.
///
/// Several contexts may be close to the limit. If each but one has to wait for those that were overtaken more often, the last
/// one waits longest.
fn overdue(mut contexts: Vec<(u32, u64)>) -> Option<u32> {
    contexts.sort_by_key(|(_, overtaken)| Reverse(*overtaken));
    let mut ends = contexts.iter().zip(0..);
    let is_tight = ends.any(|((_, overtaken), before)| overtaken + before >= OVERTAKEN);
    contexts
        .first()
        .filter(|_| is_tight)
        .map(|(index, _)| *index)
}

/// The next step of the thread.
enum NextStep {
    /// Starts the next request of one of these contexts.
    Start(ReadyContexts),
    /// Waits until something is submitted or asked for.
    Wait(Option<Duration>),
    /// Waits until a request ends.
    Doze,
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, Weak};

    use super::*;

    const CONTEXTS: u32 = 60;
    /// The number of requests of each context, so small that no two start at once.
    const REQUESTS: u64 = 40;

    /// A queue of requests that end at once, and notes when one starts.
    struct Notes {
        context: u32,
        order: Arc<Mutex<Vec<u32>>>,
    }

    impl Ordered for Notes {
        fn start_next(&self, count: u64) -> Option<Started> {
            assert_eq!(count, 1);
            lock(&self.order).push(self.context);
            Some(Started::Transfer)
        }

        fn runs(&self) -> Option<Started> {
            None
        }

        fn is_at_rest(&self) -> bool {
            true
        }

        fn finished(&self) -> u64 {
            let order = lock(&self.order);
            order.iter().filter(|it| **it == self.context).count() as u64
        }

        fn doze(&self, _: Duration) {}
    }

    /// The contexts in the order in which their requests have started.
    fn order(order: StartOrder) -> Vec<u32> {
        // SAFETY: getpid cannot fail.
        let pid = unsafe { libc::getpid() };
        let (schedule, thread) = RequestSchedule::start(pid, order).unwrap();
        let started = Arc::new(Mutex::new(Vec::new()));
        let queues: Vec<Arc<dyn Ordered>> = (0..CONTEXTS)
            .map(|context| {
                let order = Arc::clone(&started);
                Arc::new(Notes { context, order }) as Arc<dyn Ordered>
            })
            .collect();
        for (context, queue) in (0..).zip(&queues) {
            schedule.enrol(context, Arc::downgrade(queue) as Weak<dyn Ordered>);
        }
        // All at once, so that each is there from the beginning.
        for context in lock(&schedule.state).contexts.values_mut() {
            context.submitted += REQUESTS;
            context
                .waiting
                .extend((0..REQUESTS).map(|_| Instant::now()));
        }
        schedule.changed.notify_one();
        let all = CONTEXTS as usize * REQUESTS as usize;
        while lock(&started).len() < all {
            thread::sleep(AGAIN);
        }
        schedule.end();
        thread.join().unwrap();
        let started = lock(&started);
        started.clone()
    }

    #[test]
    fn no_request_is_overtaken_too_often_whatever_the_order() {
        for how in [
            StartOrder::Late,
            StartOrder::Random(1),
            StartOrder::Random(2),
            StartOrder::Random(3),
        ] {
            let order = order(how);
            for context in 0..CONTEXTS {
                let starts = (0..).zip(&order).filter(|(_, it)| **it == context);
                let starts: Vec<u64> = starts.map(|(at, _)| at).collect();
                assert_eq!(starts.len() as u64, REQUESTS);
                let mut before = None;
                for start in starts {
                    let overtaken = start - before.map_or(0, |it| it + 1);
                    assert!(overtaken <= OVERTAKEN, "{how:?} {context}: {overtaken}");
                    before = Some(start);
                }
            }
        }
    }

    #[test]
    fn whoever_waits_longest_comes_first_where_several_are_close_to_the_limit() {
        assert_eq!(overdue(vec![(1, OVERTAKEN - 1), (2, 5)]), None);
        assert_eq!(overdue(vec![(1, 7), (2, OVERTAKEN)]), Some(2));
        let close = vec![(1, OVERTAKEN - 2), (2, OVERTAKEN - 2), (3, OVERTAKEN - 2)];
        assert_eq!(overdue(close), Some(1));
        assert_eq!(overdue(Vec::new()), None);
    }
}
