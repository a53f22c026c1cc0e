//! Topics, appends, capabilities and control, as a user or an attacker notices them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "each function is a test, called once per store")]

use std::sync::{Arc, OnceLock};

use sotto_service::tokens::{Purpose, TokenGate, TokenRefused};
use sotto_service::{ConnectionId, Quotas, Rate};
use sotto_service_tests::{Chat, OPEN, Reader, Store, World, body, item_of, over_stores, receipt_of};
use sotto_wire::digest::{body_hash, chain_start};
use sotto_wire::ids::{Capability, Generation, Handle, Millis, Seq, Signature, Token};
use sotto_wire::proto::ErrorCode;
use sotto_wire::receipt::Item;
use sotto_wire::topic::{
    Append, ClaimKeyPackage, ControlChange, CreateTopic, OpenSlot, SendEphemeral, TopicFrame, TopicRequest,
    TopicResponse,
};

over_stores!(
    a_topic_is_made_once_and_its_receipt_says_it_is_empty,
    an_append_is_answered_with_a_signed_place,
    one_of_two_handshakes_wins,
    a_message_under_an_old_head_is_told_the_new_one,
    an_append_whose_answer_was_lost_is_answered_as_before,
    an_append_id_stands_for_one_body,
    a_wrong_capability_appends_nothing,
    a_topic_that_is_not_there_is_unknown,
    a_rotation_ends_the_capability_that_was,
    a_rotation_not_signed_by_a_control_key_is_refused,
    a_rotation_on_junk_is_redone_by_control,
    a_member_with_a_retired_capability_learns_no_more_than_its_time,
    slots_open_with_the_entry_that_adds_their_readers,
    a_control_action_is_not_replayed,
    a_control_action_by_anybody_else_is_refused,
    a_closed_topic_takes_nothing_and_says_so,
    an_ephemeral_reaches_those_who_read_now_and_nobody_else,
    a_batch_is_signed_once,
    a_topic_takes_only_so_much_at_once,
    a_connection_appends_only_so_much,
    a_stranger_uses_up_no_members_room,
    what_costs_others_something_needs_a_token,
    frames_that_are_no_requests_are_refused,
);

fn a_topic_is_made_once_and_its_receipt_says_it_is_empty(world: &mut World<impl Store>) {
    let chat = Chat::create(world);
    let again = world.ask(chat.writer, chat.creation()).unwrap();
    let Item::Batch(receipt) = item_of(receipt_of(&again), world.log_key()) else { panic!("{again:?}") };
    assert_eq!((receipt.from, receipt.to, receipt.chain), (Seq(0), Seq(0), chain_start(chat.topic)));
    let TopicRequest::CreateTopic(creation) = chat.creation() else { panic!() };
    let other = CreateTopic { capability: Capability::new([1; 32]).hash(), ..creation };
    assert_eq!(world.ask(chat.writer, TopicRequest::CreateTopic(other)), Err(ErrorCode::TopicExists));
    assert_eq!(world.service.counters().topics, 1);
}

fn an_append_is_answered_with_a_signed_place(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let message = chat.message(1);
    let receipt = chat.appended(world, message.clone());
    assert_eq!((receipt.seq, receipt.kind, receipt.head), (Seq(1), message.kind, Seq(0)));
    assert_eq!((receipt.append_id, receipt.body), (message.append_id, body_hash(&message.body)));
    assert_eq!(receipt.minute, world.now.minute());
    let next = chat.message(2);
    assert_eq!(chat.appended(world, next).seq, Seq(2));
}

fn one_of_two_handshakes_wins(world: &mut World<impl Store>) {
    let chat = Chat::create(world);
    let rival = world.topic_plane();
    let answers = world.ask_at_once(vec![
        (chat.writer, TopicRequest::Append(chat.commit(1))),
        (rival, TopicRequest::Append(chat.commit(2))),
    ]);
    assert!(matches!(&answers[0], Ok(TopicResponse::Appended(_))));
    assert_eq!(answers[1], Ok(TopicResponse::Conflict { head: Seq(1) }));
    assert_eq!(world.service.counters().conflicts, 1);
}

