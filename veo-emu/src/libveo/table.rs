//! The table that holds them all, from the interface's one list of functions.

use veo_abi::ffi::VeoApi;

macro_rules! table {
    ($(fn $name:ident($($parameter:ident: $ty:ty),* $(,)?) -> $result:ty;)*) => {
        /// Every function of the interface. One that is missing here does not compile.
        pub(crate) static API: VeoApi = VeoApi {
            $($name: Some(super::$name),)*
        };
    };
}

veo_abi::for_each_function!(table);
