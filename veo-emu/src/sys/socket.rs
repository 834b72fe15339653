//! A pair of sockets that carry whole messages and descriptors.

use std::io;
use std::mem::{size_of, size_of_val};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::check;

/// Most descriptors in one message.
const MAX_FDS: usize = 4;

#[repr(C, align(16))]
struct ControlBuffer([u8; 64]);

/// Two connected sockets, closed on `exec`.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: the array has room for the two descriptors.
    check(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()) }.into())?;
    // SAFETY: socketpair has just returned these descriptors to us.
    let [ours, theirs] = unsafe { fds.map(|fd| OwnedFd::from_raw_fd(fd)) };
    Ok((super::above_standard(ours)?, super::above_standard(theirs)?))
}

/// Sends one message with descriptors. This never raises SIGPIPE.
pub(crate) fn send(socket: impl AsFd, data: &[u8], fds: &[RawFd]) -> io::Result<()> {
    assert!(fds.len() <= MAX_FDS);
    let mut control = ControlBuffer([0; 64]);
    let mut io_vec = libc::iovec {
        iov_base: data.as_ptr().cast_mut().cast(),
        iov_len: data.len(),
    };
    // SAFETY: an all-zero msghdr is a valid value of that structure.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &mut io_vec;
    message.msg_iovlen = 1;
    if !fds.is_empty() {
        let bytes = size_of_val(fds) as u32;
        message.msg_control = control.0.as_mut_ptr().cast();
        // SAFETY: pure arithmetic.
        message.msg_controllen = unsafe { libc::CMSG_SPACE(bytes) } as _;
        // SAFETY: the control buffer is aligned and has room for one header and
        // MAX_FDS descriptors, so CMSG_FIRSTHDR and CMSG_DATA point into it.
        unsafe {
            let header = libc::CMSG_FIRSTHDR(&message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(bytes) as _;
            ptr::copy_nonoverlapping(
                fds.as_ptr().cast::<u8>(),
                libc::CMSG_DATA(header),
                bytes as usize,
            );
        }
    }
    // SAFETY: the message points to buffers that are alive for the call.
    check(unsafe { libc::sendmsg(socket.as_fd().as_raw_fd(), &message, libc::MSG_NOSIGNAL) } as i64)
        .map(|_| ())
}

/// Ends the connection for both ends, whichever processes hold descriptors of it.
pub(crate) fn shut_down(socket: impl AsFd) -> io::Result<()> {
    // SAFETY: an open descriptor and a plain number.
    check(unsafe { libc::shutdown(socket.as_fd().as_raw_fd(), libc::SHUT_RDWR) }.into()).map(|_| ())
}

/// Receives one message and its descriptors. 0 bytes: the other end is closed.
pub(crate) fn receive(
    socket: impl AsFd,
    data: &mut [u8],
    flags: i32,
) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut control = ControlBuffer([0; 64]);
    let mut io_vec = libc::iovec {
        iov_base: data.as_mut_ptr().cast(),
        iov_len: data.len(),
    };
    // SAFETY: an all-zero msghdr is a valid value of that structure.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &mut io_vec;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: pure arithmetic.
    message.msg_controllen =
        unsafe { libc::CMSG_SPACE((MAX_FDS * size_of::<RawFd>()) as u32) } as _;
    // SAFETY: the message points to buffers that are alive for the call.
    let got = check(unsafe {
        libc::recvmsg(
            socket.as_fd().as_raw_fd(),
            &mut message,
            flags | libc::MSG_CMSG_CLOEXEC,
        )
    } as i64)?;
    let mut fds = Vec::new();
    // SAFETY: the kernel filled in the headers it says it did; CMSG_NXTHDR stays
    // within them, and SCM_RIGHTS data are descriptors that are now ours.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&message);
        while !header.is_null() {
            if (*header).cmsg_level == libc::SOL_SOCKET && (*header).cmsg_type == libc::SCM_RIGHTS {
                let bytes = (*header).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                let data = libc::CMSG_DATA(header).cast::<RawFd>();
                for index in 0..bytes / size_of::<RawFd>() {
                    fds.push(OwnedFd::from_raw_fd(data.add(index).read_unaligned()));
                }
            }
            header = libc::CMSG_NXTHDR(&message, header);
        }
    }
    if message.msg_flags & libc::MSG_CTRUNC != 0 && fds.len() < MAX_FDS {
        // The kernel drops descriptors that no number is left for.
        return Err(io::Error::from_raw_os_error(libc::EMFILE));
    }
    if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    Ok((got as usize, fds))
}

/// Whether this is a local socket that carries whole messages.
pub(crate) fn is_of_packets(fd: impl AsFd) -> bool {
    let fd = fd.as_fd().as_raw_fd();
    let option = |name: i32| -> Option<i32> {
        let mut value: i32 = 0;
        let mut len = size_of::<i32>() as libc::socklen_t;
        // SAFETY: value and length are valid for writing.
        let result = unsafe {
            libc::getsockopt(
                fd,
                libc::SOL_SOCKET,
                name,
                ptr::from_mut(&mut value).cast(),
                &mut len,
            )
        };
        (result == 0).then_some(value)
    };
    option(libc::SO_DOMAIN) == Some(libc::AF_UNIX)
        && option(libc::SO_TYPE) == Some(libc::SOCK_SEQPACKET)
}

/// Whether this is one end of a pair that process `pid` of our own user made.
pub(crate) fn is_pair_made_by(fd: impl AsFd, pid: libc::pid_t) -> bool {
    if !is_of_packets(&fd) {
        return false;
    }
    let fd = fd.as_fd().as_raw_fd();
    let mut peer = libc::ucred {
        pid: 0,
        uid: 0,
        gid: 0,
    };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the structure and its length are valid for writing.
    let result = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            ptr::from_mut(&mut peer).cast(),
            &mut len,
        )
    };
    // SAFETY: getuid cannot fail.
    result == 0 && peer.pid == pid && peer.uid == unsafe { libc::getuid() }
}
