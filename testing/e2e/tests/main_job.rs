//! The main job, command by command: an account, a first message that lands as a request, an answer, and everything
//! around it that people do; and the same commands beside a `sotto listen` that holds the profile.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use sotto_e2e::client::Key;
use sotto_e2e::terminal::Terminal;
use sotto_e2e::wait::{self, PATIENCE};
use sotto_e2e::{Client, Stage, stage};

/// Texts that a careless program would change on their way.
const AWKWARD: [&str; 7] = [
    " leading and trailing \t",
    "two\r\nlines\n\nand more\n",
    "--looks like a flag",
    "\u{feff}\u{1b}[2J\u{7}\u{202e}txt.exe",
    "e\u{301} is not \u{e9}",
    "👩‍💻🏳️‍🌈 все люди すべての人間は",
    "-",
];

fn protected(stage: &Stage, name: &str) -> anyhow::Result<Client> {
    let client = Client::new(stage.folder(), name, Key::Passphrase(format!("passphrase of {name}")));
    let registered = client.register(&stage.server.url())?;
    let words = registered.stdout.lines().find_map(|line| line.strip_prefix("recovery words: "));
    ensure!(words.is_some_and(|words| words.split(' ').count() == 12), "{}", registered.stdout);
    Ok(client)
}

fn one(records: Vec<Value>) -> anyhow::Result<Value> {
    ensure!(records.len() == 1, "one record: {records:?}");
    records.into_iter().next().context("one record")
}

#[test]
fn a_first_message_is_an_unverified_request_until_it_is_accepted_and_answered() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = (protected(&stage, "alice")?, protected(&stage, "bob")?);
    let account = one(alice.json(&["whoami"])?)?;
    ensure!(account["handle"] == "@alice" && account["registered"] == true, "{account}");
    ensure!(account["independently_witnessed"] == false, "{account}");

    let sent = alice.done(&["send", "@bob", "Hello", "Bob"])?;
    ensure!(sent.stderr.contains("unverified"), "a first contact is called that: {}", sent.stderr);
    let request = one(bob.json(&["requests"])?)?;
    ensure!(request["handle"] == "@alice" && request["verified"] == false, "{request}");
    ensure!(request["standing"] == "request" && request["last"]["text"] == "Hello Bob", "{request}");
    let shown = bob.done(&["requests"])?.stdout;
    ensure!(shown.contains("@alice (unverified)") && shown.contains("Hello Bob"), "{shown}");
    ensure!(bob.json(&["chats"])?.is_empty(), "a request is no chat yet");

    bob.done(&["accept", "@alice"])?;
    ensure!(bob.json(&["requests"])?.is_empty());
    bob.done(&["send", "@alice", "Hello Alice"])?;
    ensure!(alice.texts(&bob)? == ["Hello Bob", "Hello Alice"]);
    ensure!(bob.texts(&alice)? == ["Hello Bob", "Hello Alice"]);
    let chat = one(alice.json(&["chats"])?)?;
    ensure!(chat["verified"] == false && chat["waiting"] == 0, "{chat}");
    Ok(())
}

/// `register` used to end before this device's keys were at the server: whoever had registered and gone away could
/// not be written to until they came back.
#[test]
fn whoever_has_registered_and_gone_away_can_be_written_to() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = (stage.stranger("alice"), stage.stranger("bob"));
    for person in [&alice, &bob] {
        person.register(&stage.server.url())?;
    }
    alice.done(&["send", "@bob", "Hello Bob"])?;
    ensure!(one(bob.json(&["requests"])?)?["last"]["text"] == "Hello Bob");
    Ok(())
}

