//! A server that is gone, slow or newer, a handle that is unknown or taken, a clock that is a year off, a database
//! that is damaged: each time a clear error with the way out, and nothing is lost.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use prost::Message as _;
use sotto_e2e::plane::Plane;
use sotto_e2e::process::Process;
use sotto_e2e::proxy::{Flow, Way};
use sotto_e2e::{Client, Proxy, Stage, stage};
use sotto_wire::proto::{self, account_frame, topic_frame};

/// Moments at which a registration is killed, 10 ms apart.
const MOMENTS: u64 = 14;
const YEAR_SECONDS: i64 = 365 * 24 * 3600;

/// Fails with this code and a way out; what was written waits here.
fn refused(client: &Client, arguments: &[&str], code: &str) -> anyhow::Result<()> {
    // Of a server that says nothing one has heard enough soon.
    let wait = if matches!(code, "server_gone" | "server_slow") { "2" } else { "20" };
    let run = client.run(&[&["--json", "--wait", wait], arguments].concat())?;
    let trouble = run.refused().with_context(|| format!("{} {}", client.at(), arguments.join(" ")))?;
    ensure!(trouble.code == code, "{trouble:?}");
    Ok(())
}

/// After whatever it was, this is the conversation at both ends.
fn both_have(one: &Client, other: &Client, expected: &[&str]) -> anyhow::Result<()> {
    one.done(&["sync"])?;
    for (who, with) in [(one, other), (other, one)] {
        let texts = who.texts(with)?;
        ensure!(texts == expected, "{} has {texts:?}", who.at());
    }
    Ok(())
}

const INTRODUCTION: [&str; 2] = ["May I write to you?", "Yes."];

fn and<'t>(more: &[&'t str]) -> Vec<&'t str> {
    [&INTRODUCTION[..], more].concat()
}

#[test]
fn with_the_server_gone_what_is_written_waits() -> anyhow::Result<()> {
    let mut stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    stage.server.stop()?;
    refused(&alice, &["send", &bob.at(), "into the dark"], "server_gone")?;
    refused(&alice, &["sync"], "server_gone")?;
    // What is here can be read all the same.
    let lines = alice.json(&["--offline", "history", &bob.at()])?;
    ensure!(lines.last().is_some_and(|line| line["state"] == "queued"), "{lines:?}");
    refused(
        &stage.stranger("carol"),
        &["register", "@carol", "--server", &stage.server.url()],
        "server_gone",
    )?;
    stage.server.restart()?;
    both_have(&alice, &bob, &and(&["into the dark"]))
}

/// Alice reaches the server through something that may be slow, or lie.
fn behind_a_proxy() -> anyhow::Result<(Stage, Proxy, Client, Client)> {
    let stage = Stage::new()?;
    let proxy = Proxy::start()?;
    proxy.forward_to(stage.server.address());
    let (alice, bob) = (stage.stranger("alice"), stage.person("bob")?);
    alice.register(&proxy.url())?;
    stage::introduce(&alice, &bob)?;
    Ok((stage, proxy, alice, bob))
}

#[test]
fn with_a_server_that_does_not_answer_what_is_written_waits() -> anyhow::Result<()> {
    let (_stage, proxy, alice, bob) = behind_a_proxy()?;
    proxy.set_flow(Flow::Stalled);
    refused(&alice, &["send", &bob.at(), "slowly"], "server_slow")?;
    proxy.set_flow(Flow::Open);
    both_have(&alice, &bob, &and(&["slowly"]))?;
    // Connected, and then nothing comes back any more.
    proxy.meddle(|passing| {
        let is_hello = passing.frame.len() < 512;
        if passing.way == Way::ToServer || is_hello { vec![passing.frame.clone()] } else { Vec::new() }
    });
    let mut there = alice.listen()?;
    there.sync()?;
    proxy.set_flow(Flow::Stalled);
    refused(&alice, &["send", &bob.at(), "more slowly"], "server_slow")?;
    proxy.be_honest();
    proxy.break_connections();
    both_have(&alice, &bob, &and(&["slowly", "more slowly"]))?;
    there.end()
}

