//! The client's engine: two of them and the real service, with what people do, what networks do, what clocks do, what
//! killing a process does, and what a lying server does to the frames on their way.
//!
//! Promises: the engine never fails for a reason outside its database; nothing acknowledged is lost; nothing counts as
//! accepted that the server never took; nobody is shown a text twice or one that was not written; no text is in a frame;
//! the tables agree with each other. And while nobody lied and no clock jumped: everything written arrives.

mod person;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use sotto_engine::api::{Command, Input, Plane, Target};
use sotto_wire::Bytes;

use self::person::Person;
use self::world::{PLANES, World};
use super::choices::Choices;

struct Story {
    world: World,
    /// Frames came as they were sent, clocks went right, nobody blocked anybody.
    honest: bool,
    texts: usize,
}

/// Plays the story that the bytes tell.
pub fn run(bytes: &[u8]) {
    play(bytes);
}

fn play(bytes: &[u8]) -> Told {
    let mut choices = Choices::new(bytes);
    let mut story = Story { world: World::at(choices.below(4)), honest: true, texts: 0 };
    for who in 0..2 {
        story.world.ask(who, Command::SetOnline { online: true });
    }
    for _ in 0..96 {
        if choices.is_over() {
            break;
        }
        story.step(&mut choices);
    }
    story.ends()
}

/// What was said in a story.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "a fuzzer only waits for a panic; the tests look whether anything happened")
)]
struct Told {
    honest: bool,
    /// Texts that the engines said they have.
    acknowledged: usize,
    /// Texts that the other was shown, the snapshot's included.
    shown: usize,
}

impl Story {
    fn step(&mut self, choices: &mut Choices<'_>) {
        let what = choices.byte();
        let who = usize::from(what & 1);
        let plane = if what & 2 == 0 { Plane::Topic } else { Plane::Account };
        match (what >> 2) % 16 {
            0..=2 => self.commands(who, choices),
            3..=5 => self.goes_on(choices),
            6 => {
                self.world.goes_on(who);
            }
            7 => self.world.cut(who, plane),
            8 => self.world.restart(who),
            9 => self.time_passes(who, choices),
            10 => self.strays(who, plane, choices),
            _ => self.lies(who, plane, choices),
        }
        self.world.people[who].keeps_its_word();
    }

    fn goes_on(&mut self, choices: &mut Choices<'_>) {
        for _ in 0..=choices.byte() {
            if !(self.world.goes_on(0) | self.world.goes_on(1)) {
                return;
            }
        }
    }

    fn commands(&mut self, who: usize, choices: &mut Choices<'_>) {
        let other = Target::Handle(self.world.people[1 - who].handle.clone());
        let what = choices.below(24);
        match what {
            0..=7 => {
                self.texts += 1;
                let text = format!("number {}", self.texts);
                self.world.says(who, &text);
            }
            8 => self.world.ask(who, Command::Register),
            9 => self.world.ask(who, Command::SetOnline { online: choices.one_in(2) }),
            10 => self.world.ask(who, Command::Sync),
            11 | 12 => self.world.ask(who, Command::Accept { who: other }),
            13 | 14 => self.world.ask(who, Command::StartOver { conversation: other }),
            15 | 16 => self.world.ask(who, Command::Retry { conversation: other }),
            17 => {
                let name = if choices.one_in(2) { String::new() } else { "Ada".to_owned() };
                self.world.ask(who, Command::SetDisplayName { name });
            }
            18 => self.world.ask(who, Command::AcknowledgeAlarm { alarm: i64::from(choices.byte()) }),
            19 => {
                let text = choices.take(8);
                let text = String::from_utf8_lossy(text).into_owned();
                self.world.ask(
                    who,
                    Command::Send { to: Target::Handle(self.world.people[who].handle.clone()), text },
                );
            }
            20 => {
                self.honest = false;
                let handle = self.world.people[who].handle.clone();
                let server = "http://localhost".to_owned();
                self.world.ask(who, Command::PrepareAccount { handle, server, invite: None });
            }
            _ => {
                self.honest = false;
                let command = match what {
                    21 => Command::Decline { who: other },
                    22 => Command::Block { who: other },
                    _ => Command::Unblock { who: other },
                };
                self.world.ask(who, command);
            }
        }
    }

