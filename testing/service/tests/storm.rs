//! Many readers of different speed, rotations, a disk that fills up, restarts: in the end everybody has read the same
//! log, each entry once and in order.
#![expect(clippy::panic, reason = "helpers of one test")]

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use sotto_service::{ConnectionId, Quotas};
use sotto_service_tests::{Chat, Disk, OPEN, Reader, Store, World, over_stores};
use sotto_wire::digest::chain_start;
use sotto_wire::ids::{Chain, Seq};
use sotto_wire::proto::ErrorCode;
use sotto_wire::topic::{Append, TopicFrame, TopicRequest, TopicResponse};

over_stores!(everybody_reads_the_same_log_whatever_happens);

const SEEDS: u64 = 6;
const STEPS: u32 = 600;

/// Somebody who reads, and what they have read.
struct Member {
    reader: Reader,
    connection: Option<ConnectionId>,
    read: Vec<Chain>,
}

struct Storm<'a, S> {
    world: &'a mut World<S>,
    rng: ChaCha20Rng,
    chat: Chat,
    members: Vec<Member>,
    /// Chain values as the writer's receipts say.
    log: Vec<Chain>,
    next: u32,
}

fn everybody_reads_the_same_log_whatever_happens<S: Store>(world: &mut World<S>) {
    for seed in 0..SEEDS {
        world.restart(OPEN, Quotas::unlimited());
        let chat = Chat::create(world);
        let member = |world: &mut World<S>| Member {
            reader: chat.reader(world, 0),
            connection: None,
            read: vec![chain_start(chat.topic)],
        };
        let members = (0..5).map(|_| member(world)).collect();
        let rng = ChaCha20Rng::seed_from_u64(seed);
        let log = vec![chain_start(chat.topic)];
        let mut storm = Storm { world, rng, chat, members, log, next: 0 };
        for _ in 0..STEPS {
            storm.step();
        }
        storm.settle();
    }
}

impl<S: Store> Storm<'_, S> {
    fn below(&mut self, end: u32) -> u32 {
        self.rng.next_u32() % end
    }

    fn step(&mut self) {
        let who = self.below(self.members.len() as u32) as usize;
        match self.below(40) {
            0..=17 => self.append(),
            18..=25 => self.read_some(who),
            26..=29 => self.follow(who),
            30 => self.leave(who),
            31..=33 => self.prove(who),
            34 | 35 => self.ack(who),
            36 => self.world.tick(),
            37 => self.world.store.set(Disk::Full),
            38 if self.below(3) == 0 => self.world.store.set(Disk::Gone),
            38 if self.below(8) == 0 => self.restart(),
            _ => self.world.store.set(Disk::Works),
        }
    }

    fn append(&mut self) {
        self.next += 1;
        let size = if self.below(4) == 0 { 90_000 } else { 100 };
        let append = match self.below(12) {
            0 => self.chat.rotation(self.next),
            1 | 2 => self.chat.commit(self.next),
            _ => Append { body: vec![self.next as u8; size].into(), ..self.chat.message(self.next) },
        };
        match self.chat.append(self.world, append.clone()) {
            Ok(TopicResponse::Appended(_)) => {
                // Asked again, as after a lost answer: now with what it says.
                self.world.store.set(Disk::Works);
                self.log.push(self.chat.appended(self.world, append).chain);
            }
            Err(ErrorCode::Storage) => {}
            other => panic!("{other:?}"),
        }
    }

    fn follow(&mut self, who: usize) {
        let member = &mut self.members[who];
        let id = *member.connection.get_or_insert_with(|| self.world.topic_plane());
        let from = member.read.len() as u64 - 1;
        let request = member.reader.follow(from);
        // What waits on the connection is read first, so that the answer is found.
        self.read_all(who);
        let from_now = self.members[who].read.len() as u64 - 1;
        let request = if from_now == from { request } else { self.members[who].reader.follow(from_now) };
        assert!(matches!(
            self.world.ask(id, request),
            Ok(TopicResponse::Followed(_)) | Err(ErrorCode::Storage)
        ));
    }

    fn leave(&mut self, who: usize) {
        if let Some(id) = self.members[who].connection.take() {
            self.world.disconnect(id);
        }
    }

    fn restart(&mut self) {
        self.world.restart(OPEN, Quotas::unlimited());
        self.members.iter_mut().for_each(|member| member.connection = None);
        self.chat.writer = self.world.topic_plane();
    }

    fn prove(&mut self, who: usize) {
        // Only what the log has told them: the newest generation that began within what they have read.
        let auth = self.members[who].reader.auth.clone();
        let capability = self.chat.capability(self.chat.generation);
        let request = TopicRequest::ProveSlot { auth, capability };
        let answer = self.world.ask(self.chat.writer, request);
        assert!(matches!(answer, Ok(TopicResponse::SlotProved(_)) | Err(ErrorCode::Storage)), "{answer:?}");
    }

    fn ack(&mut self, who: usize) {
        let member = &self.members[who];
        // Half of what it has read, so that it may begin again after it lost the rest.
        let seq = Seq(member.read.len() as u64 / 2);
        let request = TopicRequest::AckSlot { auth: member.reader.auth.clone(), seq };
        let answer = self.world.ask(self.chat.writer, request);
        let fine = matches!(
            answer,
            Ok(TopicResponse::SlotAcked(_)) | Err(ErrorCode::Storage | ErrorCode::Malformed)
        );
        assert!(fine, "{answer:?}");
    }

    fn read_some(&mut self, who: usize) {
        for _ in 0..self.rng.next_u32() % 4 {
            if !self.read_one(who) {
                return;
            }
        }
    }

    fn read_all(&mut self, who: usize) {
        while self.read_one(who) {}
    }

    fn read_one(&mut self, who: usize) -> bool {
        let Some(id) = self.members[who].connection else { return false };
        let Some(frame) = self.world.topic_frame(id) else { return false };
        let TopicFrame::Entries(entries) = frame else { panic!("{frame:?}") };
        let read = &mut self.members[who].read;
        let mut chain = entries.prev_chain;
        assert_eq!(Some(&chain), read.last(), "it leads on from what was read before");
        for entry in &entries.entries {
            assert_eq!(entry.seq.0, read.len() as u64);
            chain = entry.chain_after(chain);
            read.push(chain);
        }
        true
    }

    fn settle(&mut self) {
        self.world.store.set(Disk::Works);
        self.world.tick();
        for who in 0..self.members.len() {
            self.prove(who);
            self.follow(who);
            self.read_all(who);
            assert_eq!(self.members[who].read, self.log, "member {who}");
        }
    }
}
