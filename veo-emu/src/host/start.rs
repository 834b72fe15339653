//! Starting a VE process: memory, socket, child, handshake.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use veo_abi::environment::{
    self, HANDSHAKE, LD_LIBRARY_PATH, VE_FPE_ENABLE, VE_LD_LIBRARY_PATH, VE_LD_PRELOAD,
    VE_OMP_NUM_THREADS, VEO_EMU_CHECK, VEO_EMU_PROFILE,
};

use super::affinity::Affinity;
use super::child_process::{ChildProcess, Spawned};
use super::connection::{Connection, PATIENCE, receive};
use super::counts::COUNTS_NAME;
use super::debugger::WantedDebugger;
use super::end::ProcessEnd;
use super::guard;
use super::library_file;
use super::memory::{MemoryPlan, VeMemory};
use super::node::{self, Node};
use super::output::{OutputForwarder, OutputFunction, OutputPipes};
use super::program::{self, Program};
use super::sanitizers::Sanitizers;
use super::schedule::{RequestSchedule, StartOrder};
use crate::error::{Error, Result};
use crate::log::{debug, warn_once};
use crate::shared::control::{CONTROL_NAME, Control};
use crate::shared::guard::Guarding;
use crate::shared::machine_options::MachineOptions;
use crate::shared::message::{CLOSED, COUNTS, DEBUGGER, GUARDED, LOCKED, Message, REPORTS};
use crate::shared::window::{MemoryLayout, STAGING_LEN};
use crate::shared::{fpe, handshake, machine_options};
use crate::sys::descriptor::KeptDescriptor;
use crate::sys::memfd::{self, Mapping};
use crate::sys::{descriptor, process, socket};

/// The options of a process at its start.
pub(crate) struct ProcessOptions {
    pub(crate) veorun: Option<String>,
    /// Bytes of VE memory; 0: the node's.
    pub(crate) memory: u64,
    /// The longest a request may run.
    pub(crate) time_limit: Option<Duration>,
    /// Receives what kernels print.
    pub(crate) output: Option<OutputFunction>,
    /// How many threads OpenMP may use; 0: as the environment says.
    pub(crate) omp_threads: u32,
    /// In which order requests start, as `VEO_EMU_SCHEDULE` says it; `None`: as the environment
    /// says.
    pub(crate) schedule: Option<String>,
    /// How blocks of memory are guarded; `None`: as the environment says.
    pub(crate) guard: Option<Guarding>,
    /// Whether it is counted what VE machine code executes; `None`: as the environment says.
    pub(crate) profile: Option<bool>,
    /// How the memory of VE machine code is checked, as `VEO_EMU_CHECK` says it; `None`: as the environment says.
    pub(crate) check: Option<String>,
    /// The runtime libraries of sanitizers that kernels need, with colons.
    pub(crate) runtimes: String,
    /// How long a destroyed process may go on before it is killed.
    pub(crate) grace: Duration,
}

impl Default for ProcessOptions {
    fn default() -> ProcessOptions {
        ProcessOptions {
            veorun: None,
            memory: 0,
            time_limit: None,
            output: None,
            omp_threads: 0,
            schedule: None,
            guard: None,
            profile: None,
            check: None,
            runtimes: String::new(),
            grace: Duration::from_secs(2),
        }
    }
}

