//! What arrives encrypted, or lies encrypted on the own disk: envelopes, sealed items, MLS messages, rows, key files.
//!
//! The bytes are given to the parser where an attacker could put them: also inside what only a member could have sealed.

use std::sync::LazyLock;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use prost::Message as _;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::Sha256;
use sotto_secrecy::profile_key::{KeyFile, Stored};
use sotto_secrecy::{
    CannotDecrypt, DeviceKeys, EntryAddress, EnvelopeKey, Group, JoinError, ReceiveError, SealSecret,
    Workspace, frank, key_package_reference, open_entry, open_sealed, seal, seal_entry, verify_franking,
    welcome_for,
};
use sotto_wire::digest::EntryKind;
use sotto_wire::ids::{AppendId, ConversationId, Seq};
use sotto_wire::proto;

use crate::devices::{Device, Memory, Quartet, auth, quartet, topic};
use crate::machines::choices::Choices;
use crate::samples::identity::{account, device_id};
use crate::samples::{MINUTE, bytes, key, parsed, public};

fn envelope_key() -> EnvelopeKey {
    EnvelopeKey::from_bytes(bytes("envelope key"))
}

fn address() -> EntryAddress {
    EntryAddress {
        topic: topic(),
        kind: EntryKind::Application,
        head: Seq(7),
        append_id: AppendId::new(bytes("envelope append")),
    }
}

/// An entry's body as it comes from the server, and as a member could have sealed it: what opens is what [`seal_entry`]
/// makes of the content and nothing else, so that nothing hides in the padding.
pub fn envelope(bytes: &[u8]) {
    let (key, address) = (envelope_key(), address());
    for body in [bytes.to_vec(), sealed_by_a_member(bytes)] {
        if let Ok(content) = open_entry(&key, address, &body) {
            assert!(seal_entry(&key, address, &content) == body, "one content, two envelopes");
        }
    }
    let sealed = seal_entry(&key, address, bytes);
    assert!(open_entry(&key, address, &sealed).is_ok_and(|opened| opened == bytes));
}

/// The envelope by its description in the protocol (§5), around any padded plaintext.
fn sealed_by_a_member(padded: &[u8]) -> Vec<u8> {
    let (key, address) = (envelope_key(), address());
    let mut derived = [0; 44];
    let info: [&[u8]; 2] = [b"sotto envelope v1", address.append_id.as_bytes()];
    let hkdf = parsed(Hkdf::<Sha256>::from_prk(key.expose()));
    parsed(hkdf.expand_multi_info(&info, &mut derived));
    let aad = [
        address.topic.as_bytes().as_slice(),
        &[address.kind.code()],
        &address.head.0.to_be_bytes(),
        address.append_id.as_bytes(),
    ]
    .concat();
    let cipher = parsed(Aes256Gcm::new_from_slice(&derived[..32]));
    parsed(cipher.encrypt(Nonce::from_slice(&derived[32..]), Payload { msg: padded, aad: &aad }))
}

/// An envelope, and padded plaintexts.
pub(super) fn envelope_seeds() -> Vec<Vec<u8>> {
    let padded = |content: &[u8], length: usize| {
        let mut padded = (content.len() as u32).to_be_bytes().to_vec();
        padded.extend_from_slice(content);
        padded.resize(4 + length, 0);
        padded
    };
    vec![
        seal_entry(&envelope_key(), address(), b"message"),
        padded(b"message", 7),
        padded(b"nine char", 10),
        padded(b"nine char", 12),
        padded(b"", 0),
        vec![0xff; 40],
    ]
}

/// A device with the secret half of a seal key, and that key.
struct Recipient {
    device: Device,
    secret: SealSecret,
    seal_key: Vec<u8>,
}

fn recipient() -> &'static Recipient {
    static RECIPIENT: LazyLock<Recipient> = LazyLock::new(|| {
        let mut device = quartet().devices[3].clone();
        let (package, new) = device.key_package(true);
        Recipient { device, secret: new.seal_secret, seal_key: package.seal_key.to_vec() }
    });
    &RECIPIENT
}

/// A sealed inbox item, and the same bytes as a seal key and as a content: what was sealed comes back; nothing else
/// opens.
pub fn sealed(bytes: &[u8]) {
    let recipient = recipient();
    let mut device = recipient.device.clone();
    let (opened, _) = device.try_out(|ws, _| open_sealed(ws, &recipient.secret, bytes));
    if let Ok(opened) = opened {
        assert!(opened == SEALED || opened.len() + 1120 < bytes.len());
    }
    let (back, _) = device.try_out(|ws, _| {
        let sealed = parsed(seal(ws, &recipient.seal_key, bytes));
        drop(seal(ws, bytes, SEALED));
        open_sealed(ws, &recipient.secret, &sealed)
    });
    assert!(back.is_ok_and(|back| back == bytes), "what was sealed does not come back");
}

const SEALED: &[u8] = b"a sealed item";

