//! A message on its way out.

use std::collections::VecDeque;
use std::rc::Rc;

use super::channel::{Channel, HEADERS};
use super::flight::{Flight, FlightMemory};
use super::header::{self, Announced, Form, Header};
use super::labels::{self, LabelMeaning};
use super::receive::ended;
use super::region::TransferRegion;
use super::staging::Lent;
use super::status::Status;
use super::step::{Shared, Step};
use super::window::OwnWindow;
use crate::error::{Error, Result};

/// Where a message goes.
#[derive(Clone, Copy)]
pub(super) struct Destination {
    pub(super) rank: i32,
    pub(super) tag: i32,
    /// 0 for messages of the user.
    pub(super) context: u64,
}

/// A message on its way out.
pub(super) struct Send {
    channel: Rc<Channel>,
    to: Destination,
    number: u64,
    /// `None` when it is not needed any more.
    from: Option<TransferRegion>,
    /// The operations that MPI has: the header, and values that went at once.
    flights: VecDeque<Flight>,
    body: Body,
    lent: Lent,
}

enum Body {
    /// Nothing is left to be sent.
    Sent,
    /// The values went at once, in a spare chunk.
    Pushed(Flight),
    /// The receiver is not ready yet.
    Asked,
    /// The receiver is ready, and the chunks are somebody else's still.
    Wanted,
    /// It has the turn in this rank's window, to which so many bytes were copied.
    Slots(usize),
    /// All that comes is in the window, and the receiver has not taken all of it; or the reason why there is no more.
    Left(Option<Error>),
    /// Its chunks go out, of which so many bytes were read.
    Chunks {
        flights: VecDeque<Flight>,
        free: Vec<FlightMemory>,
        read: usize,
        failed: Option<Error>,
    },
}

impl Send {
    /// Begins to send.
    pub(super) fn begin(
        channel: &Rc<Channel>,
        to: Destination,
        from: TransferRegion,
        shared: &mut Shared,
    ) -> Result<Send> {
        let number = shared.next_number();
        let mut send = Send {
            channel: Rc::clone(channel),
            to,
            number,
            from: None,
            flights: VecDeque::new(),
            body: Body::Sent,
            lent: Lent::default(),
        };
        let begun = send.values(from, shared);
        if begun.is_err() {
            shared.staging.out.take_back(&mut send.lent, []);
        }
        begun.map(|()| send)
    }

    fn values(&mut self, from: TransferRegion, shared: &mut Shared) -> Result<()> {
        let size = from.size();
        let (comm, to) = (self.channel.comm, self.to.rank);
        let tag = self.channel.values_tag(self.number);
        if size <= self.channel.inline() {
            let mut bytes = self.header(Form::Inline, &from).encode(size);
            from.read(0, &mut bytes[header::LEN..])?;
            return self.announce(bytes);
        }
        if let Some(memory) = from.direct() {
            let label = self.label(&from)?;
            for range in labels::pieces(size) {
                let memory = FlightMemory::Ve(memory.clone());
                let flight = Flight::send(comm, memory, range, to, label)?;
                self.flights.push_back(flight);
            }
            return Ok(());
        }
        let chunk = self.channel.chunk();
        if self.channel.shares_with(to)
            && let Some(own) = shared.windows.own()
        {
            return self.share(from, own);
        }
        if size <= chunk
            && let Some(mut memory) = shared.lend_spare_out(chunk, &mut self.lent)
        {
            from.read(0, &mut memory.bytes_mut()[..size])?;
            self.announce(self.header(Form::Pushed, &from).encode(0))?;
            let flight = Flight::send(comm, memory, 0..size, to, tag)?;
            self.body = Body::Pushed(flight);
            return Ok(());
        }
        self.announce(self.header(Form::OnDemand, &from).encode(0))?;
        self.body = Body::Asked;
        self.from = Some(from);
        Ok(())
    }

