//! Threads that machine code creates: each runs on a thread of the host.

use super::members::{LOOK, ThreadFault};
use super::{Failure, Frames, Thread, panics};
use crate::trap::{Trap, TrapKind};

/// Bytes of stack of the host's thread: functions of the host and machine code may call each other, each level takes some.
const HOST_STACK: usize = 8 << 20;

/// How often destructors are called for values that destructors set.
const DESTRUCTOR_ROUNDS: usize = 4;

/// The task of a new thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) function: u64,
    pub(crate) argument: u64,
    /// Bytes of its stack.
    pub(crate) stack: u64,
    /// Whether nobody will wait for its end.
    pub(crate) detached: bool,
}

/// Says that a thread has ended, whatever ends it.
struct Ending {
    thread: Thread,
    value: u64,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let Self { thread, value } = self;
        thread.forget_values();
        // Who waits for the thread may rely on it that the stack is gone.
        thread.give_memory_back();
        thread.members().finish(thread.number(), *value);
    }
}

impl Thread {
    /// Begins a thread beside this one, after `prepare` has seen it. The result says whether the host has the means for it.
    pub(crate) fn spawn(&self, start: Start, prepare: impl FnOnce(&Thread)) -> bool {
        let common = self.interpreter.common().clone();
        let Ok(mut new) = Thread::new(common, self.gates.clone(), start.stack) else {
            return false;
        };
        let interpreter = &mut new.interpreter;
        interpreter.set_floats(self.interpreter.floats());
        interpreter.observe(self.interpreter.fork_observer());
        new.first_psw = self.registers().psw;
        let number = new.number();
        let members = self.members();
        if !members.add(number, new.stop_handle(), start.detached) {
            return false;
        }
        prepare(&new);
        let spawned = std::thread::Builder::new()
            .name(format!("ve-{number}"))
            .stack_size(HOST_STACK)
            .spawn(move || {
                let mut ending = Ending {
                    thread: new,
                    value: 0,
                };
                ending.value = ending.thread.run(start);
            });
        if spawned.is_err() {
            members.remove(number);
        }
        spawned.is_ok()
    }

    /// Whether machine code has created it.
    pub(crate) fn is_created(&self) -> bool {
        self.created
    }

    /// All of a thread that machine code has created; the result is what it ends with.
    fn run(&mut self, start: Start) -> u64 {
        self.created = true;
        let ended = panics::caught(self, |thread| {
            let value = match thread.call_back(start.function, &[start.argument]) {
                Err(Failure::End(value)) => value,
                ended => ended?,
            };
            thread.finish_values(Self::call_back)?;
            Ok(value)
        });
        let trap = match ended {
            Ok(value) => return value,
            Err(Failure::Why(why)) => {
                let name = "the interpreter".into();
                self.trap_here(TrapKind::HostFunction { name, why })
            }
            Err(failure) => self.trap_of(failure),
        };
        self.interpreter.note_trap(&trap);
        // Only the machine asks such a thread to stop.
        if trap.kind != TrapKind::Stopped {
            let frames = Frames::of(self);
            self.members().fail(&ThreadFault { trap, frames });
        }
        0
    }

    /// Ends the thread, as the end of the function that a thread begins with does: calls the destructors of its own values. It can be called
    /// again.
    ///
    /// # Errors
    /// The trap that a destructor ended in. Those after it are not called.
    pub(crate) fn finish(&mut self) -> Result<(), Trap> {
        self.finish_values(Self::call)
    }

    /// Calls what is to be called with the thread's own values at its end: destructors of C++, then those of keys.
    pub(crate) fn finish_values<E>(
        &mut self,
        call: fn(&mut Self, u64, &[u64]) -> Result<u64, E>,
    ) -> Result<(), E> {
        let number = self.number();
        while let Some(exit) = self.process().exits.take_of_thread(number) {
            call(self, exit.function, &[exit.argument])?;
        }
        // A destructor may set values again; after some rounds, they stay.
        for _ in 0..DESTRUCTOR_ROUNDS {
            let mut next = 0;
            while let Some((key, destructor, value)) = {
                let mut keys = self.process().keys.lock();
                keys.take(number, next)
            } {
                next = key + 1;
                call(self, destructor, &[value])?;
            }
        }
        Ok(())
    }

    /// Waits until no other thread that machine code has created runs.
    pub(crate) fn wait_for_others(&self) -> Result<(), Failure> {
        while !self.members().others_have_ended(self.number()) {
            self.poll()?;
        }
        Ok(())
    }

    /// Waits until the 4 bytes at an address may be others than expected, but not for long.
    pub(crate) fn wait_at(&self, address: u64, expected: u32) -> Result<(), Failure> {
        self.poll()?;
        self.window().wait(address, expected, LOOK);
        Ok(())
    }
}
