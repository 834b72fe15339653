//! Prototypes read from debug information, and declarations compared with them, for every compiler that is there.

use veo_test_support as _;

mod c;
mod cases;
mod compilers;
mod crafted;
mod damage;
mod extents;
mod files;
mod forms;
mod fortran;
mod old_style;
mod pointers;
mod random;
mod structs;
mod types;
mod unusual_types;
mod wrong_declarations;
