//! What time brings: trimming, time-to-live, and what is left of an entry.
#![expect(clippy::unwrap_used, reason = "each function is a test, called once per store")]

use sotto_service_tests::{Chat, Store, World, body, over_stores};
use sotto_wire::digest::body_hash;
use sotto_wire::ids::Seq;
use sotto_wire::limits::{HANDSHAKE_DAYS_MAX, SLOT_HOLD_DAYS, TTL_DAYS_DEFAULT};
use sotto_wire::topic::{ControlChange, EntryContent, TopicRequest, TopicResponse};

over_stores!(
    entries_go_when_everybody_has_them,
    a_reader_who_stays_away_holds_for_thirty_days,
    bodies_expire_and_the_chain_still_leads_through,
    a_shorter_time_to_live_is_kept,
    a_lost_answer_is_answered_after_the_body_expired,
    handshakes_go_in_the_end,
    a_topic_can_be_closed_for_good,
    housekeeping_does_nothing_twice,
);

fn entries_go_when_everybody_has_them(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let (one, two) = (chat.reader(world, 0), chat.reader(world, 0));
    chat.say(world, 1..5);
    one.ack(world, chat.writer, 4).unwrap();
    world.tick();
    assert_eq!(world.service.counters().entries_trimmed, 0, "not while somebody lacks them");
    assert_eq!(two.ack(world, chat.writer, 3).unwrap().first_available, Seq(1));
    world.tick();
    assert_eq!(world.service.counters().entries_trimmed, 3);
    let id = world.topic_plane();
    let receipt = two.followed(world, id, 0).unwrap();
    assert_eq!((receipt.first_available, receipt.newest), (Seq(4), Seq(4)));
    assert_eq!(world.seqs(id), [4], "whoever asks for less is given what there is");
    world.ask(id, TopicRequest::CloseSlot(two.auth.clone())).unwrap();
    world.tick();
    assert_eq!(world.service.counters().entries_trimmed, 4);
    chat.say(world, [5]);
    let id = one.following(world, 4);
    assert_eq!(world.seqs(id), [5], "the log goes on where it was");
}

fn a_reader_who_stays_away_holds_for_thirty_days(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let (here, away) = (chat.reader(world, 0), chat.reader(world, 0));
    chat.say(world, [1]);
    here.ack(world, chat.writer, 1).unwrap();
    world.pass_days(SLOT_HOLD_DAYS.into());
    world.tick();
    assert_eq!(world.service.counters().entries_trimmed, 0);
    world.pass_days(1);
    world.tick();
    assert_eq!(world.service.counters().entries_trimmed, 1);
    chat.say(world, [2]);
    here.ack(world, chat.writer, 2).unwrap();
    world.tick();
    let id = away.following(world, 0);
    assert_eq!(world.seqs(id), [2], "what came since is held for it again");
}

fn bodies_expire_and_the_chain_still_leads_through(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let commit = chat.commit(1);
    chat.appended(world, commit);
    chat.say(world, 2..4);
    world.pass_days(u64::from(TTL_DAYS_DEFAULT) / 2);
    reader.ack(world, chat.writer, 0).unwrap();
    chat.say(world, [4]);
    world.pass_days(u64::from(TTL_DAYS_DEFAULT) / 2 + 1);
    world.tick();
    assert_eq!(world.service.counters().bodies_emptied, 2);
    let id = reader.following(world, 0);
    let entries = world.entries(id);
    let contents: Vec<_> = entries.into_iter().map(|entry| entry.content).collect();
    let expected = [
        EntryContent::Body(body(1)),
        EntryContent::Expired(body_hash(&body(2))),
        EntryContent::Expired(body_hash(&body(3))),
        EntryContent::Body(body(4)),
    ];
    assert!(contents == expected, "the handshake stays, the messages leave their hash");
}

fn a_shorter_time_to_live_is_kept(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let _reader = chat.reader(world, 0);
    chat.say(world, [1]);
    world.pass_days(3);
    world.tick();
    assert_eq!(world.service.counters().bodies_emptied, 0);
    assert_eq!(world.ask(chat.writer, chat.action(Seq(1), Chat::ttl(2))), Ok(TopicResponse::Controlled));
    world.tick();
    assert_eq!(world.service.counters().bodies_emptied, 1, "for what is there too");
}

fn a_lost_answer_is_answered_after_the_body_expired(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let _reader = chat.reader(world, 0);
    world.ask(chat.writer, chat.action(Seq(0), Chat::ttl(1))).unwrap();
    let message = chat.message(1);
    let first = chat.appended(world, message.clone());
    world.pass_days(3);
    world.tick();
    assert_eq!(world.service.counters().bodies_emptied, 1);
    assert_eq!(chat.appended(world, message), first);
}

fn handshakes_go_in_the_end(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let commit = chat.commit(1);
    chat.appended(world, commit);
    world.pass_days(HANDSHAKE_DAYS_MAX.into());
    reader.ack(world, chat.writer, 0).unwrap();
    world.tick();
    assert_eq!(world.service.counters().entries_trimmed, 0, "a reader who is there holds it");
    world.pass_days(1);
    world.tick();
    assert_eq!(world.service.counters().entries_trimmed, 1, "and not for ever");
}

fn a_topic_can_be_closed_for_good(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    chat.say(world, [1]);
    world.ask(chat.writer, chat.action(Seq(1), ControlChange::Close)).unwrap();
    reader.ack(world, chat.writer, 1).unwrap();
    world.tick();
    assert!(world.ask(chat.writer, chat.creation()).is_ok(), "its name is still its own");
    world.pass_days(60);
    world.tick();
    let id = world.topic_plane();
    assert_eq!(reader.followed(world, id, 0), Err(sotto_wire::proto::ErrorCode::TopicUnknown));
}

fn housekeeping_does_nothing_twice(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    chat.say(world, 1..10);
    reader.ack(world, chat.writer, 9).unwrap();
    world.tick();
    let after = world.service.counters().clone();
    world.tick();
    assert_eq!(*world.service.counters(), after);
}
