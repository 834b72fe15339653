//! The nodes: how many there are, how much memory each has, and which one is meant.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use veo_abi::environment::{VE_NODE_NUMBER, VENODELIST, VEO_EMU_MEMORY, VEO_EMU_NODES};

use crate::error::{Error, Result};
use crate::shared::window::{AddressRange, STAGING_LEN};
use crate::sys::memfd;

/// Nodes of a full server.
const DEFAULT_NODES: i32 = 8;
/// More can be asked for, up to the number of process identifiers.
const MOST_NODES: i32 = 16;
/// Memory of a node if the machine does not tell its own.
const FALLBACK_MEMORY: u64 = 1 << 30;
/// Sets how many nodes there are.
const NODES_VARIABLE: &str = VEO_EMU_NODES.name();
/// Sets the memory of a node.
const MEMORY_VARIABLE: &str = VEO_EMU_MEMORY.name();
/// Lists the nodes that a job scheduler gave the program.
const LIST_VARIABLE: &str = VENODELIST.name();
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
        let nodes = nodes()?;
        usize::try_from(number)
            .ok()
            .and_then(|index| nodes.get(index))
            .ok_or_else(|| missing(&format!("VE node {number}"), nodes.len()))
    }

    /// Its memory in bytes.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Bytes that this program's processes have not allocated.
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
pub(crate) fn count() -> Result<i32> {
    nodes().map(|nodes| nodes.len() as i32)
}

fn nodes() -> Result<&'static [Node]> {
    static NODES: OnceLock<Vec<Node>> = OnceLock::new();
    if let Some(nodes) = NODES.get() {
        return Ok(nodes);
    }
    // A value of the environment is kept only if it makes sense.
    let count = match VEO_EMU_NODES.text() {
        None => DEFAULT_NODES,
        Some(text) => parse_nodes(&text)?,
    };
    let total = match VEO_EMU_MEMORY.text() {
        None => default_memory(),
        Some(text) => parse_memory(&text, &Bounds::of_process())?,
    };
    let nodes = || {
        (0..count)
            .map(|_| Node {
                total,
                used: AtomicU64::new(0),
            })
            .collect()
    };
    Ok(NODES.get_or_init(nodes))
}

fn parse_nodes(text: &str) -> Result<i32> {
    let count = text.trim().parse().ok();
    count
        .filter(|count| (1..=MOST_NODES).contains(count))
        .ok_or_else(|| {
            Error::invalid(format!(
                "{NODES_VARIABLE} is {text:?}; give the number of emulated nodes, 1 to {MOST_NODES}"
            ))
        })
}

fn parse_memory(text: &str, bounds: &Bounds) -> Result<u64> {
    let refuse = |why: String| {
        Err(Error::invalid(format!(
            "{MEMORY_VARIABLE} is {text:?}; {why}"
        )))
    };
    let Some(wanted) = parse_size(text) else {
        return refuse("give a number of bytes, or one with a unit, as in 512M or 2G".into());
    };
    match bounds.check(wanted) {
        Ok(size) => Ok(size),
        Err(why) => refuse(why),
    }
}

fn missing(node: &str, nodes: usize) -> Error {
    let last = nodes - 1;
    let text = format!(
        "{node} does not exist: the emulator has {nodes} nodes, 0 to {last} ({NODES_VARIABLE} sets how many)"
    );
    Error::new(libc::ENODEV, text)
}

/// The number of the node that a caller means. -1 stands for the node of `VE_NODE_NUMBER`. With a
/// list of a job scheduler, any other number is a place in the list. The variable and the list
/// hold the nodes' own numbers.
pub(crate) fn resolve(number: i32) -> Result<i32> {
    let no_node = |text: String| Err(Error::new(libc::ENODEV, text));
    let assigned = assigned()?;
    if number < -1 {
        return no_node(format!("{number} is no number of a VE node"));
    }
    if number >= 0 {
        let Some(assigned) = assigned else {
            return Ok(number);
        };
        return match assigned.get(number as usize) {
            Some(number) => Ok(*number),
            None => no_node(format!(
                "logical VE node {number} is not in {LIST_VARIABLE}, where the job scheduler \
                 gave this program {} nodes: {assigned:?}",
                assigned.len()
            )),
        };
    }
    let wanted = match VE_NODE_NUMBER.set() {
        Some(text) => {
            let text = text.to_string_lossy();
            Some(parse_number(VE_NODE_NUMBER.name(), &text, &text)?)
        }
        None => None,
    };
    match (wanted, assigned) {
        (Some(wanted), Some(assigned)) if !assigned.contains(&wanted) => no_node(format!(
            "VE node {wanted}, which VE_NODE_NUMBER names, is not in {LIST_VARIABLE}, where the \
             job scheduler gave this program the nodes {assigned:?}"
        )),
        (Some(wanted), _) => {
            let nodes = nodes()?.len();
            match usize::try_from(wanted) {
                Ok(index) if index < nodes => Ok(wanted),
                _ => Err(missing(
                    &format!("VE node {wanted}, which VE_NODE_NUMBER names,"),
                    nodes,
                )),
            }
        }
        (None, Some(assigned)) => match assigned.first() {
            Some(first) => Ok(*first),
            None => no_node(format!(
                "{LIST_VARIABLE} is empty: the job scheduler gave this program no VE node"
            )),
        },
        (None, None) => Ok(0),
    }
}

