//! A trace as a picture (SVG): a row for each track, a box for each request that is wide enough to see.

use std::fmt::Write as _;

use super::trace::{LaneKind, Trace, TraceSpan, Track};
use crate::output::time;

/// Width of the picture.
const WIDTH: f64 = 1200.0;
/// Where the time axis begins, right of the names.
const LEFT: f64 = 240.0;
/// Height of a row.
const HEIGHT: f64 = 22.0;
/// Height of a row with a process's name, and of the axis.
const HEADING: f64 = 26.0;
/// Boxes narrower than this have no border and no name.
const NARROW: f64 = 2.0;
/// Room for a letter.
const LETTER: f64 = 6.5;

/// Draws a trace.
pub(super) fn draw(trace: &Trace) -> String {
    let (start, end) = trace.extent();
    let scale = (WIDTH - LEFT) / ((end - start).max(1) as f64);
    let mut body = String::new();
    let mut y = HEADING;
    let mut process = None;
    for track in &trace.tracks {
        if track.lane == LaneKind::Other {
            continue;
        }
        if process != Some(&track.process) {
            process = Some(&track.process);
            text(&mut body, 4.0, y + 18.0, "bold", &track.process);
            y += HEADING;
        }
        text(&mut body, 12.0, y + 15.0, "normal", &name(track));
        row(&mut body, track, y, |time| {
            LEFT + (time - start) as f64 * scale
        });
        y += HEIGHT;
    }
    axis(&mut body, end - start, y);
    let height = y + 4.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

fn name(track: &Track) -> String {
    let lane = match track.lane {
        LaneKind::Ve => "VE",
        LaneKind::Transfers => "transfers",
        LaneKind::HostFunctions => "host functions",
        LaneKind::Other => return track.context.clone(),
    };
    format!("{}: {lane}", track.context)
}

fn row(body: &mut String, track: &Track, y: f64, place: impl Fn(u64) -> f64) {
    let colour = match track.lane {
        LaneKind::Ve => "#3b7dd8",
        LaneKind::Transfers => "#e09030",
        _ => "#60a060",
    };
    let mut narrow: Option<(f64, f64)> = None;
    let close = |body: &mut String, narrow: &mut Option<(f64, f64)>| {
        if let Some((from, to)) = narrow.take() {
            let width = (to - from).max(0.5);
            let _ = writeln!(
                body,
                "<rect x=\"{from:.2}\" y=\"{y}\" width=\"{width:.2}\" height=\"18\" fill=\"{colour}\"/>"
            );
        }
    };
    for span in &track.spans {
        let (from, to) = (place(span.begin), place(span.end));
        if to - from >= NARROW || span.outcome.is_some() {
            close(body, &mut narrow);
            wide(body, span, (from, to.max(from + NARROW)), y, colour);
            continue;
        }
        // Boxes that would lie on each other become one.
        match &mut narrow {
            Some((_, last)) if from <= *last + 0.5 => *last = to.max(*last),
            _ => {
                close(body, &mut narrow);
                narrow = Some((from, to));
            }
        }
    }
    close(body, &mut narrow);
}

fn wide(body: &mut String, span: &TraceSpan, (from, to): (f64, f64), y: f64, colour: &str) {
    let colour = if span.outcome.is_some() {
        "#d03030"
    } else {
        colour
    };
    let width = to - from;
    let took = time(super::seconds(span.end - span.begin));
    let about = if span.is_estimated { ", estimated" } else { "" };
    let title = match &span.outcome {
        Some(outcome) => format!("{} ({outcome}): {took}{about}", span.name),
        None => format!("{}: {took}{about}", span.name),
    };
    let _ = writeln!(
        body,
        "<rect x=\"{from:.2}\" y=\"{y}\" width=\"{width:.2}\" height=\"18\" fill=\"{colour}\" \
         stroke=\"white\" stroke-width=\"0.5\"><title>{}</title></rect>",
        escaped(&title)
    );
    let letters = ((width - 6.0) / LETTER) as usize;
    if letters >= 3 && span.name.chars().count() <= letters {
        let _ = writeln!(
            body,
            "<text x=\"{:.2}\" y=\"{}\" fill=\"white\">{}</text>",
            from + 3.0,
            y + 13.0,
            escaped(&span.name)
        );
    }
}

/// The time axis along the top.
fn axis(body: &mut String, length: u64, bottom: f64) {
    const MARKS: u64 = 8;
    for mark in 0..=MARKS {
        let part = mark as f64 / MARKS as f64;
        let x = LEFT + part * (WIDTH - LEFT);
        let anchor = if mark == MARKS { "end" } else { "middle" };
        let label = time(super::seconds(length) * part);
        let _ = writeln!(
            body,
            "<line x1=\"{x:.1}\" y1=\"20\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"#00000020\"/>\n\
             <text x=\"{x:.1}\" y=\"14\" text-anchor=\"{anchor}\" fill=\"#606060\">{label}</text>"
        );
    }
}

fn text(body: &mut String, x: f64, y: f64, weight: &str, text: &str) {
    let text = escaped(text);
    let _ = writeln!(
        body,
        "<text x=\"{x}\" y=\"{y}\" font-weight=\"{weight}\">{text}</text>"
    );
}

/// Text in XML, without characters that XML cannot have.
fn escaped(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            '&' => clean.push_str("&amp;"),
            '"' => clean.push_str("&quot;"),
            _ if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => clean.push('\u{fffd}'),
            _ => clean.push(c),
        }
    }
    clean
}
