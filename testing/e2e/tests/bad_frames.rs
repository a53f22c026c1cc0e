//! Frames that no client sends: too large, cut off, random, repeated, without the right capability, under an old
//! head. Each gets a typed error or a closed connection; the server lives, and whoever else is connected notices
//! nothing.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use prost::Message as _;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore as _, SeedableRng as _};
use sotto_e2e::plane::{Plane, RawPlane, Said};
use sotto_e2e::{Client, Listening, Proxy, Stage, stage};
use sotto_wire::ids::{Capability, SlotSecret};
use sotto_wire::limits::{APPLICATION_BYTES_MAX, ENTRY_VERSION, FRAME_BYTES_MAX};
use sotto_wire::proto::topic_request::Request as Ask;
use sotto_wire::proto::topic_response::Response as Told;
use sotto_wire::proto::{self, ErrorCode, account_request};
use tokio_tungstenite::tungstenite::Message;

const RANDOM_FRAMES: usize = 400;
const PLANES: [Plane; 2] = [Plane::Account, Plane::Topic];

/// Two people who talk all the while.
struct Bystanders<'a> {
    people: [&'a Client; 2],
    there: [Listening; 2],
    said: usize,
}

impl<'a> Bystanders<'a> {
    fn listen(one: &'a Client, other: &'a Client) -> anyhow::Result<Self> {
        let mut there = [one.listen()?, other.listen()?];
        for listening in &mut there {
            listening.sync()?;
        }
        Ok(Self { people: [one, other], there, said: 0 })
    }

    /// One writes, the other reads, both on the connections they have had from the beginning.
    fn talk(&mut self) -> anyhow::Result<()> {
        let (from, to) = (self.said % 2, 1 - self.said % 2);
        let text = format!("Still there? ({})", self.said);
        self.said += 1;
        self.there[from].send(&self.people[to].target()?, &text)?;
        let read = self.there[to].await_texts(1)?;
        ensure!(read == [text], "{read:?}");
        Ok(())
    }

    /// Nobody was disconnected or alarmed.
    fn noticed_nothing(mut self) -> anyhow::Result<usize> {
        for listening in &mut self.there {
            ensure!(listening.alarms()?.is_empty());
            let said = std::fs::read_to_string(listening.said())?;
            ensure!(!said.contains("\"offline\""), "a connection broke: {said}");
        }
        Ok(self.said)
    }
}

/// How often each code was the answer.
#[derive(Default)]
struct Codes(BTreeMap<String, usize>);

impl Codes {
    fn note(&mut self, code: ErrorCode) {
        *self.0.entry(format!("{code:?}")).or_default() += 1;
    }
}

/// A fresh connection gets these bytes: what error answers?
fn answer_to(stage: &Stage, plane: Plane, frame: impl Into<Bytes>) -> anyhow::Result<ErrorCode> {
    let mut raw = RawPlane::connect(stage.server.address(), plane)?;
    raw.send(frame)?;
    raw.hear_error()
}

#[test]
fn frames_that_are_too_large_or_no_frames_are_answered_and_harm_nobody() -> anyhow::Result<()> {
    let mut stage = Stage::new()?;
    let (one, other) = stage.two_contacts()?;
    let mut bystanders = Bystanders::listen(&one, &other)?;
    for plane in PLANES {
        let code = answer_to(&stage, plane, vec![0x0a; FRAME_BYTES_MAX + 1])?;
        ensure!(code == ErrorCode::TooLarge, "{plane:?}: {code:?}");
        bystanders.talk()?;
        // A header that promises more than there is memory: refused by its promise.
        let mut raw = RawPlane::connect(stage.server.address(), plane)?;
        let mut header = vec![0x82, 0xff];
        header.extend((1_u64 << 62).to_be_bytes());
        header.extend([0; 4]);
        raw.stream().write_all(&header)?;
        ensure!(raw.hear_error()? == ErrorCode::TooLarge);
        // Text where bytes belong, and a request without a request: of a version that is not spoken here.
        for (message, expected) in [
            (Message::text("hello"), ErrorCode::Malformed),
            (Message::binary(Vec::new()), ErrorCode::Version),
        ] {
            let mut raw = RawPlane::connect(stage.server.address(), plane)?;
            raw.send_message(message)?;
            let code = raw.hear_error()?;
            ensure!(code == expected, "{plane:?}: {code:?}");
        }
        for bytes in
            [&b"\x82\x05hello"[..], b"\x80\x80\0\0\0\0", b"\xff\x80\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n"]
        {
            let mut raw = RawPlane::connect(stage.server.address(), plane)?;
            raw.stream().write_all(bytes)?;
            // No WebSocket at all: an error or the end, not silence.
            while raw.hear()? != Said::Closed {}
        }
        bystanders.talk()?;
    }
    ensure!(stage.server.is_alive()?);
    println!("{} messages of bystanders arrived meanwhile", bystanders.noticed_nothing()?);
    Ok(())
}

