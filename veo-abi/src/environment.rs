//! The environment variables that programs with these crates read, and the only way to read them.
//!
//! A program with raised privileges (set-user-ID, set-group-ID, file capabilities) ignores
//! all of them. Otherwise the user who starts it could choose what runs with its privileges.
//! So code in a user's program must read variables here and nowhere else. Add each new
//! variable to the list here. Code that runs while a program is built is not affected.

use std::ffi::OsString;

/// A variable of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable(&'static str);

macro_rules! variables {
    ($($(#[$attribute:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$attribute])* pub const $constant: Variable = Variable($name);)*

        /// All variables.
        pub const ALL: &[Variable] = &[$($constant),*];
    };
}

variables! {
    /// The backend that runs the kernels.
    VEO_BACKEND = "VEO_BACKEND";
    /// The file of libveo.
    VEO_LIBVEO = "VEO_LIBVEO";
    /// Directories of kernel libraries.
    VEO_LIBRARY_PATH = "VEO_LIBRARY_PATH";
    /// How to treat a declaration that contradicts its library.
    VEO_VERIFY = "VEO_VERIFY";
    /// The sanitizers that kernels are built with.
    VEO_SANITIZE = "VEO_SANITIZE";
    /// How many nodes are emulated.
    VEO_EMU_NODES = "VEO_EMU_NODES";
    /// The memory of an emulated node.
    VEO_EMU_MEMORY = "VEO_EMU_MEMORY";
    /// The order in which an emulated node starts requests.
    VEO_EMU_SCHEDULE = "VEO_EMU_SCHEDULE";
    /// How an emulated node guards the blocks of its memory.
    VEO_EMU_GUARD = "VEO_EMU_GUARD";
    /// The CPUs of an emulated node's VE process.
    VEO_EMU_AFFINITY = "VEO_EMU_AFFINITY";
    /// The machine code that an emulated node takes where a library is there for several.
    VEO_EMU_PREFER = "VEO_EMU_PREFER";
    /// How an emulated node computes the floats of VE machine code.
    VEO_EMU_FLOAT = "VEO_EMU_FLOAT";
    /// The engine for VE machine code on an emulated node.
    VEO_EMU_ENGINE = "VEO_EMU_ENGINE";
    /// The output of an emulated node about VE machine code while it runs.
    VEO_EMU_TRACE = "VEO_EMU_TRACE";
    /// Where a debugger of VE machine code is waited for.
    VEO_EMU_GDB = "VEO_EMU_GDB";
    /// How the memory of VE machine code is checked.
    VEO_EMU_CHECK = "VEO_EMU_CHECK";
    /// Whether an emulated node counts what VE machine code executes.
    VEO_EMU_PROFILE = "VEO_EMU_PROFILE";
    /// How to treat requests that may use the same memory at the same time.
    VEO_EMU_RACES = "VEO_EMU_RACES";
    /// Whether it is printed at the end what a process has done.
    VEO_STATS = "VEO_STATS";
    /// The file that gets a timeline of all requests.
    VEO_TIMELINE = "VEO_TIMELINE";
    /// The rank of a program, as NEC MPI says it.
    MPIRANK = "MPIRANK";
    /// The same by Open MPI.
    OMPI_COMM_WORLD_RANK = "OMPI_COMM_WORLD_RANK";
    /// The same by launchers with PMIx.
    PMIX_RANK = "PMIX_RANK";
    /// The same by launchers with PMI.
    PMI_RANK = "PMI_RANK";
    /// The same by Slurm.
    SLURM_PROCID = "SLURM_PROCID";
    /// How values get from VE memory to MPI.
    VEO_MPI_PATH = "VEO_MPI_PATH";
    /// The length of a chunk of memory through which they get there.
    VEO_MPI_CHUNK = "VEO_MPI_CHUNK";
    /// The descriptor for the handshake with a VE process. Only the emulator sets it.
    HANDSHAKE = "_VEO_EMU_HANDSHAKE";
    /// The program that becomes a VE process.
    VEORUN_BIN = "VEORUN_BIN";
    /// A debugger for each VE process.
    VEO_DEBUG = "VEO_DEBUG";
    /// Whether the emulator logs what it does.
    VEO_LOG_DEBUG = "VEO_LOG_DEBUG";
    /// The node that -1 means.
    VE_NODE_NUMBER = "VE_NODE_NUMBER";
    /// The nodes that a job scheduler assigned.
    VENODELIST = "_VENODELIST";
    /// The core of a VE process.
    VE_CORE_NUMBER = "VE_CORE_NUMBER";
    /// OpenMP threads of a VE process.
    VE_OMP_NUM_THREADS = "VE_OMP_NUM_THREADS";
    /// Directories of the VE's libraries.
    VE_LD_LIBRARY_PATH = "VE_LD_LIBRARY_PATH";
    /// Libraries that a VE process loads first.
    VE_LD_PRELOAD = "VE_LD_PRELOAD";
    /// Directories of the host's libraries, which a VE process of the emulator uses too.
    LD_LIBRARY_PATH = "LD_LIBRARY_PATH";
    /// Floating-point exceptions that end a kernel.
    VE_FPE_ENABLE = "VE_FPE_ENABLE";
    /// Whether a fault prints the calls that led to it.
    VE_TRACEBACK = "VE_TRACEBACK";
}

/// The variables by which launchers tell a program its rank.
pub const RANKS: [Variable; 5] = [
    MPIRANK,
    OMPI_COMM_WORLD_RANK,
    PMIX_RANK,
    PMI_RANK,
    SLURM_PROCID,
];

/// Whether a launcher of MPI has started this program. Slurm's variable alone does not say so: the one process of a batch script has it, too.
#[must_use]
pub fn is_mpi_rank() -> bool {
    let ranks = RANKS.iter().filter(|variable| **variable != SLURM_PROCID);
    ranks.into_iter().any(|variable| variable.get().is_some())
}

impl Variable {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// Its value, if it is set. `None` in a program with raised privileges.
    #[must_use]
    pub fn get(self) -> Option<OsString> {
        self.set().filter(|value| !value.is_empty())
    }

    /// Its value as text, to compare or to show. Bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(self) -> Option<String> {
        Some(self.get()?.to_string_lossy().into_owned())
    }

    /// Its value, for variables whose empty value differs from an unset one.
    #[must_use]
    pub fn set(self) -> Option<OsString> {
        if privileged() { None } else { self.unguarded() }
    }

    /// Its value, regardless of the program's privileges. Use this only for variables that NEC's
    /// library reads by itself, and for those that can only end the program.
    #[must_use]
    pub fn unguarded(self) -> Option<OsString> {
        std::env::var_os(self.0)
    }
}

/// The whole environment, for a child process. Empty in a program with raised privileges.
pub fn inherited() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|_| !privileged())
}

/// The names of all set variables, regardless of the program's privileges.
pub fn names() -> impl Iterator<Item = OsString> {
    std::env::vars_os().map(|(name, _)| name)
}

/// Whether the program has privileges that the user who started it lacks (`AT_SECURE`).
#[must_use]
pub fn privileged() -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: getauxval only looks a number up.
    return unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    // Kernels do not run on other systems.
    #[cfg(not(target_os = "linux"))]
    false
}
