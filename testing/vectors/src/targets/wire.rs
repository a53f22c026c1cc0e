//! The messages of the wire: what was accepted is written and read back the same; nothing forged verifies.

use sotto_identity::{DeviceList, ListBody, VerifiedKeyPackage};
use sotto_wire::account::{AccountCall, AccountFrame};
use sotto_wire::content::{ApplicationPayload, AuthenticatedData, Content, GroupState, InboxContent};
use sotto_wire::digest::{log_key_id, receipt_leaf, server_batch_to_sign};
use sotto_wire::ids::Millis;
use sotto_wire::limits::DEVICES_MAX;
use sotto_wire::proto::{ServerSignature, SignedItem};
use sotto_wire::receipt;
use sotto_wire::signed::SignedList;
use sotto_wire::topic::{ControlAction, TopicCall, TopicFrame};
use sotto_wire::{Bytes, ParseError, Reason};

use crate::samples::identity::{self, list, sign_key_package, sign_list};
use crate::samples::{LOG_KEY, MINUTE, log_key, sign, topic};

/// `AccountRequest`.
pub fn account_call(bytes: &[u8]) {
    travels(bytes, AccountCall::parse, AccountCall::encode, explains);
}

/// `AccountFrame`.
pub fn account_frame(bytes: &[u8]) {
    travels_unless(bytes, AccountFrame::parse, AccountFrame::encode, explains, |frame| {
        matches!(frame, AccountFrame::Incompatible(_))
    });
}

/// `TopicRequest`.
pub fn topic_call(bytes: &[u8]) {
    travels(bytes, TopicCall::parse, TopicCall::encode, explains);
}

/// `TopicFrame`; entries in it only verify if they are the ones the sample server signed.
pub fn topic_frame(bytes: &[u8]) {
    travels_unless(bytes, TopicFrame::parse, TopicFrame::encode, explains, |frame| {
        matches!(frame, TopicFrame::Incompatible(_))
    });
    if let Ok(TopicFrame::Entries(entries)) = TopicFrame::parse(&Bytes::copy_from_slice(bytes))
        && let Ok(delivery) = entries.verify(log_key())
    {
        // The minute of an entry is the server's word for it and not in the chain.
        let places = |entries: &[sotto_wire::topic::Entry]| {
            entries.iter().map(|entry| (entry.seq, entry.content.hash())).collect::<Vec<_>>()
        };
        assert_eq!(places(&delivery.entries), places(&topic::entries()), "forged entries verify");
    }
}

/// `ControlAction`.
pub fn control_action(bytes: &[u8]) {
    travels(bytes, ControlAction::parse, ControlAction::encode, names_no_content);
}

/// `DeviceList`: as any bytes, then signed by each key that could sign the next list, and taken as that.
pub fn device_list(bytes: &[u8]) {
    travels(bytes, ListBody::parse, ListBody::encode, names_no_content);
    let list = Bytes::copy_from_slice(bytes);
    for signer in ["aik 0", "rk 0"] {
        let signed = sign_list(list.clone(), signer);
        if let Ok(first) = DeviceList::genesis(identity::account(), &signed) {
            keeps_the_rules(&first);
        }
        if let Ok(next) = self::list().successor(&signed) {
            keeps_the_rules(&next);
            follows(&self::list(), &next);
        }
    }
    let forged = SignedList { list, signature: identity::lists(1)[0].signature };
    if let Ok(first) = DeviceList::genesis(identity::account(), &forged) {
        assert_eq!(*first.signed(), identity::lists(1)[0], "a forged list verifies");
    }
}

fn keeps_the_rules(list: &DeviceList) {
    assert_eq!(list.account(), identity::account());
    assert!((1..=DEVICES_MAX).contains(&list.devices().len()));
    for (place, device) in list.devices().iter().enumerate() {
        assert!(list.devices()[..place].iter().all(|other| other.id != device.id && other.key != device.key));
    }
    assert_ne!(list.body().next_aik, list.body().next_rk);
}

