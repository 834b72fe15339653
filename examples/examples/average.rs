//! `average [FILE]`: statistics of a series of numbers, computed on a VE node.
//!
//! It uses every way of passing an argument to a kernel once. The host computes the same
//! values. Without FILE, it reads the flow of the Nile in `examples/data`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ve_kernels::statistics::{
    Extremes, Moments, accumulate, fill_histogram, find_extremes, find_value, percent_below,
    shift_and_scale, variance,
};
use veo_core::{OnStack, VeMemPtr, VeoLibrary, VeoProc};
use veo_examples::series::{self, Series};

const BINS: usize = 10;
const WIDTH: usize = 40;

/// The values that both sides compute.
struct Statistics {
    count: i64,
    mean: f64,
    variance: f64,
    min: f64,
    max: f64,
    /// The index of the first smallest and of the first largest value.
    min_at: usize,
    max_at: usize,
    /// The part of the values that lies more than a standard deviation below the mean.
    low_percent: f32,
    histogram: [f64; BINS],
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let file = match (arguments.next(), arguments.next()) {
        (None, _) => Path::new(env!("CARGO_MANIFEST_DIR")).join("data/nile.csv"),
        (Some(file), None) => PathBuf::from(file),
        (Some(_), Some(_)) => {
            eprintln!("usage: average [FILE]");
            return ExitCode::FAILURE;
        }
    };
    let result = run(&file).and_then(|report| print(&report));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("average: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Computes on both sides. Returns the text to print, or an error.
fn run(file: &Path) -> Result<String, String> {
    let series = series::read(file).map_err(|e| e.to_string())?;
    let vh = on_the_host(&series.values);
    if !vh.mean.is_finite() || vh.variance.is_infinite() {
        let file = file.display();
        return Err(format!(
            "{file}: the numbers are too large: the sum of their squares is not a double"
        ));
    }
    let proc = VeoProc::new(0).map_err(|e| e.to_string())?;
    let ve = on_the_node(&proc, &series.values).map_err(|e| e.to_string())?;
    let mut node = format!("VE node {} ({})", proc.nodeid(), proc.backend());
    if proc.libs().iter().any(VeoLibrary::is_ve_code) {
        node.push_str(", by VE machine code");
    }
    proc.close().map_err(|e| e.to_string())?;
    let name = file.file_name().unwrap_or(file.as_os_str());
    Ok(report(&name.to_string_lossy(), &series, &ve, &vh, &node))
}

/// `println!` would panic when nobody reads to the end, as in `average | head -1`.
fn print(report: &str) -> Result<(), String> {
    match io::stdout().write_all(report.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot print: {e}")),
        _ => Ok(()),
    }
}

fn report(name: &str, series: &Series, ve: &Statistics, vh: &Statistics, node: &str) -> String {
    let mut lines = vec![match &series.name {
        Some(column) => format!("{name}, column {column}"),
        None => name.to_owned(),
    }];
    lines.push(format!("\n{:<10} {:>20} {:>20}", "", "VE", "host"));
    let mut row = |what: &str, ve: String, vh: String| {
        lines.push(format!("{what:<10} {ve:>20} {vh:>20}"));
    };
    let with_label = |value: f64, at: usize| match series.labels.get(at) {
        Some(label) => format!("({label}) {}", number(value)),
        None => number(value),
    };
    row("count", ve.count.to_string(), vh.count.to_string());
    row("mean", number(ve.mean), number(vh.mean));
    row("variance", number(ve.variance), number(vh.variance));
    row(
        "minimum",
        with_label(ve.min, ve.min_at),
        with_label(vh.min, vh.min_at),
    );
    row(
        "maximum",
        with_label(ve.max, ve.max_at),
        with_label(vh.max, vh.max_at),
    );
    row(
        "very low",
        format!("{:.1} %", ve.low_percent),
        format!("{:.1} %", vh.low_percent),
    );

    lines.push(String::new());
    let tallest = ve.histogram.iter().copied().fold(1.0, f64::max);
    for (bin, (&ve_count, &vh_count)) in ve.histogram.iter().zip(&vh.histogram).enumerate() {
        let edge = ve.min + (ve.max - ve.min) / BINS as f64 * bin as f64;
        let bar = "#".repeat((ve_count / tallest * WIDTH as f64).round() as usize);
        let line = format!("{:>12} {ve_count:>8} {vh_count:>8}  {bar}", number(edge));
        lines.push(line.trim_end().to_owned());
    }
    lines.push(format!("\ncomputed on {node}\n"));
    lines.join("\n")
}

fn on_the_node(proc: &VeoProc, values: &[f64]) -> veo_core::Result<Statistics> {
    let ctx = proc.open_context()?;
    let n = values.len() as i64;
    let x = proc.upload(values)?;

    // A structure goes in and comes back. The second call needs the structure from the first
    // call, so it waits for that call.
    let mut moments = Moments::default();
    let half = values.len() / 2;
    accumulate(
        &ctx,
        x.slice(..half)?,
        half as i64,
        OnStack::inout(&mut moments),
    )?
    .wait()?;
    let rest = n - half as i64;
    let count = accumulate(&ctx, x.slice(half..)?, rest, OnStack::inout(&mut moments))?.wait()?;

    // A structure goes in. The variance of a sample is undefined for one value.
    let variance = match count {
        1 => f64::NAN,
        _ => variance(&ctx, OnStack::input(&moments), 1)?.wait()?,
    };

    // A structure comes back. This call is on the process, so there is no request to wait for.
    let mut extremes = Extremes::default();
    find_extremes(proc, &x, n, OnStack::output(&mut extremes))?;
    let Extremes { min, max } = extremes;

    // Two calls are in flight. Their results are pointers into VE memory.
    let first_min = find_value(&ctx, &x, n, min)?;
    let first_max = find_value(&ctx, &x, n, max)?;
    let index =
        |found: VeMemPtr<f64>| (found.addr() - x.as_ptr().addr()) as usize / size_of::<f64>();
    let (min_at, max_at) = (index(first_min.wait()?), index(first_max.wait()?));

    // VE memory is passed by pointer, for input and output. The next call on the context sees it.
    let scores = proc.alloc::<f64>(values.len())?;
    let (source, target) = (x.as_ptr(), scores.as_ptr());
    let scale = if variance > 0.0 {
        variance.sqrt().recip()
    } else {
        0.0
    };
    let scored = shift_and_scale(&ctx, source, target, n, moments.mean, scale)?;
    let low = percent_below(&ctx, &scores, n, -1.0)?;
    scored.wait()?;
    let low_percent = low.wait()?;

    // Eleven arguments, integers and floats mixed.
    let mut bins = proc.zeros::<f64>(BINS)?;
    let counted =
        fill_histogram(&ctx, &x, n, 0, 1, &mut bins, BINS as i32, min, max, 1.0, 1)?.wait()?;
    assert_eq!(counted, n, "the histogram covers all values");
    let mut histogram = [0.0; BINS];
    proc.read(&bins, &mut histogram)?;

    ctx.close()?;
    Ok(Statistics {
        count,
        mean: moments.mean,
        variance,
        min,
        max,
        min_at,
        max_at,
        low_percent,
        histogram,
    })
}

/// The same in plain Rust, with other formulas if possible.
fn on_the_host(values: &[f64]) -> Statistics {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    let variance = if values.len() > 1 {
        squares / (n - 1.0)
    } else {
        f64::NAN
    };
    let deviation = variance.sqrt();
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let at = |value| values.iter().position(|&x| x == value).unwrap_or(0);
    let low = values
        .iter()
        .filter(|&&x| (x - mean) / deviation < -1.0)
        .count();
    let mut histogram = [0.0; BINS];
    for &x in values {
        let bin = (x - min) / (max - min) * BINS as f64;
        let last = x == max || bin as usize >= BINS;
        histogram[if last { BINS - 1 } else { bin as usize }] += 1.0;
    }
    Statistics {
        count: values.len() as i64,
        mean,
        variance,
        min,
        max,
        min_at: at(min),
        max_at: at(max),
        low_percent: (100.0 * low as f64 / n) as f32,
        histogram,
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        a if a.is_nan() => "undefined".to_owned(),
        a if a == 0.0 || (1e-3..1e12).contains(&a) => format!("{value:.6}"),
        _ => format!("{value:.9e}"),
    }
}
