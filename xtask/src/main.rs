//! `cargo xtask`: the conversation to look at, every check of the repository, every test.
//!
//! Reading order: [`plan`] (which steps there are, in which order), [`steps`] (how they run and report), then one
//! module a check: [`floors`], [`purity`], [`tree`], [`manifests`], [`docs`]. [`inputs`] prepares the real texts
//! that the replay test sends. [`up`] and [`bench`](mod@bench) build the programs and
//! hand over to them; [`fuzz`] runs what takes a night. [`web`] builds
//! the web client, [`browser`] tests it in Chromium, [`npm`] installs what both need.

mod bench;
mod browser;
mod counts;
mod docs;
mod floors;
mod fuzz;
mod inputs;
mod manifests;
mod npm;
mod plan;
mod purity;
mod setup;
mod shell;
mod sim;
mod steps;
mod tree;
mod up;
mod violation;
mod web;
mod words;
mod workspace;

use std::process::{Command, ExitCode};

use anyhow::ensure;
use clap::{Args, Parser, Subcommand};

use crate::steps::{OnFailure, Step};
use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Sotto's chores", max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build, show two people talking through a real server, then keep serving on loopback
    #[command(after_help = "Example: cargo xtask up")]
    Up,
    /// The conversation alone
    #[command(after_help = "Example: cargo xtask demo | less")]
    Demo,
    /// Everything: every check, then every test
    #[command(after_help = "Example: cargo xtask test --keep-going")]
    Test(Going),
    /// Every check without the tests
    #[command(after_help = "Example: cargo xtask ci")]
    Ci(Going),
    /// The checks that compile nothing: seconds, for every commit
    #[command(after_help = "Example: cargo xtask tidy")]
    Tidy(Going),
    /// Build the web client into target/web; the next build of sottod includes it
    #[command(after_help = "Example: cargo xtask web && cargo build --package sottod")]
    Web(web::Options),
    /// Build the page with scripted screens in place of the core, to look at (target/showcase)
    #[command(after_help = "Example: cargo xtask showcase && node testing/browser/showcase.mjs")]
    Showcase,
    /// Build the web client, run its tests in Debian's Chromium, and judge a first visit by Lighthouse
    #[command(after_help = "Example: cargo xtask browser --keep-going")]
    Browser(Going),
    /// Simulate people, a server, bad weather and crashes from seeds, and check what is left (docs/simulator.md)
    #[command(
        after_help = "Examples:\n  cargo xtask sim --seed 7              tell the story of one seed\n  cargo xtask sim --seeds 0..100000     run many, optimised, on all cores\n  cargo xtask sim --seed 7 --planted trim-one-too-far"
    )]
    Sim(sim::Simulation),
    /// Write the test vectors anew, after a format changed on purpose
    #[command(after_help = "Example: cargo xtask vectors && git diff vectors")]
    Vectors,
    /// Every fuzz target for a while, with a table at the end; Ctrl-C shows the table so far
    #[command(
        after_help = "Examples:\n  cargo xtask fuzz                          overnight\n  cargo xtask fuzz --target engine --minutes 5"
    )]
    Fuzz(fuzz::Options),
    /// Measure: every figure of docs/benchmarks.md, in release, compared with its goal on request
    #[command(after_help = "Example: cargo xtask bench pairs --quick; more: cargo xtask bench --help")]
    #[command(disable_help_flag = true)]
    Bench {
        /// Names of benches, --quick, --check
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

#[derive(Args)]
struct Going {
    /// Run the remaining steps after one has failed
    #[arg(long)]
    keep_going: bool,
    /// Run only the steps whose name begins like this
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

impl Going {
    fn run(&self, workspace: &Workspace, mut plan: Vec<Step>) -> anyhow::Result<ExitCode> {
        if let Some(name) = &self.only {
            let names: Vec<&str> = plan.iter().map(|step| step.name).collect();
            let known = names.join(", ");
            plan.retain(|step| step.name.starts_with(name.as_str()));
            ensure!(!plan.is_empty(), "no step is called {name:?}; there are: {known}");
        }
        let on_failure = if self.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop };
        steps::run(workspace, &plan, on_failure)
    }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load()?;
    match cli.chore {
        Chore::Up => up::run(&workspace, up::Afterwards::KeepServing),
        Chore::Demo => up::run(&workspace, up::Afterwards::Leave),
        Chore::Test(going) => going.run(&workspace, plan::test()),
        Chore::Ci(going) => going.run(&workspace, plan::checks()),
        Chore::Tidy(going) => going.run(&workspace, plan::tidy()),
        Chore::Bench { arguments } => bench::run(&workspace, &arguments),
        Chore::Browser(going) => going.run(&workspace, plan::browser()),
        Chore::Web(options) => {
            setup::for_web(&workspace)?;
            println!("{}", web::build(&workspace, options)?);
            Ok(ExitCode::SUCCESS)
        }
        Chore::Showcase => {
            setup::for_web(&workspace)?;
            println!("{}", web::build_showcase(&workspace)?);
            Ok(ExitCode::SUCCESS)
        }
        Chore::Fuzz(options) => options.run(&workspace),
        Chore::Sim(simulation) => simulation.run(&workspace),
        Chore::Vectors => {
            let status = Command::new("cargo")
                .args(["run", "--quiet", "--locked", "--package", "sotto-vectors"])
                .current_dir(&workspace.root)
                .status()?;
            ensure!(status.success(), "the vectors were not written");
            Ok(ExitCode::SUCCESS)
        }
    }
}
