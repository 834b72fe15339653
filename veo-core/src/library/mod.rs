//! Libraries and functions that a program looks up by itself, as tools do.

mod find;
mod function;
mod loaded;
mod typed;
mod types;
mod value;

pub(crate) use find::{function_of_any, function_of_kernel};
pub use function::{Arguments, VeoFunction};
pub use loaded::{Symbol, SymbolKind, VeoLibrary};
pub use typed::{FnType, TypedArguments, TypedFunction};
pub use value::{Value, ValueKind};
