//! How long single things took, and which share of them took how long.

use std::time::Duration;

/// Every single latency of a run, to the microsecond, up to an hour each.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    micros: Vec<u32>,
    sorted: bool,
}

/// Points of a curve: from the fastest to the slowest, closer together towards the slow end.
const CURVE_PER_MILLE: [usize; 21] =
    [0, 10, 50, 100, 200, 300, 400, 500, 600, 700, 800, 850, 900, 930, 950, 970, 980, 990, 995, 999, 1000];

impl Latencies {
    /// Adds one.
    pub fn record(&mut self, took: Duration) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        self.sorted = false;
    }

    /// Adds all of another set.
    pub fn merge(&mut self, other: &Self) {
        self.micros.extend_from_slice(&other.micros);
        self.sorted = false;
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.micros.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.micros.is_empty()
    }

    /// The least time within which this share of them was done (nearest rank): 990 is p99. Zero when there is none.
    pub fn percentile(&mut self, per_mille: usize) -> Duration {
        if !self.sorted {
            self.micros.sort_unstable();
            self.sorted = true;
        }
        let rank = (self.micros.len() * per_mille.min(1_000)).div_ceil(1_000).max(1);
        Duration::from_micros(self.micros.get(rank - 1).copied().unwrap_or(0).into())
    }

    /// Milliseconds, and the percentage that took at most so long.
    pub fn curve(&mut self) -> Vec<(f64, f64)> {
        let point = |at: usize| (self.percentile(at).as_secs_f64() * 1e3, at as f64 / 10.0);
        CURVE_PER_MILLE.map(point).to_vec()
    }
}

/// The one in the middle; of an even number the mean of the two. No number when there is none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        millis.into_iter().for_each(|ms| latencies.record(Duration::from_millis(ms)));
        latencies
    }

    #[test]
    fn a_percentile_is_a_latency_that_occurred_and_that_share_took_no_longer() {
        let mut latencies = of((1..=100).rev());
        assert_eq!(latencies.percentile(500), Duration::from_millis(50));
        assert_eq!(latencies.percentile(990), Duration::from_millis(99));
        assert_eq!(latencies.percentile(991), Duration::from_millis(100));
        assert_eq!(latencies.percentile(1_000), Duration::from_millis(100));
        assert_eq!(latencies.percentile(0), Duration::from_millis(1));
    }

    #[test]
    fn one_slow_one_in_a_hundred_is_seen_at_p99_only_when_there_are_two() {
        let mut one = of(std::iter::repeat_n(1, 99).chain([500]));
        assert_eq!(
            (one.percentile(990), one.percentile(999)),
            (Duration::from_millis(1), Duration::from_millis(500))
        );
        let mut two = of(std::iter::repeat_n(1, 98).chain([500, 500]));
        assert_eq!(two.percentile(990), Duration::from_millis(500));
    }

    #[test]
    fn what_is_recorded_or_merged_after_a_look_is_seen_by_the_next() {
        let mut latencies = of([1]);
        assert_eq!(latencies.percentile(1_000), Duration::from_millis(1));
        latencies.record(Duration::from_millis(7));
        assert_eq!(latencies.percentile(1_000), Duration::from_millis(7));
        latencies.merge(&of([9]));
        assert_eq!((latencies.percentile(1_000), latencies.len()), (Duration::from_millis(9), 3));
        assert_eq!(Latencies::default().percentile(500), Duration::ZERO);
    }

    #[test]
    fn a_median_stands_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
