//! Further names of functions that are in the other tables.

/// A name, and the name of the function that does the same. Functions that take a locale have it behind their other arguments, and there
/// is one locale.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("bsd_signal", "signal"),
    ("free_aligned_sized", "free"),
    ("free_sized", "free"),
    ("isalnum_l", "isalnum"),
    ("isalpha_l", "isalpha"),
    ("isascii_l", "isascii"),
    ("isblank_l", "isblank"),
    ("iscntrl_l", "iscntrl"),
    ("isdigit_l", "isdigit"),
    ("isgraph_l", "isgraph"),
    ("islower_l", "islower"),
    ("isprint_l", "isprint"),
    ("ispunct_l", "ispunct"),
    ("isspace_l", "isspace"),
    ("isupper_l", "isupper"),
    ("iswalnum_l", "iswalnum"),
    ("iswalpha_l", "iswalpha"),
    ("iswblank_l", "iswblank"),
    ("iswcntrl_l", "iswcntrl"),
    ("iswctype_l", "iswctype"),
    ("iswdigit_l", "iswdigit"),
    ("iswgraph_l", "iswgraph"),
    ("iswlower_l", "iswlower"),
    ("iswprint_l", "iswprint"),
    ("iswpunct_l", "iswpunct"),
    ("iswspace_l", "iswspace"),
    ("iswupper_l", "iswupper"),
    ("iswxdigit_l", "iswxdigit"),
    ("isxdigit_l", "isxdigit"),
    ("memset_explicit", "memset"),
    ("strcasecmp_l", "strcasecmp"),
    ("strcoll_l", "strcoll"),
    ("strerror_l", "strerror"),
    ("strftime_l", "strftime"),
    ("strncasecmp_l", "strncasecmp"),
    ("strtod_l", "strtod"),
    ("strtof_l", "strtof"),
    ("strtol_l", "strtol"),
    ("strtold_l", "strtold"),
    ("strtoll_l", "strtoll"),
    ("strtoul_l", "strtoul"),
    ("strtoull_l", "strtoull"),
    ("strxfrm_l", "strxfrm"),
    ("timelocal", "mktime"),
    ("tolower_l", "tolower"),
    ("toupper_l", "toupper"),
    ("towctrans_l", "towctrans"),
    ("towlower_l", "towlower"),
    ("towupper_l", "towupper"),
    ("wcscasecmp_l", "wcscasecmp"),
    ("wcscoll_l", "wcscoll"),
    ("wcsftime_l", "wcsftime"),
    ("wcsncasecmp_l", "wcsncasecmp"),
    ("wcstod_l", "wcstod"),
    ("wcstof_l", "wcstof"),
    ("wcstol_l", "wcstol"),
    ("wcstold_l", "wcstold"),
    ("wcstoll_l", "wcstoll"),
    ("wcstoul_l", "wcstoul"),
    ("wcstoull_l", "wcstoull"),
    ("wcsxfrm_l", "wcsxfrm"),
    ("wctrans_l", "wctrans"),
    ("wctype_l", "wctype"),
];

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::NAMES;

    #[test]
    fn each_has_a_function() {
        for (name, _) in NAMES {
            assert!(find(name).is_some(), "{name}");
        }
    }
}
