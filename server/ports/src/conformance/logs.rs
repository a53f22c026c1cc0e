//! What every log does.

use sotto_wire::digest::{EntryKind, body_hash, chain_start};
use sotto_wire::ids::{AppendId, CapabilityHash, Generation, Seq, SlotSecretHash};
use sotto_wire::limits::SLOTS_PER_TOPIC_MAX;
use sotto_wire::topic::{ControlChange, EntryContent, NewSlot};

use super::samples::*;
use crate::Logs;
use crate::logs::*;

/// Statement of the suite.
pub fn a_topic_is_made_once(store: &mut impl Logs) {
    assert_eq!(create(store, creation(1)), Ok(Asked::First));
    assert_eq!(create(store, creation(1)), Ok(Asked::Again));
    for other in [
        Create { capability: capability(5), ..creation(1) },
        Create { control_keys: control_keys(&[2, 1]), ..creation(1) },
        Create { ttl: ttl(7), ..creation(1) },
    ] {
        assert_eq!(create(store, other), Err(CreateRefused::Exists));
    }
    appended(store, rotating(1, 0, 1));
    assert_eq!(create(store, creation(1)), Ok(Asked::Again), "it was made so, whatever it is now");
    assert!(
        store.entries(topic(2), Seq(0), None, ReadLimit { entries: 1, body_bytes: 1 }).unwrap().is_none()
    );
    assert_eq!(
        append(store, Append { topic: topic(2), ..application(1, 0) }),
        Err(AppendRefused::TopicUnknown)
    );
}

/// Statement of the suite.
pub fn entries_get_consecutive_places_and_one_chain(store: &mut impl Logs) {
    with_topic(store);
    let mut chain = chain_start(topic(1));
    for (at, op) in
        [handshake(1, 0), application(2, 1), application(3, 1), handshake(4, 1)].into_iter().enumerate()
    {
        let done = append(store, op.clone()).unwrap();
        assert_eq!((done.entry.seq, done.asked), (Seq(at as u64 + 1), Asked::First));
        assert_eq!(
            (done.entry.kind, done.entry.version, done.entry.head),
            (op.kind, op.version, op.expect_head)
        );
        assert_eq!((done.entry.minute, done.first), (op.minute, Seq(1)));
        assert!(done.entry.content == EntryContent::Body(op.body));
        assert_eq!(done.previous, chain);
        chain = done.entry.chain_after(chain);
        assert_eq!(done.chain, chain);
    }
    let all = everything(store, 0);
    assert_eq!((all.after, all.previous, all.chain), (Seq(0), chain_start(topic(1)), chain));
    assert_eq!((all.first, all.newest, all.entries.len()), (Seq(1), Seq(4), 4));
    let led = all.entries.iter().fold(all.previous, |chain, entry| entry.chain_after(chain));
    assert_eq!(led, chain);
}

/// Statement of the suite.
pub fn one_handshake_wins_per_head(store: &mut impl Logs) {
    with_topic(store);
    let batch = (1..=5).map(|n| LogOp::Append(handshake(n, 0))).collect();
    let outcomes = store.apply_to_logs(batch).unwrap();
    let won = outcomes.iter().filter(|outcome| matches!(outcome, LogOutcome::Append(Ok(_)))).count();
    let lost = LogOutcome::Append(Err(AppendRefused::Conflict { head: Seq(1) }));
    assert_eq!((won, outcomes.iter().filter(|outcome| **outcome == lost).count()), (1, 4));
    assert_eq!(appended(store, handshake(6, 1)), 2);
    assert_eq!(
        append(store, handshake(7, 5)),
        Err(AppendRefused::Conflict { head: Seq(2) }),
        "a head yet to come"
    );
}

/// Statement of the suite.
pub fn an_application_entry_quotes_the_head_too(store: &mut impl Logs) {
    with_topic(store);
    appended(store, handshake(1, 0));
    assert_eq!(append(store, application(2, 0)), Err(AppendRefused::Conflict { head: Seq(1) }));
    assert_eq!(appended(store, application(2, 1)), 2);
    assert_eq!(appended(store, application(3, 1)), 3, "application entries do not move it");
}

