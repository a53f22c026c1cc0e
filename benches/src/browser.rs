//! The web client in a real browser: `testing/browser/bench` drives Debian's Chromium against the real server and prints
//! single figures; here is what they are called and what they should be.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::bench::{Bench, Place, Takes, When};
use crate::{Context, Goal, Latencies, Measurement, Section, Unit, programs};

/// The web client's benches.
pub const BENCHES: &[Bench] = &[Bench {
    name: "browser",
    about: "the web client in Chromium: first load, delivery, a profile of 100,000 messages",
    takes: Takes { full_secs: 300, quick_secs: 120 },
    when: When::Always,
    place: Place::Here(run),
}];

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testing/browser/bench/bench.mjs");

/// Compressed, in bytes.
const FIRST_LOAD_MAX: f64 = 1_500_000.0;
const DELIVERY_P50_MAX_MS: f64 = 60.0;
const TIMELINE_MAX_MS: f64 = 1_000.0;
const FRAME_MAX_MS: f64 = 50.0;

/// How much is measured; the script takes it as JSON.
#[derive(Serialize)]
struct Amount {
    visits: usize,
    messages: usize,
    openings: usize,
    lines: usize,
    conversations: usize,
}

/// What the script prints. Times are in milliseconds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    browser: String,
    visits: Vec<Visit>,
    delivery: Delivery,
    large: Large,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visit {
    field: f64,
    core: f64,
    to_core: f64,
    in_all: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    to_own: Vec<f64>,
    to_other: Vec<f64>,
    clock: Clock,
}

