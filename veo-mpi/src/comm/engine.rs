//! The engine that moves messages on: each look at one request moves all of the thread, as MPI does it, so that ranks that send to each
//! other first come to an end.

use std::cell::{RefCell, RefMut};
use std::collections::{BTreeMap, VecDeque};
use std::rc::{Rc, Weak};
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use veo_core::VeoProc;

use super::channel::{Channel, HEADERS};
use super::flight::{Flight, FlightMemory};
use super::header::{self, Announced, Form, Header};
use super::labels::LabelMeaning;
use super::raw::{self, DataType, Envelope, Found, RawComm};
use super::receive::{Incoming, Receive};
use super::send::Send;
use super::status::Status;
use super::step::Shared;
use crate::error::{Error, Result};

/// Moves the messages of a thread, the only one that calls MPI.
pub(super) struct ProgressEngine(RefCell<ProgressState>);

#[derive(Default)]
pub(super) struct ProgressState {
    channels: Vec<Weak<Channel>>,
    arriving: VecDeque<Arriving>,
    incoming: VecDeque<Incoming>,
    /// Boxed, since the map moves them about.
    operations: BTreeMap<u64, Box<MovingOperation>>,
    next: u64,
    /// Channels that this rank has closed, while others may still send by them.
    closing: Vec<ClosingChannel>,
    /// How many messages of the user were thrown away, since nobody could ask for them.
    unwanted: usize,
    /// How often everything was moved.
    rounds: u32,
    shared: Shared,
}

/// In one of so many rounds MPI is asked for all that it has, whichever operation is waited for.
const RARELY: u32 = 16;

/// A message that has come and was not looked at yet. It holds the channel, so that no message is lost which MPI has given.
struct Arriving {
    channel: Rc<Channel>,
    source: i32,
    what: Arrived,
}

/// A channel that this rank has closed.
struct ClosingChannel {
    channel: Rc<Channel>,
    /// What tells the ranks so.
    told: Vec<Flight>,
}

enum Arrived {
    Header(Flight),
    /// On the direct path.
    Values(Found),
}

enum MessageWork {
    Send(Send),
    Receive(Receive),
    Done(Result<Status>),
}

impl MessageWork {
    /// Whether MPI has all of it, and nothing is to be done before it ends.
    fn rests_in_mpi(&self) -> bool {
        match self {
            MessageWork::Send(send) => send.rests_in_mpi(),
            MessageWork::Receive(receive) => receive.rests_in_mpi(),
            MessageWork::Done(_) => false,
        }
    }

    /// Whether it goes on when something comes by the channel.
    fn listens_to(&self, channel: &Rc<Channel>) -> bool {
        match self {
            MessageWork::Send(send) => send.listens_to(channel),
            MessageWork::Receive(receive) => receive.listens_to(channel),
            MessageWork::Done(_) => false,
        }
    }
}

struct MovingOperation {
    work: MessageWork,
    /// Whether nobody asks for the outcome.
    abandoned: bool,
}

/// The thread that calls MPI.
static IN_CHARGE: Mutex<Option<ThreadId>> = Mutex::new(None);

thread_local! {
    /// It is never dropped: MPI may use what it owns until the program ends.
    static ENGINE: &'static ProgressEngine = Box::leak(Box::new(ProgressEngine(RefCell::default())));
}

/// Whether MPI may be called at all.
fn check_running() -> Result<()> {
    if raw::is_forked() {
        return Err(Error::Forked);
    }
    if !raw::is_running() {
        return Err(Error::NotRunning);
    }
    Ok(())
}

