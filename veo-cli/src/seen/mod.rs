//! The VE processes of this user, observed repeatedly: what they are, and what they did between two looks.
//!
//! Looking does not affect the processes: `emulated` reads the memory that they share with their hosts, `card` reads
//! what the system tells.

mod card;
mod emulated;

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::failure::CommandFailure;
use crate::node_option;
use crate::output::{Answer, Column, Page, bytes, cut, or_dash, rate};

/// The answer that is printed of one look.
#[derive(Serialize)]
pub(crate) struct ProcessList {
    pub(crate) processes: Vec<SeenRow>,
    /// The node that the user asked about; none if all.
    #[serde(skip)]
    node: Option<i32>,
}

/// A VE process. An unknown value is null.
#[derive(Clone, Serialize)]
pub(crate) struct SeenRow {
    pub(crate) node: Option<u32>,
    /// `emu` or `libveo`.
    backend: &'static str,
    pid: u32,
    /// Number of the process that holds it.
    host: u32,
    program: String,
    contexts: Option<Vec<ContextRow>>,
    /// Requests given to the VE side so far.
    requests: Option<u64>,
    requests_per_second: Option<f64>,
    /// Bytes transferred so far.
    to_ve: Option<u64>,
    to_host: Option<u64>,
    to_ve_per_second: Option<f64>,
    to_host_per_second: Option<f64>,
    /// Bytes that are allocated.
    memory: Option<u64>,
    capacity: Option<u64>,
    #[serde(skip)]
    started: u64,
}

/// A context of a process.
#[derive(Clone, Serialize)]
struct ContextRow {
    context: u32,
    requests: Option<u64>,
    kernel: Option<KernelRow>,
}

/// The kernel that runs.
#[derive(Clone, Serialize)]
struct KernelRow {
    name: Option<String>,
    /// In hexadecimal digits.
    address: Option<String>,
    /// Seconds since a look first saw this call run. It may run longer.
    running: f64,
    #[serde(skip)]
    request: u64,
}

/// The state of a process at the last look.
struct Past {
    at: Instant,
    row: SeenRow,
    /// By context: the request that ran, and when a look first saw it.
    running: HashMap<u32, (u64, Instant)>,
}

/// Looks at all processes.
#[derive(Default)]
pub(crate) struct ProcessWatcher {
    past: HashMap<(u32, u64), Past>,
    node: Option<i32>,
}

impl ProcessWatcher {
    /// For the processes of one node, or of all.
    pub(crate) fn new(node: Option<i32>) -> Self {
        Self {
            node,
            ..Self::default()
        }
    }

    /// The current state of the processes, by node and number.
    pub(crate) fn look(&mut self) -> Result<ProcessList, CommandFailure> {
        let mut rows = emulated::rows()
            .and_then(|mut rows| {
                rows.extend(card::rows()?);
                Ok(rows)
            })
            .map_err(|why| CommandFailure::failed(format_args!("cannot list processes: {why}")))?;
        if let Some(node) = self.node {
            rows.retain(|row| row.node.map(i64::from) == Some(node.into()));
        }
        rows.sort_by_key(|row| (row.node.unwrap_or(u32::MAX), row.pid));
        let now = Instant::now();
        let mut present = HashMap::new();
        for row in &mut rows {
            let key = (row.pid, row.started);
            let past = compare(row, self.past.get(&key), now);
            present.insert(key, past);
        }
        self.past = present;
        Ok(ProcessList {
            processes: rows,
            node: self.node,
        })
    }

    /// Looks twice, a moment apart, to have something to compare.
    pub(crate) fn look_twice(&mut self) -> Result<ProcessList, CommandFailure> {
        const MOMENT: Duration = Duration::from_millis(100);
        let first = self.look()?;
        if first.processes.is_empty() {
            // A process on a node that only its own program sees is listed, too.
            self.node.map_or(Ok(()), node_option::known)?;
            return Ok(first);
        }
        std::thread::sleep(MOMENT);
        self.look()
    }
}

/// Fills in what a process did since it was last seen.
fn compare(row: &mut SeenRow, past: Option<&Past>, now: Instant) -> Past {
    let mut running = HashMap::new();
    for context in row.contexts.iter_mut().flatten() {
        let Some(kernel) = &mut context.kernel else {
            continue;
        };
        let seen = past.and_then(|past| past.running.get(&context.context));
        let since = match seen {
            Some((request, since)) if *request == kernel.request => *since,
            _ => now,
        };
        kernel.running = (now - since).as_secs_f64();
        running.insert(context.context, (kernel.request, since));
    }
    if let Some(past) = past {
        let seconds = (now - past.at).as_secs_f64();
        let rate = |before: Option<u64>, after: Option<u64>| {
            // The shared memory may be damaged. A counter that shrinks has no rate.
            let more = after?.checked_sub(before?)?;
            (seconds > 0.0).then(|| more as f64 / seconds)
        };
        let requests = requests_since(&past.row, row);
        row.requests_per_second = rate(Some(0), requests);
        row.to_ve_per_second = rate(past.row.to_ve, row.to_ve);
        row.to_host_per_second = rate(past.row.to_host, row.to_host);
    }
    Past {
        at: now,
        row: row.clone(),
        running,
    }
}

/// The requests between two looks, of the contexts that are there now.
fn requests_since(before: &SeenRow, after: &SeenRow) -> Option<u64> {
    let (before, after) = (before.contexts.as_ref()?, after.contexts.as_ref()?);
    after.iter().try_fold(0u64, |sum, context| {
        let same = before.iter().find(|same| same.context == context.context);
        let past = same.map_or(Some(0), |same| same.requests)?;
        sum.checked_add(context.requests?.checked_sub(past)?)
    })
}

