//! The C headers of the interface, as text to install or to write out.

/// Every header of `include/`: its file name and its text.
pub const HEADERS: [(&str, &str); 8] = [
    ("ve_offload.h", include_str!("../include/ve_offload.h")),
    ("veo_emu.h", include_str!("../include/veo_emu.h")),
    ("veo_hmem.h", include_str!("../include/veo_hmem.h")),
    ("veo_ve.h", include_str!("../include/veo_ve.h")),
    ("veo_vedma.h", include_str!("../include/veo_vedma.h")),
    ("veo_veshm.h", include_str!("../include/veo_veshm.h")),
    (
        "veo_veshm_defs.h",
        include_str!("../include/veo_veshm_defs.h"),
    ),
    ("veo_vhveshm.h", include_str!("../include/veo_vhveshm.h")),
];

#[cfg(test)]
mod tests {
    use super::HEADERS;

    #[test]
    fn no_header_is_left_out() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/include");
        let mut found: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        let mut listed: Vec<_> = HEADERS.iter().map(|(name, _)| (*name).to_owned()).collect();
        listed.sort();
        assert_eq!(found, listed);
    }
}
