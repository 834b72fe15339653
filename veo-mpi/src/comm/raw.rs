//! MPI's own functions, made safe: whatever MPI reads or writes on its own time belongs to a [`Flight`], which never gives it
//! back before that is over. Nothing else here calls MPI, but for `plain`, which does so by these.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::rc::Rc;

use mpi::ffi;
use veo_core::PinnedMemory;

use crate::error::{Error, Result};

/// The longest piece of memory that is given to MPI at once, in bytes: its counts are `c_int`.
pub(super) const LONGEST: usize = 1 << 30;

const DUPLICATING: &str = "duplicating a communicator";

/// What MPI reads or writes.
pub(super) enum Memory {
    /// Memory of the host.
    Host(Vec<u8>),
    /// Memory of the VE, at an address that MPI takes.
    Ve(VeMemory),
    /// The place of one handle, of a communicator that MPI makes.
    Comm(Vec<ffi::MPI_Comm>),
    /// Of two that are used together, the second: another part of the first.
    Same,
    /// None.
    Nothing,
}

/// Pinned memory of the VE with the address by which MPI finds it.
#[derive(Clone)]
pub(super) struct VeMemory {
    pinned: Rc<PinnedMemory>,
    address: *mut u8,
}

impl VeMemory {
    /// `None`: there is no address that a library of the host can use.
    pub(super) fn on_host(pinned: &Rc<PinnedMemory>) -> Option<VeMemory> {
        Some(VeMemory {
            pinned: Rc::clone(pinned),
            address: pinned.host_address()?.as_ptr(),
        })
    }

    /// With the address that NEC MPI takes.
    pub(super) fn tagged(pinned: &Rc<PinnedMemory>) -> Result<VeMemory> {
        Ok(VeMemory {
            pinned: Rc::clone(pinned),
            address: pinned.as_ptr().to_hmem()?.as_raw().cast(),
        })
    }
}

impl Memory {
    fn size(&self) -> usize {
        match self {
            Memory::Host(bytes) => bytes.len(),
            Memory::Ve(memory) => memory.pinned.size(),
            Memory::Comm(handles) => size_of_val(&handles[..]),
            Memory::Same | Memory::Nothing => 0,
        }
    }

    /// The address of a range that lies inside, to be written.
    fn at(&mut self, range: &Range<usize>) -> *mut c_void {
        assert!(range.start <= range.end && range.end <= self.size());
        let start = match self {
            Memory::Host(bytes) => bytes.as_mut_ptr(),
            Memory::Ve(memory) => memory.address,
            Memory::Comm(handles) => handles.as_mut_ptr().cast(),
            Memory::Same | Memory::Nothing => return std::ptr::null_mut(),
        };
        start.wrapping_add(range.start).cast()
    }

    /// The bytes of memory of the host.
    pub(super) fn into_host(self) -> Vec<u8> {
        match self {
            Memory::Host(bytes) => bytes,
            _ => Vec::new(),
        }
    }

    /// The communicator that a duplication has made. Its errors return.
    pub(super) fn into_duplicate(self) -> Result<RawComm> {
        let made = match self {
            Memory::Comm(handles) => handles.first().copied().map(RawComm),
            _ => None,
        };
        let copy = made.ok_or_else(|| Error::Mpi {
            what: DUPLICATING.into(),
            reason: "there is none".into(),
        })?;
        let set = copy.let_errors_return();
        if set.is_err() {
            copy.free();
        }
        set.map(|()| copy)
    }
}

/// The type of what is sent, for MPI. It lives as long as MPI.
#[derive(Clone, Copy)]
pub(super) struct DataType {
    raw: ffi::MPI_Datatype,
    size: usize,
}

impl DataType {
    /// # Safety
    ///
    /// The type is committed, lives as long as MPI, and a value has `size` bytes without gaps.
    pub(super) unsafe fn new(raw: ffi::MPI_Datatype, size: usize) -> DataType {
        DataType { raw, size }
    }

    pub(super) fn raw(self) -> ffi::MPI_Datatype {
        self.raw
    }

    /// The size of a value in bytes.
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Bytes, whatever they are.
    pub(super) fn bytes() -> DataType {
        // SAFETY: a constant that MPI's library defines.
        let raw = unsafe { ffi::RSMPI_UINT8_T };
        DataType { raw, size: 1 }
    }
}

/// What MPI tells of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope {
    pub(super) source: i32,
    pub(super) tag: i32,
    /// Its length in bytes.
    pub(super) size: usize,
}

