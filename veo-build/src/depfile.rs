//! Reads the dependency files that compilers write in Makefile syntax.

use std::path::PathBuf;

/// The prerequisites of the rules in `text`, in order, each once.
pub(crate) fn parse(text: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut word = String::new();
    let mut in_targets = true;
    let mut finish = |word: &mut String, in_targets: bool| {
        if !word.is_empty() && !in_targets {
            let path = PathBuf::from(&*word);
            if !found.contains(&path) {
                found.push(path);
            }
        }
        word.clear();
    };
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.peek() {
                Some('\n') => {
                    chars.next();
                    finish(&mut word, in_targets);
                }
                Some('\r') => {}
                Some(' ' | '#' | '\\' | '\t') => word.extend(chars.next()),
                _ => word.push('\\'),
            },
            '$' if chars.peek() == Some(&'$') => word.extend(chars.next()),
            ':' if in_targets && chars.peek().is_none_or(|next| next.is_whitespace()) => {
                word.clear();
                in_targets = false;
            }
            '\n' => {
                finish(&mut word, in_targets);
                in_targets = true;
            }
            c if c.is_whitespace() => finish(&mut word, in_targets),
            c => word.push(c),
        }
    }
    finish(&mut word, in_targets);
    found
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::path::Path;

    #[test]
    fn reads_what_gcc_writes() {
        let text =
            "out/a b.o: /k/my\\ file.c /k/\u{fc}.h \\\n /k/co$$t.h \\\n /k/a\\#b.h\n\n/k/x.h:\n";
        let expected = ["/k/my file.c", "/k/\u{fc}.h", "/k/co$t.h", "/k/a#b.h"];
        assert_eq!(parse(text), expected.map(Path::new));
    }

    #[test]
    fn keeps_colons_inside_names_and_each_name_once() {
        assert_eq!(
            parse("a.o: x:y.h z.h x:y.h"),
            [Path::new("x:y.h"), Path::new("z.h")]
        );
    }
}
