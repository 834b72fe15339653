//! A message on its way in.

use std::collections::VecDeque;
use std::rc::Rc;

use super::channel::{Channel, HEADERS};
use super::flight::{Flight, FlightMemory};
use super::header::{Announced, Form, Header};
use super::raw::{DataType, Found};
use super::region::TransferRegion;
use super::staging::Lent;
use super::status::Status;
use super::step::{Shared, Step};
use super::window::SharedWindow;
use crate::error::{Error, Result};

/// A message that has come and that nobody has asked for yet.
pub(super) struct Incoming {
    pub(super) channel: Rc<Channel>,
    pub(super) source: i32,
    pub(super) message: Announced,
    /// Its values, if they came with it.
    pub(super) payload: Vec<u8>,
    /// Its values, if they came in messages of their own, which MPI has found.
    pub(super) pieces: Vec<Found>,
}

/// The message that is waited for.
pub(super) struct Wanted {
    /// `None`: any.
    pub(super) source: Option<i32>,
    /// `None`: any.
    pub(super) tag: Option<i32>,
    /// 0 for messages of the user.
    pub(super) context: u64,
}

/// A message on its way in.
pub(super) struct Receive {
    channel: Rc<Channel>,
    wanted: Wanted,
    /// `None` when it is not needed any more.
    to: Option<TransferRegion>,
    state: ReceiveState,
    lent: Lent,
}

enum ReceiveState {
    Unmatched,
    Matched(Incoming),
    /// Its values come to chunks: those that MPI has, the number of values written to the VE, the number asked for.
    Chunks {
        message: Matched,
        flights: VecDeque<Flight>,
        written: usize,
        asked: usize,
        failed: Option<Error>,
    },
    /// Its values come in the sender's window, from which so many bytes were taken.
    Slots {
        message: Matched,
        window: Rc<SharedWindow>,
        taken: usize,
        failed: Option<Error>,
    },
    /// Its values come to the VE.
    Pieces {
        message: Matched,
        flights: VecDeque<Flight>,
        failed: Option<Error>,
    },
    /// Its values are thrown away, piece after piece, of which MPI has one.
    Unwanted {
        piece: Option<Flight>,
        rest: UnwantedRest,
        source: i32,
        why: Error,
    },
    Ended,
}

/// The rest of a message that is thrown away.
enum UnwantedRest {
    Nothing,
    /// One message of MPI, with its tag and length in bytes.
    Sent(i32, usize),
    /// Those that MPI has found.
    Found(VecDeque<Found>),
}

/// A message that has been given to a receive.
#[derive(Clone, Copy)]
struct Matched {
    source: i32,
    tag: i32,
    number: u64,
    count: usize,
    bytes: usize,
}

impl Matched {
    fn status(self) -> Status {
        Status {
            source: self.source,
            tag: self.tag,
            count: self.count,
        }
    }
}

impl Receive {
    pub(super) fn new(channel: &Rc<Channel>, wanted: Wanted, to: TransferRegion) -> Receive {
        Receive {
            channel: Rc::clone(channel),
            wanted,
            to: Some(to),
            state: ReceiveState::Unmatched,
            lent: Lent::default(),
        }
    }

    /// Throws a message away, which nobody can ask for any more.
    pub(super) fn unwanted(incoming: Incoming) -> Receive {
        let wanted = Wanted {
            source: None,
            tag: None,
            context: 0,
        };
        Receive {
            channel: Rc::clone(&incoming.channel),
            wanted,
            to: None,
            state: ReceiveState::Matched(incoming),
            lent: Lent::default(),
        }
    }

    /// Whether no message was given to it.
    pub(super) fn is_unmatched(&self) -> bool {
        matches!(self.state, ReceiveState::Unmatched)
    }

    /// Whether it goes on when something comes by the channel.
    pub(super) fn listens_to(&self, channel: &Rc<Channel>) -> bool {
        self.is_unmatched() && Rc::ptr_eq(channel, &self.channel)
    }

    /// Whether MPI has memory for all of it, and nothing is to be done before it ends.
    pub(super) fn rests_in_mpi(&self) -> bool {
        matches!(self.state, ReceiveState::Pieces { .. })
    }

    /// Whether MPI has values for it.
    pub(super) fn streams(&self) -> bool {
        match self.state {
            ReceiveState::Unmatched | ReceiveState::Matched(_) | ReceiveState::Ended => false,
            ReceiveState::Chunks { .. }
            | ReceiveState::Slots { .. }
            | ReceiveState::Pieces { .. }
            | ReceiveState::Unwanted { .. } => true,
        }
    }