/// Statement of the suite.
pub fn a_repeated_append_gets_its_first_answer(store: &mut impl Logs) {
    with_topic(store);
    let first = append(store, application(1, 0)).unwrap();
    appended(store, handshake(2, 0));
    appended(store, application(3, 2));
    let later = Append { minute: noon(1), ..application(1, 0) };
    let again = append(store, later).unwrap();
    assert_eq!(again, Appended { asked: Asked::Again, ..first });
    assert_eq!(everything(store, 0).entries.len(), 3);
}

/// Statement of the suite.
pub fn a_repeated_append_id_with_another_body_is_refused(store: &mut impl Logs) {
    with_topic(store);
    appended(store, application(1, 0));
    let body = application(2, 0).body;
    let other = Append { body_hash: body_hash(&body), body, ..application(1, 0) };
    assert_eq!(append(store, other), Err(AppendRefused::AppendIdReused));
    let other = Append { kind: EntryKind::Handshake, ..application(1, 0) };
    assert_eq!(append(store, other), Err(AppendRefused::AppendIdReused));
    create(store, creation(2)).unwrap();
    let elsewhere = Append { topic: topic(2), ..application(1, 0) };
    assert_eq!(append(store, elsewhere).unwrap().asked, Asked::First, "ids belong to their topic");
}

/// Statement of the suite.
pub fn a_repeat_is_answered_after_the_topic_has_closed_and_rotated(store: &mut impl Logs) {
    with_topic(store);
    let first = append(store, rotating(1, 0, 1)).unwrap();
    assert_eq!(control(store, action(1, ControlChange::Close, 1)), Ok(Asked::First));
    let again = append(store, rotating(1, 0, 1)).unwrap();
    assert_eq!(again, Appended { asked: Asked::Again, ..first });
    let stranger = Append { capability: CapabilityHash::new([7; 32]), ..rotating(1, 0, 1) };
    assert_eq!(append(store, stranger), Err(AppendRefused::Capability), "only to who may know");
}

/// Statement of the suite.
pub fn only_the_current_capability_appends(store: &mut impl Logs) {
    with_topic(store);
    let stranger = Append { capability: capability(1), ..application(1, 0) };
    assert_eq!(append(store, stranger.clone()), Err(AppendRefused::Capability));
    appended(store, rotating(2, 0, 1));
    assert_eq!(append(store, application(3, 0)), Err(AppendRefused::Conflict { head: Seq(1) }));
    assert_eq!(append(store, application(3, 1)), Err(AppendRefused::Capability));
    let current = |op| Append { capability: capability(1), ..op };
    assert_eq!(appended(store, current(handshake(4, 1))), 2);
    let told = append(store, application(5, 0));
    assert_eq!(told, Err(AppendRefused::Conflict { head: Seq(1) }), "nothing from beyond its generation");
}

/// Statement of the suite.
pub fn a_rotation_needs_a_control_key_and_the_next_generation(store: &mut impl Logs) {
    with_topic(store);
    let with = |rotation| Append { rotate: Some(rotation), ..handshake(1, 0) };
    for wrong in [
        Rotation { signed_by: control_key(9), ..rotation(1, 1) },
        rotation(2, 1),
        rotation(0, 1),
        Rotation { capability: capability(0), ..rotation(1, 1) },
    ] {
        assert_eq!(append(store, with(wrong)), Err(AppendRefused::Control));
    }
    assert!(everything(store, 0).entries.is_empty(), "a refused rotation takes its entry with it");
    assert_eq!(appended(store, with(rotation(1, 2))), 1);
    assert_eq!(read_topic(store, 1).unwrap().generation, Generation(1));
}

/// Statement of the suite.
pub fn a_rotation_moves_the_control_keys(store: &mut impl Logs) {
    with_topic(store);
    let rotate = Rotation { control_keys: control_keys(&[1]), ..rotation(1, 1) };
    appended(store, Append { rotate: Some(rotate), ..handshake(1, 0) });
    let by_removed = Rotation { signed_by: control_key(2), ..rotation(2, 2) };
    let op = Append { rotate: Some(by_removed), ..rotating(2, 1, 2) };
    assert_eq!(append(store, op), Err(AppendRefused::Control));
    assert_eq!(appended(store, rotating(2, 1, 2)), 2);
}

