//! One client after another, for as long as the program lives.

use std::io::{self, Read as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use gdbstub::conn::Connection;
use gdbstub::stub::state_machine::GdbStubStateMachine;
use gdbstub::stub::{DisconnectReason, GdbStub, MultiThreadStopReason};

use crate::registers;
use crate::socket::Socket;
use crate::target::{self, Debuggee};
use crate::threads::{Event, ProgramEnd, Threads};

/// The largest packet. A vector register is the largest thing that one has to hold, in hexadecimal digits.
const PACKET: usize = 4 * registers::LARGEST;

/// How many events may wait.
const WAITING: usize = 16;

/// The pause after the system has failed to accept a client.
const PAUSE: Duration = Duration::from_millis(100);

/// The services of the program around a debugger.
#[derive(Clone, Copy, Debug)]
pub struct DebuggerHost {
    /// Tells its user something, in a sentence.
    pub tell: fn(&str),
    /// Ends the program, which a client has killed.
    pub kill: fn(),
}

/// Serves the clients that come. It does not return.
pub(crate) fn serve(
    listener: &UnixListener,
    threads: &Arc<Threads>,
    host: DebuggerHost,
    socket: &Socket,
) {
    loop {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(PAUSE);
            continue;
        };
        let served = catch_unwind(AssertUnwindSafe(|| client(&stream, threads)));
        if let Ok(Ok(SessionEnd::Silent)) = served {
            continue;
        }
        if let Ok(Ok(SessionEnd::Kill)) = served {
            socket.remove();
            threads.hang_up();
            (host.kill)();
        }
        // Before anything is told: threads wait for it.
        threads.detach();
        match served {
            Ok(Ok(_)) => {}
            Ok(Err(why)) => (host.tell)(&format!(
                "the debugger's client is disconnected, and the program goes on: {why}"
            )),
            Err(_) => (host.tell)(
                "the debugger's client is disconnected, and the program goes on: what it sent was not understood",
            ),
        }
    }
}

/// The work that a session leaves.
enum SessionEnd {
    /// The client has sent nothing, like one that only checks whether somebody listens. The threads have not
    /// been told of it.
    Silent,
    Gone,
    Kill,
}

/// Ends a connection, whatever ends the session.
struct HangUp<'a>(&'a UnixStream);

impl Drop for HangUp<'_> {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// Serves a client to its end. The error says why it is sent away.
fn client(stream: &UnixStream, threads: &Arc<Threads>) -> Result<SessionEnd, String> {
    let first = receive(stream);
    if matches!(first, Event::Closed) {
        return Ok(SessionEnd::Silent);
    }
    let (events, waiting) = sync_channel(WAITING);
    // The buffer has room.
    let _ = events.try_send(first);
    let reading = stream.try_clone().map_err(|error| error.to_string())?;
    let writing = stream.try_clone().map_err(|error| error.to_string())?;
    thread::scope(|scope| {
        // The reader is waited for, so it must not wait for the client any more.
        let _hang_up = HangUp(stream);
        let told = events.clone();
        let reader = thread::Builder::new().name("ve-gdb-read".into());
        let spawned = reader.spawn_scoped(scope, move || read(&reading, &told));
        spawned.map_err(|error| error.to_string())?;
        threads.attach(events);
        converse(Buffered::new(writing), waiting, threads)
    })
}

/// The next message of the client.
fn receive(mut stream: &UnixStream) -> Event {
    let mut buffer = [0; 4096];
    loop {
        return match stream.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => Event::Closed,
            Ok(length) => Event::Bytes(buffer[..length].to_vec()),
        };
    }
}

/// Passes on what the client sends.
fn read(stream: &UnixStream, events: &SyncSender<Event>) {
    loop {
        let event = receive(stream);
        let is_last = matches!(event, Event::Closed);
        if events.send(event).is_err() || is_last {
            return;
        }
    }
}

/// Events, byte by byte.
struct IncomingEvents {
    waiting: Receiver<Event>,
    bytes: std::vec::IntoIter<u8>,
}

