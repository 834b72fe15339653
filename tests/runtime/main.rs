//! A VE from a program's side at run time: calls, transfers, faults, ends, and the programs that
//! it is started from.

use veo_test_support as _;

mod addresses;
mod arguments;
mod fault_reports;
mod faults;
mod guard;
mod host_death;
mod limits;
mod nodes;
mod output;
mod own_program;
mod privileges;
mod py_veo;
mod transfers;
