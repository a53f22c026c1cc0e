//! Which file holds which vectors.

use anyhow::Context as _;
use prost::Message;
use prost::bytes::Bytes;
use serde_json::{Value as Json, json};
use sotto_wire::digest::{device_list_to_sign, key_package_to_sign, receipt_leaf};
use sotto_wire::limits::SEAL_KEY_BYTES;
use sotto_wire::signed::Pin;

use crate::hashes::{self, Output};
use crate::json::Contract;
use crate::samples::identity::{account, key_package, links};
use crate::samples::{LOG_KEY, account as on_account, bytes, content, public, topic};

/// One file of vectors.
pub struct Family {
    /// The file is `vectors/{name}.json`.
    pub name: &'static str,
    /// What stands at its top.
    pub about: &'static str,
    /// Its vectors.
    pub vectors: Vec<Vector>,
    /// What all its vectors share: keys, say.
    pub shared: Json,
}

/// One example.
pub struct Vector {
    /// What it shows.
    pub name: String,
    /// The message that `bytes` is, in package `sotto.v1`; `None` for what is no message.
    pub message: Option<&'static str>,
    /// The bytes.
    pub bytes: Bytes,
    /// More about it, next to its fields.
    pub more: Json,
}

impl Family {
    /// The file's text.
    ///
    /// # Errors
    /// When a sample is not the message it says: a bug here.
    pub fn text(&self, contract: &Contract) -> anyhow::Result<String> {
        let vectors = self.vectors.iter().map(|vector| vector.to_json(contract));
        let mut file = json!({ "about": self.about });
        if !self.shared.is_null() {
            file["shared"] = self.shared.clone();
        }
        file["vectors"] = Json::Array(vectors.collect::<Result<_, _>>()?);
        Ok(serde_json::to_string_pretty(&file)? + "\n")
    }
}

impl Vector {
    fn to_json(&self, contract: &Contract) -> anyhow::Result<Json> {
        let mut json = json!({ "name": self.name, "bytes": hex::encode(&self.bytes) });
        if let Some(message) = self.message {
            json["message"] = json!(message);
            json["fields"] = contract.to_json(message, &self.bytes).with_context(|| self.name.clone())?;
        }
        for (key, value) in self.more.as_object().into_iter().flatten() {
            json[key] = value.clone();
        }
        Ok(json)
    }
}

/// Every file.
pub fn all() -> Vec<Family> {
    vec![
        Family {
            name: "account-calls",
            about: "Client to server on the account plane: one frame each.",
            vectors: messages("AccountRequest", on_account::calls(), |call| call.encode()),
            shared: Json::Null,
        },
        Family {
            name: "account-frames",
            about: "Server to client on the account plane: one frame each.",
            vectors: messages("AccountFrame", on_account::frames(), |frame| frame.encode()),
            shared: Json::Null,
        },
        Family {
            name: "topic-calls",
            about: "Client to server on the topic plane: one frame each.",
            vectors: messages("TopicRequest", topic::calls(), |call| call.encode()),
            shared: Json::Null,
        },
        Family {
            name: "topic-frames",
            about: "Server to client on the topic plane: one frame each.",
            vectors: messages("TopicFrame", topic::frames(), |frame| frame.encode()),
            shared: json!({ "log_key": hex::encode(public(LOG_KEY).as_bytes()) }),
        },
        Family {
            name: "control-actions",
            about: "The signed bytes inside a control request.",
            vectors: messages("ControlAction", topic::control_actions(), |action| action.encode()),
            shared: Json::Null,
        },
        device_lists(),
        key_packages(),
        receipts(),
        Family {
            name: "payloads",
            about: "Plaintext of MLS application messages. Frankings are signed over a fixed commitment here.",
            vectors: messages("ApplicationPayload", content::payloads(), |payload| payload.encode()),
            shared: Json::Null,
        },
        Family {
            name: "contents",
            about: "What one message says: the bytes a franking commits to.",
            vectors: messages("Content", content::contents(), |content| content.encode()),
            shared: Json::Null,
        },
        Family {
            name: "authenticated-data",
            about: "What MLS authenticates beside every message.",
            vectors: messages("AuthenticatedData", content::authenticated_data(), |data| data.encode()),
            shared: Json::Null,
        },
        Family {
            name: "group-states",
            about: "GroupContext extension 0xF050.",
            vectors: messages("GroupState", content::group_states(), |state| state.encode()),
            shared: Json::Null,
        },
        Family {
            name: "inbox-contents",
            about: "Plaintext sealed to one device's inbox, before padding.",
            vectors: messages("InboxContent", content::inbox_contents(), |content| content.encode()),
            shared: Json::Null,
        },
        hash_inputs(),
    ]
}

