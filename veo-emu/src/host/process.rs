//! A VE process from the program's side: its main context, further ones, its end. A context is a
//! queue on the host and a thread in the VE process.

use std::ffi::CString;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use veo_abi::environment::VE_CORE_NUMBER;

use super::child_process::ChildProcess;
use super::death::Reason;
use super::library;
use super::node::{self, Node};
use super::queue::Queue;
use super::start::{self, ProcessOptions};
use super::transfer;
use crate::error::{Error, Result};
use crate::log::{debug, warn_once};
use crate::shared::message::Message;
use crate::shared::parcel::{RING_FILE, RING_NAME};
use crate::shared::ring::Ring;
use crate::shared::shown::Introduction;
use crate::sync::lock;
use crate::sys::memfd::{self, Mapping};
use crate::sys::process;

/// Stack of a context's thread if nothing else was asked for.
pub(crate) const DEFAULT_STACK: u64 = 128 << 20;
/// The least that can be asked for.
pub(crate) const LEAST_STACK: u64 = 4 << 20;

/// How long a killed process may take to be gone.
const KILL_PATIENCE: Duration = Duration::from_secs(20);
/// How much longer a process may take that runs no kernel any more, for its libraries' functions
/// at exit.
const EXIT_PATIENCE: Duration = Duration::from_secs(10);
/// How long a process with a sanitizer may take to end. It looks for leaks then, and finding the
/// source lines of a report alone takes seconds on a busy machine.
const REPORT_PATIENCE: Duration = Duration::from_secs(60);

/// Cores of a VE, for numbering.
const CORES: i32 = 8;

/// The core that the environment asks for.
fn core() -> Result<i32> {
    let Some(text) = VE_CORE_NUMBER.text() else {
        return Ok(0);
    };
    let core = text.trim().parse().ok();
    core.filter(|core| (0..CORES).contains(core))
        .ok_or_else(|| {
            Error::invalid(format!(
                "VE_CORE_NUMBER is {text:?}; give the number of a core, 0 to {}",
                CORES - 1
            ))
        })
}

/// One VE process.
pub(crate) struct VeProcess {
    pub(crate) node_number: i32,
    pub(crate) child: Arc<ChildProcess>,
    pub(crate) main: Arc<Queue>,
    /// Contexts handed out, by the handle the program knows. The first is the main one.
    pub(crate) contexts: Mutex<Contexts>,
    /// Queues of further contexts.
    further: Mutex<Vec<Weak<Queue>>>,
    core: i32,
    grace: Duration,
    creator: u32,
}

/// The contexts of a process.
#[derive(Default)]
pub(crate) struct Contexts {
    /// Handles in the order of opening; the main context stays for ever.
    pub(crate) handles: Vec<u64>,
    next_index: u32,
}

impl VeProcess {
    /// Starts a process on a node.
    pub(crate) fn create(number: i32, options: &ProcessOptions) -> Result<VeProcess> {
        let number = node::resolve(number)?;
        let node = Node::get(number)?;
        let core = core()?;
        let child = start::start(node, options)?;
        child.connection.control().shown.introduce(Introduction {
            process: child.pid as u32,
            node: number as u32,
            core: core as u32,
            capacity: child.memory.capacity(),
        });
        let main = match open_context(&child, 0, None) {
            Ok(main) => main,
            Err(error) => {
                child.end_because(Reason::broken("it could not be set up"));
                child.wait_for_end(KILL_PATIENCE);
                return Err(error);
            }
        };
        // In libveo the creation is the first message, so no call gets id 0, which programs take
        // for no request.
        drop(main.exclusive_use());
        let grace = if child.sanitizers.reports.is_some() {
            options.grace.max(REPORT_PATIENCE)
        } else {
            options.grace
        };
        Ok(VeProcess {
            node_number: number,
            child,
            main,
            contexts: Mutex::new(Contexts {
                handles: Vec::new(),
                next_index: 1,
            }),
            further: Mutex::default(),
            core,
            grace,
            creator: process::own_id(),
        })
    }

