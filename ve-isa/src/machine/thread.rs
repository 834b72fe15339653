//! Threads of a machine: what images want at their begin and their end, calls, checks of memory.

use std::ops::Range;

use super::{ImageStart, Loaded, Machine};
use crate::check::Leak;
use crate::image::{self, ImageError, ImageId};
use crate::thread::Thread;
use crate::trap::{Trap, TrapKind};

/// Why images cannot be unloaded, or not in order.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnloadError {
    /// They stay.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A destructor trapped. They are gone.
    #[error("a destructor: {0}")]
    Trap(#[from] Trap),
}

/// A thread with what it needs to follow the machine.
#[derive(Debug)]
pub struct MachineThread<'m> {
    pub(super) machine: &'m Machine,
    pub(super) thread: Thread,
}

impl<'m> MachineThread<'m> {
    /// The machine that it belongs to.
    #[must_use]
    pub fn machine(&self) -> &'m Machine {
        self.machine
    }
}

impl MachineThread<'_> {
    /// Does what images want to be done before they are used: words that their own functions decide on, then constructors, in order.
    /// Functions that were begun are not begun again.
    ///
    /// # Errors
    /// The trap that one of the functions ended in. Starting again goes on with the image after it, or after the relocatable objects that
    /// were loaded with it.
    pub fn start(&mut self) -> Result<(), Trap> {
        let (starts, constructors) = {
            let machine = self.machine;
            let loaded = machine
                .loaded
                .read()
                .unwrap_or_else(|lock| lock.into_inner());
            let Loaded {
                scope,
                images,
                started,
            } = &*loaded;
            let new = || images.iter().filter(|image| !started.contains(&image.id));
            let starts = new().map(|image| ImageStart {
                id: image.id,
                resolvers: image.resolvers.clone(),
                indirect: scope.indirect(image.id),
            });
            (starts.collect::<Vec<_>>(), image::constructors(new()))
        };
        for resolver in starts.iter().flat_map(|start| &start.resolvers) {
            let address = self.call(resolver.function, &[])?;
            let value = address.wrapping_add(resolver.addend);
            let stored = self.machine.common.window.store::<8>(resolver.place, value);
            stored.map_err(|cause| Trap {
                kind: TrapKind::MemoryAccess {
                    address: resolver.place,
                    write: true,
                    cause,
                },
                ic: resolver.function,
                word: None,
            })?;
        }
        for start in &starts {
            for (name, function) in &start.indirect {
                let address = self.call(*function, &[])?;
                let machine = self.machine;
                let mut loaded = machine
                    .loaded
                    .write()
                    .unwrap_or_else(|lock| lock.into_inner());
                loaded.scope.resolve(start.id, name, address);
            }
        }
        for list in &constructors {
            let begun = {
                let machine = self.machine;
                let mut loaded = machine
                    .loaded
                    .write()
                    .unwrap_or_else(|lock| lock.into_inner());
                // Those of a list begin together.
                let new = list.images.iter().filter(|id| loaded.started.insert(**id));
                new.count() == 0
            };
            if begun {
                continue;
            }
            for constructor in &list.functions {
                self.call(*constructor, &[])?;
            }
        }
        Ok(())
    }

    /// Calls the destructors of images that were started, and unloads them.
    ///
    /// # Errors
    /// As [`Machine::unload`], before anything is called; or the trap that a destructor ended in. Those after it are not called, and the
    /// images are unloaded all the same.
    pub fn unload(&mut self, ids: &[ImageId]) -> Result<(), UnloadError> {
        let machine = self.machine;
        let (code, destructors): (Vec<Range<u64>>, Vec<u64>) = {
            let mut loaded = machine
                .loaded
                .write()
                .unwrap_or_else(|lock| lock.into_inner());
            loaded.check_unload(ids)?;
            let Loaded {
                images, started, ..
            } = &mut *loaded;
            let gone = images.iter().rev().filter(|image| ids.contains(&image.id));
            let code = gone.clone().flat_map(|image| image.code.clone()).collect();
            let begun: Vec<_> = gone.filter(|image| started.remove(&image.id)).collect();
            let lists = image::destructors(begun);
            let destructors = lists.into_iter().flat_map(|list| list.functions);
            (code, destructors.collect())
        };
        let mut ended = Ok(());
        let exits = &machine.gates.process().exits;
        while let (Ok(()), Some(exit)) = (&ended, exits.take_in(&code)) {
            ended = self.call(exit.function, &exit.words(0)).map(|_| ());
        }
        let ended = ended.and_then(|()| {
            let mut all = destructors.into_iter();
            all.try_for_each(|destructor| self.call(destructor, &[]).map(|_| ()))
        });
        self.machine.unload(ids)?;
        Ok(ended?)
    }

    /// Calls a function with argument words, and returns its result word.
    ///
    /// # Errors
    /// The trap that ended it. The thread can be called again.
    pub fn call(&mut self, function: u64, words: &[u64]) -> Result<u64, Trap> {
        self.thread.call(function, words)
    }

    /// Ends the thread as a program's own thread ends: calls what machine code has registered for that, destructors of thread-local objects
    /// and of keys. The thread can be called again.
    ///
    /// # Errors
    /// The trap that a destructor ended in. Those after it are not called.
    pub fn finish(&mut self) -> Result<(), Trap> {
        self.thread.finish()
    }

    /// Asks whether anybody has written the result of the last call, of this function, as far as its bits in `used` go, where that is looked
    /// for.
    ///
    /// # Errors
    /// Nobody has, and the program does not go on.
    pub fn check_result(&self, function: u64, used: u64) -> Result<(), Trap> {
        let undefined = self.thread.undefined_result() & used;
        match self.machine.checker() {
            Some(checker) if undefined != 0 => {
                let found = checker.undefined_result(function);
                found.map_err(|kind| Trap {
                    kind,
                    ic: function,
                    word: None,
                })
            }
            _ => Ok(()),
        }
    }

    /// The blocks of the machine that nobody points to any more, by the places that have allocated them, where memory is checked. Words that
    /// may be pointers are looked for in all mapped memory and in `more`, which is mapped; of the stacks of this and other threads of the
    /// host, in the frames in use of this one.
    #[must_use]
    pub fn leaks(&self, more: &[Range<u64>]) -> Vec<Leak> {
        let machine = self.machine;
        let Some(checker) = machine.checker() else {
            return Vec::new();
        };
        let window = &machine.common.window;
        let heap = machine.gates.process().heap.ranges();
        let mut roots = window.mapped();
        roots.retain(|root| !heap.contains(&root.start) && !checker.is_stack(root.start));
        roots.extend(more.iter().cloned());
        roots.push(self.thread.frames_in_use());
        checker.leaks(window, &roots)
    }

    /// The thread itself: registers, memory, single steps.
    pub fn thread(&mut self) -> &mut Thread {
        &mut self.thread
    }
}
