//! What a fuzzer said while it ran, and the table made of it.

use std::fmt::Write as _;
use std::time::Duration;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// Its time was over.
    Well,
    /// It was interrupted.
    Interrupted,
    /// It found something: the file that shows it, or what the program said last.
    Finding(String),
}

impl Ended {
    pub(super) fn is_finding(&self) -> bool {
        matches!(self, Self::Finding(_))
    }
}

/// Numbers of one run, as libFuzzer prints them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) executions: u64,
    pub(super) coverage: u64,
    pub(super) corpus: u64,
    pub(super) rss_mib: u64,
    pub(super) artifact: Option<String>,
    pub(super) last_words: String,
}

/// One target's run.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) target: String,
    pub(super) numbers: Numbers,
    /// Of one processor, not of the clock on the wall.
    pub(super) cpu: Duration,
    pub(super) wall: Duration,
    pub(super) result: Ended,
}

impl Numbers {
    /// Takes one line of what the program printed.
    pub(super) fn read(&mut self, line: &str) {
        if let Some(path) = line.split("Test unit written to ").nth(1) {
            self.artifact = Some(path.trim().to_owned());
        } else if let Some(stat) = line.strip_prefix("stat::") {
            self.read_stat(stat);
        } else if line.starts_with('#') {
            self.read_status(line);
        } else if line.contains("panicked at") || line.starts_with("==") && line.contains("ERROR") {
            self.last_words = line.trim().to_owned();
        }
    }

    /// `number_of_executed_units: 12345`
    fn read_stat(&mut self, stat: &str) {
        let Some((name, value)) = stat.split_once(':') else { return };
        let Ok(value) = value.trim().parse() else { return };
        match name {
            "number_of_executed_units" => self.executions = value,
            "peak_rss_mb" => self.rss_mib = value,
            _ => {}
        }
    }

    /// `#2048 NEW    cov: 231 ft: 301 corp: 5/34b lim: 4 exec/s: 0 rss: 57Mb L: 4/4 MS: 1 ChangeBit-`
    fn read_status(&mut self, line: &str) {
        let mut words = line[1..].split_whitespace();
        if let Some(executions) = words.next().and_then(number) {
            self.executions = self.executions.max(executions);
        }
        let words: Vec<&str> = words.collect();
        for pair in words.windows(2) {
            let Some(value) = number(pair[1]) else { continue };
            match pair[0] {
                "cov:" => self.coverage = value,
                "corp:" => self.corpus = value,
                "rss:" => self.rss_mib = self.rss_mib.max(value),
                _ => {}
            }
        }
    }
}

/// The number that a word begins with.
fn number(word: &str) -> Option<u64> {
    let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    word[..end].parse().ok()
}

/// The whole table, and below it what was found.
pub(super) fn table(runs: &[Run]) -> String {
    let mut out = String::from("──\n");
    let head = ["target", "executions", "corpus", "coverage", "CPU s", "wall s", "peak RSS", "result"];
    line(&mut out, head.map(str::to_owned));
    for run in runs {
        let Numbers { executions, corpus, coverage, rss_mib, .. } = &run.numbers;
        let result = match &run.result {
            Ended::Well => "no finding",
            Ended::Interrupted => "stopped early, no finding",
            Ended::Finding(_) => "FINDING",
        };
        line(
            &mut out,
            [
                run.target.clone(),
                executions.to_string(),
                corpus.to_string(),
                coverage.to_string(),
                run.cpu.as_secs().to_string(),
                run.wall.as_secs().to_string(),
                format!("{rss_mib} MiB"),
                result.to_owned(),
            ],
        );
    }
    let executions: u64 = runs.iter().map(|run| run.numbers.executions).sum();
    let cpu: Duration = runs.iter().map(|run| run.cpu).sum();
    let _ = writeln!(out, "   {} targets, {executions} executions, {} s of CPU", runs.len(), cpu.as_secs());
    for run in runs {
        if let Ended::Finding(what) = &run.result {
            let _ = writeln!(out, "   {}: {what}", run.target);
        }
    }
    out
}

fn line(out: &mut String, [target, executions, corpus, coverage, cpu, wall, rss, result]: [String; 8]) {
    let _ = writeln!(
        out,
        "   {target:<20} {executions:>12} {corpus:>7} {coverage:>9} {cpu:>7} {wall:>7} {rss:>9}  {result}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Numbers {
        let mut numbers = Numbers::default();
        lines.iter().for_each(|line| numbers.read(line));
        numbers
    }

    #[test]
    fn what_libfuzzer_prints_is_understood() {
        let numbers = read(&[
            "INFO: seed corpus: files: 27 min: 13b max: 5531b total: 27390b rss: 48Mb",
            "#28\tINITED cov: 1501 ft: 2310 corp: 21/9871b exec/s: 0 rss: 51Mb",
            "#4096\tpulse  cov: 1733 ft: 3310 corp: 121/19Kb lim: 5531 exec/s: 2048 rss: 91Mb",
            "#5000\tDONE   cov: 1740 ft: 3311 corp: 122/19Kb lim: 5531 exec/s: 2000 rss: 91Mb",
            "stat::number_of_executed_units: 5000",
            "stat::peak_rss_mb:              93",
        ]);
        let expected =
            Numbers { executions: 5000, coverage: 1740, corpus: 122, rss_mib: 93, ..Numbers::default() };
        assert_eq!(numbers, expected);
    }

    #[test]
    fn a_finding_names_its_file_and_its_panic() {
        let numbers = read(&[
            "thread '<unnamed>' panicked at src/machines/engine.rs:1:1:",
            "artifact_prefix='artifacts/engine/'; Test unit written to artifacts/engine/crash-0f",
        ]);
        assert_eq!(numbers.artifact.as_deref(), Some("artifacts/engine/crash-0f"));
        assert!(numbers.last_words.ends_with("engine.rs:1:1:"));
    }

    #[test]
    fn the_table_says_what_was_found_and_how_much_time_it_had() {
        let run = |target: &str, result| Run {
            target: target.to_owned(),
            numbers: Numbers { executions: 7, ..Numbers::default() },
            cpu: Duration::from_secs(3),
            wall: Duration::from_secs(60),
            result,
        };
        let table = table(&[run("names", Ended::Well), run("engine", Ended::Finding("crash-0f".to_owned()))]);
        assert!(table.contains("2 targets, 14 executions, 6 s of CPU"), "{table}");
        assert!(table.contains("FINDING") && table.contains("engine: crash-0f"), "{table}");
    }
}
