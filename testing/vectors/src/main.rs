//! Writes the test vectors: `cargo run -p sotto-vectors` the JSON files under `vectors/`,
//! `cargo run -p sotto-vectors -- --seeds` the same bytes as a fuzzer's first corpus under `fuzz/corpus/`.

use std::path::Path;

use anyhow::{Context as _, bail};
use sotto_vectors::families;
use sotto_vectors::json::Contract;
use sotto_vectors::targets;

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match std::env::args().nth(1).as_deref() {
        None => write_vectors(&root.join("vectors")),
        Some("--seeds") => write_seeds(&root.join("fuzz/corpus")),
        Some(other) => bail!("unknown argument {other}; there is only --seeds"),
    }
}

fn write_vectors(folder: &Path) -> anyhow::Result<()> {
    let contract = Contract::load()?;
    for family in families::all() {
        write(&folder.join(format!("{}.json", family.name)), family.text(&contract)?.as_bytes())?;
    }
    Ok(())
}

fn write_seeds(folder: &Path) -> anyhow::Result<()> {
    for target in targets::ALL {
        for (name, bytes) in target.seeds() {
            write(&folder.join(target.name).join(name), &bytes)?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    std::fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}
