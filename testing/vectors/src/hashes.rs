//! Hash and signature inputs, written out byte by byte from the protocol text, next to what the code makes of the same
//! fields.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use sotto_wire::digest::{self, EntryKind};
use sotto_wire::ids::{
    AppendId, BodyHash, Capability, Chain, ConversationId, ConversationPseudonym, FrankingCommitment,
    Generation, HelloNonce, Seq,
};

use crate::samples::account::handle;
use crate::samples::identity::{account, device_id, genesis, key_package, links, other_account};
use crate::samples::topic::{chain, topic};
use crate::samples::{LOG_KEY, MINUTE, bytes, host, public};

/// One input: what goes in, how it is laid out, what comes out.
pub struct HashInput {
    /// What it is for.
    pub name: &'static str,
    /// The rule, as the protocol writes it.
    pub rule: &'static str,
    /// The fields by name: hex, numbers or text.
    pub fields: Json,
    /// The bytes that are hashed or signed, put together here by hand.
    pub input: Vec<u8>,
    /// What the code makes of the same fields.
    pub output: Output,
}

/// What the code makes of an input.
pub enum Output {
    /// The bytes to sign: the input itself.
    ToSign(Vec<u8>),
    /// SHA-256 of the input, or as much of it as is used.
    Sha256(Vec<u8>),
}

impl HashInput {
    /// Whether the code agrees with the bytes put together by hand.
    pub fn agrees(&self) -> bool {
        match &self.output {
            Output::ToSign(made) => *made == self.input,
            Output::Sha256(made) => !made.is_empty() && Sha256::digest(&self.input).starts_with(made),
        }
    }
}

fn concat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// All of them.
pub fn inputs() -> Vec<HashInput> {
    [identity(), connection(), log(), members()].into_iter().flatten().collect()
}

fn identity() -> Vec<HashInput> {
    let genesis = genesis();
    let (aik, rk, nonce) = (genesis.aik, genesis.rk, genesis.nonce);
    let list = links()[0].body.encode();
    let body = key_package(false).body;
    vec![
        HashInput {
            name: "account id",
            rule: "SHA-256(\"sotto account v1\" ‖ aik ‖ rk ‖ nonce)",
            fields: json!({ "aik": hex(aik.as_bytes()), "rk": hex(rk.as_bytes()), "nonce": hex(&nonce) }),
            input: concat(&[b"sotto account v1", aik.as_bytes(), rk.as_bytes(), &nonce]),
            output: Output::Sha256(digest::account_id(aik, rk, &nonce).to_vec()),
        },
        HashInput {
            name: "device list signature",
            rule: "\"sotto device list v1\" ‖ list",
            fields: json!({ "list": hex(&list) }),
            input: concat(&[b"sotto device list v1", &list]),
            output: Output::ToSign(digest::device_list_to_sign(&list)),
        },
        HashInput {
            name: "device list hash",
            rule: "SHA-256(\"sotto device list hash v1\" ‖ list)",
            fields: json!({ "list": hex(&list) }),
            input: concat(&[b"sotto device list hash v1", &list]),
            output: Output::Sha256(digest::device_list_hash(&list).to_vec()),
        },
        HashInput {
            name: "key package signature",
            rule: "\"sotto key package v1\" ‖ body",
            fields: json!({ "body": hex(&body) }),
            input: concat(&[b"sotto key package v1", &body]),
            output: Output::ToSign(digest::key_package_to_sign(&body)),
        },
    ]
}

