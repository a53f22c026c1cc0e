//! The game: both write without a pause, and somebody is killed at each chosen moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rand_chacha::ChaCha8Rng;
use rand_core::RngCore as _;
use sotto_e2e::socket::{Answer, Outward, Question, Request, good};
use sotto_e2e::wait::PATIENCE;
use sotto_e2e::{Stage, database};
use sotto_engine::OutboxItem;
use sotto_engine::api::{Command, MessageState, MessageView, OutboxKind, OutboxState, Reply};
use sotto_wire::ids::MessageId;

use crate::side::{Heard, Move, Side, come_up};
use crate::tally::{STATES, Tally};

/// Lines of history in one answer.
const PAGE: usize = 200;
/// A moment that does not come within this time is given up for another one.
const MOMENT_WITHIN: Duration = Duration::from_secs(3);

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Victim {
    Server,
    Client(usize),
}

/// When.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) victim: Victim,
    /// Whose outbox is watched; the victim's own, if it has one.
    pub(crate) watched: usize,
    pub(crate) kind: OutboxKind,
    pub(crate) state: OutboxState,
    /// How many such events are let pass.
    pub(crate) skip: u64,
    /// And how much later.
    pub(crate) after: Duration,
}

pub(crate) struct Game<'a> {
    pub(crate) stage: &'a mut Stage,
    pub(crate) sides: [Side<'a>; 2],
    pub(crate) tell: Sender<Heard>,
    pub(crate) heard: Receiver<Heard>,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) tally: Tally,
    /// Lines that stand among others of the same minute which their writer wrote before.
    pub(crate) moved: usize,
}

