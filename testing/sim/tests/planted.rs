//! Every planted bug is found, soon, and by what it does: the same seeds without it find nothing.

#![expect(clippy::panic, reason = "a test's helper fails by panicking")]

use sotto_sim::{Planted, run};

/// Seeds in which a bug has to be found.
const SEEDS: u64 = 200;

fn is_found(bug: Planted) {
    let by_the_bug = |seed: &u64| !run(*seed, Some(bug)).is_good() && run(*seed, None).is_good();
    match (0..SEEDS).find(by_the_bug) {
        Some(seed) => println!("{bug} was found after {} seeds", seed + 1),
        None => panic!("{bug} was not found in {SEEDS} seeds"),
    }
}

#[test]
fn acknowledging_before_the_fsync_is_found() {
    is_found(Planted::AcknowledgeBeforeFsync);
}

#[test]
fn sending_before_persisting_is_found() {
    is_found(Planted::SendBeforePersist);
}

#[test]
fn appending_twice_under_one_append_id_is_found() {
    is_found(Planted::IdempotencyOff);
}

#[test]
fn taking_entries_made_under_an_old_head_is_found() {
    is_found(Planted::HeadCheckOff);
}

#[test]
fn trimming_one_entry_too_far_is_found() {
    is_found(Planted::TrimOneTooFar);
}

#[test]
fn merging_an_own_commit_twice_is_found() {
    is_found(Planted::OwnCommitMergedTwice);
}