    /// Whether it waits for such a message.
    pub(super) fn fits(&self, channel: &Rc<Channel>, source: i32, message: &Announced) -> bool {
        Rc::ptr_eq(channel, &self.channel)
            && message.context == self.wanted.context
            && self.wanted.source.is_none_or(|wanted| wanted == source)
            && self.wanted.tag.is_none_or(|wanted| wanted == message.tag)
    }

    /// Gives it the message that it waits for.
    pub(super) fn give(&mut self, incoming: Incoming) {
        self.state = ReceiveState::Matched(incoming);
    }

    /// Goes on as far as it can.
    pub(super) fn step(&mut self, shared: &mut Shared) -> Step {
        let state = std::mem::replace(&mut self.state, ReceiveState::Ended);
        match self.advance(state, shared) {
            Ok((state, moved)) => {
                self.state = state;
                Step::after(moved)
            }
            Err(outcome) => {
                shared.staging.inward.take_back(&mut self.lent, []);
                self.to = None;
                Step::ended(outcome)
            }
        }
    }

    /// The next state, or the outcome.
    fn advance(
        &mut self,
        state: ReceiveState,
        shared: &mut Shared,
    ) -> std::result::Result<(ReceiveState, bool), Result<Status>> {
        match state {
            ReceiveState::Unmatched => Ok((ReceiveState::Unmatched, false)),
            ReceiveState::Matched(incoming) => self.begin(incoming, shared),
            ReceiveState::Chunks {
                message,
                flights,
                written,
                asked,
                failed,
            } => self.chunks(message, flights, (written, asked), failed, shared),
            ReceiveState::Slots {
                message,
                window,
                taken,
                failed,
            } => self.slots(message, window, taken, failed),
            ReceiveState::Pieces {
                message,
                mut flights,
                mut failed,
            } => {
                let before = flights.len();
                let complete = ended(&mut flights, &mut failed);
                match (complete, failed) {
                    (true, None) => Err(Ok(message.status())),
                    (true, Some(error)) => Err(Err(error)),
                    (false, failed) => {
                        let moved = flights.len() < before;
                        Ok((
                            ReceiveState::Pieces {
                                message,
                                flights,
                                failed,
                            },
                            moved,
                        ))
                    }
                }
            }
            ReceiveState::Unwanted {
                piece,
                rest,
                source,
                why,
            } => self.throw_away(piece, rest, source, why),
            ReceiveState::Ended => Err(Err(Error::NotRunning)),
        }
    }

    fn begin(
        &mut self,
        incoming: Incoming,
        shared: &mut Shared,
    ) -> std::result::Result<(ReceiveState, bool), Result<Status>> {
        let Incoming {
            source, message, ..
        } = incoming;
        let tag = self.channel.values_tag(message.number);
        let receive = |memory, range| {
            Flight::receive(self.channel.comm, memory, range, source, tag).map_err(Err)
        };
        let matched = Matched {
            source,
            tag: message.tag,
            number: message.number,
            count: usize::try_from(message.len).unwrap_or(0),
            bytes: message.bytes().unwrap_or(0),
        };
        let checked = match &self.to {
            Some(to) => check(&message, source, to).map(|()| to.clone()),
            // Nobody is told.
            None => Err(Error::NotRunning),
        };
        let to = match checked {
            Ok(to) => to,
            Err(why) => {
                let rest = self.refuse(incoming, matched.bytes, shared)?;
                return self.throw_away(None, rest, source, why);
            }
        };
        match message.form {
            Form::Inline => {
                let written = to.write(0, &incoming.payload);
                Err(written.map(|()| matched.status()))
            }
            Form::Direct => {
                let memory = to.direct().ok_or_else(|| Err(mixed(message.form)))?;
                let mut end = 0;
                let mut flights = VecDeque::new();
                for found in incoming.pieces {
                    let range = end..end + found.envelope.size;
                    end = range.end;
                    let memory = FlightMemory::Ve(memory.clone());
                    let flight = Flight::receive_found(found, memory, range, DataType::bytes());
                    flights.push_back(flight.map_err(Err)?);
                }
                Ok((
                    ReceiveState::Pieces {
                        message: matched,
                        flights,
                        failed: None,
                    },
                    true,
                ))
            }
            Form::Filled | Form::Slots => {
                let window = self.channel.window_of(source);
                let window = window.ok_or_else(|| Err(mixed(message.form)))?;
                if message.form == Form::Slots {
                    self.answer(source, Header::Ready(message.number), shared)?;
                }
                self.slots(matched, window, 0, None)
            }
            Form::Pushed | Form::OnDemand => {
                let chunk = self.channel.chunk();
                let inward = &mut shared.staging.inward;
                let Some(first) = inward.lend_first(chunk, &mut self.lent) else {
                    return Ok((ReceiveState::Matched(incoming), false));
                };
                let mut free = vec![first];
                if matched.bytes > chunk {
                    free.extend(inward.lend_spare(chunk, &mut self.lent));
                }
                let mut asked = 0;
                let mut flights = VecDeque::new();
                for memory in free {
                    let len = chunk.min(matched.bytes - asked);
                    flights.push_back(receive(FlightMemory::Host(memory), 0..len)?);
                    asked += len;
                }
                if message.form == Form::OnDemand {
                    self.answer(source, Header::Ready(message.number), shared)?;
                }
                let state = ReceiveState::Chunks {
                    message: matched,
                    flights,
                    written: 0,
                    asked,
                    failed: None,
                };
                Ok((state, true))
            }
        }
    }

