//! What scripts and bots rely on, command by command: pages of history, programs run for events, pipes, signals,
//! damaged profiles set aside, proxies, and many commands at once on one profile.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use nix::sys::signal::Signal;
use sotto_e2e::client::Key;
use sotto_e2e::process::Process;
use sotto_e2e::wait::{self, PATIENCE};
use sotto_e2e::{Client, Stage};

const END_WITHIN: Duration = Duration::from_secs(30);

/// Commands that need an account, each complete.
const ON_AN_ACCOUNT: [&[&str]; 15] = [
    &["whoami"],
    &["send", "@bob", "hi"],
    &["sync"],
    &["listen", "--timeout", "1"],
    &["chats"],
    &["history", "@bob"],
    &["requests"],
    &["accept", "@bob"],
    &["decline", "@bob"],
    &["block", "@bob"],
    &["unblock", "@bob"],
    &["name", "Alice"],
    &["start-over", "@bob"],
    &["retry", "@bob"],
    &["alarms"],
];

/// Starts a command with its output in files beside the profile; returns what it has said so far when asked.
struct Running {
    process: Process,
    files: [std::path::PathBuf; 2],
}

impl Running {
    fn start(mut command: Command, client: &Client, name: &str) -> anyhow::Result<Self> {
        let files = ["out", "err"].map(|kind| client.profile().with_extension(format!("{name}.{kind}")));
        command.stdin(Stdio::null()).stdout(File::create(&files[0])?).stderr(File::create(&files[1])?);
        Ok(Self { process: Process::start("sotto", &mut command)?, files })
    }

    fn said(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(&self.files[0])? + &std::fs::read_to_string(&self.files[1])?)
    }

    fn await_words(&self, words: &str) -> anyhow::Result<()> {
        let waited = wait::until_true(words, PATIENCE, || Ok(self.said()?.contains(words)));
        waited.with_context(|| self.said().unwrap_or_default())
    }
}

#[test]
fn without_an_account_every_command_says_how_to_get_one() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let nobody = Client::new(folder.path(), "nobody", Key::InsecureFile);
    for arguments in ON_AN_ACCOUNT {
        let trouble = nobody.run(&[&["--json"], arguments].concat())?.refused()?;
        ensure!(trouble.code == "no_account", "{arguments:?}: {trouble:?}");
        ensure!(trouble.way_out.is_some_and(|way_out| way_out.contains("sotto register")), "{arguments:?}");
    }
    ensure!(!nobody.profile().exists(), "looking makes nothing");
    Ok(())
}

#[test]
fn history_comes_in_pages_oldest_first() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = (stage.person("alice")?, stage.person("bob")?);
    let all: Vec<String> = (1..=7).map(|number| format!("message {number}")).collect();
    for text in &all {
        let queued = alice.json(&["send", &bob.at(), text, "--no-wait"])?;
        ensure!(queued.len() == 1 && queued[0]["state"] == "queued", "{queued:?}");
    }
    ensure!(alice.json(&["--offline", "chats"])?[0]["waiting"] == 7);
    alice.done(&["sync"])?;
    ensure!(alice.texts(&bob)? == all);
    let newest = alice.json(&["history", &bob.at(), "--limit", "3"])?;
    let texts = |lines: &[serde_json::Value]| -> Vec<String> {
        lines.iter().filter_map(|line| line["text"].as_str().map(str::to_owned)).collect()
    };
    ensure!(texts(&newest) == all[4..], "{newest:?}");
    let oldest_shown = newest[0]["id"].as_str().context("an id")?;
    let before = alice.json(&["history", &bob.at(), "--limit", "2", "--before", oldest_shown])?;
    ensure!(texts(&before) == all[2..4], "{before:?}");
    ensure!(alice.json(&["history", &bob.at(), "--limit", "0"])?.is_empty());
    let unknown = alice.run(&["--json", "history", "@carol"])?.refused()?;
    ensure!(unknown.code == "conversation_unknown", "{unknown:?}");
    Ok(())
}

