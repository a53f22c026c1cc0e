//! Entries through the whole transport: readers that do not read, a server that stops, numbers that tell nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something unexpected happens"
)]

mod support;

use std::time::Duration;

use ed25519_dalek::SigningKey;
use sotto_http::Options;
use sotto_ports::logs::{Logs as _, ReadLimit};
use sotto_wire::{
    ids::{Capability, Seq, SlotSecret, TopicId},
    limits::{ENTRIES_BYTES_TARGET, ENTRY_VERSION},
    proto::{
        Append, CreateTopic, EntryKind, ErrorCode, Follow, FollowOne, NewSlot, OpenSlot, SlotAuth,
        topic_frame::Frame, topic_request::Request, topic_response::Response,
    },
};
use support::{Client, Running, options, start};
use tokio::net::TcpStream;

const TOPIC: TopicId = TopicId::new([0x71; 32]);
const SLOT: [u8; 16] = [0x51; 16];
const BODY_BYTES: usize = 1_000;
/// Appends a client has under way at once.
const PIPELINE: u32 = 32;

fn capability() -> Capability {
    Capability::new([0xCA; 32])
}

fn slot_secret() -> SlotSecret {
    SlotSecret::new([0x5E; 32])
}

fn bytes(of: &[u8]) -> bytes::Bytes {
    bytes::Bytes::copy_from_slice(of)
}

fn body(n: u32) -> Vec<u8> {
    n.to_be_bytes().repeat(BODY_BYTES / 4)
}

fn append(n: u32) -> Request {
    Request::Append(Append {
        topic: TOPIC.into(),
        capability: bytes(capability().expose()),
        kind: EntryKind::Application.into(),
        expect_head: 0,
        append_id: [[0; 12].as_slice(), &n.to_be_bytes()].concat().into(),
        body: body(n).into(),
        version: ENTRY_VERSION,
        ..Append::default()
    })
}

/// Makes the topic and a slot on it.
async fn set_up(client: &mut Client<TcpStream>) {
    let control = SigningKey::from_bytes(&[9; 32]).verifying_key();
    let create = CreateTopic {
        topic: TOPIC.into(),
        capability_hash: capability().hash().into(),
        control_keys: vec![bytes(control.as_bytes())],
        ..CreateTopic::default()
    };
    client.request(1, Request::CreateTopic(create)).await;
    assert!(matches!(client.response().await, (1, Response::TopicCreated(_))));
    let slot = NewSlot { slot: bytes(&SLOT), secret_hash: slot_secret().hash().into() };
    let open = OpenSlot { topic: TOPIC.into(), capability: bytes(capability().expose()), slot: Some(slot) };
    client.request(2, Request::OpenSlot(open)).await;
    assert!(matches!(client.response().await, (2, Response::SlotOpened(_))));
}

async fn follow(client: &mut Client<TcpStream>) {
    let auth = SlotAuth { topic: TOPIC.into(), slot: bytes(&SLOT), secret: bytes(slot_secret().expose()) };
    let follows = vec![FollowOne { auth: Some(auth), from_seq: 0 }];
    client.request(3, Request::Follow(Follow { follows })).await;
    assert!(matches!(client.response().await, (3, Response::Followed(_))));
}

/// A client that appends numbered entries.
struct Writer {
    client: Client<TcpStream>,
    appended: u32,
}

impl Writer {
    /// Appends `count` more entries, a pipeline at a time; every one is acknowledged.
    async fn append(&mut self, count: u32) {
        let end = self.appended + count;
        while self.appended < end {
            let batch = self.appended..end.min(self.appended + PIPELINE);
            for n in batch.clone() {
                self.client.request(100 + n, append(n)).await;
            }
            for n in batch.clone() {
                let (id, response) = self.client.response().await;
                assert_eq!(id, 100 + n);
                assert!(matches!(response, Response::Appended(_)), "{response:?}");
            }
            self.appended = batch.end;
        }
    }
}

