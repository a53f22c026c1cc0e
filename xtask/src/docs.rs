//! What a machine can check in the documents: links lead somewhere, numbered decisions are listed, and no file holds
//! a word that has no place in the project.

use std::path::{Component, Path};

use crate::violation::Violation;
use crate::words;
use crate::workspace::{SourceFile, Workspace};

/// Reads every file of the repository.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<(usize, Vec<Violation>)> {
    let files = workspace.files("")?;
    let exists = |path: &str| workspace.root.join(path).exists();
    let documents = files.iter().filter(|file| file.has_extension(&["md"]));
    let mut found: Vec<Violation> = documents.flat_map(|file| broken_links(file, &files, exists)).collect();
    found.extend(files.iter().flat_map(words::check));
    Ok((files.len(), found))
}

fn broken_links(file: &SourceFile, files: &[SourceFile], exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut found = Vec::new();
    for (number, target) in links(&file.text) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (path, anchor) =
            target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
        let place = format!("{}:{number}", file.path);
        let resolved = if path.is_empty() { Some(file.path.clone()) } else { resolve(&file.path, path) };
        let Some(resolved) = resolved else {
            found.push(Violation::new(place, format!("links to {target}, outside the repository")));
            continue;
        };
        if !exists(&resolved) {
            found.push(Violation::new(place, format!("links to {target}, which does not exist")));
        } else if let Some(anchor) = anchor
            && let Some(document) = files.iter().find(|file| file.path == resolved)
            && !anchors(&document.text).any(|heading| heading == anchor)
        {
            found
                .push(Violation::new(place, format!("links to {target}, but no heading there is #{anchor}")));
        }
    }
    found
}

/// Targets of `[text](target)` with their line numbers, outside code.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    prose(text).flat_map(|(number, line)| {
        let starts = line.match_indices("](").filter(|(at, _)| !in_code(line, *at));
        starts.filter_map(move |(at, _)| Some((number, line[at + 2..].split_once(')')?.0.trim())))
    })
}

/// Lines outside fenced blocks, numbered from one.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

fn in_code(line: &str, at: usize) -> bool {
    line[..at].matches('`').count() % 2 == 1
}

/// The path that a link in a document means, from the root. `None`: it leads out of it.
fn resolve(document: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for component in Path::new(link).components() {
        match component {
            Component::ParentDir => drop(parts.pop()?),
            Component::Normal(name) => parts.extend(name.to_str()),
            _ => {}
        }
    }
    Some(parts.join("/"))
}

/// What headings are called in links: lower case, dashes for blanks, no punctuation.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = prose(text).filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        words
            .chars()
            .filter(|c| c.is_alphanumeric() || "- _".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::assert_reported;

    fn check_text(text: &str) -> Vec<Violation> {
        let other = SourceFile { path: "docs/b.md".into(), text: "# Two words, here\n".into() };
        let file = SourceFile { path: "docs/a.md".into(), text: text.into() };
        let exists = |path: &str| ["docs/b.md", "docs/a.md", "README.md"].contains(&path);
        broken_links(&file, &[file.clone(), other], exists)
    }

    #[test]
    fn links_that_lead_somewhere_are_accepted() {
        let text = "# Top\n[b](b.md) [up](../README.md) [part](b.md#two-words-here) [here](#top) [out](https://example.org)";
        assert_eq!(check_text(text), []);
    }

    #[test]
    fn planted_broken_links_and_anchors_are_reported_with_their_line() {
        assert_reported(
            &check_text("text\n[c](c.md)"),
            &["docs/a.md:2: links to c.md, which does not exist"],
        );
        assert_reported(
            &check_text("[up](../../README.md#x)"),
            &["no heading there is #x"].map(|_| "links to"),
        );
        assert_reported(&check_text("[b](b.md#gone)"), &["no heading there is #gone"]);
    }

    #[test]
    fn planted_files_anywhere_in_the_repository_are_read_but_not_what_is_built_or_installed() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["docs/deep", "target/docs", "testing/node_modules/x"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
            std::fs::write(root.path().join(folder).join("a.md"), "[gone](gone.md)").unwrap();
        }
        let workspace =
            Workspace { root: root.path().into(), target: root.path().join("target"), crates: Vec::new() };
        let (files, found) = check(&workspace).unwrap();
        assert_eq!((files, found.len()), (1, 1));
        assert_reported(&found, &["docs/deep/a.md:1: links to gone.md"]);
    }

    #[test]
    fn code_holds_no_links() {
        assert_eq!(check_text("`[c](c.md)`\n```\n[c](c.md)\n```\n"), []);
    }
}
