//! The account plane refuses what breaks its limits, and shows nothing of it.

use prost::Message;
use sotto_wire::account::{
    AccountCall, AccountFrame, AccountRequest, AccountResponse, KeyPackageCount, LastResort,
};
use sotto_wire::ids::{HandleError, InboxKey};
use sotto_wire::limits::{
    DEVICE_LIST_BYTES_MAX, INBOX_ITEM_BYTES_MAX, INBOX_ITEMS_MAX, INBOX_ITEMS_PER_FRAME_MAX,
    KEY_PACKAGE_BYTES_MAX, KEY_PACKAGES_ONE_TIME, KEY_PACKAGES_STORED_MAX,
};
use sotto_wire::proto::{self, account_frame, account_request::Request, account_response::Response};
use sotto_wire::{Bytes, ParseError, Reason};

fn bytes(length: usize) -> Bytes {
    vec![7; length].into()
}

fn list(length: usize) -> Option<proto::SignedDeviceList> {
    Some(proto::SignedDeviceList { list: bytes(length), signature: bytes(64) })
}

fn key_package(length: usize) -> proto::SignedKeyPackage {
    proto::SignedKeyPackage { body: bytes(length), signature: bytes(64) }
}

fn parse(request: Request) -> Result<AccountRequest, Reason> {
    let frame = proto::AccountRequest { id: 5, request: Some(request) }.encode_to_vec().into();
    match AccountCall::parse(&frame) {
        Ok(call) => Ok(call.request),
        Err(ParseError { request, reason }) => {
            assert_eq!(request, Some(5), "the answer names the request");
            Err(reason)
        }
    }
}

fn answer(response: Response) -> Result<AccountResponse, Reason> {
    let response = proto::AccountResponse { id: 5, response: Some(response) };
    let frame = proto::AccountFrame { frame: Some(account_frame::Frame::Response(response)) };
    match AccountFrame::parse(&frame.encode_to_vec().into()) {
        Ok(AccountFrame::Response { id: 5, outcome: Ok(response) }) => Ok(response),
        Ok(other) => unreachable!("{other:?}"),
        Err(error) => Err(error.reason),
    }
}

fn register(change: fn(&mut proto::Register)) -> Result<AccountRequest, Reason> {
    let mut register = proto::Register {
        handle: "alice".into(),
        genesis_list: list(100),
        invite: "code".into(),
        work_answer: 1,
        signature: bytes(64),
    };
    change(&mut register);
    parse(Request::Register(register))
}

#[test]
fn a_registration_is_checked_field_by_field() {
    assert!(register(|_| ()).is_ok());
    assert!(register(|r| r.invite.clear()).is_ok(), "no invitation is one kind of registration");
    assert_eq!(register(|r| r.handle = "@alice".into()), Err(Reason::Text { what: "handle" }));
    assert_eq!(register(|r| r.handle = "al".into()), Err(Reason::Handle(HandleError::Length)));
    assert_eq!(register(|r| r.genesis_list = None), Err(Reason::Missing { what: "device list" }));
    assert_eq!(register(|r| r.genesis_list = list(0)), Err(Reason::Missing { what: "device list" }));
    assert!(matches!(register(|r| r.signature = bytes(63)), Err(Reason::Length(_))));
    assert!(matches!(register(|r| r.invite = "a b".into()), Err(Reason::Text { .. })));
    assert!(matches!(register(|r| r.invite = "a".repeat(65)), Err(Reason::TooLarge { .. })));
    let (max, found) = (DEVICE_LIST_BYTES_MAX, DEVICE_LIST_BYTES_MAX + 1);
    let too_large = Reason::TooLarge { what: "device list", max, found };
    assert_eq!(register(|r| r.genesis_list = list(DEVICE_LIST_BYTES_MAX + 1)), Err(too_large));
}

#[test]
fn an_upload_of_key_packages_has_limits() {
    let upload = |one_time: usize, last_resort: Option<usize>, length: usize| {
        parse(Request::PublishKeyPackages(proto::PublishKeyPackages {
            upload_id: bytes(16),
            one_time: vec![key_package(length); one_time],
            last_resort: last_resort.map(key_package),
        }))
    };
    assert!(upload(KEY_PACKAGES_ONE_TIME, Some(10), 10).is_ok());
    assert!(upload(0, Some(10), 10).is_ok());
    assert_eq!(upload(0, None, 10), Err(Reason::Missing { what: "key packages" }));
    assert!(matches!(upload(KEY_PACKAGES_ONE_TIME + 1, None, 10), Err(Reason::TooMany { .. })));
    assert!(upload(1, None, KEY_PACKAGE_BYTES_MAX).is_ok());
    assert!(matches!(upload(1, None, KEY_PACKAGE_BYTES_MAX + 1), Err(Reason::TooLarge { .. })));
    assert!(matches!(upload(1, Some(KEY_PACKAGE_BYTES_MAX + 1), 1), Err(Reason::TooLarge { .. })));
    assert_eq!(upload(1, None, 0), Err(Reason::Missing { what: "key package" }));
}

