//! A VE side on x86 for NEC's own host library: it attaches the segment that libveo made,
//! answers its mailbox and runs kernels of the host's own machine code. libveo starts it in
//! place of its VE program; `tests/dropin/libveo-peer/run` says how.
//!
//! This file reads the environment and starts the rest.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod call;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod faults;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod mailbox;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod outbox;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod payload;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod peer;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod serve;

/// Ends the process with a reason.
fn fail(reason: &str) -> ! {
    eprintln!("libveo-peer: {reason}");
    std::process::exit(2)
}

/// A number in the environment, which libveo sets for its VE side.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn number<N: std::str::FromStr>(name: &str) -> N {
    let Some(value) = std::env::var_os(name) else {
        fail(&format!(
            "{name} is not set: libveo starts this program and sets it; see tests/dropin/libveo-peer/run"
        ));
    };
    match value.to_str().and_then(|value| value.parse().ok()) {
        Some(number) => number,
        None => fail(&format!("{name} is no number of its kind: {value:?}")),
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn main() {
    let segment = number("URPC_SHM_SEGID");
    match peer::Peer::attach(segment) {
        Ok(peer) => {
            // Kernels and handlers of signals use it until the process ends.
            let peer = Box::leak(Box::new(peer));
            faults::install(peer);
            serve::run(peer, serve::Role::Main);
        }
        Err(error) => fail(&format!("segment {segment} cannot be attached: {error}")),
    }
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() {
    fail("NEC's library is for Linux on x86-64 only, and so is a VE side for it");
}