impl ProgressEngine {
    /// That of this thread, if it may call MPI. The first that asks is in charge from then on.
    pub(super) fn current() -> Result<&'static ProgressEngine> {
        check_running()?;
        let mut in_charge = IN_CHARGE.lock().unwrap_or_else(PoisonError::into_inner);
        let here = std::thread::current().id();
        match *in_charge {
            Some(thread) if thread != here => return Err(Error::OtherThread),
            Some(_) => {}
            None if raw::allows_this_thread() => {
                raw::watch_forks();
                *in_charge = Some(here);
            }
            None => return Err(Error::OtherThread),
        }
        drop(in_charge);
        ENGINE
            .try_with(|engine| *engine)
            .map_err(|_| Error::NotRunning)
    }

    /// Its state, unless this is called by something that it runs itself.
    pub(super) fn state(&self) -> Result<RefMut<'_, ProgressState>> {
        check_running()?;
        self.0.try_borrow_mut().map_err(|_| Error::Reentered)
    }

    /// Moves everything until `step` gives something, and looks at the VE process now and then, if there is one.
    pub(super) fn wait<'p, R>(
        &self,
        proc: impl Into<Option<&'p VeoProc>>,
        step: impl FnMut(&mut ProgressState) -> Result<Option<R>>,
    ) -> Result<R> {
        self.wait_looking_at(None, false, proc, step)
    }

    /// Waits for the end of an operation.
    pub(super) fn wait_for_operation(&self, id: u64, proc: &VeoProc) -> Result<Status> {
        self.wait_looking_at(Some(id), false, proc, |state| Ok(state.outcome(id)))?
    }

    /// `values`: MPI has some that are under way.
    fn wait_looking_at<'p, R>(
        &self,
        operation: Option<u64>,
        values: bool,
        proc: impl Into<Option<&'p VeoProc>>,
        mut step: impl FnMut(&mut ProgressState) -> Result<Option<R>>,
    ) -> Result<R> {
        let proc = proc.into();
        let mut backoff = Backoff::default();
        loop {
            let pace = {
                let mut state = self.state()?;
                // First, so that each of many requests which have ended together costs no look at all of them.
                if let Some(result) = step(&mut state)? {
                    return Ok(result);
                }
                let moved = state.progress_of(operation)?;
                if moved && let Some(result) = step(&mut state)? {
                    return Ok(result);
                }
                match moved {
                    true => Pace::Moved,
                    false if values || state.streams() => Pace::Streams,
                    false => Pace::Waits,
                }
            };
            if backoff.pause(pace)
                && let Some(proc) = proc
            {
                proc.check_alive()?;
            }
        }
    }

    /// Begins something of MPI, unless this is called by something that a transfer runs: MPI does not call itself.
    pub(super) fn begin(&self, start: impl FnOnce() -> Result<Flight>) -> Result<Flight> {
        let _state = self.state()?;
        start()
    }

    /// A duplicate of a communicator, with this rank and the size. All ranks ask for it.
    pub(super) fn duplicate<'p>(
        &self,
        proc: impl Into<Option<&'p VeoProc>>,
        comm: RawComm,
    ) -> Result<(RawComm, (i32, i32))> {
        drop(self.state()?);
        comm.with_errors_returned(|| {
            let place = comm.place()?;
            let flight = self.begin(|| Flight::duplicate(comm))?;
            let (made, _) = self.wait_for(proc, flight)?;
            Ok((made.into_duplicate()?, place))
        })
    }

    /// Moves messages until all ranks of the world come here, then what is still being sent until it has arrived. Nothing
    /// moves in `MPI_Finalize`, and the others may wait for messages from and to this rank. It gives the number of messages that this rank has
    /// thrown away.
    pub(super) fn finish(&self, world: RawComm, proc: &VeoProc, limit: Duration) -> Result<usize> {
        // The program may have closed its process before.
        let closed = matches!(proc.check_alive(), Err(error) if error.fault().is_none());
        let proc = (!closed).then_some(proc);
        // One of our own: the program's barriers of the world are others.
        let (all, _) = self.duplicate(proc, world)?;
        let barrier = || self.wait_for(proc, self.begin(|| Flight::barrier(all))?);
        barrier()?;
        let start = Instant::now();
        self.wait(proc, |state| {
            let messages = state.sending();
            if messages > 0 && start.elapsed() > limit {
                return Err(Error::Unreceived { messages });
            }
            Ok((messages == 0).then_some(()))
        })?;
        // Messages of others may still come to memory of this rank.
        barrier()?;
        all.free();
        Ok(self.state()?.unwanted())
    }

    /// Waits until MPI has moved the values that it has, of no operation of this engine.
    pub(super) fn wait_for_values<'p>(
        &self,
        proc: impl Into<Option<&'p VeoProc>>,
        flight: &mut Flight,
    ) -> Result<()> {
        self.wait_looking_at(None, true, proc, |_| Ok(flight.test()?.map(|_| ())))
    }

    /// Waits for the end of something that MPI does.
    pub(super) fn wait_for<'p>(
        &self,
        proc: impl Into<Option<&'p VeoProc>>,
        mut flight: Flight,
    ) -> Result<(FlightMemory, FlightMemory)> {
        self.wait(proc, |_| Ok(flight.test()?.map(|_| ())))?;
        Ok(flight.into_memory())
    }
}

