//! What the engine says.

use sotto_engine::EngineError;
use sotto_engine::api::{self as engine, Event, Output, Reply, Target};
use sotto_engine::screen::ConversationNumber;

use super::acting::number;
use super::{Moment, Pending, View, convert};
use crate::connection::Connection;
use crate::keys::ConversationKey;
use crate::notice::Says;
use crate::refusal::Refusal;

impl View {
    pub(super) fn outputs(&mut self, at: Moment<'_>, outputs: &[Output]) -> Result<(), EngineError> {
        for output in outputs {
            match output {
                Output::Event(event) => self.event(at, event)?,
                Output::Reply(id, reply) => {
                    if let Some(pending) = self.pending.remove(id) {
                        match reply {
                            Ok(reply) => self.answered(at, &pending, reply)?,
                            Err(refusal) => self.refused(at, &pending, convert::refusal(refusal)),
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn event(&mut self, at: Moment<'_>, event: &Event) -> Result<(), EngineError> {
        match event {
            Event::Online => {
                if !self.is_clock_off(at) {
                    self.connection = Connection::Online;
                }
            }
            Event::Offline { retry_at, .. } => self.offline(at, *retry_at),
            Event::Message { message } => self.changed.extend(at.engine.conversations_with(message.id)?),
            Event::MessageState { message, .. } => {
                self.changed.extend(at.engine.conversations_with(*message)?)
            }
            Event::Request { conversation } | Event::Conversation { conversation } => {
                self.conversation_changed(at, conversation)?;
            }
            Event::Alarm { .. } => self.everything_changed = true,
            Event::ClockOff { local, server } => {
                let before = self.connection;
                self.connection = Connection::ClockOff { local: *local, server: *server };
                if !self.is_clock_off(at) {
                    self.connection = before;
                }
            }
            Event::ServerRefused { refusal } => {
                self.connection = match refusal {
                    engine::Refusal::ServerTooNew => Connection::ServerTooNew,
                    engine::Refusal::ServerTooOld => Connection::ServerTooOld,
                    engine::Refusal::ServerChanged => Connection::ServerChanged,
                    _ => Connection::Refused,
                };
            }
            Event::Outbox { .. } => {}
        }
        Ok(())
    }

    /// What the engine tells when asked, with the reason that it told once.
    pub(super) fn with_reason(&self, at: Moment<'_>, now: Connection) -> Connection {
        match (self.connection, now) {
            (
                reason @ (Connection::ServerTooNew | Connection::ServerTooOld | Connection::ServerChanged),
                Connection::Refused,
            ) => reason,
            (off @ Connection::ClockOff { .. }, Connection::Online | Connection::Connecting)
                if self.is_clock_off(at) =>
            {
                off
            }
            _ => now,
        }
    }

    /// Whether the clock is still as it was when it was found to be wrong. It is said once, and goes on until it is set.
    fn is_clock_off(&self, at: Moment<'_>) -> bool {
        let Connection::ClockOff { local, server } = self.connection else { return false };
        let now = at.now.minute();
        now.0.abs_diff(local.0) < now.0.abs_diff(server.0)
    }

    fn offline(&mut self, at: Moment<'_>, retry_at: Option<sotto_wire::ids::Millis>) {
        self.connection = match self.connection {
            Connection::Offline { since, .. } => Connection::Offline { since, retry_at },
            Connection::Online | Connection::Connecting => Connection::Offline { since: at.now, retry_at },
            // The reason why stays until there is another one.
            other => other,
        };
    }

    /// Also where two turn out to be one: the other of the same person is looked at again, and found gone.
    fn conversation_changed(
        &mut self,
        at: Moment<'_>,
        view: &engine::ConversationView,
    ) -> Result<(), EngineError> {
        if let Some(target) = convert::target(view) {
            self.changed.extend(at.engine.conversation_number(&target)?);
        }
        let same = |other: &engine::ConversationView| {
            (other.handle.is_some() && other.handle == view.handle)
                || (other.peer.is_some() && other.peer == view.peer)
        };
        let others = self.known.values().filter(|state| same(&state.view)).map(|state| state.number);
        let others: Vec<ConversationNumber> = others.collect();
        self.changed.extend(others);
        Ok(())
    }

    fn answered(&mut self, at: Moment<'_>, pending: &Pending, reply: &Reply) -> Result<(), EngineError> {
        match (pending, reply) {
            (Pending::Prepare, Reply::RecoveryWords { words }) => self.words_made(words),
            (Pending::Register, Reply::Registered { .. }) => self.registered(),
            (Pending::Send { written, conversation, .. }, Reply::Queued { message }) => {
                if let Some(open) = &mut self.open {
                    open.stored_as(*written, *message);
                }
                self.begin_anew(*conversation);
            }
            (Pending::OpenHandle(handle), _) => {
                let number = at.engine.conversation_number(&Target::Handle(handle.clone()))?;
                if let Some(number) = number {
                    self.open_thread(at, number)?;
                }
            }
            (Pending::Name, _) => self.notice(Says::NameSaved),
            (Pending::AlarmSeen, _) => self.everything_changed = true,
            (Pending::Else | Pending::Quiet, _) => self.connection_answer(at),
            _ => {}
        }
        Ok(())
    }

    // Switching the connection on or off is answered before anything is up.
    fn connection_answer(&mut self, at: Moment<'_>) {
        let now = self.connection_now(at);
        if (now == Connection::Off) != (self.connection == Connection::Off) {
            self.connection = now;
        }
    }

    pub(super) fn refused(&mut self, _at: Moment<'_>, pending: &Pending, refusal: Refusal) {
        match pending {
            Pending::Prepare | Pending::Register => self.sign_up_refused(refusal),
            Pending::Send { written, conversation, text } => {
                self.put_back(*written, *conversation, text);
                self.notice(Says::NotSent(refusal));
            }
            Pending::Name => self.settings_refusal = Some(refusal),
            Pending::OpenHandle(_) | Pending::AlarmSeen | Pending::Else => {
                self.notice(Says::Refused(refusal))
            }
            Pending::Quiet => {}
        }
    }

    /// What was begun is sent; the draft is what was begun since.
    fn begin_anew(&mut self, conversation: ConversationKey) {
        let open = self.open.as_ref().filter(|open| open.number == number(conversation));
        let since = open.map_or(String::new(), |open| open.draft.clone());
        self.save_draft(conversation, since);
    }

    /// The text goes back to where it was written, before whatever was begun since.
    fn put_back(&mut self, written: u64, conversation: ConversationKey, text: &str) {
        let since = match &mut self.open {
            Some(open) if open.number == number(conversation) => open.take_back(written),
            _ => {
                let known = self.known.get(&number(conversation));
                known.and_then(|state| state.draft.clone()).unwrap_or_default()
            }
        };
        let both = if since.is_empty() { text.to_owned() } else { format!("{text}\n{since}") };
        self.set_draft(conversation, &both);
    }
}
