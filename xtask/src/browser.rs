//! The tests in a real browser: `testing/browser/*.test.mjs` under node's own runner, against the server as it is built;
//! and Lighthouse, which judges a first visit.

use std::process::Command;

use anyhow::Context as _;

use crate::counts::{self, Counts};
use crate::npm;
use crate::shell;
use crate::web;
use crate::workspace::Workspace;

const FOLDER: &str = "testing/browser";
/// Tells the tests where the programs are.
const PROGRAMS_VARIABLE: &str = "SOTTO_PROGRAMS";
/// Tells the tests where the scenarios for a worker are.
const SCENARIOS_VARIABLE: &str = "SOTTO_SCENARIOS";
/// Tells the tests where npm's packages are.
const PACKAGES_VARIABLE: &str = "SOTTO_PACKAGES";
/// Tells the judge of a first visit where its packages are.
const LIGHTHOUSE_VARIABLE: &str = "SOTTO_LIGHTHOUSE";
/// Tells the tests where the scripted screens are.
const SHOWCASE_VARIABLE: &str = "SOTTO_SHOWCASE";
/// Tells the tests where pictures of all screens go.
const SCREENS_VARIABLE: &str = "SOTTO_SCREENS";

/// Builds what the tests start, and runs them.
pub(crate) fn test(workspace: &Workspace) -> anyhow::Result<Counts> {
    let packages = npm::install(workspace, npm::BROWSER)?;
    build(workspace)?;
    let folder = workspace.root.join(FOLDER);
    let mut tests: Vec<_> =
        std::fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    tests.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    tests.sort();
    let mut node = Command::new("node");
    // One after the other: each starts browsers of its own.
    node.args(["--test", "--test-concurrency=1", "--test-reporter=tap"]).args(&tests);
    node.env(PROGRAMS_VARIABLE, workspace.target.join("debug")).env(PACKAGES_VARIABLE, packages);
    node.env(SCENARIOS_VARIABLE, web::scenarios_folder(workspace));
    node.env(SHOWCASE_VARIABLE, web::showcase_folder(workspace));
    node.env(SCREENS_VARIABLE, workspace.target.join("screens"));
    let shown = shell::tee(&mut node, &folder)?;
    let counts = counts::read_node(&shown.text).context("node's runner closed on no test")?;
    if !shown.succeeded && counts.failed == 0 {
        anyhow::bail!("node's runner failed, although it counted no failed test");
    }
    Ok(counts)
}

/// What Lighthouse says about a first visit. Fails when accessibility or best practices are not perfect; performance is
/// a timing of this machine, and only told.
pub(crate) fn lighthouse(workspace: &Workspace) -> anyhow::Result<String> {
    let packages = npm::install(workspace, npm::BROWSER)?;
    let judge = npm::install(workspace, npm::LIGHTHOUSE)?;
    build(workspace)?;
    let mut node = Command::new("node");
    node.arg("lighthouse/score.mjs");
    node.env(PROGRAMS_VARIABLE, workspace.target.join("debug"));
    node.env(PACKAGES_VARIABLE, packages).env(LIGHTHOUSE_VARIABLE, judge);
    let shown = shell::tee(&mut node, &workspace.root.join(FOLDER))?;
    anyhow::ensure!(shown.succeeded, "accessibility and best practices must be 100");
    let scores = shown.text.lines().filter(|line| !line.starts_with(' '));
    Ok(scores.collect::<Vec<_>>().join(", "))
}

fn build(workspace: &Workspace) -> anyhow::Result<()> {
    shell::run(&mut shell::build_all(), &workspace.root)
}
