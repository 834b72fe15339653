//! How values are spread: count, sum, extremes, and quantiles from a histogram of fixed size.

/// Binary digits of a value that tell buckets apart, after the first.
const DIGITS: u32 = 3;
const STEPS: usize = 1 << DIGITS;

/// One bucket for each value below `STEPS`, then `STEPS` for each power of two up to 2^63.
const BUCKETS: usize = STEPS * (u64::BITS - DIGITS + 1) as usize;

/// Values of any size, in 4 KiB. A quantile is off by at most a sixteenth of its value.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    count: u64,
    /// Stays at the largest number.
    sum: u64,
    min: u64,
    max: u64,
    buckets: Box<[u64; BUCKETS]>,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram {
            count: 0,
            sum: 0,
            min: u64::MAX,
            max: 0,
            buckets: Box::new([0; BUCKETS]),
        }
    }
}

impl Histogram {
    #[inline]
    pub(crate) fn add(&mut self, value: u64) {
        self.count += 1;
        self.sum = self.sum.saturating_add(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.buckets[bucket(value)] += 1;
    }

    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    /// 0 without values.
    pub(crate) fn min(&self) -> u64 {
        self.min.min(self.max)
    }

    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// The least value that this many percent of all values are not above, about; 0 without values.
    pub(crate) fn percentile(&self, percent: u64) -> u64 {
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100);
        if rank == u128::from(self.count) {
            return self.max;
        }
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += u128::from(*count);
            if *count > 0 && seen >= rank {
                let (first, len) = range(index);
                return (first + (len - 1) / 2).clamp(self.min, self.max);
            }
        }
        0
    }
}

/// The bucket that a value belongs to.
#[inline]
fn bucket(value: u64) -> usize {
    let Some(power) = value.checked_ilog2().filter(|power| *power >= DIGITS) else {
        return value as usize;
    };
    let digits = (value >> (power - DIGITS)) as usize & (STEPS - 1);
    (power - DIGITS + 1) as usize * STEPS + digits
}

/// The first value of a bucket, and how many it has.
fn range(index: usize) -> (u64, u64) {
    let (row, step) = (index / STEPS, index % STEPS);
    if row == 0 {
        return (index as u64, 1);
    }
    let shift = row as u32 - 1;
    (((STEPS + step) as u64) << shift, 1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_without_gaps() {
        let mut next = 0_u64;
        for index in 0..BUCKETS {
            let (first, len) = range(index);
            assert_eq!(first, next, "bucket {index}");
            let last = first + (len - 1);
            assert_eq!((bucket(first), bucket(last)), (index, index));
            next = last.wrapping_add(1);
        }
        assert_eq!(next, 0, "the last one ends with the largest value");
    }

    /// The exact percentile, from all values in order.
    fn exact(sorted: &[u64], percent: usize) -> u64 {
        sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_values() {
        let mut random = fastrand::Rng::with_seed(14);
        let mut shapes: Vec<Vec<u64>> = vec![
            vec![0],
            vec![7; 1000],
            vec![u64::MAX, 0, u64::MAX],
            (0..100).collect(),
            (0..1000).map(|n| n * n * n).collect(),
        ];
        for len in [1, 2, 99, 100, 101, 5000] {
            shapes.push((0..len).map(|_| random.u64(..)).collect());
            shapes.push((0..len).map(|_| random.u64(1..2000)).collect());
            let spread = |_| 1 << random.u32(0..63);
            shapes.push((0..len).map(spread).collect());
        }
        for mut values in shapes {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.add(*value));
            values.sort_unstable();
            let (first, last) = (values[0], values[values.len() - 1]);
            assert_eq!((histogram.min(), histogram.max()), (first, last));
            let sum = values.iter().map(|value| u128::from(*value)).sum::<u128>();
            assert_eq!(u128::from(histogram.sum()), sum.min(u128::from(u64::MAX)));
            for percent in [1, 50, 90, 99, 100] {
                let (found, right) = (
                    histogram.percentile(percent as u64),
                    exact(&values, percent),
                );
                assert!(
                    found.abs_diff(right) <= right / 16,
                    "{percent} %: {found} for {right} of {values:?}"
                );
            }
        }
    }

    #[test]
    fn an_empty_histogram_gives_zeros() {
        let none = Histogram::default();
        assert_eq!((none.sum(), none.min(), none.max()), (0, 0, 0));
        assert_eq!((none.percentile(50), none.percentile(99)), (0, 0));
    }
}
