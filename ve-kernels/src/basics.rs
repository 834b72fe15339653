//! Small kernels that show one thing each (`kernels/basics.c`).

use veo_core::ve_kernel;

#[ve_kernel(lib = "libvebasics.so")]
unsafe extern "C" {
    /// Adds to the library's global variable `counter`, which starts at 100. Returns the
    /// new value.
    pub safe fn bump(by: i64) -> i64;

    /// The sum of eight integers.
    pub safe fn add_up(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64) -> i64;

    /// The sum of `n` values.
    pub safe fn sum(x: *const f64, n: i64) -> f64;

    /// `y[i] = a * x[i] + y[i]` for `n` elements.
    #[ve_kernel(requires(n >= 0, x.len() >= n, y.len() >= n))]
    pub safe fn axpy(n: i64, a: f64, x: *const f64, y: *mut f64);

    /// Fills `n` elements with `first`, `first + step`, ...
    pub safe fn fill(x: *mut f64, n: i64, first: f64, step: f64);

    /// Prints a text unchanged to standard output. Returns its length.
    pub safe fn say(text: *const core::ffi::c_char) -> i32;

    /// Prints a text unchanged to standard error. Returns its length.
    pub safe fn complain(text: *const core::ffi::c_char) -> i32;

    /// Reads one word from the given address.
    pub safe fn peek_word(address: u64) -> u64;

    /// Writes one word to the given address.
    pub safe fn poke_word(address: u64, word: u64);

    /// Keeps its context busy for some milliseconds. Returns the number of rounds.
    pub safe fn busy(milliseconds: u64) -> u64;
}
