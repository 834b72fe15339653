//! Ends the library when its program exits.

/// Runs after the program's own exit handlers and destructors, which may still use
/// the library.
extern "C" fn at_exit() {
    // A panic here must not stop the exit.
    let _ = std::panic::catch_unwind(veo_emu::libveo::destroy_all_at_exit);
}

/// The linker gets this name as an undefined symbol. Otherwise it would leave the object out.
// SAFETY: the loader calls the functions of this section once, without arguments that
// matter, when the program exits; the name is no one else's and is not exported.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".fini_array")]
#[used]
static VEO_DROPIN_AT_EXIT: extern "C" fn() = at_exit;