#[test]
fn texts_arrive_byte_for_byte_and_both_histories_are_the_same() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let longest = "😀".repeat(64 * 1024 / 4);
    for text in AWKWARD.into_iter().chain([longest.as_str()]) {
        alice.run_reading(&["send", "@bob", "-"], text)?.ok()?;
    }
    bob.done(&["send", "@alice", "--", "--starts", "with dashes"])?;
    let here = alice.json(&["history", "@bob"])?;
    let there = bob.json(&["history", "@alice"])?;
    let texts: Vec<_> = here.iter().filter_map(|line| line["text"].as_str()).skip(2).collect();
    ensure!(texts[..AWKWARD.len()] == AWKWARD, "{texts:?}");
    ensure!(texts[AWKWARD.len()..] == [longest.as_str(), "--starts with dashes"]);
    for (mine, theirs) in here.iter().zip(&there) {
        for field in
            ["id", "conversation", "sender", "sender_handle", "text", "sent_at_ms", "accepted_minute"]
        {
            ensure!(mine[field] == theirs[field], "{field}: {mine} and {theirs}");
        }
        ensure!(mine["own"] != theirs["own"]);
    }
    ensure!(here.len() == there.len());
    let too_long = alice.run_reading(&["--json", "send", "@bob", "-"], &format!("{longest}!"))?.refused()?;
    ensure!(too_long.code == "text_too_long", "{too_long:?}");
    let newest = alice.json(&["history", "@bob", "--limit", "3"])?;
    ensure!(newest == here[here.len() - 3..], "the newest lines, oldest first");
    let id = newest[0]["id"].as_str().context("an id")?;
    let before = alice.json(&["history", "@bob", "--limit", "2", "--before", id])?;
    ensure!(before == here[here.len() - 5..here.len() - 3], "the lines before one");
    let terminal = alice.done(&["history", "@bob"])?.stdout;
    ensure!(!terminal.contains(['\u{1b}', '\u{202e}', '\u{7}']), "nothing moves the cursor of whoever reads");
    Ok(())
}

#[test]
fn names_blocks_and_declined_requests_do_what_they_say() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let name_seen = |name: Value| -> anyhow::Result<()> {
        bob.done(&["sync"])?;
        let chat = one(bob.json(&["chats"])?)?;
        ensure!(chat["display_name"] == name, "{chat}");
        Ok(())
    };
    alice.done(&["name", "Alice Ámbar"])?;
    name_seen(json!("Alice Ámbar"))?;
    alice.done(&["name", "--clear"])?;
    name_seen(Value::Null)?;

    bob.done(&["block", "@alice"])?;
    alice.done(&["send", "@bob", "Can you hear me?"])?;
    bob.done(&["sync"])?;
    ensure!(bob.run(&["--json", "send", "@alice", "no"])?.refused()?.code == "blocked");
    bob.done(&["unblock", "@alice"])?;
    alice.done(&["send", "@bob", "And now?"])?;
    ensure!(
        bob.texts(&alice)? == ["May I write to you?", "Yes.", "And now?"],
        "what was blocked is not shown"
    );

    let carol = stage.person("carol")?;
    carol.done(&["send", "@bob", "Buy now!"])?;
    one(bob.json(&["requests"])?)?;
    bob.done(&["decline", "@carol"])?;
    ensure!(bob.json(&["requests"])?.is_empty() && bob.json(&["chats"])?.len() == 1);
    ensure!(bob.run(&["--json", "accept", "@carol"])?.refused()?.code == "no_request");
    Ok(())
}

#[test]
fn a_changed_passphrase_opens_the_profile_and_the_old_one_does_not() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let alice = protected(&stage, "alice")?;
    let mut changing = alice.clone();
    changing.variables.push(("SOTTO_NEW_PASSPHRASE".into(), "another one".into()));
    changing.done(&["passphrase"])?;
    let refused = alice.run(&["--json", "whoami"])?.refused()?;
    ensure!(refused.code == "wrong_passphrase", "{refused:?}");
    let account = one(alice.with_passphrase("another one").json(&["whoami"])?)?;
    ensure!(account["handle"] == "@alice", "{account}");
    Ok(())
}

#[test]
fn recovery_words_are_shown_to_a_person_once_and_asked_back() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let alice = stage.stranger("alice");
    let url = stage.server.url();
    let arguments = ["register", "@alice", "--server", &url];
    // Wrong words: no account.
    let mut terminal = Terminal::start(alice.command(&arguments)?)?;
    for _ in 0..3 {
        terminal.read_until("Press Enter")?;
        terminal.type_line("")?;
        terminal.read_until("between them: ")?;
        terminal.type_line("zoo zoo")?;
    }
    let (code, shown) = terminal.end()?;
    ensure!(code == 1 && !shown.contains("is registered"), "{code}: {shown}");
    ensure!(alice.run(&["--json", "whoami"])?.refused()?.code == "registration_unfinished");

    let mut terminal = Terminal::start(alice.command(&arguments)?)?;
    let shown = terminal.read_until("Press Enter")?;
    let words: Vec<&str> = shown
        .split_whitespace()
        .skip_while(|word| *word != "1.")
        .filter(|word| !word.ends_with('.') && word.chars().all(|letter| letter.is_ascii_lowercase()))
        .take(12)
        .collect();
    ensure!(words.len() == 12, "{shown}");
    terminal.type_line("")?;
    let question = terminal.read_until("between them: ")?;
    let places: Vec<usize> = question
        .split("Word ")
        .last()
        .context("a question")?
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    ensure!(places.len() == 2, "{question}");
    terminal.type_line(&format!("{} {}", words[places[0] - 1], words[places[1] - 1]))?;
    let (code, shown) = terminal.end()?;
    ensure!(code == 0 && shown.contains("@alice is registered"), "{code}: {shown}");
    one(alice.json(&["whoami"])?)?;
    Ok(())
}

