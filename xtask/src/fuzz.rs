//! `fuzz`: every fuzz target for a while, spread over the processors, with a table at the end.
//!
//! Works the same when it is interrupted: the targets are told to stop, and the table says what there is so far.

mod report;
mod round;
mod toolchain;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;

use self::round::{Plan, Round};
use self::toolchain::Toolchain;
use crate::shell;
use crate::workspace::Workspace;

/// Where it all is, under the repository.
pub(crate) const FOLDER: &str = "fuzz";

#[derive(Args)]
pub(crate) struct Options {
    /// Only targets whose name begins like this; may be repeated
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
    /// How long each target runs
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// How many targets run at once; as many as there are processors unless said otherwise
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Run what the last time built, with the corpus that is there
    #[arg(long)]
    no_build: bool,
}

impl Options {
    /// Builds, runs, reports; fails when there was a finding.
    pub(crate) fn run(&self, workspace: &Workspace) -> anyhow::Result<ExitCode> {
        let folder = workspace.root.join(FOLDER);
        let toolchain = Toolchain::find()?;
        let targets = self.targets(&workspace.read(&format!("{FOLDER}/Cargo.toml"))?)?;
        if !self.no_build {
            println!("── the vectors and small stories as seeds");
            let seeds = ["run", "--quiet", "--locked", "--package", "sotto-vectors", "--", "--seeds"];
            shell::run(shell::cargo().args(seeds), &workspace.root)?;
            println!("── building {} targets (the first time takes many minutes)", targets.len());
            toolchain.build(&folder, &targets)?;
        }
        let programs = toolchain::programs(&folder);
        let plan = Plan {
            folder,
            programs,
            time: Duration::from_secs(self.minutes * 60),
            at_once: self.jobs.map_or_else(processors, usize::from),
        };
        let finished = Round::run(targets, plan)?;
        print!("{}", report::table(&finished));
        let findings = finished.iter().filter(|run| run.result.is_finding()).count();
        match findings {
            0 => println!("no finding"),
            _ => println!("{findings} targets with findings: see {FOLDER}/artifacts"),
        }
        Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The targets of the manifest that are asked for.
    fn targets(&self, manifest: &str) -> anyhow::Result<Vec<String>> {
        let manifest: toml::Table = manifest.parse().context("reading fuzz/Cargo.toml")?;
        let binaries = manifest.get("bin").and_then(toml::Value::as_array).into_iter().flatten();
        let names = binaries.filter_map(|bin| bin.get("name")?.as_str());
        let all: Vec<String> = names.map(str::to_owned).collect();
        let wanted =
            |name: &String| self.target.is_empty() || self.target.iter().any(|start| name.starts_with(start));
        let targets: Vec<String> = all.iter().filter(|name| wanted(name)).cloned().collect();
        ensure!(!targets.is_empty(), "no target begins like that; there are: {}", all.join(", "));
        Ok(targets)
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(start: &[&str]) -> anyhow::Result<Vec<String>> {
        let target = start.iter().map(|&start| start.to_owned()).collect();
        let manifest =
            "[[bin]]\nname = \"topic_call\"\n[[bin]]\nname = \"topic_frame\"\n[[bin]]\nname = \"engine\"\n";
        Options { target, minutes: 1, jobs: None, no_build: false }.targets(manifest)
    }

    #[test]
    fn targets_are_chosen_by_the_beginning_of_their_name() {
        assert_eq!(chosen(&[]).unwrap(), ["topic_call", "topic_frame", "engine"]);
        assert_eq!(chosen(&["topic", "eng"]).unwrap(), ["topic_call", "topic_frame", "engine"]);
        assert_eq!(chosen(&["topic_f"]).unwrap(), ["topic_frame"]);
        let error = chosen(&["x"]).unwrap_err().to_string();
        assert!(error.ends_with("there are: topic_call, topic_frame, engine"), "{error}");
    }
}
