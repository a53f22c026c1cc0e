//! Storage: "could not load" is never "absent", and damage is never silence.

use super::*;

/// Every row fails in its turn: the answer is a storage error, never a wrong one.
fn each_read_fails<T, E: std::fmt::Debug>(
    device: &mut Device,
    mut operation: impl FnMut(&Workspace<'_>, &DeviceKeys) -> Result<T, E>,
    is_storage: impl Fn(&E) -> bool,
) -> usize {
    for reads in 0.. {
        device.store.reads_left.set(Some(reads));
        match device.dry(&mut operation) {
            Err(error) if is_storage(&error) => {}
            Err(error) => panic!("read {reads} failed and the operation says {error:?}"),
            Ok(_) => {
                device.store.reads_left.set(None);
                return reads;
            }
        }
    }
    unreachable!("an operation reads a bounded number of rows")
}

#[test]
fn failing_rows_are_told_from_every_other_answer() {
    let (mut alice, mut bob) = pair();
    let message = alice.send(b"hello");
    let update = alice.stage_update();

    let reads = each_read_fails(
        &mut bob,
        |ws, _| Group::load(ws, TOPIC).map(|group| assert!(group.is_some(), "absent although it is there")),
        |error| matches!(error, SecrecyError::Storage(_)),
    );
    assert!(reads > 8, "{reads} rows make a group");

    each_read_fails(
        &mut bob,
        |ws, _| {
            let mut group = Group::load(ws, TOPIC).map_err(|_| ReceiveError::Storage(RowsError))?.unwrap();
            group.receive_application(ws, &message)
        },
        |error| matches!(error, ReceiveError::Storage(_)),
    );
    // OpenMLS reports an unreadable path key as a missing one; that would park the topic for ever.
    each_read_fails(
        &mut bob,
        |ws, _| {
            let mut group = Group::load(ws, TOPIC).map_err(|_| ReceiveError::Storage(RowsError))?.unwrap();
            group.receive_handshake(ws, &update.mls_message)
        },
        |error| matches!(error, ReceiveError::Storage(_)),
    );
    each_read_fails(
        &mut alice,
        |ws, _| {
            let mut group = Group::load(ws, TOPIC).map_err(|_| MergeError::Storage(RowsError))?.unwrap();
            group.merge_own(ws, &update.staged, update.base_epoch)
        },
        |error| matches!(error, MergeError::Storage(_)),
    );
}

#[test]
fn failing_rows_do_not_turn_a_welcome_away() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    let (package, _) = bob.key_package(false);
    let commit = alice.stage_add(&[package]).unwrap();
    each_read_fails(
        &mut bob,
        |ws, keys| Group::join(ws, keys, commit.welcome.as_ref().unwrap(), &commit.ratchet_tree),
        |error| matches!(error, JoinError::Storage(_)),
    );
}

#[test]
fn a_group_with_a_lost_row_is_damaged_not_absent() {
    let (_, mut bob) = pair();
    let whole = bob.store.clone();
    let mut damaged = 0;
    for key in whole.rows.keys() {
        bob.store.rows.remove(key);
        match bob.dry(|ws, _| Group::load(ws, TOPIC).map(|group| group.is_some())) {
            Err(SecrecyError::Corrupt) => damaged += 1,
            Ok(true) => {} // a row of something else, or one that is read later
            other => panic!("{other:?}"),
        }
        bob.store = whole.clone();
    }
    assert_eq!(damaged, 10, "every row of the group itself counts");
}

#[test]
fn a_damaged_row_is_reported() {
    let (_, mut bob) = pair();
    let whole = bob.store.clone();
    for key in whole.rows.keys() {
        bob.store.rows.insert(key.clone(), vec![0xc1]); // never valid MessagePack
        match bob.dry(|ws, _| Group::load(ws, TOPIC).map(|group| group.is_some())) {
            Err(SecrecyError::Corrupt) | Ok(true) => {}
            other => panic!("{other:?}"),
        }
        bob.store = whole.clone();
    }
}

