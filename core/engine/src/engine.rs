//! The engine: takes an input, changes the tables in one transaction, says what to do.

use bytes::Bytes;
use rand_core::CryptoRngCore;
use rusqlite::{Connection, TransactionBehavior};
use sotto_wire::ids::{MessageId, Millis, TopicId};

use crate::api::{
    AccountView, Alarm, CommandId, ConversationView, Event, Input, LegView, MessageView, OutboxKind,
    OutboxState, Output, Plane, Refusal, Reply, Target,
};
use crate::error::{Cause, EngineError, OpenError, Step};
use crate::net::Net;
use crate::query;
use crate::screen::{self, ConversationNumber, ConversationState, Line, Page, Presence};
use crate::store::Db;
use crate::store::account::{Account, AccountState};
use crate::store::conversations::ConversationKey;
use crate::store::schema::migrate;

/// One profile: its tables, and what is known of its connections.
///
/// Time and randomness are arguments; nothing in here waits. When [`handle`](Self::handle) returns, its transaction
/// is on disk or did not happen.
pub struct Engine {
    connection: Connection,
    net: Net,
}

/// An item of the outbox, for people and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OutboxItem {
    /// Its number.
    pub item: i64,
    /// What it carries.
    pub kind: OutboxKind,
    /// Where it is.
    pub state: OutboxState,
    /// Its topic, once it has one.
    pub topic: Option<TopicId>,
}

impl Engine {
    /// Opens the engine on a connection that is already keyed; creates or migrates the tables.
    ///
    /// # Errors
    /// When the database is of a newer version, damaged, or cannot be read.
    pub fn open(mut connection: Connection) -> Result<Self, OpenError> {
        migrate(&mut connection)?;
        connection.set_prepared_statement_cache_capacity(96);
        Ok(Self { connection, net: Net::default() })
    }

    /// Handles one input as one transaction. The outputs are to be carried out in order.
    ///
    /// # Errors
    /// When the tables could not be changed; nothing was, and the engine let go of its connections:
    /// [`EngineError::outputs`] says what to do.
    pub fn handle(
        &mut self,
        now: Millis,
        entropy: &mut dyn CryptoRngCore,
        input: Input,
    ) -> Result<Vec<Output>, EngineError> {
        match self.step(now, entropy, input) {
            Ok(outputs) => Ok(outputs),
            Err(cause) => Err(EngineError { cause, outputs: self.let_go(now) }),
        }
    }

