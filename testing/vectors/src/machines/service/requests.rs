//! Requests as two people and their devices would make them, right and slightly wrong.

use prost::Message as _;
use sotto_identity::SignedKeyPackage;
use sotto_wire::account::{AccountCall, AccountRequest, Authenticate, PublishKeyPackages, Register};
use sotto_wire::digest::{
    EntryKind, authenticate_to_sign, control_to_sign, key_package_to_sign, register_to_sign,
};
use sotto_wire::frames::Hello;
use sotto_wire::ids::{
    AppendId, Capability, DropCapability, Generation, Handle, InboxKey, Invite, Seq, Signature, SlotId,
    SlotSecret, TopicId, UploadId,
};
use sotto_wire::limits::SEAL_KEY_BYTES;
use sotto_wire::topic::{
    Append, ClaimKeyPackage, Control, ControlAction, ControlChange, ControlKeys, CreateTopic, DropInInbox,
    Follow, NewSlot, OpenSlot, Rotate, SendEphemeral, SlotAuth, TopicCall, TopicRequest, TtlDays,
};
use sotto_wire::{Bytes, proto};

use super::super::choices::Choices;
use crate::devices::{LABELS, device_id, list};
use crate::samples::identity::NOT_AFTER;
use crate::samples::{bytes, long_bytes, parsed, public, sign};

/// Topics of the story.
const TOPICS: usize = 2;

/// What the people of the story know.
#[derive(Default)]
pub(super) struct Known {
    pub(super) heads: [Seq; TOPICS],
    pub(super) generations: [u32; TOPICS],
    pub(super) drops: Vec<DropCapability>,
    pub(super) inbox_keys: Vec<InboxKey>,
    next: u32,
}

pub(super) fn topic(number: usize) -> TopicId {
    TopicId::new(bytes(&format!("service topic {number}")))
}

fn capability(topic: usize, generation: u32) -> Capability {
    Capability::new(bytes(&format!("service capability {topic} {generation}")))
}

fn control(topic: usize) -> String {
    format!("service control {topic}")
}

fn control_keys(topic: usize) -> ControlKeys {
    parsed(ControlKeys::new(vec![public(&control(topic))]))
}

fn slot(topic: usize, number: usize) -> SlotAuth {
    SlotAuth {
        topic: self::topic(topic),
        slot: SlotId::new(bytes(&format!("service slot {topic} {number}"))),
        secret: SlotSecret::new(bytes(&format!("service slot secret {topic} {number}"))),
    }
}

fn new_slot(auth: &SlotAuth) -> NewSlot {
    NewSlot { slot: auth.slot, secret: auth.secret.hash() }
}

impl Known {
    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Whether this is the capability of the topic's newest generation.
    pub(super) fn is_newest(&self, number: Option<usize>, shown: &Capability) -> bool {
        number.is_some_and(|number| *shown == capability(number, self.generations[number]))
    }

    /// A request of the account plane.
    pub(super) fn on_account_plane(&mut self, id: u32, hello: &Hello, choices: &mut Choices<'_>) -> Bytes {
        let label = LABELS[choices.below(2)];
        let (account, device) = (list(label).account(), device_id(label));
        let request = match choices.below(10) {
            0 | 1 => register(label, hello, choices),
            2..=4 => {
                let signed = authenticate_to_sign(hello.nonce, hello.host.as_str(), account, device);
                let signature = sign(label, &signed);
                AccountRequest::Authenticate(Authenticate { account, device, signature })
            }
            5 => AccountRequest::PutDeviceList(list(label).signed().clone()),
            6 => self.publish(label, choices),
            7 => AccountRequest::KeyPackageStatus,
            8 => AccountRequest::FollowInbox,
            _ => AccountRequest::AckInbox(self.inbox_keys.iter().copied().take(choices.below(4)).collect()),
        };
        AccountCall { id, request }.encode()
    }

    fn publish(&mut self, label: &'static str, choices: &mut Choices<'_>) -> AccountRequest {
        let one_time = (0..choices.below(4)).map(|_| key_package(label, self.fresh(), false)).collect();
        let last_resort = choices.one_in(2).then(|| key_package(label, self.fresh(), true));
        let upload_id = UploadId::new([choices.below(3) as u8; 16]);
        AccountRequest::PublishKeyPackages(PublishKeyPackages { upload_id, one_time, last_resort })
    }