/// Starts a VE process on a node and waits until it is ready.
pub(crate) fn start(node: &'static Node, options: &ProcessOptions) -> Result<Arc<ChildProcess>> {
    if let Some(why) = handshake::missed() {
        return Err(Error::new(
            libc::ELOOP,
            format!(
                "this program was itself started as a VE process and did not become one, since \
                 {why}; it starts no other"
            ),
        ));
    }
    library_file::codes()?;
    let machine = MachineOptions::from_environment().map_err(Error::invalid)?;
    let check = match &options.check {
        None => machine.check,
        Some(check) => machine_options::wanted_check(Some(check)).map_err(Error::invalid)?,
    };
    let affinity = Affinity::from_environment()?;
    let order = StartOrder::wanted(options.schedule.as_deref())?;
    let program::Chosen { mut program, image } = program::choose(options.veorun.as_deref())?;
    let mut sanitizers = Sanitizers::new(&options.runtimes)?;
    if let Some(advice) = sanitizers.advice() {
        program.advice = advice;
    }
    let window = sanitizers.window();
    let debugger = WantedDebugger::wanted();
    if let Some(complaint) = VE_FPE_ENABLE.text().and_then(|text| fpe::complaint(&text)) {
        warn_once!("{complaint}");
    }
    let heap = match options.memory {
        0 => node.total().min(window.room()),
        wanted => node::memory_of_process(wanted, node)?,
    };
    let guard = match options.guard {
        Some(guard) => guard,
        None => guard::from_environment()?,
    };
    let guard = match sanitizers.guarding(guard) {
        // The check knows blocks with memory around them.
        Guarding::Off if check.is_some() => Guarding::Zones,
        guard => guard,
    };
    let most = window.room();
    let layout = MemoryLayout {
        window,
        heap: match guard {
            Guarding::Off => heap,
            _ => guard::spread(heap, node::most_memory().max(heap)).min(most),
        },
        staging: STAGING_LEN,
    };
    let Some(len) = layout.len() else {
        return Err(Error::invalid(format!(
            "{heap} bytes of VE memory are more than the VE's address space has"
        )));
    };
    let file = memfd::create(c"veo-memory", len).map_err(|error| {
        let mut error = Error::io(format!("making a file of {len} bytes of VE memory"), &error);
        if matches!(error.errno, libc::EPERM | libc::EACCES | libc::ENOSYS) {
            error.text += "; the emulator needs memfd_create, which this system or a sandbox \
                           (seccomp) forbids";
        }
        error
    })?;
    let mapping = Mapping::new(&file, len).map_err(|error| {
        let mut error = Error::io(format!("mapping {len} bytes of VE memory"), &error);
        if guard.is_on() {
            error.text += "; blocks that are guarded, or that AddressSanitizer knows, are spread \
                           over so many addresses (is the address space limited, by ulimit -v \
                           perhaps?)";
        }
        error
    })?;
    let size = size_of::<Control>() as u64;
    let control_file = memfd::create(CONTROL_NAME, size)
        .map_err(|error| Error::io("making the control page", &error))?;
    let control = Mapping::new(&control_file, size)
        .map_err(|error| Error::io("mapping the control page", &error))?;
    let control = Arc::new(control);
    let (ours, theirs) =
        socket::pair().map_err(|error| Error::io("making a pair of sockets", &error))?;
    let mut flags = 0;
    if debugger.is_some() {
        flags |= DEBUGGER;
    }
    if descriptor::lock(&control_file).is_ok() {
        flags |= LOCKED;
    }
    if guard.is_on() {
        flags |= GUARDED;
    }
    if guard.closes_pages() {
        flags |= CLOSED;
    }
    let report = if sanitizers.is_empty() {
        None
    } else {
        flags |= REPORTS;
        let file = memfd::growing(c"veo-report")
            .map_err(|error| Error::io("making a file for reports", &error))?;
        Some(file)
    };
    let counts = if options.profile.unwrap_or(machine.counts) {
        flags |= COUNTS;
        let file = memfd::growing(COUNTS_NAME)
            .map_err(|error| Error::io("making a file for counts", &error))?;
        Some(file)
    } else {
        None
    };
    let hello = Message::Hello {
        layout,
        flags,
        image: image
            .as_ref()
            .map_or_else(String::new, |image| image.path.clone()),
    };
    let files = [
        Some(&control_file),
        Some(&file),
        report.as_ref(),
        counts.as_ref(),
    ];
    let fds: Vec<RawFd> = files
        .into_iter()
        .flatten()
        .map(AsRawFd::as_raw_fd)
        .collect();
    socket::send(&ours, &hello.encode(), &fds)
        .map_err(|error| Error::io("greeting the VE process", &error))?;
    let mut streams = match options.output {
        Some(_) => Some(
            OutputPipes::new()
                .map_err(|error| Error::io("making pipes for the VE's output", &error))?,
        ),
        None => None,
    };
    let variables = environment(theirs.as_raw_fd(), options, &sanitizers);
    let result = affinity.around(|| spawn(&program, &theirs, streams.as_ref(), &variables));
    let pid = result.map_err(|error| {
        let mut error = Error::io(format!("starting {}", program.name), &error);
        error.text = format!("{}; {}", error.text, program.advice);
        error
    })?;
    let unready = Unready(Some(pid));
    drop(theirs);
    let output = match (&mut streams, options.output) {
        (Some(streams), Some(sink)) => Some(OutputForwarder::start(streams.ours(), sink)?),
        _ => None,
    };
    drop(streams);
    let spawned = Spawned {
        pid,
        pidfd: process::open_pidfd(pid).ok().map(KeptDescriptor::new),
        // It reads files of the system while the process gets ready.
        end: ProcessEnd::new(),
    };
    let (handle, base) = await_ready(ours.as_fd(), pid, &program)?;
    let plan = MemoryPlan {
        layout,
        capacity: heap,
        guard,
    };
    let memory = VeMemory::new(
        KeptDescriptor::new(file),
        mapping,
        control.clone(),
        node,
        plan,
    );
    let (schedule, scheduler) = order
        .map(|order| RequestSchedule::start(pid, order))
        .transpose()?
        .unzip();
    sanitizers.reports = report.map(KeptDescriptor::new);
    let child = ChildProcess::new(
        spawned,
        Connection::new(
            KeptDescriptor::new(ours),
            control,
            KeptDescriptor::new(control_file),
        ),
        memory,
        output,
        schedule,
        sanitizers,
    );
    let child = Arc::new(child.counting(counts.map(KeptDescriptor::new)));
    if let Some(scheduler) = scheduler {
        child.add_thread(scheduler);
    }
    super::watch::start(&child, options.time_limit)?;
    unready.keep();
    if let Some(image) = image {
        child
            .symbols
            .set_image(handle, base, image.code, &image.path);
    }
    debug!("VE process {pid} is ready, {heap} bytes of memory");
    if let Some(debugger) = debugger {
        debugger.attach(pid)?;
    }
    Ok(child)
}

