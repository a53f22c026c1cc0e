//! Slots, following and acks, as a user or an attacker notices them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "each function is a test, called once per store")]

use sotto_service::{Plane, Quotas};
use sotto_service_tests::{Chat, OPEN, Reader, Store, World, body, over_stores};
use sotto_wire::ids::{Generation, Seq, SlotId, SlotSecret, TopicId};
use sotto_wire::limits::{
    APPLICATION_BYTES_MAX, ENTRIES_BYTES_TARGET, FOLLOWS_PER_CONNECTION_MAX, FOLLOWS_PER_REQUEST_MAX,
};
use sotto_wire::proto::ErrorCode;
use sotto_wire::topic::{
    Append, ControlChange, Follow, OpenSlot, SlotAuth, TopicCall, TopicFrame, TopicRequest, TopicResponse,
};

over_stores!(
    a_reader_gets_the_backlog_and_then_what_comes,
    all_followers_get_the_same_bytes,
    a_reader_begins_where_it_says,
    a_reader_who_knows_more_than_there_is_sees_what_comes_next,
    a_slow_reader_gets_everything_in_order_and_the_server_keeps_little,
    a_slow_reader_of_a_closed_topic_gets_everything_first,
    many_topics_take_turns_on_a_slow_connection,
    a_slot_opens_with_its_secret_only,
    a_slot_reads_no_further_than_it_has_proved,
    a_slot_that_proves_in_the_middle_misses_nothing,
    a_replaced_secret_ends_the_follow_of_whoever_had_the_old_one,
    a_closed_slot_ends_its_follows,
    an_unfollowed_topic_is_silent,
    a_connection_follows_a_topic_once,
    an_ack_grows_and_never_goes_beyond_what_there_is,
    a_follow_and_an_append_in_one_batch_miss_nothing,
    a_connection_with_nothing_to_catch_up_asks_for_no_call,
    a_connection_follows_only_so_many,
    disconnected_readers_leave_nothing_behind,
);

fn a_reader_gets_the_backlog_and_then_what_comes(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    chat.say(world, 1..4);
    let id = world.topic_plane();
    let receipt = reader.followed(world, id, 0).unwrap();
    assert_eq!((receipt.newest, receipt.first_available, receipt.ack), (Seq(3), Seq(1), Seq(0)));
    assert_eq!(world.bodies(id), [body(1), body(2), body(3)]);
    chat.say(world, 4..6);
    assert_eq!(world.bodies(id), [body(4), body(5)]);
}

fn all_followers_get_the_same_bytes(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let readers: Vec<Reader> = (0..3).map(|_| chat.reader(world, 0)).collect();
    chat.say(world, [1]);
    let ids: Vec<_> = readers.iter().map(|reader| reader.following(world, 0)).collect();
    let early: Vec<_> = ids.iter().map(|id| world.entries(*id)).collect();
    assert!(early.iter().all(|entries| *entries == early[0] && entries.len() == 1));
    chat.say(world, [2]);
    let frames: Vec<_> = ids.iter().map(|id| world.addresses(*id)).collect();
    assert_eq!((&frames[0], &frames[0]), (&frames[1], &frames[2]), "encoded once, shared");
    let late: Vec<_> = ids.iter().map(|id| world.topic_frames(*id)).collect();
    assert!(late.iter().all(|frames| *frames == late[0] && frames.len() == 1));
}

fn a_reader_begins_where_it_says(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    chat.say(world, 1..6);
    let id = reader.following(world, 3);
    assert_eq!(world.seqs(id), [4, 5]);
    let id = reader.following(world, 5);
    assert!(world.seqs(id).is_empty());
    chat.say(world, [6]);
    assert_eq!(world.seqs(id), [6]);
}

/// As after a backup was restored: silence would hide the loss, the next entry shows the fork.
fn a_reader_who_knows_more_than_there_is_sees_what_comes_next(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    chat.say(world, 1..3);
    let id = world.topic_plane();
    assert_eq!(reader.followed(world, id, 40).unwrap().newest, Seq(2));
    chat.say(world, [3]);
    assert_eq!(world.seqs(id), [3]);
}

