//! NEC's library: how it is found, and what its use takes beyond its interface.

pub(crate) mod children;
pub(crate) mod exit;
mod load;
mod on_host;
mod short_path;

pub(crate) use load::cards;
pub(super) use load::{card, check_privileges, load};
pub(crate) use on_host::OnHost;
pub(crate) use short_path::{LONGEST, Shortened};
