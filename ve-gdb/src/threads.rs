//! The threads of a machine, held and let go.
//!
//! All threads stop together: one has a reason, and each of the others halts before its next instruction of machine code, or when
//! it returns from a function of the host. They are stopped until the first client comes. After the last client has gone, nothing
//! stops them.
//!
//! This module has the actions of the debugger and its session; `membership` has those of each thread itself.

mod membership;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ve_isa::machine::Machine;
use ve_isa::state::Cpu;

use crate::registers::{self, RegisterWords};

pub(crate) use membership::{KnownState, Membership};

/// How long a stop waits for threads that execute an instruction, and a client for the first thread.
const PATIENCE: Duration = Duration::from_secs(1);

/// The largest place of watched memory in bytes, and the most places.
const LONGEST_WATCH: u64 = 4096;
const MOST_WATCHES: usize = 64;

/// A machine that lives as long as it is debugged.
pub(crate) type AnyMachine = Box<dyn Deref<Target = Machine> + Send + Sync>;

/// Why all threads have stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// The first instruction of all.
    Begin,
    /// The client has asked for it.
    Interrupt,
    /// The one instruction that was asked for is done.
    Step,
    Breakpoint,
    /// Memory at this address is no longer what it was.
    Watch(u64),
    /// A fault with this signal of the host.
    Fault(i32),
}

/// Why all threads have stopped, and which one caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadStop {
    pub(crate) thread: usize,
    pub(crate) reason: StopReason,
}

/// An event for the client's session.
#[derive(Debug)]
pub(crate) enum Event {
    Bytes(Vec<u8>),
    /// The client is gone.
    Closed,
    /// The threads have stopped, or the program has ended.
    Changed,
}

/// The end of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramEnd {
    /// It ended with this status.
    Exit(u8),
    /// It ended by this signal of the host.
    Signal(i32),
}

/// The action of a thread when all go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ThreadAction {
    #[default]
    Continue,
    Step,
    Hold,
}

/// A thread.
#[derive(Debug)]
struct Member {
    name: String,
    action: ThreadAction,
    place: ThreadPlace,
    /// Whether a stop was reported as this thread's since it last executed something.
    told: bool,
    /// Why it halted while all were stopped. The client does not know of it yet.
    untold: Option<StopReason>,
}

/// The position of a thread.
#[derive(Debug)]
enum ThreadPlace {
    /// It is in machine code.
    Inside,
    /// Halted, with its registers.
    Halted(Box<Cpu>),
    /// It is in a function of the host, or in none. These were its registers, unless it has executed nothing yet.
    Outside(Option<Box<RegisterWords>>),
}

#[derive(Debug)]
struct Watch {
    address: u64,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct ThreadsState {
    stopped: bool,
    /// Whether a thread has executed or was held.
    begun: bool,
    members: BTreeMap<usize, Member>,
    last: usize,
    breakpoints: BTreeSet<u64>,
    watches: Vec<Watch>,
    /// An event that was not reported yet.
    stop: Option<ThreadStop>,
    end: Option<ProgramEnd>,
    /// The session of the client, where there is one.
    session: Option<SyncSender<Event>>,
}

/// All threads of a machine.
pub(crate) struct Threads {
    machine: AnyMachine,
    state: Mutex<ThreadsState>,
    changed: Condvar,
    /// Another number whenever threads should look at the state.
    version: AtomicU64,
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Threads")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl ThreadsState {
    fn is_held(&self, number: usize) -> bool {
        let action = self.members.get(&number).map(|member| member.action);
        self.stopped || action == Some(ThreadAction::Hold)
    }

    fn changed_watch(&mut self, machine: &Machine) -> Option<u64> {
        let mut changed = None;
        for watch in &mut self.watches {
            let mut now = vec![0; watch.bytes.len()];
            if machine.window().read(watch.address, &mut now).is_ok() && now != watch.bytes {
                watch.bytes = now;
                changed = changed.or(Some(watch.address));
            }
        }
        changed
    }
}

/// The handle for the debugger and the session of its client.
impl Threads {
    pub(crate) fn new(machine: AnyMachine) -> Self {
        Self {
            machine,
            state: Mutex::new(ThreadsState {
                stopped: true,
                begun: false,
                members: BTreeMap::new(),
                last: 0,
                breakpoints: BTreeSet::new(),
                watches: Vec::new(),
                stop: None,
                end: None,
                session: None,
            }),
            changed: Condvar::new(),
            // A new thread has another version, so it looks at the state.
            version: AtomicU64::new(1),
        }
    }

