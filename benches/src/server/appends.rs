//! Durable appends through WebSockets against the bare statements of the same schema.

use std::path::Path;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use sotto_sqlite::{DatabaseFile, limits::WAL_BYTES};

use crate::bench::Context;
use crate::latencies::{Latencies, median};
use crate::load::crew::{DoneWhen, Sending};
use crate::load::dialect::Dialect;
use crate::load::topic::{self, Conversation};
use crate::load::{Crew, Lane, Letter, Outcome, Plan};
use crate::section::{Axis, Goal, Line, Measurement, Plot, Scale, Section, Unit};
use crate::server::bare::{Bare, PRAGMAS};
use crate::server::people;
use crate::server::sottod::{Sottod, Tls};
use crate::server::store::Store;

/// Clients, each with one append under way: so many are in one group commit at best.
const CLIENTS: [usize; 3] = [1, 64, 512];
/// Clients that bring the server to its normal state before it is measured.
const WARM_UP_CLIENTS: usize = 512;
/// Bytes of an entry's body.
const BODY_BYTES: usize = 884;
/// Topics, all of them in use all the time.
const TOPICS: u64 = 16_384;
/// Topics in a quick run.
const TOPICS_QUICK: u64 = 2_048;

const ABOUT: &str = "Each client has a WebSocket (plain TCP) and one append under way: an entry of 884 random bytes to one of \
16,384 topics in random order, done when the server's signed answer is there, which it is after the commit. *Bare \
statements* are the two statements an append needs, prepared, in transactions of as many appends as there are clients, on a second database of the \
same schema on the same disk: no rules, no look for a repeat, no hashes, no signature, no sockets. *The store alone* is the \
server's own SQLite adapter, called with batches of the same size. All three take turns, and \
all have run until their write-ahead logs no longer grow.";

/// Runs the bench.
///
/// # Errors
/// When server or disk fail.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let about = format!("{ABOUT} Settings of both databases: `{PRAGMAS}`");
    let mut section = Section::new("appends", "Durable appends", &about);
    let topics = context.pace().choose(TOPICS, TOPICS_QUICK);
    let server = Sottod::start(context, Tls::Off)?;
    people::make_topics(&server, 0..topics)?;
    let (bare_folder, store_folder) = (context.folder()?, context.folder()?);
    let mut below = Below {
        bare: Bare::make(bare_folder.path(), topics, BODY_BYTES)?,
        store: Store::make(store_folder.path(), topics, BODY_BYTES)?,
    };
    warm_up(&server, topics)?;
    let during = Duration::from_secs(1);
    while wal_bytes(store_folder.path())? < WAL_BYTES {
        below.store.rate(WARM_UP_CLIENTS, during)?;
    }
    below.store.rate(WARM_UP_CLIENTS, during)?;
    context.say(format_args!("{topics} topics made in each database"));
    let mut rows = Vec::new();
    for clients in CLIENTS {
        rows.push(Row::measure(context, &server, &mut below, clients, topics)?);
    }
    below.store.close()?;
    server.stop()?;
    rows.iter_mut().for_each(|row| row.add_to(&mut section));
    section.plots.push(plot(&rows));
    let mut curves: Vec<_> = rows.iter().map(|row| (row.label(), row.latencies.clone())).collect();
    section.plots.push(Plot::of_latencies(
        "appends-latency",
        "Durable appends: time to the answer",
        &mut curves,
    ));
    Ok(section)
}

/// What the server stands on.
struct Below {
    bare: Bare,
    store: Store,
}

struct Row {
    clients: usize,
    outcomes: Vec<Outcome>,
    latencies: Latencies,
    bare: Vec<f64>,
    store: Vec<f64>,
}

impl Row {
    fn measure(
        context: &Context,
        server: &Sottod,
        below: &mut Below,
        clients: usize,
        topics: u64,
    ) -> anyhow::Result<Self> {
        let mut crew = crew(server, clients, topics)?;
        let measure = context.pace().choose(Duration::from_secs(4), Duration::from_secs(2));
        let plan = Plan {
            done_when: DoneWhen::Answered,
            pace: Sending::UnderWay(1),
            warm_up: Duration::from_secs(1),
            measure,
        };
        let mut row = Self {
            clients,
            outcomes: Vec::new(),
            latencies: Latencies::default(),
            bare: Vec::new(),
            store: Vec::new(),
        };
        for _ in 0..context.pace().rounds() {
            let outcome = crew.run(&plan, &|| Ok(server.usage()?.processor))?;
            row.bare.push(below.bare.rate(clients, measure)?);
            row.store.push(below.store.rate(clients, measure)?);
            context.say(format_args!(
                "{}: {:.0}/s, bare statements {:.0}/s",
                row.label(),
                outcome.per_second(),
                row.bare.last().unwrap_or(&f64::NAN)
            ));
            row.latencies.merge(&outcome.latencies);
            row.outcomes.push(outcome);
        }
        Ok(row)
    }