fn a_message_under_an_old_head_is_told_the_new_one(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let stale = chat.message(1);
    let commit = chat.commit(2);
    chat.appended(world, commit);
    assert_eq!(chat.append(world, stale), Ok(TopicResponse::Conflict { head: Seq(1) }));
    let state = TopicRequest::TopicState { topic: chat.topic, capability: chat.capability(0) };
    let expected = TopicResponse::TopicState { head: Seq(1), next_seq: Seq(2), generation: Generation(0) };
    assert_eq!(world.ask(chat.writer, state), Ok(expected));
    chat.say(world, [3]);
}

fn an_append_whose_answer_was_lost_is_answered_as_before(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let message = chat.message(1);
    let first = chat.appended(world, message.clone());
    let commit = chat.commit(2);
    chat.appended(world, commit);
    world.disconnect(chat.writer);
    world.restart(OPEN, Quotas::unlimited());
    world.pass_ms(10 * 60_000);
    chat.writer = world.topic_plane();
    assert_eq!(chat.appended(world, message), first, "place, chain and minute are those of the first time");
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    assert_eq!(world.seqs(id), [1, 2]);
}

fn an_append_id_stands_for_one_body(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    chat.say(world, [1]);
    let other = Append { body: body(2), ..chat.message(1) };
    assert_eq!(chat.append(world, other), Err(ErrorCode::Malformed));
}

fn a_wrong_capability_appends_nothing(world: &mut World<impl Store>) {
    let chat = Chat::create(world);
    let wrong = Capability::new([9; 32]);
    let append = Append { capability: wrong.clone(), ..chat.message(1) };
    assert_eq!(chat.append(world, append), Err(ErrorCode::CapabilityRefused));
    let state = TopicRequest::TopicState { topic: chat.topic, capability: wrong.clone() };
    assert_eq!(world.ask(chat.writer, state), Err(ErrorCode::CapabilityRefused));
    let slot = Reader::new(world, chat.topic).new_slot();
    let open = TopicRequest::OpenSlot(OpenSlot { topic: chat.topic, capability: wrong.clone(), slot });
    assert_eq!(world.ask(chat.writer, open), Err(ErrorCode::CapabilityRefused));
    let ephemeral = SendEphemeral { topic: chat.topic, capability: wrong, body: body(1) };
    let answer = world.ask(chat.writer, TopicRequest::SendEphemeral(ephemeral));
    assert_eq!(answer, Err(ErrorCode::CapabilityRefused));
}

fn a_topic_that_is_not_there_is_unknown(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    chat.topic = sotto_wire::ids::TopicId::new([1; 32]);
    let reader = Reader::new(world, chat.topic);
    let unknown = Err(ErrorCode::TopicUnknown);
    assert_eq!(chat.append(world, chat.message(1)), unknown);
    assert_eq!(reader.ack(world, chat.writer, 0), Err(ErrorCode::TopicUnknown));
    assert_eq!(reader.followed(world, chat.writer, 0), Err(ErrorCode::TopicUnknown));
    assert_eq!(world.ask(chat.writer, chat.action(Seq(0), ControlChange::Close)), unknown);
}

fn a_rotation_ends_the_capability_that_was(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let removed = chat.clone();
    let rotation = chat.rotation(1);
    chat.appended(world, rotation);
    let informed = Chat { head: Seq(1), ..removed };
    assert_eq!(informed.append(world, informed.message(2)), Err(ErrorCode::CapabilityRefused));
    chat.say(world, [3]);
    assert_eq!(world.service.counters().rotations, 1);
}

