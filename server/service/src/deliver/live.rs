//! New entries and ephemerals to connected followers: each frame is encoded once and shared.

use sotto_wire::frames::Refusal;
use sotto_wire::ids::{Chain, Seq, TopicId};
use sotto_wire::limits::{ENTRIES_BYTES_TARGET, ENTRIES_MAX};
use sotto_wire::proto::ErrorCode;
use sotto_wire::receipt::{BatchReceipt, Item};
use sotto_wire::topic::{Entry, EntryContent, TopicFrame};

use crate::batch::{Batch, Event, Run, What};
use crate::connection::{ConnectionId, Then};
use crate::connections::Offer;
use crate::limits::ENTRY_BYTES;
use crate::state::State;

/// Part of a run that fits one frame.
struct Piece {
    after: Seq,
    previous: Chain,
    entries: Vec<Entry>,
    chain: Chain,
    bytes: usize,
    to: Vec<ConnectionId>,
}

/// Offers every new entry to everybody who follows its topic. Whoever is behind is noted, to be served from the store.
pub(super) fn fan_out(state: &mut State, batch: &mut Batch) {
    for (topic, run) in std::mem::take(&mut batch.runs) {
        let first = run.first;
        let mut pieces = split(run);
        for id in state.connections.followers(topic) {
            offer(state, batch, topic, id, &mut pieces);
        }
        for piece in pieces {
            send(state, batch, topic, first, piece);
        }
    }
}

fn offer(state: &mut State, batch: &mut Batch, topic: TopicId, id: ConnectionId, pieces: &mut [Piece]) {
    for piece in pieces {
        let open = state.connections.get(id).is_some_and(|connection| connection.window.is_open());
        let Some(side) = state.connections.topic(id) else { return };
        let Some(follow) = side.get_mut(topic) else { return };
        let to = Seq(piece.after.0 + piece.entries.len() as u64);
        let offer = if open { follow.offer(piece.after, to) } else { Offer::Behind };
        match offer {
            Offer::Taken => {
                piece.to.push(id);
                spend(state, batch, id, piece.bytes);
            }
            Offer::Beyond => {}
            Offer::Behind => {
                side.wait(topic);
                batch.look_at.insert(id);
                return;
            }
        }
    }
}

/// Counts a frame on a connection, and asks for a call when its window is half used.
pub(crate) fn spend(state: &mut State, batch: &mut Batch, id: ConnectionId, bytes: usize) {
    let Some(connection) = state.connections.get_mut(id) else { return };
    connection.window.spend(bytes);
    if connection.window.should_ask() {
        connection.window.ask();
        batch.asks.insert(id);
    }
}

fn send(state: &mut State, batch: &mut Batch, topic: TopicId, first: Seq, piece: Piece) {
    if piece.to.is_empty() {
        return;
    }
    state.counters.entries_delivered += (piece.entries.len() * piece.to.len()) as u64;
    let receipt = BatchReceipt {
        from: piece.after,
        to: Seq(piece.after.0 + piece.entries.len() as u64),
        chain: piece.chain,
        first_available: first,
        minute: batch.minute(),
    };
    let receipt = batch.state(topic, Item::Batch(receipt));
    let what = What::Entries { topic, entries: piece.entries, previous: piece.previous, receipt };
    batch.events.push(Event { to: piece.to, what, then: Then::Keep });
}

fn split(run: Run) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut previous = run.previous;
    for (entry, chain) in run.entries {
        let bytes = entry_bytes(&entry);
        let full = |piece: &Piece| piece.bytes >= ENTRIES_BYTES_TARGET || piece.entries.len() >= ENTRIES_MAX;
        match pieces.last_mut().filter(|piece| !full(piece)) {
            Some(piece) => {
                piece.entries.push(entry);
                piece.chain = chain;
                piece.bytes += bytes;
            }
            None => pieces.push(Piece {
                after: Seq(entry.seq.0 - 1),
                previous,
                entries: vec![entry],
                chain,
                bytes,
                to: Vec::new(),
            }),
        }
        previous = chain;
    }
    pieces
}

/// What an entry counts in a window.
pub(super) fn entry_bytes(entry: &Entry) -> usize {
    match &entry.content {
        EntryContent::Body(body) => body.len() + ENTRY_BYTES,
        EntryContent::Expired(_) => ENTRY_BYTES,
    }
}

/// Ends the follows of closed topics, for everybody who has been sent everything; the others' end with their backlog.
pub(super) fn end_closed(state: &mut State, batch: &mut Batch) {
    for (topic, newest) in std::mem::take(&mut batch.closed) {
        for id in state.connections.followers(topic) {
            let follow = state.connections.topic(id).and_then(|side| side.get(topic));
            if follow.is_some_and(|follow| follow.sent >= follow.limit(newest)) {
                end_follow(state, batch, id, topic, ErrorCode::TopicClosed);
            }
        }
    }
}

/// Ends one follow and says why.
pub(crate) fn end_follow(
    state: &mut State,
    batch: &mut Batch,
    id: ConnectionId,
    topic: TopicId,
    code: ErrorCode,
) {
    let Some(slot) = state.connections.topic(id).and_then(|side| side.get(topic)).map(|follow| follow.slot)
    else {
        return;
    };
    state.connections.unfollow(id, topic);
    let frame = TopicFrame::FollowEnded { slot, refusal: Refusal::new(code) }.encode();
    batch.event(vec![id], frame, Then::Keep);
}