/// Statement of the suite.
pub fn joiners_slots_open_with_the_entry_that_adds_them(store: &mut impl Logs) {
    with_topic(store);
    appended(store, handshake(1, 0));
    let adding = Append { open_slots: vec![new_slot(1), new_slot(2)], ..rotating(2, 1, 1) };
    assert_eq!(appended(store, adding.clone()), 2);
    let joined = read_slot(store, slot_key(2)).unwrap();
    assert_eq!((joined.ack, joined.proved, joined.readable_to), (Seq(2), Generation(1), None));
    append(store, adding).unwrap();
    acked(store, 2, 2, day(3));
    assert_eq!(read_slot(store, slot_key(2)).unwrap().ack, Seq(2));
}

/// Statement of the suite.
pub fn a_refused_append_opens_no_slot(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    let stale = Append { open_slots: vec![new_slot(2)], ..handshake(1, 7) };
    assert_eq!(append(store, stale), Err(AppendRefused::Conflict { head: Seq(0) }));
    let taken = NewSlot { secret: SlotSecretHash::new([9; 32]), ..new_slot(1) };
    let clashing = Append { open_slots: vec![new_slot(2), taken], ..handshake(1, 0) };
    assert_eq!(append(store, clashing), Err(AppendRefused::SlotTaken));
    assert_eq!(read_slot(store, slot_key(2)), Err(SlotRefused::SlotUnknown));
    assert!(everything(store, 0).entries.is_empty());
}

/// Statement of the suite.
pub fn a_slot_opens_with_any_retained_generation(store: &mut impl Logs) {
    with_topic(store);
    appended(store, rotating(1, 0, 1));
    assert_eq!(open_slot(store, 1, 7), Err(OpenSlotRefused::Capability));
    let old = open_slot(store, 1, 0).unwrap();
    assert_eq!((old.ack, old.proved, old.readable_to), (Seq(0), Generation(0), Some(Seq(1))));
    let current = open_slot(store, 2, 1).unwrap();
    assert_eq!((current.proved, current.readable_to), (Generation(1), None));
    assert_eq!(open_slot(store, 2, 0), Ok(current), "a repeat changes nothing");
    let op = OpenSlot {
        topic: topic(1),
        capability: capability(1),
        slot: NewSlot { secret: SlotSecretHash::new([9; 32]), ..new_slot(1) },
        today: TODAY,
    };
    assert_eq!(log(store, LogOp::OpenSlot(op)), LogOutcome::OpenSlot(Err(OpenSlotRefused::SlotTaken)));
}

/// Statement of the suite.
pub fn a_slot_reads_to_the_end_of_the_generation_it_has_proved(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    appended(store, application(1, 0));
    assert_eq!(read_slot(store, slot_key(1)).unwrap().readable_to, None);
    appended(store, rotating(2, 0, 1));
    appended(store, Append { capability: capability(1), ..application(3, 2) });
    let ended = read_slot(store, slot_key(1)).unwrap();
    assert_eq!((ended.readable_to, ended.newest), (Some(Seq(2)), Seq(2)), "the entry that ends it included");
    assert_eq!(prove(store, 1, 9), Err(ProveRefused::Capability));
    let moved = prove(store, 1, 1).unwrap();
    assert_eq!((moved.proved, moved.readable_to, moved.newest), (Generation(1), None, Seq(3)));
    assert_eq!(prove(store, 1, 0).unwrap().proved, Generation(1), "never back");
}

