//! The figures of a process as a table.

use std::fmt::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use super::executed::KernelStatistics;
use super::figures::{KernelStats, OperationStats, ProcStats, RequestStats};

impl fmt::Display for ProcStats {
    /// A table of several lines; `{:#}` has one for each context, too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        let memory = &self.memory;
        writeln!(
            f,
            "  memory: {} now, {} at most; allocations now: {}",
            ByteAmount(memory.now),
            ByteAmount(memory.most),
            memory.blocks
        )?;
        let Some(requests) = &self.requests else {
            return Ok(());
        };
        write_requests(f, requests)?;
        if f.alternate() {
            write_contexts(f, requests)?;
        }
        if requests.estimated > 0 {
            writeln!(
                f,
                "  requests with estimated times, since the backend does not know when they ran: {}",
                requests.estimated
            )?;
        }
        Ok(())
    }
}

/// Names of the columns of times.
const TIMES: [&str; 10] = [
    "running", "min", "p50", "p99", "max", "queued", "min", "p50", "p99", "max",
];

fn write_requests(f: &mut fmt::Formatter<'_>, requests: &RequestStats) -> fmt::Result {
    let transfers = [
        ("transfers to the VE", &requests.writes),
        ("transfers from the VE", &requests.reads),
        ("copies on the VE", &requests.copies),
        ("host functions", &requests.host_functions),
    ];
    let transfers = transfers.into_iter().filter(|(_, all)| all.count > 0);
    let kernels = requests.kernels.iter();
    let kernels = kernels.map(|kernel| (KernelName(kernel).to_string(), &kernel.calls));
    let transfers = transfers.map(|(name, all)| (name.to_owned(), all));
    let rows: Vec<(String, &OperationStats)> = kernels.chain(transfers).collect();
    if rows.is_empty() {
        return writeln!(f, "  no requests");
    }
    write!(f, "  {:>9} {:>6}", "count", "errors")?;
    for name in TIMES {
        write!(f, " {name:>8}")?;
    }
    writeln!(f)?;
    for (name, all) in rows {
        write!(f, "  {:>9} {:>6}", all.count, all.errors)?;
        for times in [&all.running, &all.queued] {
            for time in [times.sum, times.min, times.p50, times.p99, times.max] {
                write!(f, " {:>8}", Time(time).to_string())?;
            }
        }
        write!(f, "  {name}")?;
        if all.bytes > 0 {
            write!(f, ", {}, {}", ByteAmount(all.bytes), Rate(all.rate()))?;
        }
        writeln!(f)?;
    }
    Ok(())
}

fn write_contexts(f: &mut fmt::Formatter<'_>, requests: &RequestStats) -> fmt::Result {
    for context in &requests.contexts {
        writeln!(
            f,
            "  context {}: requests {}, errors {}, running {}, queued {}, moved {}",
            context.context,
            context.requests,
            context.errors,
            Time(context.running),
            Time(context.queued),
            ByteAmount(context.bytes)
        )?;
    }
    Ok(())
}

/// The instruction counts of kernels of VE machine code, under the names of `PROGINF`. Their times are those of `requests`, where a kernel is
/// found there.
pub(super) fn proginf(executed: &[KernelStatistics], requests: Option<&RequestStats>) -> String {
    let mut text = String::new();
    for kernel in executed {
        // Writing to a string cannot fail.
        let _ = write_executed(&mut text, kernel, time_of(kernel, requests));
    }
    text
}

fn write_executed(
    text: &mut String,
    kernel: &KernelStatistics,
    time: Option<Duration>,
) -> fmt::Result {
    write!(text, "  kernel {}", kernel.kernel)?;
    if !kernel.library.as_os_str().is_empty() {
        write!(text, " of {}", kernel.library.display())?;
    }
    writeln!(text, ", called {} times", kernel.calls)?;
    for (name, count) in [
        ("Inst. Count", kernel.instructions),
        ("V. Inst. Count", kernel.vector_instructions),
        ("V. Element Count", kernel.vector_elements),
        ("FLOP Count", kernel.floating_point_operations),
    ] {
        writeln!(text, "    {name:<20}:{count:>20}")?;
    }
    let rates = time.map(|time| [("MOPS", kernel.mops(time)), ("MFLOPS", kernel.mflops(time))]);
    let shares = [
        ("A. V. Length", kernel.average_vector_length()),
        ("V. Op. Ratio (%)", kernel.vector_operation_ratio()),
    ];
    for (name, value) in rates.into_iter().flatten().chain(shares) {
        writeln!(text, "    {name:<20}:{value:>20.2}")?;
    }
    Ok(())
}

/// How long a kernel has run in all, if exactly one of that name and library has.
fn time_of(kernel: &KernelStatistics, requests: Option<&RequestStats>) -> Option<Duration> {
    let same_library = |other: &KernelStats| {
        let name = |path: &Path| path.file_name().map(|name| name.to_owned());
        other
            .library
            .as_ref()
            .is_none_or(|library| name(Path::new(library)) == name(&kernel.library))
    };
    let mut found = requests?
        .kernels
        .iter()
        .filter(|other| other.kernel == kernel.kernel && same_library(other));
    let one = found.next()?;
    found.next().is_none().then_some(one.calls.running.sum)
}

/// A kernel as a row names it.
struct KernelName<'a>(&'a KernelStats);

impl fmt::Display for KernelName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KernelName(kernel) = self;
        write!(f, "{}", kernel.kernel)?;
        match &kernel.library {
            Some(library) => write!(f, " ({library})"),
            None => Ok(()),
        }
    }
}

