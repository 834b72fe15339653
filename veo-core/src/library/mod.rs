//! Libraries and functions that a program looks up by itself, as tools do.

mod convert;
mod declared;
mod find;
mod function;
mod loaded;
mod symbols;
mod typed;
mod types;
mod value;

pub use function::{Arguments, VeoFunction};
pub use loaded::VeoLibrary;
pub use symbols::{Symbol, SymbolKind};
pub use typed::{FnType, TypedArguments, TypedFunction};
pub use value::{Value, ValueKind};