/// Statement of the suite.
pub fn a_slot_opens_with_its_secret_only(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    let wrong = SlotKey { secret: SlotSecretHash::new([9; 32]), ..slot_key(1) };
    assert_eq!(read_slot(store, wrong), Err(SlotRefused::SlotUnknown));
    assert_eq!(read_slot(store, slot_key(2)), Err(SlotRefused::SlotUnknown));
    assert_eq!(read_slot(store, SlotKey { topic: topic(9), ..slot_key(1) }), Err(SlotRefused::TopicUnknown));
    let op = LogOp::Ack(Ack { key: wrong, seq: Seq(0), today: TODAY });
    assert_eq!(log(store, op), LogOutcome::Ack(Err(AckRefused::SlotUnknown)));
    let op = LogOp::Prove(Prove { key: wrong, capability: capability(0), today: TODAY });
    assert_eq!(log(store, op), LogOutcome::Prove(Err(ProveRefused::SlotUnknown)));
    assert_eq!(log(store, LogOp::CloseSlot(wrong)), LogOutcome::CloseSlot(Err(SlotRefused::SlotUnknown)));
    let op = LogOp::ReplaceSecret(ReplaceSecret { key: wrong, new: SlotSecretHash::new([8; 32]) });
    assert_eq!(log(store, op), LogOutcome::ReplaceSecret(Err(SlotRefused::SlotUnknown)));
    assert!(read_slot(store, slot_key(1)).is_ok());
}

/// Statement of the suite.
pub fn a_replaced_secret_opens_nothing(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    let new = SlotSecretHash::new([8; 32]);
    let replace = LogOp::ReplaceSecret(ReplaceSecret { key: slot_key(1), new });
    assert_eq!(log(store, replace.clone()), LogOutcome::ReplaceSecret(Ok(())));
    assert_eq!(read_slot(store, slot_key(1)), Err(SlotRefused::SlotUnknown));
    assert!(read_slot(store, SlotKey { secret: new, ..slot_key(1) }).is_ok());
    assert_eq!(log(store, replace), LogOutcome::ReplaceSecret(Ok(())), "a repeat after a lost reply");
}

/// Statement of the suite.
pub fn an_ack_grows_and_stays_within_what_was_readable(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    for n in 1..=3 {
        appended(store, application(n, 0));
    }
    assert_eq!(ack(store, 1, 4, TODAY), Err(AckRefused::Beyond));
    assert_eq!(ack(store, 1, 2, TODAY).unwrap().ack, Seq(2));
    assert_eq!(ack(store, 1, 1, TODAY).unwrap().ack, Seq(2), "never back");
    appended(store, rotating(4, 0, 1));
    appended(store, Append { capability: capability(1), ..application(5, 4) });
    assert_eq!(ack(store, 1, 5, TODAY), Err(AckRefused::Beyond), "beyond its generation");
    assert_eq!(ack(store, 1, 4, TODAY).unwrap().ack, Seq(4));
}

/// Statement of the suite.
pub fn a_closed_slot_is_gone(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    assert_eq!(log(store, LogOp::CloseSlot(slot_key(1))), LogOutcome::CloseSlot(Ok(())));
    assert_eq!(read_slot(store, slot_key(1)), Err(SlotRefused::SlotUnknown));
    assert!(open_slot(store, 1, 0).is_ok(), "its name is free again");
}

/// Statement of the suite.
pub fn slots_of_a_topic_are_bounded(store: &mut impl Logs) {
    with_topic(store);
    let slot = |n: usize| {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
        NewSlot { slot: sotto_wire::ids::SlotId::new(bytes), secret: SlotSecretHash::new([1; 32]) }
    };
    let open = |n| {
        LogOp::OpenSlot(OpenSlot { topic: topic(1), capability: capability(0), slot: slot(n), today: TODAY })
    };
    let outcomes = store.apply_to_logs((0..SLOTS_PER_TOPIC_MAX).map(open).collect()).unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, LogOutcome::OpenSlot(Ok(_)))));
    let full = LogOutcome::OpenSlot(Err(OpenSlotRefused::TooManySlots));
    assert_eq!(log(store, open(SLOTS_PER_TOPIC_MAX)), full);
    let adding = |n| Append { open_slots: vec![slot(n)], ..handshake(1, 0) };
    assert_eq!(append(store, adding(SLOTS_PER_TOPIC_MAX)), Err(AppendRefused::TooManySlots));
    let key = SlotKey { topic: topic(1), slot: slot(0).slot, secret: slot(0).secret };
    assert_eq!(log(store, LogOp::CloseSlot(key)), LogOutcome::CloseSlot(Ok(())));
    assert_eq!(appended(store, adding(SLOTS_PER_TOPIC_MAX)), 1);
}

