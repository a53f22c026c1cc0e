//! What every log forgets, and what it keeps.

use sotto_wire::ids::{Generation, Seq};
use sotto_wire::limits::{HANDSHAKE_DAYS_MAX, SLOT_HOLD_DAYS};
use sotto_wire::topic::{ControlChange, EntryContent};

use super::samples::*;
use crate::Logs;
use crate::limits::{CLOSED_TOPIC_DAYS, SWEEP_ROWS_MAX};
use crate::logs::*;

/// Seqs that are still there.
fn kept(store: &impl Logs) -> Vec<u64> {
    everything(store, 0).entries.iter().map(|entry| entry.seq.0).collect()
}

fn on(days: u32, op: Append) -> Append {
    Append { minute: noon(days), ..op }
}

/// Statement of the suite.
pub fn entries_go_when_every_slot_has_acked_them(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    with_slot(store, 2);
    for n in 1..=4 {
        appended(store, application(n, 0));
    }
    acked(store, 1, 4, TODAY);
    acked(store, 2, 2, TODAY);
    assert_eq!(sweep(store, TODAY).trimmed, 2);
    assert_eq!(kept(store), [3, 4]);
    assert_eq!(sweep(store, TODAY).trimmed, 0);
    log(store, LogOp::CloseSlot(slot_key(2)));
    assert_eq!(sweep(store, TODAY).trimmed, 2, "a closed slot holds nothing");
    assert_eq!(read_slot(store, slot_key(1)).unwrap().first, Seq(5));
}

/// Statement of the suite.
pub fn the_chain_leads_on_from_what_was_trimmed(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    for n in 1..=4 {
        appended(store, application(n, 0));
    }
    let before = everything(store, 2);
    acked(store, 1, 2, TODAY);
    sweep(store, TODAY);
    assert_eq!(
        everything(store, 0),
        Stretch { first: Seq(3), ..before },
        "asked for less, given what there is"
    );
    acked(store, 1, 4, TODAY);
    sweep(store, TODAY);
    let done = append(store, application(5, 0)).unwrap();
    assert_eq!((done.entry.seq, done.first), (Seq(5), Seq(5)));
    let after = everything(store, 0);
    assert_eq!((after.after, after.previous, after.chain), (Seq(4), done.previous, done.chain));
    let opened = open_slot(store, 2, 0).unwrap();
    assert_eq!(opened.ack, Seq(4), "a new slot begins where the log begins");
}

/// Statement of the suite.
pub fn a_slot_holds_for_thirty_days(store: &mut impl Logs) {
    with_topic(store);
    control(store, action(0, ControlChange::Ttl(Some(ttl(365))), 1)).unwrap();
    with_slot(store, 1);
    with_slot(store, 2);
    appended(store, application(1, 0));
    appended(store, on(5, application(2, 0)));
    acked(store, 1, 2, day(5));
    assert_eq!(sweep(store, day(SLOT_HOLD_DAYS)).trimmed, 0);
    assert_eq!(
        sweep(store, day(SLOT_HOLD_DAYS + 1)).trimmed,
        1,
        "slot 2 was not seen for 30 days, the first is as old"
    );
    assert_eq!(sweep(store, day(SLOT_HOLD_DAYS + 5)).trimmed, 0);
    assert_eq!(sweep(store, day(SLOT_HOLD_DAYS + 6)).trimmed, 1);
}

/// A reader who had nothing to acknowledge for a month is no lost reader: what comes next is held for it like for anybody.
pub fn an_idle_reader_still_gets_what_comes_next(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    with_slot(store, 2);
    appended(store, on(50, application(1, 0)));
    acked(store, 1, 1, day(50));
    assert_eq!(sweep(store, day(51)).trimmed, 0);
    assert_eq!(kept(store), [1]);
    acked(store, 2, 1, day(52));
    assert_eq!(sweep(store, day(52)).trimmed, 1);
}

/// Statement of the suite.
pub fn without_slots_entries_stay_thirty_days(store: &mut impl Logs) {
    with_topic(store);
    appended(store, application(1, 0));
    assert_eq!(sweep(store, day(SLOT_HOLD_DAYS)).trimmed, 0);
    assert_eq!(sweep(store, day(SLOT_HOLD_DAYS + 1)).trimmed, 1);
}

