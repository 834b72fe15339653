//! Headers for kernels that no compiler provides.

use crate::Result;
use crate::context::{self, Context};

/// Declarations of the C library for LLVM's VE compiler, which has no C library. The functions come from
/// the program that runs the code. The compiler searches these headers last, so that NEC's headers win if they are installed.
const LIBC: [(&str, &str); 73] = [
    ("alloca.h", include_str!("../libc/alloca.h")),
    ("arpa/inet.h", include_str!("../libc/arpa/inet.h")),
    ("assert.h", include_str!("../libc/assert.h")),
    ("byteswap.h", include_str!("../libc/byteswap.h")),
    ("complex.h", include_str!("../libc/complex.h")),
    ("ctype.h", include_str!("../libc/ctype.h")),
    ("dirent.h", include_str!("../libc/dirent.h")),
    ("dlfcn.h", include_str!("../libc/dlfcn.h")),
    ("endian.h", include_str!("../libc/endian.h")),
    ("err.h", include_str!("../libc/err.h")),
    ("errno.h", include_str!("../libc/errno.h")),
    ("error.h", include_str!("../libc/error.h")),
    ("execinfo.h", include_str!("../libc/execinfo.h")),
    ("fcntl.h", include_str!("../libc/fcntl.h")),
    ("features.h", include_str!("../libc/features.h")),
    ("fenv.h", include_str!("../libc/fenv.h")),
    ("fnmatch.h", include_str!("../libc/fnmatch.h")),
    ("ftw.h", include_str!("../libc/ftw.h")),
    ("getopt.h", include_str!("../libc/getopt.h")),
    ("glob.h", include_str!("../libc/glob.h")),
    ("grp.h", include_str!("../libc/grp.h")),
    ("iconv.h", include_str!("../libc/iconv.h")),
    ("inttypes.h", include_str!("../libc/inttypes.h")),
    ("langinfo.h", include_str!("../libc/langinfo.h")),
    ("libgen.h", include_str!("../libc/libgen.h")),
    ("limits.h", include_str!("../libc/limits.h")),
    ("locale.h", include_str!("../libc/locale.h")),
    ("malloc.h", include_str!("../libc/malloc.h")),
    ("math.h", include_str!("../libc/math.h")),
    ("memory.h", include_str!("../libc/memory.h")),
    ("netinet/in.h", include_str!("../libc/netinet/in.h")),
    ("poll.h", include_str!("../libc/poll.h")),
    ("pthread.h", include_str!("../libc/pthread.h")),
    ("pwd.h", include_str!("../libc/pwd.h")),
    ("regex.h", include_str!("../libc/regex.h")),
    ("sched.h", include_str!("../libc/sched.h")),
    ("search.h", include_str!("../libc/search.h")),
    ("semaphore.h", include_str!("../libc/semaphore.h")),
    ("setjmp.h", include_str!("../libc/setjmp.h")),
    ("signal.h", include_str!("../libc/signal.h")),
    ("spawn.h", include_str!("../libc/spawn.h")),
    ("stdio.h", include_str!("../libc/stdio.h")),
    ("stdlib.h", include_str!("../libc/stdlib.h")),
    ("string.h", include_str!("../libc/string.h")),
    ("strings.h", include_str!("../libc/strings.h")),
    ("sys/cdefs.h", include_str!("../libc/sys/cdefs.h")),
    ("sys/file.h", include_str!("../libc/sys/file.h")),
    ("sys/ioctl.h", include_str!("../libc/sys/ioctl.h")),
    ("sys/mman.h", include_str!("../libc/sys/mman.h")),
    ("sys/param.h", include_str!("../libc/sys/param.h")),
    ("sys/poll.h", include_str!("../libc/sys/poll.h")),
    ("sys/random.h", include_str!("../libc/sys/random.h")),
    ("sys/resource.h", include_str!("../libc/sys/resource.h")),
    ("sys/select.h", include_str!("../libc/sys/select.h")),
    ("sys/stat.h", include_str!("../libc/sys/stat.h")),
    ("sys/statvfs.h", include_str!("../libc/sys/statvfs.h")),
    ("sys/syscall.h", include_str!("../libc/sys/syscall.h")),
    ("sys/sysinfo.h", include_str!("../libc/sys/sysinfo.h")),
    ("sys/time.h", include_str!("../libc/sys/time.h")),
    ("sys/times.h", include_str!("../libc/sys/times.h")),
    ("sys/types.h", include_str!("../libc/sys/types.h")),
    ("sys/uio.h", include_str!("../libc/sys/uio.h")),
    ("sys/utsname.h", include_str!("../libc/sys/utsname.h")),
    ("sys/wait.h", include_str!("../libc/sys/wait.h")),
    ("syscall.h", include_str!("../libc/syscall.h")),
    ("sysexits.h", include_str!("../libc/sysexits.h")),
    ("threads.h", include_str!("../libc/threads.h")),
    ("time.h", include_str!("../libc/time.h")),
    ("uchar.h", include_str!("../libc/uchar.h")),
    ("unistd.h", include_str!("../libc/unistd.h")),
    ("utime.h", include_str!("../libc/utime.h")),
    ("wchar.h", include_str!("../libc/wchar.h")),
    ("wctype.h", include_str!("../libc/wctype.h")),
];

/// The directory below `OUT_DIR/veo` of the interface's headers (`veo_ve.h`, `veo_hmem.h`).
pub(crate) const INTERFACE_DIR: &str = "include";
/// The directory below `OUT_DIR/veo` of the C library's headers.
pub(crate) const LIBC_DIR: &str = "libc";

/// Whether the C library has something of this name, as far as its headers tell.
pub(crate) fn has(name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut texts = LIBC.iter().map(|(_, text)| text);
    texts.any(|text| {
        text.match_indices(name).any(|(at, _)| {
            !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part)
        })
    })
}

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
    use super::{LIBC, has};

    #[test]
    fn names_of_the_c_library() {
        for name in ["printf", "memcpy", "sqrtf", "pthread_create", "stdout"] {
            assert!(has(name), "{name}");
        }
        for name in ["print", "rintf_", "cblas_ddot", "__multi3"] {
            assert!(!has(name), "{name}");
        }
    }

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
        let below = ["sys", "arpa", "netinet"].map(|name| count(&format!("{dir}/{name}")));
        assert_eq!(listed, count(dir) + below.iter().sum::<usize>());
    }
}
