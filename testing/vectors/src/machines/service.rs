//! The server's service over its store in memory: connections that come and go, requests in batches, right, slightly
//! wrong and damaged, time that jumps.
//!
//! Promises: every request is answered exactly once, in order, or its connection is closed, and then nothing follows;
//! every receipt is signed and no two contradict each other; what a reader is sent leads on from what it had and is the
//! log that the appenders' receipts describe; nobody who has not authenticated is sent an inbox; no key package is
//! handed out more often than it was published.

mod requests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_ports::MemoryStore;
use sotto_service::{
    AddressPrefix, ConnectionId, Outgoing, Plane, Quotas, Received, Registration, Request, Service, Settings,
    Then,
};
use sotto_wire::Bytes;
use sotto_wire::account::{AccountFrame, AccountRequest, AccountResponse};
use sotto_wire::digest::{EntryKind, chain_start};
use sotto_wire::frames::Hello;
use sotto_wire::ids::{Chain, Generation, Millis, Seq, SlotId, TopicId};
use sotto_wire::proto::SignedItem;
use sotto_wire::receipt::{self, Item, ServerItem};
use sotto_wire::topic::{ControlChange, Entries, TopicFrame, TopicRequest, TopicResponse};

use self::requests::Known;
use super::choices::Choices;
use crate::samples::{LOG_KEY, MINUTE, bytes, host, key, log_key};

/// One connection as its peer sees it.
struct Peer {
    plane: Plane,
    hello: Option<Hello>,
    /// Frames that have not been read, and what reading them asks for.
    queue: VecDeque<Then>,
    next_id: u32,
    authenticated: bool,
    /// What each followed topic must be sent next.
    follows: BTreeMap<TopicId, Seq>,
    closed: bool,
}

/// A request under way: what its answer is compared with.
struct Asked {
    connection: ConnectionId,
    id: u32,
    request: Option<TopicRequest>,
}

struct Story {
    service: Service<MemoryStore>,
    rng: ChaCha20Rng,
    now: Millis,
    peers: BTreeMap<ConnectionId, Peer>,
    next_connection: u64,
    known: Known,
    /// Entries by topic, as the receipts describe them.
    logs: BTreeMap<TopicId, BTreeMap<Seq, (Chain, EntryKind)>>,
    published: BTreeMap<Bytes, usize>,
    closed: BTreeSet<TopicId>,
    /// Entries that readers were sent.
    delivered: usize,
}

/// Plays the story that the bytes tell.
pub fn run(bytes: &[u8]) {
    play(bytes);
}

fn play(bytes: &[u8]) -> Story {
    let mut choices = Choices::new(bytes);
    let mut story = Story::new(&mut choices);
    for _ in 0..200 {
        if choices.is_over() {
            break;
        }
        story.step(&mut choices);
    }
    story.ends();
    story
}

impl Story {
    fn new(choices: &mut Choices<'_>) -> Self {
        let registration = match choices.below(8) {
            0 => Registration::Invite,
            1 => Registration::Closed,
            2 => Registration::Open { work_bits: 3 },
            _ => Registration::Open { work_bits: 0 },
        };
        let quotas = if choices.one_in(4) { Quotas::default() } else { Quotas::unlimited() };
        let settings = Settings { host: host(), software: "sottod fuzz".to_owned(), registration };
        Self {
            service: Service::new(MemoryStore::new(), settings, key(LOG_KEY)).with_quotas(quotas),
            rng: ChaCha20Rng::from_seed(bytes("service story")),
            now: Millis(MINUTE.0 * 60_000),
            peers: BTreeMap::new(),
            next_connection: 0,
            known: Known::default(),
            logs: BTreeMap::new(),
            published: BTreeMap::new(),
            closed: BTreeSet::new(),
            delivered: 0,
        }
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        match choices.below(10) {
            0 => self.connects(choices),
            1 => {
                if let Some(id) = self.somebody(choices) {
                    self.leaves(id);
                }
            }
            2 | 3 => self.reads(choices),
            4 => self.time_passes(choices),
            _ => self.asks(choices),
        }
    }

    fn somebody(&self, choices: &mut Choices<'_>) -> Option<ConnectionId> {
        let ids: Vec<_> = self.peers.keys().copied().collect();
        choices.one_of(&ids).copied()
    }