/// Statement of the suite.
pub fn a_control_action_takes_effect_once(store: &mut impl Logs) {
    with_topic(store);
    appended(store, application(1, 0));
    let keys = |all| ControlChange::Keys(control_keys(all));
    let without_two = action(1, keys(&[1]), 1);
    assert_eq!(control(store, without_two.clone()), Ok(Asked::First));
    assert_eq!(control(store, action(1, keys(&[1, 3]), 2)), Ok(Asked::First), "another one at the same seq");
    assert_eq!(control(store, without_two), Ok(Asked::Again));
    let by_three = Control { signed_by: control_key(3), ..action(1, ControlChange::Ttl(None), 3) };
    assert_eq!(control(store, by_three), Ok(Asked::First), "the repeat did not take key 3 away");
    let by_two = Control { signed_by: control_key(2), ..action(1, ControlChange::Ttl(None), 4) };
    assert_eq!(control(store, by_two), Err(ControlRefused::Control));
}

/// Statement of the suite.
pub fn an_outdated_control_action_is_refused(store: &mut impl Logs) {
    with_topic(store);
    appended(store, application(1, 0));
    appended(store, application(2, 0));
    let ttl_action = |after, days, stamp| action(after, ControlChange::Ttl(Some(ttl(days))), stamp);
    assert_eq!(control(store, ttl_action(3, 9, 1)), Err(ControlRefused::Control), "a seq yet to come");
    assert_eq!(control(store, ttl_action(1, 9, 1)), Ok(Asked::First));
    assert_eq!(control(store, ttl_action(2, 8, 2)), Ok(Asked::First));
    assert_eq!(control(store, ttl_action(1, 9, 1)), Err(ControlRefused::Control), "a replay");
    assert_eq!(control(store, ttl_action(1, 7, 3)), Err(ControlRefused::Control), "one that came too late");
    let outcomes = (10..40).map(|stamp| control(store, ttl_action(2, 8, stamp)));
    assert!(outcomes.collect::<Vec<_>>().contains(&Err(ControlRefused::TooMany)));
    appended(store, application(3, 0));
    assert_eq!(control(store, ttl_action(3, 8, 50)), Ok(Asked::First), "the next entry makes room");
}

/// Statement of the suite.
pub fn only_a_control_key_controls(store: &mut impl Logs) {
    with_topic(store);
    let rotate = |generation: u32| ControlChange::Rotate {
        generation: Generation(generation),
        capability: capability(generation),
        control_keys: control_keys(&[1]),
    };
    let stranger = Control { signed_by: control_key(9), ..action(0, rotate(1), 1) };
    assert_eq!(control(store, stranger), Err(ControlRefused::Control));
    assert_eq!(control(store, action(0, rotate(2), 1)), Err(ControlRefused::Control));
    assert_eq!(read_topic(store, 0).unwrap().generation, Generation(0));
    assert_eq!(control(store, action(0, rotate(1), 1)), Ok(Asked::First));
    assert_eq!(read_topic(store, 1).unwrap().generation, Generation(1));
    assert_eq!(append(store, application(1, 0)), Err(AppendRefused::Capability));
    assert_eq!(appended(store, Append { capability: capability(1), ..application(1, 0) }), 1);
    let unknown = Control { topic: topic(9), ..action(0, rotate(2), 1) };
    assert_eq!(control(store, unknown), Err(ControlRefused::TopicUnknown));
}

/// Statement of the suite.
pub fn a_closed_topic_takes_no_entry(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    appended(store, application(1, 0));
    assert_eq!(control(store, action(1, ControlChange::Close, 1)), Ok(Asked::First));
    assert_eq!(append(store, application(2, 0)), Err(AppendRefused::Closed));
    assert_eq!(control(store, action(1, ControlChange::Ttl(None), 2)), Err(ControlRefused::Closed));
    assert_eq!(control(store, action(1, ControlChange::Close, 1)), Ok(Asked::Again));
    let view = read_slot(store, slot_key(1)).unwrap();
    assert!(view.closed);
    acked(store, 1, 1, TODAY);
    assert_eq!(everything(store, 0).entries.len(), 1, "what is there stays readable");
    assert_eq!(create(store, creation(1)), Ok(Asked::Again));
}