fn messages<T>(
    message: &'static str,
    samples: Vec<(&'static str, T)>,
    encode: impl Fn(&T) -> Bytes,
) -> Vec<Vector> {
    let vector = |(name, sample): (&'static str, T)| Vector {
        name: name.to_owned(),
        message: Some(message),
        bytes: encode(&sample),
        more: Json::Null,
    };
    samples.into_iter().map(vector).collect()
}

fn device_lists() -> Family {
    let vectors = links().iter().map(|link| {
        let signed = link.signed();
        let pin = Pin { era: link.body.era, version: link.body.version, hash: signed.hash() };
        Vector {
            name: link.name.to_owned(),
            message: Some("DeviceList"),
            more: json!({
                "signer_seed": hex::encode(bytes::<32>(link.signer)),
                "signer": hex::encode(public(link.signer).as_bytes()),
                "signed": hex::encode(device_list_to_sign(&signed.list)),
                "signature": hex::encode(signed.signature.as_bytes()),
                "pin": { "era": pin.era, "version": pin.version, "hash": hex::encode(pin.hash.as_bytes()) },
            }),
            bytes: signed.list,
        }
    });
    Family {
        name: "device-lists",
        about: "The chain of lists of one account, oldest first. Seeds are Ed25519 seeds (RFC 8032).",
        vectors: vectors.collect(),
        shared: json!({ "account_id": hex::encode(account().as_bytes()) }),
    }
}

fn key_packages() -> Family {
    let vector = |(name, last_resort): (&str, bool)| {
        let signed = key_package(last_resort);
        Vector {
            name: name.to_owned(),
            message: Some("KeyPackageBody"),
            more: json!({
                "signed": hex::encode(key_package_to_sign(&signed.body)),
                "signature": hex::encode(signed.signature.as_bytes()),
            }),
            bytes: signed.body,
        }
    };
    Family {
        name: "key-packages",
        about: "Key packages of the device \"phone\" in device-lists.json, good under its second list. The MLS key \
                package and the seal key are placeholders of the right length.",
        vectors: [("one-time", false), ("last resort", true)].into_iter().map(vector).collect(),
        shared: json!({
            "device_seed": hex::encode(bytes::<32>("phone")),
            "device_key": hex::encode(public("phone").as_bytes()),
            "seal_key_bytes": SEAL_KEY_BYTES,
        }),
    }
}

fn receipts() -> Family {
    let vectors = topic::signed_items().into_iter().map(|(name, item)| Vector {
        name: name.to_owned(),
        message: Some("SignedItem"),
        more: json!({ "leaf": hex::encode(receipt_leaf(&item.item)) }),
        bytes: item.encode_to_vec().into(),
    });
    // The items inside, so that their fields are readable too.
    let items = topic::signed_items().into_iter().map(|(name, item)| Vector {
        name: format!("{name}: the item"),
        message: Some("ServerItem"),
        bytes: item.item,
        more: Json::Null,
    });
    Family {
        name: "receipts",
        about: "Six items under one server signature, each with its path, and the items inside.",
        vectors: vectors.chain(items).collect(),
        shared: json!({
            "log_key_seed": hex::encode(bytes::<32>(LOG_KEY)),
            "log_key": hex::encode(public(LOG_KEY).as_bytes()),
        }),
    }
}

fn hash_inputs() -> Family {
    let vectors = hashes::inputs().into_iter().map(|hash| {
        let mut more = json!({ "rule": hash.rule, "fields": hash.fields });
        if let Output::Sha256(output) = &hash.output {
            more["sha256"] = json!(hex::encode(output));
        }
        Vector { name: hash.name.to_owned(), message: None, bytes: hash.input.into(), more }
    });
    Family {
        name: "hash-inputs",
        about: "Bytes that are hashed or signed. u8, u32 and u64 are big-endian; where \"sha256\" is given, it is the \
                SHA-256 of the bytes (or its beginning), else the bytes themselves are signed or keyed.",
        vectors: vectors.collect(),
        shared: Json::Null,
    }
}
