//! What the library does, told on the standard error if `VEO_LOG_DEBUG` is set; and
//! what its user has to know, told there in any case.

use std::sync::OnceLock;

use veo_abi::environment::VEO_LOG_DEBUG;

/// Whether to tell.
pub(crate) fn enabled() -> bool {
    static ENABLED: OnceLock<bool> = OnceLock::new();
    *ENABLED.get_or_init(|| VEO_LOG_DEBUG.text().is_some_and(|text| text.trim() != "0"))
}

/// Tells something, if somebody wants to know.
macro_rules! debug {
    ($($argument:tt)*) => {
        if $crate::log::enabled() {
            // Not `eprintln!`: it panics where standard error is a closed pipe.
            let _ = ::std::io::Write::write_fmt(
                &mut ::std::io::stderr(),
                format_args!("[veo-emu] {}\n", format_args!($($argument)*)),
            );
        }
    };
}
pub(crate) use debug;

/// Tells the user something, the first time that it is reached.
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
