//! The server cannot decrypt: nothing that could is linked into `sottod`. And no program has a mistake in it that the
//! simulator plants.

use std::collections::BTreeSet;

use crate::shell;
use crate::violation::Violation;
use crate::workspace::Workspace;

/// Packages that open or hold secrets, by prefix: MLS, HPKE, and the crates of ours that use them.
const FORBIDDEN_PREFIXES: &[&str] =
    &["openmls", "hpke", "sotto-secrecy", "sotto-engine", "sotto-native", "sotto-view"];
/// The client program, by its whole name.
const FORBIDDEN_NAMES: &[&str] = &["sotto"];

/// Looks at everything that is linked into the server, on every target.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<(usize, Vec<Violation>)> {
    let tree = shell::capture(
        shell::cargo()
            .args(["tree", "--package", "sottod", "--edges", "normal", "--target", "all"])
            .args(["--prefix", "none", "--format", "{p}", "--locked"])
            .current_dir(&workspace.root),
    )?;
    let distinct: BTreeSet<&str> = packages(&tree).collect();
    Ok((distinct.len(), inspect(&tree)))
}

/// Programs that people run, and the feature with which none of their packages may be built.
const PROGRAMS: [&str; 2] = ["sotto", "sottod"];
const PLANTED: &str = "planted";

/// Looks at the features of everything that is linked into the programs.
pub(crate) fn planted(workspace: &Workspace) -> anyhow::Result<Vec<Violation>> {
    let mut found = Vec::new();
    for program in PROGRAMS {
        let tree = shell::capture(
            shell::cargo()
                .args(["tree", "--package", program, "--edges", "normal", "--target", "all"])
                .args(["--prefix", "none", "--format", "{p} [{f}]", "--locked"])
                .current_dir(&workspace.root),
        )?;
        found.extend(inspect_features(program, &tree));
    }
    Ok(found)
}

fn inspect_features(program: &str, tree: &str) -> Vec<Violation> {
    if !packages(tree).any(|name| name == program) {
        return vec![Violation::new(program, "`cargo tree` did not print its dependencies")];
    }
    let has_it = |line: &&str| {
        let features = line.rsplit_once('[').map_or("", |(_, features)| features);
        features.split([',', ']', ' ']).any(|feature| feature == PLANTED)
    };
    let mut found: Vec<Violation> = tree
        .lines()
        .filter(has_it)
        .filter_map(|line| line.split_whitespace().next())
        .map(|name| Violation::new(program, format!("builds {name} with a mistake in it ({PLANTED})")))
        .collect();
    found.sort();
    found.dedup();
    found
}

fn inspect(tree: &str) -> Vec<Violation> {
    // A tree without the server in it was not the server's tree.
    if !packages(tree).any(|name| name == "sottod") {
        return vec![Violation::new("sottod", "`cargo tree` did not print its dependencies")];
    }
    let mut found: Vec<Violation> = packages(tree)
        .filter(|name| is_forbidden(name))
        .map(|name| Violation::new("sottod", format!("links {name}: the server must be unable to decrypt")))
        .collect();
    found.sort();
    found.dedup();
    found
}

fn packages(tree: &str) -> impl Iterator<Item = &str> {
    tree.lines().filter_map(|line| line.split_whitespace().next())
}

fn is_forbidden(name: &str) -> bool {
    let name = name.replace('_', "-");
    FORBIDDEN_NAMES.contains(&name.as_str())
        || FORBIDDEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::assert_reported;

    const CLEAN: &str =
        "sottod v0.1.0 (apps/sottod)\nsotto-wire v0.1.0 (core/wire)\nsha2 v0.11.0\nsha2 v0.11.0 (*)\n";

    #[test]
    fn a_server_without_secrets_is_accepted() {
        assert_eq!(inspect(CLEAN), []);
    }

    #[test]
    fn planted_cryptography_and_client_crates_are_reported() {
        for planted in [
            "openmls v0.9.2",
            "openmls_traits v0.6.0",
            "hpke-rs v0.3.0",
            "sotto-secrecy v0.1.0",
            "sotto v0.1.0",
        ] {
            let name = planted.split(' ').next().unwrap();
            assert_reported(&inspect(&format!("{CLEAN}{planted}\n")), &[&format!("links {name}")]);
        }
    }

    #[test]
    fn a_program_built_with_a_planted_mistake_is_reported() {
        let clean = "sotto v0.1.0 (apps/sotto) []\nsotto-secrecy v0.1.0 (core/secrecy) []\nserde v1.0.0 [default,derive]\n";
        assert_eq!(inspect_features("sotto", clean), []);
        let planted = clean.replace("(core/secrecy) []", "(core/secrecy) [planted]");
        assert_reported(&inspect_features("sotto", &planted), &["builds sotto-secrecy"]);
        assert_reported(&inspect_features("sotto", ""), &["did not print"]);
    }

    #[test]
    fn an_empty_tree_is_reported_rather_than_trusted() {
        assert_reported(&inspect(""), &["did not print"]);
    }
}
