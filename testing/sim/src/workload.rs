//! What people do: conversations drawn from the seed as a row of scenes.

use sotto_engine::api::{Command, Input, Target};

use crate::diary::Said;
use crate::dice::Dice;
use crate::story::span;
use crate::world::World;

/// Every text of a run begins like this: what the server's files are searched for.
pub(crate) const NEEDLE: &str = "plaintext of a simulated person";

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Something a person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Say {
        to: usize,
        bytes: usize,
    },
    Accept {
        who: usize,
    },
    Decline {
        who: usize,
    },
    Block {
        who: usize,
    },
    Unblock {
        who: usize,
    },
    StartOver {
        who: usize,
    },
    Rename,
    /// Stays at the computer, without a network.
    GoOffline,
    GoOnline,
    /// Closes the program.
    Leave,
    Return,
}

/// Who does what, when (milliseconds from the start), in order of time.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) deeds: Vec<(u64, usize, Deed)>,
    pub(crate) messages: usize,
    now: u64,
}

impl Script {
    /// Scenes between `people` until there are enough messages.
    pub(crate) fn draw(dice: &mut Dice, people: usize) -> Self {
        let mut script = Self::default();
        let wanted = dice.spread(26, 60) as usize;
        // How they meet: one writes first, or both at the same moment.
        let (one, other) = pair(dice, people);
        if dice.one_in(2) {
            script.crossing(dice, one, other);
        }
        while script.messages < wanted {
            script.scene(dice, people);
        }
        script.deeds.sort_by_key(|(at, ..)| *at);
        script
    }

    /// When the last of it happens.
    pub(crate) fn end(&self) -> u64 {
        self.deeds.last().map_or(0, |(at, ..)| *at)
    }

    fn add(&mut self, person: usize, deed: Deed) {
        self.messages += usize::from(matches!(deed, Deed::Say { .. }));
        self.deeds.push((self.now, person, deed));
    }

    fn say(&mut self, dice: &mut Dice, from: usize, to: usize) {
        let bytes = if dice.one_in(60) { dice.spread(2_000, 60_000) } else { dice.spread(1, 400) };
        self.add(from, Deed::Say { to, bytes: bytes as usize });
    }

    fn scene(&mut self, dice: &mut Dice, people: usize) {
        let (one, other) = pair(dice, people);
        let scene = dice.weighted(
            &[
                (30, Self::chat as Scene),
                (14, Self::burst),
                (8, Self::crossing),
                (10, Self::offline),
                (4, Self::closed),
                (8, Self::pause),
                (4, Self::moderation),
                (2, Self::start_over),
                (2, Self::rename),
            ],
            Self::chat,
        );
        scene(self, dice, one, other);
    }

    fn chat(&mut self, dice: &mut Dice, one: usize, other: usize) {
        for _ in 0..dice.between(2, 8) {
            self.now += dice.spread(1, 20 * SECOND);
            let (from, to) = if dice.one_in(2) { (one, other) } else { (other, one) };
            self.say(dice, from, to);
        }
    }

    fn burst(&mut self, dice: &mut Dice, one: usize, other: usize) {
        self.now += dice.spread(10, MINUTE);
        for _ in 0..dice.between(4, 20) {
            self.now += dice.below(20);
            self.say(dice, one, other);
            if dice.one_in(4) {
                self.say(dice, other, one);
            }
        }
    }

    fn crossing(&mut self, dice: &mut Dice, one: usize, other: usize) {
        self.now += dice.spread(1, MINUTE);
        self.say(dice, one, other);
        self.say(dice, other, one);
    }

    fn offline(&mut self, dice: &mut Dice, one: usize, other: usize) {
        self.now += dice.spread(1, MINUTE);
        self.add(one, Deed::GoOffline);
        for _ in 0..dice.between(1, 6) {
            self.now += dice.spread(1, 5 * MINUTE);
            let (from, to) = if dice.one_in(3) { (one, other) } else { (other, one) };
            self.say(dice, from, to);
        }
        self.now += dice.spread(1, 5 * HOUR);
        self.add(one, Deed::GoOnline);
    }

    fn closed(&mut self, dice: &mut Dice, one: usize, other: usize) {
        self.now += dice.spread(1, MINUTE);
        self.add(one, Deed::Leave);
        let both = dice.one_in(4);
        if both {
            self.add(other, Deed::Leave);
        }
        let long = dice.one_in(4);
        let days = if long { dice.between(28, 60) } else { dice.spread(1, 20) };
        let parts = dice.between(1, 4);
        for _ in 0..parts {
            self.now += days * DAY / parts;
            self.say(dice, other, one);
        }
        self.now += dice.spread(1, HOUR);
        self.add(one, Deed::Return);
        self.now += dice.spread(1, HOUR);
        self.add(other, Deed::Return);
    }

