//! What peers do wrong is answered with a typed error and disturbs nobody else.

mod support;

use bytes::Bytes;
use futures_util::SinkExt as _;
use sotto_wire::{
    limits::FRAME_BYTES_MAX,
    proto::{ErrorCode, topic_response::Response},
};
use support::{Running, options, start};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use tokio_tungstenite::tungstenite::Message;

const TOPICS_OPEN: &str = "sotto_connections{plane=\"topic\"}";

/// Whether a connection that was there before still gets answers.
async fn still_serves(witness: &mut support::Client<TcpStream>) {
    witness.send(&b"\xff\xff"[..]).await;
    let (_, response) = witness.response().await;
    assert!(matches!(response, Response::Error(error) if error.code() == ErrorCode::Malformed));
}

async fn server_and_witness() -> (Running, support::Client<TcpStream>) {
    let running = start(options()).await;
    let witness = running.topic().await;
    (running, witness)
}

#[tokio::test]
async fn garbage_is_answered_as_malformed_and_the_connection_lives() {
    let (_running, mut witness) = server_and_witness().await;
    for garbage in [&b"\xff"[..], b"\x08", &[0xAB; 3000]] {
        witness.send(garbage).await;
        let (_, response) = witness.response().await;
        assert!(matches!(response, Response::Error(error) if error.code() == ErrorCode::Malformed));
    }
}

#[tokio::test]
async fn a_message_just_over_the_limit_is_too_large_and_one_at_the_limit_is_not() {
    let (running, mut witness) = server_and_witness().await;
    let mut client = running.topic().await;
    client.send(vec![0xFF; FRAME_BYTES_MAX]).await;
    let (_, response) = client.response().await;
    assert!(matches!(response, Response::Error(error) if error.code() == ErrorCode::Malformed));

    // The server may close before everything is sent.
    let _ = client.socket.send(Message::Binary(vec![0xFF; FRAME_BYTES_MAX + 1].into())).await;
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
                client.send(Bytes::from(vec![0xFF; FRAME_BYTES_MAX])).await;
                client.response().await.1
            })
        })
        .collect();
    for task in tasks {
        assert!(
            matches!(task.await.unwrap(), Response::Error(error) if error.code() == ErrorCode::Malformed)
        );
    }
}