    fn time_passes(&mut self, who: usize, choices: &mut Choices<'_>) {
        const MINUTE_MS: u64 = 60_000;
        const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
        match choices.below(8) {
            kind @ 0..=4 => {
                self.world.now.0 += [50, 1_000, MINUTE_MS, 10 * MINUTE_MS, 3_600_000][kind];
            }
            5 => {
                self.honest = false;
                self.world.now.0 += DAY_MS * (1 + choices.below(60) as u64);
            }
            6 => {
                self.honest = false;
                let days = choices.below(5) as i64 - 2;
                self.world.people[who].clock_offset_ms = days * DAY_MS as i64;
            }
            _ => drop(self.world.service.tick(self.world.now)),
        }
    }

    /// Inputs that no shell should give, and none must mind.
    fn strays(&mut self, who: usize, plane: Plane, choices: &mut Choices<'_>) {
        match choices.below(5) {
            0 => self.world.feed(who, Input::Tick),
            1 => self.world.feed(who, Input::Continue),
            2 if self.world.people[who].socket(plane).connection.is_none() => {
                self.world.feed(who, Input::Closed(plane));
            }
            3 => {
                self.honest = false;
                self.world.feed(who, Input::Opened(plane));
            }
            _ => {
                self.honest = false;
                let count = choices.below(40);
                let frame = Bytes::copy_from_slice(choices.take(count));
                self.world.feed(who, Input::Frame(plane, frame));
            }
        }
    }

    /// What a lying server, or one that lost something, does to the frames on their way.
    fn lies(&mut self, who: usize, plane: Plane, choices: &mut Choices<'_>) {
        self.honest = false;
        let inbound = &mut self.world.people[who].socket(plane).inbound;
        let first = inbound.pop_front();
        match (choices.below(6), first) {
            (0 | 1, Some(frame)) => {
                let frame = choices.mutated(&frame);
                self.world.hear(who, plane, frame);
            }
            (2, Some(frame)) => {
                self.world.hear(who, plane, frame.clone());
                self.world.hear(who, plane, frame);
            }
            (3, Some(frame)) => self.world.people[who].socket(plane).inbound.push_back(frame),
            (4, Some(_)) => {}
            (_, first) => {
                // Something from before, of this person or the other.
                let of = if choices.one_in(3) { 1 - who } else { who };
                let heard = choices.one_of(&self.world.people[of].heard).cloned();
                if let Some((plane, frame)) = heard {
                    let frame = if choices.one_in(2) { choices.mutated(&frame) } else { frame };
                    self.world.hear(who, plane, frame);
                }
                let inbound = &mut self.world.people[who].socket(plane).inbound;
                first.into_iter().for_each(|frame| inbound.push_front(frame));
            }
        }
    }

    fn ends(&mut self) -> Told {
        for who in 0..2 {
            let other = Target::Handle(self.world.people[1 - who].handle.clone());
            self.world.people[who].clock_offset_ms = 0;
            self.world.ask(who, Command::SetOnline { online: true });
            self.world.ask(who, Command::Register);
            self.world.ask(who, Command::Accept { who: other });
        }
        self.world.settles(if self.honest { 400 } else { 12 });
        for who in 0..2 {
            if self.honest {
                // Somebody may have answered a request that came only now.
                let other = Target::Handle(self.world.people[1 - who].handle.clone());
                self.world.ask(who, Command::Accept { who: other });
                self.world.settles(400);
            }
        }
        for who in 0..2 {
            self.world.people[who].keeps_its_word();
            self.world.people[who].answers();
        }
        let shown = self.compare();
        let people = std::mem::take(&mut self.world.people);
        let acknowledged = people.iter().map(|person| person.acknowledged.len()).sum();
        people.into_iter().for_each(tables_agree);
        Told { honest: self.honest, acknowledged, shown }
    }