/// The nodes that a job scheduler gave this program, by their own numbers, if one did.
pub(crate) fn assigned() -> Result<Option<Vec<i32>>> {
    let Some(list) = VENODELIST.set() else {
        return Ok(None);
    };
    let list = list.to_string_lossy();
    let items = list.split_whitespace();
    items
        .map(|item| parse_number(LIST_VARIABLE, &list, item))
        .collect::<Result<_>>()
        .map(Some)
}

fn parse_number(variable: &str, text: &str, item: &str) -> Result<i32> {
    let number = item.trim().parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| {
        let which = if item == text {
            "which".into()
        } else {
            format!("where {item:?}")
        };
        Error::invalid(format!(
            "{variable} is {text:?}, {which} is no number of a VE node"
        ))
    })
}

/// Memory of a node if nothing says how much: half the machine's, within the process's limits.
fn default_memory() -> u64 {
    let half = machine_total().map_or(FALLBACK_MEMORY, |total| total / 2);
    half.clamp(LEAST_MEMORY, Bounds::of_process().most.max(LEAST_MEMORY)) & !0xffff
}

/// The memory that a process gets of a node, if its user asks for `wanted` bytes.
pub(crate) fn memory_of_process(wanted: u64, node: &Node) -> Result<u64> {
    let bounds = Bounds {
        most: node.total,
        why: format!(
            "a node has {} ({MEMORY_VARIABLE} sets how much)",
            size(node.total)
        ),
    };
    bounds.check(wanted).map_err(|why| {
        Error::invalid(format!(
            "{wanted} bytes of VE memory were asked for a process; {why}"
        ))
    })
}

/// The most memory that one process can have, by its own limits.
pub(crate) fn most_memory() -> u64 {
    Bounds::of_process().most
}

/// How much memory there can be at most.
struct Bounds {
    most: u64,
    /// The reason for this limit.
    why: String,
}

impl Bounds {
    /// The room that this process's own limits leave: two mappings must fit, and the file must be
    /// allowed.
    fn of_process() -> Bounds {
        let staging = STAGING_LEN;
        let space = memfd::address_space_limit();
        let file = memfd::file_size_limit();
        let file_leaves = file.saturating_sub(staging).max(file / 2);
        let window = AddressRange::USUAL.room();
        let mut least = (window, "the VE's address space");
        if space != u64::MAX && space / 4 < least.0 {
            least = (space / 4, "the address-space limit (ulimit -v)");
        }
        if file != u64::MAX && file_leaves < least.0 {
            least = (file_leaves, "the file-size limit (ulimit -f)");
        }
        let most = least.0 & !0xffff;
        Bounds {
            most,
            why: format!("{} allows at most {}", least.1, size(most)),
        }
    }

    /// Whole pages of at least `wanted` bytes, or why that cannot be.
    fn check(&self, wanted: u64) -> std::result::Result<u64, String> {
        if wanted < LEAST_MEMORY {
            return Err(format!("give at least {LEAST_MEMORY} bytes (1 MiB)"));
        }
        if wanted > self.most {
            return Err(format!("{}; give less", self.why));
        }
        Ok(memfd::round_up(wanted).min(self.most))
    }
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    match bytes >> 20 {
        0 => format!("{bytes} bytes"),
        mebibytes => format!("{bytes} bytes ({mebibytes} MiB)"),
    }
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

/// Memory that the machine could give right now, if it says.
pub(crate) fn machine_available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find(|line| line.starts_with("MemAvailable:"))?;
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

    #[test]
    fn nonsense_is_named() {
        for text in [
            "abc",
            "0",
            "-3",
            "17",
            "2.5",
            "99999999999999999999",
            "3 nodes",
        ] {
            let error = parse_nodes(text).unwrap_err().text;
            assert!(
                error.contains(NODES_VARIABLE) && error.contains(text),
                "{error}"
            );
            assert!(error.contains("1 to 16"), "{error}");
        }
        assert_eq!(parse_nodes(" 16 ").unwrap(), 16);
        let bounds = Bounds {
            most: 1 << 30,
            why: "the moon allows no more".into(),
        };
        for (text, says) in [
            ("abc", "512M"),
            ("-3", "512M"),
            ("1.5G", "512M"),
            ("0", "at least"),
            ("1", "at least"),
            ("99999T", "the moon"),
            ("18446744073709551615", "the moon"),
            ("184467440737095516150", "512M"),
        ] {
            let error = parse_memory(text, &bounds).unwrap_err().text;
            assert!(
                error.contains(MEMORY_VARIABLE) && error.contains(text),
                "{error}"
            );
            assert!(error.contains(says), "{error}");
        }
        assert_eq!(parse_memory("1M", &bounds).unwrap(), 1 << 20);
        assert_eq!(parse_memory("1024M", &bounds).unwrap(), 1 << 30);
        // Whole pages, never fewer bytes than were asked for.
        assert_eq!(parse_memory("2000000", &bounds).unwrap(), 2_031_616);
    }
}