#[test]
fn a_lost_path_key_parks_the_topic_instead_of_skipping() {
    let (mut alice, mut bob) = pair();
    let update = alice.stage_update();
    let epoch_keys: Vec<_> = bob.store.rows.keys().filter(|key| key[1] == 15).cloned().collect();
    assert_eq!(epoch_keys.len(), 1, "old epochs' keys are gone");
    let whole = bob.store.clone();

    bob.store.rows.remove(&epoch_keys[0]);
    assert_eq!(bob.apply(&update.mls_message), Err(CannotDecrypt::Path.into()));

    // A private key that is not the public key's own opens nothing: also this member's trouble alone.
    bob.store = whole;
    let row = bob.store.rows.get_mut(&epoch_keys[0]).unwrap();
    let second = row.windows(10).rposition(|bytes| bytes == b"public_key").unwrap();
    row[second - 3] ^= 1; // the last byte of the first pair's private key: the leaf's
    assert_eq!(bob.apply(&update.mls_message), Err(CannotDecrypt::Path.into()));
}

#[test]
fn deleting_a_group_leaves_no_row_of_it() {
    let (_, mut bob) = pair();
    let before = bob.store.rows.len();
    assert!(before > 10);
    bob.run(|ws, _| Group::load(ws, TOPIC)?.unwrap().delete(ws)).unwrap();
    let kinds: Vec<_> = bob.store.rows.keys().map(|key| key[1]).collect();
    assert_eq!(kinds, Vec::<u8>::new());
}

#[test]
fn creating_over_an_existing_group_is_refused() {
    let (mut alice, bob) = pair();
    let state = direct(&list_of(&[&alice]), &list_of(&[&bob]));
    let again = alice.run(|ws, keys| Group::create(ws, keys, TOPIC, state).map(|_| ()));
    assert!(matches!(again, Err(SecrecyError::Refused(_))));
}

#[test]
fn what_openmls_draws_comes_from_the_given_entropy() {
    let (alice, bob) = (Device::new(1, 11), Device::new(2, 21));
    let state = direct(&list_of(&[&alice]), &list_of(&[&bob]));
    let create = |seed: u8| {
        let ws = Workspace::new(&alice.store, &mut ChaCha20Rng::from_seed([seed; 32]));
        let group = Group::create(&ws, &alice.keys, TOPIC, state.clone()).unwrap();
        *group.envelope_key(&ws).unwrap().expose()
    };
    assert_eq!(create(1), create(1));
    assert_ne!(create(1), create(2));
}

/// Rows that are written while they are read from.
struct Open(std::cell::RefCell<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Rows for Open {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        Ok(self.0.borrow().get(key).cloned())
    }
}

impl Open {
    fn write(&self, changes: Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => drop(self.0.borrow_mut().insert(key, value)),
                None => drop(self.0.borrow_mut().remove(&key)),
            }
        }
    }
}

#[test]
fn messages_opened_with_one_group_leave_in_the_rows_what_opening_each_alone_leaves() {
    let (mut alice, mut bob) = pair();
    let messages: Vec<_> = (0..4u8).map(|number| alice.send(&[number])).collect();
    let rows = Open(std::cell::RefCell::new(bob.store.rows.clone()));
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let ws = Workspace::new(&rows, &mut rng);
    let mut group = Group::load(&ws, TOPIC).unwrap().unwrap();
    for (number, message) in messages[..3].iter().enumerate() {
        assert_eq!(group.receive_application(&ws, message).unwrap().payload, [number as u8]);
        rows.write(ws.take_changes());
        bob.receive(message).unwrap();
    }
    assert!(ws.take_changes().is_empty());
    drop((ws, group));
    assert_eq!(rows.0.into_inner(), bob.store.rows);
    assert_eq!(bob.receive(&messages[3]).unwrap().payload, [3]);
}