fn follows(before: &DeviceList, next: &DeviceList) {
    assert!(next.pin().follows(&before.pin()) && next.check_pin(before.pin()).is_ok());
    let (was, is) = (before.body(), next.body());
    let recovered = is.era > was.era;
    assert_eq!(recovered, is.next_rk != was.next_rk, "only a recovery changes the recovery key");
    let lost = was.devices.iter().any(|device| device.manages_devices && is.device(device.id).is_none());
    assert!(!lost || is.next_aik != was.next_aik, "a device that held the AIK left, and it stayed");
}

/// `KeyPackageBody`, signed by the device it has to be of.
pub fn key_package(bytes: &[u8]) {
    let signed = sign_key_package(Bytes::copy_from_slice(bytes));
    let (list, device, now) = (list(), identity::device_id("phone"), Millis(MINUTE.0 * 60_000));
    match VerifiedKeyPackage::verify(&signed, &list, device, now) {
        Ok(package) => {
            assert_eq!((package.account, package.device), (list.account(), device));
            assert!(list.descends_from(package.pin) && package.not_after >= MINUTE);
        }
        Err(error) => drop(error.to_string()),
    }
}

/// `SignedItem`, and the same bytes as an item that the server did sign.
pub fn receipt(bytes: &[u8]) {
    if let Ok(signed) = <SignedItem as prost::Message>::decode(bytes)
        && let Ok(item) = receipt::verify(&signed, log_key())
    {
        assert!(topic::items().iter().any(|(_, known)| *known == item), "a forged receipt verifies");
    }
    drop(receipt::verify(&signed_by_the_server(bytes), log_key()));
}

fn signed_by_the_server(item: &[u8]) -> SignedItem {
    let signature = sign(LOG_KEY, &server_batch_to_sign(1, &receipt_leaf(item)));
    SignedItem {
        item: Bytes::copy_from_slice(item),
        signature: Some(ServerSignature {
            key_id: Bytes::copy_from_slice(&log_key_id(log_key())),
            leaf_index: 0,
            leaf_count: 1,
            path: vec![],
            signature: signature.into(),
        }),
    }
}

/// `ApplicationPayload` with the `Content` in it, and `Content` alone.
pub fn payload(bytes: &[u8]) {
    travels(bytes, ApplicationPayload::parse, ApplicationPayload::encode, names_no_content);
    travels(bytes, Content::parse, Content::encode, names_no_content);
    if let Ok(payload) = ApplicationPayload::parse(&Bytes::copy_from_slice(bytes)) {
        travels(&payload.content, Content::parse, Content::encode, names_no_content);
    }
}

/// `AuthenticatedData`.
pub fn authenticated_data(bytes: &[u8]) {
    travels(bytes, AuthenticatedData::parse, AuthenticatedData::encode, names_no_content);
}

/// `GroupState`.
pub fn group_state(bytes: &[u8]) {
    travels(bytes, GroupState::parse, GroupState::encode, names_no_content);
}

/// `InboxContent`.
pub fn inbox_content(bytes: &[u8]) {
    travels(bytes, InboxContent::parse, InboxContent::encode, names_no_content);
}

/// What is read can be written and read again, and is then the same.
fn travels<T: PartialEq, E>(
    bytes: &[u8],
    parse: fn(&Bytes) -> Result<T, E>,
    encode: fn(&T) -> Bytes,
    refused: fn(&E),
) {
    travels_unless(bytes, parse, encode, refused, |_| false);
}

fn travels_unless<T: PartialEq, E>(
    bytes: &[u8],
    parse: fn(&Bytes) -> Result<T, E>,
    encode: fn(&T) -> Bytes,
    refused: fn(&E),
    only_received: fn(&T) -> bool,
) {
    match parse(&Bytes::copy_from_slice(bytes)) {
        Ok(read) if only_received(&read) => {}
        Ok(read) => assert!(parse(&encode(&read)).is_ok_and(|again| again == read), "lost on the way"),
        Err(error) => refused(&error),
    }
}

fn explains(error: &ParseError) {
    assert_ne!(error.code() as i32, 0, "a refusal without a code");
    names_no_content(&error.reason);
}

// Every word of an explanation is ours: it stays short whatever the input was.
pub(super) fn names_no_content(reason: &Reason) {
    assert!(reason.to_string().len() < 200, "an explanation that shows what was sent");
}
