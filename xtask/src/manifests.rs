//! What every `Cargo.toml` must hold: the shared lints (which forbid `unsafe`), the shared licence, and every
//! version in one table.

use anyhow::Context as _;
use toml::{Table, Value};

use crate::violation::Violation;
use crate::workspace::{Crate, Workspace};

/// The licence that every crate inherits.
const LICENCE: &str = "MIT OR Apache-2.0";
/// Fields that come from `[workspace.package]`.
const INHERITED: &[&str] = &["version", "edition", "rust-version", "license", "publish"];
const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// Checks the root manifest and those of all crates.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Vec<Violation>> {
    let mut found = check_root(&workspace.read("Cargo.toml")?)?;
    for krate in &workspace.crates {
        let path = format!("{}/Cargo.toml", krate.folder);
        found.extend(check_member(&path, &workspace.read(&path)?)?);
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

fn check_member(path: &str, text: &str) -> anyhow::Result<Vec<Violation>> {
    let manifest: Table = text.parse().with_context(|| format!("reading {path}"))?;
    let mut found = Vec::new();
    if !inherits(look_up(&manifest, &["lints"])) {
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

    fn member_with(from: &str, to: &str) -> Vec<Violation> {
        assert!(MEMBER.contains(from));
        check_member("core/wire/Cargo.toml", &MEMBER.replacen(from, to, 1)).unwrap()
    }

    #[test]
    fn a_member_that_inherits_everything_is_accepted() {
        assert_eq!(check_member("core/wire/Cargo.toml", MEMBER).unwrap(), []);
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

    #[test]
    fn a_crate_may_name_itself() {
        let own = "[dev-dependencies]\nsotto-wire = { path = \".\", features = [\"x\"] }\n";
        assert_eq!(check_member("core/wire/Cargo.toml", &format!("{MEMBER}\n{own}")).unwrap(), []);
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
    fn a_planted_licence_is_reported_as_cargo_reads_it() {
        let krate = Crate { folder: "core/wire".into(), license: Some("ISC".into()), ..Crate::default() };
        assert_reported(&check_licence(&krate).into_iter().collect::<Vec<_>>(), &["core/wire: the licence"]);
    }
}
