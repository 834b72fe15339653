//! `veo-build`: its command lines and messages with stand-ins for NEC's tools, whole builds by Cargo,
//! what `import_header` makes of a header, and the library that the build of `veo-emu` makes.

use veo_test_support as _;

mod application;
mod cached;
mod cargo;
mod commands;
mod failures;
mod files;
mod guarded;
mod host;
mod import_header;
mod installed_compilers;
mod languages;
mod linking;
mod llvm;
mod new_files;
mod notes;
mod package;
mod rebuilds;
mod recording;
mod sanitizers;
mod shim_flags;
mod static_veorun;
mod targets;
mod ve_linker;
