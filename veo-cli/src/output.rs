//! The answer of a command: one value, printed for people or as JSON.
//!
//! A value is an [`Answer`]: `serde` makes the JSON object of it, its own `print` the lines for people, on a [`Page`]. A page
//! knows how wide the terminal is and whether it shows colours. It escapes text of others, because names in a library may have
//! any bytes.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anstyle::Style;
use serde::Serialize;
use terminal_size::{Height, Width, terminal_size_of};

use crate::failure::CommandFailure;
use crate::screen::Screen;

const HEADING: Style = Style::new().bold();
/// Between two columns.
const GAP: usize = 2;
/// Words in a table are not cut to less than this.
const SHORTEST_WORDS: usize = 12;

/// The result of a command.
pub(crate) trait Answer: Serialize {
    /// Prints the answer for people.
    fn print(&self, page: &mut Page) -> io::Result<()>;
}

/// Where a command prints its answer.
pub(crate) struct Console {
    command: &'static str,
    json: bool,
}

/// One JSON object of the output.
#[derive(Serialize)]
struct JsonAnswer<'a, T> {
    command: &'static str,
    #[serde(flatten)]
    content: &'a T,
}

/// The object of a command that fails.
#[derive(Serialize)]
struct JsonFailure<'a> {
    error: &'a str,
}

impl Console {
    pub(crate) fn new(command: &'static str, json: bool) -> Self {
        Self { command, json }
    }

    /// Whether the answer is JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints an answer. A command that goes on may give several.
    pub(crate) fn give(&self, answer: &impl Answer) -> Result<(), CommandFailure> {
        let printed = if self.json {
            self.print_json(answer)
        } else {
            let stdout = anstream::stdout().lock();
            Page::new(Box::new(io::BufWriter::new(stdout)), terminal()).print(answer)
        };
        printed.map_err(|error| CommandFailure::of_output(&error))
    }

    /// Prints an answer that takes the place of the last one on a terminal: as much of it as there is room for.
    pub(crate) fn show(&self, answer: &impl Answer) -> Result<(), CommandFailure> {
        let size = terminal().filter(|_| !self.json);
        let Some((Width(columns), Height(rows))) = size else {
            return self.give(answer);
        };
        let stdout = anstream::stdout().lock();
        let screen = Screen::new(stdout, columns.into(), rows.into());
        let printed = Page::new(Box::new(screen), size).print(answer);
        printed.map_err(|error| CommandFailure::of_output(&error))
    }

    /// Says why the command fails, and how the program ends.
    pub(crate) fn fail(&self, failure: &CommandFailure) -> ExitCode {
        let (why, status) = match failure {
            CommandFailure::Usage(why) => (why, ExitCode::from(2)),
            CommandFailure::Failed(why) => (why, ExitCode::FAILURE),
            CommandFailure::Answered => return ExitCode::FAILURE,
            CommandFailure::Closed => return ExitCode::SUCCESS,
        };
        // Perhaps nobody reads standard error either.
        let _ = writeln!(io::stderr(), "veo: {}", harmless(why));
        if self.json {
            let _ = self.print_json(&JsonFailure { error: why });
        }
        status
    }

    fn print_json(&self, content: &impl Serialize) -> io::Result<()> {
        let envelope = JsonAnswer {
            command: self.command,
            content,
        };
        let mut stdout = io::BufWriter::new(io::stdout().lock());
        serde_json::to_writer(&mut stdout, &envelope)?;
        stdout.write_all(b"\n")?;
        stdout.flush()
    }
}

/// A heading of a table, and the side on which its cells stand.
pub(crate) struct Column {
    name: &'static str,
    right: bool,
}

impl Column {
    /// For words.
    pub(crate) const fn left(name: &'static str) -> Self {
        Self { name, right: false }
    }

    /// A heading for numbers.
    pub(crate) const fn right(name: &'static str) -> Self {
        Self { name, right: true }
    }
}

/// The size of the terminal, if the output goes to one.
fn terminal() -> Option<(Width, Height)> {
    let stdout = io::stdout();
    let is_terminal = stdout.is_terminal();
    is_terminal.then(|| terminal_size_of(&stdout)).flatten()
}

/// Lines for people.
pub(crate) struct Page {
    out: Box<dyn Write>,
    /// Columns of the terminal; none if the output is no terminal.
    width: Option<usize>,
}

impl Page {
    fn new(out: Box<dyn Write>, terminal: Option<(Width, Height)>) -> Self {
        Self {
            out,
            width: terminal.map(|(width, _)| usize::from(width.0)),
        }
    }

    fn print(mut self, answer: &impl Answer) -> io::Result<()> {
        answer.print(&mut self)?;
        self.out.flush()
    }

    /// Where text for programs goes, as it is.
    pub(crate) fn raw(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Writes one line of text. Control characters are escaped, so that a terminal does not obey them.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{}", harmless(&text.to_string()))
    }