fn a_slow_reader_gets_everything_in_order_and_the_server_keeps_little(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    let large =
        |chat: &Chat, n: u32| Append { body: vec![n as u8; APPLICATION_BYTES_MAX].into(), ..chat.message(n) };
    for n in 0..60 {
        let message = large(&chat, n);
        chat.appended(world, message);
        assert!(world.queued_bytes(id) <= 2 * ENTRIES_BYTES_TARGET + APPLICATION_BYTES_MAX, "entry {n}");
    }
    // It reads while more is said.
    let mut first_bytes = Vec::new();
    let mut n = 60;
    while let Some(frame) = world.topic_frame(id) {
        let TopicFrame::Entries(entries) = frame else { panic!("{frame:?}") };
        first_bytes.extend(entries.entries.iter().map(|entry| (entry.seq.0, entry.kind)));
        if n < 70 {
            let message = large(&chat, n);
            chat.appended(world, message);
            n += 1;
        }
    }
    let seqs: Vec<u64> = first_bytes.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, (1..=70).collect::<Vec<_>>(), "everything once, in order");
    chat.say(world, [100]);
    assert_eq!(world.seqs(id), [71], "and is served live again");
}

fn a_slow_reader_of_a_closed_topic_gets_everything_first(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    for n in 0..20 {
        let message = Append { body: vec![1; 60_000].into(), ..chat.message(n) };
        chat.appended(world, message);
    }
    world.ask(chat.writer, chat.action(Seq(20), ControlChange::Close)).unwrap();
    let mut frames = world.topic_frames(id);
    assert!(matches!(frames.pop(), Some(TopicFrame::FollowEnded { .. })));
    let read = frames.iter().map(|frame| match frame {
        TopicFrame::Entries(entries) => entries.entries.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(read.sum::<usize>(), 20);
}

fn many_topics_take_turns_on_a_slow_connection(world: &mut World<impl Store>) {
    let id = world.topic_plane();
    let mut follows = Vec::new();
    for _ in 0..8 {
        let mut chat = Chat::create(world);
        let reader = chat.reader(world, 0);
        for n in 0..12 {
            let message = Append { body: vec![n; 40_000].into(), ..chat.message(n.into()) };
            chat.appended(world, message);
        }
        let TopicRequest::Follow(follow) = reader.follow(0) else { panic!() };
        follows.extend(follow);
    }
    world.ask(id, TopicRequest::Follow(follows)).unwrap();
    let mut read: std::collections::BTreeMap<_, Vec<u64>> = std::collections::BTreeMap::new();
    for frame in world.topic_frames(id) {
        let TopicFrame::Entries(entries) = frame else { panic!("{frame:?}") };
        read.entry(entries.topic).or_default().extend(entries.entries.iter().map(|entry| entry.seq.0));
    }
    assert_eq!(read.len(), 8);
    assert!(read.values().all(|seqs| *seqs == (1..=12).collect::<Vec<_>>()));
}

fn a_slot_opens_with_its_secret_only(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    chat.say(world, [1]);
    let wrong = Reader { auth: SlotAuth { secret: SlotSecret::new([1; 32]), ..reader.auth.clone() } };
    let other = Reader { auth: SlotAuth { slot: SlotId::new([1; 16]), ..reader.auth.clone() } };
    let id = world.topic_plane();
    for stranger in [wrong, other] {
        assert_eq!(stranger.followed(world, id, 0), Err(ErrorCode::SlotUnknown));
        assert_eq!(stranger.ack(world, id, 1), Err(ErrorCode::SlotUnknown));
        assert_eq!(stranger.prove(world, id, chat.capability(0)), Err(ErrorCode::SlotUnknown));
        let close = TopicRequest::CloseSlot(stranger.auth.clone());
        assert_eq!(world.ask(id, close), Err(ErrorCode::SlotUnknown));
        let new_secret = SlotSecret::new([2; 32]).hash();
        let replace = TopicRequest::ReplaceSlotSecret { auth: stranger.auth.clone(), new_secret };
        assert_eq!(world.ask(id, replace), Err(ErrorCode::SlotUnknown));
    }
    assert!(world.topic_frames(id).is_empty());
    reader.followed(world, id, 0).unwrap();
    assert_eq!(world.seqs(id), [1]);
}

fn a_slot_reads_no_further_than_it_has_proved(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    chat.say(world, [1]);
    let rotation = chat.rotation(2);
    chat.appended(world, rotation);
    chat.say(world, 3..5);
    assert_eq!(world.seqs(id), [1, 2], "the entry that ends its generation is its last");
    let again = reader.following(world, 1);
    assert_eq!(world.seqs(again), [2]);
    assert_eq!(reader.prove(world, id, chat.capability(7)), Err(ErrorCode::CapabilityRefused));
    assert_eq!(world.seqs(id), [0; 0]);
    let proved = reader.prove(world, id, chat.capability(1)).unwrap();
    assert_eq!((proved.proved, proved.readable_to, proved.newest), (Generation(1), None, Seq(4)));
    assert_eq!(
        (world.seqs(id), world.seqs(again)),
        (vec![3, 4], vec![3, 4]),
        "every connection of the slot goes on"
    );
    chat.say(world, [5]);
    assert_eq!(world.seqs(id), [5]);
}

fn a_slot_that_proves_in_the_middle_misses_nothing(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    let (rotate, next) = (chat.rotation(1), Chat { generation: 1, head: Seq(1), ..chat.clone() });
    let append = TopicRequest::Append;
    let prove = TopicRequest::ProveSlot { auth: reader.auth.clone(), capability: chat.capability(1) };
    let call = |number, request| (chat.writer, Plane::Topic, TopicCall { id: number, request }.encode());
    world.receive(vec![
        call(1, append(rotate)),
        call(2, append(next.message(2))),
        call(3, prove),
        call(4, append(next.message(3))),
    ]);
    assert_eq!(world.seqs(id), [1, 2, 3]);
    chat = next;
    chat.writer = world.topic_plane();
    chat.say(world, [4]);
    assert_eq!(world.seqs(id), [4]);
}

/// The committer who opened the slot knows its first secret; its owner replaces it on first use.
fn a_replaced_secret_ends_the_follow_of_whoever_had_the_old_one(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let old = chat.reader(world, 0);
    let eavesdropper = old.following(world, 0);
    let owner = old.following(world, 0);
    let secret = SlotSecret::random(&mut world.rng);
    let new = Reader { auth: SlotAuth { secret: secret.clone(), ..old.auth.clone() } };
    let replace = TopicRequest::ReplaceSlotSecret { auth: old.auth.clone(), new_secret: secret.hash() };
    assert_eq!(world.ask(owner, replace.clone()), Ok(TopicResponse::SlotSecretReplaced));
    let frames = world.topic_frames(eavesdropper);
    assert!(matches!(frames.as_slice(), [TopicFrame::FollowEnded { slot, .. }] if *slot == old.auth.slot));
    assert_eq!(old.followed(world, eavesdropper, 0), Err(ErrorCode::SlotUnknown));
    assert_eq!(
        world.ask(owner, replace),
        Ok(TopicResponse::SlotSecretReplaced),
        "a repeat after a lost answer"
    );
    chat.say(world, [1]);
    assert_eq!((world.seqs(owner), world.seqs(eavesdropper)), (vec![1], vec![]));
    assert!(new.ack(world, owner, 1).is_ok());
}

fn a_closed_slot_ends_its_follows(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let (one, two) = (reader.following(world, 0), reader.following(world, 0));
    assert_eq!(world.ask(one, TopicRequest::CloseSlot(reader.auth.clone())), Ok(TopicResponse::SlotClosed));
    chat.say(world, [1]);
    assert!(world.topic_frames(one).is_empty());
    let frames = world.topic_frames(two);
    assert!(
        matches!(frames.as_slice(), [TopicFrame::FollowEnded { refusal, .. }] if refusal.code == ErrorCode::SlotUnknown)
    );
    assert_eq!(reader.followed(world, two, 0), Err(ErrorCode::SlotUnknown));
}

fn an_unfollowed_topic_is_silent(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    assert_eq!(world.ask(id, TopicRequest::Unfollow(vec![reader.auth.slot])), Ok(TopicResponse::Unfollowed));
    assert_eq!(
        world.ask(id, TopicRequest::Unfollow(vec![SlotId::new([9; 16])])),
        Ok(TopicResponse::Unfollowed)
    );
    chat.say(world, [1]);
    assert!(world.topic_frames(id).is_empty());
    reader.followed(world, id, 0).unwrap();
    assert_eq!(world.seqs(id), [1]);
}

fn a_connection_follows_a_topic_once(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let (one, two) = (chat.reader(world, 0), chat.reader(world, 0));
    let id = one.following(world, 0);
    chat.say(world, 1..3);
    assert_eq!(world.seqs(id), [1, 2]);
    two.followed(world, id, 1).unwrap();
    assert_eq!(world.seqs(id), [2], "the later follow counts, from where it begins");
    world.ask(id, TopicRequest::Unfollow(vec![one.auth.slot])).unwrap();
    chat.say(world, [3]);
    assert_eq!(world.seqs(id), [3]);
}

fn an_ack_grows_and_never_goes_beyond_what_there_is(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    chat.say(world, 1..4);
    let id = world.topic_plane();
    assert_eq!(reader.ack(world, id, 4), Err(ErrorCode::Malformed));
    assert_eq!(reader.ack(world, id, 2).unwrap().ack, Seq(2));
    assert_eq!(reader.ack(world, id, 1).unwrap().ack, Seq(2));
    world.restart(OPEN, Quotas::unlimited());
    let id = world.topic_plane();
    assert_eq!(reader.followed(world, id, 2).unwrap().ack, Seq(2));
}

fn a_follow_and_an_append_in_one_batch_miss_nothing(world: &mut World<impl Store>) {
    let chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let early = reader.following(world, 0);
    let id = world.topic_plane();
    let call = |from, number, request| (from, Plane::Topic, TopicCall { id: number, request }.encode());
    let append = |n| TopicRequest::Append(chat.message(n));
    world.receive(vec![
        call(chat.writer, 1, append(1)),
        call(id, 2, reader.follow(0)),
        call(chat.writer, 3, append(2)),
        call(id, 4, TopicRequest::Unfollow(vec![reader.auth.slot])),
        call(id, 5, reader.follow(1)),
        call(chat.writer, 6, append(3)),
    ]);
    assert_eq!(world.seqs(early), [1, 2, 3]);
    let frames = world.topic_frames(id);
    let seqs: Vec<u64> = frames
        .iter()
        .filter_map(|frame| match frame {
            TopicFrame::Entries(entries) => Some(entries.entries.iter().map(|entry| entry.seq.0)),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(seqs, [2, 3]);
    assert!(matches!(frames.first(), Some(TopicFrame::Response { id: 2, .. })), "answers come first");
}

fn a_connection_with_nothing_to_catch_up_asks_for_no_call(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    chat.say(world, [1]);
    let id = world.topic_plane();
    let follow =
        |from, number| (id, Plane::Topic, TopicCall { id: number, request: reader.follow(from) }.encode());
    world.receive(vec![follow(1, 1)]);
    assert_eq!(world.asks(id), 0);
    world.receive(vec![follow(0, 2)]);
    assert_eq!(world.asks(id), 1, "one that has something to catch up asks once");
}

fn a_connection_follows_only_so_many(world: &mut World<impl Store>) {
    let chat = Chat::create(world);
    let topic = |n: usize| TopicId::new(std::array::from_fn(|at| [n as u8, (n >> 8) as u8][at % 2]));
    let one_of = |n| Chat { topic: topic(n), ..chat.clone() };
    let readers: Vec<_> = (0..=FOLLOWS_PER_CONNECTION_MAX).map(|n| Reader::new(world, topic(n))).collect();
    let each = readers.iter().enumerate().flat_map(|(n, reader)| {
        let (chat, slot) = (one_of(n), reader.new_slot());
        let open = OpenSlot { topic: chat.topic, capability: chat.capability(0), slot };
        [chat.creation(), TopicRequest::OpenSlot(open)]
    });
    let calls = each.map(|request| (chat.writer, Plane::Topic, TopicCall { id: 1, request }.encode()));
    world.receive(calls.collect());
    let follow = |some: &[Reader]| {
        TopicRequest::Follow(
            some.iter().map(|reader| Follow { auth: reader.auth.clone(), from: Seq(0) }).collect(),
        )
    };
    let id = world.topic_plane();
    let (fit, one_more) = readers.split_at(FOLLOWS_PER_CONNECTION_MAX);
    for some in fit.chunks(FOLLOWS_PER_REQUEST_MAX) {
        let answer = world.ask(id, follow(some)).unwrap();
        let TopicResponse::Followed(outcomes) = answer else { panic!("{answer:?}") };
        assert!(outcomes.iter().all(|outcome| outcome.outcome.is_ok()));
    }
    assert_eq!(one_more[0].followed(world, id, 0), Err(ErrorCode::Quota));
    assert!(fit[0].followed(world, id, 0).is_ok(), "one that is followed already may be followed again");
}

fn disconnected_readers_leave_nothing_behind(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    assert_eq!(world.service.counters().topic_connections_open, 2);
    world.disconnect(id);
    assert_eq!(world.service.counters().topic_connections_open, 1);
    let before = world.service.counters().entries_delivered;
    chat.say(world, 1..3);
    assert_eq!(world.service.counters().entries_delivered, before);
    let _ = world.service.writable(id, world.now);
    let closing = world.service.shut_down();
    assert_eq!(closing.len(), 1);
}
