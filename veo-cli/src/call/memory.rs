//! How much memory this program can have: the memory that the system has left, within the limits of the program's control groups.

use std::fs;
use std::path::Path;

/// Bytes that this program can have, if the system tells.
pub(super) fn free_memory() -> Option<u64> {
    let of_system = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|told| available(&told));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of_groups = of_groups(Path::new("/sys/fs/cgroup"), &groups);
    of_system.into_iter().chain(of_groups).min()
}

fn available(told: &str) -> Option<u64> {
    let line = told
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The lowest limit of the control groups below `root` that `groups` names, in either version of control groups, and of all
/// groups above them. A container may see its own group as the root, whatever name the group has outside.
fn of_groups(root: &Path, groups: &str) -> Option<u64> {
    let mut lowest = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, name) = if controllers.is_empty() {
            (root.to_owned(), "memory.max")
        } else if controllers.split(',').any(|name| name == "memory") {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            continue;
        };
        let own = root.join(path.trim_start_matches('/'));
        let groups = own.ancestors().take_while(|group| group.starts_with(&root));
        // A group without a limit has a word instead. Its current usage says little: much of it is cached files, which go when
        // memory is needed.
        let limits = groups.filter_map(|group| {
            let limit = fs::read_to_string(group.join(name)).ok()?;
            limit.trim().parse().ok()
        });
        lowest = lowest.into_iter().chain(limits).min();
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_limit_counts() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(of_groups(root, "0::/a/b\n"), None);
        write("a/b/memory.max", "max\n");
        assert_eq!(of_groups(root, "0::/a/b\n"), None);
        write("a/memory.max", "1000\n");
        assert_eq!(of_groups(root, "0::/a/b\n"), Some(1000));
        write("memory.max", "500\n");
        assert_eq!(of_groups(root, "0::/a/b\n"), Some(500));
        // A group of the machine that a container does not see.
        assert_eq!(of_groups(root, "0::/docker/1\n"), Some(500));
        assert_eq!(of_groups(root, "0::/../c\n"), Some(500));
        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("memory/c/memory.limit_in_bytes", "50\n");
        let both = "3:cpu:/c\n2:hugetlb,memory:/c\n0::/a\n";
        assert_eq!(of_groups(root, both), Some(50));
        for wrong in ["", "0", "0:", "x:y", "\n\n"] {
            assert_eq!(of_groups(root, wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn memory_of_the_system_is_read() {
        let told = "MemTotal:  9 kB\nMemFree: 1 kB\nMemAvailable:    2 kB\n";
        assert_eq!(available(told), Some(2048));
        for wrong in ["", "MemAvailable: x kB\n", "MemAvailable: 2 MB\n"] {
            assert_eq!(available(wrong), None, "{wrong:?}");
        }
        assert!(free_memory().is_some_and(|free| free > 0));
    }
}
