//! Operations that MPI does on its own time. The memory that it reads or writes meanwhile belongs to a [`Flight`], which never
//! gives it back before the operation is over.

use std::ffi::{c_int, c_void};
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::rc::Rc;

use mpi::ffi;
use veo_core::PinnedMemory;

use super::raw::{DataType, Envelope, Found, RawComm, check, envelope, status};
use super::window::LentSlot;
use crate::error::{Error, Result};

/// The longest piece of memory that is given to MPI at once, in bytes: its counts are `c_int`.
pub(super) const LONGEST: usize = 1 << 30;

const DUPLICATING: &str = "duplicating a communicator";

/// The memory that MPI reads or writes.
pub(super) enum FlightMemory {
    /// Memory of the host.
    Host(Vec<u8>),
    /// A chunk in this rank's window.
    Slot(LentSlot),
    /// Memory of the VE, at an address that MPI takes.
    Ve(AddressedMemory),
    /// The place of one handle, of a communicator that MPI makes.
    Comm(Vec<ffi::MPI_Comm>),
    /// The second of two that are used together: another part of the first.
    Same,
    /// None.
    Nothing,
}

/// Pinned memory of the VE with the address by which MPI finds it.
#[derive(Clone)]
pub(super) struct AddressedMemory {
    pinned: Rc<PinnedMemory>,
    address: *mut u8,
}

impl AddressedMemory {
    /// `None`: there is no address that a library of the host can use.
    pub(super) fn on_host(pinned: &Rc<PinnedMemory>) -> Option<AddressedMemory> {
        Some(AddressedMemory {
            pinned: Rc::clone(pinned),
            address: pinned.host_address()?.as_ptr(),
        })
    }

    /// With the address that NEC MPI takes.
    pub(super) fn tagged(pinned: &Rc<PinnedMemory>) -> Result<AddressedMemory> {
        Ok(AddressedMemory {
            pinned: Rc::clone(pinned),
            address: pinned.as_ptr().to_hmem()?.as_raw().cast(),
        })
    }
}

impl FlightMemory {
    fn size(&self) -> usize {
        match self {
            FlightMemory::Host(bytes) => bytes.len(),
            FlightMemory::Slot(slot) => slot.len(),
            FlightMemory::Ve(memory) => memory.pinned.size(),
            FlightMemory::Comm(handles) => size_of_val(&handles[..]),
            FlightMemory::Same | FlightMemory::Nothing => 0,
        }
    }

    /// The address of a range that lies inside, to be written.
    fn at(&mut self, range: &Range<usize>) -> *mut c_void {
        assert!(range.start <= range.end && range.end <= self.size());
        let start = match self {
            FlightMemory::Host(bytes) => bytes.as_mut_ptr(),
            FlightMemory::Slot(slot) => slot.place().as_ptr(),
            FlightMemory::Ve(memory) => memory.address,
            FlightMemory::Comm(handles) => handles.as_mut_ptr().cast(),
            FlightMemory::Same | FlightMemory::Nothing => return std::ptr::null_mut(),
        };
        start.wrapping_add(range.start).cast()
    }

    /// The bytes of a chunk.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            FlightMemory::Host(bytes) => bytes,
            FlightMemory::Slot(slot) => slot.bytes(),
            _ => &[],
        }
    }

    /// The bytes of a chunk, to be filled.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            FlightMemory::Host(bytes) => bytes,
            FlightMemory::Slot(slot) => slot.bytes_mut(),
            _ => &mut [],
        }
    }

    /// The bytes of memory of the host. A slot is given back to its window.
    pub(super) fn into_host(self) -> Vec<u8> {
        match self {
            FlightMemory::Host(bytes) => bytes,
            _ => Vec::new(),
        }
    }

    /// The communicator that a duplication has made. Its errors return.
    pub(super) fn into_duplicate(self) -> Result<RawComm> {
        let made = match self {
            FlightMemory::Comm(handles) => handles.first().map(|handle| {
                // SAFETY: MPI has written it, since a flight gives this back at its end only.
                unsafe { RawComm::new(*handle) }
            }),
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

/// Something MPI does on its own time, with the memory that it uses meanwhile. If it is dropped before the end, the memory
/// stays as it is for ever.
pub(super) struct Flight {
    request: ffi::MPI_Request,
    memory: ManuallyDrop<FlightMemory>,
    /// The memory that a reduction reads while it writes the other.
    second: ManuallyDrop<FlightMemory>,
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
        } else if let FlightMemory::Slot(slot) = &*self.memory {
            slot.lose();
        }
    }
}