/// How much of the program's name its VE process shows: the system refuses long arguments.
const LONGEST_NAME: usize = 4096;

/// A child that is killed and collected if the start fails.
struct Unready(Option<libc::pid_t>);

impl Unready {
    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Unready {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            let mut status = 0;
            // SAFETY: the child is ours and not collected yet, so the number is its own.
            unsafe { libc::kill(pid, libc::SIGKILL) };
            // SAFETY: the status is valid for writing.
            while unsafe { libc::waitpid(pid, &mut status, 0) } < 0
                && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
            {}
        }
    }
}

/// Waits for the handshake. Returns the handle and the base of the image.
fn await_ready(socket: BorrowedFd<'_>, pid: libc::pid_t, program: &Program) -> Result<(u64, u64)> {
    let Program { name, advice, .. } = program;
    let end = Instant::now() + PATIENCE;
    let mut was_reset = false;
    loop {
        match receive(socket, Duration::from_millis(200)) {
            Ok(Some(Message::Ready { image, base })) => return Ok((image, base)),
            Ok(Some(Message::Failed(text))) => {
                return Err(Error::new(
                    libc::EIO,
                    format!("the VE process ({name}) could not start: {text}"),
                ));
            }
            Ok(Some(_)) => {
                return Err(Error::new(
                    libc::EPROTO,
                    format!("{name} is a veorun of another version"),
                ));
            }
            Ok(None) if Instant::now() > end => {
                return Err(Error::new(
                    libc::ETIMEDOUT,
                    format!("{name} did not become a VE process; {advice}"),
                ));
            }
            Ok(None) => {}
            // The other end was closed with our greeting unread. The system reports that once, before it gives us what was sent
            // from there.
            Err(_) if !was_reset => was_reset = true,
            Err(_) => {
                let_stranded_end(pid);
                return Err(Error::new(
                    libc::EIO,
                    format!("{name} (process {pid}) ended before it became a VE process; {advice}"),
                ));
            }
        }
    }
}

/// Waits for the end of a child that was started as a VE process and has become another program. Its own children learn from it
/// that they must not go on (`handshake::missed`).
fn let_stranded_end(pid: libc::pid_t) {
    const LONGEST: Duration = Duration::from_secs(5);
    const LOOK: Duration = Duration::from_millis(1);
    let end = Instant::now() + LONGEST;
    // A process that has ended, or that runs another program by now, shows no such environment.
    while handshake::is_stranded(pid as u32) && Instant::now() < end {
        std::thread::sleep(LOOK);
    }
}

fn spawn(
    program: &Program,
    socket: &OwnedFd,
    streams: Option<&OutputPipes>,
    environment: &[CString],
) -> io::Result<libc::pid_t> {
    let name = std::env::args_os().next().unwrap_or_default();
    let name = &name.as_bytes()[..name.len().min(LONGEST_NAME)];
    let name = CString::new([name, handshake::ARGUMENT.as_bytes()].concat()).unwrap_or_default();
    let mut arguments = [name.as_ptr().cast_mut(), ptr::null_mut()];
    let mut variables: Vec<*mut libc::c_char> = environment
        .iter()
        .map(|variable| variable.as_ptr().cast_mut())
        .collect();
    variables.push(ptr::null_mut());
    let fail = |code: i32| {
        if code == 0 {
            Ok(())
        } else {
            Err(io::Error::from_raw_os_error(code))
        }
    };
    let mut pid = 0;
    // SAFETY: the two objects are initialised before use and destroyed after it; all
    // strings and arrays outlive the call and end with null.
    unsafe {
        let mut actions = std::mem::zeroed();
        fail(libc::posix_spawn_file_actions_init(&mut actions))?;
        let mut attributes = std::mem::zeroed();
        let result = fail(libc::posix_spawnattr_init(&mut attributes)).and_then(|()| {
            // The file stays open for an interpreter that the system starts for it.
            let kept = [Some(socket), program.file.as_ref()];
            let kept = kept.into_iter().flatten().map(AsRawFd::as_raw_fd);
            let result = prepare(&mut actions, &mut attributes, kept, streams).and_then(|()| {
                fail(libc::posix_spawn(
                    &mut pid,
                    program.path.as_ptr(),
                    &actions,
                    &attributes,
                    arguments.as_mut_ptr(),
                    variables.as_mut_ptr(),
                ))
            });
            libc::posix_spawnattr_destroy(&mut attributes);
            result
        });
        libc::posix_spawn_file_actions_destroy(&mut actions);
        result?;
    }
    Ok(pid)
}

