//! When the disk is full: an error that says so, nothing half-accepted, and everything works again afterwards.
#![expect(clippy::unwrap_used, clippy::panic, reason = "each function is a test, called once per store")]

use sotto_ports::StorageError;
use sotto_service::Plane;
use sotto_service_tests::{Chat, Disk, Person, Store, World, body, over_stores};
use sotto_wire::account::{AccountRequest, AccountResponse};
use sotto_wire::proto::ErrorCode;
use sotto_wire::topic::{Append, TopicFrame, TopicRequest, TopicResponse};

over_stores!(
    nothing_of_a_failed_batch_was_accepted,
    a_failed_registration_leaves_name_and_invitation_free,
    reads_go_on_while_the_disk_is_full,
    a_backlog_goes_on_when_the_store_is_back,
    an_inbox_goes_on_when_the_store_is_back,
    housekeeping_is_taken_up_again,
);

fn nothing_of_a_failed_batch_was_accepted(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    let id = reader.following(world, 0);
    chat.say(world, [1]);
    assert_eq!(world.seqs(id), [1]);
    world.store.set(Disk::Full);
    let other = world.topic_plane();
    let adding = Append {
        open_slots: vec![sotto_service_tests::Reader::new(world, chat.topic).new_slot()],
        ..chat.commit(2)
    };
    let answers = world.ask_at_once(vec![
        (chat.writer, TopicRequest::Append(adding)),
        (other, TopicRequest::Append(chat.message(3))),
        (other, TopicRequest::AckSlot { auth: reader.auth.clone(), seq: sotto_wire::ids::Seq(1) }),
        (other, TopicRequest::Unfollow(vec![reader.auth.slot])),
    ]);
    assert_eq!(answers[..3], [Err(ErrorCode::Storage), Err(ErrorCode::Storage), Err(ErrorCode::Storage)]);
    assert_eq!(answers[3], Ok(TopicResponse::Unfollowed), "what needs no store works on");
    assert!(world.topic_frames(id).is_empty(), "nobody was told of what was not stored");
    assert_eq!(world.service.counters().storage_failures, 1);
    assert!(matches!(world.service.storage_trouble(), Some(StorageError::Full)), "the operator learns why");
    assert!(world.service.storage_trouble().is_none(), "once");
    world.store.set(Disk::Works);
    assert_eq!(chat.append(world, chat.message(3)).map(|answer| answer.name()), Ok("appended"));
    assert_eq!(world.bodies(id), [body(3)], "the repeat takes the place that was free");
}

fn a_failed_registration_leaves_name_and_invitation_free(world: &mut World<impl Store>) {
    let alice = Person::new(world, "alice");
    let (id, hello) = world.account_plane();
    world.store.set(Disk::Full);
    assert_eq!(world.ask_account(id, alice.register(&hello)), Err(ErrorCode::Storage));
    assert_eq!(world.ask_account(id, AccountRequest::KeyPackageStatus), Err(ErrorCode::Unauthenticated));
    world.store.set(Disk::Works);
    assert_eq!(world.ask_account(id, alice.register(&hello)), Ok(AccountResponse::Registered));
}

fn reads_go_on_while_the_disk_is_full(world: &mut World<impl Store>) {
    let (alice, _) = Person::registered(world, "alice");
    world.store.set(Disk::Full);
    let anybody = world.topic_plane();
    let look_up = TopicRequest::LookUpHandle { handle: alice.handle.clone(), token: None };
    assert_eq!(world.ask(anybody, look_up.clone()), Ok(TopicResponse::HandleFound(alice.account())));
    let device = alice.connected(world, 0);
    assert!(world.ask_account(device, AccountRequest::KeyPackageStatus).is_ok());
    world.store.set(Disk::Gone);
    assert_eq!(world.ask(anybody, look_up), Err(ErrorCode::Storage), "could not look is not absent");
    let (id, hello) = world.account_plane();
    assert_eq!(world.ask_account(id, alice.authenticate(&hello, 0)), Err(ErrorCode::Storage));
}

fn a_backlog_goes_on_when_the_store_is_back(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    for n in 0..20 {
        let message = Append { body: vec![1; 60_000].into(), ..chat.message(n) };
        chat.appended(world, message);
    }
    let id = reader.following(world, 0);
    let first = world.topic_frame(id);
    assert!(matches!(first, Some(TopicFrame::Entries(_))));
    world.store.set(Disk::Gone);
    let some = world.seqs(id);
    assert!(some.last().is_some_and(|last| *last < 20));
    world.store.set(Disk::Works);
    assert!(world.seqs(id).is_empty());
    world.tick();
    let rest = world.seqs(id);
    assert_eq!(rest, (some.last().unwrap() + 1..=20).collect::<Vec<_>>());
    chat.say(world, [50]);
    assert_eq!(world.seqs(id), [21]);
}

fn an_inbox_goes_on_when_the_store_is_back(world: &mut World<impl Store>) {
    let (bob, phone) = Person::registered(world, "bob");
    world.publish(phone, &bob, 1, &[1], None).unwrap();
    let stranger = world.topic_plane();
    let claim =
        sotto_wire::topic::ClaimKeyPackage { account: bob.account(), device: bob.device(0), token: None };
    let claimed = world.ask(stranger, TopicRequest::ClaimKeyPackage(claim)).unwrap();
    let TopicResponse::ClaimedKeyPackage { capability, .. } = claimed else { panic!("{claimed:?}") };
    let item = sotto_wire::topic::DropInInbox {
        account: bob.account(),
        device: bob.device(0),
        capability,
        sealed: body(1),
    };
    world.store.set(Disk::Full);
    let dropped = world.ask(stranger, TopicRequest::DropInInbox(item.clone()));
    assert_eq!(dropped, Err(ErrorCode::Storage));
    world.store.set(Disk::Works);
    assert!(world.ask(stranger, TopicRequest::DropInInbox(item)).is_ok(), "the capability was not spent");
    let call = sotto_wire::account::AccountCall { id: 1, request: AccountRequest::FollowInbox };
    world.receive(vec![(phone, Plane::Account, call.encode())]);
    world.store.set(Disk::Gone);
    assert_eq!(world.account_frames(phone).len(), 1, "the answer, and no item");
    world.store.set(Disk::Works);
    assert!(world.account_frames(phone).is_empty());
    world.tick();
    assert_eq!(world.account_frames(phone).len(), 1, "the item");
}

fn housekeeping_is_taken_up_again(world: &mut World<impl Store>) {
    let mut chat = Chat::create(world);
    let reader = chat.reader(world, 0);
    chat.say(world, [1]);
    reader.ack(world, chat.writer, 1).unwrap();
    world.store.set(Disk::Full);
    world.tick();
    assert_eq!(world.service.counters().entries_trimmed, 0);
    world.store.set(Disk::Works);
    world.tick();
    assert_eq!(world.service.counters().entries_trimmed, 1);
}
