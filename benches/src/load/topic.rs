//! What Sotto's clients say on the topic plane, without the cryptography that the server never sees.

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sotto_wire::digest::EntryKind;
use sotto_wire::ids::{AppendId, Capability, PublicKey, Seq, SlotId, SlotSecret, TopicId};
use sotto_wire::topic::{
    Append, ControlKeys, CreateTopic, Follow, NewSlot, OpenSlot, SlotAuth, TopicCall, TopicFrame,
    TopicRequest, TopicResponse,
};

use super::dialect::FIRST_ACK_ID;
use super::lane::Letter;
use super::link::{Link, Wrapping};
use super::websocket::{self, Kind, Message};

/// Where the topic plane is.
const PATH: &str = "/v1/topic";
/// Set-up requests under way at one time; the server allows 64.
const IN_FLIGHT: usize = 32;
/// Where a letter's `append_id` is found.
const STAMP: [u8; 16] = *b"\xa5append id here\x5a";

/// A topic with its secrets; the number decides all of them.
#[derive(Debug, Clone, Copy)]
pub struct Conversation {
    topic: TopicId,
    capability: [u8; 32],
    control: [u8; 32],
}

/// A reader's place on a topic.
#[derive(Clone)]
pub struct Reader {
    auth: SlotAuth,
}

impl Conversation {
    /// The conversation with this number.
    pub fn numbered(number: u64) -> Self {
        let mut dice = ChaCha20Rng::seed_from_u64(number);
        let [mut topic, mut capability, mut control] = [[0; 32]; 3];
        for bytes in [&mut topic, &mut capability, &mut control] {
            dice.fill_bytes(bytes);
        }
        Self { topic: TopicId::new(topic), capability, control }
    }

    fn capability(&self) -> Capability {
        Capability::new(self.capability)
    }

    /// Makes the topic.
    pub fn create(&self) -> anyhow::Result<TopicRequest> {
        Ok(TopicRequest::CreateTopic(CreateTopic {
            token: None,
            topic: self.topic,
            capability: self.capability().hash(),
            control_keys: ControlKeys::new(vec![PublicKey::new(self.control)])?,
            ttl: None,
        }))
    }

    /// Reader number `number` of this topic.
    pub fn reader(&self, number: u8) -> Reader {
        let mut slot = [number; 16];
        slot[..8].copy_from_slice(&self.control[..8]);
        let mut secret = self.control;
        secret[31] ^= number;
        let (slot, secret) = (SlotId::new(slot), SlotSecret::new(secret));
        Reader { auth: SlotAuth { topic: self.topic, slot, secret } }
    }

    /// Makes a reader's place.
    pub fn open(&self, reader: &Reader) -> TopicRequest {
        let slot = NewSlot { slot: reader.auth.slot, secret: reader.auth.secret.hash() };
        TopicRequest::OpenSlot(OpenSlot { topic: self.topic, capability: self.capability(), slot })
    }

    /// An append with a body of so many random bytes.
    pub fn append(&self, body_bytes: usize, append_id: u128) -> TopicRequest {
        self.append_with_id(body_bytes, AppendId::new(append_id.to_be_bytes()))
    }

    fn append_with_id(&self, body_bytes: usize, append_id: AppendId) -> TopicRequest {
        let mut body = vec![0; body_bytes];
        ChaCha20Rng::from_seed(self.capability).fill_bytes(&mut body);
        TopicRequest::Append(Append {
            topic: self.topic,
            capability: self.capability(),
            kind: EntryKind::Application,
            version: 1,
            expect_head: Seq(0),
            append_id,
            body: body.into(),
            rotate: None,
            open_slots: Vec::new(),
        })
    }

    /// An append that can be sent as often as wanted: each sending gets an `append_id` of its own.
    ///
    /// # Errors
    /// When the encoding holds no `append_id`.
    pub fn letter(&self, body_bytes: usize, id: u32) -> anyhow::Result<Letter> {
        ensure!(id < FIRST_ACK_ID, "ids from {FIRST_ACK_ID} on are acknowledgements");
        let frame = encoded(id, self.append_with_id(body_bytes, AppendId::new(STAMP)));
        let stamp = frame.windows(STAMP.len()).position(|part| part == STAMP);
        Ok(Letter::stamped(frame, stamp.context("an append without its id")?))
    }
}

impl Reader {
    /// Where to follow from.
    pub fn follow(&self, from: u64) -> Follow {
        Follow { auth: self.auth.clone(), from: Seq(from) }
    }

    /// The place.
    pub fn slot(&self) -> SlotId {
        self.auth.slot
    }

    /// The frame that acknowledges everything up to here.
    pub fn ack(&self, seq: u64) -> Vec<u8> {
        encoded(FIRST_ACK_ID, TopicRequest::AckSlot { auth: self.auth.clone(), seq: Seq(seq) })
    }
}

/// A request as the bytes of one WebSocket frame.
pub fn encoded(id: u32, request: TopicRequest) -> Vec<u8> {
    websocket::frame(Kind::Binary, &TopicCall { id, request }.encode())
}

/// A connection on the topic plane that has heard `Hello`.
///
/// # Errors
/// When the server does not say it.
pub fn connect(address: std::net::SocketAddr, wrapping: &Wrapping) -> anyhow::Result<Link> {
    let mut link = Link::connect(address, wrapping)?;
    websocket::upgrade(&mut link, PATH)?;
    match next_frame(&mut link)? {
        TopicFrame::Hello(_) => Ok(link),
        other => bail!("expected Hello, the server said {other:?}"),
    }
}

/// Asks for all of this, some at a time; every request must be granted. Entries that come meanwhile are passed over.
///
/// # Errors
/// When one is not.
pub fn ask_all(link: &mut Link, requests: Vec<TopicRequest>) -> anyhow::Result<Vec<TopicResponse>> {
    let mut responses = Vec::with_capacity(requests.len());
    let mut requests = requests.into_iter();
    let mut waiting = 0_usize;
    loop {
        for request in requests.by_ref().take(IN_FLIGHT - waiting) {
            let id = u32::try_from(responses.len() + waiting)?;
            link.queue(&encoded(id, request));
            waiting += 1;
        }
        if waiting == 0 {
            return Ok(responses);
        }
        if let TopicFrame::Response { outcome, .. } = next_frame(link)? {
            responses.push(outcome.context("while setting up")?);
            waiting -= 1;
        }
    }
}

/// The next frame, while the connection is set up.
///
/// # Errors
/// When there is none, or one that is not of this protocol.
pub fn next_frame(link: &mut Link) -> anyhow::Result<TopicFrame> {
    link.wait_for(|link| {
        let inbox = link.inbox();
        let Some((message, length)) = websocket::first(inbox.bytes())? else { return Ok(None) };
        let frame = match message {
            Message::Binary(frame) => Some(TopicFrame::parse(&Bytes::copy_from_slice(frame))?),
            Message::Ping(_) | Message::Pong => None,
        };
        inbox.take(length);
        Ok(frame)
    })
}
