//! Commits of our own: staged in a workspace that is dropped, merged from bytes once the log has decided.

use super::*;

#[test]
fn a_staged_commit_survives_the_drop_of_its_workspace() {
    let (mut alice, mut bob) = pair();
    let before = alice.store.clone();
    let commit = alice.stage_update();
    assert_eq!(alice.store.rows, before.rows, "staging writes nothing");
    assert_eq!(commit.base_epoch, 1);

    // As after a crash: nothing in memory but the bytes, the group read again from its rows.
    alice.merge(&commit).unwrap();
    bob.apply(&commit.mls_message).unwrap();
    let (from_alice, from_bob) = (alice.send(b"one"), bob.send(b"two"));
    assert_eq!(bob.receive(&from_alice).unwrap().payload, b"one");
    assert_eq!(alice.receive(&from_bob).unwrap().payload, b"two");
    // The path's new private keys came with the bytes: the next commit of the other side opens.
    let update = bob.stage_update();
    bob.merge(&update).unwrap();
    alice.apply(&update.mls_message).unwrap();
    assert_eq!(alice.secret(), bob.secret());
}

#[test]
fn the_same_commit_never_merges_twice() {
    let (mut alice, _) = pair();
    let commit = alice.stage_update();
    alice.merge(&commit).unwrap();
    let rows = alice.store.rows.clone();
    assert_eq!(alice.merge(&commit), Err(MergeError::Epoch { staged: 1, current: 2 }));
    // Not even when the caller lies about the epoch.
    let lie = StagedCommit { base_epoch: 2, ..commit };
    assert_eq!(alice.merge(&lie), Err(MergeError::Damaged));
    assert_eq!(alice.store.rows, rows);
}

#[test]
fn a_commit_that_lost_its_epoch_never_merges() {
    let (mut alice, mut bob) = pair();
    let lost = alice.stage_update();
    let won = bob.stage_update();
    bob.merge(&won).unwrap();
    alice.apply(&won.mls_message).unwrap();
    assert_eq!(alice.merge(&lost), Err(MergeError::Epoch { staged: 1, current: 2 }));
}

// Found while designing: the epoch number alone does not name a branch. A restored backup may stand at the same number
// on another branch, and a commit staged on one must not be merged on the other.
#[test]
fn a_commit_of_another_branch_never_merges() {
    let (mut alice, mut bob) = pair();
    let mut other_branch = alice.store.clone();
    let update = alice.stage_update();
    alice.merge(&update).unwrap();
    let staged_here = alice.stage_update();

    std::mem::swap(&mut alice.store, &mut other_branch);
    let won = bob.stage_update();
    alice.apply(&won.mls_message).unwrap();
    assert_eq!(alice.group().epoch(), staged_here.base_epoch);
    assert_eq!(alice.merge(&staged_here), Err(MergeError::Damaged));
}

#[test]
fn damaged_staged_bytes_are_refused() {
    let (mut alice, _) = pair();
    let commit = alice.stage_update();
    for len in (0..commit.staged.len()).step_by(97) {
        let cut = StagedCommit { staged: commit.staged[..len].to_vec(), ..commit.clone() };
        assert_eq!(alice.merge(&cut), Err(MergeError::Damaged));
    }
    alice.merge(&commit).unwrap();
}

#[test]
fn a_group_that_staged_goes_on_as_before() {
    let (mut alice, mut bob) = pair();
    let message = alice
        .on_group(|group, ws, keys| {
            group.stage_update(ws, keys, &auth(1))?;
            group.encrypt(ws, keys, b"still in epoch one", &auth(2))
        })
        .unwrap();
    assert_eq!(bob.receive(&message).unwrap().payload, b"still in epoch one");
    let update = bob.stage_update();
    bob.merge(&update).unwrap();
    alice.apply(&update.mls_message).unwrap();
}

#[test]
fn a_workspace_dropped_midway_leaves_no_trace() {
    let (mut alice, mut bob) = pair();
    let message = alice.send(b"once");
    let update = {
        let update = alice.stage_update();
        alice.merge(&update).unwrap();
        update
    };
    let rows = bob.store.rows.clone();
    bob.dry(|ws, keys| {
        let mut group = Group::load(ws, TOPIC).unwrap().unwrap();
        assert_eq!(group.receive_application(ws, &message).unwrap().payload, b"once");
        group.encrypt(ws, keys, b"never sent", &auth(1)).unwrap();
        group.receive_handshake(ws, &update.mls_message).unwrap();
        group.delete(ws).unwrap();
    });
    assert_eq!(bob.store.rows, rows);
    assert_eq!(bob.receive(&message).unwrap().payload, b"once", "the message was not used up");
    bob.apply(&update.mls_message).unwrap();
    assert_eq!(alice.secret(), bob.secret());
}

#[test]
fn a_failed_join_does_not_use_up_the_key_package() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    let (package, _) = bob.key_package(false);
    let commit = alice.stage_add(&[package]).unwrap();
    let welcome = commit.welcome.unwrap();
    let mut tree = commit.ratchet_tree.clone();
    *tree.last_mut().unwrap() ^= 1;
    assert!(matches!(bob.join(&welcome, &tree), Err(JoinError::Invalid(_))));
    bob.join(&welcome, &commit.ratchet_tree).unwrap();
}
