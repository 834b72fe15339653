//! Suggestions for a misspelled name of a function, a kernel or a key.

/// The most names that are suggested.
const SUGGESTED: usize = 3;

/// The names that the user may have meant by `wanted`, the nearest first. They differ by case,
/// underscores or a typing mistake, or are C++ names that lack `extern "C"`.
#[must_use]
pub fn near_names<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter(|name| *name != wanted)
        .filter_map(|name| Some((distance(wanted, name)?, name)))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(SUGGESTED);
    near.into_iter().map(|(_, name)| name).collect()
}

/// The distance of two names. `None` if they are too different.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    let is_mangled = |text: &str| text.starts_with("_Z");
    // A mangled C++ name contains the length of the name, then the name.
    if is_mangled(name)
        && !is_mangled(wanted)
        && name.contains(&format!("{}{wanted}", wanted.len()))
    {
        return Some(0);
    }
    // Fortran's spelling, a prefix of underscores, another case.
    let bare = |text: &str| text.trim_matches('_').to_lowercase();
    let (wanted, name) = (bare(wanted), bare(name));
    if wanted == name {
        return Some(0);
    }
    let most = match wanted.chars().count() {
        0..=1 => return None,
        2..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    // Each additional letter is an edit. This check saves time: C++ names are long, and a
    // library has thousands of them.
    if wanted.chars().count().abs_diff(name.chars().count()) > most {
        return None;
    }
    Some(edits(&wanted, &name)).filter(|edits| *edits <= most)
}

/// The number of letters to insert, remove, replace or swap with the next one.
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
    use super::{edits, near_names};

    #[test]
    fn slips_of_the_keyboard_are_near_and_other_names_are_not() {
        let names = ["scale", "shift", "daxpy_", "_Z4normPdi", "_Z7rescalei", "x"];
        let near = |wanted| near_names(wanted, names);
        assert_eq!(near("sacle"), ["scale"]);
        assert_eq!(near("shft"), ["shift"]);
        assert_eq!(near("DAXPY"), ["daxpy_"]);
        assert_eq!(near("norm"), ["_Z4normPdi"]);
        assert!(near("sum").is_empty());
        assert!(near("y").is_empty());
        assert_eq!(near_names("ad", ["add", "scale"]), ["add"]);
        assert!(near("completely_different").is_empty());
    }

    #[test]
    fn the_nearest_comes_first_and_no_name_is_its_own_mistake() {
        let names = ["gemv_xx", "gemv_x", "gemv", "GEMV", "gemv_xy", "gemv_x"];
        assert_eq!(near_names("gemv_x", names), ["gemv_xx", "gemv_xy", "GEMV"]);
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
        assert_eq!(edits("acb", "abc"), 1);
    }
}
