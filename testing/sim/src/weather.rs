//! Bad weather: which faults a seed brings, and what each does to the world.

use sotto_engine::api::{OutboxState, Plane};

use crate::agenda::Happening;
use crate::computer::{Death, Place, Trouble};
use crate::dice::Dice;
use crate::network::Sky;
use crate::story::span;
use crate::workload::Deed;
use crate::world::World;

/// Bad luck at every step, for tests: how often a connection breaks and a process is killed; 0: never.
#[derive(Debug, Clone, Copy, Default)]
pub struct Misfortune {
    /// One step in this many breaks a connection.
    pub break_one_in: u64,
    /// One step in this many restarts a person's process.
    pub restart_one_in: u64,
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A connection breaks; each end learns of it that much later.
    Cut {
        person: usize,
        plane: Plane,
        person_ms: u64,
        server_ms: u64,
    },
    /// Nothing reaches a person or leaves them.
    Partition {
        person: usize,
        for_ms: u64,
    },
    /// Nobody reaches the server.
    Unreachable {
        for_ms: u64,
    },
    /// Frames take long.
    Slow {
        for_ms: u64,
        latency_ms: u64,
    },
    /// Frames break their connections.
    Storm {
        for_ms: u64,
    },
    /// A broken middlebox loses, doubles and reorders frames inside connections.
    Middlebox {
        for_ms: u64,
    },
    /// A process ends between two inputs.
    PersonDies {
        person: usize,
        death: Death,
    },
    ServerDies {
        death: Death,
    },
    /// It ends at a write to its disk.
    PersonDiesWriting {
        person: usize,
        death: Death,
        spared: u64,
        place: Place,
    },
    ServerDiesWriting {
        death: Death,
        spared: u64,
        place: Place,
    },
    /// A disk fails once.
    PersonDisk {
        person: usize,
        trouble: Trouble,
    },
    ServerDisk {
        trouble: Trouble,
    },
    /// A person's clock is set.
    ClockSet {
        person: usize,
        ms: i64,
    },
}

/// How seeds differ in what they bring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Climate {
    /// Whether middleboxes are about.
    pub(crate) middlebox: bool,
    pub(crate) clocks_differ: bool,
}

impl Climate {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        Self { middlebox: dice.one_in(4), clocks_differ: dice.one_in(3) }
    }

    /// A fault for one of `people`.
    pub(crate) fn fault(self, dice: &mut Dice, people: usize) -> Fault {
        let person = dice.index(people);
        let plane = if dice.one_in(3) { Plane::Account } else { Plane::Topic };
        let death = if dice.one_in(2) { Death::PowerCut } else { Death::Killed };
        let places = [Place::Write(1), Place::Write(2), Place::Write(3), Place::Sync, Place::Durable];
        let place = places[dice.index(places.len())];
        let kinds = [Trouble::Full, Trouble::Write, Trouble::Sync];
        let trouble = kinds[dice.index(kinds.len())];
        let cut = Fault::Cut {
            person,
            plane,
            person_ms: dice.spread(1, 75_000),
            server_ms: dice.spread(1, 90_000),
        };
        let choices = [
            (6, cut),
            (3, Fault::Partition { person, for_ms: dice.spread(500, 900_000) }),
            (2, Fault::Unreachable { for_ms: dice.spread(500, 600_000) }),
            (2, Fault::Slow { for_ms: dice.spread(1_000, 60_000), latency_ms: dice.spread(100, 10_000) }),
            (2, Fault::Storm { for_ms: dice.spread(1_000, 60_000) }),
            (if self.middlebox { 6 } else { 0 }, Fault::Middlebox { for_ms: dice.spread(1_000, 60_000) }),
            (2, Fault::PersonDies { person, death }),
            (2, Fault::ServerDies { death }),
            (6, Fault::PersonDiesWriting { person, death, spared: dice.spread(1, 30) - 1, place }),
            (6, Fault::ServerDiesWriting { death, spared: dice.spread(1, 30) - 1, place }),
            (2, Fault::PersonDisk { person, trouble }),
            (2, Fault::ServerDisk { trouble }),
            (1, Fault::ClockSet { person, ms: dice.between(0, 240_000) as i64 - 120_000 }),
        ];
        dice.weighted(&choices, cut)
    }
}

