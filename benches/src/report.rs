//! All sections of a run: what is missed, and the tables that a person reads.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::section::{Goal, Measurement, Section, Unit};

/// The sections of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// In the order of the registry.
    pub sections: Vec<Section>,
}

/// A figure that does not reach its goal.
#[derive(Debug, Clone, PartialEq)]
pub struct Missed {
    /// Of which bench.
    pub bench: String,
    /// Which figure.
    pub name: String,
    /// What it should be.
    pub goal: String,
    /// What it is.
    pub found: String,
}

impl Report {
    /// Every figure and every ratio below its goal.
    pub fn missed(&self) -> Vec<Missed> {
        let of_section = |section: &Section| {
            let bench = section.name.clone();
            section
                .measurements
                .iter()
                .flat_map(move |measurement| missed(&bench, measurement))
                .collect::<Vec<_>>()
        };
        self.sections.iter().flat_map(of_section).collect()
    }
}

fn missed(bench: &str, measurement: &Measurement) -> Vec<Missed> {
    let own =
        measurement.goal.map(|goal| (measurement.name.clone(), goal, measurement.value, measurement.unit));
    let ratio = measurement.ratio.as_ref().and_then(|ratio| {
        let name = format!("{}, of {}", measurement.name, ratio.baseline);
        Some((name, ratio.goal?, ratio.share, Unit::Share))
    });
    let below = own.into_iter().chain(ratio).filter(|(_, goal, value, _)| !goal.is_met(*value));
    let missed = below.map(|(name, goal, value, unit)| Missed {
        bench: bench.to_owned(),
        name,
        goal: goal_text(goal, unit),
        found: unit.show(value),
    });
    missed.collect()
}

/// `≥ 7,000/s`
pub fn goal_text(goal: Goal, unit: Unit) -> String {
    match goal {
        Goal::AtLeast(value) => format!("≥ {}", unit.show(value)),
        Goal::AtMost(value) => format!("≤ {}", unit.show(value)),
    }
}

/// The figures of one section as a Markdown table.
pub fn table(section: &Section) -> String {
    let mut text = String::from("| | figure | runs | goal | in this run |\n|---|---:|---|---|---|\n");
    for measurement in &section.measurements {
        let unit = measurement.unit;
        let runs = measurement.runs.iter().map(|run| unit.show(*run)).collect::<Vec<_>>().join(" · ");
        let goal = measurement.goal.map(|goal| goal_text(goal, unit)).unwrap_or_default();
        let ratio = measurement.ratio.as_ref().map(|ratio| {
            let goal = ratio
                .goal
                .map(|goal| format!(" (goal {})", goal_text(goal, Unit::Share)))
                .unwrap_or_default();
            format!("{} of {}{goal}", Unit::Share.show(ratio.share), ratio.baseline)
        });
        let row =
            [measurement.name.clone(), unit.show(measurement.value), runs, goal, ratio.unwrap_or_default()];
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

impl Unit {
    /// A figure as the report shows it.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::PerSecond => format!("{}/s", number(value)),
            Self::Millis => format!("{} ms", number(value)),
            Self::Micros => format!("{} µs", number(value)),
            Self::Seconds => format!("{} s", number(value)),
            Self::Bytes if value.abs() >= 10_000.0 => format!("{} kB", number(value / 1e3)),
            Self::Bytes => format!("{} B", number(value)),
            Self::Share => format!("{} %", number(value * 100.0)),
            Self::Count => number(value),
        }
    }
}

/// Three digits, or all of them before the point, in groups of three.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digit.is_ascii_digit() {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(measurements: Vec<Measurement>) -> Report {
        Report { sections: vec![Section { measurements, ..Section::new("pairs", "Pairs", "") }] }
    }

    #[test]
    fn a_figure_below_its_goal_and_a_ratio_below_its_own_are_both_missed() {
        let slow = Measurement::new("messages", Unit::PerSecond, 6_999.0).goal(Goal::AtLeast(7_000.0)).of(
            "bare statements",
            0.5,
            Some(Goal::AtLeast(0.6)),
        );
        let missed = report(vec![slow]).missed();
        assert_eq!(missed[0].goal, "≥ 7,000/s");
        assert_eq!(missed[0].found, "6,999/s");
        assert_eq!(missed[1].name, "messages, of bare statements");
        assert_eq!((&*missed[1].goal, &*missed[1].found), ("≥ 60.0 %", "50.0 %"));
    }

    #[test]
    fn figures_that_reach_their_goals_or_have_none_are_not_missed() {
        let quick = Measurement::new("p50", Unit::Millis, 1.9).goal(Goal::AtMost(2.0));
        assert_eq!(report(vec![quick, Measurement::new("p99", Unit::Millis, 900.0)]).missed(), []);
    }

    #[test]
    fn a_figure_that_could_not_be_measured_is_missed() {
        let nothing = Measurement::of_runs("messages", Unit::PerSecond, &[]).goal(Goal::AtLeast(1.0));
        assert_eq!(report(vec![nothing]).missed().len(), 1);
    }

    #[test]
    fn figures_are_shown_with_three_digits_and_their_unit() {
        assert_eq!(Unit::PerSecond.show(1_234_567.4), "1,234,567/s");
        assert_eq!(Unit::Millis.show(2.0), "2.00 ms");
        assert_eq!(Unit::Millis.show(21.04), "21.0 ms");
        assert_eq!(Unit::Bytes.show(144_000.0), "144 kB");
        assert_eq!(Unit::Bytes.show(3_900.0), "3,900 B");
        assert_eq!(Unit::Bytes.show(-1_100.0), "-1,100 B");
        assert_eq!(Unit::Count.show(0.0), "0");
    }

    #[test]
    fn the_table_has_a_row_for_each_figure() {
        let measurement =
            Measurement::of_runs("appends", Unit::PerSecond, &[1.0, 3.0, 2.0]).of("bare", 0.7, None);
        let section = Section { measurements: vec![measurement], ..Section::new("a", "A", "") };
        assert!(
            table(&section)
                .ends_with("| appends | 2.00/s | 1.00/s · 3.00/s · 2.00/s |  | 70.0 % of bare |\n")
        );
    }
}
