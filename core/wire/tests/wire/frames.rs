//! The greeting, refusals, and what every frame has to stand up to.

use std::time::Duration;

use prost::Message;
use sotto_wire::account::{AccountCall, AccountFrame, AccountRequest};
use sotto_wire::frames::{Hello, Incompatible, Refusal, Registration};
use sotto_wire::ids::{HelloNonce, Host, Minute, PublicKey};
use sotto_wire::limits::{FRAME_BYTES_MAX, WORK_BITS_MAX};
use sotto_wire::proto::{self, ErrorCode, RegistrationMode, account_frame};
use sotto_wire::topic::{TopicCall, TopicFrame};
use sotto_wire::{Bytes, ParseError, Reason};

fn hello() -> Hello {
    Hello {
        protocol: 1,
        protocol_min: 1,
        nonce: HelloNonce::new([1; 32]),
        minute: Minute(28_000_000),
        log_key: PublicKey::new([2; 32]),
        host: Host::parse("chat.example.org").unwrap(),
        registration: Registration::Open { work_bits: 20 },
        software: "sottod 0.1.0".into(),
    }
}

/// The greeting as another server might send it.
fn changed(change: impl FnOnce(&mut proto::Hello)) -> Result<AccountFrame, Reason> {
    let mut frame = proto::AccountFrame::decode(AccountFrame::Hello(hello()).encode()).unwrap();
    let Some(account_frame::Frame::Hello(greeting)) = &mut frame.frame else { unreachable!() };
    change(greeting);
    AccountFrame::parse(&frame.encode_to_vec().into()).map_err(|error| error.reason)
}

#[test]
fn both_planes_greet_alike() {
    for registration in [Registration::Open { work_bits: 0 }, Registration::Invite, Registration::Closed] {
        let hello = Hello { registration, ..hello() };
        let frame = AccountFrame::Hello(hello.clone());
        assert_eq!(AccountFrame::parse(&frame.encode()), Ok(frame));
        let frame = TopicFrame::Hello(hello);
        assert_eq!(TopicFrame::parse(&frame.encode()), Ok(frame));
    }
}

#[test]
fn a_server_that_also_speaks_this_protocol_is_understood() {
    assert!(matches!(changed(|hello| hello.protocol = 9), Ok(AccountFrame::Hello(_))));
}

#[test]
fn a_newer_server_is_told_apart_from_a_broken_one() {
    let newer = changed(|hello| {
        // Nothing else in its greeting needs to make sense to this version.
        *hello = proto::Hello { protocol: 4, protocol_min: 3, ..proto::Hello::default() };
    });
    let expected = Incompatible::ServerNewer { server_min: 3 };
    assert_eq!(newer, Ok(AccountFrame::Incompatible(expected)));
}

#[test]
fn a_protocol_range_that_is_none_is_refused() {
    for (protocol, protocol_min) in [(0, 0), (1, 0), (1, 2)] {
        let refused = changed(|hello| (hello.protocol, hello.protocol_min) = (protocol, protocol_min));
        assert_eq!(refused, Err(Reason::OutOfRange { what: "protocol" }));
    }
}

#[test]
fn every_field_of_a_greeting_is_checked() {
    let refused = |change: fn(&mut proto::Hello)| changed(change).unwrap_err();
    assert!(matches!(refused(|h| h.nonce = Bytes::from_static(&[1; 31])), Reason::Length(_)));
    assert!(matches!(refused(|h| h.log_key = Bytes::new()), Reason::Length(_)));
    assert_eq!(refused(|h| h.minute = u64::MAX), Reason::OutOfRange { what: "minute" });
    assert!(matches!(refused(|h| h.host = "no host/".into()), Reason::Host(_)));
    assert_eq!(refused(|h| h.registration = None), Reason::Missing { what: "registration" });
    assert_eq!(refused(|h| h.software = "\u{1b}[2J".into()), Reason::Text { what: "software" });
    assert!(matches!(refused(|h| h.software = "a".repeat(65)), Reason::TooLarge { .. }));
}

#[test]
fn the_work_a_server_may_ask_for_has_an_end() {
    let ask = |mode: RegistrationMode, work_bits| {
        changed(|hello| hello.registration = Some(proto::Registration { mode: mode.into(), work_bits }))
    };
    assert!(ask(RegistrationMode::Open, WORK_BITS_MAX).is_ok());
    let refused = ask(RegistrationMode::Open, WORK_BITS_MAX + 1);
    assert_eq!(refused, Err(Reason::OutOfRange { what: "work bits" }));
    let refused = ask(RegistrationMode::Unspecified, 0);
    assert_eq!(refused, Err(Reason::Missing { what: "registration mode" }));
}