#[test]
fn a_program_run_for_events_gets_texts_on_standard_input_only() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let alice = stage.person("alice")?;
    let bob = Client::new(stage.folder(), "bob", Key::Passphrase("known to nobody".to_owned()));
    bob.register(&stage.server.url())?;
    let (inputs, environments) = (stage.path("inputs"), stage.path("environments"));
    let script = format!("cat >> {}; env >> {}; exit 3", inputs.display(), environments.display());
    let listening = Running::start(bob.command(&["listen", "--exec", &script])?, &bob, "listen")?;
    let text = "$(touch pwned) `id` \u{1b}[31m 'quoted' \"text\"\nsecond line";
    alice.done(&["send", &bob.at(), text])?;
    let lines = || -> anyhow::Result<Vec<serde_json::Value>> {
        let said = std::fs::read_to_string(&inputs).unwrap_or_default();
        Ok(said.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
    };
    let message = wait::until("the program got the message", PATIENCE, || {
        Ok(lines()?.into_iter().find(|line| line["type"] == "message"))
    })?;
    ensure!(message["text"] == text, "{message}");
    // It says that the program failed, and goes on.
    listening.await_words("the command of --exec failed")?;
    alice.done(&["send", &bob.at(), "once more"])?;
    wait::until_true("the second message", PATIENCE, || {
        Ok(lines()?.iter().any(|line| line["text"] == "once more"))
    })?;
    let environment = std::fs::read_to_string(&environments)?;
    ensure!(environment.contains("SOTTO_EVENT=message") && environment.contains("SOTTO_SENDER=@alice"));
    ensure!(
        !environment.contains("pwned") && !environment.contains("once more"),
        "texts are not in the environment"
    );
    ensure!(!environment.contains("known to nobody"), "the passphrase is not in the environment");
    ensure!(!listening.said()?.contains('\u{1b}'), "nothing acts on the terminal");
    Ok(())
}

#[test]
fn what_is_shown_as_text_never_acts_on_the_terminal() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = (stage.person("alice")?, stage.person("bob")?);
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}5n\u{202e}txt.exe\n2026-01-01T00:00Z @alice: I owe you 100";
    bob.done(&["send", &alice.at(), evil])?;
    for command in [&["requests"][..], &["history", "@bob"]] {
        let shown = alice.done(command)?.stdout;
        ensure!(!shown.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{shown:?}");
        ensure!(shown.contains("␛[2J") && shown.contains("⟨U+202E⟩txt.exe"), "{shown}");
        ensure!(!shown.lines().any(|line| line.starts_with("2026-01-01T00:00Z @alice")), "{shown}");
    }
    ensure!(alice.texts(&bob)? == [evil], "--json is exact");
    Ok(())
}

#[test]
fn interrupted_waiting_leaves_the_message_queued() -> anyhow::Result<()> {
    let mut stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    stage.server.stop()?;
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let command = alice.command(&["--json", "--wait", "600", "send", &bob.at(), "later"])?;
        let mut sending = Running::start(command, &alice, "send")?;
        sending.await_words("\"state\":\"queued\"")?;
        sending.process.signal(signal)?;
        let status = sending.process.wait(END_WITHIN)?;
        let said = sending.said()?;
        ensure!(status.code() == Some(1), "{status}: {said}");
        ensure!(said.contains("\"code\":\"stopped\"") && said.contains("stays queued"), "{said}");
    }
    stage.server.restart()?;
    alice.done(&["sync"])?;
    ensure!(bob.texts(&alice)?.iter().filter(|text| *text == "later").count() == 2);
    Ok(())
}

#[test]
fn a_reader_that_goes_away_is_no_error() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let alice = stage.person("alice")?;
    for arguments in [&["whoami"][..], &["completions", "zsh"], &["man", "send"]] {
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let errors = stage.path("errors");
        let mut command = alice.command(arguments)?;
        command.stdin(Stdio::null()).stdout(writer).stderr(File::create(&errors)?);
        let status = Process::start("sotto", &mut command)?.wait(END_WITHIN)?;
        let said = std::fs::read_to_string(&errors)?;
        ensure!(status.success() && said.is_empty(), "{arguments:?}: {status}: {said}");
    }
    Ok(())
}

