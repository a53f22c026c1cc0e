//! What an operator does beside serving: invitations, backups, looking after health.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod support;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use serde_json::{Value, json};
use sotto_wire::{account::AccountResponse, frames::Refusal, proto::ErrorCode};
use support::{Done, House, mode, person::register};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_invitation_lives_and_ends_while_the_server_runs() {
    let house = House::new();
    let _serving = house.serve(&[]);
    let arguments = ["invite", "--uses", "5", "--expires", "36h", "--public-url", "https://chat.example.org"];
    let made = house.json(&arguments).remove(0);
    let code = made["code"].as_str().unwrap();
    assert_eq!(made["uses_left"], 5);
    assert_eq!(made["link"], format!("https://chat.example.org/#invite={code}"));

    let listed = house.json(&["invite", "list"]);
    assert_eq!(listed, [json!({"id": made["id"], "uses_left": 5, "not_after": made["not_after"]})]);
    assert!(!listed[0].to_string().contains(code), "a code is shown once");

    house.run(&["invite", "revoke", code]).fine();
    assert!(house.json(&["invite", "list"]).is_empty());
    let said = house.run(&["invite", "revoke", code]).refused(1);
    assert!(said.contains("no open invitation"), "{said}");

    let second = house.json(&["invite"]).remove(0);
    assert_eq!(second["link"], Value::Null, "no address is known");
    house.run(&["invite", "revoke", second["id"].as_str().unwrap()]).fine();
    assert!(house.json(&["invite", "list"]).is_empty());
}

#[test]
fn an_invitation_admits_as_many_as_it_says_and_the_inventory_shows_whom() {
    let house = House::new();
    let serving = house.serve(&[]);
    let refused = |outcome: Result<AccountResponse, Refusal>| outcome.unwrap_err().code;
    assert_eq!(refused(register(&serving, "early", None)), ErrorCode::InviteInvalid);

    let made = house.json(&["invite", "--uses", "2"]).remove(0);
    let code = made["code"].as_str().unwrap();
    assert_eq!(register(&serving, "oona", Some(code)), Ok(AccountResponse::Registered));
    assert_eq!(house.json(&["invite", "list"])[0]["uses_left"], 1);
    assert_eq!(register(&serving, "yorick", Some(code)), Ok(AccountResponse::Registered));
    assert_eq!(refused(register(&serving, "zelda", Some(code))), ErrorCode::InviteInvalid);
    assert!(house.json(&["invite", "list"]).is_empty());

    let revoked = house.json(&["invite"]).remove(0)["code"].as_str().unwrap().to_owned();
    house.run(&["invite", "revoke", &revoked]).fine();
    assert_eq!(refused(register(&serving, "zelda", Some(&revoked))), ErrorCode::InviteInvalid);

    let totals = house.json(&["inventory"]);
    let accounts = totals.iter().find(|table| table["table"] == "accounts").unwrap();
    assert_eq!(accounts["rows"], 2);
    assert!(totals.iter().all(|table| !table["fields"].as_array().unwrap().is_empty()));
    let about = house.json(&["inventory", "@oona"]);
    let handle = about.iter().find(|field| field["column"] == "handle").unwrap();
    assert_eq!((&handle["table"], &handle["value"]), (&json!("accounts"), &json!("oona")));
    assert!(handle["purpose"].is_string() && handle["retention"].is_string() && handle["tier"].is_string());
    assert!(!about.iter().any(|field| field["value"] == "yorick"), "it is about one account");
    let said = house.run(&["inventory", "@zelda"]).refused(1);
    assert!(said.contains("nobody is called @zelda"), "{said}");

    for page in [serving.http("/metrics"), serving.stop()] {
        for handle in ["oona", "yorick", "zelda"] {
            assert!(!page.contains(handle), "{handle} in {page}");
        }
    }
}

#[test]
fn commands_on_a_directory_without_a_server_say_so() {
    let house = House::new();
    for command in [&["invite"][..], &["invite", "list"], &["inventory"], &["backup", "/nowhere"]] {
        let said = house.run(command).refused(1);
        assert!(said.contains("no server has kept its data"), "{command:?}: {said}");
    }
    assert!(!house.data().exists(), "looking makes nothing");
}

#[test]
fn a_backup_of_a_running_server_becomes_the_same_server_elsewhere() {
    let house = House::new();
    let serving = house.serve(&[]);
    let (_socket, hello) = serving.hello();
    let invitation = house.json(&["invite", "--uses", "3"]).remove(0);

    let backup = house.path("backup");
    let done = house.run(&["backup", text(&backup)]);
    assert!(done.stderr.contains("log-signing.key"), "the key is worth a warning: {}", done.stderr);
    done.fine();
    assert_eq!(mode(&backup), 0o700);
    for entry in fs::read_dir(&backup).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{path:?}");
    }
    let said = house.run(&["backup", text(&backup)]).refused(1);
    assert!(said.contains("not empty"), "{said}");
    drop(serving);

    let elsewhere = house.path("elsewhere");
    house.run(&["restore", text(&backup), "--data", text(&elsewhere)]).fine();
    let serving = house.serve(&["--data", text(&elsewhere)]);
    assert_eq!(serving.hello().1.log_key, hello.log_key);
    let listed = house.json(&["invite", "list", "--data", text(&elsewhere)]);
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &invitation["id"]));

    let said = house.run(&["restore", text(&backup), "--data", text(&elsewhere)]).refused(1);
    assert!(said.contains("not empty"), "{said}");
}

