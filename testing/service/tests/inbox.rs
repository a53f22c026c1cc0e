//! Key packages, drop capabilities and inboxes, as a user or an attacker notices them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "each function is a test, called once per store")]

use bytes::Bytes;
use sotto_service::{ConnectionId, Plane};
use sotto_service_tests::{Person, Store, World, over_stores};
use sotto_wire::account::{
    AccountCall, AccountFrame, AccountRequest, AccountResponse, InboxItem, KeyPackageCount, LastResort,
    PublishKeyPackages,
};
use sotto_wire::ids::{Day, DropCapability, InboxKey, UploadId};
use sotto_wire::limits::{
    DROP_CAPABILITY_DAYS, INBOX_ITEM_BYTES_MAX, INBOX_ITEMS_MAX, KEY_PACKAGES_STORED_MAX,
};
use sotto_wire::proto::ErrorCode;
use sotto_wire::signed::SignedKeyPackage;
use sotto_wire::topic::{ClaimKeyPackage, DropInInbox, TopicCall, TopicRequest, TopicResponse};

over_stores!(
    a_key_package_is_claimed_once_and_then_the_last_resort,
    a_claim_whose_answer_was_lost_takes_another,
    a_repeated_upload_adds_nothing,
    key_packages_are_bounded,
    a_foreign_or_expired_key_package_is_refused,
    nothing_is_claimed_of_who_is_not_there,
    an_item_reaches_the_device_that_waits,
    an_item_that_comes_with_the_follow_is_not_missed,
    an_item_waits_for_the_device_that_is_away,
    a_drop_capability_is_good_once_and_its_repeat_is_harmless,
    a_drop_capability_opens_its_inbox_only,
    a_drop_capability_expires,
    an_inbox_has_room_for_so_many,
    a_slow_device_gets_everything_and_the_server_keeps_little,
    items_go_to_the_device_they_are_for,
);

fn claim(
    world: &mut World<impl Store>,
    id: ConnectionId,
    whose: &Person,
) -> Result<(SignedKeyPackage, bool, DropCapability), ErrorCode> {
    let request = ClaimKeyPackage { account: whose.account(), device: whose.device(0), token: None };
    match world.ask(id, TopicRequest::ClaimKeyPackage(request))? {
        TopicResponse::ClaimedKeyPackage { key_package, last_resort, capability } => {
            Ok((key_package, last_resort, capability))
        }
        other => panic!("{other:?}"),
    }
}

fn item(whose: &Person, capability: &DropCapability, sealed: impl Into<Bytes>) -> TopicRequest {
    TopicRequest::DropInInbox(DropInInbox {
        account: whose.account(),
        device: whose.device(0),
        capability: capability.clone(),
        sealed: sealed.into(),
    })
}

/// Somebody with key packages, and a connection of a stranger.
fn set_up(world: &mut World<impl Store>) -> (Person, ConnectionId, ConnectionId) {
    let (bob, id) = Person::registered(world, "bob");
    world.publish(id, &bob, 1, &[1, 2], Some(9)).unwrap();
    (bob, id, world.topic_plane())
}

fn follow_inbox(world: &mut World<impl Store>, id: ConnectionId) -> u32 {
    match world.ask_account(id, AccountRequest::FollowInbox) {
        Ok(AccountResponse::InboxFollowed { waiting }) => waiting,
        other => panic!("{other:?}"),
    }
}

fn items(world: &mut World<impl Store>, id: ConnectionId) -> Vec<InboxItem> {
    let each = |frame| match frame {
        AccountFrame::InboxItems(items) => items,
        other => panic!("{other:?}"),
    };
    world.account_frames(id).into_iter().flat_map(each).collect()
}

fn a_key_package_is_claimed_once_and_then_the_last_resort(world: &mut World<impl Store>) {
    let (bob, phone, stranger) = set_up(world);
    let claims: Vec<_> = (0..4).map(|_| claim(world, stranger, &bob).unwrap()).collect();
    assert_ne!(claims[0].0, claims[1].0);
    assert_eq!((claims[0].1, claims[1].1, claims[2].1), (false, false, true));
    assert_eq!(claims[2].0, claims[3].0, "the last resort is handed out again and again");
    assert_ne!(claims[2].2, claims[3].2, "with a capability of its own each time");
    let count = world.ask_account(phone, AccountRequest::KeyPackageStatus);
    let expected = KeyPackageCount { one_time_left: 0, last_resort: LastResort::Used };
    assert_eq!(count, Ok(AccountResponse::KeyPackageCount(expected)));
    assert_eq!(world.publish(phone, &bob, 2, &[3], None), Ok(1));
    assert_eq!(
        claim(world, stranger, &bob).unwrap().0.body,
        bob.key_package(0, 3, false, Day(world.today().0 + 90)).body
    );
}

