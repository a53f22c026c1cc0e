//! The same engine under WebAssembly: built, bound for Node, run, and compared with this program in the same run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use sotto_workload::report::{Amount, Report, TEXT_BYTES, in_memory, measure};
use wasm_bindgen_cli_support::Bindgen;

use super::database;
use super::engine::{Pick, against};
use crate::bench::Programs;
use crate::{Context, Measurement, Section, Unit};

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds, runs, compares.
pub(super) fn run(context: &mut Context) -> anyhow::Result<Section> {
    let mut section = Section::new("client-wasm", "The client's engine under WebAssembly", &about());
    let amount =
        Amount { messages: context.pace().choose(500, 100), catch_up: context.pace().choose(5_000, 500) };
    context.say("building for WebAssembly");
    let module = build(context)?;
    let folder = context.folder()?;
    bind(&module, folder.path())?;
    let (mut native, mut node) = (Vec::new(), Vec::new());
    for _ in 0..context.pace().rounds() {
        context.say("in Node");
        node.push(in_node(folder.path(), amount)?);
        context.say("in this program");
        native.push(measure(in_memory()?, amount, database::now_us)?.0);
    }
    compare(&mut section, &node, &native);
    let bytes = std::fs::metadata(folder.path().join("sotto_workload_bg.wasm"))?.len();
    section.add(Measurement::new(
        "the module, with the service and this measurement in it",
        Unit::Bytes,
        bytes as f64,
    ));
    section.note(format!("Node {}.", node_version()?));
    section.note(format!("{} messages one at a time, a catch-up of {}.", amount.messages, amount.catch_up));
    Ok(section)
}

fn about() -> String {
    format!(
        "`core/engine`, `core/secrecy` and SQLite compiled to `{TARGET}` and run in Node, measured as in the section on \
         the engine; each figure with its share of the same one in a native program of the same run. Databases are in \
         memory and not encrypted on either side. Texts have {TEXT_BYTES} bytes. WebAssembly has neither AES nor \
         vector instructions here."
    )
}

/// Compiles the workload; the module as the compiler leaves it.
fn build(context: &Context) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(context.target().to_owned(), PathBuf::from);
    let module = target.join(TARGET).join("release").join("sotto_workload.wasm");
    if context.programs() == Programs::AsBuilt && module.exists() {
        return Ok(module);
    }
    let mut command = Command::new(cargo);
    command.args(["rustc", "--release", "--locked", "--quiet", "--package", "sotto-workload"]);
    command.args(["--lib", "--crate-type", "cdylib", "--target", TARGET, "--target-dir"]).arg(&target);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).stdout(Stdio::null());
    ensure!(
        command.status().context("starting cargo")?.success(),
        "the workload does not build for {TARGET}"
    );
    Ok(module)
}

/// Makes a module for Node of it.
fn bind(module: &Path, folder: &Path) -> anyhow::Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).nodejs(true)?.typescript(false).generate(folder)
}

fn in_node(folder: &Path, amount: Amount) -> anyhow::Result<Report> {
    let Amount { messages, catch_up } = amount;
    let script =
        format!("process.stdout.write(require('./sotto_workload.js').report({messages}, {catch_up}))");
    let output = node()
        .args(["--eval", &script])
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .context("starting node")?;
    ensure!(output.status.success(), "node failed ({})", output.status);
    serde_json::from_slice(&output.stdout).context("node printed no report")
}

fn node_version() -> anyhow::Result<String> {
    let output = node().arg("--version").output().context("starting node")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn node() -> Command {
    let mut node = Command::new("node");
    node.stdin(Stdio::null());
    node
}

fn compare(section: &mut Section, node: &[Report], native: &[Report]) {
    let micros: [(&str, Pick); 5] = [
        ("secrecy: encrypt", |report| report.groups.encrypt.mean_us()),
        ("secrecy: decrypt", |report| report.groups.decrypt.mean_us()),
        ("send: everything", |report| report.conversation.send_whole.mean_us()),
        ("receive: everything", |report| report.conversation.receive_whole.mean_us()),
        ("receive: until the line is shown", |report| report.conversation.receive.mean_us()),
    ];
    for (name, pick) in micros {
        section.add(of_native(name, Unit::Micros, node, native, pick));
    }
    let per_second: Pick = |report| report.catch_up.messages_per_s();
    section.add(of_native("catch-up: stored and shown", Unit::PerSecond, node, native, per_second));
}

fn of_native(name: &str, unit: Unit, node: &[Report], native: &[Report], pick: Pick) -> Measurement {
    let here: Vec<f64> = node.iter().map(pick).collect();
    let there: Vec<f64> = native.iter().map(pick).collect();
    against(Measurement::of_runs(name, unit, &here), "native", &there)
}
