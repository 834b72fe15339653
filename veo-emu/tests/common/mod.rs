//! Shared by the tests: compiling kernels, and short forms of the table's functions.

#![allow(dead_code, unused_imports)]

use std::ffi::{CString, c_void};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use veo_abi::ffi::*;
use veo_test_support::{available, compile, found};

/// Whether C++ can be compiled here.
pub fn has_cpp() -> bool {
    available("a C++ compiler (Debian: g++)", found("c++"))
}

/// Compiles C or C++ source to a library of kernels, unless that was done before.
pub fn compile(source: &str) -> PathBuf {
    compile_with(source, &["-g", "-O1"])
}

pub fn compile_with(source: &str, flags: &[&str]) -> PathBuf {
    let cpp = source.contains("extern \"C\"");
    let mut hasher = DefaultHasher::new();
    (source, flags).hash(&mut hasher);
    let name = format!("kernels-{:016x}", hasher.finish());
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = dir.join(format!("lib{name}.so"));
    static COMPILING: Mutex<()> = Mutex::new(());
    let _one = COMPILING.lock();
    if library.exists() {
        return library;
    }
    let extension = if cpp { "cpp" } else { "c" };
    let flags = [&["-Wl,-Bsymbolic"], flags, &["-lm", "-lpthread"]].concat();
    compile::library_of(source, extension, &library, &flags);
    library
}

macro_rules! call {
    ($name:ident($($argument:expr),*)) => {
        // SAFETY: the tests pass what the interface asks for.
        unsafe { (veo_emu::api().$name.expect(stringify!($name)))($($argument),*) }
    };
}
pub(crate) use call;

pub fn last_error() -> String {
    let mut text = vec![0u8; 4096];
    let len = call!(veo_emu_last_error(text.as_mut_ptr().cast(), text.len()));
    text.truncate(len);
    String::from_utf8(text).unwrap()
}

/// A process that is destroyed when dropped.
pub struct Proc(pub *mut veo_proc_handle);

// SAFETY: handles may be used from any thread.
unsafe impl Send for Proc {}
// SAFETY: as above.
unsafe impl Sync for Proc {}

impl Proc {
    pub fn new(node: i32) -> Proc {
        Proc::with(node, |_| {})
    }

    pub fn with(node: i32, set: impl FnOnce(&mut veo_emu_options)) -> Proc {
        let mut options = veo_emu_options {
            struct_size: size_of::<veo_emu_options>(),
            veorun: std::ptr::null(),
            memory: 0,
            time_limit_ms: 0,
            output: None,
            output_payload: std::ptr::null_mut(),
            omp_threads: 0,
            schedule: std::ptr::null(),
            guard: 0,
            runtimes: std::ptr::null(),
            profile: 0,
            check: std::ptr::null(),
        };
        set(&mut options);
        let handle = call!(veo_emu_proc_create(node, &options));
        assert!(!handle.is_null(), "{}", last_error());
        Proc(handle)
    }

    pub fn load(&self, path: &Path) -> u64 {
        let path = CString::new(path.to_str().unwrap()).unwrap();
        let library = call!(veo_load_library(self.0, path.as_ptr()));
        assert_ne!(library, 0, "{}", last_error());
        library
    }

    pub fn sym(&self, library: u64, name: &str) -> u64 {
        let c_name = CString::new(name).unwrap();
        let address = call!(veo_get_sym(self.0, library, c_name.as_ptr()));
        assert_ne!(address, 0, "{name}: {}", last_error());
        address
    }

    pub fn open(&self) -> Ctx {
        let handle = call!(veo_context_open(self.0));
        assert!(!handle.is_null(), "{}", last_error());
        Ctx(handle)
    }

    pub fn alloc(&self, size: usize) -> u64 {
        let mut address = 0;
        let result = call!(veo_alloc_mem(self.0, &mut address, size));
        assert_eq!(result, 0, "{}", last_error());
        address
    }

    pub fn write<T: Copy>(&self, address: u64, data: &[T]) {
        let size = size_of_val(data);
        let result = call!(veo_write_mem(self.0, address, data.as_ptr().cast(), size));
        assert_eq!(result, 0, "{}", last_error());
    }

