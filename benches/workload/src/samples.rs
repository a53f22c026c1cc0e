//! Measured durations and what is said of them.

use serde::{Deserialize, Serialize};

/// Microseconds since some beginning; never goes back.
pub type Stopwatch = fn() -> f64;

/// How long the same work took, again and again: microseconds, in the order they were measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds one.
    pub fn add(&mut self, us: f64) {
        self.0.push(us);
    }

    /// Measures one.
    pub fn time<T>(&mut self, watch: Stopwatch, work: impl FnOnce() -> T) -> T {
        let start = watch();
        let result = work();
        self.add(watch() - start);
        result
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The mean, in microseconds; 0 without samples.
    pub fn mean_us(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len().max(1) as f64
    }

    /// The value that this share (0 to 1) of the samples does not exceed, in microseconds; 0 without samples.
    pub fn quantile_us(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let mut samples = Samples::default();
        (1..=100).rev().for_each(|us| samples.add(f64::from(us)));
        assert_eq!([0.0, 0.5, 0.99, 1.0].map(|share| samples.quantile_us(share)), [1.0, 50.0, 99.0, 100.0]);
        assert_eq!(samples.mean_us(), 50.5);
        assert_eq!(Samples::default().quantile_us(0.5), 0.0);
    }
}