impl World {
    pub(crate) fn try_fortune(&mut self) {
        let Misfortune { break_one_in, restart_one_in } = self.misfortune;
        if self.people.is_empty() || (break_one_in == 0 && restart_one_in == 0) {
            return;
        }
        let person = self.weather.index(self.people.len());
        if self.weather.one_in(break_one_in) {
            let plane = if self.weather.one_in(2) { Plane::Account } else { Plane::Topic };
            self.cut(person, plane, 0, 0);
        }
        if self.weather.one_in(restart_one_in) {
            self.restart(person);
        }
    }

    fn cut(&mut self, person: usize, plane: Plane, person_ms: u64, server_ms: u64) -> bool {
        let Some(link) = self.people[person].socket(plane).link else { return false };
        self.break_link(link, person_ms, server_ms);
        true
    }

    /// Breaks everything that is connected, for one or for all.
    fn cut_all(&mut self, of: Option<usize>, most_ms: u64) {
        for link in self.network.living(of) {
            let (one, other) = (self.weather.spread(1, most_ms), self.weather.spread(1, 90_000));
            self.break_link(link, one, other);
        }
    }

    pub(crate) fn befall(&mut self, fault: Fault) {
        match fault {
            Fault::Cut { person, plane, person_ms, server_ms } => {
                if self.cut(person, plane, person_ms, server_ms) {
                    let name = self.name(person);
                    self.story.fault(format!(
                        "{name}'s {plane:?} connection breaks; {name} notices after {}, the server after {}",
                        span(person_ms),
                        span(server_ms)
                    ));
                }
            }
            Fault::Partition { person, for_ms } => {
                let name = self.name(person);
                self.story.fault(format!("{name} is cut off for {}", span(for_ms)));
                let until = sotto_wire::ids::Millis(self.now.0 + for_ms);
                let held = self.network.cut_off.entry(person).or_insert(until);
                *held = until.max(*held);
                self.cut_all(Some(person), 75_000);
                self.plan(for_ms, Happening::Clears(fault));
            }
            Fault::Unreachable { for_ms } => {
                self.story.fault(format!("the server cannot be reached for {}", span(for_ms)));
                self.network.unreachable = true;
                self.cut_all(None, 75_000);
                self.plan(for_ms, Happening::Clears(fault));
            }
            Fault::Slow { for_ms, latency_ms } => {
                self.story.fault(format!("frames take up to {} for {}", span(latency_ms), span(for_ms)));
                self.network.sky.latency_ms = latency_ms;
                self.plan(for_ms, Happening::Clears(fault));
            }
            Fault::Storm { for_ms } => {
                self.story.blemish(format!("frames break connections for {}", span(for_ms)));
                self.network.sky.break_one_in = 12;
                self.plan(for_ms, Happening::Clears(fault));
            }
            Fault::Middlebox { for_ms } => {
                self.story.fault(format!("a broken middlebox is about for {}", span(for_ms)));
                let sky = &mut self.network.sky;
                (sky.lose_one_in, sky.double_one_in, sky.reorder_one_in) = (15, 15, 10);
                self.plan(for_ms, Happening::Clears(fault));
            }
            Fault::PersonDies { .. } | Fault::PersonDiesWriting { .. } | Fault::PersonDisk { .. } => {
                self.befall_person(fault);
            }
            Fault::ServerDies { .. } | Fault::ServerDiesWriting { .. } | Fault::ServerDisk { .. } => {
                self.befall_server(fault);
            }
            Fault::ClockSet { person, ms } => {
                let name = self.name(person);
                self.story.fault(format!("{name}'s clock is set by {ms} ms"));
                let offset = self.people[person].clock_offset_ms + ms;
                self.set_clock_offset(person, offset);
            }
        }
    }

