//! wasm-opt, from npm's `binaryen`: the pinned version, so that everybody gets the same bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::compile::Module;
use crate::workspace::Workspace;
use crate::{npm, shell};

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
    let tools = npm::install(workspace, npm::BROWSER)?;
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