/// Somebody who registered, met somebody and wrote once more, and every frame they sent.
struct Recorded {
    other: Client,
    frames: Vec<(Plane, Bytes)>,
}

impl Recorded {
    fn at(stage: &Stage) -> anyhow::Result<Self> {
        let proxy = Proxy::start()?;
        proxy.forward_to(stage.server.address());
        let recording = proxy.record();
        let (one, other) = (stage.stranger("recorded"), stage.person("other")?);
        one.register(&proxy.url())?;
        stage::introduce(&one, &other)?;
        one.done(&["send", &other.at(), "one more"])?;
        let frames = recording.frames();
        ensure!(frames.len() > 12, "{} frames", frames.len());
        Ok(Self { other, frames })
    }
}

#[test]
fn frames_that_are_cut_off_random_or_repeated_change_nothing() -> anyhow::Result<()> {
    let mut stage = Stage::new()?;
    let (talking, listening) = (stage.person("talking")?, stage.person("listening")?);
    stage::introduce(&talking, &listening)?;
    let mut bystanders = Bystanders::listen(&talking, &listening)?;
    let Recorded { other, frames } = Recorded::at(&stage)?;
    let before = other.json(&["history", "@recorded"])?;
    let mut codes = Codes::default();
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut cut_off = 0;
    for (plane, frame) in &frames {
        for _ in 0..3 {
            let length = rng.next_u32() as usize % frame.len();
            // A shorter frame may be a whole one; what it asks for is answered or refused.
            if send_and_hear(&stage, *plane, frame.slice(..length), &mut codes)? {
                cut_off += 1;
            }
        }
    }
    bystanders.talk()?;
    for number in 0..RANDOM_FRAMES {
        let mut frame = vec![0; rng.next_u32() as usize % 600];
        rng.fill_bytes(&mut frame);
        send_and_hear(&stage, PLANES[number % 2], frame.into(), &mut codes)?;
    }
    bystanders.talk()?;
    // The same bytes on a new connection, and once more on that one; and on the other plane.
    for (plane, frame) in &frames {
        for plane in [*plane, if *plane == Plane::Account { Plane::Topic } else { Plane::Account }] {
            let mut raw = RawPlane::connect(stage.server.address(), plane)?;
            raw.send(frame.clone())?;
            raw.hear()?;
            raw.send(frame.clone())?;
            raw.hear()?;
        }
    }
    bystanders.talk()?;
    let after = other.json(&["history", "@recorded"])?;
    ensure!(before == after, "repeated frames say nothing new");
    ensure!(other.json(&["alarms"])?.is_empty());
    ensure!(stage.server.is_alive()? && stage.server.page("/health")?.starts_with("HTTP/1.1 200"));
    let talked = bystanders.noticed_nothing()?;
    println!(
        "{} recorded frames, cut off ({cut_off} refused) and repeated, {RANDOM_FRAMES} random ones: {:?}; {talked} \
         messages of bystanders arrived meanwhile",
        frames.len(),
        codes.0
    );
    Ok(())
}

/// Sends a frame on a fresh connection and hears what comes of it; true when it was refused.
fn send_and_hear(stage: &Stage, plane: Plane, frame: Bytes, codes: &mut Codes) -> anyhow::Result<bool> {
    let mut raw = RawPlane::connect(stage.server.address(), plane)?;
    raw.send(frame)?;
    let Said::Frame(answer) = raw.hear()? else { bail!("closed without a word") };
    let error = match plane {
        Plane::Account => match proto::AccountFrame::decode(answer)?.frame {
            Some(proto::account_frame::Frame::Closing(error)) => Some(error),
            Some(proto::account_frame::Frame::Response(response)) => match response.response {
                Some(proto::account_response::Response::Error(error)) => Some(error),
                _ => None,
            },
            _ => None,
        },
        Plane::Topic => match proto::TopicFrame::decode(answer)?.frame {
            Some(proto::topic_frame::Frame::Closing(error)) => Some(error),
            Some(proto::topic_frame::Frame::Response(response)) => match response.response {
                Some(Told::Error(error)) => Some(error),
                _ => None,
            },
            _ => None,
        },
    };
    error.iter().for_each(|error| codes.note(error.code()));
    ensure!(
        error.as_ref().is_none_or(|error| error.code() != ErrorCode::Internal),
        "a frame broke the server"
    );
    Ok(error.is_some())
}

/// A topic made by hand, with what opens it.
struct Topic {
    id: Bytes,
    capability: Capability,
    rng: ChaCha8Rng,
}

