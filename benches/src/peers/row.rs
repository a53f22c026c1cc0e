//! What is measured of each server, and how it is set beside ours.

use std::net::SocketAddr;
use std::time::Duration;

use super::xmpp::{self, Account, Presence};
use crate::bench::Context;
use crate::latencies::median;
use crate::load::crew::{DoneWhen, Sending};
use crate::load::dialect::Dialect;
use crate::load::{Crew, Lane, Outcome, Plan};
use crate::process::Usage;
use crate::section::{Measurement, Section, Unit};
use crate::server::pairs::{self, BODY_BYTES, LEISURE, PAIRS};
use crate::server::sottod::{Sottod, Tls};

/// Idle sessions that are opened to see what one costs.
const IDLE: usize = 1_000;
/// Until the server has done everything a new session makes it do.
const SETTLE: Duration = Duration::from_secs(3);

/// A server beside ours.
pub trait Peer {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// What the server uses.
    ///
    /// # Errors
    /// When it has ended.
    fn server(&self) -> anyhow::Result<Usage>;

    /// What its database uses, when that is a program of its own.
    ///
    /// # Errors
    /// When it has ended.
    fn database(&self) -> anyhow::Result<Usage>;
}

/// Messages a second of our server, by how they were sent.
pub type Ours = Vec<(&'static str, f64)>;

const SENDINGS: [(&str, Sending); 3] = [
    ("1 under way", Sending::UnderWay(1)),
    ("16 under way", Sending::UnderWay(16)),
    ("200 a second", Sending::PerSecond(LEISURE)),
];

/// Measures ours, over plain TCP like the others.
///
/// # Errors
/// When it fails.
pub fn of_sottod(context: &Context, section: &mut Section) -> anyhow::Result<Ours> {
    let server = Sottod::start(context, Tls::Off)?;
    let mut ours = Ours::new();
    let mut crews = 0..;
    for (how, sending) in SENDINGS {
        let outcomes = (0..context.pace().rounds())
            .map(|_| {
                let mut crew = pairs::crew(&server, pairs::Manners::Bare, crews.next().unwrap_or_default())?;
                round(context, &mut crew, sending, "sottod", &|| Ok(server.usage()?.processor))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        ours.push((how, median(&rates(&outcomes))));
        add(section, &format!("sottod, {how}"), &outcomes, None);
    }
    server.stop()?;
    Ok(ours)
}

/// Measures an XMPP server and sets it beside ours.
///
/// # Errors
/// When it fails.
pub fn of_xmpp(
    context: &Context,
    section: &mut Section,
    name: &str,
    peer: &dyn Peer,
    ours: &Ours,
) -> anyhow::Result<()> {
    let mut crew = crew(peer.address())?;
    context.say(format_args!("{name}: {PAIRS} pairs are there"));
    add_idle(section, name, peer)?;
    let processor = || Ok(peer.server()?.processor + peer.database()?.processor);
    for ((how, sending), (_, our_rate)) in SENDINGS.into_iter().zip(ours) {
        let rounds = 0..context.pace().rounds();
        let outcomes = rounds.map(|_| round(context, &mut crew, sending, name, &processor));
        let outcomes = match outcomes.collect::<anyhow::Result<Vec<_>>>() {
            Ok(outcomes) => outcomes,
            Err(error) => {
                // What is under way would disturb what follows.
                section.note(format!("{name}, {how}: nothing to report: {error:#}."));
                break;
            }
        };
        // At a given rate there is nothing to compare but latency.
        let against = matches!(sending, Sending::UnderWay(_)).then_some(*our_rate);
        add(section, &format!("{name}, {how}"), &outcomes, against);
    }
    Ok(())
}

/// Before any load: afterwards a server has memory to spare, and idle sessions would seem to cost nothing.
fn add_idle(section: &mut Section, name: &str, peer: &dyn Peer) -> anyhow::Result<()> {
    let before = peer.server()?.resident_bytes;
    let session = |n| xmpp::session(peer.address(), n % PAIRS, 100 + n, Account::Known, Presence::Sent);
    let idle = (0..IDLE).map(session).collect::<anyhow::Result<Vec<_>>>()?;
    std::thread::sleep(SETTLE);
    let grown = peer.server()?.resident_bytes.saturating_sub(before);
    drop(idle);
    let name = format!("{name}, memory of an idle session");
    section.add(Measurement::new(&name, Unit::Bytes, grown as f64 / IDLE as f64));
    Ok(())
}

fn round(
    context: &Context,
    crew: &mut Crew,
    sending: Sending,
    name: &str,
    processor: &dyn Fn() -> anyhow::Result<Duration>,
) -> anyhow::Result<Outcome> {
    let plan = Plan {
        done_when: DoneWhen::Delivered,
        pace: sending,
        warm_up: context.pace().choose(Duration::from_secs(3), Duration::from_secs(1)),
        measure: context.pace().choose(Duration::from_secs(6), Duration::from_secs(3)),
    };
    let outcome = crew.run(&plan, processor)?;
    context.say(format_args!("{name}: {:.0}/s", outcome.per_second()));
    Ok(outcome)
}

fn rates(outcomes: &[Outcome]) -> Vec<f64> {
    outcomes.iter().map(Outcome::per_second).collect()
}

fn add(section: &mut Section, name: &str, outcomes: &[Outcome], ours: Option<f64>) {
    let mut rate = Measurement::of_runs(name, Unit::PerSecond, &rates(outcomes));
    if let Some(ours) = ours {
        let share = rate.value / ours;
        rate = rate.of("sottod", share, None);
    }
    section.add(rate);
    let mut latencies = crate::latencies::Latencies::default();
    outcomes.iter().for_each(|outcome| latencies.merge(&outcome.latencies));
    section.add_latencies(name, &mut latencies);
    let server: Vec<f64> = outcomes.iter().map(Outcome::server_micros).collect();
    section.add(Measurement::of_runs(&format!("{name}, processor time a message"), Unit::Micros, &server));
}

/// Accounts 0 to 63 send, 64 to 127 read.
fn crew(server: SocketAddr) -> anyhow::Result<Crew> {
    let (mut links, mut lanes) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let sender = xmpp::session(server, pair, 1, Account::New, Presence::Sent)?;
        let reader = xmpp::session(server, PAIRS + pair, 1, Account::New, Presence::Sent)?;
        lanes.push(Lane::new(links.len(), vec![xmpp::letter(PAIRS + pair, 1, BODY_BYTES)]));
        links.push((sender, pair));
        links.push((reader, pair));
    }
    Crew::new(Dialect::Xmpp, links, lanes)
}
