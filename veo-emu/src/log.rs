//! Messages on standard error: the steps of the library, if `VEO_LOG_DEBUG` is set, and warnings
//! for its user in any case.

use std::sync::OnceLock;

use veo_abi::environment::VEO_LOG_DEBUG;

/// Whether `VEO_LOG_DEBUG` asks for messages.
pub(crate) fn enabled() -> bool {
    static ENABLED: OnceLock<bool> = OnceLock::new();
    *ENABLED.get_or_init(|| VEO_LOG_DEBUG.text().is_some_and(|text| text.trim() != "0"))
}

/// Writes a message if `VEO_LOG_DEBUG` asks for it.
macro_rules! debug {
    ($($argument:tt)*) => {
        if $crate::log::enabled() {
            // `eprintln!` would panic where standard error is a closed pipe.
            let _ = ::std::io::Write::write_fmt(
                &mut ::std::io::stderr(),
                format_args!("[veo-emu] {}\n", format_args!($($argument)*)),
            );
        }
    };
}
pub(crate) use debug;

/// Warns the user, the first time that this place is reached.
macro_rules! warn_once {
    ($($argument:tt)*) => {{
        static TOLD: ::std::sync::Once = ::std::sync::Once::new();
        TOLD.call_once(|| {
            // As above.
            let _ = ::std::io::Write::write_fmt(
                &mut ::std::io::stderr(),
                format_args!("veo-emu: {}\n", format_args!($($argument)*)),
            );
        });
    }};
}
pub(crate) use warn_once;
