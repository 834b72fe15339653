//! The C symbols of libveo, for the static library that becomes `libveo.so.1`.
//!
//! `exports` defines every function of the interface from the one list of
//! them, [`veo_abi::for_each_function`]; `hooks` translates the addresses of functions
//! that three of them take, `reasons` those that print why they failed, `exit` what
//! happens when the program exits, `threads` what happens when a thread does, and
//! `cancel` what when one is cancelled. Nothing else may be added here: what the functions
//! do is the business of `veo-emu`.

mod cancel;
mod exit;
mod exports;
mod hooks;
mod reasons;
mod threads;
