//! C comments as documentation.

use syn::{Attribute, Expr, Lit, Meta};

/// The lines of a comment, for a documentation of their own.
pub(super) fn lines(attributes: &[Attribute]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for attribute in attributes {
        let Meta::NameValue(pair) = &attribute.meta else {
            continue;
        };
        let Expr::Lit(text) = &pair.value else {
            continue;
        };
        let Lit::Str(text) = &text.lit else { continue };
        lines.extend(text.value().lines().map(clean));
    }
    let blank = |line: &String| line.is_empty();
    let end = lines
        .iter()
        .rposition(|line| !blank(line))
        .map_or(0, |last| last + 1);
    lines.truncate(end);
    let start = lines.iter().position(|line| !blank(line)).unwrap_or(0);
    lines.drain(..start);
    lines
}

/// Takes the marks of the comment away and what Markdown would take as its own: indentation (a code block, which would be
/// tested), links and tags.
fn clean(line: &str) -> String {
    let line = line.trim();
    let line = line
        .strip_prefix("/**")
        .or(line.strip_prefix("/*"))
        .unwrap_or(line);
    let line = line.strip_suffix("*/").unwrap_or(line);
    let line = line.trim_start_matches(['/', '!']);
    // `/**<` documents what stands before it.
    let line = line.strip_prefix('<').unwrap_or(line);
    let line = line
        .strip_prefix('*')
        .unwrap_or(line)
        .trim_matches(['*', '=', '-', '#', ' ', '\t']);
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        if "[]<>`_*\\".contains(c) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn marks_are_taken_away() {
        assert_eq!(clean(" * adds x[i] to <y>"), "adds x\\[i\\] to \\<y\\>");
        assert_eq!(
            clean("/* Sets the number of threads */"),
            "Sets the number of threads"
        );
        assert_eq!(clean("        code();"), "code();");
        assert_eq!(clean("//! ===== Level 1 ====="), "Level 1");
    }
}