    fn befall_person(&mut self, fault: Fault) {
        let (Fault::PersonDies { person, .. }
        | Fault::PersonDiesWriting { person, .. }
        | Fault::PersonDisk { person, .. }) = fault
        else {
            return;
        };
        if self.people[person].engine.is_none() {
            return;
        }
        match fault {
            Fault::PersonDies { death, .. } => {
                let (name, what) = (self.name(person), verb(death));
                self.story.fault(format!("{name} {what}"));
                self.person_dies(person, death);
                let after = self.weather.spread(10, 60_000);
                self.plan(after, Happening::PersonStarts { person });
            }
            Fault::PersonDiesWriting { death, spared, place, .. } => {
                self.people[person].computer.drive.plan_crash(spared, place, death);
            }
            Fault::PersonDisk { trouble, .. } => self.people[person].computer.drive.fail_next(trouble),
            _ => {}
        }
    }

    fn befall_server(&mut self, fault: Fault) {
        if !self.server.runs() {
            return;
        }
        match fault {
            Fault::ServerDies { death } => {
                self.story.fault(format!("the server {}", verb(death)));
                self.server_dies(death);
            }
            Fault::ServerDiesWriting { death, spared, place } => {
                self.server.computer.drive.plan_crash(spared, place, death);
            }
            Fault::ServerDisk { trouble } => self.server.computer.drive.fail_next(trouble),
            _ => {}
        }
    }

    pub(crate) fn clear(&mut self, fault: Fault) {
        match fault {
            Fault::Partition { person, .. }
                if self.network.cut_off.get(&person).is_some_and(|until| *until <= self.now) =>
            {
                self.network.cut_off.remove(&person);
                let name = self.name(person);
                self.story.tell(format!("{name} is not cut off any more"));
            }
            Fault::Unreachable { .. } => {
                self.network.unreachable = false;
                self.story.tell("the server can be reached again");
            }
            Fault::Slow { .. } => self.network.sky.latency_ms = Sky::CLEAR.latency_ms,
            Fault::Storm { .. } => self.network.sky.break_one_in = 0,
            Fault::Middlebox { .. } => {
                let latency_ms = self.network.sky.latency_ms;
                let break_one_in = self.network.sky.break_one_in;
                self.network.sky = Sky { latency_ms, break_one_in, ..Sky::CLEAR };
                // What it had in hand is gone with it.
                self.cut_all(None, 5_000);
                self.story.tell("the middlebox is gone");
            }
            _ => {}
        }
    }

    /// Keys change: the moments in which a crash does most harm are short, so bad luck looks for them.
    pub(crate) fn keys_change(&mut self, person: usize, state: OutboxState) {
        if !self.stormy || !self.weather.one_in(3) {
            return;
        }
        let to = (person + 1) % self.people.len();
        match state {
            OutboxState::Staged => {
                for _ in 0..2 {
                    let after = self.weather.below(60);
                    self.plan(after, Happening::Acts { person, deed: Deed::Say { to, bytes: 50 } });
                }
            }
            OutboxState::Applied => {
                let death = if self.weather.one_in(2) { Death::PowerCut } else { Death::Killed };
                let after = self.weather.between(1, 60);
                self.plan(after, Happening::Befalls(Fault::PersonDies { person, death }));
            }
            _ => {}
        }
    }

    /// The weather is over: what is broken is noticed, who is down comes up, and nothing new is planned.
    pub(crate) fn calm(&mut self) {
        self.story.tell("-- the weather is over");
        self.stormy = false;
        self.agenda.retain(|what| !matches!(what, Happening::Befalls(_) | Happening::Clears(_)));
        self.network.sky = Sky::CLEAR;
        self.network.unreachable = false;
        self.network.cut_off.clear();
        self.server.computer.drive.mend();
        for index in 0..self.people.len() {
            self.people[index].computer.drive.mend();
            self.start_person(index);
        }
        self.server_starts();
    }
}

impl World {
    /// Every program ends and starts once more: what the checker sees is what the disks hold.
    pub(crate) fn restart_all(&mut self) {
        self.server.die(Death::Killed);
        self.server_starts();
        for index in 0..self.people.len() {
            self.person_dies(index, Death::Killed);
            self.start_person(index);
        }
    }
}

fn verb(death: Death) -> &'static str {
    match death {
        Death::Killed => "is killed",
        Death::PowerCut => "loses power",
    }
}