/// Statement of the suite.
pub fn a_finished_slot_stops_holding(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    appended(store, rotating(1, 0, 1));
    appended(store, Append { capability: capability(1), ..application(2, 1) });
    open_slot(store, 2, 1).unwrap();
    acked(store, 2, 2, TODAY);
    acked(store, 1, 1, TODAY);
    sweep(store, TODAY);
    assert_eq!(kept(store), [2], "its reader may be about to prove the next generation");
    acked(store, 1, 1, day(20));
    assert_eq!(
        prove(store, 1, 0),
        Err(ProveRefused::Capability),
        "its generation is forgotten with its entries"
    );
    let swept = sweep(store, day(SLOT_HOLD_DAYS + 1));
    assert_eq!((swept.trimmed, swept.slots), (1, 1), "asking again does not keep a finished slot fresh");
    assert_eq!(read_slot(store, slot_key(1)), Err(SlotRefused::SlotUnknown));
}

/// Statement of the suite.
pub fn an_expired_body_becomes_its_hash_and_the_chain_still_leads_through(store: &mut impl Logs) {
    with_topic(store);
    control(store, action(0, ControlChange::Ttl(Some(ttl(7))), 1)).unwrap();
    with_slot(store, 1);
    appended(store, handshake(1, 0));
    appended(store, application(2, 1));
    appended(store, on(1, application(3, 1)));
    let before = everything(store, 0);
    assert_eq!(sweep(store, day(7)).emptied, 0);
    assert_eq!(sweep(store, day(8)).emptied, 1);
    let after = everything(store, 0);
    assert!(after.entries[1].content == EntryContent::Expired(application(2, 1).body_hash));
    assert!(after.entries[2].content == EntryContent::Body(application(3, 1).body));
    let led = after.entries.iter().fold(after.previous, |chain, entry| entry.chain_after(chain));
    assert_eq!((led, after.chain), (before.chain, before.chain));
    let repeat = append(store, application(2, 1)).unwrap();
    assert_eq!((repeat.asked, repeat.entry.seq), (Asked::Again, Seq(2)), "its hash still answers a repeat");
}

/// Statement of the suite.
pub fn a_handshake_keeps_its_body_until_it_is_trimmed(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    control(store, action(0, ControlChange::Ttl(Some(ttl(1))), 1)).unwrap();
    appended(store, handshake(1, 0));
    sweep(store, day(20));
    assert!(everything(store, 0).entries[0].content == EntryContent::Body(handshake(1, 0).body));
}

/// Statement of the suite.
pub fn handshakes_go_after_forty_five_days(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    control(store, action(0, ControlChange::Ttl(Some(ttl(365))), 1)).unwrap();
    appended(store, application(1, 0));
    appended(store, handshake(2, 0));
    appended(store, application(3, 2));
    appended(store, on(5, application(4, 2)));
    acked(store, 1, 0, day(HANDSHAKE_DAYS_MAX));
    assert_eq!(sweep(store, day(HANDSHAKE_DAYS_MAX)).trimmed, 0, "a fresh slot holds it");
    assert_eq!(sweep(store, day(HANDSHAKE_DAYS_MAX + 1)).trimmed, 2, "and all before it");
    assert_eq!(kept(store), [3, 4]);
    acked(store, 1, 0, day(366));
    assert_eq!(sweep(store, day(366)).trimmed, 1, "nothing outlives both 45 days and the time-to-live");
    assert_eq!(kept(store), [4]);
}

/// Statement of the suite.
pub fn a_shorter_time_to_live_applies_to_what_is_there(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    appended(store, application(1, 0));
    appended(store, on(3, application(2, 0)));
    assert_eq!(sweep(store, day(10)).emptied, 0);
    control(store, action(2, ControlChange::Ttl(Some(ttl(8))), 1)).unwrap();
    assert_eq!(sweep(store, day(10)).emptied, 1);
    control(store, action(2, ControlChange::Ttl(Some(ttl(2))), 2)).unwrap();
    assert_eq!(sweep(store, day(10)).emptied, 1);
}