#[test]
fn a_newer_server_is_named_and_what_is_written_waits() -> anyhow::Result<()> {
    let (_stage, proxy, alice, bob) = behind_a_proxy()?;
    proxy.meddle(|passing| match (passing.way, passing.plane) {
        (Way::ToClient, Plane::Account) => match proto::AccountFrame::decode(passing.frame.clone()) {
            Ok(proto::AccountFrame { frame: Some(account_frame::Frame::Hello(hello)) }) => {
                let frame = Some(account_frame::Frame::Hello(of_the_future(hello)));
                vec![proto::AccountFrame { frame }.encode_to_vec().into()]
            }
            _ => vec![passing.frame.clone()],
        },
        (Way::ToClient, Plane::Topic) => match proto::TopicFrame::decode(passing.frame.clone()) {
            Ok(proto::TopicFrame { frame: Some(topic_frame::Frame::Hello(hello)) }) => {
                let frame = Some(topic_frame::Frame::Hello(of_the_future(hello)));
                vec![proto::TopicFrame { frame }.encode_to_vec().into()]
            }
            _ => vec![passing.frame.clone()],
        },
        (Way::ToServer, _) => vec![passing.frame.clone()],
    });
    refused(&alice, &["send", &bob.at(), "from the past"], "server_too_new")?;
    refused(&alice, &["sync"], "server_too_new")?;
    proxy.be_honest();
    both_have(&alice, &bob, &and(&["from the past"]))
}

/// Speaks protocol 2 and nothing else.
fn of_the_future(hello: proto::Hello) -> proto::Hello {
    proto::Hello { protocol: 2, protocol_min: 2, ..hello }
}

/// Nobody can tell such a server from one that lies, so it is an alarm; but the conversation can go on.
#[test]
fn a_server_that_lost_its_newest_entries_is_reported_and_both_start_over() -> anyhow::Result<()> {
    let mut stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let backup = stage.path("backup");
    stage.server.backup(&backup)?;
    alice.done(&["send", &bob.at(), "after the backup"])?;
    ensure!(bob.texts(&alice)?.len() == 3);
    stage.server.stop()?;
    stage.server.restore(&backup)?;
    stage.server.restart()?;
    for (who, with) in [(&alice, &bob), (&bob, &alice)] {
        let run = who.run(&["sync"])?;
        ensure!(run.code == 3 && run.stderr.contains("ALARM"), "{}: {}", run.code, run.stderr);
        let texts = who.with_flags(&["--offline"]).texts(with)?;
        ensure!(texts == and(&["after the backup"]), "what was read stays: {texts:?}");
    }
    alice.done(&["start-over", &bob.at()])?;
    alice.done(&["send", &bob.at(), "On we go."])?;
    both_have(&alice, &bob, &and(&["after the backup", "On we go."]))
}

#[test]
fn a_server_that_was_set_up_anew_is_not_talked_to() -> anyhow::Result<()> {
    let mut stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    stage.server.stop()?;
    let (data, kept) = (stage.server.data().to_owned(), stage.path("kept"));
    std::fs::rename(&data, &kept)?;
    stage.server.restart()?;
    let run = alice.run(&["--wait", "2", "send", &bob.at(), "to whom?"])?;
    ensure!(run.code == 3 && run.stderr.contains("ALARM"), "{}: {}", run.code, run.stderr);
    ensure!(run.stderr.contains("another key"), "the reason is said: {}", run.stderr);
    stage.server.stop()?;
    std::fs::remove_dir_all(&data)?;
    std::fs::rename(&kept, &data)?;
    stage.server.restart()?;
    both_have(&alice, &bob, &and(&["to whom?"]))
}

#[test]
fn what_is_no_sotto_server_is_called_that() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let web = std::thread::spawn(move || -> std::io::Result<()> {
        for stream in listener.incoming() {
            let mut stream = stream?;
            let mut request = [0; 1024];
            if stream.read(&mut request)? == 0 {
                return Ok(());
            }
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        }
        Ok(())
    });
    let carol = Client::new(folder.path(), "carol", sotto_e2e::client::Key::InsecureFile);
    refused(&carol, &["register", "@carol", "--server", &format!("http://{address}")], "not_sotto")?;
    // An empty connection is the signal to end.
    drop(std::net::TcpStream::connect(address)?);
    web.join().map_err(|_| anyhow::anyhow!("the web server panicked"))??;
    Ok(())
}

#[test]
fn an_unknown_handle_and_a_taken_one_are_said() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    refused(&alice, &["send", "@nobody_at_all", "hello?"], "handle_unknown")?;
    let second = Client::new(stage.folder(), "second", sotto_e2e::client::Key::InsecureFile);
    refused(&second, &["register", &alice.at(), "--server", &stage.server.url()], "handle_taken")?;
    // The profile is as good as new.
    second.register(&stage.server.url())?;
    stage::introduce(&second, &alice)?;
    both_have(&alice, &bob, &INTRODUCTION)
}