fn a_claim_whose_answer_was_lost_takes_another(world: &mut World<impl Store>) {
    let (bob, _, stranger) = set_up(world);
    let lost = claim(world, stranger, &bob).unwrap();
    world.disconnect(stranger);
    let stranger = world.topic_plane();
    let again = claim(world, stranger, &bob).unwrap();
    assert_ne!(lost.0, again.0, "no package is handed out twice");
}

fn a_repeated_upload_adds_nothing(world: &mut World<impl Store>) {
    let (bob, phone, stranger) = set_up(world);
    claim(world, stranger, &bob).unwrap();
    assert_eq!(
        world.publish(phone, &bob, 1, &[1, 2], Some(9)),
        Ok(1),
        "a claimed package does not come back"
    );
}

fn key_packages_are_bounded(world: &mut World<impl Store>) {
    let (bob, phone, _) = set_up(world);
    for upload in 0..4 {
        let labels: Vec<u8> = (0..20).map(|n| 50 + upload * 20 + n).collect();
        world.publish(phone, &bob, 10 + upload, &labels, None).unwrap();
    }
    let labels: Vec<u8> = (0..19).map(|n| 200 + n).collect();
    assert_eq!(world.publish(phone, &bob, 20, &labels, None), Err(ErrorCode::Quota));
    assert_eq!(world.publish(phone, &bob, 21, &labels[..18], None), Ok(KEY_PACKAGES_STORED_MAX as u32));
}

fn a_foreign_or_expired_key_package_is_refused(world: &mut World<impl Store>) {
    let (bob, phone, stranger) = set_up(world);
    let (carol, _) = Person::registered(world, "carol");
    let later = Day(world.today().0 + 30);
    let mut publish = |package: SignedKeyPackage| {
        let upload_id = UploadId::new([77; 16]);
        let request = PublishKeyPackages { upload_id, one_time: vec![package], last_resort: None };
        world.ask_account(phone, AccountRequest::PublishKeyPackages(request))
    };
    assert_eq!(publish(carol.key_package(0, 50, false, later)), Err(ErrorCode::Unauthenticated));
    let mut forged = bob.key_package(0, 50, false, later);
    forged.signature = carol.key_package(0, 50, false, later).signature;
    assert_eq!(publish(forged), Err(ErrorCode::Unauthenticated));
    assert_eq!(
        publish(bob.key_package(0, 50, false, Day(19_000))),
        Err(ErrorCode::Malformed),
        "expired long ago"
    );
    assert_eq!(
        publish(bob.key_package(0, 50, true, later)),
        Err(ErrorCode::Malformed),
        "a last resort in disguise"
    );
    assert!(publish(bob.key_package(0, 50, false, later)).is_ok());
    world.pass_days(31);
    let claimed: Vec<_> = (0..3).map(|_| claim(world, stranger, &bob).unwrap().0.body).collect();
    let expired = bob.key_package(0, 50, false, later).body;
    assert!(!claimed.contains(&expired), "what expired is not handed out");
}

fn nothing_is_claimed_of_who_is_not_there(world: &mut World<impl Store>) {
    let stranger = world.topic_plane();
    let nobody = Person::new(world, "nobody");
    assert_eq!(claim(world, stranger, &nobody), Err(ErrorCode::NoKeyPackage));
    let (alice, _) = Person::registered(world, "alice");
    assert_eq!(claim(world, stranger, &alice), Err(ErrorCode::NoKeyPackage));
}