    /// Fails in a forked child: the VE process belongs to the parent.
    pub(crate) fn check_owner(&self) -> Result<()> {
        if self.creator == process::own_id() {
            Ok(())
        } else {
            Err(Error::new(
                libc::EPERM,
                "the VE process belongs to the parent of this forked process",
            ))
        }
    }

    /// The core the process counts as running on.
    pub(crate) fn core(&self) -> i32 {
        self.core
    }

    /// Opens a further context, behind everything queued.
    pub(crate) fn open_context(&self, stack: Option<u64>) -> Result<Arc<Queue>> {
        let _exclusive = self.main.exclusive_use()?;
        let index = {
            let mut contexts = lock(&self.contexts);
            contexts.next_index += 1;
            contexts.next_index - 1
        };
        let queue = open_context(&self.child, index, stack)?;
        let mut further = lock(&self.further);
        further.retain(|queue| queue.strong_count() > 0);
        further.push(Arc::downgrade(&queue));
        drop(further);
        Ok(queue)
    }

    /// The queues of all contexts.
    pub(crate) fn queues(&self) -> Vec<Arc<Queue>> {
        let further = lock(&self.further);
        let further = further.iter().filter_map(Weak::upgrade);
        [self.main.clone()].into_iter().chain(further).collect()
    }

    /// Allocates VE memory, behind everything queued.
    pub(crate) fn alloc(&self, len: u64) -> Result<u64> {
        let mut exclusive = self.main.exclusive_use()?;
        let allocated = transfer::alloc(&self.main, len);
        exclusive.set_result(*allocated.as_ref().unwrap_or(&0));
        allocated
    }

    /// Frees VE memory, behind everything queued.
    pub(crate) fn free(&self, address: u64) -> Result<()> {
        let _exclusive = self.main.exclusive_use()?;
        transfer::free(&self.main, address)
    }

    /// Copies from the VE, behind everything queued.
    ///
    /// # Safety
    ///
    /// `len` bytes are writable at `dst`.
    pub(crate) unsafe fn read(&self, dst: *mut u8, src: u64, len: u64) -> Result<()> {
        let _exclusive = self.main.exclusive_use_of(transfer::parts_to_host(len))?;
        // SAFETY: the caller vouches for `dst`; the main context is ours alone.
        unsafe { transfer::read(&self.main, dst, src, len) }
    }

    /// Copies to the VE, behind everything queued.
    ///
    /// # Safety
    ///
    /// `len` bytes are readable at `src`.
    pub(crate) unsafe fn write(&self, dst: u64, src: *const u8, len: u64) -> Result<()> {
        let _exclusive = self.main.exclusive_use_of(transfer::parts_to_ve(len))?;
        // SAFETY: the caller vouches for `src`; the main context is ours alone.
        unsafe { transfer::write(&self.main, dst, src, len) }
    }

    /// Copies inside the VE, behind everything queued.
    pub(crate) fn copy(&self, dst: u64, src: u64, len: u64) -> Result<()> {
        const PART: u64 = 1 << 20;
        let _exclusive = self.main.exclusive_use()?;
        let mut part = vec![0u8; len.min(PART) as usize];
        // Backwards if the end of the source would be overwritten first.
        let backwards = dst > src && dst < src.saturating_add(len);
        let mut done = 0;
        while done < len {
            let size = (len - done).min(PART);
            let at = if backwards { len - done - size } else { done };
            let (from, to) = (src.checked_add(at), dst.checked_add(at));
            let (Some(from), Some(to)) = (from, to) else {
                return Err(Error::invalid("the range wraps around the address space"));
            };
            // SAFETY: the buffer has `size` bytes; the main context is ours alone.
            unsafe {
                transfer::read(&self.main, part.as_mut_ptr(), from, size)?;
                transfer::write(&self.main, to, part.as_ptr(), size)?;
            }
            done += size;
        }
        Ok(())
    }

