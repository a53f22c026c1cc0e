//! Every maximum of the wire, in one place; their relations are asserted at compile time.

/// Newest protocol this code speaks.
pub const PROTOCOL: u32 = 1;
/// Oldest protocol this code still speaks.
pub const PROTOCOL_MIN: u32 = 1;
/// Format of an entry.
pub const ENTRY_VERSION: u32 = 1;

/// Largest sequence number: what a signed 64-bit column holds.
pub const SEQ_MAX: u64 = i64::MAX as u64;
/// Latest minute that still has a day: some time in the year 10136.
pub const MINUTE_MAX: u64 = u32::MAX as u64;
/// Longest wait a refusal can ask for: one day.
pub const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// Name and version of a server's software, in bytes.
pub const SOFTWARE_BYTES_MAX: usize = 64;

/// The MLS suite, `MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519`: a policy value of group state.
pub const SUITE: u16 = 0x004F;
/// Format of a message's content.
pub const CONTENT_VERSION: u32 = 1;
/// Latest time a message may claim: the end of the last minute.
pub const MILLIS_MAX: u64 = (MINUTE_MAX + 1) * 60_000 - 1;

/// Handle length, in characters (all of them ASCII).
pub const HANDLE_CHARS_MIN: usize = 3;
/// See [`HANDLE_CHARS_MIN`].
pub const HANDLE_CHARS_MAX: usize = 32;

/// Body of an application entry, in bytes.
pub const APPLICATION_BYTES_MAX: usize = 96 * 1024;
/// Body of a handshake entry, in bytes.
pub const HANDSHAKE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Body of an ephemeral, in bytes.
pub const EPHEMERAL_BYTES_MAX: usize = 4 * 1024;
/// Sealed inbox item, in bytes: a Welcome with an inline tree.
pub const INBOX_ITEM_BYTES_MAX: usize = 1024 * 1024;
/// Everything around a body in a frame.
pub const FRAME_OVERHEAD_BYTES_MAX: usize = 64 * 1024;
/// One WebSocket message, in bytes.
pub const FRAME_BYTES_MAX: usize = HANDSHAKE_BYTES_MAX + FRAME_OVERHEAD_BYTES_MAX;
/// Protobuf fields in one frame, nested messages included: counted before decoding.
pub const RECORDS_MAX: usize = 16 * 1024;
/// Entries in one `Entries` frame stop being added when their bodies pass this many bytes.
pub const ENTRIES_BYTES_TARGET: usize = 256 * 1024;
/// Entries in one `Entries` frame.
pub const ENTRIES_MAX: usize = 512;

/// Text of one message, in bytes of UTF-8. Leaves room for envelope, MLS and padding in an application entry.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Display name, in bytes of UTF-8.
pub const DISPLAY_NAME_BYTES_MAX: usize = 128;

/// Plaintext of one application message, in bytes: a longest text, its name and its franking.
pub const PAYLOAD_BYTES_MAX: usize = TEXT_BYTES_MAX + 1024;
/// MLS authenticated data of one message, in bytes.
pub const AUTHENTICATED_DATA_BYTES_MAX: usize = 1024;
/// Accounts of a group.
pub const MEMBERS_MAX: usize = 250;
/// Group state, in bytes: every member with every device pending.
pub const GROUP_STATE_BYTES_MAX: usize = 256 * 1024;

/// Control keys of a topic.
pub const CONTROL_KEYS_MAX: usize = 32;
/// A control action, in bytes: a rotation with all its keys.
pub const CONTROL_ACTION_BYTES_MAX: usize = 2 * 1024;
/// Receipts under one server signature.
pub const RECEIPTS_PER_BATCH_MAX: u32 = 1 << 20;
/// One item under a server signature, in bytes.
pub const RECEIPT_ITEM_BYTES_MAX: usize = 1024;
/// Slots opened by one append.
pub const OPEN_SLOTS_MAX: usize = 64;
/// Slots of a topic.
pub const SLOTS_PER_TOPIC_MAX: usize = 2_400;
/// Slots in one follow request.
pub const FOLLOWS_PER_REQUEST_MAX: usize = 256;
/// Slots followed on one connection.
pub const FOLLOWS_PER_CONNECTION_MAX: usize = 4_096;
/// Requests under way on one connection.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 64;

