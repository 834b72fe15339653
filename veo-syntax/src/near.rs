//! Which name was probably meant: of a function in a library, of a key.

/// The nearest of `names` to `wanted`, if one is near.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let distance = distance(wanted, name);
        if let Some(distance) = distance
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// How far apart two names are, if they can be mistaken for each other.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    // Fortran's spelling, a prefix of underscores, another case.
    let bare = |text: &str| text.trim_matches('_').to_lowercase();
    if bare(wanted) == bare(name) {
        return Some(0);
    }
    // A C++ name contains the length and the name.
    if name.starts_with("_Z") && name.contains(&format!("{}{wanted}", wanted.len())) {
        return Some(0);
    }
    let most = match wanted.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    // Each letter more is an edit. Names of C++ are long, and libraries have thousands of them.
    if wanted.chars().count().abs_diff(name.chars().count()) > most {
        return None;
    }
    Some(edits(wanted, name)).filter(|edits| *edits <= most)
}

/// The number of letters to insert, remove, replace, or swap with the next.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_of_the_keyboard_are_near_and_other_names_are_not() {
        let names = ["scale", "shift", "daxpy_", "_Z4normPdi", "x"];
        let near = |wanted| nearest(wanted, names.into_iter());
        assert_eq!(near("sacle"), Some("scale"));
        assert_eq!(near("shft"), Some("shift"));
        assert_eq!(near("DAXPY"), Some("daxpy_"));
        assert_eq!(near("norm"), Some("_Z4normPdi"));
        assert_eq!(near("sum"), None);
        assert_eq!(near("y"), None);
    }
}