    /// Begins to send through the window of this rank.
    fn share(&mut self, from: TransferRegion, own: &mut OwnWindow) -> Result<()> {
        let size = from.size();
        if size <= self.channel.chunk()
            && let Some(slot) = own.spare_slot()
        {
            own.fill(slot, (self.number, 0), size, |bytes| from.read(0, bytes))?;
            let told = self.announce(self.header(Form::Filled, &from).encode(0));
            if told.is_err() {
                own.take_back(slot, self.number);
            }
            self.body = Body::Left(None);
            return told;
        }
        self.announce(self.header(Form::Slots, &from).encode(0))?;
        self.body = Body::Asked;
        self.from = Some(from);
        Ok(())
    }

    /// The label that stands for the header of a direct message, when the receiver knows it.
    fn label(&mut self, from: &TransferRegion) -> Result<i32> {
        let channel = Rc::clone(&self.channel);
        let meaning = LabelMeaning {
            tag: self.to.tag,
            context: self.to.context,
            ty: from.ty,
        };
        channel
            .labels
            .borrow_mut()
            .of(self.to.rank, meaning, |label| {
                let told = Header::Message(Announced {
                    form: Form::Direct,
                    number: label as u64,
                    context: meaning.context,
                    tag: meaning.tag,
                    ty: meaning.ty,
                    len: 0,
                });
                self.announce(told.encode(0))
            })
    }

    fn header(&self, form: Form, from: &TransferRegion) -> Header {
        Header::Message(Announced {
            form,
            number: self.number,
            context: self.to.context,
            tag: self.to.tag,
            ty: from.ty,
            len: from.len as u64,
        })
    }

    fn announce(&mut self, bytes: Vec<u8>) -> Result<()> {
        let len = bytes.len();
        let memory = FlightMemory::Host(bytes);
        let flight = Flight::send(self.channel.comm, memory, 0..len, self.to.rank, HEADERS)?;
        self.flights.push_back(flight);
        Ok(())
    }

    /// Whether it is that message of the receiver.
    pub(super) fn is(&self, channel: &Rc<Channel>, receiver: i32, number: u64) -> bool {
        Rc::ptr_eq(channel, &self.channel) && self.to.rank == receiver && self.number == number
    }

    /// The receiver has said whether it wants the chunks.
    pub(super) fn answered(&mut self, wanted: bool) {
        if matches!(self.body, Body::Asked) {
            self.body = if wanted { Body::Wanted } else { Body::Sent };
        }
    }

    /// Whether it goes on when something comes by the channel.
    pub(super) fn listens_to(&self, channel: &Rc<Channel>) -> bool {
        matches!(self.body, Body::Asked) && Rc::ptr_eq(channel, &self.channel)
    }

    /// Whether MPI has all of it, and nothing is to be done before it ends.
    pub(super) fn rests_in_mpi(&self) -> bool {
        matches!(self.body, Body::Sent) && !self.flights.is_empty()
    }

    /// Whether MPI has values of it.
    pub(super) fn streams(&self) -> bool {
        match self.body {
            Body::Sent => !self.flights.is_empty(),
            Body::Asked | Body::Wanted | Body::Left(_) => false,
            Body::Pushed(_) | Body::Slots(_) | Body::Chunks { .. } => true,
        }
    }

    /// Goes on as far as it can.
    pub(super) fn step(&mut self, shared: &mut Shared) -> Step {
        let mut failed = None;
        let before = self.flights.len();
        let all_ended = ended(&mut self.flights, &mut failed);
        let mut moved = self.flights.len() < before;
        let values = match failed {
            Some(error) => Err(error),
            None => self.advance(shared, &mut moved),
        };
        let outcome = match values {
            Ok(true) if all_ended => Ok(Status {
                source: self.channel.rank,
                tag: self.to.tag,
                count: 0,
            }),
            Ok(_) => return Step::after(moved),
            Err(error) => Err(error),
        };
        self.body = Body::Sent;
        self.from = None;
        shared.staging.out.take_back(&mut self.lent, []);
        if let Some(own) = shared.windows.own() {
            own.end_turn(self.number);
        }
        Step::ended(outcome)
    }