    /// Tells the sender of a message that its values are not wanted. The values are received all the same: the sender may wait for that, and
    /// some MPIs end the program if a message is longer than its memory.
    fn refuse(
        &self,
        incoming: Incoming,
        bytes: usize,
        shared: &mut Shared,
    ) -> std::result::Result<UnwantedRest, Result<Status>> {
        let (source, number) = (incoming.source, incoming.message.number);
        match incoming.message.form {
            Form::Inline => {}
            Form::Pushed => return Ok(UnwantedRest::Sent(self.channel.values_tag(number), bytes)),
            Form::Direct => return Ok(UnwantedRest::Found(incoming.pieces.into())),
            Form::Filled => {
                let window = self.channel.window_of(source);
                // Dropping it empties the slot.
                drop(window.as_ref().and_then(|window| window.find(number, 0)));
            }
            Form::OnDemand | Form::Slots => {
                self.answer(source, Header::Refused(number), shared)?;
            }
        }
        Ok(UnwantedRest::Nothing)
    }

    /// Takes what there is out of the sender's window.
    fn slots(
        &mut self,
        message: Matched,
        window: Rc<SharedWindow>,
        mut taken: usize,
        mut failed: Option<Error>,
    ) -> std::result::Result<(ReceiveState, bool), Result<Status>> {
        let mut moved = false;
        let chunk = self.channel.chunk();
        while taken < message.bytes {
            let Some(found) = window.find(message.number, (taken / chunk) as u64) else {
                let state = ReceiveState::Slots {
                    message,
                    window,
                    taken,
                    failed,
                };
                return Ok((state, moved));
            };
            moved = true;
            let len = chunk.min(message.bytes - taken);
            let Some(bytes) = found.bytes(len) else {
                return Err(Err(failed.unwrap_or(Error::SenderFailed {
                    source_rank: message.source,
                })));
            };
            if failed.is_none()
                && let Some(to) = &self.to
            {
                failed = to.write(taken, bytes).err();
            }
            taken += len;
        }
        Err(match failed {
            None => Ok(message.status()),
            Some(error) => Err(error),
        })
    }

