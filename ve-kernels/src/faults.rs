//! Kernels that go wrong, each in its own way (`kernels/faults.c`).

use veo_core::ve_kernel;

#[ve_kernel(lib = "libvefaults.so")]
unsafe extern "C" {
    /// Writes to an address where nothing is.
    pub safe fn crash_segv();

    /// Calls `abort`.
    pub safe fn crash_abort();

    /// An integer division by the zero that it is given.
    pub safe fn crash_divide(a: i64, zero: i64) -> i64;

    /// Raises a signal.
    pub safe fn crash_signal(number: i32);

    /// Recursion until the stack is full.
    pub safe fn crash_stack(depth: i64) -> i64;

    /// Calls `exit`.
    pub safe fn leave(status: i32);

    /// Calls `_exit`.
    pub safe fn leave_at_once(status: i32);

    /// Never returns.
    pub safe fn run_forever();

    /// The number of the VE process as it sees itself.
    pub safe fn own_pid() -> i64;
}
