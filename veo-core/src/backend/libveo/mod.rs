//! NEC's library: how it is found, and its use as if it had the functions of `veo_emu.h` and
//! none of its traps.

mod bare;
mod children;
mod exit;
mod load;
mod nodes;
mod on_host;

pub(super) use bare::Bare;
pub(super) use load::{check_privileges, load};
pub(super) use nodes::card;