/// The result of a look at everything.
enum Pace {
    /// Something has moved.
    Moved,
    /// MPI has values that are under way.
    Streams,
    /// Nothing moves before another rank does something.
    Waits,
}

/// Pauses of a wait: short at first, 1 ms in the end. MPI moves the parts of a long message when it is asked only, so while there is
/// one the pauses begin much later and stay short.
#[derive(Default)]
struct Backoff {
    idle: u32,
}

impl Backoff {
    /// Waits a little. Tells whether it is time to look at other things.
    fn pause(&mut self, pace: Pace) -> bool {
        let (busy, longest) = match pace {
            Pace::Moved => {
                self.idle = 0;
                return false;
            }
            Pace::Streams => (100_000, 50),
            Pace::Waits => (2000, 1000),
        };
        self.idle = self.idle.saturating_add(1);
        if self.idle < busy {
            std::thread::yield_now();
            return self.idle.is_multiple_of(256);
        }
        let doubled = (self.idle - busy).min(7);
        std::thread::sleep(Duration::from_micros((10 << doubled).min(longest)));
        true
    }
}

impl ProgressState {
    /// Looks for messages of a channel from now on.
    pub(super) fn open(&mut self, channel: &Rc<Channel>) {
        channel.open();
        self.channels.push(Rc::downgrade(channel));
    }

    /// Throws away what comes by a channel from now on, until no rank sends by it any more.
    pub(super) fn close(&mut self, channel: &Rc<Channel>) {
        channel.close();
        if !channel.may_bring_messages() {
            return;
        }
        let tell = |rank| {
            let bytes = Header::Closed.encode(0);
            let len = bytes.len();
            Flight::send(
                channel.comm,
                FlightMemory::Host(bytes),
                0..len,
                rank,
                HEADERS,
            )
        };
        // A rank that cannot be told keeps its part of the channel.
        let told = (0..channel.size)
            .filter_map(|rank| tell(rank).ok())
            .collect();
        let channel = Rc::clone(channel);
        self.closing.push(ClosingChannel { channel, told });
    }

    /// How many messages of the user were thrown away, since nobody could ask for them.
    pub(super) fn unwanted(&self) -> usize {
        self.unwanted
    }

    /// Begins to send.
    pub(super) fn send(&mut self, send: Send) -> u64 {
        self.enter(MessageWork::Send(send))
    }

    /// Begins to receive.
    pub(super) fn receive(&mut self, receive: Receive) -> u64 {
        self.enter(MessageWork::Receive(receive))
    }

    /// The state that the operations share.
    pub(super) fn shared(&mut self) -> &mut Shared {
        &mut self.shared
    }

