//! The log port over `topics.db`. A batch loads the topics it touches, lets the rules of the ports decide, and writes each
//! topic back once, however many entries it got.

mod append;
mod entries;
mod slots;
mod sweep;
mod topics;

use rusqlite::Connection;
use sotto_ports::logs::Asked;
use sotto_ports::logs::{
    Control, ControlRefused, Controlled, Create, CreateRefused, Created, LogOp, LogOutcome, Logs, ReadLimit,
    ReadTopic, Stretch, TopicRefused, TopicView,
};
use sotto_ports::storage::StorageError;
use sotto_wire::ids::{Day, Seq, TopicId};

use crate::error::{Failure, Stop, outcome};
use crate::store::SqliteStore;
pub(crate) use topics::Topics;

impl Logs for SqliteStore {
    fn apply_to_logs(&mut self, batch: Vec<LogOp>) -> Result<Vec<LogOutcome>, StorageError> {
        let today = batch.iter().filter_map(|op| match op {
            LogOp::Sweep(sweep) => Some(sweep.today),
            _ => None,
        });
        let (today, held) = (today.max(), &mut self.held);
        let applied = self.topics.write(batch, today, |db, ops| {
            held.begin(db)?;
            let mut batch = Batch { db, topics: held };
            let outcomes = ops.iter().map(|op| batch.apply(op)).collect::<Result<_, _>>()?;
            batch.topics.save(db)?;
            Ok(outcomes)
        });
        match applied {
            Ok(_) => self.held.settle(),
            Err(_) => self.held.clear(),
        }
        applied
    }

    fn entries(
        &self,
        topic: TopicId,
        after: Seq,
        to: Option<Seq>,
        limit: ReadLimit,
    ) -> Result<Option<Stretch>, StorageError> {
        self.topics.read(|db| entries::stretch(db, topic, after, to, limit))
    }

    fn due(&self, today: Day, at_most: usize) -> Result<Vec<TopicId>, StorageError> {
        self.topics.read(|db| topics::due(db, today, at_most))
    }

    fn tidy_logs(&mut self) -> Result<(), StorageError> {
        self.topics.tidy()
    }
}

/// The operations of one transaction. Each decides before it writes, so a refused one has nothing to take back.
struct Batch<'db> {
    db: &'db Connection,
    topics: &'db mut Topics,
}

impl Batch<'_> {
    fn apply(&mut self, op: &LogOp) -> Result<LogOutcome, Failure> {
        Ok(match op {
            LogOp::Create(op) => LogOutcome::Create(outcome(self.create(op))?),
            LogOp::Append(op) => LogOutcome::Append(outcome(self.append(op))?),
            LogOp::OpenSlot(op) => LogOutcome::OpenSlot(outcome(self.open_slot(op))?),
            LogOp::ReplaceSecret(op) => LogOutcome::ReplaceSecret(outcome(self.replace_secret(op))?),
            LogOp::Prove(op) => LogOutcome::Prove(outcome(self.prove(op))?),
            LogOp::Ack(op) => LogOutcome::Ack(outcome(self.ack(op))?),
            LogOp::CloseSlot(key) => LogOutcome::CloseSlot(outcome(self.close_slot(key))?),
            LogOp::Control(op) => LogOutcome::Control(outcome(self.control(op))?),
            LogOp::ReadSlot(key) => LogOutcome::ReadSlot(outcome(self.read_slot(key))?),
            LogOp::ReadTopic(op) => LogOutcome::ReadTopic(outcome(self.read_topic(op))?),
            LogOp::Sweep(op) => LogOutcome::Sweep(self.sweep(op)?),
        })
    }

    fn create(&mut self, op: &Create) -> Result<Created, Stop<CreateRefused>> {
        if let Some(held) = self.topics.find(self.db, op.topic)? {
            let same = held.topic.arguments == op.arguments();
            let created = Created { asked: Asked::Again, first: held.topic.first };
            return if same { Ok(created) } else { Err(Stop::Refused(CreateRefused::Exists)) };
        }
        let first = self.topics.create(self.db, op)?;
        Ok(Created { asked: Asked::First, first })
    }

    fn control(&mut self, op: &Control) -> Result<Controlled, Stop<ControlRefused>> {
        let held = self.topics.find(self.db, op.topic)?;
        let held = held.ok_or(Stop::Refused(ControlRefused::TopicUnknown))?;
        let asked = held.topic.control(op).map_err(Stop::Refused)?;
        Ok(Controlled { asked, newest: held.topic.newest })
    }

    fn read_topic(&mut self, op: &ReadTopic) -> Result<TopicView, Stop<TopicRefused>> {
        let held = self.topics.find(self.db, op.topic)?;
        let held = held.ok_or(Stop::Refused(TopicRefused::TopicUnknown))?;
        held.topic.view(&op.capability).map_err(Stop::Refused)
    }
}