fn connection() -> Vec<HashInput> {
    let nonce = HelloNonce::new(bytes("hello nonce"));
    let (host, account, device, handle) = (host(), account(), device_id("laptop"), handle());
    let length = (host.as_str().len() as u64).to_be_bytes();
    let start = |domain: &[u8]| concat(&[domain, nonce.as_bytes(), &length, host.as_str().as_bytes()]);
    let ids = concat(&[account.as_bytes(), device.as_bytes()]);
    let common = || {
        json!({
            "nonce": hex(nonce.as_bytes()), "host": host.as_str(),
            "account_id": hex(account.as_bytes()), "device_id": hex(device.as_bytes()),
        })
    };
    let mut with_handle = common();
    with_handle["handle"] = json!(handle.as_str());
    let answer = 123_456_u64;
    vec![
        HashInput {
            name: "register signature",
            rule: "\"sotto register v1\" ‖ nonce ‖ u64(len(host)) ‖ host ‖ account_id ‖ device_id ‖ handle",
            fields: with_handle,
            input: concat(&[&start(b"sotto register v1"), &ids, handle.as_str().as_bytes()]),
            output: Output::ToSign(digest::register_to_sign(nonce, host.as_str(), account, device, &handle)),
        },
        HashInput {
            name: "authenticate signature",
            rule: "\"sotto authenticate v1\" ‖ nonce ‖ u64(len(host)) ‖ host ‖ account_id ‖ device_id",
            fields: common(),
            input: concat(&[&start(b"sotto authenticate v1"), &ids]),
            output: Output::ToSign(digest::authenticate_to_sign(nonce, host.as_str(), account, device)),
        },
        HashInput {
            name: "proof of work",
            rule: "SHA-256(\"sotto work v1\" ‖ nonce ‖ u64(answer))",
            fields: json!({ "nonce": hex(nonce.as_bytes()), "answer": answer }),
            input: concat(&[b"sotto work v1", nonce.as_bytes(), &answer.to_be_bytes()]),
            output: Output::Sha256(digest::work(nonce, answer).to_vec()),
        },
    ]
}

fn log() -> Vec<HashInput> {
    let (append_id, body) = (AppendId::new(bytes("append 1")), BodyHash::new(bytes("body hash")));
    let (seq, head, generation) = (Seq(7), Seq(5), Generation(1));
    let previous = Chain::new(bytes("previous chain"));
    let capability = Capability::new(bytes("capability 1"));
    let keys = [public("control 1"), public("control 2")];
    let keys_hash = Sha256::digest(concat(&[keys[0].as_bytes(), keys[1].as_bytes()]));
    let log_key = public(LOG_KEY);
    let (left, right): ([u8; 32], [u8; 32]) = (bytes("left"), bytes("right"));
    vec![
        HashInput {
            name: "body hash",
            rule: "SHA-256(body)",
            fields: json!({ "body": hex(b"body") }),
            input: b"body".to_vec(),
            output: Output::Sha256(digest::body_hash(b"body").to_vec()),
        },
        HashInput {
            name: "capability hash",
            rule: "SHA-256(capability)",
            fields: json!({ "capability": hex(capability.expose()) }),
            input: capability.expose().to_vec(),
            output: Output::Sha256(capability.hash().to_vec()),
        },
        HashInput {
            name: "first chain value",
            rule: "SHA-256(\"sotto chain v1\" ‖ topic)",
            fields: json!({ "topic": hex(topic().as_bytes()) }),
            input: concat(&[b"sotto chain v1", topic().as_bytes()]),
            output: Output::Sha256(digest::chain_start(topic()).to_vec()),
        },
        HashInput {
            name: "next chain value",
            rule: "SHA-256(previous ‖ u64(seq) ‖ u32(version) ‖ u8(kind) ‖ u64(head) ‖ append_id ‖ body_hash)",
            fields: json!({
                "previous": hex(previous.as_bytes()), "seq": 7, "version": 1, "kind": 2, "head": 5,
                "append_id": hex(append_id.as_bytes()), "body_hash": hex(body.as_bytes()),
            }),
            input: concat(&[
                previous.as_bytes(),
                &7_u64.to_be_bytes(),
                &1_u32.to_be_bytes(),
                &[2],
                &5_u64.to_be_bytes(),
                append_id.as_bytes(),
                body.as_bytes(),
            ]),
            output: Output::Sha256(
                digest::chain_next(previous, seq, 1, EntryKind::Application, head, append_id, body).to_vec(),
            ),
        },
        HashInput {
            name: "rotation signature",
            rule: "\"sotto rotate v1\" ‖ topic ‖ u64(expect_head) ‖ append_id ‖ body_hash ‖ u32(generation) \
                   ‖ capability_hash ‖ SHA-256(control_keys)",
            fields: json!({
                "topic": hex(topic().as_bytes()), "expect_head": 5, "append_id": hex(append_id.as_bytes()),
                "body_hash": hex(body.as_bytes()), "generation": 1,
                "capability_hash": hex(capability.hash().as_bytes()),
                "control_keys": keys.map(|key| hex(key.as_bytes())),
            }),
            input: concat(&[
                b"sotto rotate v1",
                topic().as_bytes(),
                &5_u64.to_be_bytes(),
                append_id.as_bytes(),
                body.as_bytes(),
                &1_u32.to_be_bytes(),
                capability.hash().as_bytes(),
                &keys_hash,
            ]),
            output: Output::ToSign(digest::rotate_to_sign(
                topic(),
                head,
                append_id,
                body,
                generation,
                capability.hash(),
                &keys,
            )),
        },
        HashInput {
            name: "control signature",
            rule: "\"sotto control v1\" ‖ topic ‖ action",
            fields: json!({ "topic": hex(topic().as_bytes()), "action": hex(b"action") }),
            input: concat(&[b"sotto control v1", topic().as_bytes(), b"action"]),
            output: Output::ToSign(digest::control_to_sign(topic(), b"action")),
        },
        HashInput {
            name: "log key id",
            rule: "SHA-256(log_key), 8 bytes of it",
            fields: json!({ "log_key": hex(log_key.as_bytes()) }),
            input: log_key.to_vec(),
            output: Output::Sha256(digest::log_key_id(log_key).to_vec()),
        },
        HashInput {
            name: "receipt leaf",
            rule: "SHA-256(0x00 ‖ \"sotto receipt v1\" ‖ item)",
            fields: json!({ "item": hex(b"item") }),
            input: concat(&[&[0], b"sotto receipt v1", b"item"]),
            output: Output::Sha256(digest::receipt_leaf(b"item").to_vec()),
        },
        HashInput {
            name: "receipt node",
            rule: "SHA-256(0x01 ‖ left ‖ right)",
            fields: json!({ "left": hex(&left), "right": hex(&right) }),
            input: concat(&[&[1], &left, &right]),
            output: Output::Sha256(digest::receipt_node(&left, &right).to_vec()),
        },
        HashInput {
            name: "server batch signature",
            rule: "\"sotto server batch v1\" ‖ u32(leaf_count) ‖ root",
            fields: json!({ "leaf_count": 5, "root": hex(chain().as_bytes()) }),
            input: concat(&[b"sotto server batch v1", &5_u32.to_be_bytes(), chain().as_bytes()]),
            output: Output::ToSign(digest::server_batch_to_sign(5, chain().as_bytes())),
        },
    ]
}

