// Generated from the headers in veo-abi/include; tests/workspace/bindings.rs says how.

pub const VEO_API_VERSION: u32 = 16;
pub const VEO_SYMNAME_LEN_MAX: u32 = 255;
pub const VEO_MAX_NUM_ARGS: u32 = 256;
pub const VE_SHM_RO: u32 = 1;
pub const VE_PCISYNC: u32 = 2;
pub const VE_REGISTER_PCI: u32 = 4;
pub const VE_MAP_256MB: u32 = 16;
pub const VE_REGISTER_NONE: u32 = 4096;
pub const VE_REGISTER_VEMVA: u32 = 8192;
pub const VE_REGISTER_VEHVA: u32 = 16384;
pub const VE_MEM_LOCAL: u32 = 32768;
pub const VEO_STATE_UNKNOWN: veo_context_state = 0;
pub const VEO_STATE_RUNNING: veo_context_state = 1;
pub const VEO_STATE_SYSCALL: veo_context_state = 2;
pub const VEO_STATE_BLOCKED: veo_context_state = 3;
pub const VEO_STATE_EXIT: veo_context_state = 4;
pub type veo_context_state = ::std::os::raw::c_uint;
pub const VEO_COMMAND_OK: veo_command_state = 0;
pub const VEO_COMMAND_EXCEPTION: veo_command_state = 1;
pub const VEO_COMMAND_ERROR: veo_command_state = 2;
pub const VEO_COMMAND_UNFINISHED: veo_command_state = 3;
pub type veo_command_state = ::std::os::raw::c_uint;
pub const VEO_QUEUE_READY: veo_queue_state = 0;
pub const VEO_QUEUE_CLOSED: veo_queue_state = 1;
pub type veo_queue_state = ::std::os::raw::c_uint;
pub const VEO_INTENT_IN: veo_args_intent = 0;
pub const VEO_INTENT_INOUT: veo_args_intent = 1;
pub const VEO_INTENT_OUT: veo_args_intent = 2;
pub type veo_args_intent = ::std::os::raw::c_uint;
#[repr(C)]
#[derive(Debug)]
pub struct veo_proc_handle {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct veo_thr_ctxt {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct veo_args {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct veo_thr_ctxt_attr {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct ve_dma_handle {
    pub status: ::std::os::raw::c_int,
    pub index: ::std::os::raw::c_int,
}
pub type ve_dma_handle_t = ve_dma_handle;
pub const VEO_EMU_CLASS_UNTYPED: veo_emu_class = 0;
pub const VEO_EMU_CLASS_HMEM: veo_emu_class = 0;
pub const VEO_EMU_CLASS_INTEGER: veo_emu_class = 1;
pub const VEO_EMU_CLASS_FLOAT: veo_emu_class = 2;
pub const VEO_EMU_CLASS_DOUBLE: veo_emu_class = 3;
pub type veo_emu_class = ::std::os::raw::c_uint;
pub const VEO_EMU_CAUSE_UNKNOWN: veo_emu_cause = 0;
pub const VEO_EMU_CAUSE_SIGNAL: veo_emu_cause = 1;
pub const VEO_EMU_CAUSE_STACK_OVERFLOW: veo_emu_cause = 2;
pub const VEO_EMU_CAUSE_EXIT: veo_emu_cause = 3;
pub const VEO_EMU_CAUSE_THREAD_EXIT: veo_emu_cause = 4;
pub const VEO_EMU_CAUSE_TIME_LIMIT: veo_emu_cause = 5;
pub const VEO_EMU_CAUSE_KILLED: veo_emu_cause = 6;
pub const VEO_EMU_CAUSE_SENT: veo_emu_cause = 7;
pub const VEO_EMU_CAUSE_OUT_OF_MEMORY: veo_emu_cause = 8;
pub const VEO_EMU_CAUSE_BROKEN: veo_emu_cause = 9;
pub const VEO_EMU_CAUSE_OVERWRITTEN: veo_emu_cause = 10;
pub const VEO_EMU_CAUSE_FINDING: veo_emu_cause = 11;
pub type veo_emu_cause = ::std::os::raw::c_uint;
pub const VEO_EMU_GUARD_DEFAULT: veo_emu_guard = 0;
pub const VEO_EMU_GUARD_OFF: veo_emu_guard = 1;
pub const VEO_EMU_GUARD_START: veo_emu_guard = 2;
pub const VEO_EMU_GUARD_END: veo_emu_guard = 3;
pub const VEO_EMU_GUARD_ZONES: veo_emu_guard = 4;
pub type veo_emu_guard = ::std::os::raw::c_uint;
pub const VEO_EMU_PROFILE_DEFAULT: veo_emu_profile = 0;
pub const VEO_EMU_PROFILE_OFF: veo_emu_profile = 1;
pub const VEO_EMU_PROFILE_COUNT: veo_emu_profile = 2;
pub type veo_emu_profile = ::std::os::raw::c_uint;
#[repr(C)]
pub struct veo_emu_fault {
    pub struct_size: usize,
    pub signal: ::std::os::raw::c_int,
    pub exit_status: ::std::os::raw::c_int,
    pub address: u64,
    pub pc: u64,
    pub request: u64,
    pub context: ::std::os::raw::c_int,
    pub line: ::std::os::raw::c_int,
    pub kernel: [::std::os::raw::c_char; 256usize],
    pub file: [::std::os::raw::c_char; 1024usize],
    pub text: [::std::os::raw::c_char; 1024usize],
    pub function: [::std::os::raw::c_char; 256usize],
    pub has_address: ::std::os::raw::c_int,
    pub cause: ::std::os::raw::c_int,
    pub stack_size: u64,
    pub time_limit_ms: u64,
    pub sender: pid_t,
    pub operation: [::std::os::raw::c_char; 512usize],
    pub memory: [::std::os::raw::c_char; 512usize],
    pub detail: [::std::os::raw::c_char; 512usize],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct veo_emu_options {
    pub struct_size: usize,
    pub veorun: *const ::std::os::raw::c_char,
    pub memory: u64,
    pub time_limit_ms: u64,
    pub output: ::std::option::Option<
        unsafe extern "C" fn(
            payload: *mut ::std::os::raw::c_void,
            stream: ::std::os::raw::c_int,
            data: *const ::std::os::raw::c_char,
            length: usize,
        ),
    >,
    pub output_payload: *mut ::std::os::raw::c_void,
    pub omp_threads: ::std::os::raw::c_uint,
    pub schedule: *const ::std::os::raw::c_char,
    pub guard: u64,
    pub runtimes: *const ::std::os::raw::c_char,
    pub profile: u64,
    pub check: *const ::std::os::raw::c_char,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct veo_emu_result {
    pub value: u64,
    pub state: ::std::os::raw::c_int,
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct veo_emu_times {
    pub started: u64,
    pub ended: u64,
}
/// The functions of the libveo interface, each where it was found.
#[derive(Clone, Copy, Debug)]
pub struct VeoApi {
    ///`veo_is_ve_addr`
    pub veo_is_ve_addr: Option<
        unsafe extern "C" fn(
            addr: *const ::std::os::raw::c_void,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_get_hmem_addr`
    pub veo_get_hmem_addr: Option<
        unsafe extern "C" fn(
            addr: *mut ::std::os::raw::c_void,
        ) -> *mut ::std::os::raw::c_void,
    >,
    ///`veo_get_max_proc_identifier`
    pub veo_get_max_proc_identifier: Option<
        unsafe extern "C" fn() -> ::std::os::raw::c_int,
    >,
    ///`veo_get_proc_identifier_from_hmem`
    pub veo_get_proc_identifier_from_hmem: Option<
        unsafe extern "C" fn(
            addr: *const ::std::os::raw::c_void,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_api_version`
    pub veo_api_version: Option<unsafe extern "C" fn() -> ::std::os::raw::c_int>,
    ///`veo_version_string`
    pub veo_version_string: Option<
        unsafe extern "C" fn() -> *const ::std::os::raw::c_char,
    >,
    ///`veo_get_ve_arch`
    pub veo_get_ve_arch: Option<
        unsafe extern "C" fn(
            ve_node_number: ::std::os::raw::c_int,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_proc_create`
    pub veo_proc_create: Option<
        unsafe extern "C" fn(
            ve_node_number: ::std::os::raw::c_int,
        ) -> *mut veo_proc_handle,
    >,
    ///`veo_proc_create_static`
    pub veo_proc_create_static: Option<
        unsafe extern "C" fn(
            ve_node_number: ::std::os::raw::c_int,
            veorun: *const ::std::os::raw::c_char,
        ) -> *mut veo_proc_handle,
    >,
    ///`veo_proc_destroy`
    pub veo_proc_destroy: Option<
        unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> ::std::os::raw::c_int,
    >,
    ///`veo_proc_identifier`
    pub veo_proc_identifier: Option<
        unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> ::std::os::raw::c_int,
    >,
    ///`veo_set_proc_identifier`
    pub veo_set_proc_identifier: Option<
        unsafe extern "C" fn(
            addr: *mut ::std::os::raw::c_void,
            proc_ident: ::std::os::raw::c_int,
        ) -> *mut ::std::os::raw::c_void,
    >,
    ///`veo_load_library`
    pub veo_load_library: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            path: *const ::std::os::raw::c_char,
        ) -> u64,
    >,
    ///`veo_unload_library`
    pub veo_unload_library: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            library: u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_get_sym`
    pub veo_get_sym: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            library: u64,
            name: *const ::std::os::raw::c_char,
        ) -> u64,
    >,
    ///`veo_alloc_mem`
    pub veo_alloc_mem: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: *mut u64,
            size: usize,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_free_mem`
    pub veo_free_mem: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_read_mem`
    pub veo_read_mem: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            dst: *mut ::std::os::raw::c_void,
            src: u64,
            size: usize,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_write_mem`
    pub veo_write_mem: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            dst: u64,
            src: *const ::std::os::raw::c_void,
            size: usize,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_alloc_mem_async`
    pub veo_alloc_mem_async: Option<
        unsafe extern "C" fn(ctx: *mut veo_thr_ctxt, size: usize) -> u64,
    >,
    ///`veo_free_mem_async`
    pub veo_free_mem_async: Option<
        unsafe extern "C" fn(ctx: *mut veo_thr_ctxt, addr: u64) -> u64,
    >,
    ///`veo_async_read_mem`
    pub veo_async_read_mem: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            dst: *mut ::std::os::raw::c_void,
            src: u64,
            size: usize,
        ) -> u64,
    >,
    ///`veo_async_write_mem`
    pub veo_async_write_mem: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            dst: u64,
            src: *const ::std::os::raw::c_void,
            size: usize,
        ) -> u64,
    >,
    ///`veo_context_open`
    pub veo_context_open: Option<
        unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> *mut veo_thr_ctxt,
    >,
    ///`veo_context_open_with_attr`
    pub veo_context_open_with_attr: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            attr: *mut veo_thr_ctxt_attr,
        ) -> *mut veo_thr_ctxt,
    >,
    ///`veo_context_close`
    pub veo_context_close: Option<
        unsafe extern "C" fn(ctx: *mut veo_thr_ctxt) -> ::std::os::raw::c_int,
    >,
    ///`veo_get_context_state`
    pub veo_get_context_state: Option<
        unsafe extern "C" fn(ctx: *mut veo_thr_ctxt) -> ::std::os::raw::c_int,
    >,
    ///`veo_context_sync`
    pub veo_context_sync: Option<unsafe extern "C" fn(ctx: *mut veo_thr_ctxt)>,
    ///`veo_num_contexts`
    pub veo_num_contexts: Option<
        unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> ::std::os::raw::c_int,
    >,
    ///`veo_get_context`
    pub veo_get_context: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            index: ::std::os::raw::c_int,
        ) -> *mut veo_thr_ctxt,
    >,
    ///`veo_alloc_thr_ctxt_attr`
    pub veo_alloc_thr_ctxt_attr: Option<
        unsafe extern "C" fn() -> *mut veo_thr_ctxt_attr,
    >,
    ///`veo_free_thr_ctxt_attr`
    pub veo_free_thr_ctxt_attr: Option<
        unsafe extern "C" fn(attr: *mut veo_thr_ctxt_attr) -> ::std::os::raw::c_int,
    >,
    ///`veo_set_thr_ctxt_stacksize`
    pub veo_set_thr_ctxt_stacksize: Option<
        unsafe extern "C" fn(
            attr: *mut veo_thr_ctxt_attr,
            size: usize,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_get_thr_ctxt_stacksize`
    pub veo_get_thr_ctxt_stacksize: Option<
        unsafe extern "C" fn(
            attr: *mut veo_thr_ctxt_attr,
            size: *mut usize,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_alloc`
    pub veo_args_alloc: Option<unsafe extern "C" fn() -> *mut veo_args>,
    ///`veo_args_clear`
    pub veo_args_clear: Option<unsafe extern "C" fn(args: *mut veo_args)>,
    ///`veo_args_free`
    pub veo_args_free: Option<unsafe extern "C" fn(args: *mut veo_args)>,
    ///`veo_args_set_i64`
    pub veo_args_set_i64: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: i64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_u64`
    pub veo_args_set_u64: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_i32`
    pub veo_args_set_i32: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: i32,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_u32`
    pub veo_args_set_u32: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: u32,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_i16`
    pub veo_args_set_i16: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: i16,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_u16`
    pub veo_args_set_u16: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: u16,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_i8`
    pub veo_args_set_i8: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: i8,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_u8`
    pub veo_args_set_u8: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: u8,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_double`
    pub veo_args_set_double: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: f64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_float`
    pub veo_args_set_float: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            value: f32,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_stack`
    pub veo_args_set_stack: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            intent: veo_args_intent,
            index: ::std::os::raw::c_int,
            buffer: *mut ::std::os::raw::c_char,
            length: usize,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_args_set_hmem`
    pub veo_args_set_hmem: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            index: ::std::os::raw::c_int,
            addr: *mut ::std::os::raw::c_void,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_call_sync`
    pub veo_call_sync: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: u64,
            args: *mut veo_args,
            result: *mut u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_call_async`
    pub veo_call_async: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            addr: u64,
            args: *mut veo_args,
        ) -> u64,
    >,
    ///`veo_call_async_by_name`
    pub veo_call_async_by_name: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            library: u64,
            name: *const ::std::os::raw::c_char,
            args: *mut veo_args,
        ) -> u64,
    >,
    ///`veo_call_async_vh`
    pub veo_call_async_vh: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            func: ::std::option::Option<
                unsafe extern "C" fn(arg1: *mut ::std::os::raw::c_void) -> u64,
            >,
            arg: *mut ::std::os::raw::c_void,
        ) -> u64,
    >,
    ///`veo_call_peek_result`
    pub veo_call_peek_result: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            request: u64,
            result: *mut u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_call_wait_result`
    pub veo_call_wait_result: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            request: u64,
            result: *mut u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_req_block_begin`
    pub veo_req_block_begin: Option<unsafe extern "C" fn(ctx: *mut veo_thr_ctxt)>,
    ///`veo_req_block_end`
    pub veo_req_block_end: Option<unsafe extern "C" fn(ctx: *mut veo_thr_ctxt)>,
    ///`veo_alloc_hmem`
    pub veo_alloc_hmem: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: *mut *mut ::std::os::raw::c_void,
            size: usize,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_free_hmem`
    pub veo_free_hmem: Option<
        unsafe extern "C" fn(addr: *mut ::std::os::raw::c_void) -> ::std::os::raw::c_int,
    >,
    ///`veo_hmemcpy`
    pub veo_hmemcpy: Option<
        unsafe extern "C" fn(
            dst: *mut ::std::os::raw::c_void,
            src: *const ::std::os::raw::c_void,
            size: usize,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_get_venum_from_hmem`
    pub veo_get_venum_from_hmem: Option<
        unsafe extern "C" fn(
            addr: *const ::std::os::raw::c_void,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_get_pid_from_hmem`
    pub veo_get_pid_from_hmem: Option<
        unsafe extern "C" fn(addr: *const ::std::os::raw::c_void) -> pid_t,
    >,
    ///`veo_get_proc_handle_from_hmem`
    pub veo_get_proc_handle_from_hmem: Option<
        unsafe extern "C" fn(addr: *const ::std::os::raw::c_void) -> *mut veo_proc_handle,
    >,
    ///`veo_register_hook`
    pub veo_register_hook: Option<
        unsafe extern "C" fn(
            func: *mut ::std::os::raw::c_void,
            hook: ::std::option::Option<
                unsafe extern "C" fn(arg1: *mut ::std::os::raw::c_void, ...),
            >,
            payload: *mut ::std::os::raw::c_void,
        ),
    >,
    ///`veo_get_hook`
    pub veo_get_hook: Option<
        unsafe extern "C" fn(
            func: *mut ::std::os::raw::c_void,
        ) -> *mut ::std::os::raw::c_void,
    >,
    ///`veo_unregister_hook`
    pub veo_unregister_hook: Option<
        unsafe extern "C" fn(func: *mut ::std::os::raw::c_void),
    >,
    ///`veo_register_hmem_hook_functions`
    pub veo_register_hmem_hook_functions: Option<
        unsafe extern "C" fn(
            alloc: ::std::option::Option<
                unsafe extern "C" fn(arg1: *mut ::std::os::raw::c_void, arg2: usize),
            >,
            free: ::std::option::Option<unsafe extern "C" fn(arg1: u64)>,
        ),
    >,
    ///`veo_unregister_hmem_hook_functions`
    pub veo_unregister_hmem_hook_functions: Option<unsafe extern "C" fn()>,
    ///`veo_shared_mem_open`
    pub veo_shared_mem_open: Option<
        unsafe extern "C" fn(
            addr: *mut ::std::os::raw::c_void,
            size: usize,
            syncnum: ::std::os::raw::c_int,
            mode: ::std::os::raw::c_longlong,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_shared_mem_close`
    pub veo_shared_mem_close: Option<
        unsafe extern "C" fn(
            addr: *mut ::std::os::raw::c_void,
            size: usize,
            syncnum: ::std::os::raw::c_int,
            mode: ::std::os::raw::c_longlong,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_shared_mem_attach`
    pub veo_shared_mem_attach: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            owner: pid_t,
            addr: *mut ::std::os::raw::c_void,
            size: usize,
            syncnum: ::std::os::raw::c_int,
            mode: ::std::os::raw::c_longlong,
        ) -> *mut ::std::os::raw::c_void,
    >,
    ///`veo_shared_mem_detach`
    pub veo_shared_mem_detach: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: *mut ::std::os::raw::c_void,
            mode: ::std::os::raw::c_longlong,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_shmget`
    pub veo_shmget: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            key: key_t,
            size: usize,
            flags: ::std::os::raw::c_int,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_shmat`
    pub veo_shmat: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            id: ::std::os::raw::c_int,
            addr: *const ::std::os::raw::c_void,
            flags: ::std::os::raw::c_int,
            vehva: *mut *mut ::std::os::raw::c_void,
        ) -> *mut ::std::os::raw::c_void,
    >,
    ///`veo_shmdt`
    pub veo_shmdt: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: *const ::std::os::raw::c_void,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_dma_post`
    pub veo_dma_post: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            dst: u64,
            src: u64,
            size: ::std::os::raw::c_int,
            handle: *mut ve_dma_handle_t,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_dma_poll`
    pub veo_dma_poll: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            handle: *mut ve_dma_handle_t,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_dma_post_wait`
    pub veo_dma_post_wait: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            dst: u64,
            src: u64,
            size: ::std::os::raw::c_int,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_register_mem_to_dmaatb`
    pub veo_register_mem_to_dmaatb: Option<
        unsafe extern "C" fn(addr: *mut ::std::os::raw::c_void, size: usize) -> u64,
    >,
    ///`veo_unregister_mem_from_dmaatb`
    pub veo_unregister_mem_from_dmaatb: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_access_pcircvsyc_register`
    pub veo_access_pcircvsyc_register: Option<
        unsafe extern "C" fn(proc_: *mut veo_proc_handle),
    >,
    ///`veo_emu_proc_create`
    pub veo_emu_proc_create: Option<
        unsafe extern "C" fn(
            ve_node_number: ::std::os::raw::c_int,
            options: *const veo_emu_options,
        ) -> *mut veo_proc_handle,
    >,
    ///`veo_emu_load_library`
    pub veo_emu_load_library: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            path: *const ::std::os::raw::c_char,
        ) -> u64,
    >,
    ///`veo_emu_is_code`
    pub veo_emu_is_code: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_last_error`
    pub veo_emu_last_error: Option<
        unsafe extern "C" fn(text: *mut ::std::os::raw::c_char, size: usize) -> usize,
    >,
    ///`veo_emu_get_fault`
    pub veo_emu_get_fault: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            fault: *mut veo_emu_fault,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_get_report`
    pub veo_emu_get_report: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            text: *mut ::std::os::raw::c_char,
            size: usize,
        ) -> usize,
    >,
    ///`veo_emu_args_set_result`
    pub veo_emu_args_set_result: Option<
        unsafe extern "C" fn(
            args: *mut veo_args,
            result: veo_emu_class,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_call_async`
    pub veo_emu_call_async: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            addr: u64,
            words: *const u64,
            classes: *const u64,
            count: usize,
            result: veo_emu_class,
        ) -> u64,
    >,
    ///`veo_emu_collect`
    pub veo_emu_collect: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            requests: *const u64,
            count: usize,
            nanoseconds: u64,
            results: *mut veo_emu_result,
        ) -> usize,
    >,
    ///`veo_emu_wait_result_timeout`
    pub veo_emu_wait_result_timeout: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            request: u64,
            result: *mut u64,
            nanoseconds: u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_discard_result`
    pub veo_emu_discard_result: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            request: u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_get_guard`
    pub veo_emu_get_guard: Option<
        unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_describe_mem`
    pub veo_emu_describe_mem: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: u64,
            text: *const ::std::os::raw::c_char,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_map_mem`
    pub veo_emu_map_mem: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            addr: u64,
            size: usize,
        ) -> *mut ::std::os::raw::c_void,
    >,
    ///`veo_emu_unmap_mem`
    pub veo_emu_unmap_mem: Option<
        unsafe extern "C" fn(place: *mut ::std::os::raw::c_void) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_kill`
    pub veo_emu_kill: Option<
        unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_pid`
    pub veo_emu_pid: Option<unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> pid_t>,
    ///`veo_emu_num_nodes`
    pub veo_emu_num_nodes: Option<unsafe extern "C" fn() -> ::std::os::raw::c_int>,
    ///`veo_emu_node_memory`
    pub veo_emu_node_memory: Option<
        unsafe extern "C" fn(
            ve_node_number: ::std::os::raw::c_int,
            total: *mut u64,
            available: *mut u64,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_node`
    pub veo_emu_node: Option<
        unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_core`
    pub veo_emu_core: Option<
        unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_machines`
    pub veo_emu_machines: Option<
        unsafe extern "C" fn(
            ve_node_number: ::std::os::raw::c_int,
            machines: *mut u16,
            count: usize,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_get_statistics`
    pub veo_emu_get_statistics: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            text: *mut ::std::os::raw::c_char,
            size: usize,
        ) -> usize,
    >,
    ///`veo_emu_set_timed`
    pub veo_emu_set_timed: Option<
        unsafe extern "C" fn(
            proc_: *mut veo_proc_handle,
            timed: ::std::os::raw::c_int,
        ) -> ::std::os::raw::c_int,
    >,
    ///`veo_emu_get_times`
    pub veo_emu_get_times: Option<
        unsafe extern "C" fn(
            ctx: *mut veo_thr_ctxt,
            requests: *const u64,
            count: usize,
            times: *mut veo_emu_times,
        ) -> usize,
    >,
}
impl VeoApi {
    /// A table without functions.
    pub const EMPTY: VeoApi = VeoApi {
        veo_is_ve_addr: None,
        veo_get_hmem_addr: None,
        veo_get_max_proc_identifier: None,
        veo_get_proc_identifier_from_hmem: None,
        veo_api_version: None,
        veo_version_string: None,
        veo_get_ve_arch: None,
        veo_proc_create: None,
        veo_proc_create_static: None,
        veo_proc_destroy: None,
        veo_proc_identifier: None,
        veo_set_proc_identifier: None,
        veo_load_library: None,
        veo_unload_library: None,
        veo_get_sym: None,
        veo_alloc_mem: None,
        veo_free_mem: None,
        veo_read_mem: None,
        veo_write_mem: None,
        veo_alloc_mem_async: None,
        veo_free_mem_async: None,
        veo_async_read_mem: None,
        veo_async_write_mem: None,
        veo_context_open: None,
        veo_context_open_with_attr: None,
        veo_context_close: None,
        veo_get_context_state: None,
        veo_context_sync: None,
        veo_num_contexts: None,
        veo_get_context: None,
        veo_alloc_thr_ctxt_attr: None,
        veo_free_thr_ctxt_attr: None,
        veo_set_thr_ctxt_stacksize: None,
        veo_get_thr_ctxt_stacksize: None,
        veo_args_alloc: None,
        veo_args_clear: None,
        veo_args_free: None,
        veo_args_set_i64: None,
        veo_args_set_u64: None,
        veo_args_set_i32: None,
        veo_args_set_u32: None,
        veo_args_set_i16: None,
        veo_args_set_u16: None,
        veo_args_set_i8: None,
        veo_args_set_u8: None,
        veo_args_set_double: None,
        veo_args_set_float: None,
        veo_args_set_stack: None,
        veo_args_set_hmem: None,
        veo_call_sync: None,
        veo_call_async: None,
        veo_call_async_by_name: None,
        veo_call_async_vh: None,
        veo_call_peek_result: None,
        veo_call_wait_result: None,
        veo_req_block_begin: None,
        veo_req_block_end: None,
        veo_alloc_hmem: None,
        veo_free_hmem: None,
        veo_hmemcpy: None,
        veo_get_venum_from_hmem: None,
        veo_get_pid_from_hmem: None,
        veo_get_proc_handle_from_hmem: None,
        veo_register_hook: None,
        veo_get_hook: None,
        veo_unregister_hook: None,
        veo_register_hmem_hook_functions: None,
        veo_unregister_hmem_hook_functions: None,
        veo_shared_mem_open: None,
        veo_shared_mem_close: None,
        veo_shared_mem_attach: None,
        veo_shared_mem_detach: None,
        veo_shmget: None,
        veo_shmat: None,
        veo_shmdt: None,
        veo_dma_post: None,
        veo_dma_poll: None,
        veo_dma_post_wait: None,
        veo_register_mem_to_dmaatb: None,
        veo_unregister_mem_from_dmaatb: None,
        veo_access_pcircvsyc_register: None,
        veo_emu_proc_create: None,
        veo_emu_load_library: None,
        veo_emu_is_code: None,
        veo_emu_last_error: None,
        veo_emu_get_fault: None,
        veo_emu_get_report: None,
        veo_emu_args_set_result: None,
        veo_emu_call_async: None,
        veo_emu_collect: None,
        veo_emu_wait_result_timeout: None,
        veo_emu_discard_result: None,
        veo_emu_get_guard: None,
        veo_emu_describe_mem: None,
        veo_emu_map_mem: None,
        veo_emu_unmap_mem: None,
        veo_emu_kill: None,
        veo_emu_pid: None,
        veo_emu_num_nodes: None,
        veo_emu_node_memory: None,
        veo_emu_node: None,
        veo_emu_core: None,
        veo_emu_machines: None,
        veo_emu_get_statistics: None,
        veo_emu_set_timed: None,
        veo_emu_get_times: None,
    };
    /// The names of all functions, in the order of the fields.
    pub const NAMES: [&'static str; 106usize] = [
        "veo_is_ve_addr",
        "veo_get_hmem_addr",
        "veo_get_max_proc_identifier",
        "veo_get_proc_identifier_from_hmem",
        "veo_api_version",
        "veo_version_string",
        "veo_get_ve_arch",
        "veo_proc_create",
        "veo_proc_create_static",
        "veo_proc_destroy",
        "veo_proc_identifier",
        "veo_set_proc_identifier",
        "veo_load_library",
        "veo_unload_library",
        "veo_get_sym",
        "veo_alloc_mem",
        "veo_free_mem",
        "veo_read_mem",
        "veo_write_mem",
        "veo_alloc_mem_async",
        "veo_free_mem_async",
        "veo_async_read_mem",
        "veo_async_write_mem",
        "veo_context_open",
        "veo_context_open_with_attr",
        "veo_context_close",
        "veo_get_context_state",
        "veo_context_sync",
        "veo_num_contexts",
        "veo_get_context",
        "veo_alloc_thr_ctxt_attr",
        "veo_free_thr_ctxt_attr",
        "veo_set_thr_ctxt_stacksize",
        "veo_get_thr_ctxt_stacksize",
        "veo_args_alloc",
        "veo_args_clear",
        "veo_args_free",
        "veo_args_set_i64",
        "veo_args_set_u64",
        "veo_args_set_i32",
        "veo_args_set_u32",
        "veo_args_set_i16",
        "veo_args_set_u16",
        "veo_args_set_i8",
        "veo_args_set_u8",
        "veo_args_set_double",
        "veo_args_set_float",
        "veo_args_set_stack",
        "veo_args_set_hmem",
        "veo_call_sync",
        "veo_call_async",
        "veo_call_async_by_name",
        "veo_call_async_vh",
        "veo_call_peek_result",
        "veo_call_wait_result",
        "veo_req_block_begin",
        "veo_req_block_end",
        "veo_alloc_hmem",
        "veo_free_hmem",
        "veo_hmemcpy",
        "veo_get_venum_from_hmem",
        "veo_get_pid_from_hmem",
        "veo_get_proc_handle_from_hmem",
        "veo_register_hook",
        "veo_get_hook",
        "veo_unregister_hook",
        "veo_register_hmem_hook_functions",
        "veo_unregister_hmem_hook_functions",
        "veo_shared_mem_open",
        "veo_shared_mem_close",
        "veo_shared_mem_attach",
        "veo_shared_mem_detach",
        "veo_shmget",
        "veo_shmat",
        "veo_shmdt",
        "veo_dma_post",
        "veo_dma_poll",
        "veo_dma_post_wait",
        "veo_register_mem_to_dmaatb",
        "veo_unregister_mem_from_dmaatb",
        "veo_access_pcircvsyc_register",
        "veo_emu_proc_create",
        "veo_emu_load_library",
        "veo_emu_is_code",
        "veo_emu_last_error",
        "veo_emu_get_fault",
        "veo_emu_get_report",
        "veo_emu_args_set_result",
        "veo_emu_call_async",
        "veo_emu_collect",
        "veo_emu_wait_result_timeout",
        "veo_emu_discard_result",
        "veo_emu_get_guard",
        "veo_emu_describe_mem",
        "veo_emu_map_mem",
        "veo_emu_unmap_mem",
        "veo_emu_kill",
        "veo_emu_pid",
        "veo_emu_num_nodes",
        "veo_emu_node_memory",
        "veo_emu_node",
        "veo_emu_core",
        "veo_emu_machines",
        "veo_emu_get_statistics",
        "veo_emu_set_timed",
        "veo_emu_get_times",
    ];
    /// Fills a table from a function that finds symbols by name.
    ///
    /// # Safety
    ///
    /// Every address that `find` returns is null or that of a function of
    /// the libveo interface of that name, and stays valid for as long as
    /// the table is used.
    pub unsafe fn load(
        mut find: impl FnMut(&'static str) -> *const ::std::os::raw::c_void,
    ) -> VeoApi {
        let mut api = VeoApi::EMPTY;
        {
            let address = find("veo_is_ve_addr");
            api.veo_is_ve_addr = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *const ::std::os::raw::c_void,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_hmem_addr");
            api.veo_get_hmem_addr = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *mut ::std::os::raw::c_void,
                        ) -> *mut ::std::os::raw::c_void,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_max_proc_identifier");
            api.veo_get_max_proc_identifier = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn() -> ::std::os::raw::c_int>,
                >(address)
            };
        }
        {
            let address = find("veo_get_proc_identifier_from_hmem");
            api.veo_get_proc_identifier_from_hmem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *const ::std::os::raw::c_void,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_api_version");
            api.veo_api_version = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn() -> ::std::os::raw::c_int>,
                >(address)
            };
        }
        {
            let address = find("veo_version_string");
            api.veo_version_string = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn() -> *const ::std::os::raw::c_char>,
                >(address)
            };
        }
        {
            let address = find("veo_get_ve_arch");
            api.veo_get_ve_arch = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ve_node_number: ::std::os::raw::c_int,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_proc_create");
            api.veo_proc_create = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ve_node_number: ::std::os::raw::c_int,
                        ) -> *mut veo_proc_handle,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_proc_create_static");
            api.veo_proc_create_static = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ve_node_number: ::std::os::raw::c_int,
                            veorun: *const ::std::os::raw::c_char,
                        ) -> *mut veo_proc_handle,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_proc_destroy");
            api.veo_proc_destroy = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_proc_identifier");
            api.veo_proc_identifier = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_set_proc_identifier");
            api.veo_set_proc_identifier = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *mut ::std::os::raw::c_void,
                            proc_ident: ::std::os::raw::c_int,
                        ) -> *mut ::std::os::raw::c_void,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_load_library");
            api.veo_load_library = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            path: *const ::std::os::raw::c_char,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_unload_library");
            api.veo_unload_library = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            library: u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_sym");
            api.veo_get_sym = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            library: u64,
                            name: *const ::std::os::raw::c_char,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_alloc_mem");
            api.veo_alloc_mem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: *mut u64,
                            size: usize,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_free_mem");
            api.veo_free_mem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_read_mem");
            api.veo_read_mem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            dst: *mut ::std::os::raw::c_void,
                            src: u64,
                            size: usize,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_write_mem");
            api.veo_write_mem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            dst: u64,
                            src: *const ::std::os::raw::c_void,
                            size: usize,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_alloc_mem_async");
            api.veo_alloc_mem_async = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(ctx: *mut veo_thr_ctxt, size: usize) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_free_mem_async");
            api.veo_free_mem_async = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(ctx: *mut veo_thr_ctxt, addr: u64) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_async_read_mem");
            api.veo_async_read_mem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            dst: *mut ::std::os::raw::c_void,
                            src: u64,
                            size: usize,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_async_write_mem");
            api.veo_async_write_mem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            dst: u64,
                            src: *const ::std::os::raw::c_void,
                            size: usize,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_context_open");
            api.veo_context_open = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                        ) -> *mut veo_thr_ctxt,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_context_open_with_attr");
            api.veo_context_open_with_attr = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            attr: *mut veo_thr_ctxt_attr,
                        ) -> *mut veo_thr_ctxt,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_context_close");
            api.veo_context_close = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_context_state");
            api.veo_get_context_state = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_context_sync");
            api.veo_context_sync = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn(ctx: *mut veo_thr_ctxt)>,
                >(address)
            };
        }
        {
            let address = find("veo_num_contexts");
            api.veo_num_contexts = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_context");
            api.veo_get_context = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            index: ::std::os::raw::c_int,
                        ) -> *mut veo_thr_ctxt,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_alloc_thr_ctxt_attr");
            api.veo_alloc_thr_ctxt_attr = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn() -> *mut veo_thr_ctxt_attr>,
                >(address)
            };
        }
        {
            let address = find("veo_free_thr_ctxt_attr");
            api.veo_free_thr_ctxt_attr = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            attr: *mut veo_thr_ctxt_attr,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_set_thr_ctxt_stacksize");
            api.veo_set_thr_ctxt_stacksize = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            attr: *mut veo_thr_ctxt_attr,
                            size: usize,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_thr_ctxt_stacksize");
            api.veo_get_thr_ctxt_stacksize = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            attr: *mut veo_thr_ctxt_attr,
                            size: *mut usize,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_alloc");
            api.veo_args_alloc = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn() -> *mut veo_args>,
                >(address)
            };
        }
        {
            let address = find("veo_args_clear");
            api.veo_args_clear = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn(args: *mut veo_args)>,
                >(address)
            };
        }
        {
            let address = find("veo_args_free");
            api.veo_args_free = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn(args: *mut veo_args)>,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_i64");
            api.veo_args_set_i64 = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: i64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_u64");
            api.veo_args_set_u64 = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_i32");
            api.veo_args_set_i32 = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: i32,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_u32");
            api.veo_args_set_u32 = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: u32,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_i16");
            api.veo_args_set_i16 = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: i16,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_u16");
            api.veo_args_set_u16 = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: u16,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_i8");
            api.veo_args_set_i8 = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: i8,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_u8");
            api.veo_args_set_u8 = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: u8,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_double");
            api.veo_args_set_double = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: f64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_float");
            api.veo_args_set_float = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            value: f32,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_stack");
            api.veo_args_set_stack = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            intent: veo_args_intent,
                            index: ::std::os::raw::c_int,
                            buffer: *mut ::std::os::raw::c_char,
                            length: usize,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_args_set_hmem");
            api.veo_args_set_hmem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            index: ::std::os::raw::c_int,
                            addr: *mut ::std::os::raw::c_void,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_call_sync");
            api.veo_call_sync = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: u64,
                            args: *mut veo_args,
                            result: *mut u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_call_async");
            api.veo_call_async = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            addr: u64,
                            args: *mut veo_args,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_call_async_by_name");
            api.veo_call_async_by_name = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            library: u64,
                            name: *const ::std::os::raw::c_char,
                            args: *mut veo_args,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_call_async_vh");
            api.veo_call_async_vh = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            func: ::std::option::Option<
                                unsafe extern "C" fn(
                                    arg1: *mut ::std::os::raw::c_void,
                                ) -> u64,
                            >,
                            arg: *mut ::std::os::raw::c_void,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_call_peek_result");
            api.veo_call_peek_result = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            request: u64,
                            result: *mut u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_call_wait_result");
            api.veo_call_wait_result = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            request: u64,
                            result: *mut u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_req_block_begin");
            api.veo_req_block_begin = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn(ctx: *mut veo_thr_ctxt)>,
                >(address)
            };
        }
        {
            let address = find("veo_req_block_end");
            api.veo_req_block_end = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn(ctx: *mut veo_thr_ctxt)>,
                >(address)
            };
        }
        {
            let address = find("veo_alloc_hmem");
            api.veo_alloc_hmem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: *mut *mut ::std::os::raw::c_void,
                            size: usize,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_free_hmem");
            api.veo_free_hmem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *mut ::std::os::raw::c_void,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_hmemcpy");
            api.veo_hmemcpy = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            dst: *mut ::std::os::raw::c_void,
                            src: *const ::std::os::raw::c_void,
                            size: usize,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_venum_from_hmem");
            api.veo_get_venum_from_hmem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *const ::std::os::raw::c_void,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_pid_from_hmem");
            api.veo_get_pid_from_hmem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *const ::std::os::raw::c_void,
                        ) -> pid_t,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_proc_handle_from_hmem");
            api.veo_get_proc_handle_from_hmem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *const ::std::os::raw::c_void,
                        ) -> *mut veo_proc_handle,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_register_hook");
            api.veo_register_hook = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            func: *mut ::std::os::raw::c_void,
                            hook: ::std::option::Option<
                                unsafe extern "C" fn(arg1: *mut ::std::os::raw::c_void, ...),
                            >,
                            payload: *mut ::std::os::raw::c_void,
                        ),
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_get_hook");
            api.veo_get_hook = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            func: *mut ::std::os::raw::c_void,
                        ) -> *mut ::std::os::raw::c_void,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_unregister_hook");
            api.veo_unregister_hook = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn(func: *mut ::std::os::raw::c_void)>,
                >(address)
            };
        }
        {
            let address = find("veo_register_hmem_hook_functions");
            api.veo_register_hmem_hook_functions = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            alloc: ::std::option::Option<
                                unsafe extern "C" fn(
                                    arg1: *mut ::std::os::raw::c_void,
                                    arg2: usize,
                                ),
                            >,
                            free: ::std::option::Option<unsafe extern "C" fn(arg1: u64)>,
                        ),
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_unregister_hmem_hook_functions");
            api.veo_unregister_hmem_hook_functions = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn()>,
                >(address)
            };
        }
        {
            let address = find("veo_shared_mem_open");
            api.veo_shared_mem_open = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *mut ::std::os::raw::c_void,
                            size: usize,
                            syncnum: ::std::os::raw::c_int,
                            mode: ::std::os::raw::c_longlong,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_shared_mem_close");
            api.veo_shared_mem_close = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *mut ::std::os::raw::c_void,
                            size: usize,
                            syncnum: ::std::os::raw::c_int,
                            mode: ::std::os::raw::c_longlong,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_shared_mem_attach");
            api.veo_shared_mem_attach = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            owner: pid_t,
                            addr: *mut ::std::os::raw::c_void,
                            size: usize,
                            syncnum: ::std::os::raw::c_int,
                            mode: ::std::os::raw::c_longlong,
                        ) -> *mut ::std::os::raw::c_void,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_shared_mem_detach");
            api.veo_shared_mem_detach = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: *mut ::std::os::raw::c_void,
                            mode: ::std::os::raw::c_longlong,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_shmget");
            api.veo_shmget = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            key: key_t,
                            size: usize,
                            flags: ::std::os::raw::c_int,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_shmat");
            api.veo_shmat = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            id: ::std::os::raw::c_int,
                            addr: *const ::std::os::raw::c_void,
                            flags: ::std::os::raw::c_int,
                            vehva: *mut *mut ::std::os::raw::c_void,
                        ) -> *mut ::std::os::raw::c_void,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_shmdt");
            api.veo_shmdt = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: *const ::std::os::raw::c_void,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_dma_post");
            api.veo_dma_post = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            dst: u64,
                            src: u64,
                            size: ::std::os::raw::c_int,
                            handle: *mut ve_dma_handle_t,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_dma_poll");
            api.veo_dma_poll = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            handle: *mut ve_dma_handle_t,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_dma_post_wait");
            api.veo_dma_post_wait = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            dst: u64,
                            src: u64,
                            size: ::std::os::raw::c_int,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_register_mem_to_dmaatb");
            api.veo_register_mem_to_dmaatb = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            addr: *mut ::std::os::raw::c_void,
                            size: usize,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_unregister_mem_from_dmaatb");
            api.veo_unregister_mem_from_dmaatb = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_access_pcircvsyc_register");
            api.veo_access_pcircvsyc_register = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn(proc_: *mut veo_proc_handle)>,
                >(address)
            };
        }
        {
            let address = find("veo_emu_proc_create");
            api.veo_emu_proc_create = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ve_node_number: ::std::os::raw::c_int,
                            options: *const veo_emu_options,
                        ) -> *mut veo_proc_handle,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_load_library");
            api.veo_emu_load_library = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            path: *const ::std::os::raw::c_char,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_is_code");
            api.veo_emu_is_code = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_last_error");
            api.veo_emu_last_error = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            text: *mut ::std::os::raw::c_char,
                            size: usize,
                        ) -> usize,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_get_fault");
            api.veo_emu_get_fault = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            fault: *mut veo_emu_fault,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_get_report");
            api.veo_emu_get_report = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            text: *mut ::std::os::raw::c_char,
                            size: usize,
                        ) -> usize,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_args_set_result");
            api.veo_emu_args_set_result = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            args: *mut veo_args,
                            result: veo_emu_class,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_call_async");
            api.veo_emu_call_async = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            addr: u64,
                            words: *const u64,
                            classes: *const u64,
                            count: usize,
                            result: veo_emu_class,
                        ) -> u64,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_collect");
            api.veo_emu_collect = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            requests: *const u64,
                            count: usize,
                            nanoseconds: u64,
                            results: *mut veo_emu_result,
                        ) -> usize,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_wait_result_timeout");
            api.veo_emu_wait_result_timeout = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            request: u64,
                            result: *mut u64,
                            nanoseconds: u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_discard_result");
            api.veo_emu_discard_result = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            request: u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_get_guard");
            api.veo_emu_get_guard = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_describe_mem");
            api.veo_emu_describe_mem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: u64,
                            text: *const ::std::os::raw::c_char,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_map_mem");
            api.veo_emu_map_mem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            addr: u64,
                            size: usize,
                        ) -> *mut ::std::os::raw::c_void,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_unmap_mem");
            api.veo_emu_unmap_mem = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            place: *mut ::std::os::raw::c_void,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_kill");
            api.veo_emu_kill = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_pid");
            api.veo_emu_pid = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn(proc_: *mut veo_proc_handle) -> pid_t>,
                >(address)
            };
        }
        {
            let address = find("veo_emu_num_nodes");
            api.veo_emu_num_nodes = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<unsafe extern "C" fn() -> ::std::os::raw::c_int>,
                >(address)
            };
        }
        {
            let address = find("veo_emu_node_memory");
            api.veo_emu_node_memory = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ve_node_number: ::std::os::raw::c_int,
                            total: *mut u64,
                            available: *mut u64,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_node");
            api.veo_emu_node = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_core");
            api.veo_emu_core = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_machines");
            api.veo_emu_machines = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ve_node_number: ::std::os::raw::c_int,
                            machines: *mut u16,
                            count: usize,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_get_statistics");
            api.veo_emu_get_statistics = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            text: *mut ::std::os::raw::c_char,
                            size: usize,
                        ) -> usize,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_set_timed");
            api.veo_emu_set_timed = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            proc_: *mut veo_proc_handle,
                            timed: ::std::os::raw::c_int,
                        ) -> ::std::os::raw::c_int,
                    >,
                >(address)
            };
        }
        {
            let address = find("veo_emu_get_times");
            api.veo_emu_get_times = unsafe {
                ::std::mem::transmute::<
                    *const ::std::os::raw::c_void,
                    Option<
                        unsafe extern "C" fn(
                            ctx: *mut veo_thr_ctxt,
                            requests: *const u64,
                            count: usize,
                            times: *mut veo_emu_times,
                        ) -> usize,
                    >,
                >(address)
            };
        }
        api
    }
}
/// Hands the prototypes of all functions to a macro, in the order of
/// [`VeoApi::NAMES`](crate::ffi::VeoApi::NAMES): `fn name(parameter: type, ..) -> result;` each.
/// Their types are named as in this module.
#[macro_export]
macro_rules! for_each_function {
    ($macro:ident) => {
        $macro ! { fn veo_is_ve_addr(addr : * const ::std::os::raw::c_void) ->
        ::std::os::raw::c_int; fn veo_get_hmem_addr(addr : * mut ::std::os::raw::c_void)
        -> * mut ::std::os::raw::c_void; fn veo_get_max_proc_identifier() ->
        ::std::os::raw::c_int; fn veo_get_proc_identifier_from_hmem(addr : * const
        ::std::os::raw::c_void,) -> ::std::os::raw::c_int; fn veo_api_version() ->
        ::std::os::raw::c_int; fn veo_version_string() -> * const ::std::os::raw::c_char;
        fn veo_get_ve_arch(ve_node_number : ::std::os::raw::c_int) ->
        ::std::os::raw::c_int; fn veo_proc_create(ve_node_number : ::std::os::raw::c_int)
        -> * mut veo_proc_handle; fn veo_proc_create_static(ve_node_number :
        ::std::os::raw::c_int, veorun : * const ::std::os::raw::c_char,) -> * mut
        veo_proc_handle; fn veo_proc_destroy(proc_ : * mut veo_proc_handle) ->
        ::std::os::raw::c_int; fn veo_proc_identifier(proc_ : * mut veo_proc_handle) ->
        ::std::os::raw::c_int; fn veo_set_proc_identifier(addr : * mut
        ::std::os::raw::c_void, proc_ident : ::std::os::raw::c_int,) -> * mut
        ::std::os::raw::c_void; fn veo_load_library(proc_ : * mut veo_proc_handle, path :
        * const ::std::os::raw::c_char,) -> u64; fn veo_unload_library(proc_ : * mut
        veo_proc_handle, library : u64) -> ::std::os::raw::c_int; fn veo_get_sym(proc_ :
        * mut veo_proc_handle, library : u64, name : * const ::std::os::raw::c_char,) ->
        u64; fn veo_alloc_mem(proc_ : * mut veo_proc_handle, addr : * mut u64, size :
        usize,) -> ::std::os::raw::c_int; fn veo_free_mem(proc_ : * mut veo_proc_handle,
        addr : u64) -> ::std::os::raw::c_int; fn veo_read_mem(proc_ : * mut
        veo_proc_handle, dst : * mut ::std::os::raw::c_void, src : u64, size : usize,) ->
        ::std::os::raw::c_int; fn veo_write_mem(proc_ : * mut veo_proc_handle, dst : u64,
        src : * const ::std::os::raw::c_void, size : usize,) -> ::std::os::raw::c_int; fn
        veo_alloc_mem_async(ctx : * mut veo_thr_ctxt, size : usize) -> u64; fn
        veo_free_mem_async(ctx : * mut veo_thr_ctxt, addr : u64) -> u64; fn
        veo_async_read_mem(ctx : * mut veo_thr_ctxt, dst : * mut ::std::os::raw::c_void,
        src : u64, size : usize,) -> u64; fn veo_async_write_mem(ctx : * mut
        veo_thr_ctxt, dst : u64, src : * const ::std::os::raw::c_void, size : usize,) ->
        u64; fn veo_context_open(proc_ : * mut veo_proc_handle) -> * mut veo_thr_ctxt; fn
        veo_context_open_with_attr(proc_ : * mut veo_proc_handle, attr : * mut
        veo_thr_ctxt_attr,) -> * mut veo_thr_ctxt; fn veo_context_close(ctx : * mut
        veo_thr_ctxt) -> ::std::os::raw::c_int; fn veo_get_context_state(ctx : * mut
        veo_thr_ctxt) -> ::std::os::raw::c_int; fn veo_context_sync(ctx : * mut
        veo_thr_ctxt) -> (); fn veo_num_contexts(proc_ : * mut veo_proc_handle) ->
        ::std::os::raw::c_int; fn veo_get_context(proc_ : * mut veo_proc_handle, index :
        ::std::os::raw::c_int,) -> * mut veo_thr_ctxt; fn veo_alloc_thr_ctxt_attr() -> *
        mut veo_thr_ctxt_attr; fn veo_free_thr_ctxt_attr(attr : * mut veo_thr_ctxt_attr)
        -> ::std::os::raw::c_int; fn veo_set_thr_ctxt_stacksize(attr : * mut
        veo_thr_ctxt_attr, size : usize,) -> ::std::os::raw::c_int; fn
        veo_get_thr_ctxt_stacksize(attr : * mut veo_thr_ctxt_attr, size : * mut usize,)
        -> ::std::os::raw::c_int; fn veo_args_alloc() -> * mut veo_args; fn
        veo_args_clear(args : * mut veo_args) -> (); fn veo_args_free(args : * mut
        veo_args) -> (); fn veo_args_set_i64(args : * mut veo_args, index :
        ::std::os::raw::c_int, value : i64,) -> ::std::os::raw::c_int; fn
        veo_args_set_u64(args : * mut veo_args, index : ::std::os::raw::c_int, value :
        u64,) -> ::std::os::raw::c_int; fn veo_args_set_i32(args : * mut veo_args, index
        : ::std::os::raw::c_int, value : i32,) -> ::std::os::raw::c_int; fn
        veo_args_set_u32(args : * mut veo_args, index : ::std::os::raw::c_int, value :
        u32,) -> ::std::os::raw::c_int; fn veo_args_set_i16(args : * mut veo_args, index
        : ::std::os::raw::c_int, value : i16,) -> ::std::os::raw::c_int; fn
        veo_args_set_u16(args : * mut veo_args, index : ::std::os::raw::c_int, value :
        u16,) -> ::std::os::raw::c_int; fn veo_args_set_i8(args : * mut veo_args, index :
        ::std::os::raw::c_int, value : i8,) -> ::std::os::raw::c_int; fn
        veo_args_set_u8(args : * mut veo_args, index : ::std::os::raw::c_int, value :
        u8,) -> ::std::os::raw::c_int; fn veo_args_set_double(args : * mut veo_args,
        index : ::std::os::raw::c_int, value : f64,) -> ::std::os::raw::c_int; fn
        veo_args_set_float(args : * mut veo_args, index : ::std::os::raw::c_int, value :
        f32,) -> ::std::os::raw::c_int; fn veo_args_set_stack(args : * mut veo_args,
        intent : veo_args_intent, index : ::std::os::raw::c_int, buffer : * mut
        ::std::os::raw::c_char, length : usize,) -> ::std::os::raw::c_int; fn
        veo_args_set_hmem(args : * mut veo_args, index : ::std::os::raw::c_int, addr : *
        mut ::std::os::raw::c_void,) -> ::std::os::raw::c_int; fn veo_call_sync(proc_ : *
        mut veo_proc_handle, addr : u64, args : * mut veo_args, result : * mut u64,) ->
        ::std::os::raw::c_int; fn veo_call_async(ctx : * mut veo_thr_ctxt, addr : u64,
        args : * mut veo_args) -> u64; fn veo_call_async_by_name(ctx : * mut
        veo_thr_ctxt, library : u64, name : * const ::std::os::raw::c_char, args : * mut
        veo_args,) -> u64; fn veo_call_async_vh(ctx : * mut veo_thr_ctxt, func :
        ::std::option::Option < unsafe extern "C" fn (arg1 : * mut
        ::std::os::raw::c_void) -> u64 >, arg : * mut ::std::os::raw::c_void,) -> u64; fn
        veo_call_peek_result(ctx : * mut veo_thr_ctxt, request : u64, result : * mut
        u64,) -> ::std::os::raw::c_int; fn veo_call_wait_result(ctx : * mut veo_thr_ctxt,
        request : u64, result : * mut u64,) -> ::std::os::raw::c_int; fn
        veo_req_block_begin(ctx : * mut veo_thr_ctxt) -> (); fn veo_req_block_end(ctx : *
        mut veo_thr_ctxt) -> (); fn veo_alloc_hmem(proc_ : * mut veo_proc_handle, addr :
        * mut * mut ::std::os::raw::c_void, size : usize,) -> ::std::os::raw::c_int; fn
        veo_free_hmem(addr : * mut ::std::os::raw::c_void) -> ::std::os::raw::c_int; fn
        veo_hmemcpy(dst : * mut ::std::os::raw::c_void, src : * const
        ::std::os::raw::c_void, size : usize,) -> ::std::os::raw::c_int; fn
        veo_get_venum_from_hmem(addr : * const ::std::os::raw::c_void) ->
        ::std::os::raw::c_int; fn veo_get_pid_from_hmem(addr : * const
        ::std::os::raw::c_void) -> pid_t; fn veo_get_proc_handle_from_hmem(addr : * const
        ::std::os::raw::c_void,) -> * mut veo_proc_handle; fn veo_register_hook(func : *
        mut ::std::os::raw::c_void, hook : ::std::option::Option < unsafe extern "C" fn
        (arg1 : * mut ::std::os::raw::c_void, ...) >, payload : * mut
        ::std::os::raw::c_void,) -> (); fn veo_get_hook(func : * mut
        ::std::os::raw::c_void) -> * mut ::std::os::raw::c_void; fn
        veo_unregister_hook(func : * mut ::std::os::raw::c_void) -> (); fn
        veo_register_hmem_hook_functions(alloc : ::std::option::Option < unsafe extern
        "C" fn (arg1 : * mut ::std::os::raw::c_void, arg2 : usize), >, free :
        ::std::option::Option < unsafe extern "C" fn (arg1 : u64) >,) -> (); fn
        veo_unregister_hmem_hook_functions() -> (); fn veo_shared_mem_open(addr : * mut
        ::std::os::raw::c_void, size : usize, syncnum : ::std::os::raw::c_int, mode :
        ::std::os::raw::c_longlong,) -> ::std::os::raw::c_int; fn
        veo_shared_mem_close(addr : * mut ::std::os::raw::c_void, size : usize, syncnum :
        ::std::os::raw::c_int, mode : ::std::os::raw::c_longlong,) ->
        ::std::os::raw::c_int; fn veo_shared_mem_attach(proc_ : * mut veo_proc_handle,
        owner : pid_t, addr : * mut ::std::os::raw::c_void, size : usize, syncnum :
        ::std::os::raw::c_int, mode : ::std::os::raw::c_longlong,) -> * mut
        ::std::os::raw::c_void; fn veo_shared_mem_detach(proc_ : * mut veo_proc_handle,
        addr : * mut ::std::os::raw::c_void, mode : ::std::os::raw::c_longlong,) ->
        ::std::os::raw::c_int; fn veo_shmget(proc_ : * mut veo_proc_handle, key : key_t,
        size : usize, flags : ::std::os::raw::c_int,) -> ::std::os::raw::c_int; fn
        veo_shmat(proc_ : * mut veo_proc_handle, id : ::std::os::raw::c_int, addr : *
        const ::std::os::raw::c_void, flags : ::std::os::raw::c_int, vehva : * mut * mut
        ::std::os::raw::c_void,) -> * mut ::std::os::raw::c_void; fn veo_shmdt(proc_ : *
        mut veo_proc_handle, addr : * const ::std::os::raw::c_void,) ->
        ::std::os::raw::c_int; fn veo_dma_post(proc_ : * mut veo_proc_handle, dst : u64,
        src : u64, size : ::std::os::raw::c_int, handle : * mut ve_dma_handle_t,) ->
        ::std::os::raw::c_int; fn veo_dma_poll(proc_ : * mut veo_proc_handle, handle : *
        mut ve_dma_handle_t,) -> ::std::os::raw::c_int; fn veo_dma_post_wait(proc_ : *
        mut veo_proc_handle, dst : u64, src : u64, size : ::std::os::raw::c_int,) ->
        ::std::os::raw::c_int; fn veo_register_mem_to_dmaatb(addr : * mut
        ::std::os::raw::c_void, size : usize) -> u64; fn
        veo_unregister_mem_from_dmaatb(proc_ : * mut veo_proc_handle, addr : u64,) ->
        ::std::os::raw::c_int; fn veo_access_pcircvsyc_register(proc_ : * mut
        veo_proc_handle) -> (); fn veo_emu_proc_create(ve_node_number :
        ::std::os::raw::c_int, options : * const veo_emu_options,) -> * mut
        veo_proc_handle; fn veo_emu_load_library(proc_ : * mut veo_proc_handle, path : *
        const ::std::os::raw::c_char,) -> u64; fn veo_emu_is_code(proc_ : * mut
        veo_proc_handle, addr : u64) -> ::std::os::raw::c_int; fn veo_emu_last_error(text
        : * mut ::std::os::raw::c_char, size : usize) -> usize; fn
        veo_emu_get_fault(proc_ : * mut veo_proc_handle, fault : * mut veo_emu_fault,) ->
        ::std::os::raw::c_int; fn veo_emu_get_report(proc_ : * mut veo_proc_handle, text
        : * mut ::std::os::raw::c_char, size : usize,) -> usize; fn
        veo_emu_args_set_result(args : * mut veo_args, result : veo_emu_class,) ->
        ::std::os::raw::c_int; fn veo_emu_call_async(ctx : * mut veo_thr_ctxt, addr :
        u64, words : * const u64, classes : * const u64, count : usize, result :
        veo_emu_class,) -> u64; fn veo_emu_collect(ctx : * mut veo_thr_ctxt, requests : *
        const u64, count : usize, nanoseconds : u64, results : * mut veo_emu_result,) ->
        usize; fn veo_emu_wait_result_timeout(ctx : * mut veo_thr_ctxt, request : u64,
        result : * mut u64, nanoseconds : u64,) -> ::std::os::raw::c_int; fn
        veo_emu_discard_result(ctx : * mut veo_thr_ctxt, request : u64) ->
        ::std::os::raw::c_int; fn veo_emu_get_guard(proc_ : * mut veo_proc_handle) ->
        ::std::os::raw::c_int; fn veo_emu_describe_mem(proc_ : * mut veo_proc_handle,
        addr : u64, text : * const ::std::os::raw::c_char,) -> ::std::os::raw::c_int; fn
        veo_emu_map_mem(proc_ : * mut veo_proc_handle, addr : u64, size : usize,) -> *
        mut ::std::os::raw::c_void; fn veo_emu_unmap_mem(place : * mut
        ::std::os::raw::c_void) -> ::std::os::raw::c_int; fn veo_emu_kill(proc_ : * mut
        veo_proc_handle) -> ::std::os::raw::c_int; fn veo_emu_pid(proc_ : * mut
        veo_proc_handle) -> pid_t; fn veo_emu_num_nodes() -> ::std::os::raw::c_int; fn
        veo_emu_node_memory(ve_node_number : ::std::os::raw::c_int, total : * mut u64,
        available : * mut u64,) -> ::std::os::raw::c_int; fn veo_emu_node(proc_ : * mut
        veo_proc_handle) -> ::std::os::raw::c_int; fn veo_emu_core(proc_ : * mut
        veo_proc_handle) -> ::std::os::raw::c_int; fn veo_emu_machines(ve_node_number :
        ::std::os::raw::c_int, machines : * mut u16, count : usize,) ->
        ::std::os::raw::c_int; fn veo_emu_get_statistics(proc_ : * mut veo_proc_handle,
        text : * mut ::std::os::raw::c_char, size : usize,) -> usize; fn
        veo_emu_set_timed(proc_ : * mut veo_proc_handle, timed : ::std::os::raw::c_int,)
        -> ::std::os::raw::c_int; fn veo_emu_get_times(ctx : * mut veo_thr_ctxt, requests
        : * const u64, count : usize, times : * mut veo_emu_times,) -> usize; }
    };
}
