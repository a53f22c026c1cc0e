//! The server's store without the server: what sockets, service and signatures leave of it shows beside it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sotto_ports::Logs as _;
use sotto_ports::logs::{Append, Create, LogOp, LogOutcome};
use sotto_sqlite::SqliteStore;
use sotto_wire::digest::{EntryKind, body_hash};
use sotto_wire::ids::{AppendId, CapabilityHash, Minute, PublicKey, Seq, TopicId};
use sotto_wire::topic::{ControlKeys, TtlDays};

/// Topics made in one transaction.
const TOPICS_AT_ONCE: u64 = 1_024;
const CAPABILITY: CapabilityHash = CapabilityHash::new([1; 32]);
/// Some minute of the year 2024.
const MINUTE: Minute = Minute(28_800_000);

/// A store with topics in it.
pub struct Store {
    store: SqliteStore,
    topics: Vec<TopicId>,
    body: Bytes,
    dice: ChaCha8Rng,
    appended: u128,
}

impl Store {
    /// A fresh one with so many topics.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn make(dir: &Path, topics: u64, body_bytes: usize) -> anyhow::Result<Self> {
        let mut store = SqliteStore::open(dir)?;
        let topics: Vec<TopicId> = (0..topics).map(topic).collect();
        for some in topics.chunks(TOPICS_AT_ONCE as usize) {
            store.apply_to_logs(some.iter().map(|topic| create(*topic)).collect::<anyhow::Result<_>>()?)?;
        }
        let mut dice = ChaCha8Rng::seed_from_u64(2);
        let mut body = vec![0; body_bytes];
        dice.fill_bytes(&mut body);
        Ok(Self { store, topics, body: body.into(), dice, appended: 0 })
    }

    /// Appends a second, with so many in each batch.
    ///
    /// # Errors
    /// When one is refused or the disk fails.
    pub fn rate(&mut self, batch: usize, during: Duration) -> anyhow::Result<f64> {
        let (begun, mut done) = (Instant::now(), 0);
        while begun.elapsed() < during {
            let appends = (0..batch).map(|_| self.append()).collect();
            let outcomes = self.store.apply_to_logs(appends)?;
            let accepted = |outcome: &LogOutcome| matches!(outcome, LogOutcome::Append(Ok(_)));
            ensure!(outcomes.iter().all(accepted), "the store refuses an append");
            done += batch;
        }
        Ok(done as f64 / begun.elapsed().as_secs_f64())
    }

    /// Closes it: what follows finds all of it in the database file.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn close(self) -> anyhow::Result<()> {
        Ok(self.store.close()?)
    }

    fn append(&mut self) -> LogOp {
        self.appended += 1;
        LogOp::Append(Append {
            topic: self.topics[self.dice.next_u64() as usize % self.topics.len()],
            capability: CAPABILITY,
            kind: EntryKind::Application,
            version: 1,
            expect_head: Seq(0),
            append_id: AppendId::new(self.appended.to_be_bytes()),
            body_hash: body_hash(&self.body),
            body: self.body.clone(),
            minute: MINUTE,
            rotate: None,
            open_slots: Vec::new(),
        })
    }
}

fn topic(number: u64) -> TopicId {
    let mut bytes = [0; 32];
    ChaCha8Rng::seed_from_u64(number).fill_bytes(&mut bytes);
    TopicId::new(bytes)
}

fn create(topic: TopicId) -> anyhow::Result<LogOp> {
    Ok(LogOp::Create(Create {
        topic,
        capability: CAPABILITY,
        control_keys: ControlKeys::new(vec![PublicKey::new([2; 32])])?,
        ttl: TtlDays::new(30).ok_or_else(|| anyhow::anyhow!("30 days are refused"))?,
    }))
}
