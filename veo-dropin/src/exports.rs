//! Every function of the libveo interface under its C name.
//!
//! Each passes its arguments on to the function with the same name in `veo-emu`, some
//! through [`crate::hooks`] and [`crate::reasons`].

// The list writes its types with these names.
use veo_abi::ffi::*;
use veo_emu::Uncancelled;

use crate::cancel::has_points;
use crate::hooks::Export;

/// The targets of the exports. A name that is not defined here is the emulator's function.
mod target {
    use std::os::raw::c_void;

    use super::EXPORTS;
    use crate::hooks::translate;
    pub(super) use crate::reasons::{
        veo_context_open, veo_context_open_with_attr, veo_emu_last_error, veo_emu_num_nodes,
        veo_emu_proc_create, veo_load_library, veo_proc_create, veo_proc_create_static,
    };
    pub(super) use veo_emu::libveo::*;

    pub(super) unsafe extern "C" fn veo_register_hook(
        func: *mut c_void,
        hook: Option<unsafe extern "C" fn(*mut c_void, ...)>,
        payload: *mut c_void,
    ) {
        // SAFETY: passed on with the caller's promise; `func` is only compared.
        unsafe { veo_emu::libveo::veo_register_hook(translate(func, EXPORTS), hook, payload) }
    }

    pub(super) unsafe extern "C" fn veo_get_hook(func: *mut c_void) -> *mut c_void {
        // SAFETY: as above.
        unsafe { veo_emu::libveo::veo_get_hook(translate(func, EXPORTS)) }
    }

    pub(super) unsafe extern "C" fn veo_unregister_hook(func: *mut c_void) {
        // SAFETY: as above.
        unsafe { veo_emu::libveo::veo_unregister_hook(translate(func, EXPORTS)) }
    }
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
        static EXPORTS: &[Export] = &[$(Export {
            name: concat!(stringify!($name), "\0"),
            export: $name as *const (),
            emulator: veo_emu::libveo::$name as *const (),
        }),*];
    };
}

veo_abi::for_each_function!(export);
