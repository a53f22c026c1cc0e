//! A topic with its secrets, and those who write and read on it.

use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};
use sotto_service::ConnectionId;
use sotto_wire::digest::{EntryKind, control_to_sign};
use sotto_wire::ids::{AppendId, Capability, Generation, PublicKey, Seq, SlotId, SlotSecret, TopicId};
use sotto_wire::proto::ErrorCode;
use sotto_wire::receipt::{AppendReceipt, Item, SlotReceipt};
use sotto_wire::topic::{
    Append, Control, ControlAction, ControlChange, ControlKeys, CreateTopic, Entry, EntryContent, Follow,
    NewSlot, OpenSlot, Rotate, SlotAuth, TopicFrame, TopicRequest, TopicResponse, TtlDays,
};

use crate::talk::{TopicAnswer, item_of, receipt_of};
use crate::world::{Store, World};

/// A body that says its number.
pub fn body(n: u32) -> Bytes {
    Bytes::from(format!("entry {n}"))
}

/// A topic and what its members know.
#[derive(Clone)]
pub struct Chat {
    /// Its name.
    pub topic: TopicId,
    /// May change the topic.
    pub control: SigningKey,
    /// A connection of somebody who writes.
    pub writer: ConnectionId,
    /// The generation whose capability the writer shows.
    pub generation: u32,
    /// The newest handshake, as the writer knows it.
    pub head: Seq,
}

/// A slot and what opens it.
#[derive(Clone)]
pub struct Reader {
    /// Its place.
    pub auth: SlotAuth,
}

impl Chat {
    /// Makes a topic of its own.
    pub fn create<S: Store>(world: &mut World<S>) -> Self {
        let chat = Self {
            topic: TopicId::random(&mut world.rng),
            control: SigningKey::generate(&mut world.rng),
            writer: world.topic_plane(),
            generation: 0,
            head: Seq(0),
        };
        assert!(matches!(world.ask(chat.writer, chat.creation()), Ok(TopicResponse::TopicCreated(_))));
        chat
    }

    /// The request that makes it.
    pub fn creation(&self) -> TopicRequest {
        TopicRequest::CreateTopic(CreateTopic {
            token: None,
            topic: self.topic,
            capability: self.capability(0).hash(),
            control_keys: self.control_keys(),
            ttl: None,
        })
    }

    /// The capability of a generation.
    pub fn capability(&self, generation: u32) -> Capability {
        let mut bytes = *self.topic.as_bytes();
        bytes[0] ^= 0xff;
        bytes[1..5].copy_from_slice(&generation.to_be_bytes());
        Capability::new(bytes)
    }

    /// The one control key.
    pub fn control_keys(&self) -> ControlKeys {
        ControlKeys::new(vec![self.control_key()]).unwrap()
    }

    fn control_key(&self) -> PublicKey {
        self.control.verifying_key().into()
    }

    /// An application entry with this number, under the head the writer knows.
    pub fn message(&self, n: u32) -> Append {
        self.entry(EntryKind::Application, n)
    }

    /// A handshake with this number.
    pub fn commit(&self, n: u32) -> Append {
        self.entry(EntryKind::Handshake, n)
    }

    fn entry(&self, kind: EntryKind, n: u32) -> Append {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        Append {
            topic: self.topic,
            capability: self.capability(self.generation),
            kind,
            version: 1,
            expect_head: self.head,
            append_id: AppendId::new(id),
            body: body(n),
            rotate: None,
            open_slots: Vec::new(),
        }
    }

    /// A handshake with this number that begins the next generation.
    pub fn rotation(&self, n: u32) -> Append {
        let mut append = self.commit(n);
        let generation = self.generation + 1;
        let mut rotate = Rotate {
            generation: Generation(generation),
            capability: self.capability(generation).hash(),
            control_keys: self.control_keys(),
            control_key: self.control_key(),
            control_signature: sotto_wire::ids::Signature::new([0; 64]),
        };
        rotate.control_signature = self.control.sign(&append.rotate_to_sign(&rotate)).into();
        append.rotate = Some(rotate);
        append
    }

    /// A signed control action.
    pub fn action(&self, after: Seq, change: ControlChange) -> TopicRequest {
        let action = ControlAction { after, change };
        let signed = action.encode();
        let signature = self.control.sign(&control_to_sign(self.topic, &signed)).into();
        let control_key = self.control_key();
        TopicRequest::Control(Control { topic: self.topic, action, signed, control_key, signature })
    }

    /// The change to another time-to-live.
    pub fn ttl(days: u32) -> ControlChange {
        ControlChange::Ttl(TtlDays::new(days))
    }

    /// The change that begins a generation without an entry.
    pub fn rotated_to(&self, generation: u32) -> ControlChange {
        ControlChange::Rotate {
            generation: Generation(generation),
            capability: self.capability(generation).hash(),
            control_keys: self.control_keys(),
        }
    }

    /// Appends as the writer; the receipt, or the refusal.
    pub fn append<S: Store>(&self, world: &mut World<S>, append: Append) -> TopicAnswer {
        world.ask(self.writer, TopicRequest::Append(append))
    }