    fn connects(&mut self, choices: &mut Choices<'_>) {
        if self.peers.len() >= 8 {
            return;
        }
        let plane = if choices.one_in(3) { Plane::Account } else { Plane::Topic };
        self.next_connection += 1;
        let id = ConnectionId(self.next_connection);
        let prefix = AddressPrefix::from(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        let hello = self.service.connected(id, plane, prefix, self.now, &mut self.rng);
        let peer = Peer {
            plane,
            hello: None,
            queue: VecDeque::new(),
            next_id: 0,
            authenticated: false,
            follows: BTreeMap::new(),
            closed: false,
        };
        self.peers.insert(id, peer);
        self.sent(vec![hello], &mut Vec::new());
        assert!(self.peers.get(&id).is_some_and(|peer| peer.hello.is_some()), "no greeting");
    }

    fn leaves(&mut self, id: ConnectionId) {
        self.peers.remove(&id);
        self.service.disconnected(id);
    }

    /// Frames leave the queue of a connection, as a transport writes them.
    fn reads(&mut self, choices: &mut Choices<'_>) {
        let Some(id) = self.somebody(choices) else { return };
        for _ in 0..=choices.below(8) {
            let Some(then) = self.peers.get_mut(&id).and_then(|peer| peer.queue.pop_front()) else { return };
            match then {
                Then::Keep => {}
                Then::Ask => {
                    let outgoing = self.service.writable(id, self.now);
                    self.sent(outgoing, &mut Vec::new());
                }
                Then::Close => self.leaves(id),
            }
        }
    }

    fn time_passes(&mut self, choices: &mut Choices<'_>) {
        let hours = [0, 1, 24, 24 * 8, 24 * 31, 24 * 50];
        self.now.0 += 1_000 + 3_600_000 * hours[choices.below(hours.len())];
        // Now and then the clock is set back.
        if choices.one_in(8) {
            self.now.0 -= 7_200_000;
        }
        let outgoing = self.service.tick(self.now);
        self.sent(outgoing, &mut Vec::new());
    }

    fn asks(&mut self, choices: &mut Choices<'_>) {
        let mut batch = Vec::new();
        let mut asked = Vec::new();
        for _ in 0..=choices.below(4) {
            let Some(connection) = self.somebody(choices) else { return };
            let Some(peer) = self.peers.get_mut(&connection) else { return };
            peer.next_id += 1;
            let (id, plane, closed) = (peer.next_id, peer.plane, peer.closed);
            let frame = match (plane, &peer.hello) {
                (Plane::Account, Some(hello)) => self.known.on_account_plane(id, hello, choices),
                _ => self.known.on_topic_plane(id, choices),
            };
            let frame = if choices.one_in(6) { choices.mutated(&frame) } else { frame };
            let request = Request::parse(plane, frame);
            let of_topic = match &request {
                Ok(Request::Topic(call)) => Some(call.request.clone()),
                _ => None,
            };
            self.note_published(&request);
            let id = match &request {
                Ok(Request::Account(call)) => Some(call.id),
                Ok(Request::Topic(call)) => Some(call.id),
                Err(error) => error.request,
            };
            if let (Some(id), false) = (id, closed) {
                asked.push(Asked { connection, id, request: of_topic });
            }
            batch.push(Received { connection, request });
        }
        let outgoing = self.service.handle(self.now, &mut self.rng, batch);
        self.sent(outgoing, &mut asked);
        for Asked { connection, .. } in &asked {
            let closed = self.peers.get(connection).is_none_or(|peer| peer.closed);
            assert!(closed, "a request is not answered");
        }
    }

    fn note_published(&mut self, request: &Result<Request, sotto_service::ParseError>) {
        let Ok(Request::Account(call)) = request else { return };
        let AccountRequest::PublishKeyPackages(publish) = &call.request else { return };
        for package in &publish.one_time {
            *self.published.entry(package.body.clone()).or_default() += 1;
        }
    }

    /// Frames of the service, in their order.
    fn sent(&mut self, outgoing: Vec<Outgoing>, asked: &mut Vec<Asked>) {
        for Outgoing { connection, frame, then } in outgoing {
            let Some(peer) = self.peers.get_mut(&connection) else { panic!("a frame for nobody") };
            assert!(!peer.closed, "something follows the last frame");
            peer.closed = then == Then::Close;
            peer.queue.push_back(then);
            match peer.plane {
                Plane::Account => self.on_account_plane(connection, &frame, asked),
                Plane::Topic => self.on_topic_plane(connection, &frame, asked),
            }
        }
    }

    /// The request that an answer is for: the first with this id that waits on the connection.
    fn answered(&self, connection: ConnectionId, id: u32, asked: &mut Vec<Asked>) -> Option<TopicRequest> {
        let first = asked.iter().position(|asked| asked.connection == connection);
        let first = first.unwrap_or_else(|| panic!("an answer to nothing"));
        let asked = asked.remove(first);
        assert_eq!(asked.id, id, "answers come out of order");
        asked.request
    }

    fn on_account_plane(&mut self, connection: ConnectionId, frame: &Bytes, asked: &mut Vec<Asked>) {
        let frame = AccountFrame::parse(frame).expect("the server's own frame is read");
        match frame {
            AccountFrame::Hello(hello) => self.greeted(connection, hello),
            AccountFrame::Response { id, outcome } => {
                self.answered(connection, id, asked);
                if let (Ok(AccountResponse::Authenticated { .. } | AccountResponse::Registered), Some(peer)) =
                    (outcome, self.peers.get_mut(&connection))
                {
                    peer.authenticated = true;
                }
            }
            AccountFrame::InboxItems(items) => {
                let known = self.peers.get(&connection).is_some_and(|peer| peer.authenticated);
                assert!(known, "somebody who is nobody is sent an inbox");
                self.known.inbox_keys = items.iter().map(|item| item.key).collect();
            }
            AccountFrame::Closing(_) => assert!(self.peers.get(&connection).is_some_and(|peer| peer.closed)),
            AccountFrame::Incompatible(_) => panic!("the server is another one"),
        }
    }

    fn greeted(&mut self, connection: ConnectionId, hello: Hello) {
        if let Some(peer) = self.peers.get_mut(&connection) {
            assert!(peer.hello.is_none() && peer.queue.len() == 1, "a second greeting");
            peer.hello = Some(hello);
        }
    }

    fn on_topic_plane(&mut self, connection: ConnectionId, frame: &Bytes, asked: &mut Vec<Asked>) {
        let frame = TopicFrame::parse(frame).expect("the server's own frame is read");
        match frame {
            TopicFrame::Hello(hello) => self.greeted(connection, hello),
            TopicFrame::Response { id, outcome } => {
                let request = self.answered(connection, id, asked);
                if let Ok(response) = outcome {
                    self.responded(connection, request.as_ref(), response);
                }
            }
            TopicFrame::Entries(entries) => self.delivered(connection, entries),
            TopicFrame::Ephemeral { topic, .. } => {
                let follows =
                    self.peers.get(&connection).is_some_and(|peer| peer.follows.contains_key(&topic));
                assert!(follows, "an ephemeral for somebody who does not follow");
            }
            TopicFrame::FollowEnded { .. } => {}
            TopicFrame::Closing(_) => assert!(self.peers.get(&connection).is_some_and(|peer| peer.closed)),
            TopicFrame::Incompatible(_) => panic!("the server is another one"),
        }
    }

    fn responded(
        &mut self,
        connection: ConnectionId,
        request: Option<&TopicRequest>,
        response: TopicResponse,
    ) {
        match (request, response) {
            (Some(TopicRequest::Append(append)), TopicResponse::Appended(signed)) => {
                let ServerItem { topic, item: Item::Append(receipt) } = verified(&signed) else {
                    panic!("another receipt")
                };
                assert!(topic == append.topic && receipt.append_id == append.append_id);
                self.entry(topic, receipt.seq, receipt.chain, receipt.kind);
                if let Some(number) = number(topic) {
                    self.known.heads[number] = self.head(topic);
                    if let Some(rotate) = &append.rotate {
                        self.begins(number, rotate.generation);
                    }
                }
            }
            (Some(TopicRequest::Append(append)), TopicResponse::Conflict { head }) => {
                let forgotten = self.closed.contains(&append.topic);
                assert!(forgotten || head == self.head(append.topic), "a conflict with another head");
                assert_ne!(head, append.expect_head, "a conflict with the right head");
            }
            (Some(TopicRequest::Follow(follows)), TopicResponse::Followed(outcomes)) => {
                assert_eq!(follows.len(), outcomes.len());
                for (follow, outcome) in follows.iter().zip(outcomes) {
                    assert_eq!(follow.auth.slot, outcome.slot);
                    if let Ok(signed) = outcome.outcome {
                        self.follows(connection, follow.auth.topic, follow.auth.slot, follow.from, &signed);
                    }
                }
            }
            (
                Some(TopicRequest::TopicState { topic, capability }),
                TopicResponse::TopicState { head, next_seq, .. },
            ) => {
                let (there, is_newest) = (
                    (self.head(*topic), self.newest(*topic).next()),
                    self.known.is_newest(number(*topic), capability),
                );
                // Whoever shows the capability of a generation that ended is told where the topic was then.
                assert!(head <= there.0 && next_seq <= there.1, "a topic further than its log");
                let forgotten = self.closed.contains(topic);
                assert!(forgotten || !is_newest || (head, next_seq) == there, "a topic behind its log");
            }
            (Some(TopicRequest::Control(control)), TopicResponse::Controlled) => {
                match (&control.action.change, number(control.topic)) {
                    (ControlChange::Rotate { generation, .. }, Some(number)) => {
                        self.begins(number, *generation)
                    }
                    (ControlChange::Close, _) => drop(self.closed.insert(control.topic)),
                    _ => {}
                }
            }
            (_, TopicResponse::ClaimedKeyPackage { key_package, last_resort, capability }) => {
                self.known.drops.push(capability);
                if !last_resort {
                    let left = self.published.get_mut(&key_package.body).filter(|left| **left > 0);
                    *left.expect("a key package is handed out twice, or was never published") -= 1;
                }
            }
            (
                _,
                TopicResponse::TopicCreated(signed)
                | TopicResponse::SlotOpened(signed)
                | TopicResponse::SlotProved(signed)
                | TopicResponse::SlotAcked(signed),
            ) => drop(verified(&signed)),
            _ => {}
        }
    }

    fn begins(&mut self, number: usize, generation: Generation) {
        self.known.generations[number] = self.known.generations[number].max(generation.0);
    }

    fn follows(
        &mut self,
        connection: ConnectionId,
        topic: TopicId,
        slot: SlotId,
        from: Seq,
        signed: &SignedItem,
    ) {
        let ServerItem { topic: of, item: Item::Slot(receipt) } = verified(signed) else {
            panic!("another receipt")
        };
        assert!(of == topic && receipt.slot == slot);
        assert!(receipt.newest <= self.newest(topic), "more entries than were appended");
        if let Some(peer) = self.peers.get_mut(&connection) {
            peer.follows.insert(topic, from.min(receipt.newest).next());
        }
    }

    fn delivered(&mut self, connection: ConnectionId, entries: Entries) {
        let delivery = entries.verify(log_key()).expect("a delivery proves itself");
        let first = delivery.entries.first().map_or(Seq(0), |entry| entry.seq);
        let expected =
            self.peers.get(&connection).and_then(|peer| peer.follows.get(&delivery.topic)).copied();
        let expected = expected.expect("entries for somebody who does not follow");
        let trimmed =
            delivery.receipt.first_available > expected && first == delivery.receipt.first_available;
        assert!(first == expected || trimmed, "entries {first} come where {expected} was expected");
        let before = Seq(first.0 - 1);
        let standing = match before {
            Seq(0) => Some(chain_start(delivery.topic)),
            before => self.chain(delivery.topic, before),
        };
        assert_eq!(Some(delivery.prev_chain), standing, "another log before what is delivered");
        self.delivered += delivery.entries.len();
        let mut chain = delivery.prev_chain;
        for entry in &delivery.entries {
            chain = entry.chain_after(chain);
            assert_eq!(self.chain(delivery.topic, entry.seq), Some(chain), "another log than was appended");
            if let Some(peer) = self.peers.get_mut(&connection) {
                peer.follows.insert(delivery.topic, entry.seq.next());
            }
        }
    }

    fn entry(&mut self, topic: TopicId, seq: Seq, chain: Chain, kind: EntryKind) {
        if seq == Seq(1) && self.closed.contains(&topic) && self.chain(topic, seq) != Some(chain) {
            // The closed topic was forgotten, long ago, and somebody made one of the same name.
            self.logs.remove(&topic);
            self.closed.remove(&topic);
        }
        let newest = self.newest(topic);
        let log = self.logs.entry(topic).or_default();
        assert!(seq <= newest.next(), "an entry leaves a gap");
        assert_eq!(*log.entry(seq).or_insert((chain, kind)), (chain, kind), "two entries at one place");
    }

    fn chain(&self, topic: TopicId, seq: Seq) -> Option<Chain> {
        self.logs.get(&topic)?.get(&seq).map(|(chain, _)| *chain)
    }

    fn newest(&self, topic: TopicId) -> Seq {
        self.logs.get(&topic).and_then(|log| log.keys().next_back()).copied().unwrap_or(Seq(0))
    }

    fn head(&self, topic: TopicId) -> Seq {
        let log = self.logs.get(&topic);
        let handshakes = log.into_iter().flatten().filter(|(_, (_, kind))| *kind == EntryKind::Handshake);
        handshakes.map(|(seq, _)| *seq).next_back().unwrap_or(Seq(0))
    }

    /// Everybody is told goodbye, once.
    fn ends(&mut self) {
        let outgoing = self.service.shut_down();
        self.sent(outgoing, &mut Vec::new());
        assert!(self.peers.values().all(|peer| peer.closed), "somebody is not told goodbye");
        assert!(self.service.shut_down().is_empty(), "goodbye is said twice");
    }
}

fn number(topic: TopicId) -> Option<usize> {
    (0..2).find(|number| requests::topic(*number) == topic)
}

fn verified(signed: &SignedItem) -> ServerItem {
    receipt::verify(signed, log_key()).expect("the server's own receipt verifies")
}

/// A few stories.
pub fn seeds() -> Vec<Vec<u8>> {
    // Rules; then a topic connection, and requests on it: one request each unless the first byte says more.
    let opening = [3, 0, 0, 0];
    let ask = |request: &[u8]| [&[5, 0, 0], request, &[0]].concat();
    let topic = |what: u8, details: &[u8]| ask(&[&[0, 0, 0, 0, what], details].concat());
    let create = topic(0, &[0]);
    let open = topic(9, &[]);
    let follow = topic(11, &[0, 0]);
    let say = topic(2, &[0, 0, 0, 0]);
    let commit = topic(2, &[2, 0, 0, 0, 0, 0]);
    let rotate = topic(2, &[2, 0, 0, 0, 0, 2]);
    let state = topic(20, &[]);
    let read = vec![2, 0, 7];
    let day = vec![4, 2, 0];
    let months = vec![4, 5, 0];
    let prove = topic(16, &[]);
    let story =
        |steps: &[&Vec<u8>]| [opening.to_vec(), steps.iter().copied().flatten().copied().collect()].concat();
    let account = vec![0, 2];
    let of_account = |what: u8, details: &[u8]| ask(&[&[0, what], details].concat());
    let register = of_account(0, &[0, 0, 0]);
    let publish = of_account(6, &[3, 1, 1]);
    let inbox = of_account(8, &[]);
    let on_account = |steps: &[&Vec<u8>]| {
        let steps: Vec<u8> = steps.iter().copied().flatten().copied().collect();
        [vec![3, 0], account.clone(), steps].concat()
    };
    vec![
        story(&[&create, &open, &follow, &read, &say, &commit, &say, &read, &state]),
        story(&[
            &create, &open, &say, &rotate, &say, &follow, &read, &prove, &read, &day, &months, &follow, &read,
        ]),
        story(&[&create, &create, &commit, &say, &open, &months, &say, &follow, &read, &read, &state]),
        on_account(&[&register, &publish, &inbox, &publish, &read, &day]),
        on_account(&[
            &register,
            &register,
            &inbox,
            &vec![1, 0],
            &account,
            &of_account(2, &[]),
            &inbox,
            &read,
        ]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_tell_stories_in_which_something_happens() {
        let stories: Vec<_> = seeds().iter().map(|seed| play(seed)).collect();
        for story in &stories[..3] {
            let entries: usize = story.logs.values().map(BTreeMap::len).sum();
            assert!(entries >= 2, "{entries} entries");
        }
        assert!(stories.iter().map(|story| story.delivered).sum::<usize>() >= 4);
        assert!(stories.iter().any(|story| story.known.generations.contains(&1)), "nobody rotated");
        assert!(stories.iter().any(|story| story.peers.values().any(|peer| peer.authenticated)));
        assert!(stories.iter().any(|story| !story.published.is_empty()));
    }
}
