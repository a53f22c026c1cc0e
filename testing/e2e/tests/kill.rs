//! `kill -9` of the server and of both clients, two hundred times, in the middle of a conversation.
//!
//! Both write without a pause, the declaration in many languages, and now and then start over on a new leg. A kill
//! waits for a moment drawn from a seed: the n-th time that an item of somebody's outbox reaches a certain state. What
//! the outbox held at that instant is read from the database the kill left behind, and counted by state.
//!
//! Afterwards: whatever a client acknowledged is in both histories, once and in order; both histories are the same;
//! nobody was alarmed; the server's databases are whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use sotto_e2e::process::Process;
use sotto_e2e::socket::{Answer, Notice, Outward, Question, Request, Socket, good};
use sotto_e2e::wait::PATIENCE;
use sotto_e2e::{Client, Stage, database, inputs, listening};
use sotto_engine::OutboxItem;
use sotto_engine::api::{Command, Event, MessageState, MessageView, OutboxKind, OutboxState, Reply};
use sotto_wire::ids::MessageId;

const KILLS: usize = 200;
/// Lines of history in one answer.
const PAGE: usize = 200;
const LANGUAGES: usize = 100;
/// Messages a client has waiting at least, so that it is never idle: more than may be under way at a time.
const WAITING: usize = 24;
/// A moment that does not come within this time is given up for another one.
const MOMENT_WITHIN: Duration = Duration::from_secs(3);
/// Another one plays another game.
const SEED_VARIABLE: &str = "SOTTO_TEST_SEED";

const STATES: [OutboxState; 6] = [
    OutboxState::Queued,
    OutboxState::Staged,
    OutboxState::Sent,
    OutboxState::Applied,
    OutboxState::Posted,
    OutboxState::Done,
];
const KINDS: [OutboxKind; 3] = [OutboxKind::Message, OutboxKind::OpenLeg, OutboxKind::SelfUpdate];

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Victim {
    Server,
    Client(usize),
}

/// When.
#[derive(Debug, Clone, Copy)]
struct Moment {
    victim: Victim,
    /// Whose outbox is watched; the victim's own, if it has one.
    watched: usize,
    state: OutboxState,
    /// How many such events are let pass.
    skip: u64,
}

/// One person: the process of the moment, and what is known of it.
struct Side<'a> {
    client: &'a Client,
    other: &'a Client,
    process: Process,
    socket: Socket,
    life: u32,
    texts: Vec<String>,
    /// Texts handed over so far, the one that waits for its answer included.
    given: usize,
    /// The request that waits for its answer.
    pending: Option<u64>,
    /// What the client said it has queued, in order.
    acknowledged: Vec<MessageId>,
    starting_over: Option<u64>,
    outbox: BTreeMap<i64, (OutboxKind, OutboxState)>,
}

/// Something a client said, with whose and in which of its lives; the end of a life is `None`.
type Heard = (usize, u32, Option<Outward>);

struct Game<'a> {
    stage: &'a mut Stage,
    sides: [Side<'a>; 2],
    tell: Sender<Heard>,
    heard: Receiver<Heard>,
    rng: ChaCha8Rng,
    tally: Tally,
}

/// Kills by what the outbox held.
#[derive(Default)]
struct Tally {
    by_state: HashMap<(OutboxState, Victim), usize>,
    by_kind: HashMap<(usize, usize), usize>,
    kills: HashMap<Victim, usize>,
    start_overs: usize,
}

impl<'a> Side<'a> {
    fn start(
        client: &'a Client,
        other: &'a Client,
        index: usize,
        texts: Vec<String>,
        tell: &Sender<Heard>,
    ) -> anyhow::Result<Self> {
        let (process, socket) = come_up(client, index, 0, tell)?;
        Ok(Self {
            client,
            other,
            process,
            socket,
            life: 0,
            texts,
            given: 0,
            pending: None,
            acknowledged: Vec::new(),
            starting_over: None,
            outbox: BTreeMap::new(),
        })
    }

    /// Hands over the next text unless enough are waiting or an answer is.
    fn feed(&mut self) -> anyhow::Result<()> {
        if self.pending.is_some() || self.outbox.len() >= WAITING {
            return Ok(());
        }
        let text = self.texts[self.given % self.texts.len()].clone();
        self.given += 1;
        let command = Command::Send { to: self.other.target()?, text };
        // A client that is gone says so in a moment; the text stays given.
        self.pending = self.socket.ask(Request::Command(command))?.or(Some(0));
        Ok(())
    }

    fn start_over(&mut self) -> anyhow::Result<bool> {
        if self.starting_over.is_some() {
            return Ok(false);
        }
        let command = Command::StartOver { conversation: self.other.target()? };
        self.starting_over = self.socket.ask(Request::Command(command))?;
        Ok(self.starting_over.is_some())
    }

