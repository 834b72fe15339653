//! The command `veo` as its users see it: what it prints for people and as JSON, how it ends.
//!
//! What is printed is compared with the files of `expected`; `VEO_BLESS=1 cargo test -p veo-cli --test command` writes them anew.
//! All JSON is held against `schema.json` besides.
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
