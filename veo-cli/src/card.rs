//! Facts about a card from the driver's files. The module only reads them. A value that a file does not have is `None`.
//!
//! `/dev/veslotN` is node N. The driver numbers its directories differently, so the number of the device leads to the directory.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use veo_abi::environment::VENODELIST;

/// More cores than any card has.
const MOST_CORES: u32 = 32;
/// `sensor_14` is the temperature of core 0, in millionths of a degree.
const FIRST_CORE_SENSOR: u32 = 14;
/// The power in watts that a card takes beside its two measured supplies.
const UNMEASURED_POWER: f64 = 5.0;

/// The directory of the driver for one card.
pub(crate) struct Card {
    directory: PathBuf,
}

impl Card {
    /// The card of a node, numbered as programs number nodes.
    pub(crate) fn of_node(node: i32) -> Option<Self> {
        let slot = match VENODELIST.text() {
            Some(list) => {
                let place = usize::try_from(node).ok()?;
                list.split_whitespace().nth(place)?.parse::<u32>().ok()?
            }
            None => u32::try_from(node).ok()?,
        };
        let device = fs::metadata(format!("/dev/veslot{slot}")).ok()?.rdev();
        let (major, minor) = (libc::major(device), libc::minor(device));
        let directory = fs::canonicalize(format!("/sys/dev/char/{major}:{minor}")).ok()?;
        Some(Self { directory })
    }

    /// `online`, or the driver's number for another state.
    pub(crate) fn state(&self) -> Option<String> {
        Some(match self.text("os_state")?.as_str() {
            "0" => "online".into(),
            other => format!("state {other}"),
        })
    }

    /// The address on the PCI bus.
    pub(crate) fn bus(&self) -> Option<String> {
        let device = fs::canonicalize(self.directory.join("device")).ok()?;
        Some(device.file_name()?.to_string_lossy().into_owned())
    }

    /// The temperature of the hottest core, in degrees Celsius.
    pub(crate) fn temperature(&self) -> Option<f64> {
        let mask = self.text("cores_enable")?;
        let mask = u32::from_str_radix(mask.trim_start_matches("0x"), 16).ok()?;
        let cores = (0..MOST_CORES).filter(|core| mask & (1 << core) != 0);
        let temperatures = cores.filter_map(|core| self.sensor(FIRST_CORE_SENSOR + core));
        let hottest = temperatures.fold(None, |most: Option<f64>, it| {
            Some(most.map_or(it, |most| most.max(it)))
        });
        Some(hottest? / 1e6)
    }

    /// The power in watts: each of two supplies has a voltage in millionths of a volt and a current in thousandths of an ampere.
    pub(crate) fn power(&self) -> Option<f64> {
        let supply = |voltage, current| -> Option<f64> {
            Some(self.sensor(voltage)? / 1e6 * (self.sensor(current)? / 1e3))
        };
        Some(supply(8, 12)? + supply(9, 13)? + UNMEASURED_POWER)
    }

    fn sensor(&self, number: u32) -> Option<f64> {
        self.text(&format!("sensor_{number}"))?.parse().ok()
    }

    fn text(&self, file: &str) -> Option<String> {
        let text = read_short(&self.directory.join(file))?;
        Some(text.trim().to_owned())
    }
}

/// A file of the driver has one number.
fn read_short(path: &Path) -> Option<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let mut file = fs::File::open(path).ok()?.take(64);
    file.read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(files: &[(&str, &str)]) -> (tempfile::TempDir, Card) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        let path = directory.path().to_owned();
        (directory, Card { directory: path })
    }

    #[test]
    fn sensors_of_the_driver_become_degrees_and_watts() {
        let (_kept, card) = card(&[
            ("os_state", "0\n"),
            ("cores_enable", "5\n"),
            ("sensor_8", "12000000\n"),
            ("sensor_9", "11900000\n"),
            ("sensor_12", "2000\n"),
            ("sensor_13", "1000\n"),
            ("sensor_14", "41000000\n"),
            ("sensor_15", "99000000\n"), // of a core that is not there
            ("sensor_16", "43500000\n"),
        ]);
        assert_eq!(card.state().as_deref(), Some("online"));
        assert_eq!(card.temperature(), Some(43.5));
        let power = card.power().unwrap();
        assert!((power - (24.0 + 11.9 + 5.0)).abs() < 1e-9, "{power}");
    }

    #[test]
    fn missing_sensors_are_unknown() {
        let (_kept, card) = card(&[("os_state", "2"), ("cores_enable", "x"), ("sensor_8", "")]);
        assert_eq!(card.state().as_deref(), Some("state 2"));
        assert_eq!((card.temperature(), card.power()), (None, None));
    }
}
