//! Sizes, measured: what a limit of the wire leaves for the text.

use sotto_wire::digest::EntryKind;
use sotto_wire::ids::{AppendId, MessageId, StatementHash};
use sotto_wire::limits::{
    APPLICATION_BYTES_MAX, DISPLAY_NAME_BYTES_MAX, HANDSHAKE_BYTES_MAX, INBOX_ITEM_BYTES_MAX,
    KEY_PACKAGE_BYTES_MAX, TEXT_BYTES_MAX,
};
use sotto_wire::proto::content::Body;
use sotto_wire::proto::{ApplicationPayload, Content, Text};

use super::*;

fn payload(device: &mut Device, text: usize) -> Vec<u8> {
    let content = Content {
        message_id: MessageId::new([1; 16]).into(),
        version: 1,
        sent_at_ms: u64::MAX,
        sender_name: "n".repeat(DISPLAY_NAME_BYTES_MAX),
        body: Some(Body::Text(Text { text: "x".repeat(text) })),
    }
    .encode_to_vec();
    let conversation = ConversationId::new([2; 32]);
    let franking = frank(&device.keys, &content, conversation, Minute(u64::MAX), &mut device.rng);
    ApplicationPayload { content: content.into(), franking: Some(franking) }.encode_to_vec()
}

fn full_auth() -> AuthenticatedData {
    let own_pin = Pin { era: u32::MAX, version: u32::MAX, hash: ListHash::new([2; 32]) };
    let seen = content::StatementSeen { index: u64::MAX, hash: StatementHash::new([3; 32]) };
    let seq = Seq(i64::MAX as u64);
    let chain = Chain::new([1; 32]);
    (&content::AuthenticatedData { seq, chain, own_pin, statement: Some(seen) }).into()
}

fn body(device: &mut Device, text: usize) -> (usize, usize) {
    let payload = payload(device, text);
    let message = device.on_group(|group, ws, keys| group.encrypt(ws, keys, &payload, &full_auth())).unwrap();
    let key = EnvelopeKey::from_bytes(device.secret());
    let address = EntryAddress {
        topic: TOPIC,
        kind: EntryKind::Application,
        head: Seq(1),
        append_id: AppendId::new([4; 16]),
    };
    (message.len() - text, seal_entry(&key, address, &message).len())
}

#[test]
fn the_longest_text_fits_an_application_entry() {
    let (mut alice, _) = pair();
    let (overhead, len) = body(&mut alice, TEXT_BYTES_MAX);
    assert!(len <= APPLICATION_BYTES_MAX, "{len}");
    assert!(overhead < 1024, "content, franking and MLS cost {overhead} bytes around the longest text");
}

#[test]
fn short_texts_are_short_entries() {
    let (mut alice, _) = pair();
    let (overhead, len) = body(&mut alice, 20);
    assert!(len < 1024, "{len} bytes on the wire for 20, {overhead} of them not padding");
}

#[test]
fn commits_welcomes_and_key_packages_fit_their_limits() {
    let (mut alice, mut bob) = (Device::new(1, 11), Device::new(2, 21));
    alice.create(direct(&list_of(&[&alice]), &list_of(&[&bob])));
    let (package, new) = bob.key_package(true);
    assert!(new.signed.encoded_len() <= KEY_PACKAGE_BYTES_MAX, "{}", new.signed.encoded_len());

    let commit = alice.stage_add(std::slice::from_ref(&package)).unwrap();
    alice.merge(&commit).unwrap();
    let welcome = commit.welcome.as_ref().unwrap();
    let item = welcome.len() + commit.ratchet_tree.len();
    let sealed = alice.dry(|ws, _| seal(ws, &package.seal_key, &vec![0; item])).unwrap();
    assert!(sealed.len() <= INBOX_ITEM_BYTES_MAX);
    assert!(commit.mls_message.len() <= HANDSHAKE_BYTES_MAX);
    bob.join(welcome, &commit.ratchet_tree).unwrap();

    let update = bob.stage_update();
    assert!(update.welcome.is_none() && update.ratchet_tree.is_empty());
    // Measured, and asserted loosely so that a regression shows.
    let state: usize = bob.store.rows.iter().map(|(key, value)| key.len() + value.len()).sum();
    let figures = [
        ("signed key package", new.signed.encoded_len(), 4_200),
        ("add commit", commit.mls_message.len(), 5_800),
        ("welcome", welcome.len(), 1_800),
        ("tree", commit.ratchet_tree.len(), 4_200),
        ("self-update", update.mls_message.len(), 4_200),
        ("staged self-update", update.staged.len(), 14_000),
        ("rows of a 1:1", state, 20_000),
    ];
    for (what, bytes, at_most) in figures {
        assert!(bytes <= at_most, "{what}: {bytes} B");
    }
}
