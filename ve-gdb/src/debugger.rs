//! The debugger of a machine, for programs that have one.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ve_isa::interp::Observer;
use ve_isa::machine::Machine;

use crate::observed::Observed;
use crate::session;
use crate::socket::Socket;
use crate::threads::{Membership, Threads};

pub use crate::session::DebuggerHost;
pub use crate::threads::ProgramEnd;

/// How long the end of a program waits until a client has heard of it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The debugger of a machine.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use ve_gdb::{Debugger, DebuggerHost, ProgramEnd};
/// use ve_isa::machine::{DEFAULT_STACK, Machine};
///
/// let machine = Arc::new(Machine::new()?);
/// let host = DebuggerHost {
///     tell: |text| eprintln!("{text}"),
///     kill: || std::process::exit(137),
/// };
/// // gdb: target remote /tmp/ve
/// let debugger = Debugger::listen("/tmp/ve".as_ref(), machine.clone(), host)?;
/// let mut thread = machine.thread(DEFAULT_STACK)?;
/// thread.thread().observe(Some(debugger.thread("main").observer(None)));
/// // What is called now waits for a client at its first instruction.
/// debugger.end(ProgramEnd::Exit(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Debugger {
    threads: Arc<Threads>,
    socket: Arc<Socket>,
}

/// A thread that the client of a debugger sees, for as long as this and its observers live.
#[derive(Clone, Debug)]
pub struct DebuggedThread(Arc<Membership>);

impl Debugger {
    /// Makes a socket for the calling user alone, and serves the clients that come there.
    ///
    /// Until the first has come, and let them go, threads wait before their first instruction.
    ///
    /// # Errors
    /// The path exists, is too long or cannot be made, or the system has no thread for it, as one sentence. A socket that a
    /// program has left behind is no error.
    pub fn listen(
        path: &Path,
        machine: impl Deref<Target = Machine> + Send + Sync + 'static,
        host: DebuggerHost,
    ) -> Result<Self, String> {
        let (socket, listener) = Socket::listen(path)?;
        let threads = Arc::new(Threads::new(Box::new(machine)));
        let socket = Arc::new(socket);
        let (served, served_at) = (threads.clone(), socket.clone());
        let spawned = thread::Builder::new()
            .name("ve-gdb".into())
            .spawn(move || session::serve(&listener, &served, host, &served_at));
        if let Err(error) = spawned {
            socket.remove();
            return Err(format!("there is no thread for the debugger: {error}"));
        }
        Ok(Self { threads, socket })
    }

    /// A further thread, with a name that clients show.
    #[must_use]
    pub fn thread(&self, name: &str) -> DebuggedThread {
        DebuggedThread(Arc::new(self.threads.add(name.to_owned())))
    }

    /// The program has ended: a client is told, and the socket is taken away. A client that does not listen is not waited for
    /// longer than a second.
    pub fn end(&self, end: ProgramEnd) {
        self.threads.end(end, PATIENCE);
        self.socket.remove();
    }
}

impl Drop for Debugger {
    fn drop(&mut self) {
        self.socket.remove();
    }
}

impl DebuggedThread {
    /// The observer of the machine's thread ([`observe`](ve_isa::thread::Thread::observe)). It passes on what it sees to another
    /// observer.
    #[must_use]
    pub fn observer(&self, inner: Option<Box<dyn Observer>>) -> Box<dyn Observer> {
        Box::new(Observed::new(self.0.clone(), inner))
    }
}