    /// A request of the topic plane.
    pub(super) fn on_topic_plane(&mut self, id: u32, choices: &mut Choices<'_>) -> Bytes {
        let number = choices.below(TOPICS);
        let generation = self.generations[number].saturating_sub(u32::from(choices.one_in(5)));
        let capability = capability(number, generation);
        let auth = slot(number, choices.below(3));
        let topic = topic(number);
        let label = LABELS[choices.below(2)];
        let (account, device) = (list(label).account(), device_id(label));
        let request = match choices.below(24) {
            0 | 1 => TopicRequest::CreateTopic(CreateTopic {
                token: None,
                topic,
                capability: self::capability(number, 0).hash(),
                control_keys: control_keys(number),
                ttl: TtlDays::new(choices.below(3) as u32),
            }),
            2..=8 => TopicRequest::Append(self.append(number, generation, choices)),
            9 | 10 => TopicRequest::OpenSlot(OpenSlot { topic, capability, slot: new_slot(&auth) }),
            11..=13 => {
                let follow = |auth| Follow { auth, from: Seq(choices.below(12) as u64) };
                TopicRequest::Follow([auth, slot(1 - number, 0)].map(follow).into())
            }
            14 => TopicRequest::Unfollow(vec![auth.slot]),
            15 => TopicRequest::AckSlot { auth, seq: Seq(choices.below(12) as u64) },
            16 => TopicRequest::ProveSlot { auth, capability },
            17 => match choices.below(3) {
                0 => TopicRequest::CloseSlot(auth),
                _ => TopicRequest::ReplaceSlotSecret { new_secret: auth.secret.hash(), auth },
            },
            18 => TopicRequest::SendEphemeral(SendEphemeral {
                topic,
                capability,
                body: long_bytes("typing", 40),
            }),
            19 => self.control(number, choices),
            20 => TopicRequest::TopicState { topic, capability },
            21 => TopicRequest::ClaimKeyPackage(ClaimKeyPackage { account, device, token: None }),
            22 => {
                let capability = choices.one_of(&self.drops).cloned();
                let capability =
                    capability.unwrap_or_else(|| DropCapability::new(bytes("no drop capability")));
                let sealed = long_bytes("sealed", 64 + choices.below(3));
                TopicRequest::DropInInbox(DropInInbox { account, device, capability, sealed })
            }
            _ => match choices.below(2) {
                0 => TopicRequest::LookUpHandle { handle: handle(choices), token: None },
                _ => TopicRequest::FetchLists { account, after: None },
            },
        };
        TopicCall { id, request }.encode()
    }

    fn append(&mut self, number: usize, generation: u32, choices: &mut Choices<'_>) -> Append {
        let kind = if choices.one_in(3) { EntryKind::Handshake } else { EntryKind::Application };
        // One in eight repeats an append id, one in eight quotes an older head.
        let append = if choices.one_in(8) { choices.below(4) as u32 } else { self.fresh() };
        let head = Seq(self.heads[number].0.saturating_sub(u64::from(choices.one_in(8))));
        let mut append = Append {
            topic: topic(number),
            capability: capability(number, generation),
            kind,
            version: 1,
            expect_head: head,
            append_id: AppendId::new(bytes(&format!("service append {append}"))),
            body: long_bytes(
                &format!("service body {append}"),
                if choices.one_in(16) { 90_000 } else { 100 },
            ),
            rotate: None,
            open_slots: Vec::new(),
        };
        if kind == EntryKind::Handshake && choices.one_in(3) {
            let auth = slot(number, choices.below(3));
            append.open_slots = vec![new_slot(&auth)];
        }
        if kind == EntryKind::Handshake && choices.one_in(3) {
            let mut rotate = Rotate {
                generation: Generation(generation + 1),
                capability: capability(number, generation + 1).hash(),
                control_keys: control_keys(number),
                control_key: public(&control(number)),
                control_signature: Signature::new([0; 64]),
            };
            rotate.control_signature = sign(&control(number), &append.rotate_to_sign(&rotate));
            append.rotate = Some(rotate);
        }
        append
    }

    fn control(&mut self, number: usize, choices: &mut Choices<'_>) -> TopicRequest {
        let generation = self.generations[number] + 1;
        let change = match choices.below(8) {
            0 => ControlChange::Close,
            1..=3 => ControlChange::Ttl(TtlDays::new(choices.below(4) as u32)),
            4 => ControlChange::Keys(control_keys(number)),
            _ => ControlChange::Rotate {
                generation: Generation(generation),
                capability: capability(number, generation).hash(),
                control_keys: control_keys(number),
            },
        };
        let action = ControlAction { after: Seq(choices.below(12) as u64), change };
        let signed = action.encode();
        let signature = sign(&control(number), &control_to_sign(topic(number), &signed));
        let control_key = public(&control(number));
        TopicRequest::Control(Control { topic: topic(number), action, signed, control_key, signature })
    }
}

fn handle(choices: &mut Choices<'_>) -> Handle {
    parsed(Handle::parse(["alice", "bob", "carol"][choices.below(3)]))
}

fn register(label: &'static str, hello: &Hello, choices: &mut Choices<'_>) -> AccountRequest {
    let (list, device, handle) = (list(label), device_id(label), handle(choices));
    let signed = register_to_sign(hello.nonce, hello.host.as_str(), list.account(), device, &handle);
    AccountRequest::Register(Register {
        handle,
        genesis_list: list.signed().clone(),
        invite: choices.one_in(4).then(|| parsed(Invite::parse("MAPLE-7421"))),
        work_answer: u64::from(choices.byte()),
        signature: sign(label, &signed),
    })
}

fn key_package(label: &'static str, number: u32, last_resort: bool) -> SignedKeyPackage {
    let body = proto::KeyPackageBody {
        account_id: list(label).account().into(),
        device_id: device_id(label).into(),
        mls_key_package: long_bytes(&format!("service key package {number}"), 64),
        seal_key: Bytes::from(vec![number as u8; SEAL_KEY_BYTES]),
        pin: Some(list(label).pin().into()),
        not_after_minute: NOT_AFTER.0,
        last_resort,
    };
    let body = Bytes::from(body.encode_to_vec());
    let signature = sign(label, &key_package_to_sign(&body));
    SignedKeyPackage { body, signature }
}
