//! Kernels that fail, each in another way (`kernels/faults.c`).

use veo_core::ve_kernel;

#[ve_kernel(lib = "libvefaults.so")]
unsafe extern "C" {
    /// Writes to an address without memory.
    pub safe fn crash_segv();

    /// Calls `abort`.
    pub safe fn crash_abort();

    /// Divides integers. The tests pass zero as the divisor.
    pub safe fn crash_divide(a: i64, zero: i64) -> i64;

    /// Raises a signal.
    pub safe fn crash_signal(number: i32);

    /// Recurses until the stack is full.
    pub safe fn crash_stack(depth: i64) -> i64;

    /// Calls `exit`.
    pub safe fn leave(status: i32);

    /// Calls `_exit`.
    pub safe fn leave_at_once(status: i32);

    /// This never returns.
    pub safe fn run_forever();

    /// The process ID that the VE process has for itself.
    pub safe fn own_pid() -> i64;
}
