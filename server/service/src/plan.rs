//! From a request to the operations it needs, and from their outcomes to its answer.
//!
//! Each request has a file under `account/` or `topic/` with a `plan`: it checks what needs no store, reads what
//! it must know first, and says which operation decides the rest and how the outcome becomes an answer.

use rand_core::CryptoRngCore;
use sotto_ports::{DirectoryOp, DirectoryOutcome, LogOp, LogOutcome, StorageError, Store};
use sotto_wire::ids::Millis;
use sotto_wire::proto::ErrorCode;

use crate::batch::{Answer, Batch};
use crate::connection::ConnectionId;
use crate::connections::{Connection, Who};
use crate::refused::Refused;
use crate::state::State;

/// What is at hand when a request is looked at first.
pub(crate) struct Ask<'a, S> {
    pub(crate) store: &'a S,
    pub(crate) state: &'a mut State,
    pub(crate) connection: ConnectionId,
    pub(crate) now: Millis,
    pub(crate) entropy: &'a mut dyn CryptoRngCore,
}

/// What is at hand when the operations are done, and durable.
pub(crate) struct Done<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) batch: &'a mut Batch,
    pub(crate) connection: ConnectionId,
}

/// An outcome becomes an answer.
pub(crate) type AfterDirectory = Box<dyn FnOnce(&mut Done<'_>, DirectoryOutcome) -> Result<Answer, Refused>>;
/// Outcomes become an answer; one for each operation.
pub(crate) type AfterLogs = Box<dyn FnOnce(&mut Done<'_>, Vec<LogOutcome>) -> Result<Answer, Refused>>;

/// What a request needs.
pub(crate) enum Plan {
    /// Nothing more.
    Answer(Answer),
    /// One step on the directory.
    Directory(DirectoryOp, AfterDirectory),
    /// Steps on the logs; also none, where only the order among them matters.
    Logs(Vec<LogOp>, AfterLogs),
}

/// A plan, or why the request is refused outright.
pub(crate) type Planned = Result<Plan, Refused>;

impl Plan {
    pub(crate) fn directory<F>(op: DirectoryOp, after: F) -> Self
    where
        F: FnOnce(&mut Done<'_>, DirectoryOutcome) -> Result<Answer, Refused> + 'static,
    {
        Self::Directory(op, Box::new(after))
    }

    pub(crate) fn log<F>(op: LogOp, after: F) -> Self
    where
        F: FnOnce(&mut Done<'_>, LogOutcome) -> Result<Answer, Refused> + 'static,
    {
        Self::Logs(
            vec![op],
            Box::new(move |done, mut outcomes| match outcomes.pop() {
                Some(outcome) => after(done, outcome),
                None => Err(mismatch()),
            }),
        )
    }
}

/// The store answered another operation than it was asked: a bug of ours, not of the peer.
pub(crate) fn mismatch() -> Refused {
    ErrorCode::Internal.into()
}

impl<S: Store> Ask<'_, S> {
    /// The connection; it is there while one of its requests is handled.
    pub(crate) fn peer(&mut self) -> Result<&mut Connection, Refused> {
        self.state.connections.get_mut(self.connection).ok_or_else(mismatch)
    }

    /// Counts a request that costs a check of signatures.
    pub(crate) fn charge_check(&mut self) -> Result<(), Refused> {
        self.charge_checks(1)
    }

    /// Counts checks of signatures.
    pub(crate) fn charge_checks(&mut self, cost: u32) -> Result<(), Refused> {
        let (rate, now) = (self.state.quotas.checks_per_connection, self.now);
        Ok(self.peer()?.checks.take(rate, cost, now)?)
    }

    /// Counts a read or another small request.
    pub(crate) fn charge_read(&mut self) -> Result<(), Refused> {
        let (rate, now) = (self.state.quotas.reads_per_connection, self.now);
        Ok(self.peer()?.reads.take(rate, 1, now)?)
    }

    /// Reads what has been committed.
    pub(crate) fn read<T>(&mut self, read: impl FnOnce(&S) -> Result<T, StorageError>) -> Result<T, Refused> {
        read(self.store).map_err(|error| {
            self.state.storage_failed(error);
            ErrorCode::Storage.into()
        })
    }

    /// Whose connection this is.
    pub(crate) fn who(&mut self) -> Result<Who, Refused> {
        let side = self.state.connections.account(self.connection);
        side.and_then(|side| side.who).ok_or_else(|| ErrorCode::Unauthenticated.into())
    }
}

/// Takes the outcome of the variant that was asked for.
macro_rules! outcome {
    ($outcome:expr, $variant:path) => {
        match $outcome {
            $variant(outcome) => outcome,
            _ => return Err($crate::plan::mismatch()),
        }
    };
}
pub(crate) use outcome;
