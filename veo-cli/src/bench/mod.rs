//! `veo bench`: how fast a node is, beside what the machine itself can do.
//!
//! `node` measures, by `measure`, beside `limits`; `chart` draws. Times drift on a machine that others use; ratios drift much
//! less, so a saved run is compared by its ratios.

mod chart;
mod limits;
mod measure;
mod node;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

use self::measure::MeasuredPair;
use self::node::{Bench, Measured, SIZES};
use crate::failure::CommandFailure;
use crate::files;
use crate::node_option::NodeOption;
use crate::output::{self, Answer, Column, Console, Page, bytes, lossy, or_dash, rate};
use crate::time_option::seconds;

/// Measure calls, transfers and VE machine code of a node
#[derive(clap::Args)]
pub(crate) struct BenchOptions {
    #[command(flatten)]
    node: NodeOption,
    /// Time for each measurement
    #[arg(short, long, value_name = "SECONDS", default_value = "0.5", value_parser = measured_time)]
    time: Duration,
    /// Compare with a run that was saved: veo bench --json > FILE
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Draw the results into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// The longest time for a measurement.
const LONGEST: f64 = 3600.0;
/// The shortest time for a measurement: a shorter one has hardly two turns.
const SHORTEST: f64 = 0.01;

fn measured_time(text: &str) -> Result<Duration, String> {
    seconds(text, SHORTEST..=LONGEST)
}

/// A run. It is read again when another one is compared with it.
#[derive(Serialize, Deserialize)]
struct BenchRun {
    version: String,
    backend: String,
    node: i32,
    /// Whether the program was compiled with optimisation, without which times mean little.
    optimised: bool,
    /// The run that this one is compared with.
    compared_with: Option<String>,
    rows: Vec<BenchRow>,
}

/// The measured values.
#[derive(Clone, Serialize, Deserialize)]
struct BenchRow {
    name: String,
    /// The size of a transfer, in bytes.
    size: Option<u64>,
    /// Nanoseconds for one; null if there is none.
    time: Option<f64>,
    /// The name of the reference that it is compared with.
    beside: String,
    /// Nanoseconds that the reference takes.
    reference: Option<f64>,
    /// `time` by `reference`.
    ratio: Option<f64>,
    /// `ratio` by that of the run that this one is compared with: more than 1 is slower.
    change: Option<f64>,
    /// Why there is no time.
    missing: Option<String>,
}

/// One thing to measure.
struct PlannedMeasurement {
    name: &'static str,
    beside: &'static str,
    size: Option<usize>,
    measure: Box<dyn Fn(&Bench) -> Measured>,
}

fn plans() -> Vec<PlannedMeasurement> {
    let plan = |name, beside, size, measure| PlannedMeasurement {
        name,
        beside,
        size,
        measure,
    };
    let mut plans = vec![
        plan(
            "call, waited for",
            PING_PONG,
            None,
            Box::new(Bench::waited) as _,
        ),
        plan(
            "call, pipelined",
            PING_PONG,
            None,
            Box::new(Bench::pipelined) as _,
        ),
    ];
    for (name, to_ve) in [(TO_VE, true), (TO_HOST, false)] {
        for size in SIZES {
            let measure = move |bench: &Bench| bench.transfer(size, to_ve);
            plans.push(plan(name, COPY, Some(size), Box::new(measure) as _));
        }
    }
    plans.push(plan(
        "start of a process",
        "start of `true`",
        None,
        Box::new(Bench::start) as _,
    ));
    plans.push(plan(
        "step of VE code",
        "step of the machine's code",
        None,
        Box::new(Bench::ve_code) as _,
    ));
    plans
}

const PING_PONG: &str = "ping-pong of threads";
const COPY: &str = "memcpy";
const TO_VE: &str = "transfer to the VE";
const TO_HOST: &str = "transfer to the host";

impl BenchRow {
    fn new(plan: &PlannedMeasurement, measured: Result<MeasuredPair, String>) -> BenchRow {
        let (pair, missing) = match measured {
            Ok(pair) => (Some(pair), None),
            Err(why) => (None, Some(why)),
        };
        BenchRow {
            name: plan.name.into(),
            size: plan.size.map(|size| size as u64),
            time: pair.map(|pair| pair.ours),
            beside: plan.beside.into(),
            reference: pair.map(|pair| pair.reference),
            ratio: pair
                .map(|pair| pair.ours / pair.reference)
                .filter(|ratio| ratio.is_finite()),
            change: None,
            missing,
        }
    }

