//! Where the programs under test are. They are built when they are missing or older than their sources.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use anyhow::{Context as _, bail};

/// Names a folder with `sottod` and `sotto` to test as they are, instead of those of this build.
pub const FOLDER_VARIABLE: &str = "SOTTO_TEST_PROGRAMS";
/// Both programs.
const NAMES: [&str; 2] = ["sottod", "sotto"];

/// The server.
///
/// # Errors
/// When it is neither there nor can be built.
pub fn sottod() -> anyhow::Result<PathBuf> {
    Ok(folder()?.join("sottod"))
}

/// The client.
///
/// # Errors
/// When it is neither there nor can be built.
pub fn sotto() -> anyhow::Result<PathBuf> {
    Ok(folder()?.join("sotto"))
}

fn folder() -> anyhow::Result<&'static Path> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOLDER.get_or_init(|| find_or_build().map_err(|error| format!("{error:#}"))) {
        Ok(folder) => Ok(folder),
        Err(error) => bail!("the programs under test: {error}"),
    }
}

fn find_or_build() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return Ok(folder.into());
    }
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("this test is not in a target folder")?;
    if !NAMES.iter().all(|name| is_fresh(folder, name)) {
        build(folder)?;
    }
    Ok(folder.to_owned())
}

/// Whether a program is there and newer than every source file it was made from.
fn is_fresh(folder: &Path, name: &str) -> bool {
    let (Ok(built), Ok(sources)) =
        (modified(&folder.join(name)), std::fs::read_to_string(folder.join(format!("{name}.d"))))
    else {
        return false;
    };
    sources_of(&sources).iter().all(|source| modified(source).is_ok_and(|changed| changed <= built))
}

fn modified(path: &Path) -> std::io::Result<SystemTime> {
    path.metadata()?.modified()
}

/// The files after the colon of a dependency list; a space in a name is written `\ `.
fn sources_of(list: &str) -> Vec<PathBuf> {
    let Some((_, sources)) = list.split_once(": ") else { return Vec::new() };
    let marked = sources.replace("\\ ", "\0");
    marked.split_whitespace().map(|path| PathBuf::from(path.replace('\0', " "))).collect()
}

/// The whole workspace, as everything else builds it: with other features nothing could be shared.
fn build(folder: &Path) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        command.arg("--release");
    }
    let built = command.output().context("starting cargo")?;
    if !built.status.success() {
        bail!("cargo build --workspace --bins failed:\n{}", String::from_utf8_lossy(&built.stderr));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_stale_when_one_source_is_newer_or_gone() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("with space.rs");
        std::fs::write(&source, "fn main() {}").unwrap();
        assert!(!is_fresh(folder.path(), "program"), "nothing is built");
        std::fs::write(folder.path().join("program"), "").unwrap();
        let list = format!("target/program: {}\n", source.display().to_string().replace(' ', "\\ "));
        std::fs::write(folder.path().join("program.d"), list).unwrap();
        assert!(is_fresh(folder.path(), "program"));
        let later = SystemTime::now() + std::time::Duration::from_secs(5);
        std::fs::File::options().write(true).open(&source).unwrap().set_modified(later).unwrap();
        assert!(!is_fresh(folder.path(), "program"));
        std::fs::remove_file(&source).unwrap();
        assert!(!is_fresh(folder.path(), "program"));
    }
}
