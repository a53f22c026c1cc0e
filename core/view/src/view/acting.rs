//! What a person does.

use sotto_engine::EngineError;
use sotto_engine::api::{Command, Target};
use sotto_engine::screen::ConversationNumber;
use sotto_wire::ids::{Handle, HandleError};

use super::open::Open;
use super::pinned::Undo;
use super::screens::Shown;
use super::{Moment, Pending, View, convert};
use crate::Update;
use crate::action::Action;
use crate::alarms::AlarmDetails;
use crate::composer::Weight;
use crate::keys::{AlarmKey, ConversationKey, LineKey};
use crate::notice::Says;
use crate::refusal::Refusal;
use crate::settings::{Kept, Storage};
use crate::timeline::Edge;

impl View {
    pub(super) fn action(&mut self, at: Moment<'_>, action: Action) -> Result<(), EngineError> {
        match action {
            Action::Profile(_) => {}
            Action::Refresh => self.refresh(at)?,
            Action::Prepare { server, handle, invite } => self.prepare(&server, &handle, &invite),
            Action::WordsWritten => self.words_written(),
            Action::ConfirmWords { words } => self.confirm_words(&words),
            Action::Back => self.back(),
            Action::Open { conversation } => self.open_thread(at, number(conversation))?,
            Action::OpenHandle { handle } => self.open_handle(at, &handle)?,
            Action::Close => self.close_thread(),
            Action::LoadOlder => self.load(at, Open::older)?,
            Action::LoadNewer => self.load(at, Open::newer)?,
            Action::JumpToNewest => self.load(at, Open::newest)?,
            Action::Seen { line } => self.seen(line),
            Action::Away => self.away(),
            Action::Draft { conversation, text } => self.draft(conversation, text),
            Action::DiscardDraft { conversation } => self.discard_draft(at, conversation),
            Action::Send { text } => self.send(at, &text),
            Action::Retry { conversation } => {
                self.about(conversation, |conversation| Command::Retry { conversation })
            }
            Action::DiscardLine { line } => self.discard_line(at, line),
            Action::Accept { conversation } => {
                self.keep(conversation);
                self.about(conversation, |who| Command::Accept { who });
            }
            Action::Decline { conversation } => self.decline(at, conversation),
            Action::Block { conversation } => self.block(at, conversation),
            Action::Unblock { conversation } => self.about(conversation, |who| Command::Unblock { who }),
            Action::StartOver { conversation } => {
                self.about(conversation, |conversation| Command::StartOver { conversation });
            }
            Action::OpenContact { conversation } => self.contact = Some(number(conversation)),
            Action::CloseContact => self.contact = None,
            Action::SetName { name } => {
                self.settings_refusal = None;
                self.command(Command::SetDisplayName { name }, Pending::Name);
            }
            Action::SetOnline { online } => self.command(Command::SetOnline { online }, Pending::Else),
            Action::AlarmSeen { alarm } => {
                self.command(Command::AcknowledgeAlarm { alarm: alarm.0 }, Pending::AlarmSeen);
            }
            Action::OpenAlarmDetails { alarm } => self.alarm_details(at, alarm)?,
            Action::Undo { notice } => self.undo(notice),
            Action::Dismiss { notice } => self.dismiss(notice),
            Action::StorageIs(storage) => self.storage_is(storage),
        }
        Ok(())
    }

    /// The screen has nothing, or lost its place: it is told everything.
    fn refresh(&mut self, at: Moment<'_>) -> Result<(), EngineError> {
        let first = !self.started;
        self.started = true;
        self.everything_changed = true;
        self.shown = Shown::default();
        self.shown.nothing_told = true;
        self.connection = self.with_reason(at, self.connection_now(at));
        if first {
            self.resume(at)?;
        }
        if let Some(open) = &mut self.open {
            open.tell_all();
        }
        Ok(())
    }

