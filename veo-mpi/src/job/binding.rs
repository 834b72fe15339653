//! The CPUs of a rank's VE process on the emulated node.
//!
//! A launcher binds each rank to a core of its own, and a child of the rank inherits that: rank and VE process would take turns on one core for
//! each call. The cores of a machine's ranks together are the job's, so the VE process may use all of those. A program that no launcher has
//! started, and one whose user says so (`VEO_EMU_AFFINITY`), decides for itself.

use std::mem;

use mpi::collective::{CommunicatorCollectives, SystemOperation};
use mpi::topology::SimpleCommunicator;
use veo_abi::environment::{self, VEO_EMU_AFFINITY};
use veo_core::Backend;

/// A set of CPUs, a bit for each, as many as the C library's sets have.
const WORDS: usize = size_of::<libc::cpu_set_t>() / 8;

/// A set of CPUs.
#[derive(Clone, Copy)]
pub(super) struct Cpus([u64; WORDS]);

impl Cpus {
    /// Those that the calling thread may use; none where the machine has more than a set can name.
    fn of_thread() -> Cpus {
        let mut words = [0; WORDS];
        // SAFETY: the array is valid for writing for the size given.
        let status =
            unsafe { libc::sched_getaffinity(0, size_of_val(&words), words.as_mut_ptr().cast()) };
        if status == 0 {
            Cpus(words)
        } else {
            Cpus([0; WORDS])
        }
    }

    /// Lets the calling thread use these. Returns whether that worked.
    fn apply(&self) -> bool {
        // SAFETY: the array is valid for reading for the size given.
        unsafe { libc::sched_setaffinity(0, size_of_val(&self.0), self.0.as_ptr().cast()) == 0 }
    }

    /// Those of all ranks of this machine together. All of them call this.
    pub(super) fn of_ranks(machine: &SimpleCommunicator) -> Cpus {
        let mut all = [0; WORDS];
        machine.all_reduce_into(
            &Cpus::of_thread().0[..],
            &mut all[..],
            SystemOperation::bitwise_or(),
        );
        Cpus(all)
    }

    /// Runs `start`, which starts a VE process, so that this may use these CPUs, where that is wanted. The calling thread may use its own again
    /// afterwards. Where the system refuses, the VE process inherits.
    pub(super) fn around<R>(&self, start: impl FnOnce() -> R) -> R {
        let is_emulated = || {
            let nodes = veo_core::nodes().unwrap_or_default();
            nodes.iter().any(|node| node.backend == Backend::Emu)
        };
        let wanted =
            environment::is_mpi_rank() && VEO_EMU_AFFINITY.get().is_none() && is_emulated();
        let own = Cpus::of_thread();
        // Where it cannot be told what to come back to, nothing changes.
        let applied = wanted && own.0 != [0; WORDS] && self.apply();
        let result = start();
        if applied {
            own.apply();
        }
        result
    }
}

const _: () = assert!(mem::size_of::<Cpus>() == mem::size_of::<libc::cpu_set_t>());
