//! Kills counted by what the outbox held at that instant.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use anyhow::ensure;
use sotto_engine::OutboxItem;
use sotto_engine::api::{OutboxKind, OutboxState};

use crate::game::{Moment, Victim};

pub(crate) const STATES: [OutboxState; 6] = [
    OutboxState::Queued,
    OutboxState::Staged,
    OutboxState::Sent,
    OutboxState::Applied,
    OutboxState::Posted,
    OutboxState::Done,
];
const KINDS: [OutboxKind; 3] = [OutboxKind::Message, OutboxKind::OpenLeg, OutboxKind::SelfUpdate];
const VICTIMS: [Victim; 3] = [Victim::Client(0), Victim::Client(1), Victim::Server];

/// A kill counts for every state that some item was in.
#[derive(Default)]
pub(crate) struct Tally {
    by_victim: HashMap<(OutboxState, Victim), usize>,
    /// By their places in [`STATES`] and [`KINDS`].
    by_kind: HashMap<(usize, usize), usize>,
    kills: HashMap<Victim, usize>,
    pub(crate) start_overs: usize,
}

impl Tally {
    pub(crate) fn kills(&self) -> usize {
        self.kills.values().sum()
    }

    /// Counts a kill, unless nothing was under way: then it is none of those that are asked for.
    pub(crate) fn count(&mut self, moment: Moment, left: &[OutboxItem]) {
        if left.is_empty() {
            return;
        }
        *self.kills.entry(moment.victim).or_default() += 1;
        let mut hit: BTreeSet<(usize, usize)> = left
            .iter()
            .filter_map(|item| Some((place(&STATES, &item.state)?, place(&KINDS, &item.kind)?)))
            .collect();
        // What is done has left the outbox: the kill came right after the news of it.
        if moment.state == OutboxState::Done {
            hit.extend(place(&STATES, &OutboxState::Done).zip(place(&KINDS, &moment.kind)));
        }
        for state in hit.iter().map(|(state, _)| *state).collect::<BTreeSet<_>>() {
            *self.by_victim.entry((STATES[state], moment.victim)).or_default() += 1;
        }
        for places in hit {
            *self.by_kind.entry(places).or_default() += 1;
        }
    }

    pub(crate) fn hits(&self, state: OutboxState, kind: OutboxKind) -> usize {
        let places = place(&STATES, &state).zip(place(&KINDS, &kind));
        places.and_then(|places| self.by_kind.get(&places)).copied().unwrap_or(0)
    }

    /// Fails when some state was never hit.
    pub(crate) fn covers_every_state(&self) -> anyhow::Result<()> {
        for state in STATES {
            let hits: usize = KINDS.iter().map(|kind| self.hits(state, *kind)).sum();
            ensure!(hits > 0, "no kill hit an item that was {state:?}");
        }
        Ok(())
    }

    pub(crate) fn table(&self) -> anyhow::Result<String> {
        let mut table = String::new();
        writeln!(
            table,
            "kills with an item that was    @alice  @bob  sottod  |  message  open leg  self-update"
        )?;
        for state in STATES {
            let [one, other, server] =
                VICTIMS.map(|victim| self.by_victim.get(&(state, victim)).copied().unwrap_or(0));
            let [message, leg, update] = KINDS.map(|kind| self.hits(state, kind));
            let name = format!("{state:?}").to_lowercase();
            writeln!(
                table,
                "{name:<30} {one:>6} {other:>5} {server:>7}  | {message:>8} {leg:>9} {update:>12}"
            )?;
        }
        let [one, other, server] = VICTIMS.map(|victim| self.kills.get(&victim).copied().unwrap_or(0));
        writeln!(table, "{:<30} {one:>6} {other:>5} {server:>7}", "in all")?;
        Ok(table)
    }
}

fn place<T: PartialEq>(all: &[T], one: &T) -> Option<usize> {
    all.iter().position(|known| known == one)
}