/// A communicator of MPI, by its handle.
#[derive(Clone, Copy)]
pub(super) struct RawComm(ffi::MPI_Comm);

/// A place in `MPI_Message`, of a message that nobody else can receive.
pub(super) struct Found {
    message: ffi::MPI_Message,
    pub(super) envelope: Envelope,
}

fn status() -> ffi::MPI_Status {
    // SAFETY: a structure of integers, for all of which zero is a value.
    unsafe { std::mem::zeroed() }
}

/// Whether MPI can be called: it has begun and has not ended.
pub(super) fn is_running() -> bool {
    let (mut begun, mut ended) = (0, 0);
    // SAFETY: both may be called at any time; the places are valid.
    unsafe {
        ffi::MPI_Initialized(&raw mut begun);
        ffi::MPI_Finalized(&raw mut ended);
    }
    begun != 0 && ended == 0
}

/// The thread level that MPI was begun with allows this thread to call it if no other does.
pub(super) fn allows_this_thread() -> bool {
    let (mut level, mut is_main) = (0, 0);
    // SAFETY: MPI runs, as the callers have asked; the places are valid.
    unsafe {
        ffi::MPI_Query_thread(&raw mut level);
        ffi::MPI_Is_thread_main(&raw mut is_main);
        level >= ffi::RSMPI_THREAD_SERIALIZED || is_main != 0
    }
}

/// What MPI says of itself: its name and version.
pub(super) fn library_version() -> String {
    let mut text = vec![0u8; 16 << 10];
    let mut len = 0;
    // SAFETY: no MPI says more than a few hundred bytes (its limit is below 8 KiB).
    unsafe { ffi::MPI_Get_library_version(text.as_mut_ptr().cast::<c_char>(), &raw mut len) };
    text.truncate(usize::try_from(len).unwrap_or(0));
    String::from_utf8_lossy(&text)
        .trim_end_matches('\0')
        .trim()
        .to_owned()
}

/// MPI's failure in words.
fn check(code: c_int, what: &str) -> Result<()> {
    if code == ffi::MPI_SUCCESS as c_int {
        return Ok(());
    }
    let mut text = vec![0u8; 8 << 10];
    let mut len = 0;
    // SAFETY: the text has more room than MPI_MAX_ERROR_STRING of any MPI.
    unsafe { ffi::MPI_Error_string(code, text.as_mut_ptr().cast::<c_char>(), &raw mut len) };
    let text = CStr::from_bytes_until_nul(&text).unwrap_or_default();
    Err(Error::Mpi {
        what: what.to_owned(),
        reason: text.to_string_lossy().into_owned(),
    })
}

impl RawComm {
    /// # Safety
    ///
    /// It is the handle of a communicator, and is not used after its end.
    pub(super) unsafe fn new(raw: ffi::MPI_Comm) -> RawComm {
        RawComm(raw)
    }

    fn let_errors_return(self) -> Result<()> {
        // SAFETY: the communicator is valid, the handler is MPI's own.
        let code = unsafe { ffi::MPI_Comm_set_errhandler(self.0, ffi::RSMPI_ERRORS_RETURN) };
        check(code, "setting a communicator's error handler")
    }

    /// Runs `body` while errors of the communicator return.
    pub(super) fn with_errors_returned<R>(self, body: impl FnOnce() -> Result<R>) -> Result<R> {
        struct Restore(RawComm, ffi::MPI_Errhandler);
        impl Drop for Restore {
            fn drop(&mut self) {
                // SAFETY: the communicator is valid, the handler was its own and is freed once.
                unsafe {
                    ffi::MPI_Comm_set_errhandler(self.0.0, self.1);
                    ffi::MPI_Errhandler_free(&raw mut self.1);
                }
            }
        }
        // SAFETY: MPI's own handler, as a value to start with.
        let mut before = unsafe { ffi::RSMPI_ERRORS_RETURN };
        // SAFETY: the communicator is valid, the place is.
        let code = unsafe { ffi::MPI_Comm_get_errhandler(self.0, &raw mut before) };
        check(code, "asking for a communicator's error handler")?;
        let _restore = Restore(self, before);
        self.let_errors_return()?;
        body()
    }

    /// Gives a duplicate back. All ranks take part.
    pub(super) fn free(mut self) {
        // SAFETY: the handle is a duplicate of ours; the owner gives it up.
        unsafe { ffi::MPI_Comm_free(&raw mut self.0) };
    }