impl Game<'_> {
    /// Kills until this many kills were counted.
    pub(crate) fn play(&mut self, kills: usize) -> anyhow::Result<()> {
        while self.tally.kills() < kills {
            let drawn = self.draw()?;
            if let Some(moment) = self.await_moment(drawn)? {
                // Somewhere between two messages to us: that is where most of the work is done.
                std::thread::sleep(moment.after);
                self.strike(moment).with_context(|| format!("{moment:?}"))?;
            }
        }
        Ok(())
    }

    fn draw(&mut self) -> anyhow::Result<Moment> {
        let victim = match self.rng.next_u32() % 5 {
            0 | 1 => Victim::Client(0),
            2 | 3 => Victim::Client(1),
            _ => Victim::Server,
        };
        let watched = match victim {
            Victim::Client(index) => index,
            Victim::Server => (self.rng.next_u32() % 2) as usize,
        };
        let opens_leg = self.rng.next_u32().is_multiple_of(3);
        if opens_leg {
            self.tally.start_overs += usize::from(self.sides[watched].start_over()?);
        }
        let kind = if opens_leg { OutboxKind::OpenLeg } else { OutboxKind::Message };
        // Every other time the state that was hit least, else any.
        let possible = STATES.into_iter().filter(|state| opens_leg || *state != OutboxState::Posted);
        let possible: Vec<OutboxState> = possible.collect();
        let state = match self.rng.next_u32() % 2 {
            0 => possible[self.rng.next_u32() as usize % possible.len()],
            _ => possible.into_iter().min_by_key(|state| self.tally.hits(*state, kind)).context("states")?,
        };
        let skip = if opens_leg { 0 } else { u64::from(self.rng.next_u32() % 8) };
        let after = Duration::from_micros(u64::from(self.rng.next_u32() % 2 * (self.rng.next_u32() % 4_000)));
        Ok(Moment { victim, watched, kind, state, skip, after })
    }

    /// Lets both write until the moment is there; none when it does not come.
    fn await_moment(&mut self, mut moment: Moment) -> anyhow::Result<Option<Moment>> {
        let started = Instant::now();
        while started.elapsed() < MOMENT_WITHIN {
            for side in &mut self.sides {
                side.feed()?;
            }
            let heard = match self.heard.recv_timeout(Duration::from_millis(20)) {
                Ok(heard) => heard,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => bail!("nobody is left"),
            };
            let from = heard.0;
            let moved = self.note(heard)?.filter(|_| from == moment.watched);
            match moved {
                // Rare, and not to be asked for: taken when it comes.
                Some((kind @ OutboxKind::SelfUpdate, state)) if self.tally.hits(state, kind) < 2 => {
                    return Ok(Some(Moment { kind, state, after: Duration::ZERO, ..moment }));
                }
                Some((kind, state)) if (kind, state) == (moment.kind, moment.state) && moment.skip == 0 => {
                    return Ok(Some(moment));
                }
                Some((kind, state)) if (kind, state) == (moment.kind, moment.state) => moment.skip -= 1,
                _ => {}
            }
        }
        Ok(None)
    }

    fn note(&mut self, (index, life, outward): Heard) -> anyhow::Result<Option<Move>> {
        let side = &mut self.sides[index];
        match outward {
            Some(outward) if life == side.life => side.note(outward),
            None if life == side.life => bail!("{} ended by itself", side.client.at()),
            _ => Ok(None),
        }
    }

    fn strike(&mut self, moment: Moment) -> anyhow::Result<()> {
        match moment.victim {
            Victim::Server => self.kill_server(moment),
            Victim::Client(index) => self.kill_client(index, moment),
        }
    }

    fn kill_client(&mut self, index: usize, moment: Moment) -> anyhow::Result<()> {
        self.sides[index].process.kill()?;
        let left = database::outbox_of(self.sides[index].client.profile())?;
        self.hear_last_words(index)?;
        self.tally.count(moment, &left);
        let side = &mut self.sides[index];
        side.life += 1;
        (side.process, side.socket) = come_up(side.client, index, side.life, &self.tell)?;
        side.starting_over = None;
        self.reconcile(index)?;
        self.look_into_outbox(index)?;
        Ok(())
    }

    /// What it said before it was killed counts: above all, what it acknowledged.
    fn hear_last_words(&mut self, index: usize) -> anyhow::Result<()> {
        loop {
            let heard = self.heard.recv_timeout(PATIENCE).context("the last words of a killed client")?;
            if heard.0 == index && heard.1 == self.sides[index].life && heard.2.is_none() {
                return Ok(());
            }
            self.note(heard)?;
        }
    }

    /// A text without an answer was queued or was not: the history says which, and everything acknowledged is in it.
    fn reconcile(&mut self, index: usize) -> anyhow::Result<()> {
        let lines = self.page(index, None)?;
        let side = &mut self.sides[index];
        let own: Vec<&MessageView> = lines.iter().filter(|line| line.own).collect();
        let kept = own.iter().any(|line| Some(line.id) == side.acknowledged.last().copied());
        ensure!(kept, "the last message that was acknowledged is gone");
        let known: BTreeSet<_> = side.acknowledged.iter().rev().take(2 * PAGE).collect();
        let newer: Vec<_> = own.into_iter().filter(|line| !known.contains(&line.id)).collect();
        let text = side.texts[side.given.saturating_sub(1) % side.texts.len()].as_str();
        match (side.pending.take(), newer.as_slice()) {
            (None, []) => {}
            (Some(_), [line]) if line.text.as_deref() == Some(text) => side.acknowledged.push(line.id),
            // Given again: it was not queued.
            (Some(_), []) => side.given -= 1,
            (_, unexpected) => bail!("nobody wrote these {} lines", unexpected.len()),
        }
        Ok(())
    }

    /// What stands in both histories before the game begins.
    pub(crate) fn remember_introduction(&mut self) -> anyhow::Result<()> {
        for index in [0, 1] {
            let lines = self.page(index, None)?;
            self.sides[index].acknowledged =
                lines.iter().filter(|line| line.own).map(|line| line.id).collect();
            ensure!(self.sides[index].acknowledged.len() == 1);
        }
        Ok(())
    }

    fn page(&mut self, index: usize, before: Option<MessageId>) -> anyhow::Result<Vec<MessageView>> {
        let question = Question::History { of: self.sides[index].other.target()?, limit: PAGE, before };
        match self.ask(index, Request::Question(question))? {
            Answer::Messages(lines) => Ok(lines),
            other => bail!("no history: {other:?}"),
        }
    }

    fn look_into_outbox(&mut self, index: usize) -> anyhow::Result<Vec<OutboxItem>> {
        let Answer::Outbox(items) = self.ask(index, Request::Question(Question::Outbox))? else {
            bail!("no outbox");
        };
        self.sides[index].outbox = items.iter().map(|item| (item.item, (item.kind, item.state))).collect();
        Ok(items)
    }

    /// Asks one client and goes on hearing both.
    fn ask(&mut self, index: usize, request: Request) -> anyhow::Result<Answer> {
        let asked = self.sides[index].socket.ask(request)?.context("the client is gone")?;
        loop {
            let heard = self.heard.recv_timeout(PATIENCE).context("a client does not answer")?;
            match heard {
                (from, life, Some(Outward::Answer { id, result }))
                    if from == index && life == self.sides[index].life && id == asked =>
                {
                    return good(result);
                }
                other => drop(self.note(other)?),
            }
        }
    }

    /// Both clients live on: what their outboxes hold now cannot have left any more.
    fn kill_server(&mut self, moment: Moment) -> anyhow::Result<()> {
        self.stage.server.kill()?;
        let mut left = self.look_into_outbox(0)?;
        left.extend(self.look_into_outbox(1)?);
        self.tally.count(moment, &left);
        self.stage.server.restart()
    }

    /// Nothing new is written; everything arrives.
    pub(crate) fn finish(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        while self.sides.iter().any(|side| side.pending.is_some() || side.starting_over.is_some()) {
            let heard = self.heard.recv_timeout(PATIENCE).context("answers that are due")?;
            self.note(heard)?;
        }
        while started.elapsed() < PATIENCE {
            let mut waiting = 0;
            for index in [0, 1, 0] {
                match self.ask(index, Request::Command(Command::Sync))?.reply()? {
                    Reply::Synced { waiting: more } => waiting += more,
                    other => bail!("expected a sync, got {other:?}"),
                }
            }
            if waiting == 0 {
                return Ok(());
            }
        }
        bail!("some messages never left")
    }

    fn history(&mut self, index: usize) -> anyhow::Result<Vec<MessageView>> {
        let (mut pages, mut before) = (Vec::new(), None);
        loop {
            let page = self.page(index, before)?;
            before = page.first().map(|line| line.id);
            let whole = page.len() < PAGE;
            pages.push(page);
            if whole {
                return Ok(pages.into_iter().rev().flatten().collect());
            }
        }
    }

    pub(crate) fn compare(&mut self) -> anyhow::Result<usize> {
        let histories = [self.history(0)?, self.history(1)?];
        let ids = |lines: &[MessageView]| lines.iter().map(|line| line.id).collect::<Vec<_>>();
        let (one, other) = (ids(&histories[0]), ids(&histories[1]));
        ensure!(one.len() == one.iter().collect::<BTreeSet<_>>().len(), "nothing is there twice");
        ensure!(BTreeSet::from_iter(&one) == BTreeSet::from_iter(&other), "both have the same messages");
        ensure!(one == other, "and in the same order");
        for (index, side) in self.sides.iter().enumerate() {
            let own: Vec<&MessageView> = histories[index].iter().filter(|line| line.own).collect();
            let kept: BTreeMap<MessageId, &MessageView> = own.iter().map(|line| (line.id, *line)).collect();
            let lost = side.acknowledged.iter().filter(|id| !kept.contains_key(id)).count();
            ensure!(
                lost == 0,
                "{} has lost {lost} of {} messages",
                side.client.at(),
                side.acknowledged.len()
            );
            ensure!(kept.len() == side.acknowledged.len(), "nothing that was not acknowledged");
            ensure!(own.iter().all(|line| line.state == MessageState::Accepted && line.failure.is_none()));
            for (given, id) in side.acknowledged.iter().skip(1).enumerate() {
                let text = side.texts[given % side.texts.len()].as_str();
                ensure!(kept[id].text.as_deref() == Some(text), "as it was written");
            }
            let texts = |lines: &[MessageView], id: &MessageId| {
                lines.iter().find(|line| line.id == *id).map(|line| line.text.clone())
            };
            ensure!(own.iter().all(|line| texts(&histories[1 - index], &line.id) == Some(line.text.clone())));
            // Where both start over at once, two topics are one conversation, and the server orders each of them only.
            let placed: Vec<_> = side.acknowledged.iter().map(|id| kept[id].minute).collect();
            ensure!(placed.is_sorted(), "in the order they were written, to the minute");
            self.moved += own.iter().zip(&side.acknowledged).filter(|(line, id)| line.id != **id).count();
        }
        Ok(one.len())
    }
}
