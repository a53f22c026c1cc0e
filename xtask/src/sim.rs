//! The simulator: one seed's story, many seeds on all cores, and the seeds of every test run.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::Args;

use crate::shell;
use crate::steps::Done;
use crate::workspace::Workspace;

/// Seeds of every test run.
const SEEDS: &str = "0..1200";

#[derive(Args)]
pub(crate) struct Simulation {
    /// Tell the story of this seed
    #[arg(long, value_name = "N", conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Run these seeds on all cores
    #[arg(long, value_name = "A..B", required_unless_present = "seed")]
    seeds: Option<String>,
    /// Plant a bug; then the run succeeds when the bug is found
    #[arg(long, value_name = "NAME")]
    planted: Option<String>,
}

impl Simulation {
    pub(crate) fn run(&self, workspace: &Workspace) -> anyhow::Result<ExitCode> {
        let mut cargo = shell::cargo();
        cargo.args(["run", "--quiet", "--locked", "--package", "sotto-sim"]);
        if self.seeds.is_some() {
            cargo.arg("--release");
        }
        cargo.arg("--").args(self.arguments()).current_dir(&workspace.root);
        let status = cargo.status().context("starting the simulator")?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        let seed = self.seed.map(|seed| seed.to_string());
        let named = [("--seed", &seed), ("--seeds", &self.seeds), ("--planted", &self.planted)];
        for (name, value) in named {
            if let Some(value) = value {
                arguments.extend([name.into(), value.into()]);
            }
        }
        arguments
    }
}

/// The step of a test run: the program as the build made it, unoptimised, so that nothing is built for it alone.
pub(crate) fn step(workspace: &Workspace) -> anyhow::Result<Done> {
    shell::run(&mut shell::build_all(), &workspace.root)?;
    let mut simulator = Command::new(workspace.target.join("debug").join("sotto-sim"));
    simulator.args(["--seeds", SEEDS]);
    let shown = shell::tee(&mut simulator, &workspace.root)?;
    if !shown.succeeded {
        anyhow::bail!("the simulator found something; its story is above");
    }
    let summary = shown.text.lines().rev().find(|line| line.contains(" seeds in "));
    Ok(Done::Checked(summary.context("the simulator closed on no summary")?.to_owned()))
}
