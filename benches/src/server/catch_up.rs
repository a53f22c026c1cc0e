//! A client that was away: 200 topics, five new entries each.

use std::time::{Duration, Instant};

use sotto_wire::topic::{TopicFrame, TopicRequest};

use crate::bench::Context;
use crate::latencies::Latencies;
use crate::load::dialect::Dialect;
use crate::load::link::Link;
use crate::load::topic::{self, Conversation, Reader};
use crate::section::{Goal, Measurement, Plot, Section, Unit};
use crate::server::people;
use crate::server::sottod::{Sottod, Tls};

/// Topics of one client.
const TOPICS: u64 = 200;
/// Entries that wait on each.
const ENTRIES: u32 = 5;
/// Clients whose topics exist, so that no two catch-ups in a row read the same.
const CLIENTS: u64 = 16;
/// Bytes of an entry's body.
const BODY_BYTES: usize = 884;

const ABOUT: &str = "A client that was away follows 200 topics with one request and gets the five entries that wait on each, \
1,000 of 884 B in all, over one plain WebSocket. The time is what the client sees, from the request to the last entry, so the \
server's part is less. 16 such clients take turns.";

/// Runs the bench.
///
/// # Errors
/// When the server fails.
pub fn run(context: &mut Context) -> anyhow::Result<Section> {
    let mut section = Section::new("catch-up", "Catching up on 200 topics", ABOUT);
    let server = Sottod::start(context, Tls::Off)?;
    let clients = people::at_once((0..CLIENTS).collect(), |client| prepare(&server, client))?;
    context.say(format_args!("{} entries wait", CLIENTS * TOPICS * u64::from(ENTRIES)));
    let mut link = topic::connect(server.address(), server.wrapping())?;
    let rounds = context.pace().choose(600, 100);
    let (mut latencies, before) = (Latencies::default(), server.usage()?.processor);
    for round in 0..rounds {
        latencies.record(catch_up(&mut link, &clients[round % clients.len()])?);
    }
    let processor = server.usage()?.processor.saturating_sub(before).as_secs_f64() * 1e3 / rounds as f64;
    drop(link);
    server.stop()?;
    section.add_latencies("1,000 entries of 200 topics", &mut latencies);
    section.measurements[0].goal = Some(Goal::AtMost(10.0));
    section.add(Measurement::new("processor time of the server, each", Unit::Millis, processor));
    let curve = &mut [("200 topics, 1,000 entries".to_owned(), latencies)];
    section.plots.push(Plot::of_latencies("catch-up", "Catching up: time to the last entry", curve));
    Ok(section)
}

/// Makes one client's topics and lets entries wait there.
fn prepare(server: &Sottod, client: u64) -> anyhow::Result<Vec<Reader>> {
    let mut link = topic::connect(server.address(), server.wrapping())?;
    let conversations: Vec<_> = (0..TOPICS).map(|n| Conversation::numbered(client * TOPICS + n)).collect();
    let creations = conversations.iter().map(Conversation::create).collect::<anyhow::Result<_>>()?;
    topic::ask_all(&mut link, creations)?;
    let readers: Vec<_> = conversations.iter().map(|conversation| conversation.reader(1)).collect();
    let places = conversations.iter().zip(&readers).map(|(conversation, reader)| conversation.open(reader));
    topic::ask_all(&mut link, places.collect())?;
    for number in 0..ENTRIES {
        let entries = conversations.iter().map(|conversation| conversation.append(BODY_BYTES, number.into()));
        topic::ask_all(&mut link, entries.collect())?;
    }
    Ok(readers)
}

fn catch_up(link: &mut Link, readers: &[Reader]) -> anyhow::Result<Duration> {
    let follows = readers.iter().map(|reader| reader.follow(0)).collect();
    let request = topic::encoded(1, TopicRequest::Follow(follows));
    let begun = Instant::now();
    link.queue(&request);
    let mut left = u64::from(ENTRIES) * TOPICS;
    link.wait_for(|link| {
        left = left.saturating_sub(Dialect::Sotto.take(link)?.messages.into());
        Ok((left == 0).then_some(()))
    })?;
    let took = begun.elapsed();
    let slots = readers.iter().map(Reader::slot).collect();
    link.queue(&topic::encoded(2, TopicRequest::Unfollow(slots)));
    while !matches!(topic::next_frame(link)?, TopicFrame::Response { id: 2, .. }) {}
    Ok(took)
}
