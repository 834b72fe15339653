//! Hangs: a kernel can end the thread of the VE side, have it traced, or overwrite the ring.
//! Then no response ever comes. A waiting thread looks for that twice a second.

use super::{LOOK, Queue};
use crate::host::death::Reason;
use crate::sync::lock;

impl Queue {
    /// Ends the process if its thread will never do what is in the ring. `same` tells whether
    /// nothing has happened since the generation `seen`.
    #[cold]
    pub(super) fn look_for_hang(&self, seen: u32, same: impl Fn() -> bool) {
        if self.has_lost_its_thread() && same() {
            self.child.end_broken(&format!(
                "the thread of context {} ended without a word; did a kernel end it, or a \
                 system call filter?",
                self.index
            ));
        } else if self.is_held_by_a_trace() && same() {
            self.child.end_because(Reason::broken(format!(
                "the thread of context {} stopped, since a kernel had it traced (ptrace)",
                self.index
            )));
            self.child.wait_for_end(LOOK);
        } else {
            // The process may have ended while this program was its tracer.
            self.collect_traced_thread();
            let suspected = self.does_not_see_its_work();
            // A kernel may have overwritten the sign that it sleeps.
            self.ring().wake_ve();
            if suspected {
                self.ring().sleep(seen, Some(LOOK));
            }
            if suspected && same() && self.does_not_see_its_work() {
                self.child.end_broken(&format!(
                    "context {} waits for requests that are there; did a kernel overwrite the \
                     memory that connects it with the host?",
                    self.index
                ));
            }
        }
    }

    /// Collects the VE side's thread, if a kernel has made this program its tracer. Its process
    /// does not end before.
    pub(super) fn collect_traced_thread(&self) {
        let mut status = 0;
        if self.thread > 0 && !self.has_lost_its_thread() {
            // SAFETY: the status is valid for writing. The thread is there, so the number
            // is its own; what is neither child nor traced is an error.
            unsafe { libc::waitpid(self.thread, &mut status, libc::WNOHANG | libc::__WALL) };
        }
    }

    /// Whether the VE side's thread is gone, while its process may go on.
    fn has_lost_its_thread(&self) -> bool {
        if self.thread <= 0 || self.child.is_dead() {
            return false;
        }
        // SAFETY: plain numbers; signal 0 only asks.
        let asked = unsafe { libc::syscall(libc::SYS_tgkill, self.child.pid, self.thread, 0) };
        asked < 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH)
    }

    /// Whether a signal has stopped the VE side's thread, and this program is its tracer.
    fn is_held_by_a_trace(&self) -> bool {
        if self.thread <= 0 || self.child.is_dead() {
            return false;
        }
        // SAFETY: an all-zero siginfo is a valid value of that structure.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        let options = libc::WNOHANG | libc::WSTOPPED | libc::WNOWAIT | libc::__WALL;
        // SAFETY: the structure is valid for writing; nothing is collected, and what is
        // neither child nor traced is an error.
        let asked =
            unsafe { libc::waitid(libc::P_PID, self.thread as libc::id_t, &mut info, options) };
        asked == 0 && info.si_code == libc::CLD_TRAPPED
    }

    /// Whether the VE side says that it sleeps, or cannot see its request, while there is one.
    fn does_not_see_its_work(&self) -> bool {
        let mut state = lock(&self.state);
        self.harvest(&mut state);
        let oldest = state.position - state.ring_len() as u64;
        let ring = self.ring();
        !state.dead && !state.in_ring.is_empty() && (ring.is_asleep() || !ring.is_there(oldest))
    }
}