fn a_rotation_not_signed_by_a_control_key_is_refused(world: &mut World<impl Store>) {
    let chat = Chat::create(world);
    let mut forged = chat.rotation(1);
    if let Some(rotate) = &mut forged.rotate {
        rotate.control_signature = Signature::new([3; 64]);
    }
    assert_eq!(chat.append(world, forged), Err(ErrorCode::ControlRefused));
    let stranger = Chat { control: ed25519_dalek::SigningKey::from_bytes(&[5; 32]), ..chat.clone() };
    assert_eq!(chat.append(world, stranger.rotation(1)), Err(ErrorCode::ControlRefused));
    let moved = Append { body: body(9), ..chat.rotation(1) };
    assert_eq!(chat.append(world, moved), Err(ErrorCode::ControlRefused), "the signature covers the entry");
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    assert!(world.seqs(id).is_empty(), "nothing of it was accepted");
}

/// The server cannot tell a commit from junk: an insider rotates to a capability that nobody else can derive, and a
/// control key puts it right.
fn a_rotation_on_junk_is_redone_by_control(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    let junk = chat.rotation(1);
    chat.appended(world, junk);
    let redo = chat.action(Seq(1), chat.rotated_to(2));
    assert_eq!(world.ask(chat.writer, redo), Ok(TopicResponse::Controlled));
    assert_eq!(chat.append(world, chat.message(2)), Err(ErrorCode::CapabilityRefused));
    chat.generation = 2;
    chat.say(world, [3]);
    assert_eq!(world.seqs(id), [1], "a reader goes on when it has proved the new one");
    assert_eq!(reader.prove(world, id, chat.capability(2)).unwrap().readable_to, None);
    assert_eq!(world.seqs(id), [2]);
}

fn a_member_with_a_retired_capability_learns_no_more_than_its_time(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let removed = chat.clone();
    chat.say(world, [1]);
    let rotation = chat.rotation(2);
    chat.appended(world, rotation);
    let commit = chat.commit(3);
    chat.appended(world, commit);
    chat.say(world, 4..8);
    let state = TopicRequest::TopicState { topic: chat.topic, capability: chat.capability(0) };
    let expected = TopicResponse::TopicState { head: Seq(2), next_seq: Seq(3), generation: Generation(1) };
    assert_eq!(world.ask(chat.writer, state), Ok(expected));
    assert_eq!(removed.append(world, removed.message(9)), Ok(TopicResponse::Conflict { head: Seq(2) }));
    let reader = chat.reader(world, 0);
    let id = world.topic_plane();
    let receipt = reader.followed(world, id, 0).unwrap();
    assert_eq!((receipt.newest, receipt.readable_to), (Seq(2), Some(Seq(2))));
    assert_eq!(world.seqs(id), [1, 2], "its own removal included, nothing after");
    assert_eq!(reader.ack(world, id, 3), Err(ErrorCode::Malformed));
    chat.say(world, [8]);
    assert!(world.seqs(id).is_empty());
}

fn slots_open_with_the_entry_that_adds_their_readers(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let (one, two) = (Reader::new(world, chat.topic), Reader::new(world, chat.topic));
    let adding = Append { open_slots: vec![one.new_slot(), two.new_slot()], ..chat.commit(1) };
    let lost = chat.append(world, adding.clone());
    assert!(lost.is_ok());
    chat.appended(world, adding);
    chat.say(world, [2]);
    let id = world.topic_plane();
    let receipt = one.followed(world, id, 1).unwrap();
    assert_eq!((receipt.ack, receipt.newest, receipt.proved), (Seq(1), Seq(2), Generation(0)));
    assert_eq!(world.seqs(id), [2]);
    let clashing = Reader { auth: one.auth.clone() };
    let other_secret = sotto_wire::topic::NewSlot { secret: two.new_slot().secret, ..clashing.new_slot() };
    let taken = Append { open_slots: vec![other_secret], ..chat.commit(3) };
    assert_eq!(chat.append(world, taken), Err(ErrorCode::SlotUnknown));
}