    /// A command about a conversation; a refusal becomes a notice.
    pub(super) fn about(&mut self, conversation: ConversationKey, command: impl FnOnce(Target) -> Command) {
        self.about_quietly(conversation, command, Pending::Else);
    }

    fn about_quietly(
        &mut self,
        conversation: ConversationKey,
        command: impl FnOnce(Target) -> Command,
        pending: Pending,
    ) {
        match self.target(number(conversation)) {
            Some(target) => self.command(command(target), pending),
            None if pending == Pending::Quiet => {}
            None => self.notice(Says::Refused(Refusal::ConversationUnknown)),
        }
    }

    pub(super) fn target(&self, number: ConversationNumber) -> Option<Target> {
        self.known.get(&number).and_then(|state| convert::target(&state.view))
    }

    pub(super) fn open_thread(
        &mut self,
        at: Moment<'_>,
        number: ConversationNumber,
    ) -> Result<(), EngineError> {
        if self.open.as_ref().is_some_and(|open| open.number == number) {
            return Ok(());
        }
        let Some(state) = at.engine.conversation_state(number)? else {
            self.notice(Says::Refused(Refusal::ConversationUnknown));
            return Ok(());
        };
        let open = Open::read(at, number, state.unread > 0, state.draft.clone().unwrap_or_default())?;
        self.known.insert(number, state);
        self.everything_changed = true;
        self.open = Some(open);
        Ok(())
    }

    fn open_handle(&mut self, at: Moment<'_>, handle: &str) -> Result<(), EngineError> {
        let handle = match parse_handle(handle) {
            Ok(handle) => handle,
            Err(refusal) => {
                self.notice(Says::Refused(refusal));
                return Ok(());
            }
        };
        match at.engine.conversation_number(&Target::Handle(handle.clone()))? {
            Some(number) => self.open_thread(at, number)?,
            None => {
                let command = Command::OpenConversation { with: handle.clone() };
                self.command(command, Pending::OpenHandle(handle));
            }
        }
        Ok(())
    }

    fn close_thread(&mut self) {
        self.open = None;
        self.everything_changed = true;
    }

    fn load(
        &mut self,
        at: Moment<'_>,
        more: impl FnOnce(&mut Open, Moment<'_>) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        match &mut self.open {
            Some(open) => more(open, at),
            None => Ok(()),
        }
    }

    fn seen(&mut self, line: LineKey) {
        let Some(open) = &mut self.open else { return };
        let up_to = open.seen(line);
        let conversation = ConversationKey(open.number.0);
        if let Some(up_to) = up_to {
            let mark = |conversation| Command::MarkRead { conversation, up_to };
            self.about_quietly(conversation, mark, Pending::Quiet);
        }
    }

    fn away(&mut self) {
        if let Some(open) = &mut self.open {
            open.away();
        }
    }

    fn draft(&mut self, conversation: ConversationKey, text: String) {
        if let Some(open) = self.open.as_mut().filter(|open| open.number == number(conversation)) {
            open.draft.clone_from(&text);
        }
        self.save_draft(conversation, text);
    }

    pub(super) fn save_draft(&mut self, conversation: ConversationKey, text: String) {
        let save = |conversation| Command::SaveDraft { conversation, text };
        self.about_quietly(conversation, save, Pending::Quiet);
    }

    fn discard_draft(&mut self, at: Moment<'_>, conversation: ConversationKey) {
        let open = self.open.as_ref().filter(|open| open.number == number(conversation));
        let begun = match open {
            Some(open) => open.draft.clone(),
            None => {
                let known = self.known.get(&number(conversation));
                known.and_then(|state| state.draft.clone()).unwrap_or_default()
            }
        };
        if begun.is_empty() {
            return;
        }
        self.set_draft(conversation, "");
        self.pin(at, Says::DraftDiscarded { conversation }, Undo::Draft { conversation, text: begun });
    }

    /// Replaces what stands in the composer, here and in the tables.
    pub(super) fn set_draft(&mut self, conversation: ConversationKey, text: &str) {
        if let Some(open) = self.open.as_mut().filter(|open| open.number == number(conversation)) {
            open.put_draft(text);
        }
        self.save_draft(conversation, text.to_owned());
    }