/// A sealed item, a seal key.
pub(super) fn sealed_seeds() -> Vec<Vec<u8>> {
    let recipient = recipient();
    let (sealed, _) = recipient.device.clone().try_out(|ws, _| seal(ws, &recipient.seal_key, SEALED));
    vec![parsed(sealed), recipient.seal_key.clone(), SEALED.to_vec(), Vec::new()]
}

fn conversation() -> ConversationId {
    ConversationId::new(bytes("franked conversation"))
}

fn franked() -> proto::Franking {
    let keys = DeviceKeys::new(account(), device_id("phone"), &key("phone").to_bytes());
    frank(&keys, SEALED, conversation(), MINUTE, &mut ChaCha20Rng::from_seed(bytes("franking")))
}

/// A `Franking`: only the one that was made verifies, and only for what was sent.
pub fn franking(bytes: &[u8]) {
    let Ok(franking) = proto::Franking::decode(bytes) else { return };
    let verifies = |content: &[u8]| {
        let (account, device) = (account(), device_id("phone"));
        verify_franking(public("phone"), account, device, conversation(), content, &franking).is_ok()
    };
    if verifies(SEALED) {
        assert_eq!(franking, franked(), "a forged franking verifies");
        assert!(!verifies(b"something else"), "a franking verifies for another content");
    }
}

/// The one that was made.
pub(super) fn franking_seeds() -> Vec<Vec<u8>> {
    vec![franked().encode_to_vec()]
}

/// `key.json`: what is read is written and read back the same; a file whose checksum holds says what was written.
pub fn key_file(bytes: &[u8]) {
    if let Ok(file) = KeyFile::parse(bytes) {
        let written = parsed(file.to_bytes());
        let again = parsed(KeyFile::parse(&written));
        assert!(again.to_bytes().is_ok_and(|again| again == written), "the key file changes on the way");
    }
    // The same bytes as the names inside a file: whatever they are, the file comes back.
    if let Ok(text) = std::str::from_utf8(bytes) {
        for stored in
            [Stored::Keyring { entry: text.to_owned() }, Stored::InsecureFile { key: text.to_owned() }]
        {
            let written = parsed(KeyFile::new(stored).to_bytes());
            assert!(KeyFile::parse(&written).is_ok(), "a key file that was written is refused");
        }
    }
}

/// A file of each kind.
pub(super) fn key_file_seeds() -> Vec<Vec<u8>> {
    let file = |stored| parsed(KeyFile::new(stored).to_bytes());
    let wrapped = br#"{"version":1,"stored":{"passphrase":{"wrapped":{"memory_kib":65536,"passes":3,"lanes":1,"salt":"00","nonce":"00","sealed":"00"}}},"check":""}"#;
    vec![
        file(Stored::Keyring { entry: "0f".repeat(16) }),
        file(Stored::InsecureFile { key: "ab".repeat(32) }),
        wrapped.to_vec(),
        br#"{"version":2,"stored":{}}"#.to_vec(),
    ]
}

fn with_group<T>(
    device: &mut Device,
    operation: impl FnOnce(&mut Group, &Workspace<'_>, &DeviceKeys) -> T,
) -> T {
    let operated = device.try_out(|ws, keys| {
        let mut group = parsed(Group::load(ws, topic())).unwrap_or_else(|| parsed(Err("no group")));
        operation(&mut group, ws, keys)
    });
    operated.0
}

/// What the samples say, once: a message, a commit of a member, one of an admin that adds.
struct Said {
    messages: Vec<Vec<u8>>,
}

fn said() -> &'static Said {
    static SAID: LazyLock<Said> = LazyLock::new(|| {
        let mut quartet = quartet().clone();
        let text = with_group(&mut quartet.devices[1], |group, ws, keys| {
            parsed(group.encrypt(ws, keys, b"a payload", &auth(2)))
        });
        let update = quartet.devices[2].stage(&[]).mls_message;
        let add = quartet.devices[1].stage(&[quartet.late.clone()]).mls_message;
        Said { messages: vec![text, update, add] }
    });
    &SAID
}

/// An MLS message as it stands in an envelope, at the owner's device, and one of the samples with small changes: what a
/// member said is read as they said it, what was changed is refused, and as what every member sees alike.
pub fn mls_message(bytes: &[u8]) {
    read_as_said(bytes);
    let mut choices = Choices::new(bytes);
    let Some(said) = choices.one_of(&said().messages) else { return };
    let changed = choices.mutated(said);
    if changed != said {
        assert!(!read_as_said(&changed), "a message that was changed on the way is accepted");
    }
}