    fn step(&mut self, now: Millis, entropy: &mut dyn CryptoRngCore, input: Input) -> Step<Vec<Output>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let db = Db(&transaction);
        let mut work = Work {
            db,
            net: &mut self.net,
            now,
            entropy,
            account: db.account()?,
            out: Vec::new(),
            more: false,
        };
        work.dispatch(input)?;
        work.pump()?;
        let outputs = work.finish()?;
        transaction.commit()?;
        Ok(outputs)
    }

    // What is in memory may be ahead of the tables now: start over from them.
    fn let_go(&mut self, now: Millis) -> Vec<Output> {
        let online = self.net.online;
        let registering = self.net.registering.take();
        let waiting = std::mem::take(&mut self.net.syncs);
        self.net = Net { online, syncs: waiting, registering, ..Net::default() };
        let retry = Millis(now.0 + crate::limits::RETRY_MS_FIRST);
        self.net.account.retry_at = Some(retry);
        self.net.topic.retry_at = Some(retry);
        self.net.wake_at = Some(retry);
        vec![Output::Disconnect(Plane::Account), Output::Disconnect(Plane::Topic), Output::WakeAt(retry)]
    }

    /// This profile's account, once one is prepared.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn account(&self) -> Result<Option<AccountView>, EngineError> {
        read(query::account(self.db()))
    }

    /// Conversations, newest activity first; requests and blocked people are not among them.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn conversations(&self) -> Result<Vec<ConversationView>, EngineError> {
        read(query::conversations(self.db()))
    }

    /// Message requests.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn requests(&self) -> Result<Vec<ConversationView>, EngineError> {
        read(query::requests(self.db()))
    }

    /// What is meant by a target, whatever its standing.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn resolve(&self, target: &Target) -> Result<Option<ConversationView>, EngineError> {
        read(query::resolve(self.db(), target))
    }

    /// A timeline, oldest first: the last `limit` lines before `before`.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn history(
        &self,
        target: &Target,
        limit: usize,
        before: Option<MessageId>,
    ) -> Result<Vec<MessageView>, EngineError> {
        read(query::history(self.db(), target, limit, before))
    }

    /// One message.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn message(&self, message: MessageId) -> Result<Option<MessageView>, EngineError> {
        read(self.db().find_message(message))
    }

    /// Alarms, oldest first.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn alarms(&self) -> Result<Vec<Alarm>, EngineError> {
        read(self.db().alarms())
    }

    /// What is still to leave this device.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn outbox(&self) -> Result<Vec<OutboxItem>, EngineError> {
        read(query::outbox(self.db()))
    }

    /// Where this device stands on each leg, for comparing it with where another stands. Reads only; the entropy
    /// seeds a workspace that draws nothing.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn legs(&self, entropy: &mut dyn CryptoRngCore) -> Result<Vec<LegView>, EngineError> {
        read(query::legs(self.db(), entropy))
    }

    /// All conversations, whatever their standing, with what only a screen asks for; in no order.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn conversation_states(&self) -> Result<Vec<ConversationState>, EngineError> {
        read(screen::states(self.db()))
    }

    /// One of them.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn conversation_state(
        &self,
        conversation: ConversationNumber,
    ) -> Result<Option<ConversationState>, EngineError> {
        read(screen::state(self.db(), conversation))
    }

    /// The number of the conversation that is meant by a target.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn conversation_number(&self, target: &Target) -> Result<Option<ConversationNumber>, EngineError> {
        read(screen::number(self.db(), target))
    }

    /// Conversations with a line of this id: one, unless somebody used an id twice.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn conversations_with(&self, message: MessageId) -> Result<Vec<ConversationNumber>, EngineError> {
        read(self.db().conversations_with(message))
    }

    /// Lines of a timeline, oldest first.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn lines(
        &self,
        conversation: ConversationNumber,
        page: Page,
        limit: usize,
    ) -> Result<Vec<Line>, EngineError> {
        read(self.db().lines(conversation, page, limit))
    }

    /// Whether the person asked to register the prepared account: once connected, it goes on by itself.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn is_registering(&self) -> Result<bool, EngineError> {
        read(
            self.db()
                .account()
                .map(|account| account.is_some_and(|account| account.state == AccountState::Registering)),
        )
    }

    /// How the connections stand, for a window that opens meanwhile: events tell the changes.
    pub fn presence(&self) -> Presence {
        if !self.net.online {
            return Presence::Off;
        }
        if self.net.was_online {
            return Presence::Online;
        }
        if self.net.refused {
            return Presence::Refused;
        }
        let retries = [self.net.account.retry_at, self.net.topic.retry_at];
        match retries.into_iter().flatten().max() {
            Some(retry_at) => Presence::Waiting { retry_at },
            None => Presence::Connecting,
        }
    }

    /// What is kept of an alarm to show to others.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn evidence(&self, alarm: i64) -> Result<Option<Vec<u8>>, EngineError> {
        read(self.db().evidence(alarm))
    }

    /// Gives the connection back, for closing it or changing its key.
    pub fn into_connection(self) -> Connection {
        self.connection
    }

    fn db(&self) -> Db<'_> {
        Db(&self.connection)
    }
}

fn read<T>(result: Step<T>) -> Result<T, EngineError> {
    result.map_err(|cause| EngineError { cause, outputs: Vec::new() })
}

/// One input being worked on.
pub(crate) struct Work<'t> {
    pub(crate) db: Db<'t>,
    pub(crate) net: &'t mut Net,
    pub(crate) now: Millis,
    pub(crate) entropy: &'t mut dyn CryptoRngCore,
    pub(crate) account: Option<Account>,
    pub(crate) out: Vec<Output>,
    /// Another transaction has work at once.
    pub(crate) more: bool,
}

impl Work<'_> {
    fn dispatch(&mut self, input: Input) -> Step<()> {
        match input {
            Input::Command(id, command) => self.command(id, command),
            Input::Opened(plane) => self.opened(plane),
            Input::Frame(plane, frame) => self.frame(plane, &frame),
            Input::Closed(plane) => self.closed(plane),
            Input::Tick => self.tick(),
            Input::Continue => Ok(()),
        }
    }

    fn finish(mut self) -> Step<Vec<Output>> {
        if let Some(at) = self.wake_time()? {
            if self.net.wake_at != Some(at) {
                self.out.push(Output::WakeAt(at));
            }
            self.net.wake_at = Some(at);
        }
        if self.more {
            self.out.push(Output::Continue);
        }
        Ok(self.out)
    }

    pub(crate) fn reply(&mut self, id: CommandId, reply: Result<Reply, Refusal>) {
        self.out.push(Output::Reply(id, reply));
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.out.push(Output::Event(event));
    }

    pub(crate) fn send(&mut self, plane: Plane, frame: Bytes) {
        self.out.push(Output::Frame(plane, frame));
    }

    pub(crate) fn show_conversation(&mut self, key: ConversationKey) -> Step<()> {
        let conversation = query::view(self.db, &self.db.conversation(key)?)?;
        self.event(Event::Conversation { conversation });
        Ok(())
    }

    pub(crate) fn account(&self) -> Step<&Account> {
        self.account.as_ref().ok_or(Cause::Bug("no account"))
    }

    pub(crate) fn random_below(&mut self, limit: u64) -> u64 {
        self.entropy.next_u64() % limit.max(1)
    }
}
