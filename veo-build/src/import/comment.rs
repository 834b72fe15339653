//! Turns C comments into documentation.

use syn::{Attribute, Expr, Lit, Meta};

/// The words of documentation.
pub(super) fn text(attributes: &[Attribute]) -> String {
    texts(attributes).collect()
}

fn texts(attributes: &[Attribute]) -> impl Iterator<Item = String> {
    attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let Expr::Lit(text) = &pair.value else {
            return None;
        };
        let Lit::Str(text) = &text.lit else {
            return None;
        };
        Some(text.value())
    })
}

/// The words of a comment without its marks, to compare comments.
pub(super) fn words(comment: &str) -> String {
    comment.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The lines of a comment as documentation.
pub(super) fn lines(attributes: &[Attribute]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for text in texts(attributes) {
        let mut first = true;
        for line in text.lines() {
            lines.push(clean(line, first));
            first = false;
        }
    }
    let blank = |line: &String| line.is_empty();
    let end = lines
        .iter()
        .rposition(|line| !blank(line))
        .map_or(0, |last| last + 1);
    lines.truncate(end);
    let start = lines.iter().position(|line| !blank(line)).unwrap_or(0);
    lines.drain(..start);
    break_lines(&mut lines);
    lines
}

/// Removes the marks of the comment and decorative lines. The rest becomes Markdown that shows the text unchanged: no code
/// block (rustdoc would test it), no list, no tag, and no link except web addresses.
fn clean(line: &str, first: bool) -> String {
    let line = line.trim();
    let line = line
        .strip_prefix("/**")
        .or(line.strip_prefix("/*"))
        .unwrap_or(line);
    let line = line.strip_suffix("*/").unwrap_or(line);
    let line = line.trim_start_matches(['/', '!']);
    // `/**<` documents the item before it.
    let line = match line.strip_prefix('<') {
        Some(rest) if first => rest,
        _ => line,
    };
    // Each line may begin with a star.
    let starred = line.strip_prefix('*');
    let line = undecorated(starred.unwrap_or(line).trim());
    let mut text = String::with_capacity(line.len() + 8);
    let mut rest = line;
    while let Some(at) = ["http://", "https://"]
        .iter()
        .filter_map(|scheme| rest.find(scheme))
        .min()
    {
        let address = &rest[at..];
        let end = address
            .find(|c: char| c.is_whitespace() || "<>()[]{}\"'`|\\^".contains(c))
            .unwrap_or(address.len());
        let address = address[..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        escape(&rest[..at], &mut text);
        text.push_str(&format!("<{address}>"));
        rest = &rest[at + address.len()..];
    }
    escape(rest, &mut text);
    plain_start(text)
}

/// Removes a frame: runs of the same mark at both ends, `==== Title ====`.
fn undecorated(line: &str) -> &str {
    const MARKS: [char; 7] = ['*', '=', '-', '#', '_', '~', '/'];
    let mut line = line;
    for mark in MARKS {
        if line.chars().all(|c| c == mark || c.is_whitespace()) {
            return "";
        }
    }
    for mark in MARKS {
        let run: String = std::iter::repeat_n(mark, 3).collect();
        if line.starts_with(&run) {
            line = line.trim_start_matches(mark).trim_start();
        }
        if line.ends_with(&run) {
            line = line.trim_end_matches(mark).trim_end();
        }
    }
    line
}

/// Escapes marks that have a meaning anywhere in Markdown.
fn escape(line: &str, text: &mut String) {
    for c in line.chars() {
        if "[]<>`_*\\~|&".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
}

/// Escapes marks that have a meaning at the beginning of a line: headings, lists.
fn plain_start(text: String) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let after = text[digits..].chars().next();
    if text.starts_with(['#', '-', '+', '=']) {
        format!("\\{text}")
    } else if digits > 0 && matches!(after, Some('.' | ')')) {
        format!("{}\\{}", &text[..digits], &text[digits..])
    } else {
        text
    }
}

/// Adds a line break before each line that begins a list item or a parameter.
fn break_lines(lines: &mut [String]) {
    let begins = |line: &str| {
        let digits = line.chars().take_while(char::is_ascii_digit).count();
        let marked = ["@", "\\\\", "\\-", "\\+", "\\*"];
        marked.iter().any(|mark| line.starts_with(mark))
            || digits > 0 && line[digits..].starts_with('\\')
    };
    for at in 1..lines.len() {
        if begins(&lines[at]) && !lines[at - 1].is_empty() {
            lines[at - 1].push('\\');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{break_lines, clean};

    fn cleaned(line: &str) -> String {
        clean(line, false)
    }

    #[test]
    fn marks_are_taken_away() {
        assert_eq!(cleaned(" * adds x[i] to <y>"), "adds x\\[i\\] to \\<y\\>");
        assert_eq!(
            cleaned("/* Sets the number of threads */"),
            "Sets the number of threads"
        );
        assert_eq!(cleaned("        code();"), "code();");
        assert_eq!(cleaned("//! ===== Level 1 ====="), "Level 1");
        assert_eq!(cleaned(" ****************/"), "");
        assert_eq!(clean("/**< the first */", true), "the first");
        assert_eq!(cleaned("<b>bold"), "\\<b\\>bold");
    }

    #[test]
    fn text_that_looks_like_markdown_is_kept() {
        assert_eq!(cleaned(" * -1 on failure"), "\\-1 on failure");
        assert_eq!(cleaned("#define N"), "\\#define N");
        assert_eq!(cleaned("1. first"), "1\\. first");
        assert_eq!(cleaned("1.5 times"), "1\\.5 times");
        assert_eq!(cleaned("a ~~~ b"), "a \\~\\~\\~ b");
        assert_eq!(cleaned("&amp; x"), "\\&amp; x");
        assert_eq!(cleaned("~~~"), "");
    }

    #[test]
    fn addresses_of_the_web_are_links() {
        assert_eq!(
            cleaned("see (http://a.org/x_y), or https://b.org."),
            "see (<http://a.org/x_y>), or <https://b.org>."
        );
    }

    #[test]
    fn parameters_begin_a_line() {
        let mut lines =
            ["Adds.", "@param x", "more", "\\\\param y", "", "1\\. one"].map(String::from);
        break_lines(&mut lines);
        assert_eq!(
            lines,
            [
                "Adds.\\",
                "@param x",
                "more\\",
                "\\\\param y",
                "",
                "1\\. one"
            ]
        );
    }
}
