//! Whether the system kills processes because memory is out. It uses SIGKILL, which other
//! processes send too, but it also counts these kills.

use std::fs;

/// How often the system has done so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kills(Option<u64>);

impl Kills {
    /// The count of now.
    pub(crate) fn so_far() -> Kills {
        Kills(in_own_group().or_else(|| count("/proc/vmstat")))
    }

    /// Whether there were more since.
    pub(crate) fn are_more_now(self) -> bool {
        matches!((self.0, Kills::so_far().0), (Some(before), Some(now)) if now > before)
    }
}

/// The count of this program's control group, which its VE processes are in.
fn in_own_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups.lines().find_map(|line| {
        let (_, line) = line.split_once(':')?;
        let (controllers, path) = line.split_once(':')?;
        if controllers.is_empty() {
            return count(&format!("/sys/fs/cgroup{path}/memory.events"));
        }
        let is_memory = controllers.split(',').any(|name| name == "memory");
        let file = format!("/sys/fs/cgroup/memory{path}/memory.oom_control");
        is_memory.then(|| count(&file)).flatten()
    })
}

/// The value in the line `oom_kill` of a file.
fn count(path: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}