impl Answer for ProcessList {
    fn print(&self, page: &mut Page) -> io::Result<()> {
        if self.processes.is_empty() {
            let place = self.node.map(|node| format!(" on node {node}"));
            let place = place.unwrap_or_default();
            return page.line(format_args!("no VE processes of this user{place}"));
        }
        let columns = [
            Column::right("NODE"),
            Column::right("PID"),
            Column::left("PROGRAM"),
            Column::right("CTX"),
            Column::left("KERNEL"),
            Column::right("RUNNING"),
            Column::right("REQ/S"),
            Column::right("BYTES/S"),
            Column::right("MEMORY"),
        ];
        page.table(&columns, self.processes.iter().map(cells))
    }
}

/// Longest text in a cell.
const LONGEST: usize = 24;

fn cells(row: &SeenRow) -> Vec<String> {
    let contexts = row.contexts.as_ref();
    let mut kernels: Vec<&KernelRow> = contexts
        .into_iter()
        .flatten()
        .filter_map(|context| context.kernel.as_ref())
        .collect();
    kernels.sort_by(|a, b| b.running.total_cmp(&a.running));
    let longest = kernels.first();
    let kernel = longest.map(|kernel| {
        let name = kernel.name.as_ref().or(kernel.address.as_ref());
        let name = name.map_or_else(|| "?".to_owned(), |name| cut(name, LONGEST));
        match kernels.len() {
            1 => name,
            several => format!("{name} +{}", several - 1),
        }
    });
    let moved = row.to_ve_per_second.zip(row.to_host_per_second);
    vec![
        or_dash(row.node),
        row.pid.to_string(),
        cut(row.program.rsplit('/').next().unwrap_or_default(), LONGEST),
        or_dash(contexts.map(Vec::len)),
        or_dash(kernel),
        or_dash(longest.map(|kernel| format!("≥{:.1} s", kernel.running))),
        or_dash(row.requests_per_second.map(|rate| format!("{rate:.0}"))),
        or_dash(moved.map(|(there, back)| rate(there + back))),
        or_dash(row.memory.map(bytes)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(requests: &[Option<u64>], running: Option<u64>) -> SeenRow {
        let contexts = requests
            .iter()
            .enumerate()
            .map(|(index, requests)| ContextRow {
                context: index as u32,
                requests: *requests,
                kernel: running.filter(|_| index == 0).map(|request| KernelRow {
                    name: Some("hold".into()),
                    address: None,
                    running: 0.0,
                    request,
                }),
            });
        SeenRow {
            node: Some(0),
            backend: "emu",
            pid: 7,
            host: 6,
            program: "/a/program".into(),
            contexts: Some(contexts.collect()),
            requests: None,
            requests_per_second: None,
            to_ve: Some(10),
            to_host: Some(10),
            to_ve_per_second: None,
            to_host_per_second: None,
            memory: Some(0),
            capacity: Some(1 << 20),
            started: 5,
        }
    }

    fn after(before: SeenRow, mut next: SeenRow, seconds: u64) -> SeenRow {
        let start = Instant::now();
        let mut first = before;
        let past = compare(&mut first, None, start);
        compare(&mut next, Some(&past), start + Duration::from_secs(seconds));
        next
    }

    fn seconds_of(row: &SeenRow) -> Option<f64> {
        let contexts = row.contexts.as_ref().unwrap();
        contexts[0].kernel.as_ref().map(|kernel| kernel.running)
    }

    #[test]
    fn rates_are_differences_by_time() {
        let next = after(
            row(&[Some(10), Some(5)], None),
            row(&[Some(30), Some(5)], None),
            4,
        );
        assert_eq!(next.requests_per_second, Some(5.0));
        assert_eq!(next.to_ve_per_second, Some(0.0));
        // A context that was opened since the last look has done everything since then.
        let next = after(row(&[Some(10)], None), row(&[Some(10), Some(8)], None), 4);
        assert_eq!(next.requests_per_second, Some(2.0));
    }

    #[test]
    fn impossible_counters_have_no_rate() {
        for (before, now) in [(Some(10), Some(9)), (None, Some(9)), (Some(9), None)] {
            let next = after(row(&[before], None), row(&[now], None), 1);
            assert_eq!(next.requests_per_second, None, "{before:?} {now:?}");
        }
        let full = after(row(&[Some(0); 2], None), row(&[Some(u64::MAX); 2], None), 1);
        assert_eq!(full.requests_per_second, None);
        let at_once = after(row(&[Some(1)], None), row(&[Some(2)], None), 0);
        assert_eq!(at_once.requests_per_second, None);
    }

    #[test]
    fn a_call_runs_since_it_was_first_seen() {
        let same = after(row(&[Some(1)], Some(4)), row(&[Some(1)], Some(4)), 3);
        assert_eq!(seconds_of(&same), Some(3.0));
        let next = after(row(&[Some(1)], Some(4)), row(&[Some(2)], Some(5)), 3);
        assert_eq!(seconds_of(&next), Some(0.0));
        assert_eq!(cells(&same)[4..6], ["hold".to_owned(), "≥3.0 s".to_owned()]);
        let idle = after(row(&[Some(1)], Some(4)), row(&[Some(2)], None), 3);
        assert_eq!(seconds_of(&idle), None);
        assert_eq!(cells(&idle)[4..6], ["-", "-"]);
    }
}
