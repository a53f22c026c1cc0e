//! The lists of what pure crates may not use really trigger: a planted source that uses everything on them is
//! reported in every pure crate, line for line, and nowhere else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/impure").join(name)
}

/// What clippy reports when the planted source stands in a crate's folder.
fn reported_in(folder: &Path) -> BTreeSet<String> {
    let output_folder = tempfile::tempdir().unwrap();
    let into = |name: &str| output_folder.path().join(format!("lib{name}.rmeta"));
    let mut clippy = Command::new("clippy-driver");
    for stub in ["rand_core", "getrandom", "rusqlite"] {
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--crate-name", stub]);
        let status = rustc.arg("-o").arg(into(stub)).arg(fixture(&format!("{stub}.rs"))).status().unwrap();
        assert!(status.success(), "the stub {stub} compiles");
        clippy.arg("--extern").arg(format!("{stub}={}", into(stub).display()));
    }
    clippy.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--crate-name", "impure"]);
    clippy.arg("-o").arg(into("impure")).arg(fixture("impure.rs"));
    // As cargo does for a crate there; clippy climbs from it to the nearest list.
    clippy.env("CARGO_MANIFEST_DIR", folder).env_remove("CLIPPY_CONF_DIR").current_dir(root());
    let output = clippy.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "the planted source compiles:\n{text}");
    let reports = text.lines().filter(|line| line.contains("use of a disallowed "));
    reports.map(|line| line.split('`').nth(1).unwrap().to_owned()).collect()
}

fn listed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("core/clippy.toml")).unwrap();
    let list: toml::Table = text.parse().unwrap();
    let entries = ["disallowed-types", "disallowed-methods", "disallowed-macros"]
        .map(|key| list[key].as_array().unwrap());
    entries.into_iter().flatten().map(|entry| entry["path"].as_str().unwrap().to_owned()).collect()
}

fn pure_folders() -> Vec<PathBuf> {
    let core = std::fs::read_dir(root().join("core")).unwrap().map(|entry| entry.unwrap().path());
    let crates = core.filter(|path| path.join("Cargo.toml").exists());
    crates.chain([root().join("server/service")]).collect()
}

#[test]
fn everything_listed_is_reported_in_every_pure_crate() {
    let listed = listed();
    assert!(listed.contains("std::time::SystemTime::now"));
    for folder in pure_folders() {
        let reported = reported_in(&folder);
        let silent: Vec<_> = listed.difference(&reported).collect();
        assert!(silent.is_empty(), "{}: planted but not reported: {silent:?}", folder.display());
    }
}

#[test]
fn crates_at_the_rim_may_use_it_all() {
    assert_eq!(reported_in(&root().join("server/http")), BTreeSet::new());
}