/// Statement of the suite.
pub fn an_append_id_is_forgotten_with_its_entry(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    appended(store, application(1, 0));
    acked(store, 1, 1, TODAY);
    sweep(store, TODAY);
    let again = append(store, application(1, 0)).unwrap();
    assert_eq!((again.asked, again.entry.seq), (Asked::First, Seq(2)));
}

/// Statement of the suite.
pub fn spent_slots_and_ended_generations_are_forgotten(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    appended(store, rotating(1, 0, 1));
    appended(store, Append { capability: capability(1), ..application(2, 1) });
    open_slot(store, 2, 1).unwrap();
    acked(store, 2, 2, day(40));
    let swept = sweep(store, day(40));
    assert_eq!((swept.trimmed, swept.slots), (2, 1));
    assert_eq!(read_topic(store, 0), Err(TopicRefused::Capability));
    assert_eq!(open_slot(store, 3, 0), Err(OpenSlotRefused::Capability));
    assert_eq!(read_topic(store, 1).unwrap().generation, Generation(1));
    assert!(read_slot(store, slot_key(2)).is_ok(), "a member's slot stays, however long it is silent");
    sweep(store, day(400));
    assert!(read_slot(store, slot_key(2)).is_ok());
}

/// Statement of the suite.
pub fn a_sweep_is_due_while_there_is_something_to_sweep(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    create(store, creation(2)).unwrap();
    assert!(store.due(day(100), 10).unwrap().is_empty(), "nothing to sweep in an empty topic");
    appended(store, application(1, 0));
    assert!(store.due(TODAY, 10).unwrap().is_empty());
    assert_eq!(store.due(day(1), 10).unwrap(), [topic(1)]);
    sweep(store, day(1));
    assert!(store.due(day(1), 10).unwrap().is_empty(), "once a day");
    assert_eq!(store.due(day(2), 10).unwrap(), [topic(1)]);
    acked(store, 1, 1, day(2));
    sweep(store, day(2));
    assert!(store.due(day(100), 10).unwrap().is_empty());
    appended(store, on(3, application(2, 0)));
    appended(store, Append { topic: topic(2), ..on(3, application(2, 0)) });
    assert_eq!(store.due(day(4), 10).unwrap().len(), 2);
    assert_eq!(store.due(day(4), 1).unwrap().len(), 1);
}

/// Statement of the suite.
pub fn a_long_sweep_is_taken_up_again(store: &mut impl Logs) {
    with_topic(store);
    let op = |n: u32| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        LogOp::Append(Append { append_id: sotto_wire::ids::AppendId::new(id), ..application(1, 0) })
    };
    let count = SWEEP_ROWS_MAX as u32 + 10;
    store.apply_to_logs((0..count).map(op).collect()).unwrap();
    let late = day(SLOT_HOLD_DAYS + 1);
    let first = sweep(store, late);
    assert!(first.more);
    assert_eq!(first.trimmed as usize, SWEEP_ROWS_MAX);
    assert_eq!(store.due(late, 10).unwrap(), [topic(1)]);
    let second = sweep(store, late);
    assert_eq!((second.trimmed, second.more), (10, false));
    assert!(store.due(day(100), 10).unwrap().is_empty());
}

/// Statement of the suite.
pub fn a_closed_topic_is_forgotten_in_the_end(store: &mut impl Logs) {
    with_topic(store);
    with_slot(store, 1);
    appended(store, application(1, 0));
    control(store, action(1, ControlChange::Close, 1)).unwrap();
    acked(store, 1, 1, TODAY);
    sweep(store, day(1));
    assert_eq!(store.due(day(2), 10).unwrap(), [topic(1)], "still there");
    sweep(store, day(CLOSED_TOPIC_DAYS));
    assert!(read_topic(store, 0).is_ok(), "so that nobody takes its name");
    sweep(store, day(CLOSED_TOPIC_DAYS + 1));
    assert_eq!(read_topic(store, 0), Err(TopicRefused::TopicUnknown));
    assert_eq!(read_slot(store, slot_key(1)), Err(SlotRefused::TopicUnknown));
    assert!(store.due(day(1_000), 10).unwrap().is_empty());
    assert_eq!(sweep(store, day(1_000)), Swept::default());
}
