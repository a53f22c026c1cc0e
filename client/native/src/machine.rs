//! What the worker drives: the engine, or in tests something smaller that answers alike.

use rand_core::CryptoRngCore;
use sotto_engine::api::{Input, Output};
use sotto_engine::{Cause, Engine, EngineError, StorageError};
use sotto_wire::ids::Millis;

use crate::database::StorageTrouble;
use crate::exchange::{Answer, Question};
use crate::limits::HISTORY_PAGE_MAX;

/// What came of one input.
pub(crate) struct Handled {
    /// To be carried out in order, whether or not there was trouble.
    pub(crate) outputs: Vec<Output>,
    /// The input was not handled: its transaction was rolled back.
    pub(crate) trouble: Option<StorageTrouble>,
}

/// A state machine over a database: one input, one transaction, then the outputs.
pub(crate) trait Machine: Send + 'static {
    fn handle(&mut self, now: Millis, entropy: &mut dyn CryptoRngCore, input: Input) -> Handled;

    fn answer(&self, question: &Question) -> Result<Answer, StorageTrouble>;

    /// Base URL of the account's server, once one is prepared.
    fn server(&self) -> Option<String>;
}

impl Machine for Engine {
    fn handle(&mut self, now: Millis, entropy: &mut dyn CryptoRngCore, input: Input) -> Handled {
        match Engine::handle(self, now, entropy, input) {
            Ok(outputs) => Handled { outputs, trouble: None },
            Err(mut error) => Handled { outputs: error.outputs(), trouble: Some(error.into()) },
        }
    }

    fn answer(&self, question: &Question) -> Result<Answer, StorageTrouble> {
        Ok(match question {
            Question::Account => Answer::Account(self.account()?),
            Question::Conversations => Answer::Conversations(self.conversations()?),
            Question::Requests => Answer::Conversations(self.requests()?),
            Question::Resolve(target) => Answer::Conversation(self.resolve(target)?.map(Box::new)),
            Question::History { of, limit, before } => {
                Answer::Messages(self.history(of, (*limit).min(HISTORY_PAGE_MAX), *before)?)
            }
            Question::Message(id) => Answer::Message(self.message(*id)?.map(Box::new)),
            Question::Alarms => Answer::Alarms(self.alarms()?),
            Question::Outbox => Answer::Outbox(self.outbox()?),
        })
    }

    fn server(&self) -> Option<String> {
        // A database that cannot be read now will say so to the next input.
        self.account().ok().flatten().map(|account| account.server)
    }
}

impl From<EngineError> for StorageTrouble {
    fn from(error: EngineError) -> Self {
        match error.cause {
            Cause::Storage(error) => error.into(),
            Cause::Bug(place) => Self::Internal { place: place.to_owned() },
        }
    }
}

impl From<StorageError> for StorageTrouble {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Full => Self::Full,
            StorageError::Corrupt => Self::Damaged,
            StorageError::Busy => Self::Other { code: rusqlite::ffi::SQLITE_BUSY },
            StorageError::Io => Self::Io,
            StorageError::Other(code) => Self::Other { code },
        }
    }
}
