//! Every column of both files, classified.

use sotto_ports::limits::UPLOAD_DAYS;
use sotto_wire::limits::DROP_CAPABILITY_DAYS;

use super::classification::{Field, Retention as R, Table, Tier as T};
use crate::database::DatabaseFile::{Directory, Topics};

const PACKAGE_BODY: &str = "keys that let somebody add the device to a conversation while it is offline";
const PACKAGE_SIGNATURE: &str = "the device's signature over the package";
const PACKAGE_LAST_DAY: &str = "last day on which it may be claimed";

/// Every table of both files.
pub const TABLES: &[Table] = &[
    Table {
        file: Directory,
        name: "accounts",
        row: "an account",
        account: Some("id"),
        fields: &[
            field("id", R::Account, T::Public, "names the account: a hash of its first keys"),
            field("handle", R::Account, T::Public, "name under which others find the account"),
        ],
    },
    Table {
        file: Directory,
        name: "lists",
        row: "one list of an account's devices, in the chain of all its lists",
        account: Some("account"),
        fields: &[
            field("account", R::Account, T::Public, "whose list"),
            field("era", R::Account, T::Public, "place in the chain: raised by the recovery key"),
            field("version", R::Account, T::Public, "place in the chain: counts the lists of an era"),
            field("hash", R::Account, T::Public, "what the next list and others' memory of this one quote"),
            field("list", R::Account, T::Public, "devices and their public keys, as the account signed them"),
            field("signature", R::Account, T::Public, "the account's signature over the list"),
        ],
    },
    Table {
        file: Directory,
        name: "key_packages",
        row: "a key package, handed out once",
        account: Some("account"),
        fields: &[
            field("account", R::UntilClaimed, T::Public, "whose package"),
            field("device", R::UntilClaimed, T::Public, "which device's"),
            field("key", R::UntilClaimed, T::Operational, "hash of the package: its place in the table"),
            field("body", R::UntilClaimed, T::Public, PACKAGE_BODY),
            field("signature", R::UntilClaimed, T::Public, PACKAGE_SIGNATURE),
            field("not_after_day", R::UntilClaimed, T::Public, PACKAGE_LAST_DAY),
        ],
    },
    Table {
        file: Directory,
        name: "last_resort_packages",
        row: "the key package of a device that is handed out when no other is left",
        account: Some("account"),
        fields: &[
            field("account", R::UntilReplaced, T::Public, "whose package"),
            field("device", R::UntilReplaced, T::Public, "which device's"),
            field("body", R::UntilReplaced, T::Public, PACKAGE_BODY),
            field("signature", R::UntilReplaced, T::Public, PACKAGE_SIGNATURE),
            field("not_after_day", R::UntilReplaced, T::Public, PACKAGE_LAST_DAY),
            field(
                "used",
                R::UntilReplaced,
                T::Account,
                "whether it was handed out, so that the device brings another",
            ),
        ],
    },
    Table {
        file: Directory,
        name: "uploads",
        row: "an upload of key packages",
        account: Some("account"),
        fields: &[
            field("account", R::Days(UPLOAD_DAYS), T::Account, "who uploaded"),
            field("device", R::Days(UPLOAD_DAYS), T::Account, "which device"),
            field(
                "upload",
                R::Days(UPLOAD_DAYS),
                T::Operational,
                "random name: a repeated upload adds nothing",
            ),
            field(
                "day",
                R::Days(UPLOAD_DAYS),
                T::Account,
                "day of the upload: when its name may be forgotten",
            ),
        ],
    },
    Table {
        file: Directory,
        name: "drop_capabilities",
        row: "somebody's right to put one item into an inbox; nothing says whose",
        account: Some("account"),
        fields: &[
            field(
                "hash",
                R::Days(DROP_CAPABILITY_DAYS),
                T::Operational,
                "hash of the secret that is the right",
            ),
            field("account", R::Days(DROP_CAPABILITY_DAYS), T::Account, "whose inbox"),
            field("device", R::Days(DROP_CAPABILITY_DAYS), T::Account, "which device's inbox"),
            field("not_after_day", R::Days(DROP_CAPABILITY_DAYS), T::Account, "last day of the right"),
            field(
                "spent_on",
                R::Days(DROP_CAPABILITY_DAYS),
                T::Operational,
                "hash of the item it was spent on: the same item may come again",
            ),
        ],
    },
    Table {
        file: Directory,
        name: "inbox",
        row: "a sealed item waiting for a device; nothing says from whom",
        account: Some("account"),
        fields: &[
            field("account", R::UntilAcked, T::Account, "whose inbox"),
            field("device", R::UntilAcked, T::Account, "which device's"),
            field(
                "key",
                R::UntilAcked,
                T::Operational,
                "random name of the item: says nothing about order or time",
            ),
            field("day", R::UntilAcked, T::Account, "day it came: when it may be forgotten"),
            field(
                "sealed",
                R::UntilAcked,
                T::Ciphertext,
                "an invitation to a conversation, sealed to the device",
            ),
        ],
    },
    Table {
        file: Directory,
        name: "invitations",
        row: "an invitation to register; nothing says who used it",
        account: None,
        fields: &[
            field("hash", R::UntilUsedUp, T::Operational, "hash of the code"),
            field("uses_left", R::UntilUsedUp, T::Operational, "accounts it still admits"),
            field("not_after_day", R::UntilUsedUp, T::Operational, "last day on which it admits"),
        ],
    },
    Table {
        file: Topics,
        name: "topics",
        row: "a topic; nothing says whose",
        account: None,
        fields: &[
            field("key", R::Topic, T::Operational, "stands for the topic in the other tables of the file"),
            field("id", R::Topic, T::Record, "random name that only its readers know"),
            field(
                "arguments_hash",
                R::Topic,
                T::Operational,
                "hash of what it was made with: a repeat is recognised",
            ),
            field("newest", R::Topic, T::Record, "number of the newest entry"),
            field("head", R::Topic, T::Record, "number of the newest handshake"),
            field(
                "chain",
                R::Topic,
                T::Record,
                "hash over all entries so far: readers see when one is changed or missing",
            ),
            field("first", R::Topic, T::Record, "number of the oldest entry that is still there"),
            field("trimmed_chain", R::Topic, T::Record, "hash over all entries before it"),
            field("emptied_to", R::Topic, T::Operational, "up to where bodies have expired"),
            field(
                "control_keys",
                R::Topic,
                T::Record,
                "public keys, made for this topic alone, that may change it",
            ),
            field(
                "control_after",
                R::Topic,
                T::Operational,
                "newest entry a change was signed at: an old one has no effect",
            ),
            field(
                "control_stamps",
                R::Topic,
                T::Operational,
                "hashes of the changes signed at it: each takes effect once",
            ),
            field("ttl_days", R::Topic, T::Record, "days that bodies are kept"),
            field("closed_day", R::Topic, T::Record, "day since which it takes no entries"),
            field("due_day", R::Topic, T::Operational, "day of the next sweep"),
            field("slots", R::Topic, T::Operational, "how many slots it has"),
        ],
    },
    Table {
        file: Topics,
        name: "generations",
        row: "a capability of a topic, from one entry to the next rotation",
        account: None,
        fields: &[
            field("topic", R::Generation, T::Operational, "which topic"),
            field("generation", R::Generation, T::Record, "counts the rotations"),
            field("capability_hash", R::Generation, T::Operational, "hash of the secret that opens append"),
            field("from_seq", R::Generation, T::Record, "entry at which it began"),
            field("head", R::Generation, T::Record, "newest handshake at that point"),
        ],
    },
    Table {
        file: Topics,
        name: "slots",
        row: "a reader's place on a topic; nothing says who reads",
        account: None,
        fields: &[
            field("topic", R::Slot, T::Operational, "which topic"),
            field("id", R::Slot, T::Record, "random name of the place, made for this topic alone"),
            field("secret_hash", R::Slot, T::Operational, "hash of the secret that opens it"),
            field("ack", R::Slot, T::Record, "up to where the reader has everything: what all have may go"),
            field(
                "proved_generation",
                R::Slot,
                T::Record,
                "newest capability the reader has shown: how far it may read",
            ),
            field(
                "last_seen_day",
                R::Slot,
                T::Record,
                "day of the last ack: a lost reader holds entries for a while only",
            ),
        ],
    },
    Table {
        file: Topics,
        name: "entries",
        row: "an entry of a topic; nothing says who wrote it",
        account: None,
        fields: &[
            field("arrival", R::UntilRead, T::Operational, "order of arrival on this server"),
            field("topic", R::UntilRead, T::Operational, "which topic"),
            field("seq", R::UntilRead, T::Record, "number on the topic"),
            field("kind", R::UntilRead, T::Record, "1: changes the group, 2: carries a message"),
            field("version", R::UntilRead, T::Record, "format of the entry"),
            field("head", R::UntilRead, T::Record, "newest handshake the writer knew"),
            field("append_id", R::UntilRead, T::Record, "random name: a repeated append is recognised"),
            field("minute", R::UntilRead, T::Record, "when it was stored: for the time-to-live"),
            field("chain", R::UntilRead, T::Record, "hash over all entries up to this one"),
            field(
                "body_hash",
                R::AfterBody,
                T::Record,
                "hash of the body when that has expired: the chain can still be followed",
            ),
            field(
                "body",
                R::Body,
                T::Ciphertext,
                "the entry itself, which only the topic's readers can open",
            ),
        ],
    },
];

const fn field(column: &'static str, retention: R, tier: T, purpose: &'static str) -> Field {
    Field { column, purpose, retention, tier }
}
