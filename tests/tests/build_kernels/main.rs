//! `veo-build`: its command lines and messages with stand-ins for NEC's tools, and whole builds by Cargo.

mod commands;
mod failures;
mod rebuilds;
mod recording;