    /// Writes names and descriptions, one pair a line.
    pub(crate) fn fields<'a>(
        &mut self,
        fields: impl IntoIterator<Item = (&'a str, String)>,
    ) -> io::Result<()> {
        let fields: Vec<_> = fields.into_iter().collect();
        let widest = fields.iter().map(|(name, _)| width(name)).max();
        let widest = widest.unwrap_or_default();
        for (name, value) in &fields {
            let padding = match value.is_empty() {
                true => String::new(),
                false => " ".repeat(widest - width(name) + GAP),
            };
            writeln!(
                self.out,
                "{HEADING}{name}{HEADING:#}{padding}{}",
                harmless(value)
            )?;
        }
        Ok(())
    }

    /// Writes a table. If the terminal is too narrow, long words are cut; if that is not enough, each cell becomes a line of its
    /// own, with an empty line between rows.
    pub(crate) fn table(
        &mut self,
        columns: &[Column],
        rows: impl Iterator<Item = Vec<String>>,
    ) -> io::Result<()> {
        let clean = |row: Vec<String>| -> Vec<String> {
            row.iter().map(|cell| in_one_line(cell)).collect()
        };
        let rows: Vec<Vec<String>> = rows.map(clean).collect();
        let widest = |place: usize| {
            let cells = rows.iter().filter_map(|row| row.get(place));
            let cells = cells.map(|cell| width(cell)).max().unwrap_or_default();
            cells.max(width(columns[place].name))
        };
        let mut widths: Vec<usize> = (0..columns.len()).map(widest).collect();
        if self
            .width
            .is_some_and(|width| !fit(columns, &mut widths, width))
        {
            return self.stacked(columns, &rows);
        }
        let names: Vec<String> = columns
            .iter()
            .map(|column| column.name.to_owned())
            .collect();
        let heading = aligned(columns, &widths, &names);
        writeln!(self.out, "{HEADING}{heading}{HEADING:#}")?;
        for row in &rows {
            let cells = row.iter().zip(&widths);
            let cells: Vec<String> = cells.map(|(cell, width)| cut(cell, *width)).collect();
            writeln!(self.out, "{}", aligned(columns, &widths, &cells))?;
        }
        Ok(())
    }

    fn stacked(&mut self, columns: &[Column], rows: &[Vec<String>]) -> io::Result<()> {
        for (place, row) in rows.iter().enumerate() {
            if place > 0 {
                writeln!(self.out)?;
            }
            let cells = columns.iter().zip(row);
            self.fields(cells.map(|(column, cell)| (column.name, cell.clone())))?;
        }
        Ok(())
    }
}

fn aligned(columns: &[Column], widths: &[usize], row: &[String]) -> String {
    let mut line = String::new();
    for ((column, wide), cell) in columns.iter().zip(widths).zip(row) {
        let padding = " ".repeat(wide.saturating_sub(width(cell)));
        let (before, after) = if column.right {
            (&*padding, "")
        } else {
            ("", &*padding)
        };
        let _ = write!(line, "{before}{cell}{after}{:GAP$}", "");
    }
    line.truncate(line.trim_end().len());
    line
}

/// Narrows the widest columns of words until the table has this width. Says whether that is possible.
fn fit(columns: &[Column], widths: &mut [usize], wanted: usize) -> bool {
    let gaps = GAP * columns.len().saturating_sub(1);
    loop {
        let total = widths.iter().sum::<usize>() + gaps;
        if total <= wanted {
            return true;
        }
        let words = columns.iter().zip(widths.iter_mut());
        let words = words.filter(|(column, wide)| {
            let least = width(column.name).max(SHORTEST_WORDS);
            !column.right && **wide > least
        });
        let Some((_, widest)) = words.max_by_key(|(_, wide)| **wide) else {
            return false;
        };
        *widest -= 1;
    }
}

