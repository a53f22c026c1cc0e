//! `docs/benchmarks.md` and its plots: written from records, of which each bench leaves one.
//!
//! Records are kept beside the plots, so that a bench that runs only when it is named keeps its place in the report, and
//! so that figures can be compared by programs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::drawing;
use crate::facts::Facts;
use crate::report::{goal_text, table};
use crate::section::{Section, Unit};

/// What one bench found, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Machine and code.
    pub facts: Facts,
    /// The figures.
    pub section: Section,
}

/// The report and the folder with records and plots.
pub struct Document {
    docs: PathBuf,
}

impl Document {
    /// The report of the repository this program was built in.
    pub fn of_repository() -> Self {
        Self { docs: Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs") }
    }

    /// Puts these records in place of their predecessors and writes the report anew. `order` names every bench.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn update(&self, records: &[Record], order: &[&str]) -> anyhow::Result<()> {
        let folder = self.docs.join("benchmarks");
        std::fs::create_dir_all(&folder)?;
        for record in records {
            let json = serde_json::to_string_pretty(record)? + "\n";
            std::fs::write(folder.join(format!("{}.json", record.section.name)), json)?;
            for plot in &record.section.plots {
                std::fs::write(folder.join(format!("{}.svg", plot.name)), drawing::svg(plot)?)?;
            }
        }
        let all = self.records(order)?;
        ensure!(!all.is_empty(), "there is nothing to report");
        std::fs::write(self.docs.join("benchmarks.md"), markdown(&all))?;
        Ok(())
    }

    fn records(&self, order: &[&str]) -> anyhow::Result<Vec<Record>> {
        let mut found = Vec::new();
        for name in order {
            let path = self.docs.join("benchmarks").join(format!("{name}.json"));
            if path.exists() {
                let json = std::fs::read_to_string(&path)?;
                found.push(serde_json::from_str(&json).with_context(|| format!("the record of {name}"))?);
            }
        }
        Ok(found)
    }
}

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench`, which runs everything below and compares with the goals when told `--check`; edit nothing
here by hand. Figures are of the real programs, built in release as they are shipped. Server, load generator and disk share
one machine, so the load generator's own processor time is stated. Several runs: the figure is their median, latencies are of all runs
together. Absolute figures are worth little elsewhere; ratios are to a baseline of the same run.
";

fn markdown(records: &[Record]) -> String {
    let mut text = HEAD.to_owned();
    let facts = &records[0].facts;
    text.push_str(&machine(facts));
    text.push_str(&goals(records));
    for record in records {
        text.push_str(&section(record, facts));
    }
    text
}

fn machine(facts: &Facts) -> String {
    let Facts { commit, processor, cores, memory_gib, kernel, file_system, load_before } = facts;
    format!(
        "\n| | |\n|---|---|\n| commit | {commit} |\n| processor | {processor}, {cores} cores |\n| memory | {memory_gib} GiB |\n\
         | kernel | {kernel} |\n| file system | {file_system} |\n| load before the run | {load_before} |\n"
    )
}

fn goals(records: &[Record]) -> String {
    let mut text = String::from("\n## Goals\n\n| | goal | found | |\n|---|---:|---:|---|\n");
    for Section { measurements, title, .. } in records.iter().map(|record| &record.section) {
        for measurement in measurements {
            let own = measurement.goal.map(|goal| (goal, measurement.value, measurement.unit, String::new()));
            let ratio = measurement.ratio.as_ref().and_then(|ratio| {
                Some((ratio.goal?, ratio.share, Unit::Share, format!(", of {}", ratio.baseline)))
            });
            for (goal, value, unit, of) in own.into_iter().chain(ratio) {
                let verdict = if goal.is_met(value) { "met" } else { "**missed**" };
                let row = [goal_text(goal, unit), unit.show(value), verdict.to_owned()].join(" | ");
                let _ = writeln!(text, "| {title}: {}{of} | {row} |", measurement.name);
            }
        }
    }
    text
}

fn section(Record { facts, section }: &Record, first: &Facts) -> String {
    let mut text = format!("\n## {}\n\n{}\n\n", section.title, section.about);
    if facts.commit != first.commit || facts.processor != first.processor {
        let _ = writeln!(
            text,
            "Measured at commit {} on {} cores of {}; load before: {}.\n",
            facts.commit, facts.cores, facts.processor, facts.load_before
        );
    }
    text.push_str(&table(section));
    for plot in &section.plots {
        let _ = writeln!(text, "\n![{}](benchmarks/{}.svg)", plot.title, plot.name);
    }
    for note in &section.notes {
        let _ = writeln!(text, "\n{note}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latencies::Latencies;
    use crate::section::{Goal, Measurement, Plot};

    fn record(name: &str, value: f64, commit: &str) -> Record {
        let facts = Facts {
            commit: commit.to_owned(),
            processor: "P".to_owned(),
            cores: 2,
            memory_gib: 4,
            kernel: "Linux 6".to_owned(),
            file_system: "ext4".to_owned(),
            load_before: 0.1,
        };
        let mut section = Section::new(name, &format!("Title of {name}"), "About it.");
        section.add(Measurement::new("rate", Unit::PerSecond, value).goal(Goal::AtLeast(10.0)));
        let mut latencies = Latencies::default();
        latencies.record(std::time::Duration::from_millis(3));
        section.plots.push(Plot::of_latencies(name, "Plot", &mut [("line".to_owned(), latencies)]));
        Record { facts, section }
    }

    #[test]
    fn a_run_of_one_bench_replaces_its_section_and_keeps_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let document = Document { docs: folder.path().to_owned() };
        let order = ["one", "two"];
        document.update(&[record("one", 9.0, "aaa"), record("two", 99.0, "aaa")], &order).unwrap();
        document.update(&[record("two", 5.0, "bbb")], &order).unwrap();
        let text = std::fs::read_to_string(folder.path().join("benchmarks.md")).unwrap();
        assert!(text.contains("| Title of one: rate | ≥ 10.0/s | 9.00/s | **missed** |"), "{text}");
        assert!(text.contains("| Title of two: rate | ≥ 10.0/s | 5.00/s | **missed** |"), "{text}");
        assert!(!text.contains("99.0/s") && text.contains("Measured at commit bbb"), "{text}");
        assert!(text.find("## Title of one") < text.find("## Title of two"));
        assert!(folder.path().join("benchmarks/two.svg").exists());
    }
}