    fn lock(&self) -> MutexGuard<'_, ThreadsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn machine(&self) -> &Machine {
        &self.machine
    }

    /// A further thread, which has executed nothing yet.
    pub(crate) fn add(self: &Arc<Self>, name: String) -> Membership {
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        let member = Member {
            name,
            action: ThreadAction::Continue,
            place: ThreadPlace::Outside(None),
            told: false,
            untold: None,
        };
        state.members.insert(number, member);
        Membership::new(self.clone(), number)
    }

    /// Threads look at the state before their next instruction.
    fn call_all(&self) {
        self.version.fetch_add(1, Ordering::Release);
        self.changed.notify_all();
    }

    fn stop_all(&self, state: &mut ThreadsState, stop: ThreadStop) {
        state.stopped = true;
        state.stop = Some(stop);
        if let Some(member) = state.members.get_mut(&stop.thread) {
            member.told = true;
        }
        self.call_all();
        Self::tell(state);
    }

    /// Wakes the session. Where it has that much to do that this has no room, it looks by itself.
    fn tell(state: &ThreadsState) {
        if let Some(session) = &state.session {
            let _ = session.try_send(Event::Changed);
        }
    }

    /// A client has come: all threads stop for it. One that comes early is kept a while, until the first thread has begun.
    pub(crate) fn attach(&self, session: SyncSender<Event>) {
        let state = self.lock();
        let waited = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| !state.begun);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.session = Some(session);
        state.stopped = true;
        state.stop = None;
        self.call_all();
        let mut state = self.wait_until_still(state);
        state.note_told();
        // The event comes to all of them at once.
        for member in state.members.values_mut() {
            member.is_seen();
        }
    }

    /// The client is told nothing any more; the threads stay as they are.
    pub(crate) fn hang_up(&self) {
        self.lock().session = None;
    }

    /// The client is gone: nothing that it wanted holds any more.
    pub(crate) fn detach(&self) {
        let mut state = self.lock();
        state.session = None;
        state.stopped = false;
        // The client has seen as much of the beginning as it wanted to.
        state.begun = true;
        state.stop = None;
        state.breakpoints.clear();
        state.watches.clear();
        for member in state.members.values_mut() {
            member.action = ThreadAction::Continue;
            member.untold = None;
        }
        self.call_all();
    }

    /// Stops all threads, as the client asks for. The result is the one that it is told of.
    pub(crate) fn interrupt(&self) -> ThreadStop {
        let mut state = self.lock();
        state.stopped = true;
        self.call_all();
        let mut state = self.wait_until_still(state);
        // An event that has not been reported yet is a better answer.
        state.stop.take().unwrap_or_else(|| ThreadStop {
            thread: state.note_told(),
            reason: StopReason::Interrupt,
        })
    }

    /// Waits until no thread executes an instruction, but not for long.
    fn wait_until_still<'a>(
        &'a self,
        state: MutexGuard<'a, ThreadsState>,
    ) -> MutexGuard<'a, ThreadsState> {
        let mut state = state;
        let end = Instant::now() + PATIENCE;
        while state
            .members
            .values()
            .any(|member| matches!(member.place, ThreadPlace::Inside))
        {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            (state, _) = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    /// Why the threads have stopped, if nobody has taken that yet.
    pub(crate) fn take_stop(&self) -> Option<ThreadStop> {
        let mut state = self.lock();
        let stop = state.stop.take()?;
        drop(self.wait_until_still(state));
        Some(stop)
    }

    /// Lets the threads go on: each as its action says, others with the usual one. If the client knows nothing yet of what one of them
    /// has halted for, they stay where they are, and that is the next stop.
    pub(crate) fn resume(&self, actions: &BTreeMap<usize, ThreadAction>, usual: ThreadAction) {
        let mut state = self.lock();
        // A write by the client itself is no change.
        state.changed_watch(&self.machine);
        let mut untold = None;
        for (number, member) in &mut state.members {
            member.action = actions.get(number).copied().unwrap_or(usual);
            if member.action != ThreadAction::Hold && untold.is_none() {
                let reason = member.untold.take();
                untold = reason.map(|reason| ThreadStop {
                    thread: *number,
                    reason,
                });
                member.told |= untold.is_some();
            }
        }
        state.stopped = untold.is_some();
        state.stop = untold;
        self.call_all();
    }

    /// The numbers of all threads; that of the last or the next one, where there is none.
    pub(crate) fn numbers(&self) -> Vec<usize> {
        self.lock().numbers()
    }

    /// The name of a thread, and what it does.
    pub(crate) fn describe(&self, number: usize) -> String {
        let state = self.lock();
        let Some(member) = state.members.get(&number) else {
            return "no thread".into();
        };
        let place = match &member.place {
            ThreadPlace::Inside => "runs",
            ThreadPlace::Halted(_) => "halted",
            ThreadPlace::Outside(_) => "outside VE machine code",
        };
        format!("{}, {place}", member.name)
    }

    /// The first registers of a thread, where they are known.
    pub(crate) fn plain_registers(&self, number: usize) -> Option<RegisterWords> {
        let mut state = self.lock();
        let member = state.members.get_mut(&number)?;
        member.is_seen();
        match &member.place {
            ThreadPlace::Inside => None,
            ThreadPlace::Halted(cpu) => Some(registers::plain(cpu)),
            ThreadPlace::Outside(words) => words.as_deref().copied(),
        }
    }

    /// Does something with the registers of a thread, if it has halted.
    pub(crate) fn with_registers<R>(
        &self,
        number: usize,
        work: impl FnOnce(&mut Cpu) -> R,
    ) -> Option<R> {
        let mut state = self.lock();
        let member = state.members.get_mut(&number)?;
        member.is_seen();
        match &mut member.place {
            ThreadPlace::Halted(cpu) => Some(work(cpu)),
            ThreadPlace::Inside | ThreadPlace::Outside(_) => None,
        }
    }

    /// Sets a breakpoint. The result says whether code is there.
    pub(crate) fn add_breakpoint(&self, address: u64) -> bool {
        if !address.is_multiple_of(8) || !self.machine.is_instruction(address) {
            return false;
        }
        self.lock().breakpoints.insert(address);
        self.call_all();
        true
    }

    /// Takes a breakpoint away. The result says whether there was one.
    pub(crate) fn remove_breakpoint(&self, address: u64) -> bool {
        let was = self.lock().breakpoints.remove(&address);
        self.call_all();
        was
    }

    /// Watches memory. The result says whether that can be done.
    pub(crate) fn add_watch(&self, address: u64, length: u64) -> bool {
        let mut state = self.lock();
        if !(1..=LONGEST_WATCH).contains(&length) || state.watches.len() >= MOST_WATCHES {
            return false;
        }
        let mut bytes = vec![0; length as usize];
        if self.machine.window().read(address, &mut bytes).is_err() {
            return false;
        }
        state.watches.push(Watch { address, bytes });
        self.call_all();
        true
    }

    /// Ends a watch. The result says whether there was one.
    pub(crate) fn remove_watch(&self, address: u64, length: u64) -> bool {
        let mut state = self.lock();
        let mut watches = state.watches.iter();
        let found = watches
            .position(|watch| watch.address == address && watch.bytes.len() as u64 == length);
        if let Some(place) = found {
            state.watches.remove(place);
            self.call_all();
        }
        found.is_some()
    }

    /// The program has ended: the client is told, if it takes that within a time.
    pub(crate) fn end(&self, end: ProgramEnd, patience: Duration) {
        let mut state = self.lock();
        if state.session.is_none() {
            return;
        }
        state.end.get_or_insert(end);
        Self::tell(&state);
        let done = |state: &mut ThreadsState| state.session.is_some();
        let waited = self.changed.wait_timeout_while(state, patience, done);
        drop(waited);
    }

    /// The end of the program, if it has ended.
    pub(crate) fn ended(&self) -> Option<ProgramEnd> {
        self.lock().end
    }
}

impl Member {
    /// The client sees its registers, so it knows that the thread has begun.
    fn is_seen(&mut self) {
        if matches!(self.place, ThreadPlace::Halted(_)) && self.untold == Some(StopReason::Begin) {
            self.untold = None;
            self.told = true;
        }
    }
}

impl ThreadsState {
    /// Chooses the thread that a stop is told of which is no thread's own: one that has halted, if there is one.
    fn note_told(&mut self) -> usize {
        let mut members = self.members.iter_mut();
        let halted = members.find(|(_, member)| matches!(member.place, ThreadPlace::Halted(_)));
        match halted {
            Some((number, member)) => {
                member.told = true;
                *number
            }
            None => self.numbers()[0],
        }
    }

    fn numbers(&self) -> Vec<usize> {
        if self.members.is_empty() {
            return vec![self.last.max(1)];
        }
        self.members.keys().copied().collect()
    }
}