fn members() -> Vec<HashInput> {
    let (one, other) = (account(), other_account());
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    let (account, device) = (account(), device_id("phone"));
    let conversation = ConversationPseudonym::new(bytes("conversation pseudonym"));
    let commitment = FrankingCommitment::new(bytes("franking commitment"));
    let minute = MINUTE.0.to_be_bytes();
    vec![
        HashInput {
            name: "direct conversation id",
            rule: "SHA-256(\"sotto direct conversation v1\" ‖ lower account_id ‖ higher account_id)",
            fields: json!({ "account_ids": [hex(one.as_bytes()), hex(other.as_bytes())] }),
            input: concat(&[b"sotto direct conversation v1", low.as_bytes(), high.as_bytes()]),
            output: Output::Sha256(ConversationId::direct(one, other).to_vec()),
        },
        HashInput {
            name: "franking context",
            rule: "conversation_pseudonym ‖ account_id ‖ device_id ‖ u64(minute), behind the content under HMAC",
            fields: json!({
                "conversation_pseudonym": hex(conversation.as_bytes()), "account_id": hex(account.as_bytes()),
                "device_id": hex(device.as_bytes()), "minute": MINUTE.0,
            }),
            input: concat(&[conversation.as_bytes(), account.as_bytes(), device.as_bytes(), &minute]),
            output: Output::ToSign(digest::franking_context(conversation, account, device, MINUTE)),
        },
        HashInput {
            name: "franking signature",
            rule: "\"sotto frank v1\" ‖ commitment ‖ conversation_pseudonym ‖ u64(minute)",
            fields: json!({
                "commitment": hex(commitment.as_bytes()),
                "conversation_pseudonym": hex(conversation.as_bytes()), "minute": MINUTE.0,
            }),
            input: concat(&[b"sotto frank v1", commitment.as_bytes(), conversation.as_bytes(), &minute]),
            output: Output::ToSign(digest::frank_to_sign(commitment, conversation, MINUTE)),
        },
    ]
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}