/// Whether the owner accepts it. Nobody can say anything in a member's name here: what is accepted comes from a run of
/// this code, perhaps from another one, whose bytes differ.
fn read_as_said(bytes: &[u8]) -> bool {
    let mut owner = quartet().devices[0].clone();
    let members = [1, 2].map(|number| quartet().devices[number].keys().member());
    let received = with_group(&mut owner, |group, ws, _| group.receive_application(ws, bytes));
    let applied = with_group(&mut owner, |group, ws, _| group.receive_handshake(ws, bytes));
    let accepted = received.is_ok() || applied.is_ok();
    if let Ok(received) = &received {
        assert!(received.sender == members[0] && received.payload == b"a payload", "a forged message");
    }
    if let Ok(applied) = &applied {
        assert!(members.contains(&applied.sender), "a forged commit");
    }
    for error in [received.err(), applied.err()].into_iter().flatten() {
        let fault = matches!(
            error,
            ReceiveError::Storage(_)
                | ReceiveError::Corrupt
                | ReceiveError::CannotDecrypt(CannotDecrypt::Internal)
        );
        assert!(!fault, "bytes of a stranger count as a fault here: {error}");
    }
    accepted
}

/// One of each.
pub(super) fn mls_message_seeds() -> Vec<Vec<u8>> {
    said().messages.clone()
}

fn welcoming() -> &'static (Quartet, Vec<u8>, Vec<u8>) {
    static WELCOMING: LazyLock<(Quartet, Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
        let mut quartet = quartet().clone();
        let staged = quartet.devices[0].stage(&[quartet.late.clone()]);
        (quartet, staged.welcome.unwrap_or_default(), staged.ratchet_tree)
    });
    &WELCOMING
}

/// A Welcome with its ratchet tree at the device it is for (the first two bytes say where one ends and the other
/// begins), one of the samples with small changes in either, and the same bytes as an MLS key package: only a Welcome that
/// was made opens, and it leads into the group it was made for.
pub fn mls_welcome(bytes: &[u8]) {
    let (quartet, welcome, tree) = welcoming();
    let mut late = quartet.devices[3].clone();
    let _ = late.try_out(|ws, _| key_package_reference(ws, bytes).is_ok());
    if let Some((length, rest)) = bytes.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (welcome, tree) = rest.split_at(length.min(rest.len()));
        let _ = welcome_for(welcome, &quartet.late_reference);
        opens(welcome, tree);
    }
    let mut choices = Choices::new(bytes);
    let (changed, other) = match choices.below(2) {
        0 => (choices.mutated(welcome), tree.clone().into()),
        _ => (welcome.clone().into(), choices.mutated(tree)),
    };
    if (&changed, &other) != (&welcome.clone().into(), &tree.clone().into()) {
        assert!(!opens(&changed, &other), "a Welcome that was changed on the way opens");
    }
}

fn opens(welcome: &[u8], tree: &[u8]) -> bool {
    let (quartet, ..) = welcoming();
    let mut late = quartet.devices[3].clone();
    let (joined, _) = late.try_out(|ws, keys| Group::join(ws, keys, welcome, tree));
    match joined {
        Ok((group, adder)) => {
            let everybody = quartet.devices.iter().map(|device| device.keys().member());
            assert!(adder == quartet.devices[0].keys().member(), "a forged Welcome opens");
            assert_eq!(group.members().len(), everybody.clone().count());
            assert!(everybody.into_iter().all(|member| group.members().contains(&member)), "another group");
            true
        }
        Err(error) => {
            assert!(!matches!(error, JoinError::Storage(_) | JoinError::Corrupt), "{error}");
            false
        }
    }
}

fn welcome_seeds() -> Vec<Vec<u8>> {
    let (quartet, welcome, tree) = welcoming();
    let alone = welcome_for(welcome, &quartet.late_reference).unwrap_or_default();
    let both = |welcome: &[u8]| [&(welcome.len() as u16).to_be_bytes(), welcome, tree].concat();
    vec![both(welcome), both(&alone)]
}

/// The Welcome, whole and cut for its recipient, and a key package.
pub(super) fn mls_welcome_seeds() -> Vec<Vec<u8>> {
    let package = welcoming().0.late.mls_key_package.to_vec();
    welcome_seeds().into_iter().chain([package]).collect()
}

/// Rows of the own database that are not what was written: the first byte says which, the rest is its value. Whatever
/// they hold, the group loads or is called damaged, and using it does not panic.
pub fn mls_rows(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let mut owner = quartet().devices[0].clone();
    let place = choices.below(owner.store.rows.len());
    let value = choices.take(usize::MAX).to_vec();
    if let Some(row) = owner.store.rows.values_mut().nth(place) {
        *row = value;
    }
    let used = owner.try_out(|ws, keys| {
        let Ok(Some(mut group)) = Group::load(ws, topic()) else { return };
        let _ = group.envelope_key(ws).is_ok();
        for message in &said().messages {
            let _ = group.receive_application(ws, message).is_ok();
        }
        let _ = group.encrypt(ws, keys, b"a payload", &auth(2)).is_ok();
    });
    drop(used.1);
}

/// Every row as it was written.
pub(super) fn mls_rows_seeds() -> Vec<Vec<u8>> {
    let Memory { rows } = &quartet().devices[0].store;
    let seed = |(place, value): (usize, &Vec<u8>)| [&[place as u8], value.as_slice()].concat();
    rows.values().enumerate().map(seed).collect()
}
