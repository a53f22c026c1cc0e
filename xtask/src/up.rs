//! `up` and `demo`: builds the programs and hands over to the one that shows them.

use std::process::{Command, ExitCode};

use anyhow::Context as _;

use crate::setup;
use crate::shell;
use crate::web;
use crate::workspace::Workspace;

/// What happens when the conversation has been shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Afterwards {
    KeepServing,
    Leave,
}

/// Builds, then becomes the demonstration: signals and exit code are its own.
pub(crate) fn run(workspace: &Workspace, afterwards: Afterwards) -> anyhow::Result<ExitCode> {
    println!("── what the build needs");
    println!("   {}", setup::for_building()?);
    if afterwards == Afterwards::KeepServing {
        println!("── the web client (the first time takes minutes)");
        setup::for_web(workspace)?;
        println!("   {}", web::build(workspace, web::QUICK)?);
    }
    println!("── building sottod, sotto and the demonstration (the first time takes minutes)");
    let packages = ["--package", "sottod", "--package", "sotto", "--package", "sotto-demo"];
    shell::run(shell::cargo().args(["build", "--locked"]).args(packages), &workspace.root)?;
    let programs = workspace.target.join("debug");
    let mut demonstration =
        Command::new(programs.join(format!("sotto-demo{}", std::env::consts::EXE_SUFFIX)));
    demonstration.arg("--programs").arg(&programs);
    if afterwards == Afterwards::KeepServing {
        demonstration.arg("--keep-serving");
    }
    become_it(demonstration)
}

#[cfg(unix)]
fn become_it(mut program: Command) -> anyhow::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(program.exec()).context("starting the demonstration")
}

#[cfg(not(unix))]
fn become_it(mut program: Command) -> anyhow::Result<ExitCode> {
    let status = program.status().context("starting the demonstration")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
