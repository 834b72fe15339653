//! The headers that kernels may include and that no compiler brings along.

use crate::Result;
use crate::context::{self, Context};

/// A C library's functions for LLVM's VE compiler, which comes without any: declarations of what whoever runs the
/// code provides. Used after all other directories, so that NEC's headers win where they are installed.
const LIBC: [(&str, &str); 14] = [
    ("assert.h", include_str!("../libc/assert.h")),
    ("complex.h", include_str!("../libc/complex.h")),
    ("ctype.h", include_str!("../libc/ctype.h")),
    ("errno.h", include_str!("../libc/errno.h")),
    ("inttypes.h", include_str!("../libc/inttypes.h")),
    ("math.h", include_str!("../libc/math.h")),
    ("signal.h", include_str!("../libc/signal.h")),
    ("stdio.h", include_str!("../libc/stdio.h")),
    ("stdlib.h", include_str!("../libc/stdlib.h")),
    ("string.h", include_str!("../libc/string.h")),
    ("sys/time.h", include_str!("../libc/sys/time.h")),
    ("sys/types.h", include_str!("../libc/sys/types.h")),
    ("time.h", include_str!("../libc/time.h")),
    ("unistd.h", include_str!("../libc/unistd.h")),
];

/// The directory below `OUT_DIR/veo` of the interface's headers (`veo_ve.h`, `veo_hmem.h`).
pub(crate) const INTERFACE_DIR: &str = "include";
/// The directory below `OUT_DIR/veo` of the C library's headers.
pub(crate) const LIBC_DIR: &str = "libc";

/// Writes the headers.
pub(crate) fn write(context: &Context) -> Result<()> {
    let interface = veo_abi::headers::HEADERS
        .iter()
        .map(|header| (INTERFACE_DIR, header));
    let libc = LIBC.iter().map(|header| (LIBC_DIR, header));
    for (dir, (name, text)) in interface.chain(libc) {
        context::write_if_changed(&context.out.join(dir).join(name), text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::LIBC;

    #[test]
    fn no_header_is_left_out() {
        let listed = LIBC.len();
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/libc");
        let count = |dir: &str| {
            std::fs::read_dir(dir)
                .unwrap()
                .filter(|e| e.as_ref().unwrap().path().is_file())
                .count()
        };
        assert_eq!(listed, count(dir) + count(&format!("{dir}/sys")));
    }
}