    /// Rank and size.
    pub(super) fn place(self) -> Result<(i32, i32)> {
        let (mut rank, mut size, mut between) = (0, 0, 0);
        // SAFETY: the communicator is valid, the places are.
        let code = unsafe {
            ffi::MPI_Comm_rank(self.0, &raw mut rank);
            ffi::MPI_Comm_size(self.0, &raw mut size);
            ffi::MPI_Comm_test_inter(self.0, &raw mut between)
        };
        check(code, "asking for a communicator's size")?;
        if between != 0 {
            return Err(Error::Mpi {
                what: "using a communicator".into(),
                reason: "it connects two groups, and messages of VE memory need one".into(),
            });
        }
        Ok((rank, size))
    }

    /// The largest tag.
    pub(super) fn largest_tag(self) -> i32 {
        let mut value: *mut c_int = std::ptr::null_mut();
        let mut found = 0;
        // SAFETY: the communicator is valid; the attribute's value is a pointer to an int.
        let code = unsafe {
            ffi::MPI_Comm_get_attr(
                self.0,
                ffi::MPI_TAG_UB as c_int,
                (&raw mut value).cast(),
                &raw mut found,
            )
        };
        // What every MPI has at least.
        let least = 32767;
        if code != ffi::MPI_SUCCESS as c_int || found == 0 || value.is_null() {
            return least;
        }
        // SAFETY: it was found, and points to an int that lives as long as MPI.
        unsafe { value.read() }.max(least)
    }

    /// Takes a message out that has come, if there is one. `None` stands for any.
    pub(super) fn find(self, source: Option<i32>, tag: Option<i32>) -> Result<Option<Found>> {
        // SAFETY: constants that MPI's library defines.
        let (source, tag, none) = unsafe {
            (
                source.unwrap_or(ffi::RSMPI_ANY_SOURCE),
                tag.unwrap_or(ffi::RSMPI_ANY_TAG),
                ffi::RSMPI_MESSAGE_NULL,
            )
        };
        let (mut message, mut found, mut status) = (none, 0, status());
        // SAFETY: the communicator is valid, the places are.
        let code = unsafe {
            ffi::MPI_Improbe(
                source,
                tag,
                self.0,
                &raw mut found,
                &raw mut message,
                &raw mut status,
            )
        };
        check(code, "looking for a message")?;
        if found == 0 {
            return Ok(None);
        }
        let envelope = envelope(&status)?;
        Ok(Some(Found { message, envelope }))
    }
}

fn envelope(status: &ffi::MPI_Status) -> Result<Envelope> {
    let mut size = 0;
    // SAFETY: the status is that of a message; the place is valid.
    let code = unsafe { ffi::MPI_Get_elements_x(status, DataType::bytes().raw(), &raw mut size) };
    check(code, "asking for the length of a message")?;
    Ok(Envelope {
        source: status.MPI_SOURCE,
        tag: status.MPI_TAG,
        // Undefined is negative.
        size: usize::try_from(size).unwrap_or(0),
    })
}

/// Something MPI does on its own time, with the memory that it uses meanwhile. If it is dropped before the end, the memory
/// stays as it is for ever.
pub(super) struct Flight {
    request: ffi::MPI_Request,
    memory: ManuallyDrop<Memory>,
    /// What a reduction reads while it writes the other.
    second: ManuallyDrop<Memory>,
    done: bool,
    what: &'static str,
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.done {
            // SAFETY: MPI has ended its use of both, and they are dropped once.
            unsafe {
                ManuallyDrop::drop(&mut self.memory);
                ManuallyDrop::drop(&mut self.second);
            }
        }
    }
}

impl Flight {
    /// Has `start` begin something with the memory. It gets the place of the request, and the addresses of the ranges.
    ///
    /// # Safety
    ///
    /// What begins uses the two ranges, which do not overlap, and nothing else, until the request ends.
    unsafe fn begin(
        what: &'static str,
        (mut memory, range): (Memory, Range<usize>),
        (mut second, second_range): (Memory, Range<usize>),
        start: impl FnOnce(*mut c_void, *mut c_void, *mut ffi::MPI_Request) -> c_int,
    ) -> Result<Flight> {
        let place = memory.at(&range);
        let second_place = match second {
            Memory::Same => {
                assert!(range.end <= second_range.start || second_range.end <= range.start);
                memory.at(&second_range)
            }
            _ => second.at(&second_range),
        };
        // From here on the memory is only given back when MPI has ended its use.
        let mut flight = Flight {
            // SAFETY: a constant that MPI's library defines.
            request: unsafe { ffi::RSMPI_REQUEST_NULL },
            memory: ManuallyDrop::new(memory),
            second: ManuallyDrop::new(second),
            done: false,
            what,
        };
        let code = start(place, second_place, &raw mut flight.request);
        if code != ffi::MPI_SUCCESS as c_int {
            // Nothing was begun.
            flight.done = true;
        }
        check(code, what)?;
        Ok(flight)
    }