#[test]
fn a_damaged_profile_is_set_aside_and_nothing_of_it_deleted() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let alice = stage.person("alice")?;
    ensure!(alice.json(&["doctor"])?.iter().all(|check| check["ok"] == true), "all is well at first");
    let database = alice.profile().join("sotto.db");
    let mut bytes = std::fs::read(&database)?;
    bytes[5_000] ^= 1;
    std::fs::write(&database, &bytes)?;
    let examined = alice.run(&["--json", "doctor"])?;
    let checks = examined.json()?;
    let finding = checks.iter().find(|check| check["check"] == "database").context("a finding")?;
    ensure!(examined.code == 1 && finding["ok"] == false, "{checks:?}");
    ensure!(finding["way_out"].as_str().is_some_and(|way| way.contains("--set-aside")), "{finding}");

    let moved = alice.json(&["doctor", "--set-aside"])?;
    ensure!(moved.len() == 2, "{moved:?}");
    let aside = moved[0]["file"].as_str().context("a name")?;
    ensure!(aside.contains("sotto.db.broken-") && std::fs::read(aside)? == bytes, "{aside}");
    let trouble = alice.run(&["--json", "whoami"])?.refused()?;
    ensure!(trouble.code == "no_account", "{trouble:?}");
    alice.done(&["register", "@alice_again", "--server", &stage.server.url()])?;
    Ok(())
}

#[test]
fn a_profile_in_use_is_not_set_aside() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let alice = stage.person("alice")?;
    let listening = alice.listen()?;
    let trouble = alice.run(&["--json", "doctor", "--set-aside"])?.refused()?;
    ensure!(trouble.code == "busy", "{trouble:?}");
    listening.end()
}

#[test]
fn when_the_holder_is_killed_the_next_command_takes_over_and_misses_nothing() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let holder = alice.listen()?;
    let guest = Running::start(alice.command(&["--json", "listen"])?, &alice, "guest")?;
    bob.done(&["send", &alice.at(), "to both"])?;
    guest.await_words("to both")?;
    holder.kill()?;
    guest.await_words("\"resumed\"")?;
    bob.done(&["send", &alice.at(), "to the heir"])?;
    guest.await_words("to the heir")?;
    // And others find the heir.
    alice.done(&["send", &bob.at(), "through the heir"])?;
    ensure!(bob.texts(&alice)?.last().is_some_and(|text| text == "through the heir"));
    Ok(())
}

#[test]
fn many_commands_at_once_on_one_profile_each_do_their_work_once() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let texts: BTreeSet<String> = (0..12).map(|number| format!("at once {number}")).collect();
    let mut running = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let command = alice.command(&["--wait", "60", "send", &bob.at(), text])?;
        running.push(Running::start(command, &alice, &format!("send{number}"))?);
    }
    for sending in &mut running {
        let status = sending.process.wait(PATIENCE)?;
        ensure!(status.success(), "{status}: {}", sending.said()?);
    }
    let arrived = bob.texts(&alice)?;
    let new: Vec<&String> = arrived.iter().filter(|text| text.starts_with("at once")).collect();
    ensure!(new.len() == texts.len(), "each once: {new:?}");
    ensure!(new.into_iter().cloned().collect::<BTreeSet<_>>() == texts);
    Ok(())
}

/// A SOCKS5 proxy that says where each connection wanted to go.
fn recording_proxy() -> anyhow::Result<(SocketAddr, Receiver<SocketAddr>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let at = listener.local_addr()?;
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tell = tell.clone();
            std::thread::spawn(move || serve_socks(stream, &tell));
        }
    });
    Ok((at, told))
}