/// Sequence numbers and bodies up to a closing error or the `count`th entry.
async fn read_entries(client: &mut Client<TcpStream>, count: u32) -> (u32, Option<ErrorCode>) {
    let mut seen = 0;
    while seen < count {
        match client.topic_frame().await {
            Frame::Entries(entries) => {
                for entry in entries.entries {
                    let content = entry.content.unwrap();
                    let expected = sotto_wire::proto::entry::Content::Body(body(seen).into());
                    assert_eq!((entry.seq, content == expected), (u64::from(seen) + 1, true));
                    seen += 1;
                }
            }
            Frame::Closing(error) => return (seen, Some(error.code())),
            other => panic!("{other:?}"),
        }
    }
    (seen, None)
}

async fn writer_and_reader(options: Options) -> (Running, Writer, Client<TcpStream>) {
    let running = start(options).await;
    let (mut client, mut reader) = (running.topic().await, running.topic().await);
    set_up(&mut client).await;
    follow(&mut reader).await;
    (running, Writer { client, appended: 0 }, reader)
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_little_memory_and_gets_everything_later() {
    const ENTRIES: u32 = 10_000;
    let (running, mut writer, mut reader) = writer_and_reader(options()).await;
    let mut most = 0;
    for _ in 0..10 {
        writer.append(ENTRIES / 10).await;
        most = most.max(running.metric("sotto_outgoing_bytes_waiting").await);
    }
    assert!(most <= 2 * ENTRIES_BYTES_TARGET as u64, "{most} bytes wait for one reader");
    assert_eq!(read_entries(&mut reader, ENTRIES).await, (ENTRIES, None));
}

#[tokio::test]
async fn a_reader_that_takes_nothing_for_too_long_is_told_so_and_closed() {
    const ENTRIES: u32 = 10_000;
    let options = Options { unwritable_max: Duration::from_millis(100), ..options() };
    let (running, mut writer, mut reader) = writer_and_reader(options).await;
    writer.append(ENTRIES).await;
    running.metric_becomes("sotto_connections_closed_total{reason=\"too_slow\"}", 1).await;
    let (seen, error) = read_entries(&mut reader, ENTRIES).await;
    assert!(seen < ENTRIES);
    assert_eq!(error, Some(ErrorCode::TooSlow));

    let mut again = running.topic().await;
    follow(&mut again).await;
    assert_eq!(read_entries(&mut again, ENTRIES).await, (ENTRIES, None), "it comes back and loses nothing");
}

#[tokio::test]
async fn a_stopping_server_answers_what_it_accepted() {
    let (running, mut writer, _reader) = writer_and_reader(options()).await;
    const SENT: u32 = 200;
    for n in 0..SENT {
        writer.client.request(100 + n, append(n)).await;
    }
    let stop = running.stop.clone();
    let mut answered = 0;
    let error = loop {
        match writer.client.topic_frame().await {
            Frame::Response(response) => {
                assert_eq!(response.id, 100 + answered);
                assert!(matches!(response.response, Some(Response::Appended(_))));
                answered += 1;
                stop.cancel();
            }
            Frame::Closing(error) => break error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(error.code(), ErrorCode::ShuttingDown);
    assert_eq!(writer.client.next().await, None);

    let store = running.stop().await.into_store();
    let everything = ReadLimit { entries: usize::MAX, body_bytes: usize::MAX };
    let stored = store.entries(TOPIC, Seq(0), None, everything).unwrap().unwrap();
    assert_eq!(stored.newest, Seq(answered.into()), "nothing was stored without an answer");
}

#[tokio::test]
async fn a_stopping_server_lets_nobody_in() {
    let running = start(options()).await;
    let client = running.topic().await;
    let address = running.address;
    running.stop.cancel();
    drop(client);
    running.served.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn metrics_name_no_topic_slot_or_secret() {
    let (running, mut writer, mut reader) = writer_and_reader(options()).await;
    writer.append(40).await;
    read_entries(&mut reader, 40).await;
    let page = running.http("/metrics", "").await;
    assert!(page.contains("sotto_batch_seconds_count"), "{page}");
    let (capability, slot_secret) = (capability(), slot_secret());
    for secret in [TOPIC.as_bytes().as_slice(), &SLOT, capability.expose(), slot_secret.expose()] {
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!page.to_lowercase().contains(&hex[..8]), "{hex}");
    }
    let labels: std::collections::BTreeSet<&str> = page
        .lines()
        .filter(|line| line.starts_with("sotto_"))
        .filter_map(|line| line.split_once('{')?.1.split_once('=').map(|(label, _)| label))
        .collect();
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["le", "plane", "reason"]);
}
