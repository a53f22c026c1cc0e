//! What every `Cargo.toml` must hold: the shared lints (which forbid `unsafe`), the shared licence, and every
//! version in one table. One crate may hold `unsafe`; its lints are otherwise the same.

use anyhow::Context as _;
use toml::{Table, Value};

use crate::violation::Violation;
use crate::workspace::{Crate, Workspace};

/// The licence that every crate inherits.
const LICENCE: &str = "MIT OR Apache-2.0";
/// Fields that come from `[workspace.package]`.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];
/// The crate that speaks to SQLite's C interface. Its modules say one by one that they need `unsafe`.
const UNSAFE: &str = "testing/disk/Cargo.toml";
const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// Checks the root manifest and those of all crates.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Vec<Violation>> {
    let root = workspace.read("Cargo.toml")?;
    let mut found = check_root(&root)?;
    found.extend(check_profile(&root, &workspace.crates)?);
    for krate in &workspace.crates {
        let path = format!("{}/Cargo.toml", krate.folder);
        found.extend(check_member(&path, &workspace.read(&path)?, &root)?);
        found.extend(check_licence(krate));
    }
    Ok(found)
}

fn check_root(text: &str) -> anyhow::Result<Vec<Violation>> {
    let root: Table = text.parse().context("reading Cargo.toml")?;
    let level = |path: &[&str]| look_up(&root, path).and_then(Value::as_str).map(str::to_owned);
    let mut found = Vec::new();
    if level(&["workspace", "lints", "rust", "unsafe_code"]).as_deref() != Some("forbid") {
        found.push(Violation::new("Cargo.toml", "[workspace.lints.rust] must say unsafe_code = \"forbid\""));
    }
    if level(&["workspace", "package", "license"]).as_deref() != Some(LICENCE) {
        found.push(Violation::new("Cargo.toml", format!("the licence is {LICENCE}")));
    }
    Ok(found)
}

/// Our own crates are built unoptimised, each by its name: what holds for all holds for the dependencies.
fn check_profile(text: &str, crates: &[Crate]) -> anyhow::Result<Vec<Violation>> {
    let root: Table = text.parse().context("reading Cargo.toml")?;
    let unlisted = crates.iter().filter(|krate| {
        let listed = look_up(&root, &["profile", "dev", "package", &krate.name, "opt-level"]);
        listed.and_then(Value::as_integer) != Some(0)
    });
    let what = "[profile.dev.package] must give it opt-level = 0: the profile is that of dependencies";
    Ok(unlisted.map(|krate| Violation::new(&krate.folder, what)).collect())
}

fn check_member(path: &str, text: &str, root: &str) -> anyhow::Result<Vec<Violation>> {
    let manifest: Table = text.parse().with_context(|| format!("reading {path}"))?;
    let mut found = Vec::new();
    if path == UNSAFE {
        if look_up(&manifest, &["lints"]) != Some(&lints_with_unsafe(root)?) {
            let what =
                "needs the workspace's lints, with unsafe_code = \"deny\" and undocumented_unsafe_blocks";
            found.push(Violation::new(path, what));
        }
    } else if !inherits(look_up(&manifest, &["lints"])) {
        found.push(Violation::new(path, "needs [lints] workspace = true: it forbids unsafe code"));
    }
    for field in INHERITED {
        if !inherits(look_up(&manifest, &["package", field])) {
            found.push(Violation::new(path, format!("needs {field}.workspace = true")));
        }
    }
    // A crate may name itself, to switch on a feature of its own in its tests.
    let own = look_up(&manifest, &["package", "name"]).and_then(Value::as_str);
    for (name, dependency) in all_dependencies(&manifest) {
        if !inherits(Some(dependency)) && own != Some(name.as_str()) {
            let what = format!("{name} needs workspace = true: versions stand in the root's table");
            found.push(Violation::new(path, what));
        }
    }
    Ok(found)
}

/// The shared lints as the one crate repeats them: a module may hold `unsafe` if it says so, with a reason at each block.
fn lints_with_unsafe(root: &str) -> anyhow::Result<Value> {
    let root: Table = root.parse().context("reading Cargo.toml")?;
    let mut lints =
        look_up(&root, &["workspace", "lints"]).context("Cargo.toml has no shared lints")?.clone();
    for (group, lint, level) in
        [("rust", "unsafe_code", "deny"), ("clippy", "undocumented_unsafe_blocks", "warn")]
    {
        let group = lints.get_mut(group).and_then(Value::as_table_mut);
        group.context("Cargo.toml lacks a group of lints")?.insert(lint.to_owned(), level.into());
    }
    Ok(lints)
}

/// Cargo's own reading, in case a manifest says it in a way not thought of here.
fn check_licence(krate: &Crate) -> Option<Violation> {
    (krate.license.as_deref() != Some(LICENCE))
        .then(|| Violation::new(&krate.folder, format!("the licence is {LICENCE}")))
}

