//! Leaky buckets: how often something may happen, in one number per key and a bounded table of keys.
//!
//! A bucket is the time at which it will be empty again. A table that is full forgets the empty ones; keys for which
//! there is still no room share one bucket, so a flood of keys slows itself down and costs no memory.

use std::collections::BTreeMap;
use std::time::Duration;

use sotto_wire::ids::Millis;

use crate::limits::BUCKETS_MAX;
use crate::settings::Rate;

/// Too much, too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// When to try again.
    pub retry_after: Duration,
}

/// One bucket: microseconds since 1970 at which it is empty.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bucket(u64);

impl Bucket {
    /// Takes `cost` from the bucket, or says when there will be enough in it.
    pub(crate) fn take(&mut self, rate: Rate, cost: u32, now: Millis) -> Result<(), Limited> {
        let now = micros(now);
        let period = rate.period.as_micros() as u64;
        let full = now.saturating_add(period.saturating_mul(rate.burst.into()));
        let then = self.0.max(now).saturating_add(period.saturating_mul(cost.into()));
        if then > full {
            return Err(Limited { retry_after: Duration::from_micros(then - full) });
        }
        self.0 = then;
        Ok(())
    }

    fn is_empty(self, now: Millis) -> bool {
        self.0 <= micros(now)
    }
}

const fn micros(now: Millis) -> u64 {
    now.0.saturating_mul(1_000)
}

/// Buckets by key.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    rate: Rate,
    buckets: BTreeMap<K, Bucket>,
    shared: Bucket,
}

impl<K: Ord> Buckets<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: BTreeMap::new(), shared: Bucket::default() }
    }

    /// See [`Bucket::take`].
    pub(crate) fn take(&mut self, key: K, cost: u32, now: Millis) -> Result<(), Limited> {
        if self.buckets.len() >= BUCKETS_MAX && !self.buckets.contains_key(&key) {
            self.prune(now);
            if self.buckets.len() >= BUCKETS_MAX {
                return self.shared.take(self.rate, cost, now);
            }
        }
        self.buckets.entry(key).or_default().take(self.rate, cost, now)
    }

    /// Forgets the empty ones.
    pub(crate) fn prune(&mut self, now: Millis) {
        self.buckets.retain(|_, bucket| !bucket.is_empty(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::new(3, 1_000);

    #[test]
    fn a_burst_passes_and_then_one_in_every_period() {
        let mut bucket = Bucket::default();
        let now = Millis(1_000_000);
        assert!((0..3).all(|_| bucket.take(RATE, 1, now).is_ok()));
        assert_eq!(bucket.take(RATE, 1, now), Err(Limited { retry_after: Duration::from_secs(1) }));
        assert_eq!(bucket.take(RATE, 1, Millis(now.0 + 1_000)), Ok(()));
        assert!(bucket.take(RATE, 1, Millis(now.0 + 1_500)).is_err());
        assert!(bucket.take(RATE, 3, Millis(now.0 + 10_000)).is_ok(), "it fills up again");
        assert!(bucket.take(RATE, 4, Millis(now.0 + 90_000)).is_err(), "more than a burst never passes");
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out_for_longer_than_a_burst() {
        let mut bucket = Bucket::default();
        bucket.take(RATE, 3, Millis(1_000_000)).unwrap();
        let limited = bucket.take(RATE, 1, Millis(999_000)).unwrap_err();
        assert_eq!(limited.retry_after, Duration::from_secs(2));
    }

    #[test]
    fn a_flood_of_keys_shares_one_bucket_and_spares_the_others() {
        let mut buckets = Buckets::new(RATE);
        let now = Millis(1_000_000);
        for key in 0..BUCKETS_MAX {
            buckets.take(key, 1, now).unwrap();
        }
        let flood = (BUCKETS_MAX..BUCKETS_MAX + 10).filter(|key| buckets.take(*key, 1, now).is_ok()).count();
        assert_eq!((flood, buckets.buckets.len()), (3, BUCKETS_MAX));
        assert!(buckets.take(7, 1, now).is_ok(), "who was there before keeps a bucket of its own");
        let later = Millis(now.0 + 60_000);
        assert!(buckets.take(BUCKETS_MAX, 1, later).is_ok());
        assert_eq!(buckets.buckets.len(), 1, "empty buckets are forgotten");
    }
}