#[test]
fn a_clock_a_year_off_is_said_and_nothing_is_lost() -> anyhow::Result<()> {
    for offset in [YEAR_SECONDS, -YEAR_SECONDS] {
        let stage = Stage::new()?;
        let (alice, bob) = (stage.person("alice")?, stage.person("bob")?);
        let wrong = alice.with_flags(&["--clock-offset", &offset.to_string()]);
        // To somebody new: that needs keys, and keys expire.
        refused(&wrong, &["send", &bob.at(), "When am I?"], "clock_off")?;
        alice.done(&["sync"])?;
        bob.done(&["sync"])?;
        ensure!(bob.texts(&alice)? == ["When am I?"], "it has arrived");
        let carol = stage.stranger("carol").with_flags(&["--clock-offset", &offset.to_string()]);
        refused(&carol, &["register", "@carol", "--server", &stage.server.url()], "clock_off")?;
    }
    Ok(())
}

/// Killed before, while and after the server stores the account: with the same words, or anew where nothing had
/// begun, there is always an account in the end, and it can be written to.
#[test]
fn a_registration_that_was_killed_at_any_moment_can_be_finished() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let bob = stage.person("bob")?;
    let mut ends = BTreeMap::<&str, usize>::new();
    for moment in 0..MOMENTS {
        let alice = stage.stranger(&format!("alice_{moment}"));
        let url = stage.server.url();
        let mut command = alice.command(&["register", &alice.at(), "--server", &url])?;
        let mut process = Process::start("sotto", command.stdin(Stdio::null()).stdout(Stdio::null()))?;
        std::thread::sleep(Duration::from_millis(5 + 10 * moment));
        let killed = process.kill().is_ok();
        let had_begun = alice.run(&["--json", "register", "--resume"])?;
        let end = match (killed, had_begun.code) {
            (false, _) => "was over before it was killed",
            (true, 0) => "was finished",
            (true, _) => match had_begun.refused()?.code.as_str() {
                "account_exists" => "had got through",
                "no_account" | "nothing_prepared" => {
                    alice.register(&url)?;
                    "had to be begun anew"
                }
                other => anyhow::bail!("moment {moment}: {other}"),
            },
        };
        *ends.entry(end).or_default() += 1;
        alice.done(&["sync"])?;
        bob.done(&["send", &alice.at(), "Welcome."])?;
        ensure!(alice.json(&["requests"])?.len() == 1);
    }
    println!("{MOMENTS} registrations that were killed: {ends:?}");
    Ok(())
}

#[test]
fn a_damaged_database_is_said_and_left_alone() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let database = alice.profile().join("sotto.db");
    let whole = std::fs::read(&database)?;
    let mut damaged = whole.clone();
    let page = whole.len() / 4096 / 2 * 4096;
    damaged[page + 2000] ^= 0x10;
    for bytes in [damaged, whole[..whole.len() - 4096].to_vec(), b"no database at all".repeat(400)] {
        std::fs::write(&database, &bytes)?;
        for arguments in [&["chats"][..], &["send", &bob.at(), "lost?"], &["whoami"]] {
            refused(&alice, arguments, "damaged")?;
        }
        ensure!(std::fs::read(&database)? == bytes, "a damaged file is left as it is");
    }
    std::fs::write(&database, &whole)?;
    alice.done(&["send", &bob.at(), "Restored."])?;
    both_have(&alice, &bob, &and(&["Restored."]))
}

#[test]
fn a_damaged_or_missing_key_file_is_said() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let key_file = alice.profile().join("key.json");
    let whole = std::fs::read(&key_file)?;
    let refuses = |what: &Path| -> anyhow::Result<()> {
        let trouble = alice.run(&["--json", "chats"])?.refused()?;
        ensure!(trouble.code.starts_with("key"), "{}: {trouble:?}", what.display());
        Ok(())
    };
    std::fs::write(&key_file, b"{}")?;
    refuses(&key_file)?;
    std::fs::remove_file(&key_file)?;
    refuses(&key_file)?;
    std::fs::write(&key_file, whole)?;
    both_have(&alice, &bob, &INTRODUCTION)
}