    /// Takes note; returns where an outbox item moved to.
    fn note(&mut self, outward: Outward) -> anyhow::Result<Option<OutboxState>> {
        match outward {
            Outward::Answer { id, result } if Some(id) == self.pending => {
                self.acknowledged.push(good(result)?.queued()?);
                self.pending = None;
            }
            Outward::Answer { id, result } if Some(id) == self.starting_over => {
                good(result).context("starting over")?;
                self.starting_over = None;
            }
            Outward::Answer { .. } => {}
            Outward::Notice(Notice::Event { event }) => return self.note_event(&event),
            Outward::Notice(Notice::Missed | Notice::Storage { .. }) => bail!("a notice that must not come"),
            Outward::Notice(_) => {}
        }
        Ok(None)
    }

    fn note_event(&mut self, event: &Event) -> anyhow::Result<Option<OutboxState>> {
        match *event {
            Event::Outbox { item, kind, state, .. } => {
                match state {
                    OutboxState::Done => drop(self.outbox.remove(&item)),
                    _ => drop(self.outbox.insert(item, (kind, state))),
                }
                Ok(Some(state))
            }
            Event::Alarm { ref alarm } => bail!("{} is alarmed: {alarm:?}", self.client.at()),
            _ => Ok(None),
        }
    }
}

fn come_up(
    client: &Client,
    index: usize,
    life: u32,
    tell: &Sender<Heard>,
) -> anyhow::Result<(Process, Socket)> {
    let mut process = listening::launch(client)?;
    let tell = tell.clone();
    let socket =
        listening::attach(client, &mut process, move |outward| tell.send((index, life, outward)).is_ok())?;
    Ok((process, socket))
}

