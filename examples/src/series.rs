//! Reads a series of numbers from a text or CSV file.
//!
//! In a text file, blanks or line ends separate numbers. In a CSV file, a comma, a semicolon or
//! a tab separates fields; a field that contains one of these is in double quotes. The value is
//! the last field of a line. If there is another field, the first one is the label. The first
//! line may name the columns. A file of one line is a series in a row. Empty lines and lines
//! that begin with `#` do not count.

use std::fmt;
use std::path::{Path, PathBuf};

/// A series of finite numbers, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The numbers in the order of the file.
    pub values: Vec<f64>,
    /// The labels in the first column. Empty if there is only one column.
    pub labels: Vec<String>,
    /// The name of the column, if the file has one.
    pub name: Option<String>,
}

/// Why a file is not a series. Displays as one line.
#[derive(Debug)]
pub struct SeriesError {
    file: PathBuf,
    line: Option<usize>,
    what: String,
}

impl fmt::Display for SeriesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.what)
    }
}

impl std::error::Error for SeriesError {}

/// Reads the series in a file.
///
/// # Errors
///
/// The file cannot be read, holds no number, or holds something else where a finite
/// number belongs; the error names the file and the line.
pub fn read(file: &Path) -> Result<Series, SeriesError> {
    let error = |line, what| SeriesError {
        file: file.to_owned(),
        line,
        what,
    };
    let bytes =
        std::fs::read(file).map_err(|e| error(None, format!("cannot read the file: {e}")))?;
    let table = file
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    parse(&bytes, table).map_err(|(line, what)| error(line, what))
}

/// The number of the wrong line, if there is one, and the problem.
type Mistake = (Option<usize>, String);

fn parse(bytes: &[u8], table: bool) -> Result<Series, Mistake> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = Vec::new();
    for (index, line) in bytes.split(|&b| b == b'\n').enumerate() {
        let number = index + 1;
        let line = std::str::from_utf8(line)
            .map_err(|_| (Some(number), "this is not UTF-8 text".to_owned()))?;
        // A tab may separate fields, so only other blanks are trimmed.
        let line = line.trim_matches(|c: char| c != '\t' && c.is_whitespace());
        if !line.trim().is_empty() && !line.starts_with('#') {
            lines.push((number, line));
        }
    }
    let Some(&(_, first)) = lines.first() else {
        let end = bytes.split(|&b| b == b'\n').count();
        return Err((Some(end), "the file holds no number".to_owned()));
    };
    let separates = |&c: &char| fields(first, c).nth(1).is_some();
    match [',', ';', '\t'].into_iter().find(separates) {
        Some(separator) => parse_table(&lines, separator),
        None if table => parse_table(&lines, ','),
        None => parse_text(&lines),
    }
}

fn parse_text(lines: &[(usize, &str)]) -> Result<Series, Mistake> {
    let mut values = Vec::new();
    for &(number, line) in lines {
        for word in line.split_whitespace() {
            values.push(parse_number(number, word)?);
        }
    }
    Ok(Series {
        values,
        labels: Vec::new(),
        name: None,
    })
}

/// The fields of a line. A separator between quotes belongs to its field.
fn fields(line: &str, separator: char) -> impl Iterator<Item = String> {
    let mut quoted = false;
    let ends = move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    };
    let fields = line.split(ends);
    fields.map(|field| field.trim().trim_matches('"').trim().to_owned())
}