#[test]
fn a_backup_that_was_changed_is_not_restored_and_leaves_nothing() {
    let house = House::new();
    house.serve(&[]).stop();
    let backup = house.path("backup");
    house.run(&["backup", text(&backup)]).fine();
    let database = backup.join("topics.db");
    let mut bytes = fs::read(&database).unwrap();
    bytes[40] ^= 1;
    fs::write(&database, &bytes).unwrap();

    let target = house.path("target");
    let said = house.run(&["restore", text(&backup), "--data", text(&target)]).refused(1);
    assert!(said.contains("topics.db is not what was backed up"), "{said}");
    assert!(!target.exists());

    fs::remove_file(backup.join("backup.json")).unwrap();
    let said = house.run(&["restore", text(&backup), "--data", text(&target)]).refused(1);
    assert!(said.contains("no finished backup"), "{said}");
}

/// The state of one check.
fn state(findings: &[Value], check: &str) -> String {
    let finding = findings.iter().find(|finding| finding["check"] == check);
    finding.unwrap_or_else(|| panic!("{check} was not looked at"))["state"].as_str().unwrap().to_owned()
}

fn doctor(house: &House, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let done = house.run(&[&["doctor", "--json", "--listen", "127.0.0.1:0"], arguments].concat());
    (done.code, done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn a_healthy_server_passes_the_doctor_running_or_not() {
    let house = House::new();
    let (code, findings) = doctor(&house, &[]);
    assert_eq!(code, Some(0), "before the first start: {findings:?}");
    let serving = house.serve(&[]);
    for _ in 0..2 {
        let done = house.run(&["doctor", "--json", "--listen", serving.address()]);
        let findings: Vec<Value> =
            done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(done.code, Some(0), "{findings:?}");
        for check in
            ["settings", "address", "permissions", "storage", "space", "signing key", "databases", "clock"]
        {
            assert_ne!(state(&findings, check), "wrong", "{check}");
        }
    }
}

#[test]
fn the_doctor_finds_doors_that_stand_open() {
    let house = House::new();
    house.serve(&[]).stop();
    fs::set_permissions(house.data(), fs::Permissions::from_mode(0o755)).unwrap();
    let (code, findings) = doctor(&house, &[]);
    assert_eq!((code, state(&findings, "permissions").as_str()), (Some(1), "wrong"));

    fs::set_permissions(house.data(), fs::Permissions::from_mode(0o700)).unwrap();
    let key = house.data().join("log-signing.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, findings) = doctor(&house, &[]);
    assert_eq!((code, state(&findings, "permissions").as_str()), (Some(1), "wrong"));
}

#[test]
fn the_doctor_finds_a_disk_that_takes_nothing() {
    let house = House::new();
    house.serve(&[]).stop();
    // A limit of zero bytes for any file behaves like a full disk; without the signal it is an error like any other.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" doctor --json --listen 127.0.0.1:0"]);
    command.arg(env!("CARGO_BIN_EXE_sottod"));
    house.prepare(&mut command);
    let done = Done::from(command.output().unwrap());
    let findings: Vec<Value> = done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((done.code, state(&findings, "storage").as_str()), (Some(1), "wrong"));
}

#[test]
fn the_doctor_finds_lost_keys_damaged_databases_and_wrong_settings() {
    let house = House::new();
    house.serve(&[]).stop();
    fs::rename(house.data().join("log-signing.key"), house.path("key")).unwrap();
    let (code, findings) = doctor(&house, &[]);
    assert_eq!((code, state(&findings, "signing key").as_str()), (Some(1), "wrong"));
    fs::rename(house.path("key"), house.data().join("log-signing.key")).unwrap();

    let database = house.data().join("directory.db");
    let bytes = fs::read(&database).unwrap();
    fs::write(&database, vec![0x5A; bytes.len()]).unwrap();
    let (code, findings) = doctor(&house, &[]);
    assert_eq!((code, state(&findings, "databases").as_str()), (Some(1), "wrong"));
    fs::write(&database, bytes).unwrap();

    let (code, findings) = doctor(&house, &["--ping-after", "soon"]);
    assert_eq!((code, state(&findings, "settings").as_str()), (Some(1), "wrong"));
    let (code, findings) = doctor(&house, &["--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"]);
    assert_eq!((code, state(&findings, "certificate").as_str()), (Some(1), "wrong"));
}
