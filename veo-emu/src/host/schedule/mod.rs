//! Starts the requests of a process one by one, in an order that the user asks for. It finds programs that lack a wait and work
//! by luck, because requests start when they are submitted.
//!
//! Requests stay in their queues until a thread waits. Then the schedule's own thread starts one after another, of contexts of
//! its choice, until the awaited request has ended. So all choices are made while the program waits. If the program has one
//! thread, they depend only on its submissions and on the seed. This module does not know what a queue is.

mod order;
mod scheduler;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::{Duration, Instant};

pub(crate) use self::order::StartOrder;
use self::scheduler::Scheduler;
use crate::error::{Error, Result};
use crate::sync::lock;

/// How long a request that runs holds others back. It is limited because kernels may wait for each other.
const HOLD: Duration = Duration::from_millis(10);

/// A request that nobody waits for starts when the program has submitted nothing for so long,
const QUIET: Duration = Duration::from_millis(200);

/// or when it has waited for so long, because a program may submit without end.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many times at most others start before a request that could start, unless there are more contexts than that. A program may
/// look at VE memory until it sees a kernel's result.
const OVERTAKEN: u64 = 100;

/// More waiting requests of one context than this are a crowd.
const CROWD: usize = 64;

/// A thread that only waits may be ahead of the one that submits. So it is delayed until that one has paused for so long,
const AHEAD: Duration = Duration::from_millis(2);

/// or has submitted for so long without such a pause.
const STRETCH: Duration = Duration::from_millis(20);

/// The request that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Started {
    /// A kernel, on the VE side's thread of this number.
    Kernel(libc::pid_t),
    /// A copy or a similar request, which ends by itself.
    Transfer,
    /// A function of the program, on the thread of this number.
    Function(libc::pid_t),
    /// A thread has the context for itself.
    Exclusive,
}

/// A context as the schedule sees it.
pub(crate) trait Ordered: Send + Sync {
    /// Starts the request that waits first, and as many in all as `count` says, one behind the other. `None` if none waits.
    fn start_next(&self, count: u64) -> Option<Started>;

    /// The request that runs now or comes next, of several that were started.
    fn runs(&self) -> Option<Started>;

    /// Whether the started requests have ended.
    fn is_at_rest(&self) -> bool;

    /// All requests below this id have ended.
    fn finished(&self) -> u64;

    /// Sleeps until a request has ended, at most for `limit`.
    fn doze(&self, limit: Duration);
}

/// The event that a thread waits for in a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// The end of the request of this id.
    End(u64),
    /// The start of so many requests.
    Start(u64),
}

/// The order of one process's requests.
pub(crate) struct RequestSchedule {
    pid: libc::pid_t,
    order: StartOrder,
    state: Mutex<ScheduleState>,
    changed: Condvar,
}

#[derive(Default)]
struct ScheduleState {
    contexts: BTreeMap<u32, ScheduledContext>,
    demands: Vec<Demand>,
    next_demand: u64,
    submitted: Option<Submitted>,
    /// The request that its submitting thread has looked at since, and how often.
    looks: (u32, u64, u32),
    over: bool,
}

/// The program's last submission.
#[derive(Clone, Copy)]
struct Submitted {
    thread: ThreadId,
    at: Instant,
    /// When the first of the latest requests without a pause between them was submitted.
    since: Instant,
}

impl Submitted {
    /// The calling thread submits now, after earlier submissions by itself or others.
    fn now(before: Option<Submitted>) -> Submitted {
        let at = Instant::now();
        let goes_on = before.filter(|before| at.duration_since(before.at) < AHEAD);
        Submitted {
            thread: thread::current().id(),
            at,
            since: goes_on.map_or(at, |before| before.since),
        }
    }

    /// How long a waiting thread is delayed; `None` if no longer.
    fn holds(self) -> Option<Duration> {
        Some(left(AHEAD, self.at)?.min(left(STRETCH, self.since)?))
    }
}

struct ScheduledContext {
    queue: Weak<dyn Ordered>,
    submitted: u64,
    /// When the requests were submitted that have not started.
    waiting: VecDeque<Instant>,
    /// How often others have started since the last request of this context did and the next one could.
    overtaken: u64,
}

impl ScheduledContext {
    fn started(&self) -> u64 {
        self.submitted - self.waiting.len() as u64
    }

    /// The first `count` requests start, or all if there are fewer.
    fn start(&mut self, count: usize) {
        self.waiting.drain(..count.min(self.waiting.len()));
        if self.waiting.is_empty() {
            // There may have been a million.
            self.waiting.shrink_to(4096);
        }
    }