fn parse_table(mut lines: &[(usize, &str)], separator: char) -> Result<Series, Mistake> {
    let fields = |line| fields(line, separator).collect::<Vec<_>>();
    let first = fields(lines[0].1);
    let columns = first.len();
    let mut name = None;
    if first.iter().all(|field| field.parse::<f64>().is_err()) {
        name = first.last().cloned();
        if lines.len() == 1 {
            let what = "this names columns, and no number follows".to_owned();
            return Err((Some(lines[0].0), what));
        }
        lines = &lines[1..];
    } else if lines.len() == 1 {
        let values = first.iter().map(|field| parse_number(lines[0].0, field));
        return Ok(Series {
            values: values.collect::<Result<_, _>>()?,
            labels: Vec::new(),
            name,
        });
    }
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for &(number, line) in lines {
        let mut row = fields(line);
        if row.len() != columns {
            let what = format!("{} fields where the first line has {columns}", row.len());
            return Err((Some(number), what));
        }
        values.push(parse_number(number, &row[columns - 1])?);
        if columns > 1 {
            labels.push(row.swap_remove(0));
        }
    }
    Ok(Series {
        values,
        labels,
        name,
    })
}

/// An error shows at most this many characters of a wrong word.
const LONGEST_SHOWN: usize = 40;

fn parse_number(line: usize, text: &str) -> Result<f64, Mistake> {
    let wrong = |what| {
        // The file may be of any kind, so the word may be very long.
        let shown: String = text.chars().take(LONGEST_SHOWN).collect();
        let more = if shown.len() < text.len() { ".." } else { "" };
        Err((Some(line), format!("{shown:?}{more} {what}")))
    };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) if text.contains(|c: char| c.is_ascii_digit()) => wrong("is too large for a number"),
        Ok(_) => wrong("is not a finite number"),
        Err(_) if text.is_empty() => Err((Some(line), "a number is missing".to_owned())),
        Err(_) => wrong("is not a number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<f64> {
        parse(text.as_bytes(), false).unwrap().values
    }

    fn mistake(text: &[u8]) -> (Option<usize>, String) {
        parse(text, false).unwrap_err()
    }

    #[test]
    fn text_in_any_arrangement() {
        assert_eq!(values("1 2.5\n\n# three\n-3e2\n"), [1.0, 2.5, -300.0]);
        assert_eq!(values("\u{feff}1\r\n2\r\n"), [1.0, 2.0]);
    }

    #[test]
    fn tables_with_and_without_names_and_labels() {
        let series = parse(b"year;flow\n1871;1120\n1872;1160", false).unwrap();
        assert_eq!(series.values, [1120.0, 1160.0]);
        assert_eq!(series.labels, ["1871", "1872"]);
        assert_eq!(series.name.as_deref(), Some("flow"));
        let series = parse(b"flow\n1\n2\n", true).unwrap();
        assert_eq!((series.values, series.labels.len()), (vec![1.0, 2.0], 0));
        assert_eq!(values("1,2,3"), [1.0, 2.0, 3.0]);
        assert_eq!(values("\"a\"\t\"1\"\n\"b\"\t\"2\""), [1.0, 2.0]);
        let series = parse(b"\"a,b\";1\n\"c;d\";2", false).unwrap();
        assert_eq!(series.labels, ["a,b", "c;d"]);
    }

    #[test]
    fn mistakes_name_their_line() {
        assert_eq!(
            mistake(b"1\n2\nx\n"),
            (Some(3), "\"x\" is not a number".into())
        );
        assert_eq!(mistake(b"flow\n1\n").0, Some(1));
        assert_eq!(mistake(b"1\nNaN\n").0, Some(2));
        assert_eq!(mistake(b"1 -inf\n").0, Some(1));
        assert_eq!(mistake(b"1\n1e999\n").0, Some(2));
        assert_eq!(mistake(b"a,b\n1,2\n1,2,3\n").0, Some(3));
        assert_eq!(
            mistake(b"a,b\n1,\n"),
            (Some(2), "a number is missing".into())
        );
        assert_eq!(mistake(b"1\n\xff\n").0, Some(2));
        let (_, what) = mistake(&[b'x'; 1 << 20]);
        assert!(what.len() < 100 && what.contains("xx\".. is not"), "{what}");
        assert_eq!(mistake(b"").0, Some(1));
        assert_eq!(mistake(b"# nothing\n\n").0, Some(3));
        assert_eq!(mistake(b"\na,b\n").0, Some(2));
    }
}
