//! `bench`: builds the program that measures, in release, and hands over to it. It builds what it measures itself.

use std::process::{Command, ExitCode};

use anyhow::Context as _;

use crate::shell;
use crate::workspace::Workspace;

/// Without the client's half, which is a program of its own: the features of its SQLite would reach the server's half.
const BUILD: [&str; 8] = [
    "build",
    "--release",
    "--locked",
    "--package",
    "sotto-benches",
    "--no-default-features",
    "--bin",
    "sotto-benches",
];

/// Builds, then runs the benches; the exit code is theirs.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<ExitCode> {
    println!("── building what measures (the first time takes minutes)");
    shell::run(shell::cargo().args(BUILD), &workspace.root)?;
    let program = format!("sotto-benches{}", std::env::consts::EXE_SUFFIX);
    let mut benches = Command::new(workspace.target.join("release").join(program));
    let status =
        benches.args(arguments).current_dir(&workspace.root).status().context("starting the benches")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
