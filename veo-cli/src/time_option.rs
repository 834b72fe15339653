//! A time on the command line, in seconds.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Reads a number of seconds in a range. The error names the range.
pub(crate) fn seconds(text: &str, range: RangeInclusive<f64>) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok();
    seconds
        .filter(|seconds| range.contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| {
            let (shortest, longest) = range.into_inner();
            format!("give a number of seconds, {shortest} to {longest}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_a_number_that_can_be_waited_for() {
        let seconds = |text| seconds(text, 0.01..=86_400.0);
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["", "x", "0", "-1", "nan", "inf", "1e9", "1e-9"] {
            let why = "give a number of seconds, 0.01 to 86400";
            assert_eq!(seconds(wrong), Err(why.into()), "{wrong}");
        }
    }
}