    /// Appends what must be accepted; the writer knows its head and generation afterwards.
    pub fn appended<S: Store>(&mut self, world: &mut World<S>, append: Append) -> AppendReceipt {
        let (kind, rotates) = (append.kind, append.rotate.is_some());
        let response = self.append(world, append).unwrap();
        let Item::Append(receipt) = item_of(receipt_of(&response), world.log_key()) else {
            panic!("{response:?}")
        };
        if kind == EntryKind::Handshake {
            self.head = receipt.seq;
        }
        self.generation += u32::from(rotates);
        receipt
    }

    /// Appends application entries with these numbers.
    pub fn say<S: Store>(&mut self, world: &mut World<S>, numbers: impl IntoIterator<Item = u32>) {
        for n in numbers {
            let message = self.message(n);
            self.appended(world, message);
        }
    }

    /// A new slot with a capability of a generation.
    pub fn reader<S: Store>(&self, world: &mut World<S>, generation: u32) -> Reader {
        let reader = Reader::new(world, self.topic);
        let capability = self.capability(generation);
        let open = OpenSlot { topic: self.topic, capability, slot: reader.new_slot() };
        world.ask(self.writer, TopicRequest::OpenSlot(open)).unwrap();
        reader
    }
}

impl Reader {
    /// A slot that is not opened yet.
    pub fn new<S: Store>(world: &mut World<S>, topic: TopicId) -> Self {
        let (slot, secret) = (SlotId::random(&mut world.rng), SlotSecret::random(&mut world.rng));
        Self { auth: SlotAuth { topic, slot, secret } }
    }

    /// As somebody else opens it.
    pub fn new_slot(&self) -> NewSlot {
        NewSlot { slot: self.auth.slot, secret: self.auth.secret.hash() }
    }

    /// The request to follow from here.
    pub fn follow(&self, from: u64) -> TopicRequest {
        TopicRequest::Follow(vec![Follow { auth: self.auth.clone(), from: Seq(from) }])
    }

    /// Follows on a new connection.
    pub fn following<S: Store>(&self, world: &mut World<S>, from: u64) -> ConnectionId {
        let id = world.topic_plane();
        self.followed(world, id, from).unwrap();
        id
    }

    /// Follows on this connection; where the slot stands.
    pub fn followed<S: Store>(
        &self,
        world: &mut World<S>,
        id: ConnectionId,
        from: u64,
    ) -> Result<SlotReceipt, ErrorCode> {
        let response = world.ask(id, self.follow(from))?;
        let TopicResponse::Followed(mut outcomes) = response else { panic!("{response:?}") };
        assert_eq!(outcomes.len(), 1);
        let outcome = outcomes.remove(0);
        assert_eq!(outcome.slot, self.auth.slot);
        let receipt = outcome.outcome.map_err(|refusal| refusal.code)?;
        match item_of(&receipt, world.log_key()) {
            Item::Slot(receipt) => Ok(receipt),
            other => panic!("{other:?}"),
        }
    }

    /// Acks; where the slot stands.
    pub fn ack<S: Store>(
        &self,
        world: &mut World<S>,
        id: ConnectionId,
        seq: u64,
    ) -> Result<SlotReceipt, ErrorCode> {
        self.stand(world, id, TopicRequest::AckSlot { auth: self.auth.clone(), seq: Seq(seq) })
    }

    /// Proves a later generation; where the slot stands.
    pub fn prove<S: Store>(
        &self,
        world: &mut World<S>,
        id: ConnectionId,
        capability: Capability,
    ) -> Result<SlotReceipt, ErrorCode> {
        self.stand(world, id, TopicRequest::ProveSlot { auth: self.auth.clone(), capability })
    }

    fn stand<S: Store>(
        &self,
        world: &mut World<S>,
        id: ConnectionId,
        request: TopicRequest,
    ) -> Result<SlotReceipt, ErrorCode> {
        let response = world.ask(id, request)?;
        match item_of(receipt_of(&response), world.log_key()) {
            Item::Slot(receipt) => Ok(receipt),
            other => panic!("{other:?}"),
        }
    }
}

impl<S: Store> World<S> {
    /// Reads everything that waits on a connection: the entries, which lead on from each other.
    pub fn entries(&mut self, id: ConnectionId) -> Vec<Entry> {
        let mut all: Vec<Entry> = Vec::new();
        for frame in self.topic_frames(id) {
            let TopicFrame::Entries(entries) = frame else { panic!("{frame:?}") };
            if let (Some(last), Some(first)) = (all.last(), entries.entries.first()) {
                assert_eq!(first.seq, last.seq.next(), "nothing is left out, nothing comes twice");
            }
            all.extend(entries.entries);
        }
        all
    }

    /// The seqs of what waits on a connection.
    pub fn seqs(&mut self, id: ConnectionId) -> Vec<u64> {
        self.entries(id).iter().map(|entry| entry.seq.0).collect()
    }

    /// The bodies of what waits on a connection.
    pub fn bodies(&mut self, id: ConnectionId) -> Vec<Bytes> {
        let content = |entry: Entry| match entry.content {
            EntryContent::Body(body) => body,
            EntryContent::Expired(hash) => panic!("{hash} is left of a body"),
        };
        self.entries(id).into_iter().map(content).collect()
    }
}
