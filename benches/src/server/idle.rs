//! What a connection costs that does nothing, and what a followed topic costs.

use std::time::{Duration, Instant};

use anyhow::ensure;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sotto_wire::topic::TopicRequest;

use crate::bench::Context;
use crate::load::link::Link;
use crate::load::topic::{self, Conversation};
use crate::section::{Axis, Goal, Line, Measurement, Plot, Scale, Section, Unit};
use crate::server::people;
use crate::server::sottod::{Sottod, Tls};

/// Connections.
const CONNECTIONS: usize = 15_000;
/// Connections in a quick run.
const CONNECTIONS_QUICK: usize = 2_000;
/// Connections that follow topics.
const FOLLOWERS: usize = 1_000;
/// The same in a quick run.
const FOLLOWERS_QUICK: usize = 50;
/// Topics each of them follows.
const TOPICS_EACH: u64 = 200;
/// Steps in which the connections are opened: the points of the plot.
const STEPS: usize = 10;
/// Descriptors this program needs besides connections.
const SPARE_DESCRIPTORS: u64 = 200;
/// How long memory may take to settle.
const SETTLE_MAX: Duration = Duration::from_secs(15);
/// Memory has settled when it moved less than this.
const SETTLED_BYTES: u64 = 128 * 1024;

const ABOUT: &str = "Growth of the server's resident memory, divided by the connections opened (on the topic plane, greeted, \
then silent). What the kernel holds for their sockets is not in it. Followed topics: 1,000 connections, each following 200 topics \
that nobody else follows, which is the dear case; growth from the moment when topics, places and connections are there to the moment \
when they are followed.";

/// Runs the bench.
///
/// # Errors
/// When the server fails, or this machine allows too few descriptors.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let mut section = Section::new("idle", "Idle connections", ABOUT);
    let count = context.pace().choose(CONNECTIONS, CONNECTIONS_QUICK);
    allow_descriptors(count)?;
    let mut lines = Vec::new();
    for (tls, name, goal) in [(Tls::Off, "plain", 4_000.0), (Tls::On, "TLS", 12_000.0)] {
        let points = grow(context, tls, count)?;
        let each = points.last().map_or(f64::NAN, |(connections, megabytes)| megabytes * 1e6 / connections);
        let name_of = format!("{count} connections, {name}: memory of each");
        section.add(Measurement::new(&name_of, Unit::Bytes, each).goal(Goal::AtMost(goal)));
        lines.push(Line { name: name.to_owned(), points });
    }
    section.plots.push(Plot {
        name: "idle".to_owned(),
        title: "Memory of idle connections".to_owned(),
        x: Axis { label: "connections".to_owned(), scale: Scale::Linear },
        y: Axis { label: "growth in MB".to_owned(), scale: Scale::Linear },
        lines,
    });
    follow(context, &mut section)?;
    Ok(section)
}

/// Raises the soft limit to what the hard one allows.
fn allow_descriptors(connections: usize) -> anyhow::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let needed = connections as u64 + SPARE_DESCRIPTORS;
    ensure!(
        hard >= needed,
        "this needs {needed} descriptors in one process, the limit (ulimit -Hn) is {hard}"
    );
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

/// Opens the connections in steps: how much memory, in MB, was there after each.
fn grow(context: &Context, tls: Tls, count: usize) -> anyhow::Result<Vec<(f64, f64)>> {
    let server = Sottod::start(context, tls)?;
    // What the first connections make once and for all is not what one more costs.
    drop(people::connect_many(&server, 64)?);
    let before = settled(&server)?;
    let (mut links, mut points) = (Vec::new(), vec![(0.0, 0.0)]);
    for step in 1..=STEPS {
        links.extend(people::connect_many(&server, count * step / STEPS - links.len())?);
        let grown = settled(&server)?.saturating_sub(before);
        points.push((links.len() as f64, grown as f64 / 1e6));
        context.say(format_args!("{tls:?}: {} connections, {} kB more", links.len(), grown / 1_000));
    }
    drop(links);
    server.stop()?;
    Ok(points)
}

/// Memory once it no longer moves.
fn settled(server: &Sottod) -> anyhow::Result<u64> {
    let begun = Instant::now();
    let mut last = server.usage()?.resident_bytes;
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = server.usage()?.resident_bytes;
        if now.abs_diff(last) < SETTLED_BYTES || begun.elapsed() > SETTLE_MAX {
            return Ok(now);
        }
        last = now;
    }
}

fn follow(context: &Context, section: &mut Section) -> anyhow::Result<()> {
    let count = context.pace().choose(FOLLOWERS, FOLLOWERS_QUICK);
    let server = Sottod::start(context, Tls::Off)?;
    let links = people::at_once((0..count as u64).collect(), |n| Ok((prepare(&server, n)?, n)))?;
    let before = settled(&server)?;
    context.say(format_args!("{} topics with a place each", count as u64 * TOPICS_EACH));
    let links = people::at_once(links, |(mut link, n)| {
        let follows = conversations(n).map(|conversation| conversation.reader(1).follow(0)).collect();
        topic::ask_all(&mut link, vec![TopicRequest::Follow(follows)])?;
        Ok(link)
    })?;
    let grown = settled(&server)?.saturating_sub(before) as f64;
    drop(links);
    server.stop()?;
    let followed = count as f64 * TOPICS_EACH as f64;
    let name = format!("{count} connections following {TOPICS_EACH} topics each: memory of a followed topic");
    section.add(Measurement::new(&name, Unit::Bytes, grown / followed));
    Ok(())
}

fn conversations(connection: u64) -> impl Iterator<Item = Conversation> {
    (0..TOPICS_EACH).map(move |n| Conversation::numbered(connection * TOPICS_EACH + n))
}

/// A connection whose topics and places are made.
fn prepare(server: &Sottod, connection: u64) -> anyhow::Result<Link> {
    let mut link = topic::connect(server.address(), server.wrapping())?;
    topic::ask_all(
        &mut link,
        conversations(connection).map(|one| one.create()).collect::<anyhow::Result<_>>()?,
    )?;
    topic::ask_all(&mut link, conversations(connection).map(|one| one.open(&one.reader(1))).collect())?;
    Ok(link)
}