    pub fn read<T: Copy + Default>(&self, address: u64, len: usize) -> Vec<T> {
        let mut data = vec![T::default(); len];
        let size = size_of_val(&data[..]);
        let result = call!(veo_read_mem(
            self.0,
            data.as_mut_ptr().cast(),
            address,
            size
        ));
        assert_eq!(result, 0, "{}", last_error());
        data
    }

    pub fn call(&self, function: u64, args: &Args) -> (i32, u64) {
        let mut result = 0;
        let state = call!(veo_call_sync(self.0, function, args.0, &mut result));
        (state, result)
    }

    pub fn pid(&self) -> i32 {
        call!(veo_emu_pid(self.0))
    }

    pub fn fault(&self) -> Option<veo_emu_fault> {
        // SAFETY: all bits zero are a valid value of each field.
        let mut fault: veo_emu_fault = unsafe { std::mem::zeroed() };
        fault.struct_size = size_of::<veo_emu_fault>();
        let result = call!(veo_emu_get_fault(self.0, &mut fault));
        (result == 0).then_some(fault)
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        assert_eq!(call!(veo_proc_destroy(self.0)), 0);
    }
}

pub fn text(chars: &[std::ffi::c_char]) -> String {
    let bytes: Vec<u8> = chars
        .iter()
        .map(|c| *c as u8)
        .take_while(|c| *c != 0)
        .collect();
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone, Copy)]
pub struct Ctx(pub *mut veo_thr_ctxt);

// SAFETY: handles may be used from any thread.
unsafe impl Send for Ctx {}
// SAFETY: as above.
unsafe impl Sync for Ctx {}

impl Ctx {
    pub fn call(self, function: u64, args: &Args) -> u64 {
        let id = call!(veo_call_async(self.0, function, args.0));
        assert_ne!(id, VEO_REQUEST_ID_INVALID, "{}", last_error());
        id
    }

    pub fn wait(self, id: u64) -> (u32, u64) {
        let mut result = 0xdead_beef;
        let state = call!(veo_call_wait_result(self.0, id, &mut result));
        (state as u32, result)
    }

    pub fn peek(self, id: u64) -> (u32, u64) {
        let mut result = 0xdead_beef;
        let state = call!(veo_call_peek_result(self.0, id, &mut result));
        (state as u32, result)
    }

    pub fn ok(self, id: u64) -> u64 {
        let (state, result) = self.wait(id);
        assert_eq!(state, VEO_COMMAND_OK, "{}", last_error());
        result
    }

    pub fn read(self, data: &mut [u8], address: u64) -> u64 {
        call!(veo_async_read_mem(
            self.0,
            data.as_mut_ptr().cast::<c_void>(),
            address,
            data.len()
        ))
    }

    pub fn write(self, address: u64, data: &[u8]) -> u64 {
        call!(veo_async_write_mem(
            self.0,
            address,
            data.as_ptr().cast::<c_void>(),
            data.len()
        ))
    }
}

pub struct Args(pub *mut veo_args);

impl Args {
    pub fn new() -> Args {
        Args(call!(veo_args_alloc()))
    }

    pub fn u64(self, index: i32, value: u64) -> Args {
        assert_eq!(call!(veo_args_set_u64(self.0, index, value)), 0);
        self
    }

    pub fn f64(self, index: i32, value: f64) -> Args {
        assert_eq!(call!(veo_args_set_double(self.0, index, value)), 0);
        self
    }

    pub fn f32(self, index: i32, value: f32) -> Args {
        assert_eq!(call!(veo_args_set_float(self.0, index, value)), 0);
        self
    }

    pub fn stack<T>(self, index: i32, intent: u32, data: &mut [T]) -> Args {
        let size = size_of_val(data);
        let place = data.as_mut_ptr().cast();
        assert_eq!(
            call!(veo_args_set_stack(self.0, intent, index, place, size)),
            0
        );
        self
    }

    pub fn result(self, class: u32) -> Args {
        assert_eq!(call!(veo_emu_args_set_result(self.0, class)), 0);
        self
    }
}

impl Drop for Args {
    fn drop(&mut self) {
        call!(veo_args_free(self.0));
    }
}
