//! Numbers about the transport, and the Prometheus text format. No label names a person, a topic or an address.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use sotto_service::Plane;

use crate::service_thread::Pulse;

/// Buckets of a histogram.
const BUCKETS: usize = 10;
/// Upper bounds of the duration buckets, in microseconds.
const DURATION_BOUNDS: [u64; BUCKETS] =
    [100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000];
/// Upper bounds of the batch size buckets, in requests.
const BATCH_BOUNDS: [u64; BUCKETS] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// What the transport counts.
pub(crate) struct Metrics {
    pub(crate) account: PlaneMetrics,
    pub(crate) topic: PlaneMetrics,
    pub(crate) refused: Refused,
    pub(crate) closed: Closed,
    /// Requests in one batch.
    pub(crate) batch_requests: Histogram,
    /// Time for one batch, its commit included, in microseconds.
    pub(crate) batch_micros: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            account: PlaneMetrics::default(),
            topic: PlaneMetrics::default(),
            refused: Refused::default(),
            closed: Closed::default(),
            batch_requests: Histogram::new(&BATCH_BOUNDS),
            batch_micros: Histogram::new(&DURATION_BOUNDS),
        }
    }
}

/// One plane's share.
#[derive(Default)]
pub(crate) struct PlaneMetrics {
    pub(crate) open: Number,
    pub(crate) opened: Number,
    pub(crate) messages_received: Number,
    pub(crate) messages_sent: Number,
}

/// Connections that never became one, by reason.
#[derive(Default)]
pub(crate) struct Refused {
    pub(crate) full: Number,
    pub(crate) prefix_full: Number,
    pub(crate) tls: Number,
    pub(crate) http: Number,
}

/// Connections the server ended, by reason.
#[derive(Default)]
pub(crate) struct Closed {
    pub(crate) too_slow: Number,
    pub(crate) too_large: Number,
    pub(crate) malformed: Number,
    pub(crate) silent: Number,
}

/// A number that several threads change.
#[derive(Default)]
pub(crate) struct Number(AtomicU64);

impl Number {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    pub(crate) fn sub(&self, count: u64) {
        self.0.fetch_sub(count, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Observations counted by size.
pub(crate) struct Histogram {
    bounds: &'static [u64; BUCKETS],
    buckets: [Number; BUCKETS],
    count: Number,
    sum: Number,
}

impl Histogram {
    fn new(bounds: &'static [u64; BUCKETS]) -> Self {
        Self { bounds, buckets: Default::default(), count: Number::default(), sum: Number::default() }
    }

    fn observe(&self, value: u64) {
        if let Some((_, bucket)) = self.bounds.iter().zip(&self.buckets).find(|(bound, _)| value <= **bound) {
            bucket.add(1);
        }
        self.count.add(1);
        self.sum.add(value);
    }
}

impl Metrics {
    /// The numbers of one plane.
    pub(crate) fn plane(&self, plane: Plane) -> &PlaneMetrics {
        match plane {
            Plane::Account => &self.account,
            Plane::Topic => &self.topic,
        }
    }

    /// One batch was handled.
    pub(crate) fn batch(&self, requests: usize, took: Duration) {
        self.batch_requests.observe(requests as u64);
        self.batch_micros.observe(took.as_micros() as u64);
    }

    /// Everything in the Prometheus text format.
    pub(crate) fn page(&self, service: &Pulse, events_waiting: usize) -> String {
        let mut page = Page::default();
        let planes = |of: fn(&PlaneMetrics) -> &Number| {
            [("account", of(&self.account).get()), ("topic", of(&self.topic).get())]
        };
        page.family("sotto_connections", "gauge", "Open WebSockets.", "plane", &planes(|p| &p.open));
        page.family(
            "sotto_connections_total",
            "counter",
            "WebSockets opened.",
            "plane",
            &planes(|p| &p.opened),
        );
        let received = planes(|p| &p.messages_received);
        page.family("sotto_messages_received_total", "counter", "Messages read.", "plane", &received);
        let sent = planes(|p| &p.messages_sent);
        page.family("sotto_messages_sent_total", "counter", "Messages written.", "plane", &sent);
        let Refused { full, prefix_full, tls, http } = &self.refused;
        page.family(
            "sotto_connections_refused_total",
            "counter",
            "Connections that never became a WebSocket.",
            "reason",
            &[
                ("full", full.get()),
                ("prefix_full", prefix_full.get()),
                ("tls", tls.get()),
                ("http", http.get()),
            ],
        );
        let Closed { too_slow, too_large, malformed, silent } = &self.closed;
        page.family(
            "sotto_connections_closed_total",
            "counter",
            "WebSockets the server ended.",
            "reason",
            &[
                ("too_slow", too_slow.get()),
                ("too_large", too_large.get()),
                ("malformed", malformed.get()),
                ("silent", silent.get()),
            ],
        );
        page.single(
            "sotto_events_waiting",
            "gauge",
            "Events the service has not taken yet.",
            events_waiting as u64,
        );
        let waiting = service.outgoing_bytes_waiting as u64;
        page.single(
            "sotto_outgoing_bytes_waiting",
            "gauge",
            "Bytes queued for connections to write.",
            waiting,
        );
        page.histogram("sotto_batch_requests", "Requests in one commit.", &self.batch_requests, 1.0);
        page.histogram("sotto_batch_seconds", "Time for one batch with its commit.", &self.batch_micros, 1e6);
        // What is open now is counted above, where connections are.
        for (name, value) in service.counters.each().into_iter().filter(|(name, _)| !name.ends_with("_open"))
        {
            page.single(&format!("sotto_service_{name}_total"), "counter", "Counted by the service.", value);
        }
        page.text
    }
}

/// The Prometheus text format, version 0.0.4.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.head(name, kind, help);
        self.line(format_args!("{name} {value}"));
    }

