//! Send to receive between two processes: from the command given to one client to the line printed by the other.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sotto_engine::api::{Command, Target};
use sotto_native::{
    Asker, Check, Clock, Missing, Network, Options, Passphrase, PassphraseQuestion, Profile, Protection,
    Role, Session,
};
use sotto_wire::ids::Handle;

use super::processes::{Client, Lines, PATIENCE, Server, Tls, introduce};
use crate::{Context, Latencies, Plot, Section, programs};

const TEXT_BYTES: usize = 256;
/// Sent before anything is measured: connections, keys and caches settle.
const WARM_UP: usize = 20;

/// What was measured of each message.
#[derive(Default)]
struct Times {
    /// From the command to its answer: the text is on the sender's disk.
    accepted: Latencies,
    /// From that answer to the line at the recipient.
    shown: Latencies,
    /// From the command to the line.
    whole: Latencies,
}

/// Measures without and with TLS.
pub(super) fn run(context: &mut Context) -> anyhow::Result<Section> {
    let mut section = Section::new("client-pair", "Send to receive between two client processes", &about());
    context.say("building sottod and sotto");
    let (sottod, sotto) = (programs::sottod(context)?, programs::sotto(context)?);
    let count = context.pace().choose(500, 100);
    let mut curves = Vec::new();
    for (name, encrypted) in [("without TLS", false), ("with TLS", true)] {
        context.say(name);
        let folder = context.folder()?;
        let tls = if encrypted { Some(Tls::new(folder.path())?) } else { None };
        let mut times = talk(&sottod, &sotto, folder.path(), tls.as_ref(), count)?;
        section.add_latencies(&format!("{name}: command to line"), &mut times.whole);
        section
            .add_latencies(&format!("{name}: of this, until the sender's disk has it"), &mut times.accepted);
        section.add_latencies(&format!("{name}: of this, from there to the line"), &mut times.shown);
        curves.push((name.to_owned(), times.whole));
    }
    section.plots.push(Plot::of_latencies("client-pair", "Send to receive", &mut curves));
    section.note(format!("{count} messages after {WARM_UP} that do not count."));
    Ok(section)
}

fn about() -> String {
    format!(
        "Two `sotto listen`, each a process with its own encrypted profile, and a `sottod`, all on the loopback of one \
         machine. A third process gives the command to send a text of {TEXT_BYTES} bytes through the socket of one profile \
         and reads what the other client prints. One message is under way at a time. In each, three databases are written \
         and synced before the line is printed: the sender's, the server's, the recipient's."
    )
}

fn talk(
    sottod: &Path,
    sotto: &Path,
    folder: &Path,
    tls: Option<&Tls>,
    count: usize,
) -> anyhow::Result<Times> {
    let server = Server::start(sottod, &folder.join("server"), tls)?;
    let people = ["alice", "bob"].map(|name| Client::new(sotto, folder, name, tls));
    let [alice, bob] = &people;
    introduce(alice, bob, &server)?;
    let (_alice_listens, _alice_says) = alice.listen()?;
    let (_bob_listens, mut bob_says) = bob.listen()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut session = guest(&alice.profile).await?;
        let to = Target::Handle(Handle::parse("bob")?);
        let mut times = Times::default();
        for number in 0..WARM_UP + count {
            let took = one(&mut session, &mut bob_says, &to, number).await?;
            if number >= WARM_UP {
                times.add(took);
            }
        }
        session.close().await;
        Ok(times)
    })
}

/// Instants of one message: given, answered, shown.
type Instants = [Instant; 3];

impl Times {
    fn add(&mut self, [given, answered, shown]: Instants) {
        self.accepted.record(answered - given);
        // The line may be faster than the answer's way back through the socket.
        self.shown.record(shown.saturating_duration_since(answered));
        self.whole.record(shown - given);
    }
}

async fn one(
    session: &mut Session,
    bob_says: &mut Lines,
    to: &Target,
    number: usize,
) -> anyhow::Result<Instants> {
    let mark = format!("message {number:06} ");
    let text = format!("{mark}{}", "x".repeat(TEXT_BYTES - mark.len()));
    let given = Instant::now();
    session.command(Command::Send { to: to.clone(), text }).await?;
    let answered = Instant::now();
    let (_, shown) = bob_says.next_with(&mark)?;
    Ok([given, answered, shown])
}

/// A session on a profile that a client process holds.
async fn guest(profile: &Path) -> anyhow::Result<Session> {
    let begun = Instant::now();
    while !profile.join("sotto.sock").exists() {
        ensure!(begun.elapsed() < PATIENCE, "sotto listen does not come up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let session = Session::open(Profile::at(profile), options(Missing::Refuse), Arc::new(Nobody)).await;
    let session = session.context("joining a client's profile")?;
    ensure!(session.role() == Role::Guest, "sotto listen does not hold its profile");
    Ok(session)
}

/// For profiles whose key lies open.
pub(super) fn options(missing: Missing) -> Options {
    Options {
        network: Arc::new(Network::direct()),
        clock: Clock::system(),
        missing,
        protection: Protection::InsecureFile,
        check: Check::Pages,
        patience: PATIENCE,
    }
}

/// Nobody is there to ask.
pub(super) struct Nobody;

impl Asker for Nobody {
    fn passphrase(&self, _: PassphraseQuestion) -> Option<Passphrase> {
        None
    }

    fn has_passphrase_at_hand(&self) -> bool {
        false
    }

    fn waiting_for_holder(&self) {}
}