fn a_control_action_is_not_replayed(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    chat.say(world, [1]);
    let (short, long) = (chat.action(Seq(1), Chat::ttl(3)), chat.action(Seq(1), Chat::ttl(60)));
    assert_eq!(world.ask(chat.writer, short.clone()), Ok(TopicResponse::Controlled));
    assert_eq!(world.ask(chat.writer, long), Ok(TopicResponse::Controlled));
    assert_eq!(
        world.ask(chat.writer, short.clone()),
        Ok(TopicResponse::Controlled),
        "answered, and without effect"
    );
    world.pass_days(10);
    world.tick();
    assert_eq!(world.service.counters().bodies_emptied, 0, "60 days, not 3");
    chat.say(world, [2]);
    assert_eq!(world.ask(chat.writer, chat.action(Seq(2), Chat::ttl(90))), Ok(TopicResponse::Controlled));
    assert_eq!(world.ask(chat.writer, short), Err(ErrorCode::ControlRefused), "too old by now");
    let early = chat.action(Seq(9), Chat::ttl(3));
    assert_eq!(
        world.ask(chat.writer, early),
        Err(ErrorCode::ControlRefused),
        "for a seq that is yet to come"
    );
}

fn a_control_action_by_anybody_else_is_refused(world: &mut World<impl Store>) {
    let chat = Chat::create(world);
    let stranger = Chat { control: ed25519_dalek::SigningKey::from_bytes(&[5; 32]), ..chat.clone() };
    let close = stranger.action(Seq(0), ControlChange::Close);
    assert_eq!(world.ask(chat.writer, close), Err(ErrorCode::ControlRefused));
    let TopicRequest::Control(mut forged) = chat.action(Seq(0), ControlChange::Close) else { panic!() };
    forged.signature = Signature::new([1; 64]);
    assert_eq!(world.ask(chat.writer, TopicRequest::Control(forged)), Err(ErrorCode::ControlRefused));
    let elsewhere = Chat::create(world);
    let TopicRequest::Control(action) = elsewhere.action(Seq(0), ControlChange::Close) else { panic!() };
    let copied = sotto_wire::topic::Control { topic: chat.topic, ..action };
    assert_eq!(world.ask(chat.writer, TopicRequest::Control(copied)), Err(ErrorCode::ControlRefused));
}

fn a_closed_topic_takes_nothing_and_says_so(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    let late = chat.reader(world, 0);
    chat.say(world, 1..4);
    assert_eq!(world.seqs(id), [1, 2, 3]);
    let close = chat.action(Seq(3), ControlChange::Close);
    assert_eq!(world.ask(chat.writer, close.clone()), Ok(TopicResponse::Controlled));
    assert_eq!(world.ask(chat.writer, close), Ok(TopicResponse::Controlled));
    assert_eq!(chat.append(world, chat.message(4)), Err(ErrorCode::TopicClosed));
    let ended = |frames: &[TopicFrame]| matches!(frames.last(), Some(TopicFrame::FollowEnded { refusal, .. }) if refusal.code == ErrorCode::TopicClosed);
    let frames = world.topic_frames(id);
    assert!(frames.len() == 1 && ended(&frames), "{frames:?}");
    let id = late.following(world, 0);
    let frames = world.topic_frames(id);
    assert!(matches!(frames.first(), Some(TopicFrame::Entries(entries)) if entries.entries.len() == 3));
    assert!(ended(&frames), "what is there is read, and then it ends");
    let id = late.following(world, 3);
    let frames = world.topic_frames(id);
    assert!(frames.len() == 1 && ended(&frames), "whoever has read it all is told at once");
}