fn an_item_reaches_the_device_that_waits(world: &mut World<impl Store>) {
    let (bob, phone, stranger) = set_up(world);
    assert_eq!(follow_inbox(world, phone), 0);
    assert!(items(world, phone).is_empty());
    let (_, _, capability) = claim(world, stranger, &bob).unwrap();
    assert_eq!(world.ask(stranger, item(&bob, &capability, "welcome")), Ok(TopicResponse::DroppedInInbox));
    let arrived = items(world, phone);
    assert_eq!(arrived.iter().map(|item| &item.sealed[..]).collect::<Vec<_>>(), [b"welcome"]);
    let ack = AccountRequest::AckInbox(vec![arrived[0].key]);
    assert_eq!(world.ask_account(phone, ack), Ok(AccountResponse::InboxAcked));
    assert_eq!(follow_inbox(world, phone), 0, "an acked item is gone");
}

/// Found by the simulator (seed 2018): a device asked to follow its inbox while an invitation was dropped into it. Both were
/// handled in one batch; the item was not among those that waited, and nobody followed yet when it came.
fn an_item_that_comes_with_the_follow_is_not_missed(world: &mut World<impl Store>) {
    let (bob, phone, stranger) = set_up(world);
    for follow_first in [true, false] {
        let (_, _, capability) = claim(world, stranger, &bob).unwrap();
        let follow = AccountCall { id: 7, request: AccountRequest::FollowInbox }.encode();
        let drop = TopicCall { id: 8, request: item(&bob, &capability, "welcome") }.encode();
        let mut frames = vec![(phone, Plane::Account, follow), (stranger, Plane::Topic, drop)];
        if !follow_first {
            frames.reverse();
        }
        world.send_at_once(frames);
        let heard = world.account_frames(phone);
        let [AccountFrame::Response { id: 7, .. }, AccountFrame::InboxItems(arrived)] = &heard[..] else {
            panic!("follow first: {follow_first}: {heard:?}");
        };
        assert_eq!(arrived.iter().map(|item| &item.sealed[..]).collect::<Vec<_>>(), [b"welcome"]);
        let ack = AccountRequest::AckInbox(vec![arrived[0].key]);
        assert_eq!(world.ask_account(phone, ack), Ok(AccountResponse::InboxAcked));
        world.topic_frames(stranger);
    }
}

fn an_item_waits_for_the_device_that_is_away(world: &mut World<impl Store>) {
    let (bob, phone, stranger) = set_up(world);
    world.disconnect(phone);
    for text in ["one", "two"] {
        let (_, _, capability) = claim(world, stranger, &bob).unwrap();
        world.ask(stranger, item(&bob, &capability, text)).unwrap();
    }
    let phone = bob.connected(world, 0);
    assert_eq!(follow_inbox(world, phone), 2);
    let mut texts: Vec<_> = items(world, phone).into_iter().map(|item| item.sealed).collect();
    texts.sort();
    assert_eq!(texts, ["one", "two"]);
    let again = bob.connected(world, 0);
    assert_eq!(follow_inbox(world, again), 2, "until it is acked");
}

fn a_drop_capability_is_good_once_and_its_repeat_is_harmless(world: &mut World<impl Store>) {
    let (bob, phone, stranger) = set_up(world);
    follow_inbox(world, phone);
    let (_, _, capability) = claim(world, stranger, &bob).unwrap();
    for _ in 0..3 {
        assert_eq!(
            world.ask(stranger, item(&bob, &capability, "welcome")),
            Ok(TopicResponse::DroppedInInbox)
        );
    }
    assert_eq!(world.ask(stranger, item(&bob, &capability, "spam")), Err(ErrorCode::DropRefused));
    let arrived = items(world, phone);
    assert_eq!(arrived.len(), 1);
    world.ask_account(phone, AccountRequest::AckInbox(vec![arrived[0].key])).unwrap();
    assert_eq!(world.ask(stranger, item(&bob, &capability, "welcome")), Ok(TopicResponse::DroppedInInbox));
    assert!(items(world, phone).is_empty(), "what was acked does not come again");
}

fn a_drop_capability_opens_its_inbox_only(world: &mut World<impl Store>) {
    let (bob, _, stranger) = set_up(world);
    let (carol, carols) = Person::registered(world, "carol");
    world.publish(carols, &carol, 1, &[1], None).unwrap();
    let (_, _, for_carol) = claim(world, stranger, &carol).unwrap();
    assert_eq!(world.ask(stranger, item(&bob, &for_carol, "x")), Err(ErrorCode::DropRefused));
    let guessed = DropCapability::new([5; 32]);
    assert_eq!(world.ask(stranger, item(&bob, &guessed, "x")), Err(ErrorCode::DropRefused));
    assert!(world.ask(stranger, item(&carol, &for_carol, "x")).is_ok());
}

