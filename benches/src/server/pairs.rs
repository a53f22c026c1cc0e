//! 64 pairs of people: sender, server, durable storage, reader that is online.

use std::time::Duration;

use crate::bench::Context;
use crate::latencies::{Latencies, median};
use crate::load::crew::{DoneWhen, Sending};
use crate::load::dialect::Dialect;
use crate::load::topic::{self, Conversation};
use crate::load::{Crew, Lane, Outcome, Plan};
use crate::section::{Goal, Measurement, Plot, Section, Unit};
use crate::server::sottod::{Sottod, Tls};
use sotto_wire::topic::TopicRequest;

/// Pairs.
pub const PAIRS: usize = 64;
/// Bytes of a message.
pub const BODY_BYTES: usize = 300;
/// Messages a second when the server has time.
pub const LEISURE: f64 = 200.0;

const ABOUT: &str = "64 pairs. A sender appends an entry with a body of 300 random bytes; the server makes it durable \
and hands it to the reader, who follows the topic on another connection. A message is done when the reader has it; its \
time counts from the moment the sender writes it. Without acknowledgements, as in the measurements it is compared with; \
*as clients do* adds what Sotto's clients send and get besides: the sender follows its own topic too, and both \
acknowledge what they have.";

/// What readers and senders do besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// Nothing.
    Bare,
    /// The sender follows too, both acknowledge.
    AsClients,
}

/// One row of the report.
struct Row {
    name: &'static str,
    tls: Tls,
    manners: Manners,
    sending: Sending,
    goals: Goals,
}

#[derive(Default)]
struct Goals {
    per_second: Option<f64>,
    p50_ms: Option<f64>,
}

fn rows() -> Vec<Row> {
    let row = |name, tls, manners, sending, per_second, p50_ms| Row {
        name,
        tls,
        manners,
        sending,
        goals: Goals { per_second, p50_ms },
    };
    let (one, many, slow) = (Sending::UnderWay(1), Sending::UnderWay(16), Sending::PerSecond(LEISURE));
    vec![
        row("TLS, 1 under way", Tls::On, Manners::Bare, one, Some(7_000.0), None),
        row("TLS, 16 under way", Tls::On, Manners::Bare, many, Some(15_000.0), None),
        row("TLS, 200 a second", Tls::On, Manners::Bare, slow, None, Some(2.0)),
        row("TLS, as clients do, 1 under way", Tls::On, Manners::AsClients, one, None, None),
        row("TLS, as clients do, 16 under way", Tls::On, Manners::AsClients, many, None, None),
        row("plain, 1 under way", Tls::Off, Manners::Bare, one, None, None),
        row("plain, 16 under way", Tls::Off, Manners::Bare, many, None, None),
        row("plain, 200 a second", Tls::Off, Manners::Bare, slow, None, None),
    ]
}

/// Runs the bench.
///
/// # Errors
/// When the server fails.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let mut section = Section::new("pairs", "64 pairs, durable, 300 B", ABOUT);
    let mut curves = Vec::new();
    for row in rows() {
        let (outcomes, mut latencies) = measure(context, &row)?;
        add(&mut section, &row, &outcomes, &mut latencies);
        if row.tls == Tls::On && row.manners == Manners::Bare {
            curves.push((row.name.to_owned(), latencies));
        }
    }
    section.plots.push(Plot::of_latencies(
        "pairs",
        "64 pairs, durable, TLS: time to the reader",
        &mut curves,
    ));
    Ok(section)
}

fn measure(context: &Context, row: &Row) -> anyhow::Result<(Vec<Outcome>, Latencies)> {
    let server = Sottod::start(context, row.tls)?;
    let plan = Plan {
        done_when: DoneWhen::Delivered,
        pace: row.sending,
        warm_up: context.pace().choose(Duration::from_secs(2), Duration::from_millis(500)),
        measure: context.pace().choose(Duration::from_secs(4), Duration::from_secs(2)),
    };
    let (mut outcomes, mut latencies) = (Vec::new(), Latencies::default());
    for round in 0..context.pace().rounds() {
        let outcome = crew(&server, row.manners, round)?.run(&plan, &|| Ok(server.usage()?.processor))?;
        context.say(format_args!("{}: {:.0}/s", row.name, outcome.per_second()));
        latencies.merge(&outcome.latencies);
        outcomes.push(outcome);
    }
    server.stop()?;
    Ok((outcomes, latencies))
}

fn add(section: &mut Section, row: &Row, outcomes: &[Outcome], latencies: &mut Latencies) {
    let runs = |of: fn(&Outcome) -> f64| outcomes.iter().map(of).collect::<Vec<_>>();
    let mut rate = Measurement::of_runs(row.name, Unit::PerSecond, &runs(Outcome::per_second));
    rate.goal = row.goals.per_second.map(Goal::AtLeast);
    section.add(rate);
    section.add_latencies(row.name, latencies);
    if let (Some(goal), Some(p50)) = (row.goals.p50_ms, section.measurements.iter_mut().rev().nth(1)) {
        p50.goal = Some(Goal::AtMost(goal));
    }
    let server = runs(Outcome::server_micros);
    let load = median(&runs(Outcome::load_micros));
    let name = format!("{}, server processor time a message", row.name);
    section.add(Measurement::of_runs(&name, Unit::Micros, &server));
    let name = format!("{}, load generator's", row.name);
    section.add(Measurement::new(&name, Unit::Micros, load));
}

/// Connects all pairs and sets their topics up. Every round has new ones: a topic takes 20,000 entries at once and then
/// 200 a second, which a few rounds of full load would meet.
///
/// # Errors
/// When the server refuses something.
pub fn crew(server: &Sottod, manners: Manners, round: usize) -> anyhow::Result<Crew> {
    let (mut links, mut lanes) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let conversation = Conversation::numbered((round * PAIRS + pair) as u64);
        let mut sender = topic::connect(server.address(), server.wrapping())?;
        let mut reader = topic::connect(server.address(), server.wrapping())?;
        let (own, other) = (conversation.reader(0), conversation.reader(1));
        let places = vec![conversation.create()?, conversation.open(&own), conversation.open(&other)];
        for request in places {
            topic::ask_all(&mut sender, vec![request])?;
        }
        topic::ask_all(&mut reader, vec![TopicRequest::Follow(vec![other.follow(0)])])?;
        let letters = (1..=16).map(|id| conversation.letter(BODY_BYTES, id)).collect::<Result<_, _>>()?;
        let mut lane = Lane::new(links.len(), letters);
        if manners == Manners::AsClients {
            topic::ask_all(&mut sender, vec![TopicRequest::Follow(vec![own.follow(0)])])?;
            lane = lane.acking(links.len(), own).acking(links.len() + 1, other);
        }
        links.push((sender, pair));
        links.push((reader, pair));
        lanes.push(lane);
    }
    Crew::new(Dialect::Sotto, links, lanes)
}
