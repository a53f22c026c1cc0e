//! From crates to modules: cargo makes WebAssembly, wasm-bindgen makes the JavaScript around it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use wasm_bindgen_cli_support::Bindgen;

use crate::shell;
use crate::workspace::Workspace;

const TARGET: &str = "wasm32-unknown-unknown";
/// See `[profile.web-release]` in the root manifest.
const PROFILE: &str = "web-release";

/// A program of ours that runs in a browser.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program {
    pub(super) package: &'static str,
    pub(super) name: &'static str,
    pub(super) features: &'static [&'static str],
}

/// A program as a browser takes it.
pub(super) struct Module {
    pub(super) name: String,
    /// Imports [`wasm_name`](Self::wasm_name) and the snippets.
    pub(super) script: String,
    pub(super) wasm: Vec<u8>,
    /// Scripts that crates bring along: the path under which `script` imports each, and its text.
    pub(super) snippets: Vec<(String, String)>,
}

impl Module {
    /// How `script` calls the WebAssembly.
    pub(super) fn wasm_name(&self) -> String {
        format!("{}_bg.wasm", self.name)
    }
}

/// Compiles each program by itself, so that none links what only another needs.
pub(super) fn compile<const N: usize>(
    workspace: &Workspace,
    programs: [Program; N],
) -> anyhow::Result<[Module; N]> {
    let modules: Vec<Module> =
        programs.iter().map(|program| compile_one(workspace, program)).collect::<Result<_, _>>()?;
    modules.try_into().ok().context("each program makes one module")
}

fn compile_one(workspace: &Workspace, program: &Program) -> anyhow::Result<Module> {
    let mut cargo = shell::cargo();
    cargo.args(["build", "--locked", "--profile", PROFILE, "--target", TARGET]);
    cargo.args(["--package", program.package, "--bin", program.name]);
    if !program.features.is_empty() {
        cargo.args(["--features", &program.features.join(",")]);
    }
    let places = places(workspace)?;
    cargo.env("CARGO_TARGET_DIR", &workspace.target);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", rust_flags(&places)).env_remove("RUSTFLAGS");
    cargo.env(format!("CFLAGS_{}", TARGET.replace('-', "_")), c_flags(&places));
    shell::run(&mut cargo, &workspace.root)?;
    let file = workspace.target.join(TARGET).join(PROFILE).join(format!("{}.wasm", program.name));
    bind(program.name, &file)
}

fn bind(name: &str, file: &Path) -> anyhow::Result<Module> {
    let mut output = Bindgen::new()
        .input_path(file)
        .web(true)?
        .out_name(name)
        .omit_default_module_path(false)
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("wasm-bindgen on {}", file.display()))?;
    let mut snippets: Vec<(String, String)> = output
        .local_modules()
        .iter()
        .map(|(path, text)| (format!("./snippets/{path}"), text.clone()))
        .collect();
    for (folder, inline) in output.snippets() {
        for (index, text) in inline.iter().enumerate() {
            snippets.push((format!("./snippets/{folder}/inline{index}.js"), text.clone()));
        }
    }
    snippets.sort();
    let script = output.js().to_owned();
    let wasm = output.wasm_mut().emit_wasm();
    Ok(Module { name: name.to_owned(), script, wasm, snippets })
}

/// Where this build happens, and what is written instead: the result must not depend on it.
fn places(workspace: &Workspace) -> anyhow::Result<Vec<(PathBuf, &'static str)>> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let mut sysroot = std::process::Command::new("rustc");
    let sysroot = shell::capture(sysroot.args(["--print", "sysroot"]).current_dir(&workspace.root))?;
    // The later of two that match wins, and the target folder may lie inside the root.
    let mut places = vec![(workspace.root.clone(), "/sotto"), (workspace.target.clone(), "/target")];
    places.extend(home.map(|home| (home, "/cargo")));
    places.push((PathBuf::from(sysroot.trim()), "/rust"));
    Ok(places)
}

/// Texts that would give this machine away.
pub(super) fn telltales(workspace: &Workspace) -> anyhow::Result<Vec<String>> {
    Ok(places(workspace)?.into_iter().map(|(place, _)| place.display().to_string()).collect())
}

fn rust_flags(places: &[(PathBuf, &str)]) -> String {
    // getrandom 0.3 and later ask for this choice; the crates' features say the same. Leptos compiles a page of erased
    // types to a tenth less.
    let fixed = ["--cfg", "getrandom_backend=\"wasm_js\"", "--cfg", "erase_components"].map(str::to_owned);
    let remaps = places.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    fixed.into_iter().chain(remaps).collect::<Vec<_>>().join("\u{1f}")
}

fn c_flags(places: &[(PathBuf, &str)]) -> String {
    let maps = places.iter().map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()));
    maps.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_leave_no_place_of_this_machine_in_the_result() {
        let places =
            [(PathBuf::from("/house/me/sotto"), "/sotto"), (PathBuf::from("/house/me/.cargo"), "/cargo")];
        let flags = rust_flags(&places);
        assert!(flags.ends_with("--remap-path-prefix=/house/me/.cargo=/cargo"), "{flags}");
        assert!(c_flags(&places).starts_with("-ffile-prefix-map=/house/me/sotto=/sotto -ffile"));
    }
}
