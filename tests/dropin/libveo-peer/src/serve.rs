//! The answers to requests. Each context has a mailbox and a thread of its own, which answers one
//! request after the other, in the order of the requests.

use std::ffi::{CStr, c_void};
use std::{ptr, thread, time::Duration};

use crate::call::{self, Known};
use crate::faults;
use crate::mailbox::{self, EXITED, READY};
use crate::payload::Reader;
use crate::peer::{Message, Peer};

mod command {
    pub const PING: u8 = 1;
    pub const EXIT: u8 = 2;
    pub const ACK: u8 = 3;
    pub const RESULT: u8 = 4;
    pub const RESULT_AND_STACK: u8 = 5;
    pub const LOAD_LIBRARY: u8 = 7;
    pub const UNLOAD_LIBRARY: u8 = 8;
    pub const SYMBOL: u8 = 9;
    pub const ALLOCATE: u8 = 10;
    pub const FREE: u8 = 11;
    pub const SEND_BUFFER: u8 = 12;
    pub const RECEIVE_BUFFER: u8 = 13;
    pub const CALL: u8 = 14;
    pub const CALL_STACK_IN: u8 = 15;
    pub const CALL_STACK_OUT: u8 = 16;
    pub const CALL_STACK_INOUT: u8 = 17;
    pub const OPEN_CONTEXT: u8 = 19;
    pub const SYNCHRONIZE: u8 = 20;
    pub const COPY: u8 = 21;
}

/// The part of the address space that all stack images of a context lie in.
const STACK_REGION: usize = 64 << 20;
/// The beginning of the words in a stack image: behind the area in which a VE function saves
/// registers.
const STACK_WORDS: usize = 176;
/// The words of a call that are in registers of the VE.
const IN_REGISTERS: usize = 8;
/// The words of a call at most.
const WORDS: usize = 256;

/// The owner of a mailbox.
#[derive(Clone, Copy, PartialEq)]
pub enum Role {
    /// The process's: its end is that of the process.
    Main,
    /// A further context's.
    Context,
}

/// Answers requests until the context is closed.
pub fn run(peer: &'static Peer, role: Role) {
    let mut context = Context {
        peer,
        stack_pointer: stack_region(),
        known: Known::new(),
    };
    peer.raise(READY);
    let mut tries = 0;
    loop {
        let Some(message) = peer.next() else {
            mailbox::pause(&mut tries);
            continue;
        };
        tries = 0;
        if message.command == command::EXIT {
            peer.send(command::ACK, &[]);
            peer.done(message);
            peer.raise(EXITED);
            if role == Role::Main {
                // Output of kernels is written, and handlers that they have registered run.
                // SAFETY: this thread is in no other call of it.
                unsafe { libc::exit(0) };
            }
            // SAFETY: this thread alone uses the mailbox of a further context.
            unsafe { peer.leave() };
            return;
        }
        let (asked, answered) = (message.id, context.answer(&message));
        peer.done(message);
        if asked != answered {
            crate::fail(&format!("response {answered} to request {asked}"));
        }
    }
}

