//! A full disk, at the server and at a client: it is said in clear words, nothing acknowledged is lost, and
//! everything goes on once there is room.

use std::rc::Rc;

use anyhow::ensure;
use sotto_e2e::disk::Disk;
use sotto_e2e::server::Options;
use sotto_e2e::wait::{self, PATIENCE};
use sotto_e2e::{Client, Stage, client, programs, stage};

/// Long enough that no page of what is there already has room for it.
fn long_text(letter: char) -> String {
    letter.to_string().repeat(60_000)
}

#[test]
fn a_server_whose_disk_is_full_says_so_and_goes_on_when_there_is_room() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let disk = Rc::new(Disk::at(&folder.path().join("disk"))?);
    let data = folder.path().join("disk/data");
    let options = Options { data: Some(data), disk: Some(disk.clone()), ..Options::default() };
    let mut stage = Stage::with(options)?;
    let (alice, bob) = stage.two_contacts()?;
    let id = stage.server.id()?;
    disk.fill(Some(id))?;
    for letter in ['a', 'b', 'c'] {
        let run = alice.run(&["--json", "--wait", "3", "send", &bob.at(), &long_text(letter)])?;
        let trouble = run.refused()?;
        ensure!(trouble.message.to_lowercase().contains("server"), "whose disk it is: {trouble:?}");
    }
    ensure!(stage.server.is_alive()?, "a full disk is no reason to end");
    ensure!(stage.server.id()? == id);
    // The operator is told, and told what to do.
    let log = std::fs::read_to_string(stage.server.log())?;
    ensure!(log.contains("the store failed") && log.contains("sottod doctor"), "{log}");
    if disk.is_real() {
        let doctor = stage.server.chore(&["doctor"])?;
        ensure!(doctor.code == 1 && doctor.stdout.contains("make room"), "{}", doctor.stdout);
    }
    // What needs no room still works: whoever reads is not locked out.
    ensure!(bob.texts(&alice)?.len() == 2);
    disk.make_room(Some(id))?;
    wait::until_true("everything arrives once there is room", PATIENCE, || {
        alice.run(&["sync"])?;
        Ok(bob.texts(&alice)?.len() == 5)
    })?;
    let texts = bob.texts(&alice)?;
    ensure!(texts[2..] == ['a', 'b', 'c'].map(long_text), "in order, once, whole");
    ensure!(alice.texts(&bob)? == texts);
    println!("the server's disk was {}", if disk.is_real() { "full" } else { "as good as full, by a limit" });
    stage.server.stop()
}

#[test]
fn a_client_whose_disk_is_full_says_so_and_goes_on_when_there_is_room() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let disk = Disk::at(&stage.path("disk"))?;
    let alice = Client::new(&stage.path("disk"), "alice", client::Key::InsecureFile);
    alice.register(&stage.server.url())?;
    let bob = stage.person("bob")?;
    stage::introduce(&alice, &bob)?;
    disk.fill(None)?;
    let limited = |arguments: &[&str]| {
        let command = alice.command(arguments)?;
        let mut limited = disk.command_when_full(&programs::sotto()?);
        limited.args(command.get_args());
        client::run_to_end("sotto", &mut limited, None, PATIENCE)
    };
    let text = long_text('a');
    let trouble = limited(&["--json", "send", &bob.at(), &text])?.refused()?;
    ensure!(matches!(trouble.code.as_str(), "disk_full" | "storage"), "{trouble:?}");
    ensure!(!disk.is_real() || trouble.code == "disk_full", "{trouble:?}");
    // What others write meanwhile is not lost either.
    bob.done(&["send", &alice.at(), &long_text('b')])?;
    let trouble = limited(&["--json", "sync"])?.refused()?;
    ensure!(matches!(trouble.code.as_str(), "disk_full" | "storage"), "{trouble:?}");
    disk.make_room(None)?;
    alice.done(&["send", &bob.at(), &text])?;
    let texts = alice.texts(&bob)?;
    ensure!(texts.len() == 4 && bob.texts(&alice)? == texts, "{}", texts.len());
    println!("the client's disk was {}", if disk.is_real() { "full" } else { "as good as full, by a limit" });
    Ok(())
}