    /// Sends bytes.
    pub(super) fn send(
        comm: RawComm,
        memory: Memory,
        range: Range<usize>,
        to: i32,
        tag: i32,
    ) -> Result<Flight> {
        let count = count(range.len());
        let none = (Memory::Nothing, 0..0);
        // SAFETY: as many bytes are read as the range has, of memory that the flight owns.
        unsafe {
            Flight::begin("sending", (memory, range), none, |place, _, request| {
                let bytes = DataType::bytes().raw();
                ffi::MPI_Isend(place, count, bytes, to, tag, comm.0, request)
            })
        }
    }

    /// Receives bytes, at most as many as the range has.
    pub(super) fn receive(
        comm: RawComm,
        memory: Memory,
        range: Range<usize>,
        from: i32,
        tag: i32,
    ) -> Result<Flight> {
        let count = count(range.len());
        let none = (Memory::Nothing, 0..0);
        // SAFETY: at most as many bytes are written as the range has, of memory that the flight owns.
        unsafe {
            Flight::begin("receiving", (memory, range), none, |place, _, request| {
                let bytes = DataType::bytes().raw();
                ffi::MPI_Irecv(place, count, bytes, from, tag, comm.0, request)
            })
        }
    }

    /// Sends values of a type as one message, however many there are.
    pub(super) fn send_values(
        comm: RawComm,
        memory: Memory,
        ty: DataType,
        to: i32,
        tag: i32,
    ) -> Result<Flight> {
        let size = memory.size();
        let many = Many::new(ty, size / ty.size().max(1))?;
        let none = (Memory::Nothing, 0..0);
        // SAFETY: `many` describes no more bytes than the memory has, which the flight owns.
        unsafe {
            Flight::begin("sending", (memory, 0..size), none, |place, _, request| {
                ffi::MPI_Isend(place, many.count, many.raw, to, tag, comm.0, request)
            })
        }
    }

    /// Receives a message that was found, of values of a type.
    pub(super) fn receive_found(found: Found, memory: Memory, ty: DataType) -> Result<Flight> {
        let size = memory.size();
        let many = Many::new(ty, size / ty.size().max(1))?;
        let none = (Memory::Nothing, 0..0);
        let mut message = found.message;
        // SAFETY: as above; the message was found and is received once.
        unsafe {
            Flight::begin("receiving", (memory, 0..size), none, |place, _, request| {
                ffi::MPI_Imrecv(place, many.count, many.raw, &raw mut message, request)
            })
        }
    }

    /// Duplicates a communicator: [`Memory::into_duplicate`] of what it returns.
    pub(super) fn duplicate(comm: RawComm) -> Result<Flight> {
        // SAFETY: a constant that MPI's library defines.
        let handle = Memory::Comm(vec![unsafe { ffi::RSMPI_COMM_NULL }]);
        let range = 0..handle.size();
        let none = (Memory::Nothing, 0..0);
        // SAFETY: MPI writes one handle, to memory for one that the flight owns.
        unsafe {
            Flight::begin(DUPLICATING, (handle, range), none, |place, _, request| {
                ffi::MPI_Comm_idup(comm.0, place.cast(), request)
            })
        }
    }

    /// A barrier.
    pub(super) fn barrier(comm: RawComm) -> Result<Flight> {
        let none = || (Memory::Nothing, 0..0);
        // SAFETY: no memory is used.
        unsafe {
            Flight::begin("a barrier", none(), none(), |_, _, request| {
                ffi::MPI_Ibarrier(comm.0, request)
            })
        }
    }