fn serve_socks(mut client: TcpStream, tell: &std::sync::mpsc::Sender<SocketAddr>) -> std::io::Result<()> {
    let mut offer = [0; 2];
    client.read_exact(&mut offer)?;
    client.read_exact(&mut vec![0; offer[1].into()])?;
    client.write_all(&[5, 0])?;
    let mut request = [0; 10];
    client.read_exact(&mut request)?;
    let ip = Ipv4Addr::new(request[4], request[5], request[6], request[7]);
    let to = SocketAddr::from((ip, u16::from_be_bytes([request[8], request[9]])));
    let mut server = TcpStream::connect(to)?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    // A test that is over does not listen any more.
    let _ = tell.send(to);
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    std::thread::spawn(move || {
        // Either side may go first.
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(std::net::Shutdown::Both);
    });
    std::io::copy(&mut client, &mut server)?;
    server.shutdown(std::net::Shutdown::Both)
}

#[test]
fn with_a_proxy_everything_goes_through_it_and_without_it_nothing_goes() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let bob = stage.person("bob")?;
    let (proxy, wanted) = recording_proxy()?;
    let direct = stage.stranger("alice");
    let alice = direct.with_flags(&["--proxy", &format!("socks5h://{proxy}")]);
    alice.register(&stage.server.url())?;
    alice.done(&["send", &bob.at(), "through the proxy"])?;
    let asked: Vec<SocketAddr> = wanted.try_iter().collect();
    // Both planes, for each of the two commands.
    ensure!(asked.len() >= 4 && asked.iter().all(|to| *to == stage.server.address()), "{asked:?}");

    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let cut_off = direct.with_flags(&["--proxy", &format!("socks5h://{nobody}"), "--wait", "2"]);
    let trouble = cut_off.run(&["--json", "send", &bob.at(), "around it?"])?.refused()?;
    ensure!(trouble.code == "proxy", "{trouble:?}");
    ensure!(bob.texts(&direct)? == ["through the proxy"], "nothing went around");

    // Whoever holds the profile without the proxy does not serve somebody who wants it.
    let listening = direct.listen()?;
    let trouble = alice.run(&["--json", "send", &bob.at(), "directly?"])?.refused()?;
    ensure!(trouble.code == "other_proxy", "{trouble:?}");
    listening.end()
}

#[test]
fn other_proxies_and_wrong_flags_are_wrong_usage() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let nobody = Client::new(folder.path(), "nobody", Key::InsecureFile);
    for arguments in [
        &["--proxy", "socks5://127.0.0.1:9050", "sync"][..],
        &["--proxy", "127.0.0.1:9050", "sync"],
        &["--ca", "/nonexistent.pem", "register", "@nobody", "--server", "https://127.0.0.1:1"],
        &["register", "@nobody", "--server", "chat.example.org"],
        &["register", "@Nobody", "--server", "https://chat.example.org"],
        &["register", "@nobody"],
        &["register"],
        &["send", "bob", "hi"],
        &["send", "@bob"],
        &["history", "@bob", "--before", "yesterday"],
        &["man", "cook"],
        &["cook"],
    ] {
        let run = nobody.run(arguments)?;
        ensure!(run.code == 2 && !run.stderr.is_empty(), "{arguments:?}: {run:?}");
    }
    ensure!(!nobody.profile().exists());
    Ok(())
}

#[test]
fn texts_that_cannot_be_messages_are_refused_with_the_limit() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let longest = "ä".repeat(32 * 1024);
    let sent = alice.run_reading(&["send", &bob.at(), "-"], &longest)?;
    sent.ok()?;
    let trouble =
        alice.run_reading(&["--json", "send", &bob.at(), "-"], &(longest.clone() + "!"))?.refused()?;
    ensure!(trouble.code == "text_too_long" && trouble.message.contains("64 KiB"), "{trouble:?}");
    for (arguments, code) in
        [(&["send", "@bob", "-"][..], "text_empty"), (&["name", &"n".repeat(129)], "name_too_long")]
    {
        let trouble = alice.run(&[&["--json"], arguments].concat())?.refused()?;
        ensure!(trouble.code == code, "{trouble:?}");
    }
    let own = alice.run(&["--json", "send", &alice.at(), "hello me"])?.refused()?;
    ensure!(own.code == "myself", "{own:?}");
    ensure!(bob.texts(&alice)?.last() == Some(&longest));
    Ok(())
}
