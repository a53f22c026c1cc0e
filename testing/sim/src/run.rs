//! One seed from beginning to end: people meet, weather comes and goes, everything settles, the checker looks.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sotto_engine::api::{Command, Standing, Target};
use sotto_wire::ids::Millis;

use crate::agenda::Happening;
use crate::checker;
use crate::dice::{Dice, Stream};
use crate::person::NAMES;
use crate::planted::Planted;
use crate::story::Story;
use crate::weather::Climate;
use crate::workload::{Deed, Script};
use crate::world::World;

/// Messages that a run has at least.
pub const MESSAGES_MIN: usize = 20;
/// Faults that a run has at least.
pub const FAULTS_MIN: usize = 3;

/// Simulated time in which everything has to come to rest once the weather is over.
const REST_MS: u64 = 3 * 24 * 3_600_000;
/// Things that may happen in it.
const REST_STEPS: usize = 300_000;

/// What came of a seed.
#[derive(Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Messages whose authors were told that they are safe.
    pub messages: usize,
    /// Faults that struck.
    pub faults: usize,
    /// What happened.
    pub story: Story,
}

impl Outcome {
    /// Whether the checker found nothing.
    pub fn is_good(&self) -> bool {
        self.story.findings().is_empty()
    }

    /// The one command that tells this story again.
    pub fn replay(&self, planted: Option<Planted>) -> String {
        let bug = planted.map(|bug| format!(" --planted {bug}")).unwrap_or_default();
        format!("cargo xtask sim --seed {}{bug}", self.seed)
    }
}

/// Runs one seed.
pub fn run(seed: u64, planted: Option<Planted>) -> Outcome {
    let mut world = World::with_bug(seed, planted);
    // A panic in the engine or the service is a finding with a story, like any other.
    let ended = catch_unwind(AssertUnwindSafe(|| live(&mut world)));
    if ended.is_err() {
        world.story.found("something panicked");
    }
    let messages = world.people.iter().map(|person| person.diary.said.len()).sum();
    let faults = world.story.faults();
    if ended.is_ok() && messages < MESSAGES_MIN {
        world.story.found(format!("only {messages} messages: the workload is too thin"));
    }
    if ended.is_ok() && faults < FAULTS_MIN {
        world.story.found(format!("only {faults} faults: the weather is too fine"));
    }
    Outcome { seed, messages, faults, story: world.story }
}

fn live(world: &mut World) {
    let mut dice = Dice::new(world.seed, Stream::Workload);
    let people = dice.weighted(&[(16, 2), (2, 3), (1, 4)], 2);
    let climate = Climate::draw(&mut world.weather);
    for name in &NAMES[..people] {
        let index = world.join(name);
        if climate.clocks_differ {
            let most = 20 * 3_600_000;
            let offset = world.weather.between(0, 2 * most) as i64 - most as i64;
            world.set_clock_offset(index, offset);
        }
    }
    let script = Script::draw(&mut dice, people);
    let start = world.now;
    let end = Millis(start.0 + script.end() + 10_000);
    plan_weather(world, climate, &script, people);
    world.stormy = true;
    for (at, person, deed) in script.deeds {
        world.agenda.plan(Millis(start.0 + at), Happening::Acts { person, deed });
    }
    while world.now < end && world.step() {}
    top_up(world, climate, people);
    world.calm();
    rest(world);
    make_up(world);
    last_words(world);
    world.tell_absences();
    world.restart_all();
    checker::check(world, climate);
}

/// Faults strike near what people do: nothing can be lost where nothing happens.
fn plan_weather(world: &mut World, climate: Climate, script: &Script, people: usize) {
    for _ in 0..world.weather.spread(6, 24) {
        let near = script.deeds[world.weather.index(script.deeds.len())].0;
        let early = world.weather.below(4_000);
        let at = (near + 1_000).saturating_sub(early);
        let fault = climate.fault(&mut world.weather, people);
        world.plan(at, Happening::Befalls(fault));
    }
}

/// Where a run had too little of either, it goes on a little.
fn top_up(world: &mut World, climate: Climate, people: usize) {
    for turn in 0..200 {
        let said: usize = world.people.iter().map(|person| person.diary.said.len()).sum();
        if said >= MESSAGES_MIN && world.story.faults() >= FAULTS_MIN {
            return;
        }
        if turn == 20 {
            // They have shut each other out.
            lift_blocks(world);
        }
        if world.story.faults() < FAULTS_MIN {
            let fault = climate.fault(&mut world.weather, people);
            world.plan(0, Happening::Befalls(fault));
        }
        for person in 0..people {
            world.plan(5, Happening::Acts { person, deed: Deed::Return });
            world.plan(
                10,
                Happening::Acts { person, deed: Deed::Say { to: (person + 1) % people, bytes: 64 } },
            );
        }
        world.pass(3_000);
    }
}

fn lift_blocks(world: &mut World) {
    for person in 0..world.people.len() {
        for whom in 0..world.people.len() {
            world.plan(1, Happening::Acts { person, deed: Deed::Unblock { who: whom } });
        }
    }
}

/// Until nobody has anything left to send or to hear.
fn rest(world: &mut World) {
    let until = Millis(world.now.0 + REST_MS);
    for _ in 0..REST_STEPS {
        let quiet = world.agenda.next().is_none_or(|at| at.0 > world.now.0 + 60_000);
        if (quiet && is_done(world)) || world.now > until || !world.step() {
            return;
        }
    }
}

fn is_done(world: &World) -> bool {
    world.server.runs()
        && world.people.iter().all(|person| {
            person.engine.is_some()
                && person.sockets.iter().all(|socket| socket.link.is_some())
                && person.engine().outbox().is_ok_and(|items| items.is_empty())
        })
}

/// Blocks are lifted, declined conversations opened again: from here on everything has to arrive.
fn make_up(world: &mut World) {
    let mut shut = Vec::new();
    for (index, person) in world.people.iter().enumerate() {
        shut.extend(
            person.diary.shut.iter().filter(|shut| shut.until.is_none()).map(|shut| (index, shut.whom)),
        );
    }
    for (person, whom) in shut {
        let who = Target::Handle(world.people[whom].handle.clone());
        match world.people[person].engine().resolve(&who).ok().flatten().map(|view| view.standing) {
            Some(Standing::Blocked) => world.command(person, Command::Unblock { who }),
            Some(Standing::Declined) => world.act(person, Deed::Say { to: whom, bytes: 50 }),
            _ => {}
        }
        rest(world);
        let now = world.now;
        world.people[person].diary.opened(whom, now);
    }
}

/// Everybody who has talked says one thing more: a conversation that came to rest is one that works.
fn last_words(world: &mut World) {
    world.plan(1, Happening::ServerStarts);
    for person in 0..world.people.len() {
        for to in 0..world.people.len() {
            let target = Target::Handle(world.people[to].handle.clone());
            let known = person != to
                && world.people[person].engine().resolve(&target).is_ok_and(|found| found.is_some());
            if known {
                world.act(person, Deed::Say { to, bytes: 60 });
            }
        }
    }
    rest(world);
}