impl Flight {
    /// Has `start` begin something with the memory. It gets the place of the request, and the addresses of the ranges.
    ///
    /// # Safety
    ///
    /// The operation uses the two ranges, which do not overlap, and nothing else, until the request ends.
    unsafe fn begin(
        what: &'static str,
        (mut memory, range): (FlightMemory, Range<usize>),
        (mut second, second_range): (FlightMemory, Range<usize>),
        start: impl FnOnce(*mut c_void, *mut c_void, *mut ffi::MPI_Request) -> c_int,
    ) -> Result<Flight> {
        let place = memory.at(&range);
        let second_place = match second {
            FlightMemory::Same => {
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

    /// A flight that MPI has failed to end, made without MPI.
    #[cfg(test)]
    pub(super) fn unfinished(memory: FlightMemory) -> Flight {
        Flight {
            // SAFETY: a constant that MPI's library defines.
            request: unsafe { ffi::RSMPI_REQUEST_NULL },
            memory: ManuallyDrop::new(memory),
            second: ManuallyDrop::new(FlightMemory::Nothing),
            done: false,
            what: "a test",
        }
    }

    /// Sends bytes.
    pub(super) fn send(
        comm: RawComm,
        memory: FlightMemory,
        range: Range<usize>,
        to: i32,
        tag: i32,
    ) -> Result<Flight> {
        let count = count(range.len());
        let none = (FlightMemory::Nothing, 0..0);
        // SAFETY: as many bytes are read as the range has, of memory that the flight owns.
        unsafe {
            Flight::begin("sending", (memory, range), none, |place, _, request| {
                let bytes = DataType::bytes().raw();
                ffi::MPI_Isend(place, count, bytes, to, tag, comm.raw(), request)
            })
        }
    }

    /// Receives bytes, at most as many as the range has.
    pub(super) fn receive(
        comm: RawComm,
        memory: FlightMemory,
        range: Range<usize>,
        from: i32,
        tag: i32,
    ) -> Result<Flight> {
        let count = count(range.len());
        let none = (FlightMemory::Nothing, 0..0);
        // SAFETY: at most as many bytes are written as the range has, of memory that the flight owns.
        unsafe {
            Flight::begin("receiving", (memory, range), none, |place, _, request| {
                let bytes = DataType::bytes().raw();
                ffi::MPI_Irecv(place, count, bytes, from, tag, comm.raw(), request)
            })
        }
    }

    /// Sends values of a type as one message, however many there are.
    pub(super) fn send_values(
        comm: RawComm,
        memory: FlightMemory,
        ty: DataType,
        to: i32,
        tag: i32,
    ) -> Result<Flight> {
        let size = memory.size();
        let many = Many::new(ty, size / ty.size().max(1))?;
        let none = (FlightMemory::Nothing, 0..0);
        // SAFETY: `many` describes no more bytes than the memory has, which the flight owns.
        unsafe {
            Flight::begin("sending", (memory, 0..size), none, |place, _, request| {
                ffi::MPI_Isend(place, many.count, many.raw, to, tag, comm.raw(), request)
            })
        }
    }

    /// Receives a message that was found, of values of a type, at most as many as the range has room for.
    pub(super) fn receive_found(
        found: Found,
        memory: FlightMemory,
        range: Range<usize>,
        ty: DataType,
    ) -> Result<Flight> {
        let many = Many::new(ty, range.len() / ty.size().max(1))?;
        let none = (FlightMemory::Nothing, 0..0);
        let mut message = found.message;
        // SAFETY: `many` describes no more bytes than the range has, of memory that the flight owns; the message was found and is
        // received once.
        unsafe {
            Flight::begin("receiving", (memory, range), none, |place, _, request| {
                ffi::MPI_Imrecv(place, many.count, many.raw, &raw mut message, request)
            })
        }
    }

    /// Duplicates a communicator: [`FlightMemory::into_duplicate`] of the result has it.
    pub(super) fn duplicate(comm: RawComm) -> Result<Flight> {
        // SAFETY: a constant that MPI's library defines.
        let handle = FlightMemory::Comm(vec![unsafe { ffi::RSMPI_COMM_NULL }]);
        let range = 0..handle.size();
        let none = (FlightMemory::Nothing, 0..0);
        // SAFETY: MPI writes one handle, to memory for one that the flight owns.
        unsafe {
            Flight::begin(DUPLICATING, (handle, range), none, |place, _, request| {
                ffi::MPI_Comm_idup(comm.raw(), place.cast(), request)
            })
        }
    }

    /// Gives bytes to all ranks, and gets as many of each, one rank behind the other.
    pub(super) fn all_gather(comm: RawComm, own: Vec<u8>) -> Result<Flight> {
        let (_, ranks) = comm.place()?;
        let each = count(own.len());
        let all = own.len() * ranks as usize;
        let to = (FlightMemory::Host(vec![0; all]), 0..all);
        let from = (FlightMemory::Host(own), 0..each as usize);
        // SAFETY: `each` bytes are read, and as many are written of each rank, to memory that the flight owns.
        unsafe {
            Flight::begin("an all_gather", to, from, |to, from, request| {
                let bytes = DataType::bytes().raw();
                ffi::MPI_Iallgather(from, each, bytes, to, each, bytes, comm.raw(), request)
            })
        }
    }

    /// Gives each rank its byte, of which there has to be one for each, and gets one of each.
    pub(super) fn all_to_all(comm: RawComm, bytes: Vec<u8>) -> Result<Flight> {
        let (_, ranks) = comm.place()?;
        let all = ranks as usize;
        assert_eq!(bytes.len(), all);
        let (to, from) = (FlightMemory::Host(vec![0; all]), FlightMemory::Host(bytes));
        // SAFETY: a byte of each rank is read, one is written, of memory that the flight owns.
        unsafe {
            Flight::begin(
                "an all_to_all",
                (to, 0..all),
                (from, 0..all),
                |to, from, request| {
                    let bytes = DataType::bytes().raw();
                    ffi::MPI_Ialltoall(from, 1, bytes, to, 1, bytes, comm.raw(), request)
                },
            )
        }
    }

    /// A barrier.
    pub(super) fn barrier(comm: RawComm) -> Result<Flight> {
        let none = || (FlightMemory::Nothing, 0..0);
        // SAFETY: no memory is used.
        unsafe {
            Flight::begin("a barrier", none(), none(), |_, _, request| {
                ffi::MPI_Ibarrier(comm.raw(), request)
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
        (to, to_range): (FlightMemory, Range<usize>),
        (from, from_range): (FlightMemory, Range<usize>),
        ty: DataType,
        operation: ffi::MPI_Op,
        root: Option<i32>,
    ) -> Result<Flight> {
        assert!(matches!(to, FlightMemory::Nothing) || to_range.len() == from_range.len());
        let values = count(from_range.len() / ty.size());
        let (to, from) = ((to, to_range), (from, from_range));
        // SAFETY: both ranges have as many values, where there is a target, and belong to the flight.
        unsafe {
            Flight::begin("a reduction", to, from, |to, from, request| match root {
                None => {
                    ffi::MPI_Iallreduce(from, to, values, ty.raw(), operation, comm.raw(), request)
                }
                Some(root) => ffi::MPI_Ireduce(
                    from,
                    to,
                    values,
                    ty.raw(),
                    operation,
                    root,
                    comm.raw(),
                    request,
                ),
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
    pub(super) fn into_memory(mut self) -> (FlightMemory, FlightMemory) {
        if !self.done {
            return (FlightMemory::Nothing, FlightMemory::Nothing);
        }
        let memory = std::mem::replace(&mut *self.memory, FlightMemory::Nothing);
        let second = std::mem::replace(&mut *self.second, FlightMemory::Nothing);
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
            let raw = ty.raw();
            return Ok(Many {
                raw,
                count,
                made: false,
            });
        }
        let (blocks, rest) = (len / LONGEST, len % LONGEST);
        let blocks = c_int::try_from(blocks).map_err(|_| veo_core::Error::TooLarge {
            count: len,
            element: ty.size(),
        })?;
        let what = "describing a message to MPI";
        let mut parts = [ty.raw(); 2];
        let mut block = ty.raw();
        let mut all = ty.raw();
        let at = blocks as usize * LONGEST * ty.size();
        // SAFETY: the places are valid; each type is made of one that is there, and MPI keeps what it needs of
        // those that are freed. The parts lie one behind the other and have `len` values.
        unsafe {
            check(
                ffi::MPI_Type_contiguous(LONGEST as c_int, ty.raw(), &raw mut block),
                what,
            )?;
            check(
                ffi::MPI_Type_contiguous(blocks, block, &raw mut parts[0]),
                what,
            )?;
            check(
                ffi::MPI_Type_contiguous(rest as c_int, ty.raw(), &raw mut parts[1]),
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