/// The end of a region of its own, where libveo lays stack images out downwards.
fn stack_region() -> u64 {
    // SAFETY: new memory at a place of the system's choice.
    let base = unsafe {
        libc::mmap(
            ptr::null_mut(),
            2 * STACK_REGION,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if base == libc::MAP_FAILED {
        crate::fail("there is no room for stack images");
    }
    let begin = (base as usize).next_multiple_of(STACK_REGION);
    (begin + STACK_REGION - 256) as u64
}

struct Context {
    peer: &'static Peer,
    /// The number that libveo asks for when it opens the context, and counts down from.
    stack_pointer: u64,
    known: Known,
}

impl Context {
    fn acknowledge(&self) -> i64 {
        self.peer.send(command::ACK, &[])
    }

    fn result(&self, word: u64) -> i64 {
        self.peer.send(command::RESULT, &[word])
    }

    /// Does what is asked for, and returns the number of the response.
    fn answer(&mut self, message: &Message) -> i64 {
        let mut payload = Reader::new(message);
        match message.command {
            command::CALL => {
                let function = payload.word();
                if function == 0 {
                    return self.result(self.stack_pointer);
                }
                let words: Vec<u64> = payload.words().collect();
                self.call(function, &words)
            }
            command::CALL_STACK_IN | command::CALL_STACK_OUT | command::CALL_STACK_INOUT => {
                self.call_with_stack(message.command, payload)
            }
            command::SEND_BUFFER => {
                let to = payload.word() as *mut u8;
                let bytes = payload.bytes();
                // SAFETY: the host writes where it has allocated memory, or has earned the
                // fault; it knows no addresses of this program's own data.
                unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
                self.acknowledge()
            }
            command::RECEIVE_BUFFER => {
                let from = payload.word() as *const u8;
                let (to, len) = (payload.word(), payload.word() as usize);
                let words = [to];
                // SAFETY: as above, for what it reads.
                unsafe {
                    self.peer
                        .send_memory(command::SEND_BUFFER, &words, from, len)
                }
            }
            command::ALLOCATE => {
                // SAFETY: any length may be asked for.
                let memory = unsafe { libc::malloc(payload.word() as usize) };
                self.result(memory as u64)
            }
            command::FREE => {
                // SAFETY: the host frees what it has allocated, once.
                unsafe { libc::free(payload.word() as *mut c_void) };
                self.acknowledge()
            }
            command::LOAD_LIBRARY => {
                let name = string(payload.bytes());
                // SAFETY: the host wants the library's initialisers to run.
                let library =
                    unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL) };
                if library.is_null() {
                    complain(name);
                }
                call::libraries_changed();
                self.result(library as u64)
            }
            command::UNLOAD_LIBRARY => {
                // SAFETY: the host unloads what it has loaded, and has no call in it.
                let status = unsafe { libc::dlclose(payload.word() as *mut c_void) };
                call::libraries_changed();
                self.result(i64::from(status) as u64)
            }
            command::SYMBOL => {
                let library = payload.word();
                let name = string(payload.bytes());
                if library == 0 {
                    return self.result(0); // this program brings no kernels
                }
                // SAFETY: the host names a library it has loaded.
                let address = unsafe { libc::dlsym(library as *mut c_void, name.as_ptr()) };
                self.result(address as u64)
            }
            command::OPEN_CONTEXT => {
                let segment = payload.half_word() as i32;
                let _core = payload.half_word();
                let status = open(segment, payload.word() as usize);
                // libveo expects that this takes long, as it does on the card, where memory
                // is mapped for DMA: the thread that asks for the context looks for the
                // answer itself, and if the answer is there at once, libveo's thread that
                // collects other responses may have taken it.
                thread::sleep(Duration::from_millis(20));
                self.result(status)
            }
            command::COPY => {
                let (to, from, len) = (payload.word(), payload.word(), payload.word());
                // SAFETY: as for memory that is sent.
                unsafe { ptr::copy(from as *const u8, to as *mut u8, len as usize) };
                self.result(to)
            }
            command::PING | command::SYNCHRONIZE => self.acknowledge(),
            other => {
                eprintln!("libveo-peer: there is no command {other}; it is acknowledged");
                self.acknowledge()
            }
        }
    }

    fn run(&mut self, function: u64, words: &[u64]) -> u64 {
        let form = self.known.form(function);
        // SAFETY: the host calls what it has looked up, and its form is what the library's
        // own debug information says. The kernel's author answers for what it does then.
        unsafe { call::call(function, &form, words) }
    }

    fn call(&mut self, function: u64, words: &[u64]) -> i64 {
        let word = self.run(function, words);
        self.result(word)
    }

    /// A call with an image of the kernel's stack: its data, and the words that are in no
    /// register.
    fn call_with_stack(&mut self, kind: u8, mut payload: Reader) -> i64 {
        let function = payload.word();
        let mut words: Vec<u64> = payload.words().collect();
        let place = payload.word();
        let stack_pointer = payload.word();
        let size = if kind == command::CALL_STACK_OUT {
            payload.word() as usize
        } else {
            let image = payload.bytes();
            self.check_image(place, stack_pointer, image.len());
            // SAFETY: the place is inside the region for stack images, as was checked, which
            // is this context's alone.
            unsafe { (place as *mut u8).copy_from_nonoverlapping(image.as_ptr(), image.len()) };
            image.len()
        };
        self.check_image(place, stack_pointer, size);
        if words.len() == IN_REGISTERS {
            let begin = STACK_WORDS + 8 * IN_REGISTERS;
            let count = (size.saturating_sub(begin) / 8).min(WORDS - IN_REGISTERS);
            let first = (place as *const u64).wrapping_byte_add(begin);
            for at in 0..count {
                // SAFETY: inside the image, which is inside the region, as was checked.
                words.push(unsafe { first.add(at).read_unaligned() });
            }
        }
        let word = self.run(function, &words);
        if kind == command::CALL_STACK_IN {
            return self.result(word);
        }
        // SAFETY: the image is inside the region, as was checked.
        unsafe {
            self.peer
                .send_memory(command::RESULT_AND_STACK, &[word], place as *const u8, size)
        }
    }

    /// Ends the process unless the image lies in this context's region.
    fn check_image(&self, place: u64, stack_pointer: u64, size: usize) {
        let end = self.stack_pointer + 256;
        let begin = end - STACK_REGION as u64;
        let inside = place >= begin && place <= end && size as u64 <= end - place;
        if stack_pointer != self.stack_pointer || !inside {
            crate::fail(&format!(
                "a stack image of {size} bytes at {place:#x} for the stack at {stack_pointer:#x}, \
                 in a context whose stack is at {:#x}",
                self.stack_pointer
            ));
        }
    }
}

/// Opens a context on a segment of its own; returns what pthread_create would.
fn open(segment: i32, stack_size: usize) -> u64 {
    let peer: &'static Peer = match Peer::attach(segment) {
        // Few, and a handler of a signal may be using it at any time.
        Ok(peer) => Box::leak(Box::new(peer)),
        Err(error) => {
            eprintln!("libveo-peer: segment {segment} cannot be attached: {error}");
            return libc::ENOMEM as u64;
        }
    };
    let started = thread::Builder::new()
        .stack_size(stack_size)
        .spawn(move || {
            faults::give_handlers_a_stack();
            run(peer, Role::Context);
        });
    match started {
        Ok(_) => 0,
        Err(error) => error.raw_os_error().unwrap_or(libc::EAGAIN) as u64,
    }
}

/// The string at the beginning of the bytes.
fn string(bytes: &[u8]) -> &CStr {
    match CStr::from_bytes_until_nul(bytes) {
        Ok(string) => string,
        Err(_) => crate::fail("a name without an end"),
    }
}

/// Says why a library is not loaded, as the host tells only that it is not.
fn complain(name: &CStr) {
    // SAFETY: the result is a string until this thread uses the loader again, or null.
    let reason = unsafe {
        let reason = libc::dlerror();
        (!reason.is_null()).then(|| CStr::from_ptr(reason))
    };
    let reason = reason.unwrap_or(name).to_string_lossy();
    eprintln!("libveo-peer: {reason}");
}
