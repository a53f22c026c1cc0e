//! Runs one bench of the client's half and prints its section as JSON; started by `sotto-benches`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use sotto_benches::bench::Programs;
use sotto_benches::{Context, Pace, client};

#[derive(Parser)]
struct Cli {
    /// The bench
    name: String,
    /// Less time for each figure
    #[arg(long)]
    quick: bool,
    /// Measure the programs as they lie in the target folder
    #[arg(long)]
    as_built: bool,
    /// Cargo's target folder
    #[arg(long)]
    target: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let bench = client::BENCHES.iter().find(|bench| bench.name == cli.name);
    let name = bench.with_context(|| format!("the client has no bench called {:?}", cli.name))?.name;
    let run = client::run(name).with_context(|| format!("{name} is listed and not there"))?;
    let pace = if cli.quick { Pace::Quick } else { Pace::Full };
    let programs = if cli.as_built { Programs::AsBuilt } else { Programs::Fresh };
    let section = run(&mut Context::new(name, pace, cli.target).with_programs(programs))?;
    serde_json::to_writer(std::io::stdout(), &section)?;
    Ok(())
}
