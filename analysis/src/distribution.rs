//! How values are spread.

use hdrhistogram::Histogram;

/// So many values are kept one by one.
const EXACT: usize = 100_000;
/// The significant digits of values in a histogram.
const DIGITS: u8 = 3;

/// Durations, in ticks of 100 ns. The sum and the extremes are exact; percentiles are, up to 100,000 values.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    count: u64,
    sum: u64,
    min: u64,
    max: u64,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    Exact(Vec<u64>),
    Histogram(Box<Histogram<u64>>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Distribution {
    pub(crate) fn add(&mut self, ticks: u64) {
        self.min = if self.count == 0 { ticks } else { self.min.min(ticks) };
        self.max = self.max.max(ticks);
        self.count += 1;
        self.sum = self.sum.saturating_add(ticks);
        match &mut self.values {
            Values::Exact(values) if values.len() < EXACT => values.push(ticks),
            _ => {
                let histogram = self.histogram();
                record(histogram, ticks);
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        match (&mut self.values, &other.values) {
            (Values::Exact(values), Values::Exact(more)) if values.len() + more.len() <= EXACT => {
                values.extend_from_slice(more);
            }
            (_, Values::Exact(more)) => {
                let histogram = self.histogram();
                for &ticks in more {
                    record(histogram, ticks);
                }
            }
            (_, Values::Histogram(more)) => {
                // It resizes itself; another error there is not.
                let _ = self.histogram().add(&**more);
            }
        }
    }

    /// The values as a histogram from now on.
    fn histogram(&mut self) -> &mut Histogram<u64> {
        if let Values::Exact(values) = &self.values {
            let mut histogram = empty_histogram();
            for &ticks in values {
                record(&mut histogram, ticks);
            }
            self.values = Values::Histogram(Box::new(histogram));
        }
        match &mut self.values {
            Values::Histogram(histogram) => histogram,
            Values::Exact(_) => unreachable!("it was made a histogram above"),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What they are together, in nanoseconds.
    pub fn sum_ns(&self) -> u64 {
        self.sum.saturating_mul(100)
    }

    /// The mean in nanoseconds; none without values.
    #[expect(clippy::cast_precision_loss, reason = "a mean is no more exact than that")]
    pub fn mean_ns(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ns() as f64 / self.count as f64)
    }

    /// The least in nanoseconds; none without values.
    pub fn min_ns(&self) -> Option<u64> {
        (self.count > 0).then(|| self.min.saturating_mul(100))
    }

    /// The greatest in nanoseconds; none without values.
    pub fn max_ns(&self) -> Option<u64> {
        (self.count > 0).then(|| self.max.saturating_mul(100))
    }

    /// Percentiles by the nearest rank, in nanoseconds: for `p` the value at position `ceil(p / 100 · n)` of all sorted,
    /// counted from 1. None without values.
    pub fn percentiles_ns<const N: usize>(&self, percents: [u8; N]) -> Option<[u64; N]> {
        if self.count == 0 {
            return None;
        }
        let rank = |percent: u8| (u64::from(percent.min(100)) * self.count).div_ceil(100).max(1);
        let ticks = match &self.values {
            Values::Exact(values) => {
                let mut sorted = values.clone();
                sorted.sort_unstable();
                percents.map(|percent| {
                    let index = usize::try_from(rank(percent) - 1).unwrap_or(usize::MAX);
                    sorted.get(index).copied().unwrap_or(self.max)
                })
            }
            Values::Histogram(histogram) => percents.map(|percent| {
                histogram.value_at_quantile(f64::from(percent.min(100)) / 100.0).clamp(self.min, self.max)
            }),
        };
        Some(ticks.map(|ticks| ticks.saturating_mul(100)))
    }

    /// By how much a percentile may be off, as a part of it: zero up to 100,000 values.
    pub fn error(&self) -> f64 {
        match self.values {
            Values::Exact(_) => 0.0,
            Values::Histogram(_) => 0.001,
        }
    }
}

fn record(histogram: &mut Histogram<u64>, ticks: u64) {
    // It grows; where that fails the greatest that it has room for is as good as the value.
    if histogram.record(ticks).is_err() {
        histogram.saturating_record(ticks);
    }
}

fn empty_histogram() -> Histogram<u64> {
    // Values of a year of ticks need no more; the digits are few enough for it never to fail.
    let mut histogram =
        Histogram::new_with_bounds(1, 2, DIGITS).unwrap_or_else(|_| unreachable!("the bounds are constants"));
    histogram.auto(true);
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Distribution {
        let mut all = Distribution::default();
        values.into_iter().for_each(|value| all.add(value));
        all
    }

    #[test]
    fn percentiles_are_values_at_the_nearest_rank() {
        assert_eq!(of([]).percentiles_ns([50]), None);
        assert_eq!(of([7]).percentiles_ns([1, 50, 100]), Some([700; 3]));
        assert_eq!(of([3, 1, 2, 4]).percentiles_ns([25, 50, 51, 99]), Some([100, 200, 300, 400]));
        assert_eq!(of(1..=200).percentiles_ns([50, 95, 99]), Some([10_000, 19_000, 19_800]));
    }

    #[test]
    fn beyond_what_is_kept_they_are_off_by_a_thousandth_at_most() {
        let many = of((0..200_000).map(|n| 1 + (n * 7919) % 200_000));
        let [p50, p99] = many.percentiles_ns([50, 99]).unwrap();
        assert!(many.error() > 0.0);
        for (found, exact) in [(p50, 10_000_000.0), (p99, 19_800_000.0)] {
            assert!((f64::from(u32::try_from(found).unwrap()) / exact - 1.0).abs() <= many.error(), "{found} {exact}");
        }
        assert_eq!((many.min_ns(), many.max_ns()), (Some(100), Some(20_000_000)));
        assert_eq!(many.sum_ns(), 200_000 * 200_001 / 2 * 100);
    }

    #[test]
    fn parts_give_what_the_whole_gives() {
        for size in [10, 60_000, 120_000] {
            let mut parts = of(0..size);
            parts.merge(&of(size..2 * size));
            parts.merge(&Distribution::default());
            let whole = of(0..2 * size);
            assert_eq!(parts.percentiles_ns([1, 50, 95, 99]), whole.percentiles_ns([1, 50, 95, 99]), "{size}");
            assert_eq!((parts.sum_ns(), parts.min_ns(), parts.max_ns()), (whole.sum_ns(), Some(0), whole.max_ns()));
        }
    }

    #[test]
    fn the_longest_times_fit() {
        let mut longest = of([u64::MAX, 1]);
        longest.merge(&of((0..100_000).chain([u64::MAX])));
        assert_eq!(longest.max_ns(), Some(u64::MAX));
        assert!(longest.percentiles_ns([100]).is_some());
    }
}
