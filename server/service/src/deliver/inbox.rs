//! Inbox items to the device they are for: stored ones piece by piece, new ones as they come.

use bytes::Bytes;
use sotto_ports::Store;
use sotto_wire::account::{AccountFrame, InboxItem};
use sotto_wire::ids::{AccountId, DeviceId, InboxKey};
use sotto_wire::limits::{INBOX_ITEMS_MAX, INBOX_ITEMS_PER_FRAME_MAX};

use super::live::spend;
use crate::batch::Batch;
use crate::connection::{ConnectionId, Then};
use crate::connections::Who;
use crate::limits::INBOX_BYTES_TARGET;
use crate::state::State;

/// An item was dropped: whoever follows that inbox gets it now, or in its turn.
pub(crate) fn arrived(
    state: &mut State,
    batch: &mut Batch,
    account: AccountId,
    device: DeviceId,
    key: InboxKey,
    sealed: &Bytes,
) {
    let mut at_once = Vec::new();
    for id in state.connections.of_device(account, device) {
        let open = state.connections.get(id).is_some_and(|connection| connection.window.is_open());
        let Some(waiting) = state.connections.account(id).and_then(|side| side.inbox.as_mut()) else {
            continue;
        };
        if open && waiting.is_empty() {
            at_once.push(id);
            spend(state, batch, id, sealed.len());
        } else {
            // More than an inbox holds have been acked since, whichever they are.
            waiting.truncate(INBOX_ITEMS_MAX);
            waiting.push_back(key);
            batch.look_at.insert(id);
        }
    }
    let item = InboxItem { key, sealed: sealed.clone() };
    batch.event(at_once, AccountFrame::InboxItems(vec![item]).encode(), Then::Keep);
}

/// Sends what fits of the items that wait.
pub(super) fn pump<S: Store>(store: &S, state: &mut State, batch: &mut Batch, id: ConnectionId) {
    while state.connections.get(id).is_some_and(|connection| connection.window.is_open()) {
        match items(store, state, id) {
            Ok(items) if items.is_empty() => break,
            Ok(items) => {
                let bytes = items.iter().map(|item| item.sealed.len()).sum();
                state
                    .connections
                    .get_mut(id)
                    .into_iter()
                    .for_each(|connection| connection.window.spend(bytes));
                batch.event(vec![id], AccountFrame::InboxItems(items).encode(), Then::Keep);
            }
            Err(error) => {
                state.storage_failed(error);
                state.stalled.insert(id);
                return;
            }
        }
    }
    let Some(connection) = state.connections.get_mut(id) else { return };
    if connection.has_backlog() || connection.window.should_ask() {
        connection.window.ask();
        batch.asks.insert(id);
    }
}

/// The next items; none when nothing waits any more.
fn items<S: Store>(
    store: &S,
    state: &mut State,
    id: ConnectionId,
) -> Result<Vec<InboxItem>, sotto_ports::StorageError> {
    let (mut items, mut bytes) = (Vec::new(), 0);
    while items.len() < INBOX_ITEMS_PER_FRAME_MAX && bytes < INBOX_BYTES_TARGET {
        let Some(side) = state.connections.account(id) else { break };
        let (Some(Who { account, device }), Some(waiting)) = (side.who, side.inbox.as_mut()) else { break };
        let Some(key) = waiting.front().copied() else { break };
        // Read before it is taken off, so that a failure loses nothing. It may have been acked by another connection.
        if let Some(sealed) = store.inbox_item(account, device, key)? {
            bytes += sealed.len();
            items.push(InboxItem { key, sealed });
        }
        waiting.pop_front();
    }
    Ok(items)
}