    /// Reduces values of a type from one range to the other: in all ranks, or in `root`, where alone there is a target.
    ///
    /// # Safety
    ///
    /// The operation takes values of the type and is there until the flight ends.
    pub(super) unsafe fn reduce(
        comm: RawComm,
        (to, to_range): (Memory, Range<usize>),
        (from, from_range): (Memory, Range<usize>),
        ty: DataType,
        operation: ffi::MPI_Op,
        root: Option<i32>,
    ) -> Result<Flight> {
        assert!(matches!(to, Memory::Nothing) || to_range.len() == from_range.len());
        let values = count(from_range.len() / ty.size());
        let (to, from) = ((to, to_range), (from, from_range));
        // SAFETY: both ranges have as many values, where there is a target, and belong to the flight.
        unsafe {
            Flight::begin("a reduction", to, from, |to, from, request| match root {
                None => ffi::MPI_Iallreduce(from, to, values, ty.raw, operation, comm.0, request),
                Some(root) => {
                    ffi::MPI_Ireduce(from, to, values, ty.raw, operation, root, comm.0, request)
                }
            })
        }
    }

    /// Whether it has ended: then what MPI tells of it.
    pub(super) fn test(&mut self) -> Result<Option<Envelope>> {
        if self.done {
            return Err(Error::Mpi {
                what: self.what.into(),
                reason: "it has ended before".into(),
            });
        }
        let (mut ended, mut status) = (0, status());
        // SAFETY: the request is one that MPI has given and has not ended; the places are valid.
        let code = unsafe { ffi::MPI_Test(&raw mut self.request, &raw mut ended, &raw mut status) };
        if code != ffi::MPI_SUCCESS as c_int {
            // SAFETY: a constant that MPI's library defines.
            self.done = self.request == unsafe { ffi::RSMPI_REQUEST_NULL };
            check(code, self.what)?;
        }
        if ended == 0 {
            return Ok(None);
        }
        self.done = true;
        envelope(&status).map(Some)
    }

    /// The memory that was received to, or sent, after the end; of a reduction the second as well.
    pub(super) fn into_memory(mut self) -> (Memory, Memory) {
        if !self.done {
            return (Memory::Nothing, Memory::Nothing);
        }
        let memory = std::mem::replace(&mut *self.memory, Memory::Nothing);
        let second = std::mem::replace(&mut *self.second, Memory::Nothing);
        (memory, second)
    }
}

fn count(len: usize) -> c_int {
    assert!(len <= LONGEST);
    len as c_int
}

/// Any number of values as a type of MPI and a count of it.
struct Many {
    raw: ffi::MPI_Datatype,
    count: c_int,
    made: bool,
}

impl Many {
    fn new(ty: DataType, len: usize) -> Result<Many> {
        if let Ok(count) = c_int::try_from(len) {
            let raw = ty.raw;
            return Ok(Many {
                raw,
                count,
                made: false,
            });
        }
        let (blocks, rest) = (len / LONGEST, len % LONGEST);
        let blocks = c_int::try_from(blocks).map_err(|_| veo_core::Error::TooLarge {
            count: len,
            element: ty.size,
        })?;
        let what = "describing a message to MPI";
        let mut parts = [ty.raw; 2];
        let mut block = ty.raw;
        let mut all = ty.raw;
        let at = blocks as usize * LONGEST * ty.size;
        // SAFETY: the places are valid; each type is made of one that is there, and MPI keeps what it needs of
        // those that are freed. The parts lie one behind the other and have `len` values.
        unsafe {
            check(
                ffi::MPI_Type_contiguous(LONGEST as c_int, ty.raw, &raw mut block),
                what,
            )?;
            check(
                ffi::MPI_Type_contiguous(blocks, block, &raw mut parts[0]),
                what,
            )?;
            check(
                ffi::MPI_Type_contiguous(rest as c_int, ty.raw, &raw mut parts[1]),
                what,
            )?;
            let places = [0, at as ffi::MPI_Aint];
            let lengths: [c_int; 2] = [1, 1];
            check(
                ffi::MPI_Type_create_struct(
                    2,
                    lengths.as_ptr(),
                    places.as_ptr(),
                    parts.as_ptr(),
                    &raw mut all,
                ),
                what,
            )?;
            check(ffi::MPI_Type_commit(&raw mut all), what)?;
            ffi::MPI_Type_free(&raw mut block);
            ffi::MPI_Type_free(&raw mut parts[0]);
            ffi::MPI_Type_free(&raw mut parts[1]);
        }
        Ok(Many {
            raw: all,
            count: 1,
            made: true,
        })
    }
}

impl Drop for Many {
    fn drop(&mut self) {
        if self.made {
            // SAFETY: it was made here. Messages that are under way keep what they need.
            unsafe { ffi::MPI_Type_free(&raw mut self.raw) };
        }
    }
}