    fn pause(&mut self, dice: &mut Dice, one: usize, other: usize) {
        // Now and then long enough for keys to be renewed by the week.
        self.now +=
            if dice.one_in(4) { dice.between(6 * DAY, 9 * DAY) } else { dice.spread(MINUTE, 10 * HOUR) };
        self.say(dice, one, other);
    }

    fn moderation(&mut self, dice: &mut Dice, one: usize, other: usize) {
        self.now += dice.spread(1, MINUTE);
        let deed = match dice.below(4) {
            0 => Deed::Decline { who: other },
            1 => Deed::Block { who: other },
            _ => Deed::Accept { who: other },
        };
        self.add(one, deed);
        self.now += dice.spread(1, MINUTE);
        self.say(dice, other, one);
        self.now += dice.spread(1, MINUTE);
        self.say(dice, one, other);
        if deed == (Deed::Block { who: other }) {
            self.now += dice.spread(1, HOUR);
            self.add(one, Deed::Unblock { who: other });
            self.say(dice, other, one);
        }
    }

    fn start_over(&mut self, dice: &mut Dice, one: usize, other: usize) {
        self.now += dice.spread(1, MINUTE);
        self.add(one, Deed::StartOver { who: other });
        self.now += dice.spread(1, SECOND);
        self.say(dice, other, one);
        self.say(dice, one, other);
    }

    fn rename(&mut self, dice: &mut Dice, one: usize, other: usize) {
        self.now += dice.spread(1, MINUTE);
        self.add(one, Deed::Rename);
        self.say(dice, one, other);
    }
}

type Scene = fn(&mut Script, &mut Dice, usize, usize);

fn pair(dice: &mut Dice, people: usize) -> (usize, usize) {
    let one = dice.index(people);
    let other = (one + 1 + dice.index(people - 1)) % people;
    (one, other)
}

impl World {
    pub(crate) fn act(&mut self, person: usize, deed: Deed) {
        match deed {
            Deed::Say { to, bytes } => self.say(person, to, bytes),
            Deed::Accept { who } => self.ask_about(person, "accepts", who, |who| Command::Accept { who }),
            Deed::Decline { who } => {
                self.people[person].diary.shut(who, self.now);
                self.ask_about(person, "declines", who, |who| Command::Decline { who });
            }
            Deed::Block { who } => {
                self.people[person].diary.shut(who, self.now);
                self.ask_about(person, "blocks", who, |who| Command::Block { who });
            }
            Deed::Unblock { who } => self.ask_about(person, "unblocks", who, |who| Command::Unblock { who }),
            Deed::StartOver { who } => {
                self.ask_about(person, "starts over with", who, |who| Command::StartOver {
                    conversation: who,
                });
            }
            Deed::Rename => {
                self.command(person, Command::SetDisplayName { name: format!("{NEEDLE} (name)") })
            }
            Deed::GoOffline | Deed::GoOnline => {
                let online = deed == Deed::GoOnline;
                let name = self.name(person);
                self.story.tell(format!("{name} goes {}", if online { "online" } else { "offline" }));
                self.command(person, Command::SetOnline { online });
            }
            Deed::Leave => self.leave(person),
            Deed::Return => self.start_person(person),
        }
    }

    fn say(&mut self, person: usize, to: usize, bytes: usize) {
        if self.people[person].engine.is_none() {
            return;
        }
        self.texts += 1;
        let mut text = format!("{NEEDLE}, number {} ", self.texts);
        while text.len() < bytes {
            text.push_str("and on it goes ");
        }
        text.truncate(bytes.max(NEEDLE.len() + 12));
        let said = Said { to, text: text.clone(), at: self.now };
        let id = self.people[person].number();
        self.people[person].diary.saying.insert(id, said);
        let to = Target::Handle(self.people[to].handle.clone());
        self.feed(person, Input::Command(id, Command::Send { to, text }));
    }

    fn ask_about(&mut self, person: usize, verb: &str, who: usize, command: impl Fn(Target) -> Command) {
        let (name, other) = (self.name(person), self.name(who));
        self.story.tell(format!("{name} {verb} {other}"));
        self.command(person, command(Target::Handle(self.people[who].handle.clone())));
    }

    pub(crate) fn command(&mut self, person: usize, command: Command) {
        let id = self.people[person].number();
        self.feed(person, Input::Command(id, command));
    }

    fn leave(&mut self, person: usize) {
        if self.people[person].engine.is_none() {
            return;
        }
        let name = self.name(person);
        self.story.tell(format!("{name} closes the program"));
        self.command(person, Command::SetOnline { online: false });
        if self.people[person].engine.is_some() {
            self.person_dies(person, crate::computer::Death::Killed);
            self.people[person].diary.left(self.now);
        }
    }

    /// How long the longest absence of somebody was, for the story.
    pub(crate) fn tell_absences(&mut self) {
        for index in 0..self.people.len() {
            let longest = self.people[index].diary.longest_absence();
            if longest > DAY {
                let name = self.name(index);
                self.story.tell(format!("{name} was away for up to {}", span(longest)));
            }
        }
    }
}
