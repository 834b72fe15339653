//! The facts that both processes share: the layout of shared memory and of messages, and the
//! protocol by which they wake each other.
//!
//! Everything here is read as if an enemy had written it: words are atomics, read
//! once and checked before use.

pub(crate) mod class;
pub(crate) mod code;
pub(crate) mod control;
pub(crate) mod fpe;
pub(crate) mod guard;
pub(crate) mod handshake;
pub(crate) mod machine_options;
pub(crate) mod message;
pub(crate) mod parcel;
pub(crate) mod ring;
#[cfg(test)]
mod ring_tests;
pub(crate) mod shown;
pub(crate) mod slot;
mod text;
pub(crate) mod wait;
pub(crate) mod window;