fn an_ephemeral_reaches_those_who_read_now_and_nobody_else(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let (member, removed) = (chat.reader(world, 0), chat.reader(world, 0));
    let (of_member, of_removed) = (member.following(world, 0), removed.following(world, 0));
    let rotation = chat.rotation(1);
    chat.appended(world, rotation);
    member.prove(world, chat.writer, chat.capability(1)).unwrap();
    assert_eq!((world.seqs(of_member), world.seqs(of_removed)), (vec![1], vec![1]));
    let send = |generation| {
        let capability = chat.capability(generation);
        TopicRequest::SendEphemeral(SendEphemeral { topic: chat.topic, capability, body: body(7) })
    };
    assert_eq!(world.ask(of_removed, send(0)), Err(ErrorCode::CapabilityRefused));
    assert_eq!(world.ask(chat.writer, send(1)), Ok(TopicResponse::EphemeralSent));
    let frames = world.topic_frames(of_member);
    assert_eq!(frames, [TopicFrame::Ephemeral { topic: chat.topic, body: body(7) }]);
    assert!(world.topic_frames(of_removed).is_empty());
    let later = member.following(world, 1);
    assert!(world.topic_frames(later).is_empty(), "it is not stored");
    assert_eq!(world.ask(of_member, send(1)), Ok(TopicResponse::EphemeralSent));
    assert!(world.topic_frames(of_member).is_empty(), "nobody hears itself");
}

fn a_batch_is_signed_once(world: &mut World<impl Store>) {
    let chats: Vec<Chat> = (0..10).map(|_| Chat::create(world)).collect();
    let before = world.service.counters().signatures;
    let appends =
        chats.iter().flat_map(|chat| (0..5).map(|n| (chat.writer, TopicRequest::Append(chat.message(n)))));
    let answers = world.ask_at_once(appends.collect());
    assert!(answers.iter().all(|answer| matches!(answer, Ok(TopicResponse::Appended(_)))));
    assert_eq!(world.service.counters().signatures, before + 1);
}

fn a_topic_takes_only_so_much_at_once(world: &mut World<impl Store>) {
    let quotas = Quotas {
        appends_per_topic: Rate::new(5, 1_000),
        handshakes_per_topic: Rate::new(1, 60_000),
        topics_per_connection: Rate::new(2, 60_000),
        ..Quotas::unlimited()
    };
    world.restart(OPEN, quotas);
    let mut chat = Chat::create(world);
    let commit = chat.commit(1);
    chat.appended(world, commit);
    assert_eq!(chat.append(world, chat.commit(2)), Err(ErrorCode::RateLimited));
    chat.say(world, 3..6);
    let limited = world.refused_until(chat.writer, TopicRequest::Append(chat.message(6))).unwrap_err();
    assert_eq!(
        (limited.code, limited.retry_after),
        (ErrorCode::RateLimited, Some(std::time::Duration::from_secs(1)))
    );
    world.pass_ms(1_000);
    chat.say(world, [6]);
    let other = world.topic_plane();
    let answer = world.ask(other, TopicRequest::Append(chat.message(7)));
    assert_eq!(answer, Err(ErrorCode::RateLimited), "another connection does not help");
    let twin = Chat { topic: sotto_wire::ids::TopicId::new([2; 32]), ..chat.clone() };
    assert!(world.ask(chat.writer, twin.creation()).is_ok());
    let third = Chat { topic: sotto_wire::ids::TopicId::new([3; 32]), ..chat };
    assert_eq!(world.ask(third.writer, third.creation()), Err(ErrorCode::RateLimited));
}

fn a_connection_appends_only_so_much(world: &mut World<impl Store>) {
    world.restart(OPEN, Quotas { appends_per_connection: Rate::new(4, 60_000), ..Quotas::unlimited() });
    let (one, two) = (Chat::create(world), Chat::create(world));
    let two = Chat { writer: one.writer, ..two };
    assert!(one.append(world, one.message(1)).is_ok());
    assert!(two.append(world, two.message(1)).is_ok());
    let large = Append { body: vec![1; 40_000].into(), ..one.message(2) };
    assert_eq!(one.append(world, large), Err(ErrorCode::RateLimited), "a large one counts for more");
    assert!(one.append(world, one.message(2)).is_ok());
    assert!(two.append(world, two.message(2)).is_ok());
    assert_eq!(two.append(world, two.message(3)), Err(ErrorCode::RateLimited));
}