fn all_dependencies(manifest: &Table) -> Vec<(&String, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let per_target = targets.into_iter().flat_map(|targets| targets.values()).filter_map(Value::as_table);
    let places = std::iter::once(manifest).chain(per_target);
    let tables = places.flat_map(|place| DEPENDENCIES.iter().filter_map(|name| place.get(*name)?.as_table()));
    tables.flatten().collect()
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

fn look_up<'a>(table: &'a Table, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, key| value.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::violation::assert_reported;

    const MEMBER: &str = r#"
[package]
name = "sotto-wire"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true

[dependencies]
prost = { workspace = true, features = ["x"] }

[target.'cfg(target_arch = "wasm32")'.dependencies]
getrandom.workspace = true
"#;

    const ROOT: &str = r#"
[workspace.lints.rust]
unsafe_code = "forbid"
missing_docs = "warn"

[workspace.lints.clippy]
panic = "warn"
"#;

    fn member_with(from: &str, to: &str) -> Vec<Violation> {
        member_at("core/wire/Cargo.toml", from, to)
    }

    fn member_at(path: &str, from: &str, to: &str) -> Vec<Violation> {
        assert!(MEMBER.contains(from));
        check_member(path, &MEMBER.replacen(from, to, 1), ROOT).unwrap()
    }

    #[test]
    fn a_member_that_inherits_everything_is_accepted() {
        assert_eq!(check_member("core/wire/Cargo.toml", MEMBER, ROOT).unwrap(), []);
    }

    #[test]
    fn planted_members_that_inherit_less_are_reported() {
        assert_reported(&member_with("[lints]\nworkspace = true", ""), &["needs [lints] workspace = true"]);
        assert_reported(
            &member_with("[lints]\nworkspace = true", "[lints.rust]\nunsafe_code = \"allow\""),
            &["needs [lints] workspace = true"],
        );
        assert_reported(
            &member_with("license.workspace = true", "license = \"ISC\""),
            &["license.workspace"],
        );
    }

    /// As the one crate with `unsafe` repeats [`ROOT`]'s lints.
    const REPEATED: &str = "[lints.rust]\nunsafe_code = \"deny\"\nmissing_docs = \"warn\"\n\
        [lints.clippy]\npanic = \"warn\"\nundocumented_unsafe_blocks = \"warn\"\n";

    #[test]
    fn the_crate_with_unsafe_code_repeats_the_lints() {
        assert_eq!(member_at(UNSAFE, "[lints]\nworkspace = true", REPEATED), []);
    }

    #[test]
    fn planted_lints_of_the_crate_with_unsafe_code_that_are_not_the_shared_ones_are_reported() {
        let wanted: &[&str] = &["testing/disk/Cargo.toml: needs the workspace's lints"];
        for less in
            ["panic = \"warn\"\n", "missing_docs = \"warn\"\n", "undocumented_unsafe_blocks = \"warn\"\n"]
        {
            let lints = REPEATED.replace(less, "");
            assert_reported(&member_at(UNSAFE, "[lints]\nworkspace = true", &lints), wanted);
        }
        let lints = REPEATED.replace("deny", "allow");
        assert_reported(&member_at(UNSAFE, "[lints]\nworkspace = true", &lints), wanted);
    }

    #[test]
    fn planted_lints_with_unsafe_code_are_reported_in_every_other_crate() {
        assert_reported(
            &member_with("[lints]\nworkspace = true", REPEATED),
            &["core/wire/Cargo.toml: needs [lints] workspace = true"],
        );
    }

    #[test]
    fn a_crate_may_name_itself() {
        let own = "[dev-dependencies]\nsotto-wire = { path = \".\", features = [\"x\"] }\n";
        assert_eq!(check_member("core/wire/Cargo.toml", &format!("{MEMBER}\n{own}"), ROOT).unwrap(), []);
    }

    #[test]
    fn planted_versions_outside_the_table_are_reported_for_every_target() {
        assert_reported(
            &member_with("prost = { workspace = true", "prost = { version = \"1\""),
            &["prost needs"],
        );
        assert_reported(
            &member_with("getrandom.workspace = true", "getrandom = \"0.2\""),
            &["getrandom needs"],
        );
    }

    #[test]
    fn planted_roots_that_allow_unsafe_code_or_change_the_licence_are_reported() {
        let root = "[workspace.package]\nlicense = \"MIT\"\n[workspace.lints.rust]\nunsafe_code = \"warn\"\n";
        assert_reported(&check_root(root).unwrap(), &["unsafe_code = \"forbid\"", "the licence is"]);
        assert_reported(&check_root("").unwrap(), &["unsafe_code = \"forbid\""]);
    }

    #[test]
    fn a_planted_crate_that_is_built_like_a_dependency_is_reported() {
        let crates =
            ["one", "two"].map(|name| Crate { name: name.into(), folder: name.into(), ..Crate::default() });
        let root = "[profile.dev.package]\none.opt-level = 0\ntwo.opt-level = 2\n";
        assert_reported(&check_profile(root, &crates).unwrap(), &["two: [profile.dev.package]"]);
        assert_eq!(check_profile(root, &crates[..1]).unwrap(), []);
    }

    #[test]
    fn a_planted_licence_is_reported_as_cargo_reads_it() {
        let krate = Crate { folder: "core/wire".into(), license: Some("ISC".into()), ..Crate::default() };
        assert_reported(&check_licence(&krate).into_iter().collect::<Vec<_>>(), &["core/wire: the licence"]);
    }
}
