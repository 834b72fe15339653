//! The windows that a rank shares with others of its machine: its own, and those of the others as it finds them.

use std::collections::HashMap;
use std::rc::Rc;

use super::window::{OwnWindow, SharedWindow, WindowAddress};

/// The windows that this rank has mapped, for all communicators.
#[derive(Default)]
pub(super) struct Windows {
    own: Option<OwnWindow>,
    others: HashMap<WindowAddress, Rc<SharedWindow>>,
}

impl Windows {
    /// The address by which others find this rank's window, if it has one for chunks of that length. It is made at the first time, for the chunks
    /// that this rank wants: no ranks agree on longer ones.
    pub(super) fn offer(&mut self, chunk: usize, longest: usize) -> Option<WindowAddress> {
        if self.own.is_none() {
            // Without it chunks go by MPI.
            self.own = OwnWindow::new(chunk.max(longest)).ok();
        }
        let own = self.own.as_ref()?;
        (chunk <= own.slot_len()).then(|| own.address())
    }

    /// The window of another rank, if it can be had from here.
    pub(super) fn open(&mut self, address: WindowAddress) -> Option<Rc<SharedWindow>> {
        if let Some(known) = self.others.get(&address) {
            return Some(Rc::clone(known));
        }
        let window = Rc::new(SharedWindow::open(&address)?);
        self.others.insert(address, Rc::clone(&window));
        Some(window)
    }

    /// This rank's own.
    pub(super) fn own(&mut self) -> Option<&mut OwnWindow> {
        self.own.as_mut()
    }
}

/// The agreement of this rank with one rank of a communicator.
#[derive(Default)]
pub(super) struct Neighbour {
    /// Its window, if this rank finds it.
    pub(super) window: Option<Rc<SharedWindow>>,
    /// Whether it finds this rank's.
    pub(super) finds_own: bool,
}
