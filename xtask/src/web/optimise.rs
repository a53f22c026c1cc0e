//! wasm-opt, from npm's `binaryen`: the pinned version, so that everybody gets the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::compile::Module;
use crate::shell;
use crate::workspace::Workspace;

/// Pins what is installed from npm.
const PACKAGES: &str = "testing/browser";
/// What browsers of the last years take, and what the compiler already used.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-simd",
];

/// Optimises each module for size, and a little for speed.
pub(super) fn optimise<const N: usize>(
    workspace: &Workspace,
    modules: [Module; N],
) -> anyhow::Result<[Module; N]> {
    let tools = install(workspace)?;
    let program = tools.join("node_modules/binaryen/bin/wasm-opt");
    let modules: Vec<Module> =
        modules.into_iter().map(|module| optimise_one(&tools, &program, module)).collect::<Result<_, _>>()?;
    modules.try_into().ok().context("one module each")
}

fn optimise_one(folder: &Path, program: &Path, mut module: Module) -> anyhow::Result<Module> {
    let before = folder.join(module.wasm_name());
    let after = before.with_extension("opt.wasm");
    fs::write(&before, &module.wasm)?;
    let mut node = Command::new("node");
    node.arg(program).args(FEATURES).arg("-Os").arg(&before).arg("-o").arg(&after);
    shell::run(&mut node, folder)?;
    module.wasm = fs::read(&after)?;
    Ok(module)
}

/// Installs the pinned packages beside the build output, so that the sources stay clean; returns where.
pub(crate) fn install(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let folder = workspace.target.join("web-tools");
    fs::create_dir_all(&folder)?;
    let lock = workspace.read(&format!("{PACKAGES}/package-lock.json"))?;
    let stamp = folder.join("stamp");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == lock) {
        return Ok(folder);
    }
    for name in ["package.json", "package-lock.json"] {
        fs::copy(workspace.root.join(PACKAGES).join(name), folder.join(name))?;
    }
    shell::run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]), &folder)
        .context("fetching the packages of testing/browser: npm and a way to its registry are needed once")?;
    fs::write(stamp, lock)?;
    Ok(folder)
}
