//! The same bytes from the same sources wherever they lie: shown by building a copy of them at another path, into another
//! folder, from nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::{Options, build_once, files_of, folder};
use crate::shell;
use crate::workspace::Workspace;

/// Builds a copy and compares with what lies in the folder of the web client. The copy is gone afterwards.
pub(super) fn compare(workspace: &Workspace, options: Options) -> anyhow::Result<String> {
    let elsewhere = tempfile::Builder::new().prefix("sotto-elsewhere-").tempdir()?;
    let root = elsewhere.path().join("another").join("path");
    copy_sources(workspace, &root)?;
    let copy = Workspace::copied_to(&root, &elsewhere.path().join("output"))?;
    build_once(&copy, options).context("building the copy")?;
    let (here, there) = (contents(&folder(workspace))?, contents(&folder(&copy))?);
    let differing = differing(&here, &there);
    if !differing.is_empty() {
        bail!("built from a copy at another path, these files are other ones: {}", differing.join(", "));
    }
    Ok(format!("built from a copy at another path: {} files, every byte the same", here.len()))
}

/// Everything that git knows of or would: what a clone would have, and what is not committed yet.
fn copy_sources(workspace: &Workspace, to: &Path) -> anyhow::Result<()> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(&workspace.root);
    for path in shell::capture(&mut git)?.split_terminator('\0') {
        let (from, to) = (workspace.root.join(path), to.join(path));
        // Deleted here and not yet in a commit.
        if !from.exists() {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
        fs::copy(&from, &to).with_context(|| format!("copying {path}"))?;
    }
    Ok(())
}

type Contents = BTreeMap<PathBuf, Vec<u8>>;

/// Every file of the web client, by its path in the folder.
fn contents(folder: &Path) -> anyhow::Result<Contents> {
    let paths = [files_of(folder)?, files_of(&folder.join("assets"))?].concat();
    paths.into_iter().map(|path| Ok((path.strip_prefix(folder)?.to_owned(), fs::read(&path)?))).collect()
}

/// Paths of files that are on one side only, or hold other bytes.
fn differing(here: &Contents, there: &Contents) -> Vec<String> {
    let all: std::collections::BTreeSet<_> = here.keys().chain(there.keys()).collect();
    let other = all.into_iter().filter(|path| here.get(*path) != there.get(*path));
    other.map(|path| path.display().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents_of(files: &[(&str, &str)]) -> Contents {
        files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_file_with_another_byte_or_another_name_is_told() {
        let here = contents_of(&[("index.html", "a"), ("assets/x-1.js", "x"), ("style.css", "s")]);
        let there = contents_of(&[("index.html", "b"), ("assets/x-2.js", "x"), ("style.css", "s")]);
        assert_eq!(differing(&here, &there), ["assets/x-1.js", "assets/x-2.js", "index.html"]);
        assert!(differing(&here, &here).is_empty());
    }
}
