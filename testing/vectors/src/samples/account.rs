//! The account plane.

use std::time::Duration;

use sotto_wire::account::{
    AccountCall, AccountFrame, AccountRequest, AccountResponse, Authenticate, InboxItem, KeyPackageCount,
    LastResort, PublishKeyPackages, Register,
};
use sotto_wire::digest::{authenticate_to_sign, register_to_sign};
use sotto_wire::frames::{Refusal, Registration};
use sotto_wire::ids::{Handle, HelloNonce, InboxKey, Invite, UploadId};
use sotto_wire::proto::ErrorCode;

use super::identity::{account, device_id, key_package, links, list, lists};
use super::{bytes, hello, host, long_bytes, parsed, sign};

/// The account's handle.
pub fn handle() -> Handle {
    parsed(Handle::parse("alice"))
}

/// Every request, with a name.
pub fn calls() -> Vec<(&'static str, AccountCall)> {
    let laptop = device_id("laptop");
    let nonce = HelloNonce::new(bytes("hello nonce"));
    let register_bytes = register_to_sign(nonce, host().as_str(), account(), laptop, &handle());
    let register = |invite: Option<&str>, work_answer| {
        AccountRequest::Register(Register {
            handle: handle(),
            genesis_list: links()[0].signed(),
            invite: invite.map(|code| parsed(Invite::parse(code))),
            work_answer,
            signature: sign("laptop", &register_bytes),
        })
    };
    let authenticate = AccountRequest::Authenticate(Authenticate {
        account: account(),
        device: laptop,
        signature: sign("laptop", &authenticate_to_sign(nonce, host().as_str(), account(), laptop)),
    });
    let publish = |one_time, last_resort: bool| {
        AccountRequest::PublishKeyPackages(PublishKeyPackages {
            upload_id: UploadId::new(bytes("upload")),
            one_time: vec![key_package(false); one_time],
            last_resort: last_resort.then(|| key_package(true)),
        })
    };
    let keys = vec![InboxKey::new(bytes("inbox key 1")), InboxKey::new(bytes("inbox key 2"))];
    numbered([
        ("register with an invitation", register(Some("MAPLE-7421"), 0)),
        ("register with proof of work", register(None, 123_456)),
        ("authenticate", authenticate),
        ("put a device list", AccountRequest::PutDeviceList(lists(2)[1].clone())),
        ("publish key packages", publish(2, true)),
        ("publish a last-resort key package", publish(0, true)),
        ("ask for the key package count", AccountRequest::KeyPackageStatus),
        ("follow the inbox", AccountRequest::FollowInbox),
        ("acknowledge inbox items", AccountRequest::AckInbox(keys)),
    ])
    .map(|(name, id, request)| (name, AccountCall { id, request }))
    .collect()
}

/// Every frame of the server, with a name.
pub fn frames() -> Vec<(&'static str, AccountFrame)> {
    let count =
        |last_resort| AccountResponse::KeyPackageCount(KeyPackageCount { one_time_left: 17, last_resort });
    let responses = numbered([
        ("registered", AccountResponse::Registered),
        ("authenticated", AccountResponse::Authenticated { handle: handle(), list: list().pin() }),
        ("device list stored", AccountResponse::DeviceListStored(list().pin())),
        ("key packages stored", AccountResponse::KeyPackagesStored { one_time_left: 20 }),
        ("key packages, none of last resort", count(LastResort::Absent)),
        ("key packages, one of last resort", count(LastResort::Unused)),
        ("key packages, last resort used", count(LastResort::Used)),
        ("inbox followed", AccountResponse::InboxFollowed { waiting: 2 }),
        ("inbox items acknowledged", AccountResponse::InboxAcked),
    ])
    .map(|(name, id, response)| (name, AccountFrame::response(id, response)));
    let item = |label: &str, length| InboxItem {
        key: InboxKey::new(bytes(label)),
        sealed: long_bytes(&format!("sealed for {label}"), length),
    };
    let busy = Refusal::until(ErrorCode::RateLimited, Duration::from_millis(1500));
    let others = [
        ("hello, open registration", AccountFrame::Hello(hello(Registration::Open { work_bits: 20 }))),
        ("hello, registration by invitation", AccountFrame::Hello(hello(Registration::Invite))),
        ("hello, registration closed", AccountFrame::Hello(hello(Registration::Closed))),
        ("refused", AccountFrame::refused(300, Refusal::new(ErrorCode::HandleTaken))),
        ("refused for now", AccountFrame::refused(301, busy)),
        ("inbox items", AccountFrame::InboxItems(vec![item("inbox key 1", 64), item("inbox key 2", 40)])),
        ("closing", AccountFrame::Closing(Refusal::new(ErrorCode::ShuttingDown))),
    ];
    others.into_iter().chain(responses).collect()
}

/// Gives each a request id.
pub(super) fn numbered<T, const N: usize>(
    samples: [(&'static str, T); N],
) -> impl Iterator<Item = (&'static str, u32, T)> {
    samples.into_iter().zip(1..).map(|((name, sample), id)| (name, id, sample))
}
