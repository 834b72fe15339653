//! A private duplicate of a communicator, and the agreements of its ranks.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use super::labels::DirectLabels;
use super::neighbours::Neighbour;
use super::path::Path;
use super::raw::{self, RawComm};
use super::window::SharedWindow;
use crate::error::{Error, Result};

/// The tag of headers. All others are those of values.
pub(super) const HEADERS: i32 = 0;

/// A private duplicate of a communicator.
pub(super) struct Channel {
    pub(super) comm: RawComm,
    pub(super) rank: i32,
    pub(super) size: i32,
    /// The path of all ranks.
    pub(super) path: Path,
    chunk: Cell<usize>,
    largest_tag: i32,
    /// The memory that this rank shares with each of the others, if chunks are staged.
    neighbours: OnceCell<Vec<Neighbour>>,
    /// The labels that stand for the headers of direct messages.
    pub(super) labels: RefCell<DirectLabels>,
    /// Collective operations that were begun.
    collective: Cell<u64>,
    /// Whether nobody begins anything with it any more.
    closed: Cell<bool>,
    /// How many ranks, this one included, have not said that they begin nothing with it any more: messages of theirs may come. `None`: none comes
    /// unasked, as it was not opened.
    open_ranks: Cell<Option<i32>>,
}

impl Channel {
    /// `comm` is a duplicate of ours, with this rank and size.
    pub(super) fn new(
        comm: RawComm,
        (rank, size): (i32, i32),
        path: Path,
        chunk: usize,
    ) -> Rc<Channel> {
        Rc::new(Channel {
            comm,
            rank,
            size,
            path,
            chunk: Cell::new(chunk),
            largest_tag: comm.largest_tag(),
            neighbours: OnceCell::new(),
            labels: RefCell::new(DirectLabels::new(match path {
                Path::Direct => size,
                _ => 0,
            })),
            collective: Cell::new(0),
            closed: Cell::new(false),
            open_ranks: Cell::new(None),
        })
    }

    /// Takes the length of a chunk that all ranks have agreed on. Nothing was sent before.
    pub(super) fn agree_on(&self, chunk: usize) {
        self.chunk.set(chunk);
    }

    /// The length of a chunk of all ranks.
    pub(super) fn chunk(&self) -> usize {
        self.chunk.get()
    }

    /// Takes what this rank shares with each of the others. Nothing was sent before.
    pub(super) fn meet(&self, neighbours: Vec<Neighbour>) {
        // It is called once.
        let _ = self.neighbours.set(neighbours);
    }

    fn neighbour(&self, rank: i32) -> Option<&Neighbour> {
        self.neighbours.get()?.get(usize::try_from(rank).ok()?)
    }

    /// Whether a rank takes chunks out of this rank's window.
    pub(super) fn shares_with(&self, rank: i32) -> bool {
        self.neighbour(rank).is_some_and(|rank| rank.finds_own)
    }

    /// The window of a rank that puts chunks there for this one.
    pub(super) fn window_of(&self, rank: i32) -> Option<Rc<SharedWindow>> {
        self.neighbour(rank)?.window.clone()
    }

    /// The windows of all ranks, this one included, if they share them, each with the others.
    pub(super) fn windows_of_all(&self) -> Option<Vec<Rc<SharedWindow>>> {
        let neighbours = self.neighbours.get()?.iter();
        let window = |neighbour: &Neighbour| {
            let window = neighbour.window.as_ref()?;
            (neighbour.finds_own && self.chunk() <= window.slot_len()).then(|| Rc::clone(window))
        };
        neighbours.map(window).collect()
    }

    /// The number of the next collective operation, which is never 0.
    pub(super) fn next_collective(&self) -> u64 {
        let number = self.collective.get() + 1;
        self.collective.set(number);
        number
    }

    /// Notes that nobody begins anything with it any more. Operations that were begun go on.
    pub(super) fn close(&self) {
        self.closed.set(true);
    }

    /// Whether nobody begins anything with it any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Notes that messages come by it from now on.
    pub(super) fn open(&self) {
        self.open_ranks.set(Some(self.size));
    }

    /// A rank has said that it begins nothing with it any more.
    pub(super) fn note_closed_rank(&self) {
        self.open_ranks
            .set(self.open_ranks.get().map(|ranks| ranks - 1));
    }

    /// Whether messages may come by it unasked.
    pub(super) fn may_bring_messages(&self) -> bool {
        self.open_ranks.get().is_some_and(|ranks| ranks > 0)
    }

    /// The tag of messages that are looked for: on the direct path any, since values come unasked.
    pub(super) fn arriving_tag(&self) -> Option<i32> {
        (self.path != Path::Direct).then_some(HEADERS)
    }

    /// The tag of the values of a message. It comes again after so many messages of one rank that those of before have long
    /// come.
    pub(super) fn values_tag(&self, number: u64) -> i32 {
        1 + (number % self.largest_tag as u64) as i32
    }

    /// The longest message that travels with its header, in bytes.
    pub(super) fn inline(&self) -> usize {
        self.chunk.get().min(4096 - super::header::LEN)
    }

    pub(super) fn check_rank(&self, rank: i32) -> Result<()> {
        if (0..self.size).contains(&rank) {
            return Ok(());
        }
        Err(Error::Rank {
            rank,
            size: self.size,
        })
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        // After a panic the other ranks may not come here. While messages may come, MPI must not give the same number to another communicator, which
        // would get them.
        let may_be_freed = !std::thread::panicking() && !self.may_bring_messages();
        if !raw::is_forked() && raw::is_running() && may_be_freed {
            self.comm.free();
        }
    }
}
