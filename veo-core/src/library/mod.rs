//! Libraries and functions that a program looks up by itself, as tools do.

mod convert;
mod declared;
mod find;
mod function;
mod loaded;
mod typed;
mod value;

pub use function::{Arguments, VeoFunction};
pub use loaded::VeoLibrary;
pub use typed::{FnType, TypedArguments, TypedFunction};
pub use value::{Value, ValueKind};