    fn enter(&mut self, work: MessageWork) -> u64 {
        let id = self.next;
        self.next += 1;
        let operation = MovingOperation {
            work,
            abandoned: false,
        };
        self.operations.insert(id, Box::new(operation));
        id
    }

    /// The outcome of an operation, if it has ended. It is given once.
    pub(super) fn outcome(&mut self, id: u64) -> Option<Result<Status>> {
        let ended = matches!(self.operations.get(&id)?.work, MessageWork::Done(_));
        if !ended {
            return None;
        }
        match self.operations.remove(&id)?.work {
            MessageWork::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Nobody asks for the outcome of an operation. A message that has not begun to come is not received.
    pub(super) fn abandon(&mut self, id: u64) {
        let Some(operation) = self.operations.get_mut(&id) else {
            return;
        };
        let unmatched =
            matches!(&operation.work, MessageWork::Receive(receive) if receive.is_unmatched());
        if unmatched || matches!(operation.work, MessageWork::Done(_)) {
            self.operations.remove(&id);
        } else {
            operation.abandoned = true;
        }
    }

    /// How many messages are still being sent.
    pub(super) fn sending(&self) -> usize {
        let works = self.operations.values().map(|operation| &operation.work);
        works
            .filter(|work| matches!(work, MessageWork::Send(_)))
            .count()
    }

    /// Whether MPI has values that are under way.
    fn streams(&self) -> bool {
        self.operations
            .values()
            .any(|operation| match &operation.work {
                MessageWork::Send(send) => send.streams(),
                MessageWork::Receive(receive) => receive.streams(),
                MessageWork::Done(_) => false,
            })
    }

    /// Moves everything that can move. Tells whether anything did.
    pub(super) fn progress(&mut self) -> Result<bool> {
        self.progress_of(None)
    }

    /// The same for whoever waits for one operation. MPI moves the values of all that it has when it is asked for one of them, so it is
    /// asked for the others now and then only: each question takes its time.
    fn progress_of(&mut self, operation: Option<u64>) -> Result<bool> {
        self.rounds = self.rounds.wrapping_add(1);
        let wanted = operation.filter(|_| !self.rounds.is_multiple_of(RARELY));
        let mut moved = self.find(wanted.is_none())?;
        moved |= self.take_in()?;
        moved |= self.pair();
        moved |= self.refuse();
        self.shared.answers.retain_mut(|answer| {
            // One that fails is one whose receiver is gone.
            matches!(answer.test(), Ok(None))
        });
        self.closing.retain_mut(|closing| {
            closing
                .told
                .retain_mut(|told| matches!(told.test(), Ok(None)));
            closing.channel.may_bring_messages() || !closing.told.is_empty()
        });
        let shared = &mut self.shared;
        self.operations.retain(|id, operation| {
            if wanted.is_some_and(|wanted| wanted != *id) && operation.work.rests_in_mpi() {
                return true;
            }
            let stepped = match &mut operation.work {
                MessageWork::Send(send) => send.step(shared),
                MessageWork::Receive(receive) => receive.step(shared),
                MessageWork::Done(_) => return !operation.abandoned,
            };
            moved |= stepped.moved;
            if let Some(outcome) = stepped.outcome {
                operation.work = MessageWork::Done(outcome);
                moved = true;
                return !operation.abandoned;
            }
            true
        });
        Ok(moved)
    }

    /// Looks for what has come, by all channels or by those only that somebody waits for.
    fn find(&mut self, by_all: bool) -> Result<bool> {
        let mut moved = false;
        let mut gone = false;
        for weak in &self.channels {
            let Some(channel) = weak.upgrade() else {
                gone = true;
                continue;
            };
            let mut operations = self.operations.values();
            if !by_all && !operations.any(|operation| operation.work.listens_to(&channel)) {
                continue;
            }
            while let Some(found) = channel.comm.find(None, channel.arriving_tag())? {
                let Envelope { source, tag, size } = found.envelope;
                let what = if tag == HEADERS {
                    let memory = FlightMemory::Host(vec![0; size]);
                    let bytes = DataType::bytes();
                    Arrived::Header(Flight::receive_found(found, memory, 0..size, bytes)?)
                } else {
                    Arrived::Values(found)
                };
                self.arriving.push_back(Arriving {
                    channel: Rc::clone(&channel),
                    source,
                    what,
                });
                moved = true;
            }
        }
        if gone {
            self.channels.retain(|channel| channel.strong_count() > 0);
        }
        Ok(moved)
    }

    /// Looks at what has come, in the order in which it came.
    fn take_in(&mut self) -> Result<bool> {
        let mut moved = false;
        while let Some(first) = self.arriving.front_mut() {
            if let Arrived::Header(flight) = &mut first.what
                && flight.test()?.is_none()
            {
                break;
            }
            moved = true;
            let Some(Arriving {
                channel,
                source,
                what,
            }) = self.arriving.pop_front()
            else {
                break;
            };
            let (message, payload, pieces) = match what {
                Arrived::Values(found) => {
                    let taken = channel.labels.borrow_mut().take(found)?;
                    let Some((message, pieces)) = taken else {
                        continue;
                    };
                    (message, Vec::new(), pieces)
                }
                Arrived::Header(flight) => {
                    let mut bytes = flight.into_memory().0.into_host();
                    match Header::decode(&bytes)? {
                        Header::Ready(number) => {
                            self.answered(&channel, source, number, true);
                            continue;
                        }
                        Header::Refused(number) => {
                            self.answered(&channel, source, number, false);
                            continue;
                        }
                        Header::Closed => {
                            channel.note_closed_rank();
                            continue;
                        }
                        Header::Message(message) if message.form == Form::Direct => {
                            let Announced {
                                tag, context, ty, ..
                            } = message;
                            let meaning = LabelMeaning { tag, context, ty };
                            let mut labels = channel.labels.borrow_mut();
                            labels.hear(source, message.number, meaning)?;
                            continue;
                        }
                        Header::Message(message) => {
                            (message, bytes.split_off(header::LEN), Vec::new())
                        }
                    }
                }
            };
            self.incoming.push_back(Incoming {
                channel,
                source,
                message,
                payload,
                pieces,
            });
        }
        Ok(moved)
    }

    fn answered(&mut self, channel: &Rc<Channel>, source: i32, number: u64, wanted: bool) {
        for operation in self.operations.values_mut() {
            if let MessageWork::Send(send) = &mut operation.work
                && send.is(channel, source, number)
            {
                send.answered(wanted);
                return;
            }
        }
    }

    /// Gives messages that have come to those who wait for them: the first that fits to the one who asked first.
    fn pair(&mut self) -> bool {
        if self.incoming.is_empty() {
            return false;
        }
        let mut moved = false;
        for operation in self.operations.values_mut() {
            let MessageWork::Receive(receive) = &mut operation.work else {
                continue;
            };
            if !receive.is_unmatched() {
                continue;
            }
            let place = self.incoming.iter().position(|incoming| {
                receive.fits(&incoming.channel, incoming.source, &incoming.message)
            });
            if let Some(incoming) = place.and_then(|place| self.incoming.remove(place)) {
                receive.give(incoming);
                moved = true;
            }
        }
        moved
    }

    /// Throws away what has come by communicators that nobody can use to ask for it, so that their senders come to an end.
    fn refuse(&mut self) -> bool {
        let is_unwanted = |incoming: &Incoming| incoming.channel.is_closed();
        let mut moved = false;
        while let Some(place) = self.incoming.iter().position(is_unwanted)
            && let Some(incoming) = self.incoming.remove(place)
        {
            // Those of collective operations are another thing.
            self.unwanted += usize::from(incoming.message.context == 0);
            let id = self.receive(Receive::unwanted(incoming));
            self.abandon(id);
            moved = true;
        }
        moved
    }
}
