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

fn build(context: &Context, what: &[&str]) -> anyhow::Result<()> {
    if context.programs() == Programs::AsBuilt {
        return Ok(());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--quiet"]).args(what);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let status = command.status().context("starting cargo")?;
    ensure!(status.success(), "`cargo build --release {}` failed", what.join(" "));
    Ok(())
}
