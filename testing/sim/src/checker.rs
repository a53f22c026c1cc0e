//! What must hold when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use sotto_engine::api::{AlarmKind, Failure, LegView, MessageState, MessageView, Target};
use sotto_ports::Logs;
use sotto_ports::logs::ReadLimit;
use sotto_wire::ids::{ConversationId, MessageId, Millis, Seq, TopicId};

use crate::diary::Said;
use crate::leaks;
use crate::weather::Climate;
use crate::world::World;

/// From here on bodies may expire unread: a day before the time-to-live, for clocks and sweeps.
const EXPIRES_MS: u64 = 29 * 24 * 3_600_000;

pub(crate) fn check(world: &mut World, climate: Climate) {
    let mut found = Vec::new();
    if !world.server.runs() {
        found.push("the server does not run".to_owned());
    }
    found.append(&mut world.oracle.bugs);
    for index in 0..world.people.len() {
        if world.people[index].engine.is_none() {
            found.push(format!("{}'s program does not run", world.name(index)));
        }
    }
    if found.is_empty() {
        for index in 0..world.people.len() {
            alarms(world, index, climate, &mut found);
            outbox(world, index, &mut found);
            for other in index + 1..world.people.len() {
                timelines(world, index, other, &mut found);
            }
        }
        groups(world, &mut found);
        leaks::search(world, &mut found);
        promises(world, &mut found);
    }
    for text in found {
        world.story.found(text);
    }
}

/// The server is honest: nobody may accuse it. A broken middlebox is something else, but looks the same to its victim.
fn alarms(world: &World, index: usize, climate: Climate, found: &mut Vec<String>) {
    let alarms = world.people[index].engine().alarms().unwrap_or_default();
    for alarm in alarms {
        let lost_or_doubled = matches!(alarm.kind, AlarmKind::EntryWithheld | AlarmKind::InboxItemRefused);
        if !(climate.middlebox && lost_or_doubled) {
            found.push(format!("{} accuses an honest server: {:?}", world.name(index), alarm.kind));
        }
    }
}

fn outbox(world: &World, index: usize, found: &mut Vec<String>) {
    for item in world.people[index].outbox() {
        let name = world.name(index);
        found.push(format!("{name}'s outbox still holds a {:?} that is {:?}", item.kind, item.state));
    }
}

/// The timelines of two people with each other.
fn timelines(world: &mut World, one: usize, other: usize, found: &mut Vec<String>) {
    let mine = history(world, one, other);
    let theirs = history(world, other, one);
    for (who, with, lines) in [(one, other, &mine), (other, one, &theirs)] {
        lines_once(world, who, lines, found);
        lines_readable(world, who, lines, found);
        lines_spoken(world, who, with, lines, found);
    }
    arrived(world, one, other, &mine, &theirs, found);
    arrived(world, other, one, &theirs, &mine, found);
    same_order(world, one, other, &mine, &theirs, found);
}

fn history(world: &World, who: usize, with: usize) -> Vec<MessageView> {
    world.people[who].history(&Target::Handle(world.people[with].handle.clone()))
}

fn lines_once(world: &mut World, who: usize, lines: &[MessageView], found: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    let mut texts = BTreeSet::new();
    for line in lines {
        let number = world.story.message(line.id);
        if !seen.insert(line.id) || line.text.as_ref().is_some_and(|text| !texts.insert(text)) {
            found.push(format!("{} has message {number} twice", world.name(who)));
        }
    }
}

fn lines_readable(world: &mut World, who: usize, lines: &[MessageView], found: &mut Vec<String>) {
    let long_away = world.people[who].diary.longest_absence() >= EXPIRES_MS;
    for line in lines.iter().filter(|line| line.text.is_none()) {
        if !(long_away && line.failure == Some(Failure::Expired)) {
            let number = world.story.message(line.id);
            found.push(format!("{} cannot read message {number}: {:?}", world.name(who), line.failure));
        }
    }
}

/// Every line was spoken by whom it is ascribed to.
fn lines_spoken(world: &mut World, who: usize, with: usize, lines: &[MessageView], found: &mut Vec<String>) {
    for line in lines {
        let Some(text) = &line.text else { continue };
        let (author, to) = if line.own { (who, with) } else { (with, who) };
        let diary = &world.people[author].diary;
        let known = match diary.said.get(&line.id) {
            Some(said) => said.text == *text && said.to == to,
            // Taken, but the answer never came: the process died.
            None => diary.perhaps.iter().any(|said| said.text == *text && said.to == to),
        };
        if !known {
            let number = world.story.message(line.id);
            let (name, author) = (world.name(who), world.name(author));
            found.push(format!("{name} sees message {number}, which {author} never wrote like that"));
        }
    }
}

/// Everything that was acknowledged to its author is there, and at the reader.
fn arrived(
    world: &mut World,
    author: usize,
    reader: usize,
    own: &[MessageView],
    theirs: &[MessageView],
    found: &mut Vec<String>,
) {
    let said: Vec<(MessageId, Said)> = world.people[author]
        .diary
        .said
        .iter()
        .filter(|(_, said)| said.to == reader)
        .map(|(id, said)| (*id, said.clone()))
        .collect();
    for (id, said) in said {
        let number = world.story.message(id);
        let (name, other) = (world.name(author), world.name(reader));
        let Some(line) = own.iter().find(|line| line.id == id) else {
            found.push(format!("message {number} was acknowledged to {name}, and {name} has lost it"));
            continue;
        };
        let shut_out = world.people[author].diary.shut.iter().any(|shut| shut.whom == reader);
        match line.state {
            MessageState::Accepted => {}
            MessageState::Failed if shut_out => continue,
            state => found
                .push(format!("{name}'s message {number} came to rest as {state:?} ({:?})", line.failure)),
        }
        if !theirs.iter().any(|line| line.id == id) && !may_be_missing(world, reader, author, id, &said) {
            found.push(format!("message {number} of {name} was accepted, and {other} does not have it"));
        }
    }
}