/// Statement of the suite.
pub fn a_retired_capability_sees_the_end_of_its_generation(store: &mut impl Logs) {
    with_topic(store);
    appended(store, application(1, 0));
    appended(store, rotating(2, 0, 1));
    appended(store, Append { capability: capability(1), ..handshake(3, 2) });
    let view = read_topic(store, 0).unwrap();
    assert_eq!((view.standing, view.head, view.newest), (Standing::Retired, Seq(2), Seq(2)));
    assert_eq!(view.generation, Generation(1));
    let view = read_topic(store, 1).unwrap();
    assert_eq!((view.standing, view.head, view.newest), (Standing::Current, Seq(3), Seq(3)));
    assert_eq!(read_topic(store, 2), Err(TopicRefused::Capability));
}

/// Statement of the suite.
pub fn reading_stops_at_the_limits_and_at_the_end(store: &mut impl Logs) {
    with_topic(store);
    for n in 1..=6 {
        appended(store, application(n, 0));
    }
    let read = |after, to: Option<u64>, entries, body_bytes| {
        let limit = ReadLimit { entries, body_bytes };
        let stretch = store.entries(topic(1), Seq(after), to.map(Seq), limit).unwrap().unwrap();
        let seqs: Vec<_> = stretch.entries.iter().map(|entry| entry.seq.0).collect();
        let chain = stretch.entries.iter().fold(stretch.previous, |chain, entry| entry.chain_after(chain));
        assert_eq!(chain, stretch.chain);
        (stretch.after.0, seqs)
    };
    assert_eq!(read(0, None, 100, 1_000_000), (0, vec![1, 2, 3, 4, 5, 6]));
    assert_eq!(read(2, None, 3, 1_000_000), (2, vec![3, 4, 5]));
    assert_eq!(read(2, None, 100, 120), (2, vec![3, 4, 5]), "the third passes 120 bytes");
    assert_eq!(read(2, None, 100, 1), (2, vec![3]), "one at least");
    assert_eq!(read(2, Some(4), 100, 1_000_000), (2, vec![3, 4]));
    assert_eq!(read(4, Some(2), 100, 1_000_000), (4, vec![]));
    assert_eq!(read(6, None, 100, 1_000_000), (6, vec![]));
    assert_eq!(read(60, None, 100, 1_000_000), (6, vec![]), "from the newest when asked for later ones");
}

/// Statement of the suite.
pub fn what_an_earlier_operation_did_is_seen_by_a_later_one(store: &mut impl Logs) {
    let open = OpenSlot { topic: topic(1), capability: capability(0), slot: new_slot(1), today: TODAY };
    let batch = vec![
        LogOp::Append(application(1, 0)),
        LogOp::Create(creation(1)),
        LogOp::OpenSlot(open),
        LogOp::Append(application(1, 0)),
        LogOp::Append(application(1, 0)),
        LogOp::Append(rotating(2, 0, 1)),
        LogOp::Append(application(3, 0)),
        LogOp::Ack(Ack { key: slot_key(1), seq: Seq(2), today: TODAY }),
        LogOp::CloseSlot(slot_key(1)),
        LogOp::ReadSlot(slot_key(1)),
    ];
    let outcomes = store.apply_to_logs(batch).unwrap();
    let appends: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            LogOutcome::Append(outcome) => Some(outcome.as_ref().map(|done| (done.entry.seq.0, done.asked))),
            _ => None,
        })
        .collect();
    assert_eq!(
        appends,
        [
            Err(&AppendRefused::TopicUnknown),
            Ok((1, Asked::First)),
            Ok((1, Asked::Again)),
            Ok((2, Asked::First)),
            Err(&AppendRefused::Conflict { head: Seq(2) }),
        ]
    );
    assert!(matches!(&outcomes[7], LogOutcome::Ack(Ok(view)) if view.ack == Seq(2)));
    assert_eq!(outcomes[9], LogOutcome::ReadSlot(Err(SlotRefused::SlotUnknown)));
    let ids: Vec<_> = everything(store, 0).entries.iter().map(|entry| entry.append_id).collect();
    assert_eq!(ids, [AppendId::new([1; 16]), AppendId::new([2; 16])]);
}
