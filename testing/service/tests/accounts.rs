//! Registration, authentication and device lists, as a user or an attacker notices them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "each function is a test, called once per store")]

use sotto_service::{Plane, Quotas, Rate, Registration};
use sotto_service_tests::{OPEN, Person, Store, World, invite, over_stores};
use sotto_wire::account::{AccountFrame, AccountRequest, AccountResponse, Register};
use sotto_wire::frames::Refusal;
use sotto_wire::ids::Signature;
use sotto_wire::proto::ErrorCode;
use sotto_wire::signed::Pin;
use sotto_wire::topic::{TopicRequest, TopicResponse};

over_stores!(
    an_account_registers_and_its_device_authenticates,
    a_repeated_registration_is_answered_again,
    a_name_is_given_once,
    a_registration_signed_for_another_connection_is_refused,
    a_stolen_genesis_list_registers_nobody,
    a_closed_server_admits_nobody_and_knows_those_it_has,
    an_invitation_admits_as_often_as_it_says,
    too_little_work_is_refused,
    one_network_registers_only_so_fast,
    a_connection_is_one_devices,
    a_signature_is_good_for_one_connection_and_one_host,
    nothing_is_asked_on_the_account_plane_before_authentication,
    a_list_grows_by_what_follows,
    a_revoked_device_is_shut_out_at_once,
    a_recovery_needs_no_device,
    lists_are_fetched_after_the_one_that_is_known,
    requests_sent_ahead_see_what_came_before_them,
    names_are_looked_up_without_identity,
    checking_a_long_chain_counts_for_more,
);

fn an_account_registers_and_its_device_authenticates(world: &mut World<impl Store>) {
    let (alice, _) = Person::registered(world, "alice");
    let (id, hello) = world.account_plane();
    assert_eq!(
        (hello.host.clone(), hello.log_key, hello.minute),
        (world.host(), world.log_key(), world.now.minute())
    );
    let answer = world.ask_account(id, alice.authenticate(&hello, 0));
    let expected = AccountResponse::Authenticated { handle: alice.handle.clone(), list: alice.list.pin() };
    assert_eq!(answer, Ok(expected));
    assert_eq!(world.service.counters().registrations, 1);
}

fn a_repeated_registration_is_answered_again(world: &mut World<impl Store>) {
    let (alice, id) = Person::registered(world, "alice");
    world.disconnect(id);
    world.restart(Registration::Closed, Quotas::unlimited());
    let (id, hello) = world.account_plane();
    assert_eq!(world.ask_account(id, alice.register(&hello)), Ok(AccountResponse::Registered));
    assert!(
        world.ask_account(id, AccountRequest::KeyPackageStatus).is_ok(),
        "and authenticates as the first did"
    );
}

fn a_name_is_given_once(world: &mut World<impl Store>) {
    let (alice, _) = Person::registered(world, "alice");
    let impostor = Person::new(world, "alice");
    let (id, hello) = world.account_plane();
    assert_eq!(world.ask_account(id, impostor.register(&hello)), Err(ErrorCode::HandleTaken));
    let renamed = Person { handle: sotto_wire::ids::Handle::parse("alicia").unwrap(), ..alice };
    assert_eq!(world.ask_account(id, renamed.register(&hello)), Err(ErrorCode::ListRefused));
    let again = Person { handle: sotto_wire::ids::Handle::parse("bob").unwrap(), ..impostor };
    assert_eq!(
        world.ask_account(id, again.register(&hello)),
        Ok(AccountResponse::Registered),
        "another name is free"
    );
}

fn a_registration_signed_for_another_connection_is_refused(world: &mut World<impl Store>) {
    let alice = Person::new(world, "alice");
    let (_, overheard) = world.account_plane();
    let (id, _) = world.account_plane();
    assert_eq!(world.ask_account(id, alice.register(&overheard)), Err(ErrorCode::Unauthenticated));
}

fn a_stolen_genesis_list_registers_nobody(world: &mut World<impl Store>) {
    let (alice, mallory) = (Person::new(world, "alice"), Person::new(world, "mallory"));
    let (id, hello) = world.account_plane();
    let stolen =
        Register { genesis_list: alice.registration(&hello).genesis_list, ..mallory.registration(&hello) };
    assert_eq!(world.ask_account(id, AccountRequest::Register(stolen)), Err(ErrorCode::Unauthenticated));
    let mut forged = alice.registration(&hello);
    forged.genesis_list.signature = Signature::new([7; 64]);
    assert_eq!(world.ask_account(id, AccountRequest::Register(forged)), Err(ErrorCode::ListRefused));
    assert_eq!(world.service.counters().registrations, 0);
}

