//! A client's start on a large database: until the conversation list and the last lines are there.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use rusqlite::Connection;
use sotto_engine::Engine;
use sotto_engine::api::Target;
use sotto_native::{Missing, Profile, Session};
use sotto_wire::ids::Handle;
use sotto_workload::World;
use sotto_workload::catch_up::catch_up;
use sotto_workload::copies::multiply;
use sotto_workload::report::{QUEUED_AT_ONCE, TEXT_BYTES};
use sotto_workload::world::BOB;

use super::database;
use super::pair::{Nobody, options};
use super::processes::Client;
use crate::{Context, Latencies, Measurement, Section, Unit, programs};

/// Messages in the database.
const MESSAGES: usize = 100_000;
/// Conversations they are in. The first has every second of them.
const CONVERSATIONS: usize = 200;
/// Lines that are shown.
const LINES: usize = 50;

/// Fills a profile, then opens it again and again.
pub(super) fn run(context: &mut Context) -> anyhow::Result<Section> {
    let received = context.pace().choose(10_000, 2_000);
    let mut section = Section::new("client-start", "A client's start on a large database", &about());
    let sotto = programs::sotto(context)?;
    let folder = context.folder()?;
    let bob = Client::new(&sotto, folder.path(), "bob", None);
    context.say("filling a profile");
    make_profile(&bob.profile)?;
    fill(&bob.profile, received)?;
    section.note(format!(
        "{received} of the messages were received through the engine; the others are copies of their rows under ids of \
         their own, spread over {CONVERSATIONS} conversations and over time. Half of all are in one conversation."
    ));
    measure(context, &mut section, &bob)?;
    Ok(section)
}

fn about() -> String {
    format!(
        "A profile with {MESSAGES} received texts of {TEXT_BYTES} bytes in {CONVERSATIONS} conversations, its files in the \
         system's cache. In process: opening the file under its key, opening the engine, the conversation list, the last \
         {LINES} lines of the longest conversation. As a program: `sotto chats` and `sotto history`, from starting the \
         process to its end."
    )
}

/// An empty profile whose key lies open.
fn make_profile(profile: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let session = Session::open(Profile::at(profile), options(Missing::Create), Arc::new(Nobody)).await?;
        session.close().await;
        Ok(())
    })
}

fn open(profile: &Path) -> anyhow::Result<Connection> {
    database::open(&profile.join("sotto.db"), &database::key_of(profile)?)
}

fn fill(profile: &Path, received: usize) -> anyhow::Result<()> {
    let mut world = World::new([Connection::open_in_memory()?, open(profile)?], database::now_us)?;
    catch_up(&mut world, received, TEXT_BYTES, QUEUED_AT_ONCE)?;
    let databases = world.into_databases();
    multiply(&databases[BOB], MESSAGES, CONVERSATIONS)?;
    databases[BOB].query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

fn measure(context: &Context, section: &mut Section, bob: &Client) -> anyhow::Result<()> {
    let alice = Target::Handle(Handle::parse("alice")?);
    let rounds = context.pace().choose(15, 5);
    let (mut opened, mut listed, mut shown) =
        (Latencies::default(), Latencies::default(), Latencies::default());
    context.say("opening it in this process");
    for _ in 0..rounds {
        let begun = Instant::now();
        let engine = Engine::open(open(&bob.profile)?)?;
        opened.record(begun.elapsed());
        let conversations = engine.conversations()?;
        listed.record(begun.elapsed());
        let lines = engine.history(&alice, LINES, None)?;
        shown.record(begun.elapsed());
        ensure!(conversations.len() == CONVERSATIONS && lines.len() == LINES, "not everything is there");
    }
    section.add_latencies("in process: database and engine open", &mut opened);
    section.add_latencies("in process: conversation list there", &mut listed);
    section.add_latencies(&format!("in process: last {LINES} lines there"), &mut shown);
    programs_start(context, section, bob, rounds)?;
    let bytes = std::fs::metadata(bob.profile.join("sotto.db"))?.len();
    let each = bytes as f64 / MESSAGES as f64;
    section.add(Measurement::new("the database, for each message in it", Unit::Bytes, each));
    Ok(())
}

fn programs_start(
    context: &Context,
    section: &mut Section,
    bob: &Client,
    rounds: usize,
) -> anyhow::Result<()> {
    context.say("starting sotto on it");
    let limit = LINES.to_string();
    let commands: [(&str, &[&str], usize); 3] = [
        ("`sotto --version`, for comparison", &["--version"], 1),
        ("`sotto chats`", &["--offline", "chats"], CONVERSATIONS),
        ("`sotto history`", &["--offline", "history", "@alice", "--limit", &limit], LINES),
    ];
    for (name, arguments, lines) in commands {
        let mut took = Latencies::default();
        for _ in 0..rounds {
            let begun = Instant::now();
            let printed = bob.run(arguments)?;
            took.record(begun.elapsed());
            ensure!(printed.lines().count() == lines, "{name} printed {} lines", printed.lines().count());
        }
        section.add_latencies(name, &mut took);
    }
    Ok(())
}