#[test]
fn an_ack_names_each_item_once() {
    let ack = |keys: Vec<Bytes>| parse(Request::AckInbox(proto::AckInbox { keys }));
    let different = |count: usize| {
        (0..count as u128).map(|number| Bytes::copy_from_slice(&number.to_be_bytes())).collect::<Vec<_>>()
    };
    assert_eq!(ack(vec![bytes(16)]), Ok(AccountRequest::AckInbox(vec![InboxKey::new([7; 16])])));
    assert_eq!(ack(vec![bytes(16), bytes(16)]), Err(Reason::Duplicate { what: "inbox keys" }));
    assert!(ack(different(INBOX_ITEMS_MAX)).is_ok());
    assert!(matches!(ack(different(INBOX_ITEMS_MAX + 1)), Err(Reason::TooMany { .. })));
    assert!(matches!(ack(vec![bytes(15)]), Err(Reason::Length(_))));
}

#[test]
fn inbox_items_have_limits() {
    let items = |items: Vec<proto::InboxItem>| {
        let frame = proto::AccountFrame {
            frame: Some(account_frame::Frame::InboxItems(proto::InboxItems { items })),
        };
        AccountFrame::parse(&frame.encode_to_vec().into()).map_err(|error| error.reason)
    };
    let item = |key: u8, length| proto::InboxItem { key: vec![key; 16].into(), sealed: bytes(length) };
    let many = |count: usize| (0..count as u8).map(|key| item(key, 1)).collect::<Vec<_>>();
    assert!(items(many(INBOX_ITEMS_PER_FRAME_MAX)).is_ok());
    assert!(matches!(items(many(INBOX_ITEMS_PER_FRAME_MAX + 1)), Err(Reason::TooMany { .. })));
    assert_eq!(items(vec![]), Err(Reason::Missing { what: "inbox items" }));
    assert_eq!(items(vec![item(1, 1), item(1, 2)]), Err(Reason::Duplicate { what: "inbox item" }));
    assert_eq!(items(vec![item(1, 0)]), Err(Reason::Missing { what: "inbox item" }));
    assert!(items(vec![item(1, INBOX_ITEM_BYTES_MAX)]).is_ok());
    assert!(matches!(items(vec![item(1, INBOX_ITEM_BYTES_MAX + 1)]), Err(Reason::TooLarge { .. })));
}

#[test]
fn a_server_cannot_count_what_is_impossible() {
    let count = |one_time_left, has_last_resort, last_resort_used| {
        answer(Response::KeyPackageCount(proto::KeyPackageCount {
            one_time_left,
            has_last_resort,
            last_resort_used,
        }))
    };
    let used = KeyPackageCount { one_time_left: 3, last_resort: LastResort::Used };
    assert_eq!(count(3, true, true), Ok(AccountResponse::KeyPackageCount(used)));
    assert!(matches!(count(3, false, true), Err(Reason::NotAllowed { .. })));
    assert!(matches!(count(KEY_PACKAGES_STORED_MAX as u32 + 1, true, true), Err(Reason::TooMany { .. })));
    let waiting = |waiting| answer(Response::InboxFollowed(proto::InboxFollowed { waiting }));
    assert!(waiting(INBOX_ITEMS_MAX as u32).is_ok());
    assert!(matches!(waiting(u32::MAX), Err(Reason::TooMany { .. })));
}

#[test]
fn an_answer_without_its_fields_is_refused() {
    let pinless = proto::Authenticated { handle: "alice".into(), list: None };
    assert_eq!(answer(Response::Authenticated(pinless)), Err(Reason::Missing { what: "list pin" }));
    let short = proto::ListPin { era: 0, version: 0, hash: bytes(31) };
    let stored = proto::DeviceListStored { pin: Some(short) };
    assert!(matches!(answer(Response::DeviceListStored(stored)), Err(Reason::Length(_))));
}

#[test]
fn requests_print_their_kind_only() {
    let call = AccountCall { id: 5, request: register(|_| ()).unwrap() };
    assert_eq!(format!("{call:?}"), "AccountCall { id: 5, request: register }");
}
