//! `veo-build`: its command lines and messages with stand-ins for NEC's tools, and whole builds by Cargo.

use veo_tests as _;

mod application;
mod cached;
mod cargo;
mod commands;
mod failures;
mod files;
mod host;
mod languages;
mod linking;
mod llvm;
mod new_files;
mod notes;
mod package;
mod real;
mod rebuilds;
mod recording;
mod static_veorun;
mod targets;
