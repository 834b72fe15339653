//! Every function of the libveo interface under its C name.
//!
//! Each hands its arguments on to the function of the same name in `veo-emu`, some
//! by way of [`crate::hooks`] and [`crate::reasons`].

// The list writes its types with these names.
use veo_abi::ffi::*;
use veo_emu::Uncancelled;

use crate::cancel::has_points;

/// Where each export goes: the emulator, unless a name is defined here.
mod target {
    pub(super) use crate::hooks::{veo_get_hook, veo_register_hook, veo_unregister_hook};
    pub(super) use crate::reasons::{
        veo_context_open, veo_context_open_with_attr, veo_emu_last_error, veo_emu_num_nodes,
        veo_emu_proc_create, veo_load_library, veo_proc_create, veo_proc_create_static,
    };
    pub(super) use veo_emu::libveo::*;
}

macro_rules! export {
    ($(fn $name:ident($($parameter:ident: $ty:ty),* $(,)?) -> $result:ty;)*) => {
        $(
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $name($($parameter: $ty),*) -> $result {
                let _held = const { has_points(stringify!($name)) }.then(Uncancelled::new);
                // SAFETY: the target is the same function of the same interface, so
                // what our caller promised is what it asks for.
                unsafe { target::$name($($parameter),*) }
            }
        )*

        /// Each export with the function of the emulator behind it.
        pub(crate) static PAIRS: &[Pair] = &[$(Pair {
            name: concat!(stringify!($name), "\0"),
            export: $name as *const (),
            emulator: veo_emu::libveo::$name as *const (),
        }),*];
    };
}

/// A function of the interface, as a C program and as the emulator know it.
pub(crate) struct Pair {
    /// C name, with a terminating NUL.
    pub(crate) name: &'static str,
    pub(crate) export: *const (),
    pub(crate) emulator: *const (),
}

// SAFETY: the pointers are addresses of functions, the same on every thread.
unsafe impl Sync for Pair {}

veo_abi::for_each_function!(export);