    /// Bytes by time, of a transfer.
    fn bandwidth(&self, nanoseconds: Option<f64>) -> Option<f64> {
        Some(self.size? as f64 * 1e9 / nanoseconds.filter(|time| *time > 0.0)?)
    }
}

pub(crate) fn run(command: &BenchOptions, console: &Console) -> Result<(), CommandFailure> {
    // This is checked first: the measurement takes minutes.
    if let (Some(picture), Some(saved)) = (&command.svg, &command.compare) {
        files::keep_apart(picture, saved)?;
    }
    let saved = command.compare.as_deref().map(read).transpose()?;
    let picture = command.svg.as_deref().map(Picture::open).transpose()?;
    let bench = Bench::new(command.node.of_process(), command.time)?;
    let plans = plans();
    // It is hidden where standard error is no terminal.
    let progress = ProgressBar::new(plans.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}") {
        progress.set_style(style);
    }
    let mut rows = Vec::new();
    for plan in &plans {
        progress.set_message(plan.name);
        rows.push(BenchRow::new(plan, (plan.measure)(&bench)?));
        progress.inc(1);
    }
    progress.finish_and_clear();
    let mut run = BenchRun {
        version: env!("CARGO_PKG_VERSION").into(),
        backend: bench.backend().to_string(),
        node: bench.node(),
        optimised: !cfg!(debug_assertions),
        compared_with: command.compare.as_ref().map(lossy),
        rows,
    };
    if let Some(saved) = &saved {
        compare(&mut run.rows, &saved.rows);
    }
    // The answer is printed even where the disk is full: it has taken minutes.
    console.give(&run)?;
    if let Some(picture) = picture {
        picture.write(&chart::draw(&run.rows).map_err(CommandFailure::failed)?)?;
    }
    Ok(())
}

/// The file of a picture. It keeps its content until there is a new one.
struct Picture<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Picture<'a> {
    fn open(path: &'a Path) -> Result<Self, CommandFailure> {
        let mut options = File::options();
        let file = options.write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|why| CommandFailure::file("write", path, &why))?;
        Ok(Self { path, file })
    }

    fn write(mut self, picture: &str) -> Result<(), CommandFailure> {
        let mut write = || {
            // Pipes and the like have no length.
            if self.file.metadata()?.is_file() {
                self.file.set_len(0)?;
            }
            self.file.write_all(picture.as_bytes())
        };
        write().map_err(|why| CommandFailure::file("write", self.path, &why))
    }
}

/// A run that was saved.
fn read(path: &Path) -> Result<BenchRun, CommandFailure> {
    let text = files::read(path).map_err(|why| CommandFailure::file("read", path, &why))?;
    serde_json::from_slice(&text).map_err(|why| {
        CommandFailure::failed(format_args!(
            "{} is no run of `veo bench --json`: {why}",
            path.display()
        ))
    })
}

fn compare(rows: &mut [BenchRow], saved: &[BenchRow]) {
    for row in rows {
        let same =
            |it: &&BenchRow| (&it.name, it.size, &it.beside) == (&row.name, row.size, &row.beside);
        let before = saved.iter().find(same).and_then(|row| row.ratio);
        let change = row.ratio.zip(before).map(|(now, before)| now / before);
        row.change = change.filter(|change| change.is_finite());
    }
}

/// A time in nanoseconds for people.
fn time(nanoseconds: f64) -> String {
    output::time(nanoseconds / 1e9)
}

impl Answer for BenchRun {
    fn print(&self, page: &mut Page) -> io::Result<()> {
        page.line(format_args!("node {}, backend {}", self.node, self.backend))?;
        if !self.optimised {
            page.line("this program was compiled without optimisation: its times mean little")?;
        }
        page.line("")?;
        let mut columns = vec![
            Column::left("MEASURED"),
            Column::right("SIZE"),
            Column::right("TIME"),
            Column::right("BANDWIDTH"),
            Column::right("RATIO"),
            Column::left("BESIDE"),
            Column::right("TIME"),
        ];
        if self.compared_with.is_some() {
            columns.push(Column::right("CHANGE"));
        }
        let rows = self.rows.iter().map(|row| {
            let bandwidth = row.bandwidth(row.time);
            let mut cells = vec![
                row.name.clone(),
                row.size.map_or_else(String::new, bytes),
                or_dash(row.time.map(time)),
                bandwidth.map_or_else(String::new, rate),
                or_dash(row.ratio.map(|ratio| format!("{ratio:.2}"))),
                row.beside.clone(),
                or_dash(row.reference.map(time)),
            ];
            if self.compared_with.is_some() {
                cells.push(or_dash(row.change.map(|change| format!("{change:.2}"))));
            }
            cells
        });
        page.table(&columns, rows)?;
        let mut reasons: Vec<_> = self
            .rows
            .iter()
            .filter_map(|row| Some(format!("{}: {}", row.name, row.missing.as_ref()?)))
            .collect();
        reasons.dedup();
        reasons.iter().try_for_each(|reason| page.line(reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ratio: Option<f64>, size: Option<u64>) -> BenchRow {
        BenchRow {
            name: "a".into(),
            size,
            time: Some(2000.0),
            beside: "b".into(),
            reference: Some(1000.0),
            ratio,
            change: None,
            missing: None,
        }
    }

    #[test]
    fn a_change_is_that_of_the_ratio() {
        let mut rows = [
            row(Some(3.0), None),
            row(Some(3.0), Some(8)),
            row(None, Some(9)),
        ];
        compare(
            &mut rows,
            &[
                row(Some(2.0), None),
                row(Some(0.0), Some(8)),
                row(Some(1.0), Some(9)),
            ],
        );
        assert_eq!(rows.map(|row| row.change), [Some(1.5), None, None]);
    }

    #[test]
    fn bandwidth_is_bytes_by_time() {
        assert_eq!(row(None, Some(4000)).bandwidth(Some(2000.0)), Some(2e9));
        assert_eq!(row(None, Some(4000)).bandwidth(Some(0.0)), None);
        assert_eq!(row(None, None).bandwidth(Some(2000.0)), None);
    }
}