    /// How many requests start at once. If many wait, it is more than one: a program may submit
    /// faster than single requests can start.
    fn batch(&self) -> usize {
        match self.waiting.len() {
            few if few <= CROWD => 1,
            many => many / 2,
        }
    }
}

struct Demand {
    number: u64,
    context: u32,
    goal: Goal,
    thread: ThreadId,
}

/// A wait that the schedule knows of, until this is dropped.
pub(crate) struct ScheduledWait<'a> {
    schedule: &'a RequestSchedule,
    number: u64,
}

impl Drop for ScheduledWait<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.schedule.state);
        state.demands.retain(|demand| demand.number != self.number);
    }
}

impl RequestSchedule {
    /// A schedule for process `pid`, and the thread that keeps it.
    pub(crate) fn start(
        pid: libc::pid_t,
        order: StartOrder,
    ) -> Result<(Arc<RequestSchedule>, JoinHandle<()>)> {
        let schedule = Arc::new(RequestSchedule {
            pid,
            order,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let kept = Arc::clone(&schedule);
        let thread = thread::Builder::new()
            .name("veo-schedule".into())
            .stack_size(256 << 10)
            .spawn(move || Scheduler::new(&kept).run())
            .map_err(|error| Error::io("starting the thread that orders requests", &error))?;
        Ok((schedule, thread))
    }

    /// Makes a context known.
    pub(crate) fn enrol(&self, index: u32, queue: Weak<dyn Ordered>) {
        let contexts = &mut lock(&self.state).contexts;
        contexts.retain(|_, context| context.queue.strong_count() > 0);
        let context = ScheduledContext {
            queue,
            submitted: 0,
            waiting: VecDeque::new(),
            overtaken: 0,
        };
        contexts.insert(index, context);
    }

    /// Notes that a request waits in a context. The result is the number of requests submitted there.
    pub(crate) fn submitted(&self, index: u32) -> u64 {
        let mut state = lock(&self.state);
        let submitted = Submitted::now(state.submitted);
        state.submitted = Some(submitted);
        state.looks = (0, 0, 0);
        let Some(context) = state.contexts.get_mut(&index) else {
            return 0;
        };
        context.submitted += 1;
        context.waiting.push_back(submitted.at);
        let count = context.submitted;
        drop(state);
        self.changed.notify_one();
        count
    }

    /// Notes that this thread waits.
    pub(crate) fn ask(&self, context: u32, goal: Goal) -> ScheduledWait<'_> {
        let mut state = lock(&self.state);
        let number = state.next_demand;
        state.next_demand += 1;
        state.demands.push(Demand {
            number,
            context,
            goal,
            thread: thread::current().id(),
        });
        drop(state);
        self.changed.notify_one();
        ScheduledWait {
            schedule: self,
            number,
        }
    }

    /// Notes that this thread looks whether a request has ended. The result is how long to delay the answer: a thread that only
    /// looks waits, too.
    pub(crate) fn look(&self, context: u32, id: u64) -> Option<Duration> {
        // A library above may look in passing, right after its submission.
        const BY_THE_WAY: u32 = 3;
        let mut state = lock(&self.state);
        if state.submitted.map(|submitted| submitted.thread) != Some(thread::current().id()) {
            return None;
        }
        let (of, at, times) = state.looks;
        let times = if (of, at) == (context, id) {
            times.saturating_add(1)
        } else {
            1
        };
        state.looks = (context, id, times);
        (times > BY_THE_WAY).then_some(HOLD)
    }

    /// Waits until something is submitted or asked for, at most for `limit`.
    fn sleep(&self, state: MutexGuard<'_, ScheduleState>, limit: Option<Duration>) {
        drop(match limit {
            None => self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                self.changed
                    .wait_timeout(state, limit)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        });
    }

    /// Lets the thread end.
    pub(crate) fn end(&self) {
        lock(&self.state).over = true;
        self.changed.notify_one();
    }
}

/// The rest of a time that began then; `None` if it is over.
fn left(time: Duration, since: Instant) -> Option<Duration> {
    time.checked_sub(since.elapsed())
        .filter(|left| !left.is_zero())
}

fn has_come(goal: Goal, context: &ScheduledContext) -> bool {
    match goal {
        Goal::Start(count) => context.started() >= count,
        Goal::End(id) => context
            .queue
            .upgrade()
            .is_none_or(|queue| queue.finished() > id),
    }
}