fn a_closed_server_admits_nobody_and_knows_those_it_has(world: &mut World<impl Store>) {
    let (alice, _) = Person::registered(world, "alice");
    world.restart(Registration::Closed, Quotas::unlimited());
    let bob = Person::new(world, "bob");
    let (id, hello) = world.account_plane();
    assert_eq!(hello.registration, Registration::Closed);
    assert_eq!(world.ask_account(id, bob.register(&hello)), Err(ErrorCode::RegistrationClosed));
    alice.connected(world, 0);
}

fn an_invitation_admits_as_often_as_it_says(world: &mut World<impl Store>) {
    world.restart(Registration::Invite, Quotas::unlimited());
    let until = sotto_wire::ids::Day(world.today().0 + 7);
    invite(world, "k7d2-open-sesame", 1, until);
    let (alice, bob) = (Person::new(world, "alice"), Person::new(world, "bob"));
    let (id, hello) = world.account_plane();
    assert_eq!(world.ask_account(id, alice.register(&hello)), Err(ErrorCode::InviteInvalid));
    assert_eq!(world.ask_account(id, alice.register_with(&hello, "guessed")), Err(ErrorCode::InviteInvalid));
    let with = alice.register_with(&hello, "k7d2-open-sesame");
    assert_eq!(world.ask_account(id, with.clone()), Ok(AccountResponse::Registered));
    assert_eq!(world.ask_account(id, with), Ok(AccountResponse::Registered), "a repeat needs no second use");
    let (id, hello) = world.account_plane();
    assert_eq!(
        world.ask_account(id, bob.register_with(&hello, "k7d2-open-sesame")),
        Err(ErrorCode::InviteInvalid)
    );
    invite(world, "another", 5, until);
    world.pass_days(8);
    assert_eq!(world.ask_account(id, bob.register_with(&hello, "another")), Err(ErrorCode::InviteInvalid));
}

fn too_little_work_is_refused(world: &mut World<impl Store>) {
    world.restart(Registration::Open { work_bits: 8 }, Quotas::unlimited());
    let alice = Person::new(world, "alice");
    let (id, hello) = world.account_plane();
    let done = alice.registration(&hello);
    let bits = |answer| sotto_wire::digest::leading_zero_bits(&sotto_wire::digest::work(hello.nonce, answer));
    let short = (0..).find(|answer| bits(*answer) < 8).unwrap();
    let lazy = Register { work_answer: short, ..done.clone() };
    assert_eq!(world.ask_account(id, AccountRequest::Register(lazy)), Err(ErrorCode::WorkInvalid));
    assert_eq!(world.ask_account(id, AccountRequest::Register(done)), Ok(AccountResponse::Registered));
}

fn one_network_registers_only_so_fast(world: &mut World<impl Store>) {
    let quotas = Quotas { registrations_per_prefix: Rate::new(2, 60_000), ..Quotas::unlimited() };
    world.restart(OPEN, quotas);
    let register = |world: &mut World<_>, name, address| {
        let person = Person::new(world, name);
        let id = world.connect_from(Plane::Account, address);
        let hello = world.account_hello(id);
        world.ask_account(id, person.register(&hello))
    };
    assert!(register(world, "one", [198, 51, 100, 1]).is_ok());
    assert!(register(world, "two", [198, 51, 100, 2]).is_ok());
    assert_eq!(
        register(world, "three", [198, 51, 100, 3]),
        Err(ErrorCode::RateLimited),
        "a neighbour of theirs"
    );
    assert!(register(world, "four", [203, 0, 113, 1]).is_ok(), "another network");
    world.pass_ms(60_000);
    assert!(register(world, "five", [198, 51, 100, 3]).is_ok());
}

fn a_connection_is_one_devices(world: &mut World<impl Store>) {
    let (alice, _) = Person::registered(world, "alice");
    let (bob, _) = Person::registered(world, "bob");
    let (id, hello) = world.account_plane();
    assert!(world.ask_account(id, alice.authenticate(&hello, 0)).is_ok());
    assert!(world.ask_account(id, alice.authenticate(&hello, 0)).is_ok());
    assert_eq!(world.ask_account(id, bob.authenticate(&hello, 0)), Err(ErrorCode::Malformed));
    let carol = Person::new(world, "carol");
    assert_eq!(
        world.ask_account(id, carol.register(&hello)),
        Err(ErrorCode::Malformed),
        "one piece of work, one account"
    );
}

