//! The C symbols of libveo, for the static library that becomes `libveo.so.1`.
//!
//! - `exports` defines every function of the interface from the list
//!   [`veo_abi::for_each_function`].
//! - `hooks` translates addresses of functions, which three functions take.
//! - `reasons` has the functions that print why they failed.
//! - `exit` runs when the program exits, `threads` when a thread exits.
//! - `cancel` says what happens when a thread is cancelled.
//!
//! Nothing else belongs here: `veo-emu` implements the functions.

mod cancel;
mod exit;
mod exports;
mod hooks;
mod reasons;
mod threads;