/// One-time key packages a device keeps at the server.
pub const KEY_PACKAGES_ONE_TIME: usize = 20;
/// One-time key packages the server stores for a device: a refill may overlap.
pub const KEY_PACKAGES_STORED_MAX: usize = 100;
/// An X-Wing public key: what a Welcome is sealed to.
pub const SEAL_KEY_BYTES: usize = 1_216;
/// One signed key package, in bytes.
pub const KEY_PACKAGE_BYTES_MAX: usize = 16 * 1024;
/// Days until a key package expires.
pub const KEY_PACKAGE_DAYS: u64 = 90;
/// Days a drop capability stays good.
pub const DROP_CAPABILITY_DAYS: u32 = 45;
/// Days an inbox item waits; then its sender's drop capability has expired too, and a new contact is needed.
pub const INBOX_ITEM_DAYS: u32 = 45;
/// Items waiting in one inbox.
pub const INBOX_ITEMS_MAX: usize = 1_000;
/// Items in one `InboxItems` frame.
pub const INBOX_ITEMS_PER_FRAME_MAX: usize = 16;

/// Earlier legs of a conversation that a Welcome says are read no more.
pub const GIVEN_UP_LEGS_MAX: usize = 16;

/// Devices of an account.
pub const DEVICES_MAX: usize = 32;
/// One signed device list, in bytes.
pub const DEVICE_LIST_BYTES_MAX: usize = 8 * 1024;
/// Lists in one reply.
pub const LISTS_PER_REPLY_MAX: usize = 256;

/// Days without an ack for which a slot holds the trim, protocol §4.
pub const SLOT_HOLD_DAYS: u32 = 30;
/// Days application bodies are kept unless the topic says otherwise.
pub const TTL_DAYS_DEFAULT: u32 = 30;
/// Longest time-to-live a topic may ask for.
pub const TTL_DAYS_MAX: u32 = 365;
/// Days handshakes are kept when nobody's slot lets them be trimmed.
pub const HANDSHAKE_DAYS_MAX: u32 = 45;

/// An invitation code, in characters.
pub const INVITE_CHARS_MAX: usize = 64;
/// A token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 256;
/// Leading zero bits a server may ask for at registration.
pub const WORK_BITS_MAX: u32 = 28;
/// A server's public name, in bytes.
pub const HOST_BYTES_MAX: usize = 253;

const _: () = {
    assert!(FRAME_BYTES_MAX > HANDSHAKE_BYTES_MAX);
    assert!(FRAME_BYTES_MAX > INBOX_ITEM_BYTES_MAX + FRAME_OVERHEAD_BYTES_MAX);
    // Padmé adds at most 12 %; MLS and envelope less than 4 KiB (measured in secrecy's tests).
    assert!(PAYLOAD_BYTES_MAX + PAYLOAD_BYTES_MAX / 8 + 4 * 1024 < APPLICATION_BYTES_MAX);
    assert!(MEMBERS_MAX * (128 + DEVICES_MAX * 18) < GROUP_STATE_BYTES_MAX);
    assert!(KEY_PACKAGES_ONE_TIME * 2 < KEY_PACKAGES_STORED_MAX);
    assert!(KEY_PACKAGES_ONE_TIME * KEY_PACKAGE_BYTES_MAX < FRAME_BYTES_MAX);
    assert!(DEVICE_LIST_BYTES_MAX * LISTS_PER_REPLY_MAX < FRAME_BYTES_MAX);
    assert!(ENTRIES_BYTES_TARGET + APPLICATION_BYTES_MAX < FRAME_BYTES_MAX);
    assert!(CONTROL_KEYS_MAX * 34 + 128 < CONTROL_ACTION_BYTES_MAX);
    // A followed slot answers with a receipt of some 30 fields, an entry has 8, a list 3.
    assert!(FOLLOWS_PER_REQUEST_MAX * 32 < RECORDS_MAX);
    assert!(ENTRIES_MAX * 9 + 64 < RECORDS_MAX);
    assert!(INBOX_ITEMS_MAX + 8 < RECORDS_MAX);
    assert!(MEMBERS_MAX * (8 + DEVICES_MAX) < RECORDS_MAX);
    assert!(TTL_DAYS_DEFAULT <= TTL_DAYS_MAX);
    assert!(SLOT_HOLD_DAYS <= HANDSHAKE_DAYS_MAX);
};
