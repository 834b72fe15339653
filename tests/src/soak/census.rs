//! The resources of a process: descriptors, threads, children, shared mappings.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// A count of everything that must not be left behind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Census {
    descriptors: usize,
    threads: usize,
    children: Vec<String>,
    /// Mappings that other processes may share. Private ones are the allocator's,
    /// which keeps some.
    shared_mappings: usize,
    /// All mappings.
    mappings: usize,
}

/// How many mappings the allocator may keep for itself: the C library's makes up
/// to eight arenas for each processor, of two mappings or more.
const ALLOCATOR: usize = 160;

impl Census {
    pub(super) fn take() -> Census {
        let entries = |path: &str| fs::read_dir(path).expect("/proc").count();
        let maps = fs::read_to_string("/proc/self/maps").expect("/proc");
        let mut children = Vec::new();
        for task in fs::read_dir("/proc/self/task").expect("/proc").flatten() {
            // A thread that ends meanwhile has none.
            let list = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            children.extend(list.split_whitespace().map(str::to_owned));
        }
        let shared = |line: &&str| line.split(' ').nth(1).is_some_and(|p| p.ends_with('s'));
        Census {
            descriptors: entries("/proc/self/fd"),
            threads: entries("/proc/self/task"),
            children,
            shared_mappings: maps.lines().filter(shared).count(),
            mappings: maps.lines().count(),
        }
    }

    /// The census once nothing changes any more: a thread that was joined is there for a
    /// moment yet.
    pub(super) fn settled() -> Census {
        let end = Instant::now() + Duration::from_secs(5);
        let mut last = Census::take();
        loop {
            thread::sleep(Duration::from_millis(200));
            let now = Census::take();
            if now == last || Instant::now() >= end {
                return now;
            }
            last = now;
        }
    }

    /// Panics unless no more is there than `before`, within a few seconds.
    pub(super) fn expect(before: &Census) {
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let now = Census::take();
            let same = now.descriptors == before.descriptors
                && now.threads <= before.threads
                && now.children == before.children
                && now.shared_mappings == before.shared_mappings
                && now.mappings <= before.mappings + ALLOCATOR;
            if same {
                return;
            }
            assert!(
                Instant::now() < end,
                "left behind: {now:?}, before: {before:?}"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}
