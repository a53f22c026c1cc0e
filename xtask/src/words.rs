//! Words that no file of the repository may hold: hosts of package registries, paths of somebody's machine, names of
//! programs that write code.

use crate::violation::Violation;
use crate::workspace::SourceFile;

/// Each in two pieces, so that this file does not hold them.
const HOSTS: &[[&str; 2]] = &[
    ["crates", ".io"],
    ["npmjs", ".org"],
    ["npmjs", ".com"],
    ["deb.debian", ".org"],
    ["pypi", ".org"],
    ["pythonhosted", ".org"],
    ["proxy.golang", ".org"],
];
const MACHINE_PATHS: &[[&str; 2]] = &[["/wo", "rk"], ["/ro", "ot"], ["/home", "/"], ["/Use", "rs/"]];
const PROGRAMS: &[[&str; 2]] = &[
    ["cla", "ude"],
    ["anth", "ropic"],
    ["open", "ai"],
    ["chat", "gpt"],
    ["copi", "lot"],
    ["gem", "ini"],
    ["cod", "ex"],
];

/// Files written by a tool whose format names its sources.
const EXEMPT: &[&str] = &["Cargo.lock", "fuzz/Cargo.lock"];

/// Every line of a file that holds one of the words.
pub(crate) fn check(file: &SourceFile) -> Vec<Violation> {
    if EXEMPT.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let lines = file.text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            Some(Violation::new(format!("{}:{}", file.path, index + 1), found_in(line)?))
        })
        .collect()
}

fn found_in(line: &str) -> Option<String> {
    let lower = line.to_lowercase();
    if let Some(host) = HOSTS.iter().map(|pieces| pieces.concat()).find(|host| lower.contains(host.as_str()))
    {
        return Some(format!("names the registry {host}: say which registry in words"));
    }
    if let Some(path) = MACHINE_PATHS.iter().map(|pieces| pieces.concat()).find(|path| holds_path(line, path))
    {
        return Some(format!("holds {path}: a path of one machine"));
    }
    let program =
        PROGRAMS.iter().map(|pieces| pieces.concat()).find(|program| holds_word(&lower, program))?;
    Some(format!("names {program}"))
}

/// `/x` counts where a path begins and ends: not in `a/x`, not in `/xy`.
fn holds_path(line: &str, path: &str) -> bool {
    positions(line, path).any(|at| {
        let begins = !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-~*}/".contains(c));
        let ends = path.ends_with('/')
            || !line[at + path.len()..].starts_with(|c: char| c.is_alphanumeric() || "-_.".contains(c));
        begins && ends
    })
}

fn holds_word(line: &str, word: &str) -> bool {
    positions(line, word).any(|at| {
        let letter = |c: char| c.is_alphanumeric();
        !line[..at].ends_with(letter) && !line[at + word.len()..].starts_with(letter)
    })
}

fn positions<'a>(line: &'a str, part: &'a str) -> impl Iterator<Item = usize> + 'a {
    line.match_indices(part).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::assert_reported;

    fn line(text: &str) -> Vec<Violation> {
        check(&SourceFile { path: "docs/a.md".into(), text: format!("# Title\n{text}\n") })
    }

    #[test]
    fn every_planted_word_is_reported_with_its_line() {
        for [front, back] in HOSTS.iter().chain(MACHINE_PATHS).chain(PROGRAMS) {
            assert_reported(&line(&format!("see {front}{back} for more")), &["docs/a.md:2: "]);
        }
        assert_reported(&line(&format!("`{}/main`", MACHINE_PATHS[0].concat())), &["a path of one machine"]);
    }

    #[test]
    fn longer_words_and_relative_paths_are_not_mistaken() {
        let path = MACHINE_PATHS[0].concat();
        for fine in
            [format!("../shared{path}/x"), format!("{path}space"), format!("{}s", PROGRAMS[6].concat())]
        {
            assert_eq!(line(&fine), [], "{fine}");
        }
    }
}
