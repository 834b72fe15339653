//! The nodes: how many there are, how much memory each has, and which one is meant.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::sys::memfd;

/// Nodes of a full server.
const DEFAULT_NODES: i32 = 8;
/// More can be asked for, up to the number of process identifiers.
const MOST_NODES: i32 = 16;
/// Memory of a node where the machine does not tell its own.
const FALLBACK_MEMORY: u64 = 1 << 30;
/// Less than this is not worth a node.
const LEAST_MEMORY: u64 = 1 << 20;

/// One emulated VE.
pub(crate) struct Node {
    total: u64,
    used: AtomicU64,
}

impl Node {
    /// The node of this number.
    pub(crate) fn get(number: i32) -> Result<&'static Node> {
        let nodes = nodes();
        usize::try_from(number)
            .ok()
            .and_then(|index| nodes.get(index))
            .ok_or_else(|| {
                Error::new(
                    libc::ENODEV,
                    format!(
                        "VE node {number} does not exist: the emulator has {} nodes, 0 to {} \
                         (VEO_EMU_NODES sets how many)",
                        nodes.len(),
                        nodes.len() - 1
                    ),
                )
            })
    }

    /// Its memory in bytes.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// What is not allocated by this program's processes.
    pub(crate) fn available(&self) -> u64 {
        self.total.saturating_sub(self.used.load(Ordering::Relaxed))
    }

    /// Takes memory from the node, if it has that much.
    pub(crate) fn take(&self, len: u64) -> bool {
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(len).filter(|used| *used <= self.total)
            })
            .is_ok()
    }

    /// Gives it back.
    pub(crate) fn give(&self, len: u64) {
        self.used.fetch_sub(len, Ordering::Relaxed);
    }
}

/// How many nodes there are.
pub(crate) fn count() -> i32 {
    nodes().len() as i32
}

fn nodes() -> &'static [Node] {
    static NODES: OnceLock<Vec<Node>> = OnceLock::new();
    NODES.get_or_init(|| {
        let count = variable("VEO_EMU_NODES")
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(DEFAULT_NODES)
            .clamp(1, MOST_NODES);
        let total = default_memory();
        (0..count)
            .map(|_| Node {
                total,
                used: AtomicU64::new(0),
            })
            .collect()
    })
}

/// The environment of a program with raised privileges is its caller's, not its own.
pub(crate) fn variable(name: &str) -> Option<String> {
    // SAFETY: getauxval only looks a number up.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        return None;
    }
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// The number that a caller's -1 and a scheduler's logical numbers stand for.
pub(crate) fn resolve(number: i32) -> Result<i32> {
    let number = match number {
        -1 => match variable("VE_NODE_NUMBER") {
            None => 0,
            Some(text) => text.trim().parse().map_err(|_| {
                Error::invalid(format!("VE_NODE_NUMBER is {text:?}, which is no number"))
            })?,
        },
        number => number,
    };
    let Some(list) = variable("_VENODELIST") else {
        return Ok(number);
    };
    let physical: Vec<&str> = list.split([' ', ',']).filter(|item| !item.is_empty()).collect();
    usize::try_from(number)
        .ok()
        .and_then(|index| physical.get(index))
        .and_then(|item| item.parse().ok())
        .ok_or_else(|| {
            Error::new(
                libc::ENODEV,
                format!("logical VE node {number} is not in _VENODELIST ({list:?})"),
            )
        })
}

/// Memory of a node: `VEO_EMU_MEMORY`, else half the machine's, within our limits.
fn default_memory() -> u64 {
    let wanted = variable("VEO_EMU_MEMORY")
        .and_then(|text| parse_size(&text))
        .unwrap_or_else(|| machine_total().map_or(FALLBACK_MEMORY, |total| total / 2));
    limit_memory(wanted)
}

/// What of `wanted` the process's own limits leave: two mappings of it have to fit,
/// and the file has to be allowed.
pub(crate) fn limit_memory(wanted: u64) -> u64 {
    let space = memfd::address_space_limit();
    let file = memfd::file_size_limit();
    let staging = crate::shared::window::STAGING_LEN;
    let mut most = crate::shared::window::WINDOW_LEN - staging;
    if space != u64::MAX {
        most = most.min(space / 4);
    }
    if file != u64::MAX {
        most = most.min(file.saturating_sub(staging).max(file / 2));
    }
    wanted.clamp(LEAST_MEMORY, most.max(LEAST_MEMORY)) & !0xffff
}

/// A number of bytes with an optional unit: `512M`, `2G`, `64KiB`.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit)
}

fn machine_total() -> Option<u64> {
    // SAFETY: an all-zero sysinfo is a valid value of that structure.
    let mut info: libc::sysinfo = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is valid for writing.
    if unsafe { libc::sysinfo(&mut info) } != 0 {
        return None;
    }
    Some(info.totalram as u64 * u64::from(info.mem_unit.max(1)))
}

/// Memory the machine could give right now, if it says.
pub(crate) fn machine_available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("4096"), Some(4096));
        assert_eq!(parse_size("2G"), Some(2 << 30));
        assert_eq!(parse_size(" 64 KiB "), Some(64 << 10));
        assert_eq!(parse_size("12 apples"), None);
        assert_eq!(parse_size(""), None);
        assert_eq!(parse_size("99999999T"), None);
    }
}