    fn chunks(
        &mut self,
        message: Matched,
        mut flights: VecDeque<Flight>,
        (mut written, mut asked): (usize, usize),
        mut failed: Option<Error>,
        shared: &mut Shared,
    ) -> std::result::Result<(ReceiveState, bool), Result<Status>> {
        let mut moved = false;
        let mut done = Vec::new();
        while let Some(flight) = flights.front_mut() {
            let Some(envelope) = flight.test().map_err(Err)? else {
                break;
            };
            moved = true;
            let Some(flight) = flights.pop_front() else {
                break;
            };
            let bytes = flight.into_memory().0.into_host();
            let len = self.channel.chunk().min(message.bytes - written);
            if envelope.size != len && failed.is_none() {
                failed = Some(Error::SenderFailed {
                    source_rank: message.source,
                });
            }
            if failed.is_none()
                && let Some(to) = &self.to
            {
                failed = to.write(written, &bytes[..len]).err();
            }
            written += len;
            if asked < message.bytes {
                let len = self.channel.chunk().min(message.bytes - asked);
                let tag = self.channel.values_tag(message.number);
                let memory = FlightMemory::Host(bytes);
                let flight =
                    Flight::receive(self.channel.comm, memory, 0..len, message.source, tag);
                flights.push_back(flight.map_err(Err)?);
                asked += len;
            } else {
                done.push(bytes);
            }
        }
        if !flights.is_empty() {
            // The spare chunk comes back at the end, or now if it is not needed.
            if let Some(bytes) = done.pop() {
                shared.staging.inward.give_spare(&mut self.lent, bytes);
            }
            let state = ReceiveState::Chunks {
                message,
                flights,
                written,
                asked,
                failed,
            };
            return Ok((state, moved));
        }
        shared.staging.inward.take_back(&mut self.lent, done);
        Err(match failed {
            None => Ok(message.status()),
            Some(error) => Err(error),
        })
    }

    /// Receives the next piece of a message to the memory of the one before. The reason stays, even if a piece fails.
    fn throw_away(
        &self,
        mut piece: Option<Flight>,
        mut rest: UnwantedRest,
        source: i32,
        why: Error,
    ) -> std::result::Result<(ReceiveState, bool), Result<Status>> {
        if let Some(flight) = &mut piece
            && matches!(flight.test(), Ok(None))
        {
            let state = ReceiveState::Unwanted {
                piece,
                rest,
                source,
                why,
            };
            return Ok((state, false));
        }
        let memory = piece.map_or_else(Vec::new, |flight| flight.into_memory().0.into_host());
        let room = |len| {
            let mut memory = memory;
            if memory.len() < len {
                memory = vec![0; len];
            }
            (FlightMemory::Host(memory), 0..len)
        };
        let next = match &mut rest {
            UnwantedRest::Nothing => return Err(Err(why)),
            UnwantedRest::Sent(tag, len) => {
                let (comm, tag, (memory, range)) = (self.channel.comm, *tag, room(*len));
                rest = UnwantedRest::Nothing;
                Flight::receive(comm, memory, range, source, tag)
            }
            UnwantedRest::Found(found) => match found.pop_front() {
                None => return Err(Err(why)),
                Some(found) => {
                    let (memory, range) = room(found.envelope.size);
                    Flight::receive_found(found, memory, range, DataType::bytes())
                }
            },
        };
        let state = ReceiveState::Unwanted {
            piece: Some(next.map_err(Err)?),
            rest,
            source,
            why,
        };
        Ok((state, true))
    }

    fn answer(
        &self,
        to: i32,
        header: Header,
        shared: &mut Shared,
    ) -> std::result::Result<(), Result<Status>> {
        let bytes = header.encode(0);
        let len = bytes.len();
        let memory = FlightMemory::Host(bytes);
        let flight = Flight::send(self.channel.comm, memory, 0..len, to, HEADERS);
        shared.answers.push(flight.map_err(Err)?);
        Ok(())
    }
}

/// Whether the types at both ends are the same, and there is room for the values.
fn check(message: &Announced, source: i32, to: &TransferRegion) -> Result<()> {
    if message.ty != to.ty {
        return Err(Error::Types {
            source_rank: source,
            sent: message.ty.name(),
            wanted: to.ty.name(),
        });
    }
    let len = usize::try_from(message.len).unwrap_or(usize::MAX);
    if len > to.len {
        return Err(Error::Truncated {
            source_rank: source,
            sent: len,
            room: to.len,
        });
    }
    Ok(())
}

/// A message has come in a form that its sender cannot have chosen for this rank.
fn mixed(form: Form) -> Error {
    let how = match form {
        Form::Direct => "by the path `direct` to memory without an address",
        _ => "in memory that its sender shares with others, and not with this rank",
    };
    Error::Path {
        reason: format!("a message came {how}; do all ranks have the same version of veo-mpi?"),
    }
}

/// Takes those out that have ended. Tells whether all have; the first failure is noted.
pub(super) fn ended(flights: &mut VecDeque<Flight>, failed: &mut Option<Error>) -> bool {
    flights.retain_mut(|flight| match flight.test() {
        Ok(None) => true,
        Ok(Some(_)) => false,
        Err(error) => {
            failed.get_or_insert(error);
            false
        }
    });
    flights.is_empty()
}