/// The reader had shut the author out, or was away until it expired.
fn may_be_missing(world: &World, reader: usize, author: usize, id: MessageId, said: &Said) -> bool {
    let diary = &world.people[reader].diary;
    let unheard = |from: Millis| diary.heard.get(&id).is_none_or(|at| *at >= from);
    let shut = diary.shut.iter().any(|shut| {
        shut.whom == author && shut.until.is_none_or(|until| said.at <= until) && unheard(shut.from)
    });
    let expired = diary.absences.iter().any(|absence| {
        absence.until.is_some_and(|until| until.0 - absence.from.0 >= EXPIRES_MS && said.at <= until)
            && unheard(absence.from)
    });
    shut || expired
}

fn same_order(
    world: &mut World,
    one: usize,
    other: usize,
    mine: &[MessageView],
    theirs: &[MessageView],
    found: &mut Vec<String>,
) {
    let common = |lines: &[MessageView], with: &[MessageView]| -> Vec<MessageId> {
        let there: BTreeSet<_> = with.iter().map(|line| line.id).collect();
        lines.iter().map(|line| line.id).filter(|id| there.contains(id)).collect()
    };
    // Failed at its author, who blocked the reader while it was on its way: it has no place in the author's order.
    let placed = |line: &&MessageView| line.state != MessageState::Failed;
    let (mine, theirs): (Vec<_>, Vec<_>) =
        (mine.iter().filter(placed).cloned().collect(), theirs.iter().filter(placed).cloned().collect());
    let (mine, theirs) = (common(&mine, &theirs), common(&theirs, &mine));
    if let Some((at, (here, there))) =
        mine.iter().zip(&theirs).enumerate().find(|(_, (here, there))| here != there)
    {
        let (here, there) = (world.story.message(*here), world.story.message(*there));
        let (one, other) = (world.name(one), world.name(other));
        found.push(format!(
            "{one} and {other} see another order: at line {} message {here} and message {there}",
            at + 1
        ));
    }
}

/// On every leg that both can write to, both stand at the same place with the same keys; and there is one.
fn groups(world: &mut World, found: &mut Vec<String>) {
    let mut all: BTreeMap<TopicId, Vec<(usize, LegView)>> = BTreeMap::new();
    let mut conversations: BTreeMap<ConversationId, BTreeSet<usize>> = BTreeMap::new();
    let mut shared: BTreeSet<ConversationId> = BTreeSet::new();
    for index in 0..world.people.len() {
        let mut entropy = world.people[index].entropy.clone();
        let Ok(legs) = world.people[index].engine().legs(&mut entropy) else {
            found.push(format!("{}'s legs cannot be read", world.name(index)));
            continue;
        };
        for leg in legs {
            leg.conversation.map(|id| conversations.entry(id).or_default().insert(index));
            all.entry(leg.topic).or_default().push((index, leg));
        }
    }
    for (topic, places) in all {
        let number = world.story.topic(topic);
        let [(one, mine), (other, theirs)] = places.as_slice() else { continue };
        if !mine.writable || !theirs.writable {
            continue;
        }
        shared.extend(mine.conversation);
        let names = format!("{} and {}", world.name(*one), world.name(*other));
        if (mine.cursor, mine.chain) != (theirs.cursor, theirs.chain) {
            found.push(format!("{names} have read topic {number} differently"));
        }
        if mine.epoch.is_none() || (mine.epoch, &mine.authenticator) != (theirs.epoch, &theirs.authenticator)
        {
            let epochs = (mine.epoch, theirs.epoch);
            found.push(format!("{names} disagree about the keys of topic {number}: epochs {epochs:?}"));
        }
    }
    for (id, people) in conversations {
        if people.len() == 2 && !shared.contains(&id) {
            found.push("two people share no leg that both can write to".to_owned());
        }
    }
}

/// Every append that the server acknowledged is in its log.
fn promises(world: &mut World, found: &mut Vec<String>) {
    let promises = world.oracle.newest_promises();
    let Some(store) = world.server.store() else { return };
    for (topic, (seq, chain)) in promises {
        let Ok(id) = TopicId::try_from(topic.as_slice()) else { continue };
        let limit = ReadLimit { entries: 1, body_bytes: 1 };
        let number = world.story.topic(id);
        match store.entries(id, Seq(seq - 1), None, limit) {
            Err(error) => found.push(format!("the server cannot read topic {number}: {error}")),
            Ok(None) => found.push(format!("the server has lost topic {number}")),
            Ok(Some(stretch)) if stretch.newest.0 < seq => {
                found.push(format!("the server acknowledged entry {seq} of topic {number} and has lost it"));
            }
            Ok(Some(stretch)) => {
                let there = stretch.entries.first().is_some_and(|entry| entry.seq.0 == seq);
                if there && stretch.chain.as_bytes().as_slice() != chain {
                    found.push(format!("entry {seq} of topic {number} is not the one that was acknowledged"));
                }
            }
        }
    }
}
