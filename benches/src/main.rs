//! `sotto-benches`: runs the benches, shows their figures, says which goals are missed.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Parser;
use sotto_benches::bench::{Bench, Place, Programs};
use sotto_benches::document::{Document, Record};
use sotto_benches::facts::Facts;
use sotto_benches::report::{Missed, Report, table};
use sotto_benches::{Context, Pace, Section, programs, registry};

#[derive(Parser)]
#[command(
    name = "cargo xtask bench",
    bin_name = "cargo xtask bench",
    about = "Measures Sotto",
    max_term_width = 110
)]
struct Cli {
    /// Which benches; without a name, all that install nothing
    names: Vec<String>,
    /// Compare with the goals: exit with 1 when one is missed
    #[arg(long)]
    check: bool,
    /// Less time for each figure: the shape, not the figure
    #[arg(long)]
    quick: bool,
    /// Measure the programs as they lie in target/release instead of building them first
    #[arg(long)]
    as_built: bool,
    /// Write docs/benchmarks.md although only some benches were named: their sections are replaced
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// Say which benches there are, and how long each takes
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    if cli.list {
        list();
        return Ok(ExitCode::SUCCESS);
    }
    let pace = if cli.quick { Pace::Quick } else { Pace::Full };
    let programs = if cli.as_built { Programs::AsBuilt } else { Programs::Fresh };
    let facts = Facts::gather(&target()?.join("benches"))?;
    let mut records = Vec::new();
    for bench in registry::chosen(&cli.names)? {
        let context = Context::new(bench.name, pace, target()?).with_programs(programs);
        let section = run_one(&bench, context).with_context(|| bench.name)?;
        println!("\n## {}\n\n{}", section.title, table(&section));
        section.notes.iter().for_each(|note| println!("{note}\n"));
        records.push(Record { facts: facts.clone(), section });
    }
    if cli.write || (cli.names.is_empty() && !cli.quick) {
        let order: Vec<&str> = registry::all().iter().map(|bench| bench.name).collect();
        Document::of_repository().update(&records, &order)?;
        println!("docs/benchmarks.md is written");
    }
    let report = Report { sections: records.into_iter().map(|record| record.section).collect() };
    let missed = if cli.check { report.missed() } else { Vec::new() };
    show_missed(&missed);
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list() {
    for bench in registry::all() {
        let (full, quick) = (bench.takes.full_secs, bench.takes.quick_secs);
        println!("{:<14} {full:>5} s ({quick} s with --quick)  {}", bench.name, bench.about);
    }
}

fn run_one(bench: &Bench, mut context: Context) -> anyhow::Result<Section> {
    let takes = context.pace().choose(bench.takes.full_secs, bench.takes.quick_secs);
    println!("── {}: {} (about {takes} s)", bench.name, bench.about);
    let begun = Instant::now();
    let section = match bench.place {
        Place::Here(run) => run(&mut context)?,
        Place::ClientProgram => in_client_program(&context)?,
    };
    println!("   took {:.0} s", begun.elapsed().as_secs_f32());
    Ok(section)
}

/// Cargo's target folder: this program is in `target/release`.
fn target() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    let target = here.parent().and_then(Path::parent).context("this program is not in a target folder")?;
    Ok(target.to_owned())
}

fn in_client_program(context: &Context) -> anyhow::Result<Section> {
    let mut command = Command::new(programs::bench_client(context)?);
    command.arg(context.bench()).arg("--target").arg(context.target());
    command.args(context.pace().choose(None, Some("--quick")));
    if context.programs() == Programs::AsBuilt {
        command.arg("--as-built");
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "sotto-bench-client failed ({})", output.status);
    serde_json::from_slice(&output.stdout).context("sotto-bench-client printed no section")
}

fn show_missed(missed: &[Missed]) {
    if missed.is_empty() {
        return;
    }
    println!("\nmissed:\n\n| bench | figure | goal | found |\n|---|---|---|---|");
    for Missed { bench, name, goal, found } in missed {
        println!("| {bench} | {name} | {goal} | {found} |");
    }
}