    fn label(&self) -> String {
        if self.clients == 1 { "1 client".to_owned() } else { format!("{} clients", self.clients) }
    }

    fn rates(&self) -> Vec<f64> {
        self.outcomes.iter().map(Outcome::per_second).collect()
    }

    fn add_to(&mut self, section: &mut Section) {
        let label = self.label();
        // A single client has no group to commit with.
        let goal = (self.clients > 1).then_some(Goal::AtLeast(0.6));
        let share = median(&self.rates()) / median(&self.bare);
        let rate = Measurement::of_runs(&label, Unit::PerSecond, &self.rates());
        section.add(rate.of("the bare statements", share, goal));
        let name = format!("{label}: bare statements, {} a commit", self.clients);
        section.add(Measurement::of_runs(&name, Unit::PerSecond, &self.bare));
        let name = format!("{label}: the store alone, {} a batch", self.clients);
        section.add(Measurement::of_runs(&name, Unit::PerSecond, &self.store));
        section.add_latencies(&label, &mut self.latencies);
        let server: Vec<f64> = self.outcomes.iter().map(Outcome::server_micros).collect();
        let load: Vec<f64> = self.outcomes.iter().map(Outcome::load_micros).collect();
        let name = format!("{label}: processor time of the server, each append");
        section.add(Measurement::of_runs(&name, Unit::Micros, &server));
        let name = format!("{label}: processor time of the load generator");
        section.add(Measurement::of_runs(&name, Unit::Micros, &load));
    }
}

/// Lets the server append until its write-ahead log no longer grows.
fn warm_up(server: &Sottod, topics: u64) -> anyhow::Result<()> {
    let mut crew = crew(server, WARM_UP_CLIENTS, topics)?;
    let second = Duration::from_secs(1);
    let (done_when, pace) = (DoneWhen::Answered, Sending::UnderWay(1));
    let plan = Plan { done_when, pace, warm_up: Duration::ZERO, measure: second };
    while wal_bytes(&server.data())? < WAL_BYTES {
        crew.run(&plan, &|| Ok(Duration::ZERO))?;
    }
    crew.run(&plan, &|| Ok(Duration::ZERO)).map(drop)
}

/// The file keeps its length when the log begins anew.
fn wal_bytes(data: &Path) -> anyhow::Result<u64> {
    let mut path = DatabaseFile::Topics.path(data).into_os_string();
    path.push("-wal");
    Ok(std::fs::metadata(path)?.len())
}

fn crew(server: &Sottod, clients: usize, topics: u64) -> anyhow::Result<Crew> {
    let (mut links, mut lanes) = (Vec::new(), Vec::new());
    for client in 0..clients {
        links.push((topic::connect(server.address(), server.wrapping())?, client));
        let mine = (client as u64..topics).step_by(clients);
        let letters = mine.map(|number| Conversation::numbered(number).letter(BODY_BYTES, 1));
        let mut letters = letters.collect::<anyhow::Result<Vec<Letter>>>()?;
        shuffle(&mut letters, client as u64);
        lanes.push(Lane::new(client, letters));
    }
    Crew::new(Dialect::Sotto, links, lanes)
}

/// So that one commit's entries lie all over the topics, as people's messages do.
fn shuffle(letters: &mut [Letter], seed: u64) {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    for at in (1..letters.len()).rev() {
        letters.swap(at, dice.next_u64() as usize % (at + 1));
    }
}

fn plot(rows: &[Row]) -> Plot {
    let points = |of: &dyn Fn(&Row) -> f64| rows.iter().map(|row| (row.clients as f64, of(row))).collect();
    let lines = vec![
        Line { name: "through WebSockets".to_owned(), points: points(&|row| median(&row.rates())) },
        Line { name: "the store alone".to_owned(), points: points(&|row| median(&row.store)) },
        Line { name: "bare statements".to_owned(), points: points(&|row| median(&row.bare)) },
    ];
    Plot {
        name: "appends".to_owned(),
        title: "Durable appends a second".to_owned(),
        x: Axis { label: "clients, or appends a commit".to_owned(), scale: Scale::Log },
        y: Axis { label: "appends a second".to_owned(), scale: Scale::Linear },
        lines,
    }
}
