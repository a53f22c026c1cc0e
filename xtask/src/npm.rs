//! Packages from npm: pinned by a lock file of the repository, installed beside the build output, so that the sources
//! stay clean.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::shell;
use crate::workspace::Workspace;

/// Packages that belong together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packages {
    /// Folder of the repository with manifest and lock.
    pins: &'static str,
    /// Folder of the build output.
    place: &'static str,
}

/// wasm-opt, the driver of browsers, and what judges a page.
pub(crate) const BROWSER: Packages = Packages { pins: "testing/browser", place: "web-tools" };
/// Lighthouse: two hundred packages, and so for those only who ask for it.
pub(crate) const LIGHTHOUSE: Packages = Packages { pins: "testing/browser/lighthouse", place: "lighthouse" };

/// Installs packages, unless they are there as pinned; returns where.
pub(crate) fn install(workspace: &Workspace, packages: Packages) -> anyhow::Result<PathBuf> {
    let folder = workspace.target.join(packages.place);
    fs::create_dir_all(&folder)?;
    let lock = workspace.read(&format!("{}/package-lock.json", packages.pins))?;
    let stamp = folder.join("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == lock) {
        return Ok(folder);
    }
    for name in ["package.json", "package-lock.json"] {
        fs::copy(workspace.root.join(packages.pins).join(name), folder.join(name))?;
    }
    shell::run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]), &folder)
        .with_context(|| {
            format!(
                "fetching the packages of {}: npm and a way to its registry are needed once",
                packages.pins
            )
        })?;
    fs::write(stamp, lock)?;
    Ok(folder)
}
