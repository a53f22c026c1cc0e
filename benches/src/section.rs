//! What one bench hands over: its figures with their goals, and what plots are drawn from.

use serde::{Deserialize, Serialize};

use crate::latencies::{Latencies, median};

/// The result of one bench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// The bench's name.
    pub name: String,
    /// Its heading in the report.
    pub title: String,
    /// What is measured and how: a paragraph or more of Markdown.
    pub about: String,
    /// The figures, in the order of the report.
    pub measurements: Vec<Measurement>,
    /// What is drawn.
    pub plots: Vec<Plot>,
    /// What the reader should know about this run: a sentence each.
    pub notes: Vec<String>,
}

impl Section {
    /// A section without figures yet.
    pub fn new(name: &str, title: &str, about: &str) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            about: about.to_owned(),
            measurements: Vec::new(),
            plots: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a figure.
    pub fn add(&mut self, measurement: Measurement) {
        self.measurements.push(measurement);
    }

    /// Adds `NAME, p50` and `NAME, p99` of one set of latencies, in milliseconds.
    pub fn add_latencies(&mut self, name: &str, latencies: &mut Latencies) {
        for (label, per_mille) in [("p50", 500), ("p99", 990)] {
            let at = latencies.percentile(per_mille).as_secs_f64() * 1e3;
            self.add(Measurement::new(&format!("{name}, {label}"), Unit::Millis, at));
        }
    }

    /// Adds something the reader should know.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What it is the figure of.
    pub name: String,
    /// The figure: the median, when it was measured more than once.
    pub value: f64,
    /// Of the figure and of its goal.
    pub unit: Unit,
    /// Each single run, when there were several.
    pub runs: Vec<f64>,
    /// What the figure should be.
    pub goal: Option<Goal>,
    /// How it stands to a baseline of the same run.
    pub ratio: Option<Ratio>,
}

/// A figure as a share of another one that was measured in the same run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// What is 100 %.
    pub baseline: String,
    /// 0.6 is 60 %.
    pub share: f64,
    /// What the share should be.
    pub goal: Option<Goal>,
}

/// What a figure should be, in the figure's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Goal {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Goal {
    /// Whether a figure reaches it. What is no number reaches nothing.
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(goal) => value >= goal,
            Self::AtMost(goal) => value <= goal,
        }
    }
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Things a second.
    PerSecond,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Seconds.
    Seconds,
    /// Bytes; shown as kB (1,000) from 10,000 on.
    Bytes,
    /// A part of one, shown in percent.
    Share,
    /// Things.
    Count,
}

impl Measurement {
    /// A figure that was measured once.
    pub fn new(name: &str, unit: Unit, value: f64) -> Self {
        Self { name: name.to_owned(), value, unit, runs: Vec::new(), goal: None, ratio: None }
    }

    /// The median of several runs.
    pub fn of_runs(name: &str, unit: Unit, runs: &[f64]) -> Self {
        Self { runs: runs.to_vec(), ..Self::new(name, unit, median(runs)) }
    }

    /// With what it should be.
    #[must_use]
    pub fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    /// With its share of a baseline of the same run.
    #[must_use]
    pub fn of(mut self, baseline: &str, share: f64, goal: Option<Goal>) -> Self {
        self.ratio = Some(Ratio { baseline: baseline.to_owned(), share, goal });
        self
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    /// The file's name without `.svg`.
    pub name: String,
    /// Above the picture.
    pub title: String,
    /// Below it.
    pub x: Axis,
    /// Beside it.
    pub y: Axis,
    /// What is drawn, in the order of the legend.
    pub lines: Vec<Line>,
}

/// An axis of a plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// With its unit.
    pub label: String,
    /// How it is divided.
    pub scale: Scale,
}

/// How an axis is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// Evenly, from zero.
    Linear,
    /// By powers of ten.
    Log,
}

/// One line of a plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// In the legend.
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

impl Plot {
    /// Which share took at most so long: one line for each set of latencies.
    pub fn of_latencies(name: &str, title: &str, sets: &mut [(String, Latencies)]) -> Self {
        let lines = sets.iter_mut().map(|(name, set)| Line { name: name.clone(), points: set.curve() });
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            x: Axis { label: "milliseconds".to_owned(), scale: Scale::Log },
            y: Axis { label: "% took at most so long".to_owned(), scale: Scale::Linear },
            lines: lines.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_at_its_very_figure_and_never_by_what_is_no_number() {
        assert!(Goal::AtLeast(60.0).is_met(60.0) && Goal::AtMost(60.0).is_met(60.0));
        assert!(!Goal::AtLeast(60.0).is_met(59.9) && !Goal::AtMost(60.0).is_met(60.1));
        assert!(!Goal::AtLeast(60.0).is_met(f64::NAN) && !Goal::AtMost(60.0).is_met(f64::NAN));
    }

    #[test]
    fn the_median_of_the_runs_is_the_figure() {
        let measurement = Measurement::of_runs("appends", Unit::PerSecond, &[9.0, 1.0, 5.0]);
        assert_eq!((measurement.value, measurement.runs.len()), (5.0, 3));
    }
}
