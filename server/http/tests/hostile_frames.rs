//! What peers do wrong is answered with a typed error and disturbs nobody else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod support;

use futures_util::SinkExt as _;
use prost::Message as _;
use sotto_wire::{
    limits::FRAME_BYTES_MAX,
    proto::{ErrorCode, LookUpHandle, TopicRequest, topic_request::Request, topic_response::Response},
};
use support::{Running, options, start};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use tokio_tungstenite::tungstenite::Message;

const TOPICS_OPEN: &str = "sotto_connections{plane=\"topic\"}";

/// Whether a connection that was there before still gets answers.
async fn still_serves(witness: &mut support::Client<TcpStream>) {
    let nobody = LookUpHandle { handle: "nobody".to_owned(), ..LookUpHandle::default() };
    witness.request(7, Request::LookUpHandle(nobody)).await;
    assert_eq!(refusal(witness.response().await), (7, ErrorCode::HandleUnknown));
}

fn refusal((id, response): (u32, Response)) -> (u32, ErrorCode) {
    match response {
        Response::Error(error) => (id, error.code()),
        other => panic!("{other:?}"),
    }
}

/// A request of exactly this many bytes whose one field is far too long.
fn overlong_request(bytes: usize) -> Vec<u8> {
    let request = |handle: usize| {
        let handle = LookUpHandle { handle: "a".repeat(handle), ..LookUpHandle::default() };
        TopicRequest { id: 9, request: Some(Request::LookUpHandle(handle)) }.encode_to_vec()
    };
    let overhead = request(bytes - 64).len() - (bytes - 64);
    let request = request(bytes - overhead);
    assert_eq!(request.len(), bytes);
    request
}

async fn server_and_witness() -> (Running, support::Client<TcpStream>) {
    let running = start(options()).await;
    let witness = running.topic().await;
    (running, witness)
}

#[tokio::test]
async fn garbage_is_malformed_and_closes_its_connection_alone() {
    let (running, mut witness) = server_and_witness().await;
    for garbage in [&b"\xff"[..], b"\x08", &[0xAB; 3000]] {
        let mut client = running.topic().await;
        client.send(garbage).await;
        assert_eq!(client.closing().await.code(), ErrorCode::Malformed);
        still_serves(&mut witness).await;
    }
}

#[tokio::test]
async fn a_request_with_a_wrong_field_is_answered_and_the_connection_lives() {
    let (_running, mut witness) = server_and_witness().await;
    witness
        .request(
            3,
            Request::LookUpHandle(LookUpHandle { handle: "A B".to_owned(), ..LookUpHandle::default() }),
        )
        .await;
    assert_eq!(refusal(witness.response().await), (3, ErrorCode::Malformed));
    still_serves(&mut witness).await;
}

#[tokio::test]
async fn a_message_just_over_the_limit_is_too_large_and_one_at_the_limit_is_read() {
    let (running, mut witness) = server_and_witness().await;
    let mut client = running.topic().await;
    client.send(overlong_request(FRAME_BYTES_MAX)).await;
    assert_eq!(refusal(client.response().await), (9, ErrorCode::Malformed));

    // The server may close before everything is sent.
    let _ = client.socket.send(Message::Binary(overlong_request(FRAME_BYTES_MAX + 1).into())).await;
    assert_eq!(client.closing().await.code(), ErrorCode::TooLarge);
    still_serves(&mut witness).await;
    assert_eq!(running.metric("sotto_connections_closed_total{reason=\"too_large\"}").await, 1);
}

#[tokio::test]
async fn text_is_refused_because_the_protocol_has_none() {
    let (running, mut witness) = server_and_witness().await;
    let mut client = running.topic().await;
    client.socket.send(Message::Text("hello".into())).await.unwrap();
    assert_eq!(client.closing().await.code(), ErrorCode::Malformed);
    still_serves(&mut witness).await;
}

#[tokio::test]
async fn bytes_that_are_no_websocket_frame_are_refused() {
    let (running, mut witness) = server_and_witness().await;
    let mut client = running.topic().await;
    let unmasked = [0x82, 0x01, 0x00];
    client.socket.get_mut().write_all(&unmasked).await.unwrap();
    assert_eq!(client.closing().await.code(), ErrorCode::Malformed);
    still_serves(&mut witness).await;
}

#[tokio::test]
async fn a_peer_that_vanishes_mid_frame_is_forgotten() {
    let (running, mut witness) = server_and_witness().await;
    let mut client = running.topic().await;
    running.metric_becomes(TOPICS_OPEN, 2).await;
    let half_a_frame = [0x82, 0xFE, 0x10, 0x00, 1, 2, 3, 4, 5];
    client.socket.get_mut().write_all(&half_a_frame).await.unwrap();
    drop(client);
    running.metric_becomes(TOPICS_OPEN, 1).await;
    still_serves(&mut witness).await;
}

#[tokio::test]
async fn large_messages_beyond_the_memory_for_them_wait_their_turn_and_all_are_answered() {
    let running = start(sotto_http::Options { large_message_bytes: FRAME_BYTES_MAX, ..options() }).await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(running.topic().await);
    }
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            tokio::spawn(async move {
                client.send(overlong_request(FRAME_BYTES_MAX)).await;
                refusal(client.response().await)
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), (9, ErrorCode::Malformed));
    }
}
