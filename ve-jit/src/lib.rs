//! Machine code of NEC's Vector Engine at the speed of compiled code: regions that run often are translated to code of the host by
//! Cranelift.
//!
//! Programs let people choose by [`EngineChoice`]. That is all there is without the feature `cranelift`. With it, [`Cranelift`] is a [`Translator`](ve_isa::interp::Translator) for a machine of
//! `ve_isa`, which decides what is worth it and runs the code.
//!
//! - `region`: which instructions are translated together.
//! - `operation`: what operations do to registers.
//! - `live`: which registers are needed and which stored, and where.
//! - `tested`: which accesses have their address compared with the window.
//! - `doubles`: which registers are kept as floats.
//! - `function`: registers of a function of the host, and how it ends.
//! - `integer`, `float`, `memory`, `control`: what instructions become.
//! - `compiler`: a region to code of the host.
//! - `engine`: which engine executes machine code.
// The names that the text above links to are missing then.
#![cfg_attr(not(feature = "cranelift"), allow(rustdoc::broken_intra_doc_links))]

#[cfg(feature = "cranelift")]
mod compiler;
#[cfg(feature = "cranelift")]
mod control;
#[cfg(feature = "cranelift")]
mod doubles;
mod engine;
#[cfg(feature = "cranelift")]
mod float;
#[cfg(feature = "cranelift")]
mod function;
#[cfg(feature = "cranelift")]
mod integer;
#[cfg(feature = "cranelift")]
mod live;
#[cfg(feature = "cranelift")]
mod memory;
#[cfg(feature = "cranelift")]
mod operation;
#[cfg(feature = "cranelift")]
mod region;
#[cfg(feature = "cranelift")]
mod tested;

#[cfg(feature = "cranelift")]
pub use compiler::{Cranelift, NoCompiler};
pub use engine::EngineChoice;
