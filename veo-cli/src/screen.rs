//! Output for a terminal that is looked at from its first line on: no more than it has room for.

use std::io::{self, Write};

use anstream::adapter::strip_str;

/// Gathers lines and passes on, when it is flushed, as many as a terminal has room for.
pub(crate) struct Screen<W: Write> {
    out: W,
    columns: usize,
    rows: usize,
    text: Vec<u8>,
}

impl<W: Write> Screen<W> {
    pub(crate) fn new(out: W, columns: usize, rows: usize) -> Self {
        Self {
            out,
            columns,
            rows,
            text: Vec::new(),
        }
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        let text = String::from_utf8_lossy(&text);
        self.out
            .write_all(fitting(&text, self.columns, self.rows).as_bytes())?;
        self.out.flush()
    }
}

/// The lines for which there is room, and how many are left out. The cursor needs the last row.
fn fitting(text: &str, columns: usize, rows: usize) -> String {
    let room = rows.saturating_sub(1).max(1);
    let height = |line: &str| {
        let width = strip_str(line).to_string().trim_end().chars().count();
        width.div_ceil(columns.max(1)).max(1)
    };
    if text.lines().map(height).sum::<usize>() <= room {
        return text.to_owned();
    }
    let (mut shown, mut used) = (String::new(), 1);
    let mut lines = text.lines();
    for line in lines.by_ref() {
        used += height(line);
        if used > room {
            let more = 1 + lines.count();
            shown += &format!("… {more} more lines\n");
            break;
        }
        shown += line;
        shown.push('\n');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, columns: usize, rows: usize) -> String {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, columns, rows);
        write!(screen, "{text}").unwrap();
        screen.flush().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_fits_is_shown() {
        assert_eq!(shown("a\nb\nc\n", 10, 4), "a\nb\nc\n");
        assert_eq!(
            shown("\u{1b}[1mabcd\u{1b}[0m\nb\nc\n", 4, 4)
                .lines()
                .count(),
            3
        );
    }

    #[test]
    fn of_more_the_first_lines_are_shown() {
        assert_eq!(shown("a\nb\nc\nd\n", 10, 4), "a\nb\n… 2 more lines\n");
        assert_eq!(shown("a\nb\n", 10, 1), "… 2 more lines\n");
    }

    #[test]
    fn a_long_line_takes_several() {
        assert_eq!(shown("abcdef\nb\nc\n", 3, 4), "abcdef\n… 2 more lines\n");
    }
}
