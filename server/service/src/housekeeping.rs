//! What time brings: trimming, time-to-live, expiry, and limits that run empty. A bounded amount per tick.

use sotto_ports::directory::Expire;
use sotto_ports::logs::Sweep;
use sotto_ports::{DirectoryOp, DirectoryOutcome, LogOp, LogOutcome, StorageError, Store};
use sotto_wire::ids::{Day, Millis, TopicId};

use crate::limits::{EXPIRED_PER_TICK, SWEEPS_PER_BATCH, SWEEPS_PER_TICK};
use crate::state::State;

pub(crate) fn tick<S: Store>(store: &mut S, state: &mut State, now: Millis) {
    state.limits.prune(now);
    let today = now.minute().day();
    // What fails now is due still at the next tick.
    for done in [sweep(store, state, today), expire(store, state, today)] {
        done.unwrap_or_else(|error| state.storage_failed(error));
    }
}

/// Sweeps the topics with new acks, and those whose day has come.
fn sweep<S: Store>(store: &mut S, state: &mut State, today: Day) -> Result<(), StorageError> {
    let mut topics: Vec<TopicId> = state.touched.iter().copied().take(SWEEPS_PER_TICK).collect();
    let room = SWEEPS_PER_TICK - topics.len();
    topics.extend(store.due(today, room)?);
    let mut changed = false;
    for some in topics.chunks(SWEEPS_PER_BATCH) {
        let batch = some.iter().map(|topic| LogOp::Sweep(Sweep { topic: *topic, today })).collect();
        for outcome in store.apply_to_logs(batch)? {
            if let LogOutcome::Sweep(swept) = outcome {
                state.counters.bodies_emptied += u64::from(swept.emptied);
                state.counters.entries_trimmed += u64::from(swept.trimmed);
                changed |= swept.emptied + swept.trimmed > 0;
            }
        }
        for topic in some {
            state.touched.remove(topic);
        }
    }
    if changed { store.tidy_logs() } else { Ok(()) }
}

fn expire<S: Store>(store: &mut S, state: &mut State, today: Day) -> Result<(), StorageError> {
    let op = DirectoryOp::Expire(Expire { today, at_most: EXPIRED_PER_TICK });
    for outcome in store.apply_to_directory(vec![op])? {
        if let DirectoryOutcome::Expire(expired) = outcome {
            state.counters.directory_rows_expired += u64::from(expired.rows);
        }
    }
    store.tidy_directory()
}