#[derive(Deserialize)]
struct Clock {
    ahead: f64,
    within: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Large {
    database_bytes: f64,
    openings: Vec<Opening>,
    frames: Frames,
}

#[derive(Deserialize)]
struct Opening {
    refused: f64,
    list: f64,
    timeline: f64,
}

#[derive(Deserialize)]
struct Frames {
    rest: Vec<f64>,
    up: Vec<f64>,
    down: Vec<f64>,
    drawn: u32,
    pixels: u32,
}

fn run(context: &mut Context) -> anyhow::Result<Section> {
    let amount = context.pace().choose(
        Amount { visits: 5, messages: 300, openings: 5, lines: 100_000, conversations: 200 },
        Amount { visits: 2, messages: 40, openings: 2, lines: 100_000, conversations: 200 },
    );
    context.say("building server and web client");
    let places = programs::web(context)?;
    let found = measure(&places, &amount)?;
    let mut section = Section::new("browser", "The web client in a browser", &about(&amount));
    first_visit(&mut section, &found.visits);
    delivery(&mut section, &found.delivery);
    large(&mut section, &found.large, &amount);
    section.note(format!("Chromium {}.", found.browser));
    Ok(section)
}

fn about(amount: &Amount) -> String {
    let Amount { lines, conversations, .. } = amount;
    format!(
        "Debian's Chromium without a screen, the real `sottod` and what drives both on the loopback of one machine, \
         without TLS.\n\n*A first visit* is one with storage and caches empty. Bytes are counted on the sockets: everything \
         the server sends, heads of its answers and what is kept for opening offline included. The field for the \
         passphrase is usable once a frame with it was painted; the core has answered when the page hears from it which \
         field is really wanted.\n\n*Send to shown*: two browsers, each with a profile of its own on the disk. From the \
         Enter key (the time that the browser gave the event) to the frame that shows the line; one message of 256 bytes \
         is under way at a time. Both pages give times by their wall clock (`performance.timeOrigin`), which are compared \
         through this program before and after; the difference is taken off.\n\n*A large profile* is one that was made and \
         used in the browser. Its received texts were copied in its own encrypted database in the browser's private file \
         system, by a worker of the same origin, until there were {lines} in {conversations} conversations, half of them in \
         one. Unlocking is timed from the Enter key to the painted newest lines of that conversation, which is opened \
         as soon as the list is there. Deriving the key (Argon2id: 64 MiB, three passes) is slow on purpose; how long it \
         takes is seen from a wrong passphrase, which is refused right after it, and *after the key* is the rest. A frame's time is \
         that between two calls of `requestAnimationFrame`, while the wheel turns as fast as frames are drawn."
    )
}

/// Runs the script; what it says of its progress goes on.
fn measure(places: &programs::Web, amount: &Amount) -> anyhow::Result<Found> {
    let mut node = Command::new("node");
    node.arg(Path::new(SCRIPT)).arg(serde_json::to_string(amount)?);
    node.env("SOTTO_PROGRAMS", &places.programs).env("SOTTO_PACKAGES", &places.packages);
    node.env("SOTTO_SCENARIOS", &places.scenarios);
    let output = node.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("starting node")?;
    ensure!(output.status.success(), "the browser's script failed ({})", output.status);
    serde_json::from_slice(&output.stdout).context("the browser's script printed no figures")
}

fn first_visit(section: &mut Section, visits: &[Visit]) {
    let runs = |pick: fn(&Visit) -> f64| visits.iter().map(pick).collect::<Vec<_>>();
    let figure = |name: &str, unit, runs: &[f64]| Measurement::of_runs(name, unit, runs);
    let all = figure("first visit: loaded in all", Unit::Bytes, &runs(|visit| visit.in_all));
    section.add(all.goal(Goal::AtMost(FIRST_LOAD_MAX)));
    section.add(figure(
        "first visit: of this, until the core has answered",
        Unit::Bytes,
        &runs(|visit| visit.to_core),
    ));
    let core = runs(|visit| visit.core);
    let share: Vec<f64> = visits.iter().map(|visit| visit.field / visit.core).collect();
    let field = figure("first visit: passphrase field usable", Unit::Millis, &runs(|visit| visit.field));
    let share = crate::latencies::median(&share);
    // Before it: less than all of its time.
    section.add(field.of("the time until the core has answered", share, Some(Goal::AtMost(1.0))));
    section.add(figure("first visit: the core has answered", Unit::Millis, &core));
}

fn delivery(section: &mut Section, delivery: &Delivery) {
    let mut other = latencies(&delivery.to_other);
    section.add_latencies("send to shown in the other browser", &mut other);
    let count = section.measurements.len();
    if let Some(p50) = section.measurements.get_mut(count - 2) {
        p50.goal = Some(Goal::AtMost(DELIVERY_P50_MAX_MS));
    }
    section.add_latencies("send to shown in the sender's own", &mut latencies(&delivery.to_own));
    let Clock { ahead, within } = delivery.clock;
    section.note(format!(
        "{} messages after 20 that do not count. The clocks of the two pages differed by {ahead:.2} ms, to within {within:.2} ms.",
        delivery.to_other.len()
    ));
}

fn large(section: &mut Section, large: &Large, amount: &Amount) {
    let runs = |pick: fn(&Opening) -> f64| large.openings.iter().map(pick).collect::<Vec<_>>();
    let named = |name: &str| format!("{} messages: {name}", amount.lines);
    let millis = |name: &str, runs: &[f64]| Measurement::of_runs(&named(name), Unit::Millis, runs);
    section.add(millis("unlocked, list there", &runs(|opening| opening.list)));
    let readable = millis("unlocked, timeline readable", &runs(|opening| opening.timeline));
    section.add(readable.goal(Goal::AtMost(TIMELINE_MAX_MS)));
    section.add(millis("deriving the key, a part of both", &runs(|opening| opening.refused)));
    let after = runs(|opening| opening.timeline - opening.refused);
    section.add(millis("timeline readable, after the key", &after));
    let Frames { rest, up, down, drawn, pixels } = &large.frames;
    for (name, frames) in [("scrolling up", up), ("scrolling down", down)] {
        let longest = frames.iter().copied().fold(f64::NAN, f64::max);
        let longest = Measurement::new(&named(&format!("{name}, longest frame")), Unit::Millis, longest);
        section.add(longest.goal(Goal::AtMost(FRAME_MAX_MS)));
        let p50 = latencies(frames).percentile(500).as_secs_f64() * 1e3;
        section.add(Measurement::new(&named(&format!("{name}, a frame, p50")), Unit::Millis, p50));
    }
    let longest = rest.iter().copied().fold(f64::NAN, f64::max);
    section.add(Measurement::new(&named("at rest, longest frame of 2 s"), Unit::Millis, longest));
    let each = large.database_bytes / amount.lines as f64;
    section.add(Measurement::new("the database, for each message in it", Unit::Bytes, each));
    section.note(format!(
        "Scrolled {pixels} pixels each way in {} frames; {drawn} lines were drawn on the way up.",
        up.len() + down.len()
    ));
}

fn latencies(millis: &[f64]) -> Latencies {
    let mut latencies = Latencies::default();
    millis.iter().for_each(|ms| latencies.record(Duration::from_secs_f64(ms.max(0.0) / 1e3)));
    latencies
}