    /// Whether all values are sent.
    fn advance(&mut self, shared: &mut Shared, moved: &mut bool) -> Result<bool> {
        let chunk = self.channel.chunk();
        match &mut self.body {
            Body::Sent => return Ok(true),
            Body::Asked => return Ok(false),
            Body::Slots(_) => return self.slots(shared, moved),
            Body::Left(failed) => {
                if shared
                    .windows
                    .own()
                    .is_some_and(|own| !own.is_taken(self.number))
                {
                    return Ok(false);
                }
                *moved = true;
                return failed.take().map_or(Ok(true), Err);
            }
            Body::Wanted if self.channel.shares_with(self.to.rank) => {
                self.body = Body::Slots(0);
                return self.slots(shared, moved);
            }
            Body::Pushed(flight) => {
                if flight.test()?.is_none() {
                    return Ok(false);
                }
                if let Body::Pushed(flight) = std::mem::replace(&mut self.body, Body::Sent) {
                    let bytes = flight.into_memory().0.into_host();
                    shared.staging.out.take_back(&mut self.lent, [bytes]);
                }
                *moved = true;
                return Ok(true);
            }
            Body::Wanted => {
                let first = shared.lend_first_out(self.number, chunk, &mut self.lent);
                let Some(first) = first else {
                    return Ok(false);
                };
                let mut free = vec![first];
                free.extend(shared.lend_spare_out(chunk, &mut self.lent));
                self.body = Body::Chunks {
                    flights: VecDeque::new(),
                    free,
                    read: 0,
                    failed: None,
                };
            }
            Body::Chunks { .. } => {}
        }
        self.chunks(shared, moved)
    }

    /// Fills what is empty of this rank's window.
    fn slots(&mut self, shared: &mut Shared, moved: &mut bool) -> Result<bool> {
        let (Body::Slots(copied), Some(from)) = (&mut self.body, &self.from) else {
            return Ok(true);
        };
        let Some(own) = shared.windows.own() else {
            return Ok(true);
        };
        if !own.begin_turn(self.number) {
            return Ok(false);
        }
        let (size, chunk) = (from.size(), self.channel.chunk());
        let mut failed = None;
        while *copied < size && failed.is_none() {
            let Some(slot) = own.empty_slot()? else {
                return Ok(false);
            };
            *moved = true;
            let len = chunk.min(size - *copied);
            let part = (*copied / chunk) as u64;
            let read = |bytes: &mut [u8]| from.read(*copied, bytes);
            if let Err(error) = own.fill(slot, (self.number, part), len, read) {
                own.fail(slot, self.number);
                failed = Some(error);
            }
            *copied += len;
        }
        own.end_turn(self.number);
        self.body = Body::Left(failed);
        self.from = None;
        Ok(false)
    }

    fn chunks(&mut self, shared: &mut Shared, moved: &mut bool) -> Result<bool> {
        let Body::Chunks {
            flights,
            free,
            read,
            failed,
        } = &mut self.body
        else {
            return Ok(true);
        };
        let Some(from) = &self.from else {
            return Ok(true);
        };
        while let Some(flight) = flights.front_mut() {
            if flight.test()?.is_none() {
                break;
            }
            *moved = true;
            if let Some(flight) = flights.pop_front() {
                free.push(flight.into_memory().0);
            }
        }
        let (size, chunk) = (from.size(), self.channel.chunk());
        while *read < size
            && let Some(mut memory) = free.pop()
        {
            let len = chunk.min(size - *read);
            if failed.is_none() {
                *failed = from.read(*read, &mut memory.bytes_mut()[..len]).err();
            }
            // The receiver recognises a chunk of nothing.
            let sent = if failed.is_none() { len } else { 0 };
            let tag = self.channel.values_tag(self.number);
            let flight = Flight::send(self.channel.comm, memory, 0..sent, self.to.rank, tag)?;
            flights.push_back(flight);
            *read += len;
            *moved = true;
        }
        if *read < size || !flights.is_empty() {
            return Ok(false);
        }
        let free = std::mem::take(free)
            .into_iter()
            .map(FlightMemory::into_host);
        let failed = failed.take();
        shared.staging.out.take_back(&mut self.lent, free);
        match failed {
            None => Ok(true),
            Some(error) => Err(error),
        }
    }
}
