//! What is measured, built in release as it is shipped.
//!
//! Each by itself: built together, cargo would give the server the features of the client's SQLite, and another program
//! would be measured than the one that is shipped.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::bench::{Context, Programs};

/// The server.
///
/// # Errors
/// When it cannot be built.
pub fn sottod(context: &Context) -> anyhow::Result<PathBuf> {
    build(context, &["--package", "sottod"])?;
    Ok(context.target().join("release").join("sottod"))
}

/// The client.
///
/// # Errors
/// When it cannot be built.
pub fn sotto(context: &Context) -> anyhow::Result<PathBuf> {
    build(context, &["--package", "sotto"])?;
    Ok(context.target().join("release").join("sotto"))
}

/// The client's half of the benches.
///
/// # Errors
/// When it cannot be built.
pub fn bench_client(context: &Context) -> anyhow::Result<PathBuf> {
    build(context, &["--package", "sotto-benches", "--bin", "sotto-bench-client"])?;
    Ok(context.target().join("release").join("sotto-bench-client"))
}

/// The web client and what drives a browser.
pub struct Web {
    /// Where `sottod` lies, with the web client in it.
    pub programs: PathBuf,
    /// Where the driver's packages lie.
    pub packages: PathBuf,
    /// Where the module lies that makes a profile large.
    pub scenarios: PathBuf,
}

/// The web client in the server, as it is shipped, and what else its bench needs.
///
/// # Errors
/// When it cannot be built.
pub fn web(context: &Context) -> anyhow::Result<Web> {
    xtask(context, &["web"])?;
    xtask(context, &["browser", "--only", "scenarios for the browser"])?;
    // After the web client, which it takes in.
    sottod(context)?;
    let target = context.target();
    Ok(Web {
        programs: target.join("release"),
        packages: target.join("web-tools"),
        scenarios: target.join("web-scenarios"),
    })
}

fn build(context: &Context, what: &[&str]) -> anyhow::Result<()> {
    if context.programs() == Programs::AsBuilt {
        return Ok(());
    }
    cargo(&[&["build", "--release", "--locked", "--quiet"], what].concat())
}

fn xtask(context: &Context, what: &[&str]) -> anyhow::Result<()> {
    if context.programs() == Programs::AsBuilt {
        return Ok(());
    }
    cargo(&[&["xtask"], what].concat())
}

fn cargo(what: &[&str]) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(what).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let status = command.status().context("starting cargo")?;
    ensure!(status.success(), "`cargo {}` failed", what.join(" "));
    Ok(())
}
