//! File systems that are missing or cannot be written.

use std::io;
use std::os::unix::process::CommandExt;

use crate::{checked, child, says};

/// Runs the child after `change` in a mount namespace of its own. `None`: this
/// system does not allow that.
fn in_own_mounts(change: fn() -> io::Result<()>) -> Option<String> {
    let mut command = child("use");
    // SAFETY: the closures make system calls and nothing else.
    unsafe {
        command.pre_exec(|| {
            let root = libc::geteuid() == 0;
            let flags = if root { 0 } else { libc::CLONE_NEWUSER } | libc::CLONE_NEWNS;
            let private = libc::MS_REC | libc::MS_PRIVATE;
            let null = std::ptr::null();
            checked(libc::unshare(flags).into())?;
            checked(libc::mount(null, c"/".as_ptr(), null, private, null.cast()).into())
        });
        command.pre_exec(change);
    }
    match command.output() {
        Err(error) => {
            assert!(
                [
                    Some(libc::EPERM),
                    Some(libc::EACCES),
                    Some(libc::ENOSYS),
                    Some(libc::ENOSPC)
                ]
                .contains(&error.raw_os_error()),
                "{error}"
            );
            eprintln!("skipped: this system does not allow mounts in a namespace: {error}");
            None
        }
        Ok(_) => Some(says(&mut command)),
    }
}

#[test]
fn there_is_no_proc() {
    let hide = || {
        let (none, kind) = (c"none".as_ptr(), c"tmpfs".as_ptr());
        // SAFETY: all strings are terminated.
        unsafe {
            checked(libc::mount(none, c"/proc".as_ptr(), kind, 0, c"".as_ptr().cast()).into())?;
            match libc::access(c"/proc/self".as_ptr(), libc::F_OK) {
                -1 => Ok(()),
                _ => Err(io::Error::from_raw_os_error(libc::EEXIST)),
            }
        }
    };
    if let Some(said) = in_own_mounts(hide) {
        assert_eq!(said, "worked");
    }
}

#[test]
fn all_file_systems_are_read_only() {
    let protect = || {
        let attributes = libc::mount_attr {
            attr_set: libc::MOUNT_ATTR_RDONLY,
            attr_clr: 0,
            propagation: 0,
            userns_fd: 0,
        };
        // SAFETY: the path is terminated, the structure has the size that is told.
        unsafe {
            checked(libc::syscall(
                libc::SYS_mount_setattr,
                libc::AT_FDCWD,
                c"/".as_ptr(),
                libc::AT_RECURSIVE,
                &raw const attributes,
                size_of_val(&attributes),
            ))?;
            let file = c"/tmp/veo-emu-read-only".as_ptr();
            match libc::open(file, libc::O_CREAT | libc::O_WRONLY, 0o600) {
                -1 => Ok(()),
                _ => Err(io::Error::from_raw_os_error(libc::EEXIST)),
            }
        }
    };
    if let Some(said) = in_own_mounts(protect) {
        assert_eq!(said, "worked");
    }
}
