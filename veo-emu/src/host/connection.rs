//! The connection of the host with a VE process: a socket for messages, and the control page that
//! both map.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::shared::control::Control;
use crate::shared::message::{LONGEST, Message};
use crate::sync::lock;
use crate::sys::descriptor::KeptDescriptor;
use crate::sys::memfd::Mapping;
use crate::sys::socket;

/// How long a VE process may take to answer over its socket.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The message when a process is lost because the program has closed our descriptors.
pub(crate) const CUT_OFF: &str = "the program has closed descriptors that connect it with the \
                                  VE process (by closefrom, perhaps); create VE processes after \
                                  that";

/// The connection with one VE process.
pub(crate) struct Connection {
    socket: KeptDescriptor,
    control: Arc<Mapping>,
    /// Its lock tells the VE process that the host still exists.
    control_file: KeptDescriptor,
    /// Held from a question to its answer.
    asking: Mutex<()>,
}

/// Why a question has no answer.
pub(crate) enum NoAnswer {
    /// The program has closed the socket.
    CutOff,
    /// The question could not be sent.
    NotSent(io::Error),
    /// The other end is gone.
    Lost(io::Error),
    /// The answer is no message.
    Malformed,
    /// The time passed without an answer.
    Late,
    /// The process has ended.
    Over,
}

impl Connection {
    pub(crate) fn new(
        socket: KeptDescriptor,
        control: Arc<Mapping>,
        control_file: KeptDescriptor,
    ) -> Connection {
        Connection {
            socket,
            control,
            control_file,
            asking: Mutex::default(),
        }
    }

    /// The number of the socket's descriptor, or -1 if the program has closed it.
    pub(crate) fn number(&self) -> libc::c_int {
        self.socket.number()
    }

    /// Whether the program has closed descriptors of the connection. The process then takes the
    /// host for dead.
    pub(crate) fn is_cut_off(&self) -> bool {
        !self.control_file.is_ours() || !self.socket.is_ours()
    }

    /// The shared page.
    pub(crate) fn control(&self) -> &Control {
        self.control.view()
    }

    /// Tells the process to end itself. It looks when the connection ends, and from time to time.
    pub(crate) fn order_end(&self) {
        self.control().order_end();
        if let Ok(socket) = self.socket.get() {
            let _ = socket::shut_down(socket);
        }
    }

    /// Sends a message with a descriptor and waits for the answer, as long as the process
    /// has not ended.
    pub(crate) fn ask(
        &self,
        message: &Message,
        fd: i32,
        is_over: impl Fn() -> bool,
    ) -> Result<Message, NoAnswer> {
        let _asking = lock(&self.asking);
        self.exchange(message, fd, is_over)
    }

    /// The same, unless another thread waits for an answer: then `None`.
    pub(crate) fn ask_if_free(
        &self,
        message: &Message,
        fd: i32,
        is_over: impl Fn() -> bool,
    ) -> Option<Result<Message, NoAnswer>> {
        let _asking = self.asking.try_lock().ok()?;
        Some(self.exchange(message, fd, is_over))
    }

    /// The caller has the right to ask.
    fn exchange(
        &self,
        message: &Message,
        fd: i32,
        is_over: impl Fn() -> bool,
    ) -> Result<Message, NoAnswer> {
        let Ok(socket) = self.socket.get() else {
            return Err(NoAnswer::CutOff);
        };
        socket::send(socket, &message.encode(), &[fd]).map_err(NoAnswer::NotSent)?;
        let end = Instant::now() + PATIENCE;
        loop {
            match receive(socket, Duration::from_millis(100)) {
                Ok(Some(message)) => return Ok(message),
                Ok(None) if is_over() => return Err(NoAnswer::Over),
                Ok(None) if Instant::now() > end => return Err(NoAnswer::Late),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return Err(NoAnswer::Malformed);
                }
                Err(error) => return Err(NoAnswer::Lost(error)),
            }
        }
    }
}

/// The next message, `None` after `limit`, an error if the other end is gone.
pub(crate) fn receive(socket: BorrowedFd<'_>, limit: Duration) -> io::Result<Option<Message>> {
    let mut polled = libc::pollfd {
        fd: socket.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one valid entry.
    let result = unsafe { libc::poll(&mut polled, 1, limit.as_millis() as i32) };
    if result < 0 {
        let error = io::Error::last_os_error();
        return match error.kind() {
            io::ErrorKind::Interrupted => Ok(None),
            _ => Err(error),
        };
    }
    if result == 0 {
        return Ok(None);
    }
    let mut bytes = [0; LONGEST];
    match socket::receive(socket, &mut bytes, libc::MSG_DONTWAIT) {
        Ok((0, _)) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok((len, _)) => Message::decode(&bytes[..len])
            .map(Some)
            .ok_or_else(|| io::ErrorKind::InvalidData.into()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
