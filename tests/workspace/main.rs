//! The repository as a whole: what its documents, examples, generated files and modules
//! promise, and how its test programs begin.

use veo_test_support as _;

mod average;
mod bindings;
mod environment;
mod examples;
mod inherited;
mod modules;
mod readme;