/// A time in at most eight characters.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match self.0.as_nanos() {
            0..1_000 => write!(f, "{} ns", self.0.as_nanos()),
            1_000..1_000_000 => scaled(f, seconds * 1e6, "µs"),
            1_000_000..1_000_000_000 => scaled(f, seconds * 1e3, "ms"),
            _ => scaled(f, seconds, "s"),
        }
    }
}

/// A number of bytes with three digits: amounts of memory have binary units everywhere.
struct ByteAmount(u64);

impl fmt::Display for ByteAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        if self.0 < 1 << 10 {
            return write!(f, "{} B", self.0);
        }
        let (mut value, mut unit) = (self.0 as f64 / 1024.0, 0);
        // A value that would be rounded to 1024 is 1 of the next unit.
        while value >= 1023.5 && unit + 1 < UNITS.len() {
            (value, unit) = (value / 1024.0, unit + 1);
        }
        scaled(f, value, UNITS[unit])
    }
}

/// Bytes in a second with three digits: bandwidths have decimal units everywhere.
struct Rate(f64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rate(rate) = *self;
        match rate {
            ..1e3 => write!(f, "{rate:.0} B/s"),
            ..1e6 => scaled(f, rate / 1e3, "kB/s"),
            ..1e9 => scaled(f, rate / 1e6, "MB/s"),
            _ => scaled(f, rate / 1e9, "GB/s"),
        }
    }
}

/// A number with three digits, or more of a large one.
fn scaled(f: &mut fmt::Formatter<'_>, number: f64, unit: &str) -> fmt::Result {
    let places = match number {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    write!(f, "{number:.places$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::super::figures::{ContextStats, TimeStats};
    use super::*;

    fn times(nanoseconds: [u64; 5]) -> TimeStats {
        let [sum, min, p50, p99, max] = nanoseconds.map(Duration::from_nanos);
        TimeStats {
            sum,
            min,
            max,
            p50,
            p99,
        }
    }

    #[test]
    fn a_table_has_a_line_for_each_kind_of_request() {
        let calls = OperationStats {
            count: 1200,
            errors: 1,
            running: times([3_600_000_000, 999, 1_000, 45_678, 123_456_789]),
            queued: times([9_999, 0, 1, 2, 3]),
            bytes: 0,
        };
        let mut stats = ProcStats {
            name: "VE process 1".into(),
            requests: Some(RequestStats {
                kernels: vec![KernelStats {
                    kernel: "add".into(),
                    library: Some("libx.so".into()),
                    calls,
                }],
                writes: OperationStats {
                    count: 2,
                    running: times([2_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000]),
                    bytes: 5_000_000,
                    ..OperationStats::default()
                },
                contexts: vec![ContextStats {
                    context: 7,
                    requests: 1202,
                    errors: 1,
                    queued: Duration::from_nanos(9_999),
                    running: Duration::from_secs(4),
                    bytes: 5_000_000,
                }],
                ..RequestStats::default()
            }),
            ..ProcStats::default()
        };
        stats.memory.now = 1_048_576;
        stats.memory.most = 999;
        stats.memory.blocks = 3;
        let table = "\
VE process 1
  memory: 1.00 MiB now, 999 B at most; allocations now: 3
      count errors  running      min      p50      p99      max   queued      min      p50      p99      max
       1200      1   3.60 s   999 ns  1.00 µs  45.7 µs   123 ms  10.0 µs     0 ns     1 ns     2 ns     3 ns  add (libx.so)
          2      0  2.00 ms  1.00 ms  1.00 ms  1.00 ms  1.00 ms     0 ns     0 ns     0 ns     0 ns     0 ns  transfers to the VE, 4.77 MiB, 2.50 GB/s
";
        assert_eq!(stats.to_string(), table);
        let context = "  context 7: requests 1202, errors 1, running 4.00 s, queued 10.0 µs, moved 4.77 MiB\n";
        assert_eq!(format!("{stats:#}"), format!("{table}{context}"));
        stats.requests = None;
        assert_eq!(stats.to_string().lines().count(), 2);
    }

    #[test]
    fn figures_of_proginf_take_the_time_of_their_kernel() {
        let kernel = |library: Option<&str>, milliseconds: u64| KernelStats {
            kernel: "add".into(),
            library: library.map(str::to_owned),
            calls: OperationStats {
                running: times([milliseconds * 1_000_000, 0, 0, 0, 0]),
                ..OperationStats::default()
            },
        };
        let executed = KernelStatistics {
            kernel: "add".into(),
            library: "/somewhere/libx.so".into(),
            instructions: 4000,
            floating_point_operations: 2000,
            ..KernelStatistics::default()
        };
        let mut requests = RequestStats {
            kernels: vec![kernel(Some("liby.so"), 1), kernel(Some("libx.so"), 2)],
            ..RequestStats::default()
        };
        let told =
            |requests: &RequestStats| proginf(std::slice::from_ref(&executed), Some(requests));
        let text = told(&requests);
        let value = |name: &str| {
            let line = text.lines().find(|line| line.trim().starts_with(name));
            line.and_then(|line| line.rsplit(' ').next()).unwrap()
        };
        assert_eq!((value("MOPS"), value("MFLOPS")), ("2.00", "1.00"));
        assert_eq!(value("Inst. Count"), "4000");
        assert_eq!(value("V. Op. Ratio (%)"), "0.00");
        // Called by its declaration and by its name: which time is whose is not known.
        requests.kernels.push(kernel(None, 3));
        assert!(!told(&requests).contains("MOPS"));
    }
}
