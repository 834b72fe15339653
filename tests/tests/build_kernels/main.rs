//! `veo-build`: its command lines and messages with stand-ins for NEC's tools, and whole builds by Cargo.

mod cargo;
mod commands;
mod failures;
mod real;
mod rebuilds;
mod recording;
