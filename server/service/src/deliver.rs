//! The end of a call: new entries to those who follow, backlogs as far as there is room, one signature, frames.

mod backlog;
mod frames;
mod inbox;
mod live;

use std::collections::BTreeSet;

use sotto_ports::Store;

use crate::batch::Batch;
use crate::connection::{ConnectionId, Outgoing};
use crate::connections::Side;
use crate::state::State;

pub(crate) use inbox::arrived;
pub(crate) use live::{end_follow, spend};

/// Turns what a call came to into frames.
pub(crate) fn deliver<S: Store>(store: &S, state: &mut State, mut batch: Batch) -> Vec<Outgoing> {
    live::fan_out(state, &mut batch);
    live::end_closed(state, &mut batch);
    let answered: BTreeSet<ConnectionId> = batch.replies.iter().map(|reply| reply.connection).collect();
    for id in std::mem::take(&mut batch.look_at) {
        let Some(connection) = state.connections.get_mut(id) else { continue };
        if connection.closing || connection.window.is_asked() || !connection.has_backlog() {
            continue;
        }
        if answered.contains(&id) {
            // Its answer asks for a call, and the backlog is read then: in this call there may be hundreds of them.
            connection.window.ask();
            batch.asks.insert(id);
            continue;
        }
        match connection.side {
            Side::Account(_) => inbox::pump(store, state, &mut batch, id),
            Side::Topic(_) => backlog::pump(store, state, &mut batch, id),
        }
    }
    frames::encode(state, batch)
}
