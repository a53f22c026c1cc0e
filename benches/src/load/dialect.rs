//! What arrives on a connection, in the words of the protocol that is spoken on it.

use anyhow::{Context as _, bail};

use super::link::Link;
use super::skim::{Skimmed, skim};
use super::websocket::{self, Kind, Message};

/// Ids from here on are acknowledgements; those below are appends.
pub const FIRST_ACK_ID: u32 = 1 << 20;

/// The protocol on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Sotto's topic plane.
    Sotto,
    /// XMPP.
    Xmpp,
}

/// What arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// Appends that are durable.
    pub answers: u32,
    /// Acknowledgements that were taken.
    pub acks: u32,
    /// Messages for whoever reads on this connection.
    pub messages: u32,
    /// Sequence number of the newest.
    pub newest: u64,
}

impl Dialect {
    /// Takes everything that is whole out of the inbox.
    ///
    /// # Errors
    /// When the server refuses something or ends the conversation: a run with refusals measures nothing.
    pub fn take(self, link: &mut Link) -> anyhow::Result<Arrivals> {
        match self {
            Self::Sotto => take_frames(link),
            Self::Xmpp => Ok(take_stanzas(link)),
        }
    }
}

fn take_frames(link: &mut Link) -> anyhow::Result<Arrivals> {
    let mut arrivals = Arrivals::default();
    loop {
        let inbox = link.inbox();
        let Some((message, length)) = websocket::first(inbox.bytes())? else { return Ok(arrivals) };
        let mut pong = None;
        match message {
            Message::Binary(frame) => match skim(frame).context("no frame of the topic plane")? {
                Skimmed::Granted { id } if id >= FIRST_ACK_ID => arrivals.acks += 1,
                Skimmed::Granted { .. } => arrivals.answers += 1,
                Skimmed::Entries { count, last } => {
                    arrivals.messages += count;
                    arrivals.newest = last;
                }
                Skimmed::Refused => bail!("the server refused a request"),
                Skimmed::Other => {}
            },
            Message::Ping(payload) => pong = Some(websocket::frame(Kind::Pong, payload)),
            Message::Pong => {}
        }
        inbox.take(length);
        if let Some(pong) = pong {
            link.queue(&pong);
        }
    }
}

/// The end of a message stanza.
const STANZA_END: &[u8] = b"</message>";

fn take_stanzas(link: &mut Link) -> Arrivals {
    let mut arrivals = Arrivals::default();
    let inbox = link.inbox();
    while let Some(at) = inbox.bytes().windows(STANZA_END.len()).position(|part| part == STANZA_END) {
        arrivals.messages += 1;
        inbox.take(at + STANZA_END.len());
    }
    arrivals
}