fn a_signature_is_good_for_one_connection_and_one_host(world: &mut World<impl Store>) {
    let (alice, _) = Person::registered(world, "alice");
    let (_, overheard) = world.account_plane();
    let (id, hello) = world.account_plane();
    assert_eq!(world.ask_account(id, alice.authenticate(&overheard, 0)), Err(ErrorCode::Unauthenticated));
    let mut elsewhere = hello.clone();
    elsewhere.host = sotto_wire::ids::Host::parse("evil.test").unwrap();
    assert_eq!(world.ask_account(id, alice.authenticate(&elsewhere, 0)), Err(ErrorCode::Unauthenticated));
    let stranger = Person::new(world, "nobody");
    assert_eq!(world.ask_account(id, stranger.authenticate(&hello, 0)), Err(ErrorCode::AccountUnknown));
    assert!(world.ask_account(id, alice.authenticate(&hello, 0)).is_ok());
}

fn nothing_is_asked_on_the_account_plane_before_authentication(world: &mut World<impl Store>) {
    let (mut alice, _) = Person::registered(world, "alice");
    let (id, _) = world.account_plane();
    let next = alice.add_device(world);
    for request in [
        AccountRequest::KeyPackageStatus,
        AccountRequest::FollowInbox,
        AccountRequest::AckInbox(vec![sotto_wire::ids::InboxKey::new([1; 16])]),
        alice.publish(world, 1, &[1], None),
        AccountRequest::PutDeviceList(next),
    ] {
        assert_eq!(world.ask_account(id, request), Err(ErrorCode::Unauthenticated));
    }
}

fn a_list_grows_by_what_follows(world: &mut World<impl Store>) {
    let (mut alice, id) = Person::registered(world, "alice");
    let before = alice.clone();
    let added = alice.add_device(world);
    let pin = alice.list.pin();
    let put = |list| AccountRequest::PutDeviceList(list);
    assert_eq!(world.ask_account(id, put(added.clone())), Ok(AccountResponse::DeviceListStored(pin)));
    assert_eq!(
        world.ask_account(id, put(added.clone())),
        Ok(AccountResponse::DeviceListStored(pin)),
        "a repeat"
    );
    let mut fork = before.clone();
    let other = fork.add_device(world);
    assert_eq!(world.ask_account(id, put(other)), Err(ErrorCode::ListRefused), "one list per place");
    let revoked = alice.revoke_device(world, 1);
    let mut forged = revoked.clone();
    forged.signature = Signature::new([1; 64]);
    assert_eq!(world.ask_account(id, put(forged)), Err(ErrorCode::ListRefused));
    assert!(world.ask_account(id, put(revoked)).is_ok());
    assert_eq!(
        world.ask_account(id, put(added)),
        Ok(AccountResponse::DeviceListStored(pin)),
        "a repeat that comes late is told what it was told"
    );
    let (_, of_bob) = Person::registered(world, "bob");
    let mut later = alice.clone();
    let of_alice = later.add_device(world);
    assert_eq!(
        world.ask_account(of_bob, put(of_alice)),
        Err(ErrorCode::ListRefused),
        "somebody else's account"
    );
}

fn a_revoked_device_is_shut_out_at_once(world: &mut World<impl Store>) {
    let (mut alice, phone) = Person::registered(world, "alice");
    let added = alice.add_device(world);
    world.ask_account(phone, AccountRequest::PutDeviceList(added)).unwrap();
    let laptop = alice.connected(world, 1);
    let was = alice.clone();
    let revoked = alice.revoke_device(world, 1);
    assert!(world.ask_account(phone, AccountRequest::PutDeviceList(revoked)).is_ok());
    let last = world.account_frames(laptop);
    assert_eq!(last, [AccountFrame::Closing(Refusal::new(ErrorCode::Unauthenticated))]);
    assert!(!world.is_open(laptop));
    let (id, hello) = world.account_plane();
    assert_eq!(world.ask_account(id, was.authenticate(&hello, 1)), Err(ErrorCode::Unauthenticated));
}

