//! The values of `VEO_STATS`.

use veo_abi::environment::VEO_STATS;

/// The statistics to print at the end of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WantedStatistics {
    Nothing,
    Table,
    /// With a line for each context.
    Detail,
}

/// Reads `VEO_STATS`. The error is a sentence.
pub(crate) fn from_environment() -> Result<WantedStatistics, String> {
    let Some(word) = VEO_STATS.get() else {
        return Ok(WantedStatistics::Nothing);
    };
    let lower = word.to_str().map(str::to_ascii_lowercase);
    match lower.as_deref().map(str::trim) {
        Some("0") => Ok(WantedStatistics::Nothing),
        Some("1") => Ok(WantedStatistics::Table),
        Some("detail") => Ok(WantedStatistics::Detail),
        _ => Err(format!(
            "VEO_STATS is {word:?}: set it to `1`, `DETAIL` or `0`, or unset it"
        )),
    }
}