    fn send(&mut self, at: Moment<'_>, text: &str) {
        let Some(number) = self.open.as_ref().map(|open| open.number) else { return };
        let text = text.trim_end();
        let refusal = match Weight::of(text) {
            Weight::Empty => Some(Refusal::TextEmpty),
            Weight::TooLong { over } => Some(Refusal::TextTooLong { over }),
            Weight::Fits | Weight::NearlyFull { .. } => None,
        };
        if let Some(refusal) = refusal {
            self.notice(Says::NotSent(refusal));
            return;
        }
        let Some(to) = self.target(number) else {
            self.notice(Says::NotSent(Refusal::ConversationUnknown));
            return;
        };
        let written = self.number();
        if let Some(open) = &mut self.open {
            open.write(at, written, text);
        }
        let pending =
            Pending::Send { written, conversation: ConversationKey(number.0), text: text.to_owned() };
        self.command(Command::Send { to, text: text.to_owned() }, pending);
    }

    fn discard_line(&mut self, at: Moment<'_>, line: LineKey) {
        let Some(open) = &mut self.open else { return };
        let Some(stored) = open.stored(line) else { return };
        let conversation = ConversationKey(open.number.0);
        self.pin(at, Says::Discarded, Undo::Line { conversation, line: stored });
    }

    fn decline(&mut self, at: Moment<'_>, conversation: ConversationKey) {
        let Some(state) = self.known.get(&number(conversation)) else { return };
        let person = convert::person(&state.view);
        if self.open.as_ref().is_some_and(|open| open.number == number(conversation)) {
            self.close_thread();
        }
        self.everything_changed = true;
        self.pin(at, Says::Declined { person }, Undo::Decline { conversation });
    }

    fn block(&mut self, at: Moment<'_>, conversation: ConversationKey) {
        let Some(state) = self.known.get(&number(conversation)) else { return };
        let person = convert::person(&state.view);
        self.keep(conversation);
        self.about(conversation, |who| Command::Block { who });
        self.pin(at, Says::Blocked { person }, Undo::Block { conversation });
    }

    fn alarm_details(&mut self, at: Moment<'_>, alarm: AlarmKey) -> Result<(), EngineError> {
        let Some(known) = self.alarms.iter().find(|known| known.id == alarm.0) else { return Ok(()) };
        let kind = format!("{:?}", known.kind);
        if let Some(evidence) = at.engine.evidence(alarm.0)? {
            let evidence = evidence.iter().map(|byte| format!("{byte:02x}")).collect();
            self.update(Update::AlarmDetails(AlarmDetails { key: alarm, kind, evidence }));
        }
        Ok(())
    }

    fn storage_is(&mut self, storage: Storage) {
        let worse = storage.kept != self.storage.kept;
        self.storage = storage;
        match storage.kept {
            // Told when the browser was asked; what a window begins with stands in the settings.
            Kept::BestEffort if worse && self.started => self.notice(Says::NotKept),
            Kept::NearlyFull | Kept::Full if worse => self.notice(Says::NearlyFull),
            Kept::Failing if worse => self.notice(Says::Failing),
            _ => {}
        }
    }
}

pub(super) fn number(conversation: ConversationKey) -> ConversationNumber {
    ConversationNumber(conversation.0)
}

/// What a person types for a handle: capitals are theirs to mistake.
pub(super) fn parse_handle(typed: &str) -> Result<Handle, Refusal> {
    Handle::parse(&typed.trim().to_lowercase()).map_err(|error| match error {
        HandleError::Length => Refusal::HandleLength,
        HandleError::Character => Refusal::HandleCharacter,
        HandleError::Dots => Refusal::HandleDots,
    })
}

impl Open {
    /// Whether the window ends with the newest line.
    pub(super) fn at_end(&self) -> bool {
        self.newer == Edge::End
    }
}