    /// What each is shown of the other against what was written; how many texts that are.
    fn compare(&mut self) -> usize {
        let mut shown_in_all = 0;
        for who in 0..2 {
            let (reader, writer) = (1 - who, who);
            let names = [0, 1].map(|person| self.world.people[person].handle.clone());
            let written = self.world.people[writer].lines(&names[reader]);
            let shown = self.world.people[reader].lines(&names[writer]);
            let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
            for (_, text) in shown.iter().filter(|(own, _)| !*own) {
                *counts.entry(text).or_default() += 1;
            }
            shown_in_all += counts.len();
            for (text, count) in &counts {
                assert_eq!(*count, 1, "a text is shown twice");
                assert!(written.iter().any(|(own, line)| *own && line == *text), "a text nobody wrote");
            }
            if self.honest {
                assert!(!self.world.waits(writer), "something is stuck on an honest network");
                let shown: BTreeSet<String> = counts.keys().map(|text| (*text).clone()).collect();
                let missing = self.world.people[writer].missing(&shown);
                assert_eq!(missing, 0, "texts that were written never arrived");
            }
        }
        for plane in PLANES {
            (0..2).for_each(|who| self.world.cut(who, plane));
        }
        shown_in_all
    }
}

fn tables_agree(person: Person) {
    let connection = person.into_connection();
    let broken: i64 = connection
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .expect("the tables can be checked");
    assert_eq!(broken, 0, "a row points to nothing");
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("the file can be checked");
    assert_eq!(sound, "ok");
}

/// A few stories: the stage they begin at, then steps.
pub fn seeds() -> Vec<Vec<u8>> {
    const SAY: [u8; 2] = [0, 0];
    const ANSWER: [u8; 2] = [1, 0];
    const RUN: [u8; 2] = [3 << 2, 0xff];
    const CUT: [u8; 1] = [7 << 2];
    const KILL: [u8; 1] = [8 << 2];
    const WAIT: [u8; 2] = [9 << 2, 2];
    const MONTH: [u8; 3] = [9 << 2, 5, 30];
    const NUDGE: [u8; 1] = [6 << 2];
    const CHANGE: [u8; 6] = [11 << 2, 0, 0, 0, 40, 0];
    const TWICE: [u8; 2] = [11 << 2, 2];
    const DROP: [u8; 2] = [(11 << 2) | 1, 4];
    const REPLAY: [u8; 4] = [11 << 2, 5, 0, 3];
    const START_OVER: [u8; 2] = [0, 13];
    let story = |stage: u8, steps: &[&[u8]]| [&[stage], steps.concat().as_slice()].concat();
    vec![
        story(0, &[&[0, 8], &[1, 8], &RUN, &SAY, &RUN, &[1, 11], &ANSWER, &RUN, &WAIT, &RUN]),
        story(1, &[&SAY, &ANSWER, &RUN, &KILL, &SAY, &RUN]),
        story(2, &[&ANSWER, &RUN, &[1, 11], &ANSWER, &RUN, &WAIT, &RUN]),
        story(3, &[&SAY, &SAY, &NUDGE, &CUT, &RUN, &ANSWER, &KILL, &RUN, &WAIT, &RUN]),
        story(3, &[&SAY, &RUN, &CHANGE, &TWICE, &DROP, &RUN, &REPLAY, &SAY, &RUN]),
        story(3, &[&START_OVER, &[1, 13], &SAY, &ANSWER, &RUN, &MONTH, &SAY, &RUN]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_tell_stories_in_which_people_talk() {
        let told: Vec<Told> = seeds().iter().map(|seed| play(seed)).collect();
        for story in &told {
            assert!(story.acknowledged >= 1 && story.shown >= 1);
        }
        assert!(told.iter().filter(|story| story.honest).count() >= 4, "most seeds are honest");
        assert!(told.iter().any(|story| !story.honest), "and some are not");
    }

    #[test]
    fn people_who_know_each_other_have_said_something_already() {
        let mut world = World::at(3);
        for who in 0..2 {
            let other = world.people[1 - who].handle.clone();
            let lines = world.people[who].lines(&other);
            let texts: Vec<_> = lines.iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(texts, ["what they said: first", "what they said: second"]);
        }
    }
}
