//! Calls through the function table: as a C program makes them with libveo's functions, and
//! in the shortest form of the emulated node. The table is that of the emulated node or of
//! NEC's library.

use std::ffi::{CString, OsString};

use veo_abi::ffi::{
    VEO_COMMAND_OK, VEO_EMU_CLASS_INTEGER, VEO_REQUEST_ID_INVALID, VeoApi, veo_args,
    veo_proc_handle, veo_thr_ctxt,
};

/// A process of its own, a context and the kernel `add_up`.
pub struct Raw {
    api: &'static VeoApi,
    proc: *mut veo_proc_handle,
    ctx: *mut veo_thr_ctxt,
    kernel: u64,
    args: *mut veo_args,
}

macro_rules! call {
    ($raw:expr, $function:ident($($argument:expr),*)) => {
        // SAFETY: the emulator fills the table with functions of these types; handles
        // come from it and are used until `drop` only; buffers are locals that outlive
        // the call.
        unsafe { $raw.api.$function.expect(stringify!($function))($($argument),*) }
    };
}

/// The environment variables that name NEC's library and a VE side for it.
const LIBVEO: [&str; 2] = ["VEO_BENCH_LIBVEO", "VEO_BENCH_VEORUN"];

/// Whether NEC's library is there to compare with.
pub fn has_libveo() -> bool {
    LIBVEO.iter().all(|name| std::env::var_os(name).is_some())
}

impl Raw {
    /// A process of the emulated node.
    pub fn new() -> Raw {
        let mut raw = Raw::of(veo_emu::api());
        // With veo_proc_create, a further context would need VE_OMP_NUM_THREADS=1.
        raw.proc = call!(raw, veo_emu_proc_create(0, std::ptr::null()));
        assert!(!raw.proc.is_null(), "a process starts");
        // The first is the main context; typed calls use a further one as well.
        call!(raw, veo_context_open(raw.proc));
        raw.prepare();
        raw
    }

    /// A process of NEC's library. The calling thread must live as long, because the process ends with it.
    pub fn libveo() -> Raw {
        let [library, veorun] = LIBVEO.map(|name| std::env::var_os(name).expect(name));
        let mut raw = Raw::of(load(&library));
        let veorun = CString::new(veorun.into_encoded_bytes()).expect("a C string");
        raw.proc = call!(raw, veo_proc_create_static(0, veorun.as_ptr()));
        assert!(!raw.proc.is_null(), "a process of libveo starts");
        raw.prepare();
        raw
    }

    fn of(api: &'static VeoApi) -> Raw {
        Raw {
            api,
            proc: std::ptr::null_mut(),
            ctx: std::ptr::null_mut(),
            kernel: 0,
            args: std::ptr::null_mut(),
        }
    }

    fn prepare(&mut self) {
        let raw = self;
        raw.ctx = call!(raw, veo_context_open(raw.proc));
        assert!(!raw.ctx.is_null(), "a context opens");
        let path = ve_kernels::host_library("libvebasics.so");
        let path = CString::new(path.into_os_string().into_encoded_bytes()).expect("a C string");
        let library = call!(raw, veo_load_library(raw.proc, path.as_ptr()));
        raw.kernel = call!(raw, veo_get_sym(raw.proc, library, c"add_up".as_ptr()));
        assert_ne!(raw.kernel, 0, "the kernel is there");
        raw.args = call!(raw, veo_args_alloc());
    }

    /// Memory of the VE.
    pub fn alloc(&self, size: usize) -> u64 {
        let mut address = 0;
        let status = call!(self, veo_alloc_mem(self.proc, &mut address, size));
        assert_eq!(status, 0);
        address
    }

    /// Copies bytes into memory of the VE.
    pub fn write(&self, address: u64, bytes: &[u8]) {
        let source = bytes.as_ptr().cast();
        let status = call!(self, veo_write_mem(self.proc, address, source, bytes.len()));
        assert_eq!(status, 0);
    }

    /// Sets eight arguments, submits the call and waits for the result.
    pub fn add_up(&self, values: [i64; 8]) -> u64 {
        call!(self, veo_args_clear(self.args));
        for (index, value) in values.into_iter().enumerate() {
            call!(self, veo_args_set_i64(self.args, index as i32, value));
        }
        if let Some(set_result) = self.api.veo_emu_args_set_result {
            // SAFETY: the object is alive.
            unsafe { set_result(self.args, VEO_EMU_CLASS_INTEGER) };
        }
        let request = call!(self, veo_call_async(self.ctx, self.kernel, self.args));
        self.result(request)
    }

    /// The same with all arguments at once. Only the emulated node can do this.
    pub fn add_up_at_once(&self, values: [i64; 8]) -> u64 {
        let words = values.map(i64::cast_unsigned);
        // Two bits for each word.
        let classes = 0x5555 * u64::from(VEO_EMU_CLASS_INTEGER);
        let request = call!(
            self,
            veo_emu_call_async(
                self.ctx,
                self.kernel,
                words.as_ptr(),
                &classes,
                words.len(),
                VEO_EMU_CLASS_INTEGER
            )
        );
        self.result(request)
    }

    fn result(&self, request: u64) -> u64 {
        assert_ne!(request, VEO_REQUEST_ID_INVALID);
        let mut result = 0;
        let state = call!(self, veo_call_wait_result(self.ctx, request, &mut result));
        assert_eq!(state, VEO_COMMAND_OK as i32);
        result
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        call!(self, veo_args_free(self.args));
        call!(self, veo_proc_destroy(self.proc));
    }
}

/// The functions of NEC's library. The library is never unloaded.
fn load(library: &OsString) -> &'static VeoApi {
    // SAFETY: loading runs the library's initialisers, which ask for nothing.
    let library = unsafe { libloading::Library::new(library) }.expect("libveo loads");
    let library = Box::leak(Box::new(library));
    let find = |symbol: &'static str| {
        // SAFETY: only the address is taken, and the library stays loaded.
        let found = unsafe { library.get::<*const std::ffi::c_void>(symbol) };
        // SAFETY: as above.
        let address = found
            .ok()
            .and_then(|found| unsafe { found.try_as_raw_ptr() });
        address.map_or(std::ptr::null(), <*mut _>::cast_const)
    };
    // SAFETY: `find` gives null or a function of that name of the libveo interface.
    Box::leak(Box::new(unsafe { VeoApi::load(find) }))
}