/// The child gets these descriptors, and signals as a fresh program has them. The standard input of a rank of MPI is the launcher's, which
/// ends when nobody has it any more: the child gets an empty one.
///
/// # Safety
///
/// Both objects are initialised.
unsafe fn prepare(
    actions: &mut libc::posix_spawn_file_actions_t,
    attributes: &mut libc::posix_spawnattr_t,
    kept: impl Iterator<Item = RawFd>,
    streams: Option<&OutputPipes>,
) -> io::Result<()> {
    let fail = |code: i32| {
        if code == 0 {
            Ok(())
        } else {
            Err(io::Error::from_raw_os_error(code))
        }
    };
    // SAFETY: the caller vouches for the objects; the signal sets are initialised
    // here before they are used.
    unsafe {
        if environment::is_mpi_rank() {
            fail(libc::posix_spawn_file_actions_addopen(
                actions,
                libc::STDIN_FILENO,
                c"/dev/null".as_ptr(),
                libc::O_RDONLY,
                0,
            ))?;
        }
        for fd in kept {
            // Duplicating onto itself makes it survive exec.
            fail(libc::posix_spawn_file_actions_adddup2(actions, fd, fd))?;
        }
        for (stream, fd) in streams.into_iter().flat_map(OutputPipes::theirs) {
            fail(libc::posix_spawn_file_actions_adddup2(actions, fd, stream))?;
        }
        let mut none = std::mem::zeroed();
        let mut all = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigfillset(&mut all);
        fail(libc::posix_spawnattr_setsigmask(attributes, &none))?;
        fail(libc::posix_spawnattr_setsigdefault(attributes, &all))?;
        let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        fail(libc::posix_spawnattr_setflags(attributes, flags as _))
    }
}

/// The program's environment, changed for the VE. Our own is not changed.
fn environment(socket: RawFd, options: &ProcessOptions, sanitizers: &Sanitizers) -> Vec<CString> {
    let mut replaced = Vec::new();
    let omp_threads = options.omp_threads;
    if let Some(counts) = options.profile {
        let value = machine_options::profile(counts);
        replaced.push((VEO_EMU_PROFILE.name().into(), value.into()));
    }
    if let Some(check) = &options.check {
        replaced.push((VEO_EMU_CHECK.name().into(), check.clone()));
    }
    let threads = if omp_threads == 0 {
        VE_OMP_NUM_THREADS.text()
    } else {
        replaced.push((VE_OMP_NUM_THREADS.name().into(), omp_threads.to_string()));
        Some(omp_threads.to_string())
    };
    if let Some(threads) = threads {
        replaced.push(("OMP_NUM_THREADS".into(), threads));
    }
    // The loader takes an empty entry for the current directory, also where the program has
    // no path for the VE.
    let paths = [VE_LD_LIBRARY_PATH.text(), LD_LIBRARY_PATH.text()];
    if paths.iter().any(Option::is_some) {
        let entries = paths.iter().flatten().flat_map(|path| path.split(':'));
        let path: Vec<&str> = entries.filter(|directory| !directory.is_empty()).collect();
        replaced.push(("LD_LIBRARY_PATH".into(), path.join(":")));
    }
    if let Some(preload) = VE_LD_PRELOAD.text() {
        replaced.push(("LD_PRELOAD".into(), preload));
    }
    let inherited = |name: &str| {
        let mut all = environment::inherited();
        all.find(|(known, _)| *known == *name)
            .map(|(_, value)| value)
    };
    for (name, value) in sanitizers.variables(inherited) {
        replaced.retain(|(known, _)| *known != name);
        replaced.push((name, value));
    }
    // gfortran's own buffers are not flushed with C's.
    replaced.push(("GFORTRAN_UNBUFFERED_PRECONNECTED".into(), "y".into()));
    // The last variable: the VE process wipes it out, and sanitizers read no further than that.
    replaced.push((HANDSHAKE.name().into(), socket.to_string()));
    let kept =
        environment::inherited().filter(|(name, _)| replaced.iter().all(|(new, _)| *name != **new));
    kept.map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat())
        .chain(
            replaced
                .iter()
                .map(|(name, value)| format!("{name}={value}").into_bytes()),
        )
        .filter_map(|variable| CString::new(variable).ok())
        .collect()
}
