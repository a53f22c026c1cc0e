//! A follower's backlog, read from the store piece by piece: as much as the connection has room for, each topic in
//! turn.

use sotto_ports::Store;
use sotto_ports::logs::{ReadLimit, Stretch};
use sotto_wire::ids::{Seq, TopicId};
use sotto_wire::limits::{ENTRIES_BYTES_TARGET, ENTRIES_MAX};
use sotto_wire::proto::ErrorCode;
use sotto_wire::receipt::{BatchReceipt, Item};

use super::live::{end_follow, entry_bytes};
use crate::batch::{Batch, Event, What};
use crate::connection::{ConnectionId, Then};
use crate::connections::Follow;
use crate::state::State;

/// Sends what fits; what remains waits for the next call to `writable`, which the last frame asks for.
pub(super) fn pump<S: Store>(store: &S, state: &mut State, batch: &mut Batch, id: ConnectionId) {
    while state.connections.get(id).is_some_and(|connection| connection.window.is_open()) {
        let Some(topic) = state.connections.topic(id).and_then(|side| side.next()) else { break };
        if let Err(error) = piece(store, state, batch, id, topic) {
            state.storage_failed(error);
            // The store does not answer: the next tick tries again.
            state.connections.topic(id).into_iter().for_each(|side| side.wait(topic));
            state.stalled.insert(id);
            return;
        }
    }
    let Some(connection) = state.connections.get_mut(id) else { return };
    if connection.has_backlog() || connection.window.should_ask() {
        connection.window.ask();
        batch.asks.insert(id);
    }
}

/// One frame of one topic.
fn piece<S: Store>(
    store: &S,
    state: &mut State,
    batch: &mut Batch,
    id: ConnectionId,
    topic: TopicId,
) -> Result<(), sotto_ports::StorageError> {
    let room = state.connections.get(id).map_or(0, |connection| connection.window.room());
    let Some(follow) = state.connections.topic(id).and_then(|side| side.get(topic)).cloned() else {
        return Ok(());
    };
    let limit = ReadLimit { entries: ENTRIES_MAX, body_bytes: room.min(ENTRIES_BYTES_TARGET) };
    let Some(stretch) = store.entries(topic, follow.sent, follow.end, limit)? else {
        end_follow(state, batch, id, topic, ErrorCode::TopicUnknown);
        return Ok(());
    };
    let newest = stretch.newest;
    let sent = Seq(stretch.after.0 + stretch.entries.len() as u64);
    if !stretch.entries.is_empty() {
        send(state, batch, id, topic, stretch);
    }
    settle(state, batch, id, topic, &follow, sent, newest);
    Ok(())
}

fn send(state: &mut State, batch: &mut Batch, id: ConnectionId, topic: TopicId, stretch: Stretch) {
    let bytes = stretch.entries.iter().map(entry_bytes).sum();
    state.connections.get_mut(id).into_iter().for_each(|connection| connection.window.spend(bytes));
    state.counters.entries_delivered += stretch.entries.len() as u64;
    let receipt = BatchReceipt {
        from: stretch.after,
        to: Seq(stretch.after.0 + stretch.entries.len() as u64),
        chain: stretch.chain,
        first_available: stretch.first,
        minute: batch.minute(),
    };
    let receipt = batch.state(topic, Item::Batch(receipt));
    let what = What::Entries { topic, entries: stretch.entries, previous: stretch.previous, receipt };
    batch.events.push(Event { to: vec![id], what, then: Then::Keep });
}

/// Notes how far the topic has been sent, and whether its turn comes again.
fn settle(
    state: &mut State,
    batch: &mut Batch,
    id: ConnectionId,
    topic: TopicId,
    before: &Follow,
    sent: Seq,
    newest: Seq,
) {
    let Some(side) = state.connections.topic(id) else { return };
    if let Some(follow) = side.get_mut(topic) {
        follow.sent = sent.max(before.sent);
    }
    if sent < before.limit(newest) {
        side.wait(topic);
    } else if before.closed {
        end_follow(state, batch, id, topic, ErrorCode::TopicClosed);
    }
}