fn a_recovery_needs_no_device(world: &mut World<impl Store>) {
    let (mut alice, old) = Person::registered(world, "alice");
    let recovery = alice.recover(world);
    let (id, _) = world.account_plane();
    let answer = world.ask_account(id, AccountRequest::PutDeviceList(recovery));
    assert_eq!(answer, Ok(AccountResponse::DeviceListStored(alice.list.pin())));
    assert_eq!(alice.list.pin().era, 1);
    assert!(matches!(world.account_frames(old).as_slice(), [AccountFrame::Closing(_)]));
    alice.connected(world, 0);
}

fn lists_are_fetched_after_the_one_that_is_known(world: &mut World<impl Store>) {
    let (mut alice, id) = Person::registered(world, "alice");
    for _ in 0..3 {
        let added = alice.add_device(world);
        world.ask_account(id, AccountRequest::PutDeviceList(added)).unwrap();
    }
    let anybody = world.topic_plane();
    let mut fetch = |after: Option<Pin>| match world
        .ask(anybody, TopicRequest::FetchLists { account: alice.account(), after })
    {
        Ok(TopicResponse::Lists(lists)) => lists,
        other => panic!("{other:?}"),
    };
    let all = fetch(None);
    let proved = sotto_identity::DeviceList::chain(alice.account(), &all).unwrap();
    assert_eq!(proved.pin(), alice.list.pin());
    let pins = alice.list.pins();
    assert_eq!(fetch(Some(pins[1])), all[2..]);
    assert!(fetch(Some(pins[3])).is_empty());
    let nobody = sotto_wire::ids::AccountId::new([9; 32]);
    let answer = world.ask(anybody, TopicRequest::FetchLists { account: nobody, after: None });
    assert_eq!(answer, Err(ErrorCode::AccountUnknown));
}

fn requests_sent_ahead_see_what_came_before_them(world: &mut World<impl Store>) {
    let mut alice = Person::new(world, "alice");
    let (id, hello) = world.account_plane();
    let register = alice.register(&hello);
    let publish = alice.publish(world, 1, &[1, 2], None);
    let put = AccountRequest::PutDeviceList(alice.add_device(world));
    let ahead = [register, publish, put, AccountRequest::KeyPackageStatus];
    let frames = ahead.into_iter().zip(1..).map(|(request, number)| {
        (id, Plane::Account, sotto_wire::account::AccountCall { id: number, request }.encode())
    });
    world.receive(frames.collect());
    let answers: Vec<_> = world
        .account_frames(id)
        .into_iter()
        .map(|frame| match frame {
            AccountFrame::Response { id, outcome: Ok(response) } => (id, response.name()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = ["registered", "key_packages_stored", "device_list_stored", "key_package_count"];
    assert_eq!(answers, [(1, expected[0]), (2, expected[1]), (3, expected[2]), (4, expected[3])]);
}

fn names_are_looked_up_without_identity(world: &mut World<impl Store>) {
    let (alice, _) = Person::registered(world, "alice");
    let anybody = world.topic_plane();
    let look_up = |name: &str| TopicRequest::LookUpHandle {
        handle: sotto_wire::ids::Handle::parse(name).unwrap(),
        token: None,
    };
    assert_eq!(world.ask(anybody, look_up("alice")), Ok(TopicResponse::HandleFound(alice.account())));
    assert_eq!(world.ask(anybody, look_up("alise")), Err(ErrorCode::HandleUnknown));
}

fn checking_a_long_chain_counts_for_more(world: &mut World<impl Store>) {
    let (mut alice, id) = Person::registered(world, "alice");
    for _ in 0..16 {
        let lists = [alice.add_device(world), alice.revoke_device(world, 1)];
        for list in lists {
            world.ask_account(id, AccountRequest::PutDeviceList(list)).unwrap();
        }
    }
    let (bob, _) = Person::registered(world, "bob");
    world.restart(OPEN, Quotas { checks_per_connection: Rate::new(5, 60_000), ..Quotas::unlimited() });
    let (of_alice, of_bob) = (alice.connected(world, 0), bob.connected(world, 0));
    let published = |world: &mut World<_>, id, person: &Person| {
        (0..5).take_while(|upload| world.publish(id, person, *upload, &[*upload], None).is_ok()).count()
    };
    assert_eq!((published(world, of_alice, &alice), published(world, of_bob, &bob)), (1, 4));
}