/// Whoever was removed still knows the topic's id: that must not be enough to silence those who stayed.
fn a_stranger_uses_up_no_members_room(world: &mut World<impl Store>) {
    let quotas = Quotas { appends_per_topic: Rate::new(3, 60_000), ..Quotas::unlimited() };
    world.restart(OPEN, quotas);
    let mut chat = Chat::create(world);
    for n in 0..20 {
        let append = Append { capability: Capability::new([9; 32]), ..chat.message(n) };
        assert!(chat.append(world, append).is_err());
    }
    chat.say(world, 30..33);
}

/// Takes one token, once, for anything.
struct OneToken(Option<&'static [u8]>, Arc<OnceLock<ConnectionId>>);

impl TokenGate for OneToken {
    fn spend(
        &mut self,
        _: ConnectionId,
        _: Purpose,
        token: Option<&Token>,
        _: Millis,
    ) -> Result<(), TokenRefused> {
        let good = token.map(Token::as_bytes) == self.0;
        if good && self.0.take().is_some() { Ok(()) } else { Err(TokenRefused::Invalid) }
    }

    fn disconnected(&mut self, id: ConnectionId) {
        self.1.set(id).unwrap();
    }
}

fn what_costs_others_something_needs_a_token(world: &mut World<impl Store>) {
    let chat = Chat::create(world);
    let forgotten = Arc::new(OnceLock::new());
    world.with_gate(OneToken(Some(b"blind"), Arc::clone(&forgotten)));
    let id = world.topic_plane();
    let TopicRequest::CreateTopic(creation) = chat.creation() else { panic!() };
    let with = |token: &'static [u8]| {
        let token = Token::parse(&token.into()).unwrap();
        TopicRequest::CreateTopic(CreateTopic { token, ..creation.clone() })
    };
    let account = sotto_wire::ids::AccountId::new([1; 32]);
    let claim = ClaimKeyPackage { account, device: sotto_wire::ids::DeviceId::new([1; 16]), token: None };
    let look_up = TopicRequest::LookUpHandle { handle: Handle::parse("alice").unwrap(), token: None };
    for refused in [with(b""), with(b"forged"), TopicRequest::ClaimKeyPackage(claim), look_up] {
        assert_eq!(world.ask(id, refused), Err(ErrorCode::TokenRefused));
    }
    assert!(world.ask(id, with(b"blind")).is_ok());
    assert_eq!(world.ask(id, with(b"blind")), Err(ErrorCode::TokenRefused), "spent");
    world.disconnect(id);
    assert_eq!(forgotten.get(), Some(&id), "what the gate knows of a connection goes with it");
}

fn frames_that_are_no_requests_are_refused(world: &mut World<impl Store>) {
    use sotto_service::Plane;
    let id = world.topic_plane();
    let unknown = sotto_wire::proto::TopicRequest { id: 5, request: None };
    world.send_raw(id, Plane::Topic, prost::Message::encode_to_vec(&unknown));
    match world.topic_frame(id) {
        Some(TopicFrame::Response { id: 5, outcome: Err(refusal) }) => {
            assert_eq!(refusal.code, ErrorCode::Version)
        }
        other => panic!("{other:?}"),
    }
    let chat = Chat::create(world);
    let whole = sotto_wire::topic::TopicCall { id: 6, request: chat.creation() }.encode();
    for cut in 1..whole.len() {
        let id = world.topic_plane();
        world.send_raw(id, Plane::Topic, whole.slice(..cut));
        let frames = world.topic_frames(id);
        assert_eq!(frames.len(), 1, "one answer, or one reason to close");
        match &frames[0] {
            TopicFrame::Closing(_) => assert!(!world.is_open(id)),
            TopicFrame::Response { outcome: Err(_), .. } => assert!(world.is_open(id)),
            other => panic!("{other:?}"),
        }
    }
    assert!(world.ask(chat.writer, chat.creation()).is_ok());
}