impl Topic {
    fn make(raw: &mut RawPlane) -> anyhow::Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let (id, capability) = (random(&mut rng, 32), Capability::random(&mut rng));
        let control = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
        let create = proto::CreateTopic {
            token: Bytes::new(),
            topic: id.clone(),
            capability_hash: capability.hash().into(),
            control_keys: vec![control.to_vec().into()],
            ttl_days: 0,
        };
        ensure!(matches!(raw.ask(Ask::CreateTopic(create))?, Told::TopicCreated(_)));
        Ok(Self { id, capability, rng })
    }

    fn append(&mut self, kind: proto::EntryKind, head: u64) -> proto::Append {
        proto::Append {
            topic: self.id.clone(),
            capability: (&self.capability).into(),
            kind: kind.into(),
            expect_head: head,
            append_id: random(&mut self.rng, 16),
            body: random(&mut self.rng, 100),
            rotate: None,
            open_slots: Vec::new(),
            version: ENTRY_VERSION,
        }
    }
}

fn random(rng: &mut ChaCha8Rng, length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    bytes.into()
}

#[test]
fn a_wrong_capability_and_an_old_head_are_refused_by_name() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let mut raw = RawPlane::connect(stage.server.address(), Plane::Topic)?;
    let mut topic = Topic::make(&mut raw)?;
    let handshake = topic.append(proto::EntryKind::Handshake, 0);
    let Told::Appended(first) = raw.ask(Ask::Append(handshake.clone()))? else { bail!("not appended") };
    // The same append again: the same receipt, no second entry.
    let Told::Appended(again) = raw.ask(Ask::Append(handshake))? else { bail!("not appended again") };
    let item = |appended: &proto::Appended| appended.receipt.clone().map(|receipt| receipt.item);
    ensure!(item(&first) == item(&again) && item(&first).is_some());

    let stale = topic.append(proto::EntryKind::Application, 0);
    match raw.ask(Ask::Append(stale))? {
        Told::Conflict(conflict) => ensure!(conflict.head == 1),
        other => bail!("an old head: {other:?}"),
    }
    let mut wrong = topic.append(proto::EntryKind::Application, 1);
    wrong.capability = random(&mut topic.rng, 32);
    ensure!(raw.ask_refused(Ask::Append(wrong.clone()))? == ErrorCode::CapabilityRefused);
    wrong.topic = random(&mut topic.rng, 32);
    ensure!(raw.ask_refused(Ask::Append(wrong))? == ErrorCode::TopicUnknown);
    let mut large = topic.append(proto::EntryKind::Application, 1);
    large.body = vec![0; APPLICATION_BYTES_MAX + 1].into();
    let code = raw.ask_refused(Ask::Append(large))?;
    ensure!(matches!(code, ErrorCode::TooLarge | ErrorCode::Malformed), "{code:?}");

    let wrong = Capability::random(&mut topic.rng);
    let slot = proto::NewSlot {
        slot: random(&mut topic.rng, 16),
        secret_hash: SlotSecret::random(&mut topic.rng).hash().into(),
    };
    let open =
        proto::OpenSlot { topic: topic.id.clone(), capability: (&wrong).into(), slot: Some(slot.clone()) };
    ensure!(raw.ask_refused(Ask::OpenSlot(open))? == ErrorCode::CapabilityRefused);
    let secret = random(&mut topic.rng, 32);
    let auth = proto::SlotAuth { topic: topic.id.clone(), slot: slot.slot, secret };
    let ack = proto::AckSlot { auth: Some(auth), seq: 1 };
    ensure!(raw.ask_refused(Ask::AckSlot(ack))? == ErrorCode::SlotUnknown);
    let state = proto::TopicState { topic: topic.id.clone(), capability: (&topic.capability).into() };
    match raw.ask(Ask::TopicState(state))? {
        Told::TopicState(state) => ensure!((state.head, state.next_seq) == (1, 2), "nothing was appended"),
        other => bail!("{other:?}"),
    }
    Ok(())
}

#[test]
fn nobody_without_a_signature_gets_anything_on_the_account_plane() -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let ask = |request| proto::AccountRequest { id: 1, request: Some(request) }.encode_to_vec();
    let follow = ask(account_request::Request::FollowInbox(proto::FollowInbox {}));
    ensure!(answer_to(&stage, Plane::Account, follow)? == ErrorCode::Unauthenticated);
    // A sign-in that was overheard is worth nothing on another connection: it signs that one's nonce.
    let Recorded { frames, .. } = Recorded::at(&stage)?;
    let is_sign_in = |frame: &Bytes| {
        let request = proto::AccountRequest::decode(frame.clone()).ok().and_then(|request| request.request);
        matches!(request, Some(account_request::Request::Authenticate(_)))
    };
    let sign_in = frames.iter().find(|(plane, frame)| *plane == Plane::Account && is_sign_in(frame));
    let (_, sign_in) = sign_in.context("a sign-in was recorded")?;
    ensure!(answer_to(&stage, Plane::Account, sign_in.clone())? == ErrorCode::Unauthenticated);
    Ok(())
}
