//! One of the two people: a client process that dies and comes back, and what is known of it meanwhile.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;

use anyhow::{Context as _, bail};
use sotto_e2e::process::Process;
use sotto_e2e::socket::{Notice, Outward, Request, Socket, good};
use sotto_e2e::{Client, listening};
use sotto_engine::api::{Command, Event, OutboxKind, OutboxState};
use sotto_wire::ids::MessageId;

/// Messages a client has waiting, so that it is never idle: more than may be under way at a time.
const WAITING: usize = 24;

/// An item of the outbox has come this far.
pub(crate) type Move = (OutboxKind, OutboxState);

/// Something a client said: which one, in which of its lives; the end of a life is `None`.
pub(crate) type Heard = (usize, u32, Option<Outward>);

/// One person: the process of the moment, and what is known of it.
pub(crate) struct Side<'a> {
    pub(crate) client: &'a Client,
    pub(crate) other: &'a Client,
    pub(crate) process: Process,
    pub(crate) socket: Socket,
    pub(crate) life: u32,
    pub(crate) texts: Vec<String>,
    /// Texts handed over so far, the one that waits for its answer included.
    pub(crate) given: usize,
    /// The request that waits for its answer.
    pub(crate) pending: Option<u64>,
    /// What the client said it has queued, in order.
    pub(crate) acknowledged: Vec<MessageId>,
    pub(crate) starting_over: Option<u64>,
    pub(crate) outbox: BTreeMap<i64, (OutboxKind, OutboxState)>,
}

impl<'a> Side<'a> {
    pub(crate) fn start(
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
    pub(crate) fn feed(&mut self) -> anyhow::Result<()> {
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

    pub(crate) fn start_over(&mut self) -> anyhow::Result<bool> {
        if self.starting_over.is_some() {
            return Ok(false);
        }
        let command = Command::StartOver { conversation: self.other.target()? };
        self.starting_over = self.socket.ask(Request::Command(command))?;
        Ok(self.starting_over.is_some())
    }

    /// Takes note; returns where an outbox item moved to.
    pub(crate) fn note(&mut self, outward: Outward) -> anyhow::Result<Option<Move>> {
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

    fn note_event(&mut self, event: &Event) -> anyhow::Result<Option<Move>> {
        match *event {
            Event::Outbox { item, kind, state, .. } => {
                match state {
                    OutboxState::Done => drop(self.outbox.remove(&item)),
                    _ => drop(self.outbox.insert(item, (kind, state))),
                }
                Ok(Some((kind, state)))
            }
            Event::Alarm { ref alarm } => bail!("{} is alarmed: {alarm:?}", self.client.at()),
            _ => Ok(None),
        }
    }
}

pub(crate) fn come_up(
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