impl Game<'_> {
    fn play(&mut self) -> anyhow::Result<()> {
        while self.tally.total() < KILLS {
            let moment = self.draw()?;
            if self.await_moment(moment)? {
                self.strike(moment).with_context(|| format!("{moment:?}"))?;
            }
        }
        Ok(())
    }

    /// The next moment: for this victim, the state it was hit in least.
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
        let random = self.rng.next_u32() as usize % STATES.len();
        let hits = |state: &OutboxState| self.tally.by_state.get(&(*state, victim)).copied().unwrap_or(0);
        // Every other time any state at all.
        let state = match self.rng.next_u32() % 2 {
            0 => STATES[random],
            _ => STATES.into_iter().min_by_key(hits).context("states")?,
        };
        let mut skip = u64::from(self.rng.next_u32() % 8);
        if state == OutboxState::Posted || self.rng.next_u32().is_multiple_of(8) {
            self.tally.start_overs += usize::from(self.sides[watched].start_over()?);
            skip %= 2;
        }
        Ok(Moment { victim, watched, state, skip })
    }

    /// Lets both write until the moment is there; false when it does not come.
    fn await_moment(&mut self, moment: Moment) -> anyhow::Result<bool> {
        let (started, mut skip) = (Instant::now(), moment.skip);
        while started.elapsed() < MOMENT_WITHIN {
            for side in &mut self.sides {
                side.feed()?;
            }
            match self.heard.recv_timeout(Duration::from_millis(20)) {
                Ok(heard) => {
                    let from = heard.0;
                    let moved = self.note(heard)?;
                    if from == moment.watched && moved == Some(moment.state) {
                        if skip == 0 {
                            return Ok(true);
                        }
                        skip -= 1;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("nobody is left"),
            }
        }
        Ok(false)
    }

    fn note(&mut self, (index, life, outward): Heard) -> anyhow::Result<Option<OutboxState>> {
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
        let last = own.iter().position(|line| Some(line.id) == side.acknowledged.last().copied());
        let newer = &own[last.context("the last message that was acknowledged is gone")? + 1..];
        let text = side.texts[side.given.saturating_sub(1) % side.texts.len()].as_str();
        match (side.pending.take(), newer) {
            (None, []) => {}
            (Some(_), [line]) if line.text.as_deref() == Some(text) => side.acknowledged.push(line.id),
            // Given again: it was not queued.
            (Some(_), []) => side.given -= 1,
            (_, unexpected) => bail!("nobody wrote these {} lines", unexpected.len()),
        }
        Ok(())
    }

    /// What stands in both histories before the game begins.
    fn remember_introduction(&mut self) -> anyhow::Result<()> {
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
    fn finish(&mut self) -> anyhow::Result<()> {
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

    fn compare(&mut self) -> anyhow::Result<usize> {
        let histories = [self.history(0)?, self.history(1)?];
        let ids = |lines: &[MessageView]| lines.iter().map(|line| line.id).collect::<Vec<_>>();
        let (one, other) = (ids(&histories[0]), ids(&histories[1]));
        ensure!(one.len() == one.iter().collect::<BTreeSet<_>>().len(), "nothing is there twice");
        ensure!(BTreeSet::from_iter(&one) == BTreeSet::from_iter(&other), "both have the same messages");
        ensure!(one == other, "and in the same order");
        for (index, side) in self.sides.iter().enumerate() {
            let own: Vec<&MessageView> = histories[index].iter().filter(|line| line.own).collect();
            ensure!(
                own.iter().map(|line| line.id).eq(side.acknowledged.iter().copied()),
                "acknowledged is kept, once"
            );
            ensure!(own.iter().all(|line| line.state == MessageState::Accepted && line.failure.is_none()));
            let texts = (0..side.given).map(|given| Some(side.texts[given % side.texts.len()].as_str()));
            let here = own.iter().skip(1);
            ensure!(here.map(|line| line.text.as_deref()).eq(texts.clone()), "as written");
            let there = histories[1 - index].iter().filter(|line| !line.own).skip(1);
            ensure!(there.map(|line| line.text.as_deref()).eq(texts), "as written, at the other end");
        }
        Ok(one.len())
    }
}

impl Tally {
    fn total(&self) -> usize {
        self.kills.values().sum()
    }

    /// A kill counts for every state that an item was in, unless nothing was under way: then it does not count.
    fn count(&mut self, moment: Moment, left: &[OutboxItem]) {
        if left.is_empty() {
            return;
        }
        *self.kills.entry(moment.victim).or_default() += 1;
        let mut states: BTreeSet<usize> =
            left.iter().filter_map(|item| place(&STATES, &item.state)).collect();
        // What is done has left the outbox: the kill came right after the news of it.
        if moment.state == OutboxState::Done {
            states.extend(place(&STATES, &OutboxState::Done));
        }
        for state in states {
            *self.by_state.entry((STATES[state], moment.victim)).or_default() += 1;
        }
        let places = |item: &OutboxItem| Some((place(&KINDS, &item.kind)?, place(&STATES, &item.state)?));
        for kind in left.iter().filter_map(places).collect::<BTreeSet<_>>() {
            *self.by_kind.entry(kind).or_default() += 1;
        }
    }

    fn hits(&self, state: OutboxState) -> usize {
        self.by_state.iter().filter(|((hit, _), _)| *hit == state).map(|(_, count)| count).sum()
    }

    fn table(&self) -> anyhow::Result<String> {
        let victims = [Victim::Client(0), Victim::Client(1), Victim::Server];
        let mut table = String::new();
        let killed = victims.map(|victim| self.kills.get(&victim).copied().unwrap_or(0));
        writeln!(
            table,
            "kills with an item in this state    @alice  @bob  sottod  |  message  open leg  self-update"
        )?;
        for (row, state) in STATES.into_iter().enumerate() {
            let [one, other, server] =
                victims.map(|victim| self.by_state.get(&(state, victim)).copied().unwrap_or(0));
            let [message, leg, update] =
                [0, 1, 2].map(|kind| self.by_kind.get(&(kind, row)).copied().unwrap_or(0));
            let name = format!("{state:?}").to_lowercase();
            writeln!(
                table,
                "{name:<35} {one:>6} {other:>5} {server:>7}  | {message:>8} {leg:>9} {update:>12}"
            )?;
        }
        writeln!(table, "{:<35} {:>6} {:>5} {:>7}", "kills in all", killed[0], killed[1], killed[2])?;
        Ok(table)
    }
}

fn place<T: PartialEq>(all: &[T], one: &T) -> Option<usize> {
    all.iter().position(|known| known == one)
}

#[test]
fn two_hundred_kills_lose_and_double_nothing() -> anyhow::Result<()> {
    let seed = std::env::var(SEED_VARIABLE).ok().map_or(Ok(1948), |seed| seed.parse())?;
    let mut stage = Stage::new()?;
    let (alice, bob) = stage.two_contacts()?;
    let articles: Vec<String> =
        inputs::some_languages(LANGUAGES)?.into_iter().flat_map(|language| language.articles).collect();
    let every_other = |first| articles.iter().skip(first).step_by(2).cloned().collect();
    let (tell, heard) = channel();
    let sides = [
        Side::start(&alice, &bob, 0, every_other(0), &tell)?,
        Side::start(&bob, &alice, 1, every_other(1), &tell)?,
    ];
    let rng = ChaCha8Rng::seed_from_u64(seed);
    let started = Instant::now();
    let mut game = Game { stage: &mut stage, sides, tell, heard, rng, tally: Tally::default() };
    game.remember_introduction()?;
    game.play().with_context(|| format!("{SEED_VARIABLE}={seed}"))?;
    let killing = started.elapsed().as_secs_f64();
    game.finish()?;
    let messages = game.compare().with_context(|| format!("{SEED_VARIABLE}={seed}"))?;
    println!(
        "{} kills in {killing:.0} s, {messages} messages, {} new legs asked for, seed {seed}\n{}",
        game.tally.total(),
        game.tally.start_overs,
        game.tally.table()?
    );
    for state in STATES {
        ensure!(game.tally.hits(state) > 0, "no kill hit an item that was {state:?}");
    }
    ensure!(game.tally.total() >= KILLS);
    drop(game);
    for who in [&alice, &bob] {
        let mut there = who.listen()?;
        let alarms = there.alarms()?;
        ensure!(alarms.is_empty(), "an honest server raises no alarm: {alarms:?}");
    }
    stage.server.stop()?;
    let databases = database::check_server(stage.server.data())?;
    println!("{databases} databases of the server are whole");
    Ok(())
}
