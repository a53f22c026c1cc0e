//! The repository as cargo describes it, and the files in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;

use crate::shell;

/// Where the repository is and which crates it has.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where cargo builds; our own prepared files go here too.
    pub(crate) target: PathBuf,
    pub(crate) crates: Vec<Crate>,
}

/// One crate of ours, from `cargo metadata`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Relative to the root, with `/`.
    pub(crate) folder: String,
    pub(crate) license: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line in a `[dependencies]` table, of any kind and for any target.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Dependency {
    /// The package's name, whatever the code calls it.
    pub(crate) name: String,
    /// `None` for normal, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    /// The `cfg` it is limited to.
    pub(crate) target: Option<String>,
    #[serde(default)]
    pub(crate) features: Vec<String>,
}

impl Dependency {
    /// Linked into the crate, on some target.
    pub(crate) fn is_normal(&self) -> bool {
        self.kind.is_none()
    }
}

fn metadata(cargo: &mut Command, folder: &Path) -> anyhow::Result<String> {
    shell::capture(cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(folder))
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    license: Option<String>,
    dependencies: Vec<Dependency>,
}

impl Workspace {
    /// Asks cargo about the workspace this program was built in.
    pub(crate) fn load() -> anyhow::Result<Self> {
        Self::from_metadata(&metadata(&mut shell::cargo(), Path::new(env!("CARGO_MANIFEST_DIR")))?)
    }

    /// A copy of it elsewhere, which builds into a folder of its own.
    pub(crate) fn copied_to(root: &Path, target: &Path) -> anyhow::Result<Self> {
        Self::from_metadata(&metadata(shell::cargo().env("CARGO_TARGET_DIR", target), root)?)
    }

    fn from_metadata(json: &str) -> anyhow::Result<Self> {
        let metadata: Metadata = serde_json::from_str(json).context("reading `cargo metadata`")?;
        let root = metadata.workspace_root;
        let crates = metadata
            .packages
            .into_iter()
            .map(|package| Crate {
                folder: relative(&root, package.manifest_path.parent().unwrap_or(&root)),
                name: package.name,
                license: package.license,
                dependencies: package.dependencies,
            })
            .collect();
        Ok(Self { root, target: metadata.target_directory, crates })
    }

    /// The text of a file of the repository.
    pub(crate) fn read(&self, path: &str) -> anyhow::Result<String> {
        std::fs::read_to_string(self.root.join(path)).with_context(|| format!("reading {path}"))
    }

    /// Every file under a folder of the repository that is ours: no build output, no installed package.
    pub(crate) fn files(&self, folder: &str) -> anyhow::Result<Vec<SourceFile>> {
        let mut found = Vec::new();
        collect(&self.root, &self.root.join(folder), &mut found)?;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}

/// A file that holds text.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn has_extension(&self, extensions: &[&str]) -> bool {
        let extension = Path::new(&self.path).extension().and_then(|name| name.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    }
}

/// Folders that hold nothing of ours; a fuzzer fills the last two.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules", "corpus", "artifacts"];

fn collect(root: &Path, folder: &Path, found: &mut Vec<SourceFile>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if !NOT_OURS.iter().any(|name| entry.file_name() == *name) {
                collect(root, &path, found)?;
            }
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            // What is not UTF-8 is no text.
            found.push(SourceFile { path: relative(root, &path), text });
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_gives_folders_kinds_and_targets() {
        let json = r#"{"workspace_root": "/r", "target_directory": "/r/target", "packages": [{
            "name": "sotto-wire", "manifest_path": "/r/core/wire/Cargo.toml", "license": "MIT",
            "dependencies": [{"name": "x", "kind": "dev", "target": "cfg(unix)", "features": ["f"]}]}]}"#;
        let workspace = Workspace::from_metadata(json).unwrap();
        let wire = &workspace.crates[0];
        assert_eq!(wire.folder, "core/wire");
        assert!(!wire.dependencies[0].is_normal());
        assert_eq!(wire.dependencies[0].target.as_deref(), Some("cfg(unix)"));
    }
}
