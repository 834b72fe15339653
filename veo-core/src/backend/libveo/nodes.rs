//! The cards of this machine, as the system, the driver and NEC's library tell.

use std::path::Path;

use veo_abi::environment::VENODELIST;
use veo_abi::ffi::VeoApi;

/// A file that stands for a card, if there is one.
pub(in crate::backend) fn card() -> Option<String> {
    let slots = entries("/dev", "veslot");
    let classes = entries("/sys/class/ve", "ve");
    slots.into_iter().chain(classes).next()
}

fn entries(directory: &str, prefix: &str) -> Vec<String> {
    let Ok(entries) = Path::new(directory).read_dir() else {
        return Vec::new();
    };
    let mut found: Vec<String> = entries
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with(prefix))
        .map(|e| e.path().display().to_string())
        .collect();
    found.sort();
    found
}

/// The numbers of all nodes.
pub(super) fn numbers(table: &VeoApi) -> Vec<i32> {
    if is_scheduled() {
        return places(table);
    }
    let mut numbers: Vec<i32> = entries("/dev", "veslot")
        .iter()
        .filter_map(|name| name.strip_prefix("/dev/veslot")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Whether a job scheduler gave this program its nodes, which are numbered by their place
/// in its list.
fn is_scheduled() -> bool {
    VENODELIST.unguarded().is_some()
}

/// The places in the scheduler's list, which libveo reads.
fn places(table: &VeoApi) -> Vec<i32> {
    let Some(arch) = table.veo_get_ve_arch else {
        return Vec::new();
    };
    // SAFETY: no preconditions; a number that is no place is answered with an error.
    (0..)
        .take_while(|node| unsafe { arch(*node) } > 0)
        .collect()
}

/// The size of a card's memory by the driver, in bytes.
pub(super) fn memory(node: i32) -> Option<u64> {
    if is_scheduled() {
        // The driver knows it by another number.
        return None;
    }
    let text = std::fs::read_to_string(format!("/sys/class/ve/ve{node}/memory_size")).ok()?;
    // In GiB.
    text.trim().parse::<u64>().ok()?.checked_mul(1 << 30)
}