    pub(crate) fn load(&self, name: &str, exact: bool) -> Result<u64> {
        self.child.check()?;
        library::load(&self.main, name, exact)
    }

    pub(crate) fn unload(&self, handle: u64) -> Result<()> {
        library::unload(&self.main, handle)
    }

    pub(crate) fn symbol(&self, handle: u64, name: &str) -> Result<u64> {
        library::symbol(&self.main, handle, name)
    }

    pub(crate) fn is_code(&self, address: u64) -> Option<bool> {
        self.child.symbols.is_code(address)
    }

    /// Ends the process: in order if it comes to rest in the given time, or else in its own time
    /// limit, and otherwise by force. Afterwards it uses no buffer and no function of the
    /// program.
    pub(crate) fn destroy(&self, grace: Option<Duration>) {
        self.child.expect_end();
        let queues = self.queues();
        if !self.child.is_dead() {
            let mut further = queues.clone();
            further.retain(|queue| queue.index != 0);
            let main = self.main.clone();
            let closer = std::thread::Builder::new()
                .name("veo-close".into())
                .stack_size(256 << 10)
                .spawn(move || {
                    for queue in further {
                        close_context(&queue, false);
                    }
                    close_context(&main, true);
                });
            let has_ended = closer.as_ref().is_ok_and(|closer| {
                self.child.wait_for_end(grace.unwrap_or(self.grace))
                    || closer.is_finished() && self.child.wait_for_end(EXIT_PATIENCE)
            });
            if !has_ended {
                if self.child.sanitizers.reports.is_some() {
                    warn_once!(
                        "VE process {} did not end when it was destroyed and is killed: its \
                         sanitizer may not have reported all, leaks for one",
                        self.child.pid
                    );
                }
                self.child
                    .end_because(Reason::broken("it did not end when it was destroyed"));
                self.child.wait_for_end(KILL_PATIENCE);
            }
            if let Ok(closer) = closer {
                let _ = closer.join();
            }
        }
        for queue in queues {
            queue.close();
            queue.progress.end();
        }
        self.child.join();
    }
}

/// Makes the queue of a context and has the VE process start its thread. Without
/// a wanted size the stack shrinks to the room that the process's limits leave.
fn open_context(child: &Arc<ChildProcess>, index: u32, stack: Option<u64>) -> Result<Arc<Queue>> {
    child.check()?;
    let name = CString::new(format!("{RING_NAME}{index}")).unwrap_or_default();
    let file = memfd::create(&name, RING_FILE)
        .map_err(|error| Error::io("making the memory of a context's ring", &error))?;
    let mapping = Mapping::new(&file, RING_FILE)
        .map_err(|error| Error::io("mapping a context's ring", &error))?;
    mapping.view::<Ring>().initialise();
    let mut size = stack.unwrap_or(DEFAULT_STACK);
    loop {
        let message = Message::Open { index, stack: size };
        match child.ask(&message, file.as_raw_fd()) {
            Ok(thread) => {
                debug!("context {index} of VE process {} is open", child.pid);
                let thread = libc::pid_t::try_from(thread).unwrap_or(0);
                return Ok(Queue::new(child.clone(), index, mapping, thread));
            }
            Err(error) if stack.is_some() || child.is_dead() || size <= LEAST_STACK => {
                return Err(error);
            }
            Err(_) => size /= 2,
        }
    }
}

/// Runs everything queued, then ends the context's thread, and with `last` the
/// process.
pub(crate) fn close_context(queue: &Queue, last: bool) {
    if let Ok(exclusive) = queue.exclusive_use() {
        queue.close();
        // If the process dies meanwhile, the thread is gone as well.
        let _ = exclusive.close(last);
    }
    queue.close();
}
