//! The command `veo` as its users see it: its output for people and as JSON, and its status.
//!
//! The output is compared with the files of `expected`; `VEO_BLESS=1 cargo test -p veo-cli --test command` writes them anew.
//! `schema.json` must allow all JSON as well.
#![cfg(target_os = "linux")]

mod call;
mod check;
mod declare;
mod doctor;
mod files;
mod nodes;
mod support;
mod symbols;
mod usage;

use veo_test_support as _;
