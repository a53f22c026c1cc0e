//! Rules 16 and 17, own entries, arbitrary bytes.

use super::*;

#[test]
fn rules_16_and_17_a_message_opens_once_and_whole() {
    let (mut alice, mut bob) = pair();
    let message = alice.send(b"hello");
    for place in 0..message.len() {
        let mut bad = message.clone();
        bad[place] ^= 1;
        match bob.receive(&bad) {
            Err(ReceiveError::Invalid(_)) => {}
            other => panic!("byte {place}: {:?}", other.map(|received| received.payload)),
        }
    }
    for len in 0..message.len() {
        assert_eq!(bob.receive(&message[..len]).err(), Some(Invalid::Malformed.into()));
    }
    assert_eq!(bob.receive(&message).unwrap().payload, b"hello");
    assert_eq!(bob.receive(&message).err(), Some(Invalid::Generation.into()));
}

#[test]
fn messages_may_overtake_each_other_a_little() {
    let (mut alice, mut bob) = pair();
    let messages: Vec<_> = (0..5u8).map(|number| alice.send(&[number])).collect();
    for number in [4, 0, 3, 1, 2] {
        assert_eq!(bob.receive(&messages[number]).unwrap().payload, [number as u8]);
    }
}

#[test]
fn a_message_of_a_past_epoch_is_refused_like_by_someone_who_just_joined() {
    let (mut alice, mut bob) = pair();
    let late = alice.send(b"late");
    let update = accepted(&mut alice, |draft| draft.force_self_update(true));
    bob.apply(&update).unwrap();
    assert_eq!(bob.receive(&late).err(), Some(Invalid::Epoch.into()));
}

#[test]
fn own_entries_are_told_apart() {
    let (mut alice, _) = pair();
    let message = alice.send(b"mine");
    assert_eq!(alice.receive(&message).err(), Some(ReceiveError::Own));
    let update = alice.stage_update();
    assert_eq!(alice.apply(&update.mls_message), Err(ReceiveError::Own));
}

// The order matters: a commit that breaks a rule is invalid also for a member who could not open its path. If that

// member parked instead, an insider could stop chosen members with commits everyone else skips.

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_change_nothing(bytes in prop::collection::vec(any::<u8>(), 0..300), form in 0u16..6) {
        let mut bob = PAIR.with(|device| device.take());
        let before = bob.store.rows.clone();
        let message = [&[0, 1][..], &form.to_be_bytes(), &bytes].concat();
        prop_assert!(matches!(bob.apply(&message), Err(ReceiveError::Invalid(_))));
        prop_assert!(matches!(bob.receive(&message), Err(ReceiveError::Invalid(_))));
        prop_assert!(bob.join(&bytes, &bytes).is_err());
        prop_assert_eq!(&bob.store.rows, &before);
        PAIR.with(|device| device.set(bob));
    }
}

thread_local! {
    static PAIR: Shared = const { Shared(Cell::new(None)) };
}

/// One conversation for many cases.
struct Shared(Cell<Option<Device>>);

impl Shared {
    fn take(&self) -> Device {
        self.0.take().unwrap_or_else(|| pair().1)
    }

    fn set(&self, device: Device) {
        self.0.set(Some(device));
    }
}