/// The text, cut to the room there is.
pub(crate) fn cut(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(room.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// The number of columns that a text takes.
fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text with control characters escaped.
fn harmless(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if obeyed(c) {
            clean.extend(c.escape_default());
        } else {
            clean.push(c);
        }
    }
    Cow::Owned(clean)
}

/// The text as a cell of a table, without a line break or a tab.
fn in_one_line(text: &str) -> String {
    let text = harmless(text);
    match text.contains(['\n', '\t']) {
        true => text.replace('\n', "\\n").replace('\t', "\\t"),
        false => text.into_owned(),
    }
}

/// A value, or `-` where it is not known.
pub(crate) fn or_dash<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// A number of bytes in the unit that suits it.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1 << 10 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    // A value that would be rounded to 1024 is 1 of the next unit.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let value = (value * 10.0).round() / 10.0;
    let digits = usize::from(value.fract() != 0.0);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// Bytes in a second, in the unit that suits them. Bandwidths have decimal units everywhere.
pub(crate) fn rate(bytes_per_second: f64) -> String {
    let (value, unit) = match bytes_per_second {
        it if it < 1e3 => return format!("{it:.0} B/s"),
        it if it < 1e6 => (it / 1e3, "kB/s"),
        it if it < 1e9 => (it / 1e6, "MB/s"),
        it => (it / 1e9, "GB/s"),
    };
    scaled(value, unit)
}

/// A time in the unit that suits it.
pub(crate) fn time(seconds: f64) -> String {
    match seconds {
        0.0 => "0 ns".to_owned(),
        it if it < 1e-6 => scaled(it * 1e9, "ns"),
        it if it < 1e-3 => scaled(it * 1e6, "µs"),
        it if it < 1.0 => scaled(it * 1e3, "ms"),
        it => scaled(it, "s"),
    }
}

/// A number with three digits, or more of a large one.
fn scaled(value: f64, unit: &str) -> String {
    let digits = match value {
        it if it < 9.995 => 2,
        it if it < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// A path or a name of the system as text. Bytes that are not UTF-8 are replaced.
pub(crate) fn lossy(text: impl AsRef<OsStr>) -> String {
    text.as_ref().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// The text that is printed on a page of this width.
    fn printed(width: Option<usize>, print: impl FnOnce(&mut Page)) -> String {
        struct Shared(Rc<RefCell<Vec<u8>>>);
        impl Write for Shared {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.borrow_mut().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let text = Rc::new(RefCell::new(Vec::new()));
        let out = Box::new(anstream::StripStream::new(
            Box::new(Shared(text.clone())) as Box<dyn Write>
        ));
        print(&mut Page { out, width });
        let text = text.borrow().clone();
        String::from_utf8(text).unwrap()
    }

    fn rows() -> impl Iterator<Item = Vec<String>> {
        [["1", "one"], ["10", "ten\u{1b}[2J"]]
            .map(|row| row.map(str::to_owned).to_vec())
            .into_iter()
    }

    const COLUMNS: [Column; 2] = [Column::right("NUMBER"), Column::left("NAME")];

    #[test]
    fn a_table_is_aligned_and_obeys_no_name() {
        let text = printed(None, |page| page.table(&COLUMNS, rows()).unwrap());
        assert_eq!(text, "NUMBER  NAME\n     1  one\n    10  ten\\u{1b}[2J\n");
    }

    #[test]
    fn a_cell_is_one_line() {
        let rows = || [vec!["1".to_owned(), "a\nb\tc".to_owned()]].into_iter();
        let text = printed(None, |page| page.table(&COLUMNS, rows()).unwrap());
        assert_eq!(text, "NUMBER  NAME\n     1  a\\nb\\tc\n");
    }

    #[test]
    fn words_are_cut_before_a_table_is_taken_apart() {
        let rows = || [vec!["1".to_owned(), "seventeen letters".to_owned()]].into_iter();
        let shown = |width| printed(Some(width), |page| page.table(&COLUMNS, rows()).unwrap());
        assert_eq!(shown(25), "NUMBER  NAME\n     1  seventeen letters\n");
        assert_eq!(shown(24), "NUMBER  NAME\n     1  seventeen lette…\n");
        assert_eq!(shown(20), "NUMBER  NAME\n     1  seventeen l…\n");
        assert_eq!(shown(19), "NUMBER  1\nNAME    seventeen letters\n");
    }

    #[test]
    fn a_terminal_that_is_too_narrow_gets_a_line_for_each_cell() {
        let text = printed(Some(12), |page| page.table(&COLUMNS, rows()).unwrap());
        assert_eq!(
            text,
            "NUMBER  1\nNAME    one\n\nNUMBER  10\nNAME    ten\\u{1b}[2J\n"
        );
    }

    #[test]
    fn times_have_three_digits() {
        let found = [0.0, 5.04e-9, 1.5e-6, 45.67e-6, 2e-3, 0.999, 90.0].map(time);
        let expected = [
            "0 ns", "5.04 ns", "1.50 µs", "45.7 µs", "2.00 ms", "999 ms", "90.0 s",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn rates_are_decimal() {
        let found = [0.0, 999.0, 1024.0, 2.5e6, 12.34e9, 1.35e12].map(rate);
        let expected = [
            "0 B/s",
            "999 B/s",
            "1.02 kB/s",
            "2.50 MB/s",
            "12.3 GB/s",
            "1350 GB/s",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn bytes_are_given_in_the_unit_that_suits_them() {
        let found = [
            0,
            1023,
            1024,
            1536,
            (1 << 20) - 1,
            1 << 20,
            24 << 30,
            u64::MAX,
        ]
        .map(bytes);
        let expected = [
            "0 B",
            "1023 B",
            "1 KiB",
            "1.5 KiB",
            "1 MiB",
            "1 MiB",
            "24 GiB",
            "16384 PiB",
        ];
        assert_eq!(found, expected);
    }
}
