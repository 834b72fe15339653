//! The orders in which requests of several contexts can be started on purpose.

use veo_abi::environment::VEO_EMU_SCHEDULE;

use crate::error::{Error, Result};

/// The order in which requests start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StartOrder {
    /// Each request as late as possible: not before a thread waits for it.
    Late,
    /// Any order that libveo allows, drawn from this seed.
    Random(u64),
}

impl StartOrder {
    /// The order that a program asks for: by an option, or else in its environment.
    pub(crate) fn wanted(option: Option<&str>) -> Result<Option<StartOrder>> {
        let (what, text) = match option {
            Some(text) => ("the schedule of the process", text.to_owned()),
            None => match VEO_EMU_SCHEDULE.text() {
                Some(text) => (VEO_EMU_SCHEDULE.name(), text),
                None => return Ok(None),
            },
        };
        StartOrder::parse(text.trim()).map(Some).ok_or_else(|| {
            Error::invalid(format!(
                "{what} is {text:?}: it is `late`, or `random:` with a number, as in `random:7`"
            ))
        })
    }

    fn parse(text: &str) -> Option<StartOrder> {
        match text.split_once(':') {
            None if text == "late" => Some(StartOrder::Late),
            Some(("random", seed)) => seed.parse().ok().map(StartOrder::Random),
            _ => None,
        }
    }
}

/// Numbers that look random and depend on a seed alone (SplitMix64).
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn new(seed: u64) -> Draws {
        Draws(seed)
    }

    /// A number below `count`, which is not 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ((u128::from(mixed) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_orders_can_be_asked_for() {
        assert_eq!(StartOrder::parse("late"), Some(StartOrder::Late));
        assert_eq!(StartOrder::parse("random:7"), Some(StartOrder::Random(7)));
        for wrong in ["", "random", "random:", "random:-1", "late:1", "early", "7"] {
            assert_eq!(StartOrder::parse(wrong), None, "{wrong}");
        }
        let error = StartOrder::wanted(Some("random")).unwrap_err();
        assert!(error.text.contains("\"random\""), "{}", error.text);
    }

    #[test]
    fn every_number_is_drawn() {
        for count in 1..5 {
            let mut draws = Draws::new(3);
            let mut seen = vec![0; count];
            for _ in 0..1000 {
                seen[draws.below(count)] += 1;
            }
            assert!(seen.iter().all(|times| *times > 900 / count), "{seen:?}");
        }
    }
}