    fn family(&mut self, name: &str, kind: &str, help: &str, label: &str, values: &[(&str, u64)]) {
        self.head(name, kind, help);
        for (value_of_label, value) in values {
            self.line(format_args!("{name}{{{label}=\"{value_of_label}\"}} {value}"));
        }
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram, per_unit: f64) {
        self.head(name, "histogram", help);
        let mut so_far = 0;
        for (bound, bucket) in histogram.bounds.iter().zip(&histogram.buckets) {
            so_far += bucket.get();
            let bound = *bound as f64 / per_unit;
            self.line(format_args!("{name}_bucket{{le=\"{bound}\"}} {so_far}"));
        }
        // Read last: it is added to last, so the buckets never exceed it.
        let count = histogram.count.get().max(so_far);
        self.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {count}"));
        self.line(format_args!("{name}_sum {}", histogram.sum.get() as f64 / per_unit));
        self.line(format_args!("{name}_count {count}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sotto_service::Counters;

    fn pulse() -> Pulse {
        Pulse { counters: Counters::default(), outgoing_bytes_waiting: 0 }
    }

    #[test]
    fn histograms_are_cumulative_and_in_base_units() {
        let metrics = Metrics::default();
        for (requests, micros) in [(1, 90), (3, 700), (600, 9_000_000)] {
            metrics.batch(requests, Duration::from_micros(micros));
        }
        let page = metrics.page(&pulse(), 7);
        for line in [
            "sotto_batch_requests_bucket{le=\"1\"} 1",
            "sotto_batch_requests_bucket{le=\"4\"} 2",
            "sotto_batch_requests_bucket{le=\"512\"} 2",
            "sotto_batch_requests_bucket{le=\"+Inf\"} 3",
            "sotto_batch_requests_count 3",
            "sotto_batch_requests_sum 604",
            "sotto_batch_seconds_bucket{le=\"0.0001\"} 1",
            "sotto_batch_seconds_bucket{le=\"5\"} 2",
            "sotto_events_waiting 7",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
        }
    }

    #[test]
    fn every_family_is_described_once() {
        let page = Metrics::default().page(&pulse(), 0);
        let mut described: Vec<&str> = page.lines().filter(|line| line.starts_with("# TYPE")).collect();
        let before = described.len();
        described.sort_unstable();
        described.dedup();
        assert_eq!(described.len(), before);
        let samples = page.lines().filter(|line| !line.starts_with('#'));
        for sample in samples {
            assert!(sample.starts_with("sotto_") && sample.split(' ').count() == 2, "{sample}");
        }
    }
}