enum Next {
    Byte(u8),
    Changed,
    Closed,
}

impl IncomingEvents {
    fn next(&mut self) -> Next {
        loop {
            if let Some(byte) = self.bytes.next() {
                return Next::Byte(byte);
            }
            match self.waiting.recv() {
                Ok(Event::Bytes(bytes)) => self.bytes = bytes.into_iter(),
                Ok(Event::Changed) => return Next::Changed,
                Ok(Event::Closed) | Err(_) => return Next::Closed,
            }
        }
    }
}

fn converse(
    connection: Buffered,
    waiting: Receiver<Event>,
    threads: &Arc<Threads>,
) -> Result<SessionEnd, String> {
    let target = &mut Debuggee::new(threads.clone());
    let mut incoming = IncomingEvents {
        waiting,
        bytes: Vec::new().into_iter(),
    };
    let stub = GdbStub::builder(connection)
        .packet_buffer_size(PACKET)
        .build();
    let stub = stub.map_err(|error| error.to_string())?;
    let started = stub.run_state_machine(target);
    let mut stub = started.map_err(|error| error.to_string())?;
    // Whether the threads have been let go, and no stop was reported since.
    let mut runs = false;
    loop {
        let next = match stub {
            GdbStubStateMachine::Idle(mut idle) => {
                runs = false;
                if idle.borrow_conn().flush().is_err() {
                    return Ok(SessionEnd::Gone);
                }
                match incoming.next() {
                    Next::Byte(byte) => idle.incoming_data(target, byte),
                    Next::Changed if target.threads().ended().is_some() => {
                        return Ok(SessionEnd::Gone);
                    }
                    // The client already knows of the stop that it looks at.
                    Next::Changed => Ok(idle.into()),
                    Next::Closed => return Ok(SessionEnd::Gone),
                }
            }
            GdbStubStateMachine::Running(mut running) => {
                runs = true;
                if running.borrow_conn().flush().is_err() {
                    return Ok(SessionEnd::Gone);
                }
                if let Some(stop) = target.threads().take_stop() {
                    running.report_stop(target, target::told(stop))
                } else if let Some(end) = target.threads().ended() {
                    running.report_stop(target, ending(end))
                } else {
                    match incoming.next() {
                        Next::Byte(byte) => running.incoming_data(target, byte),
                        Next::Changed => Ok(running.into()),
                        Next::Closed => return Ok(SessionEnd::Gone),
                    }
                }
            }
            GdbStubStateMachine::CtrlCInterrupt(interrupted) => {
                // A client that is told of a stop already has asked too late.
                let stop = runs.then(|| target::told(target.threads().interrupt()));
                interrupted.interrupt_handled(target, stop)
            }
            GdbStubStateMachine::Disconnected(mut gone) => {
                let _ = gone.borrow_conn().flush();
                return Ok(match gone.get_reason() {
                    DisconnectReason::Kill => SessionEnd::Kill,
                    _ => SessionEnd::Gone,
                });
            }
        };
        stub = next.map_err(|error| error.to_string())?;
    }
}

fn ending(end: ProgramEnd) -> MultiThreadStopReason<u64> {
    match end {
        ProgramEnd::Exit(status) => MultiThreadStopReason::Exited(status),
        ProgramEnd::Signal(signal) => MultiThreadStopReason::Terminated(target::signal(signal)),
    }
}

/// The way to the client. Packets are written whole.
struct Buffered {
    stream: UnixStream,
    bytes: Vec<u8>,
}

impl Buffered {
    fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
        }
    }
}

impl Connection for Buffered {
    type Error = io::Error;

    fn write(&mut self, byte: u8) -> io::Result<()> {
        self.bytes.push(byte);
        if self.bytes.len() < PACKET {
            return Ok(());
        }
        Connection::flush(self)
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = io::Write::write_all(&mut self.stream, &self.bytes);
        self.bytes.clear();
        written
    }
}