#[test]
fn a_refusal_says_why_and_when_to_try_again() {
    let wait = Duration::from_millis(1500);
    for refusal in [Refusal::new(ErrorCode::HandleTaken), Refusal::until(ErrorCode::RateLimited, wait)] {
        let frame = AccountFrame::refused(7, refusal);
        assert_eq!(AccountFrame::parse(&frame.encode()), Ok(frame));
        let frame = TopicFrame::Closing(refusal);
        assert_eq!(TopicFrame::parse(&frame.encode()), Ok(frame));
    }
}

#[test]
fn no_refusal_makes_a_client_wait_for_ever() {
    let error = proto::Error { code: ErrorCode::RateLimited.into(), retry_after_ms: u64::MAX };
    let frame = proto::AccountFrame { frame: Some(account_frame::Frame::Closing(error)) };
    let day = Duration::from_secs(24 * 60 * 60);
    let expected = AccountFrame::Closing(Refusal::until(ErrorCode::RateLimited, day));
    assert_eq!(AccountFrame::parse(&frame.encode_to_vec().into()), Ok(expected));
}

#[test]
fn a_reason_from_the_future_is_still_a_refusal() {
    let error = proto::Error { code: 9999, retry_after_ms: 0 };
    let frame = proto::AccountFrame { frame: Some(account_frame::Frame::Closing(error)) };
    let expected = AccountFrame::Closing(Refusal::new(ErrorCode::Unspecified));
    assert_eq!(AccountFrame::parse(&frame.encode_to_vec().into()), Ok(expected));
}

#[test]
fn a_frame_that_is_too_large_is_refused_unread() {
    let large: Bytes = vec![0; FRAME_BYTES_MAX + 1].into();
    let (max, found) = (FRAME_BYTES_MAX, FRAME_BYTES_MAX + 1);
    let reason = Reason::TooLarge { what: "frame", max, found };
    assert_eq!(AccountCall::parse(&large).unwrap_err().reason, reason);
    assert_eq!(TopicCall::parse(&large).unwrap_err().reason, reason);
    assert_eq!(AccountFrame::parse(&large).unwrap_err().reason, reason);
    assert_eq!(TopicFrame::parse(&large).unwrap_err().reason, reason);
    assert_eq!(TopicCall::parse(&large).unwrap_err().code(), ErrorCode::TooLarge);
}

#[test]
fn an_empty_frame_asks_for_nothing() {
    let unknown = |what| Reason::Unknown { what };
    let error = AccountCall::parse(&Bytes::new()).unwrap_err();
    assert_eq!(error, ParseError { request: Some(0), reason: unknown("request") });
    assert_eq!(TopicFrame::parse(&Bytes::new()).unwrap_err().reason, unknown("frame"));
}

#[test]
fn a_request_from_the_future_is_answered_by_its_id() {
    // id 7, then field 99 with an empty message.
    let frame = Bytes::from_static(&[0x08, 7, 0x9a, 0x06, 0]);
    let expected = ParseError { request: Some(7), reason: Reason::Unknown { what: "request" } };
    let error = TopicCall::parse(&frame).unwrap_err();
    assert_eq!(error, expected);
    assert_eq!(error.code(), ErrorCode::Version);
    assert_eq!(AccountCall::parse(&frame), Err(expected));
}

#[test]
fn a_request_that_does_not_decode_is_answered_by_its_id_if_that_was_read() {
    // id 7, then a known request whose inner field has the wrong wire type.
    let frame = Bytes::from_static(&[0x08, 7, 0x12, 2, 0x0d, 0]);
    let error = AccountCall::parse(&frame).unwrap_err();
    assert_eq!(error, ParseError { request: Some(7), reason: Reason::Undecodable });
    let error = AccountCall::parse(&Bytes::from_static(&[0xff])).unwrap_err();
    assert_eq!(error, ParseError { request: None, reason: Reason::Undecodable });
}

#[test]
fn every_truncation_is_refused_or_asks_for_something_else() {
    let frame = AccountCall { id: 300, request: AccountRequest::AckInbox(vec![]) }.encode();
    for length in 0..frame.len() {
        let cut = AccountCall::parse(&frame.slice(..length));
        assert_ne!(cut.ok(), AccountCall::parse(&frame).ok(), "{length} bytes");
    }
}