fn a_drop_capability_expires(world: &mut World<impl Store>) {
    let (bob, _, stranger) = set_up(world);
    let (_, _, capability) = claim(world, stranger, &bob).unwrap();
    world.pass_days(u64::from(DROP_CAPABILITY_DAYS) + 1);
    assert_eq!(world.ask(stranger, item(&bob, &capability, "late")), Err(ErrorCode::DropRefused));
    world.tick();
    assert!(world.service.counters().directory_rows_expired > 0, "and is forgotten");
}

fn an_inbox_has_room_for_so_many(world: &mut World<impl Store>) {
    let (bob, phone, stranger) = set_up(world);
    let claim = ClaimKeyPackage { account: bob.account(), device: bob.device(0), token: None };
    let claims = (0..=INBOX_ITEMS_MAX).map(|_| (stranger, TopicRequest::ClaimKeyPackage(claim.clone())));
    let claimed = world.ask_at_once(claims.collect()).into_iter().map(|answer| match answer {
        Ok(TopicResponse::ClaimedKeyPackage { capability, .. }) => capability,
        other => panic!("{other:?}"),
    });
    let capabilities: Vec<_> = claimed.collect();
    let drops =
        capabilities[..INBOX_ITEMS_MAX].iter().map(|capability| (stranger, item(&bob, capability, "x")));
    let dropped = world.ask_at_once(drops.collect());
    assert!(dropped.iter().all(|answer| *answer == Ok(TopicResponse::DroppedInInbox)));
    let one_more = item(&bob, &capabilities[INBOX_ITEMS_MAX], "x");
    assert_eq!(world.ask(stranger, one_more.clone()), Err(ErrorCode::InboxFull));
    assert_eq!(follow_inbox(world, phone), INBOX_ITEMS_MAX as u32);
    let waiting = items(world, phone);
    assert_eq!(waiting.len(), INBOX_ITEMS_MAX);
    world.ask_account(phone, AccountRequest::AckInbox(vec![waiting[0].key])).unwrap();
    assert!(world.ask(stranger, one_more).is_ok(), "its capability was not spent");
    assert_eq!(items(world, phone).len(), 1);
}

fn a_slow_device_gets_everything_and_the_server_keeps_little(world: &mut World<impl Store>) {
    let (bob, phone, stranger) = set_up(world);
    follow_inbox(world, phone);
    let large = vec![7; INBOX_ITEM_BYTES_MAX];
    for n in 0..8_u8 {
        let (_, _, capability) = claim(world, stranger, &bob).unwrap();
        let mut sealed = large.clone();
        sealed[0] = n;
        world.ask(stranger, item(&bob, &capability, sealed)).unwrap();
    }
    assert!(world.queued_bytes(phone) < 3 * INBOX_ITEM_BYTES_MAX, "as much as it has room for");
    let mut numbers: Vec<u8> = items(world, phone).iter().map(|item| item.sealed[0]).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7], "each once");
}

fn items_go_to_the_device_they_are_for(world: &mut World<impl Store>) {
    let (mut bob, phone, stranger) = set_up(world);
    let added = AccountRequest::PutDeviceList(bob.add_device(world));
    world.ask_account(phone, added).unwrap();
    let laptop = bob.connected(world, 1);
    follow_inbox(world, laptop);
    follow_inbox(world, phone);
    let (_, _, capability) = claim(world, stranger, &bob).unwrap();
    world.ask(stranger, item(&bob, &capability, "for the phone")).unwrap();
    let arrived = items(world, phone);
    assert_eq!(arrived.len(), 1);
    assert!(items(world, laptop).is_empty());
    world.ask_account(laptop, AccountRequest::AckInbox(vec![arrived[0].key])).unwrap();
    world.ask_account(laptop, AccountRequest::AckInbox(vec![InboxKey::new([3; 16])])).unwrap();
    assert_eq!(follow_inbox(world, phone), 1, "nobody acks another device's items");
}