#[test]
fn every_command_works_beside_a_listen_that_holds_the_profile() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    // A guest needs no passphrase: whoever holds the profile has opened it.
    let (alice, bob) = (protected(&stage, "alice")?, protected(&stage, "bob")?);
    let (here, mut there) = (alice.listen()?, bob.listen()?);
    alice.done(&["send", "@bob", "Hello Bob"])?;
    wait::until_true("the request arrives", PATIENCE, || Ok(!bob.json(&["requests"])?.is_empty()))?;
    bob.done(&["accept", "@alice"])?;
    bob.done(&["send", "@alice", "Hello Alice"])?;
    ensure!(there.await_texts(1)? == ["Hello Bob"], "and it was announced where one listens");
    wait::until_true("the answer arrives", PATIENCE, || Ok(alice.texts(&bob)?.len() == 2))?;
    alice.done(&["name", "Alice"])?;
    alice.done(&["sync"])?;
    alice.done(&["start-over", "@bob"])?;
    alice.done(&["send", "@bob", "On fresh keys."])?;
    wait::until_true("it arrives", PATIENCE, || Ok(bob.texts(&alice)?.len() == 3))?;
    ensure!(bob.texts(&alice)? == alice.texts(&bob)?);
    let chat = one(bob.json(&["chats"])?)?;
    ensure!(chat["display_name"] == "Alice", "{chat}");
    bob.done(&["block", "@alice"])?;
    bob.done(&["unblock", "@alice"])?;
    one(bob.json(&["whoami"])?)?;
    alice.done(&["doctor"])?;
    let heard = std::fs::read_to_string(there.said())?;
    let types: Vec<Value> = heard.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let has = |wanted: &str| types.iter().any(|record| record["type"] == wanted);
    ensure!(has("request") && has("message"), "one JSON object a line: {heard}");
    here.end()?;
    there.end()?;
    // The profiles are free again.
    ensure!(alice.texts(&bob)?.len() == 3);
    Ok(())
}

#[test]
fn what_a_shell_needs_is_printed_and_wrong_usage_is_exit_code_2() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let nobody = Client::new(folder.path(), "nobody", Key::InsecureFile);
    for shell in ["bash", "zsh", "fish"] {
        let script = nobody.done(&["completions", shell])?.stdout;
        ensure!(script.contains("start-over") && script.contains("history"), "{shell}");
    }
    let page = nobody.done(&["man", "send"])?.stdout;
    ensure!(page.starts_with(".ie") || page.starts_with(".TH"), "{page}");
    ensure!(page.contains("no\\-wait"), "{page}");
    for arguments in [&["send"][..], &["no-such-command"], &["send", "bob", "hi"], &["--wait", "0", "sync"]] {
        let run = nobody.run(arguments)?;
        ensure!(run.code == 2 && !run.stderr.is_empty(), "{arguments:?}: {} {}", run.code, run.stderr);
    }
    for arguments in [&["whoami"][..], &["send", "@bob", "hi"], &["chats"], &["sync"]] {
        let refused = nobody.run(&[&["--json"], arguments].concat())?.refused()?;
        ensure!(refused.code == "no_account", "{arguments:?}: {refused:?}");
    }
    ensure!(!nobody.profile().exists(), "asking makes no profile");
    Ok(())
}

#[test]
fn an_interrupted_registration_is_resumed_with_the_same_words() -> anyhow::Result<()> {
    let mut stage = Stage::new()?;
    let alice = stage.stranger("alice");
    let url = stage.server.url();
    stage.server.stop()?;
    let run = alice.run(&["--json", "--wait", "1", "register", "@alice", "--server", &url])?;
    ensure!(run.refused()?.code == "server_gone", "{}", run.stderr);
    ensure!(run.json()?.iter().any(|record| record["type"] == "recovery_words"));
    stage.server.restart()?;
    alice.done(&["register", "--resume"])?;
    let bob = stage.person("bob")?;
    stage::introduce(&alice, &bob)
}
