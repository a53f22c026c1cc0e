//! The engine's types become the screen's: nowhere else do the two meet.

use sotto_engine::api as engine;
use sotto_engine::screen::{ConversationState, Line};
use sotto_engine::{Cause, StorageError};
use sotto_wire::ids::Millis;

use super::assemble::Written;
use crate::alarms::AlarmKind;
use crate::calendar::{LocalTime, Zone};
use crate::conversations::{ConversationRow, LastLine, LastSays, RequestRow};
use crate::keys::{ConversationKey, LineKey};
use crate::name::Person;
use crate::refusal::Refusal;
use crate::settings::Me;
use crate::text;
use crate::thread::Standing;
use crate::timeline::{Body, OwnState, SendFailure, Unreadable};

pub(super) fn key(state: &ConversationState) -> ConversationKey {
    ConversationKey(state.number.0)
}

pub(super) fn person(view: &engine::ConversationView) -> Person {
    let name = view.display_name.as_deref().and_then(text::name);
    Person { handle: view.handle.clone(), name, verified: view.verified }
}

/// How to name a conversation to the engine. None: it has neither id nor handle, so nothing can be asked about it.
pub(super) fn target(view: &engine::ConversationView) -> Option<engine::Target> {
    let by_id = view.id.map(engine::Target::Conversation);
    by_id
        .or_else(|| view.handle.clone().map(engine::Target::Handle))
        .or_else(|| view.peer.map(engine::Target::Account))
}

pub(super) fn standing(standing: engine::Standing) -> Standing {
    match standing {
        engine::Standing::Open => Standing::Open,
        engine::Standing::Request => Standing::Request,
        engine::Standing::Declined => Standing::Declined,
        engine::Standing::Blocked => Standing::Blocked,
    }
}

/// When a line was written, as far as both the writer and the server can be believed.
pub(super) fn written_at(line: &engine::MessageView) -> Millis {
    match line.minute {
        Some(minute) => {
            let begins = minute.0.saturating_mul(60_000);
            Millis(line.sent_at.0.clamp(begins, begins.saturating_add(59_999)))
        }
        None => line.sent_at,
    }
}

pub(super) fn written(line: &Line, key: LineKey, zone: &dyn Zone) -> Written {
    let view = &line.view;
    Written {
        key,
        id: Some(view.id),
        own: view.own.then(|| own_state(view)),
        body: match &view.text {
            Some(text) => Body::Text(text::message(text)),
            None => Body::Unreadable(unreadable(view.failure)),
        },
        at: LocalTime::new(written_at(view), zone),
    }
}

fn own_state(line: &engine::MessageView) -> OwnState {
    match line.state {
        engine::MessageState::Queued => OwnState::Queued,
        engine::MessageState::WaitingForKey => OwnState::WaitingForKey,
        engine::MessageState::Accepted | engine::MessageState::Received => OwnState::Sent,
        engine::MessageState::Failed => OwnState::Failed(match line.failure {
            Some(engine::Failure::HandleUnknown) => SendFailure::HandleUnknown,
            Some(engine::Failure::KeyRefused) => SendFailure::KeyRefused,
            Some(engine::Failure::LogFork) => SendFailure::LogFork,
            None => SendFailure::GivenUp,
            Some(_) => SendFailure::Other,
        }),
    }
}

fn unreadable(failure: Option<engine::Failure>) -> Unreadable {
    match failure {
        Some(engine::Failure::Expired) => Unreadable::Expired,
        Some(engine::Failure::NeedsNewerSotto) => Unreadable::NeedsNewerSotto,
        Some(engine::Failure::LogFork) => Unreadable::LogFork,
        Some(engine::Failure::KeyRefused) => Unreadable::KeyRefused,
        Some(engine::Failure::Undecryptable | engine::Failure::HandleUnknown) | None => {
            Unreadable::Undecryptable
        }
    }
}

fn last_line(line: &engine::MessageView, zone: &dyn Zone) -> LastLine {
    LastLine {
        says: match &line.text {
            Some(text) => LastSays::Text(text::preview(text)),
            None => LastSays::Unreadable(unreadable(line.failure)),
        },
        own: line.own.then(|| own_state(line)),
        at: LocalTime::new(written_at(line), zone),
    }
}

pub(super) fn row(state: &ConversationState, alarm: bool, zone: &dyn Zone) -> ConversationRow {
    ConversationRow {
        key: key(state),
        person: person(&state.view),
        last: state.view.last.as_ref().map(|line| last_line(line, zone)),
        unread: state.unread,
        draft: state.draft.as_deref().map(text::preview).filter(|draft| !draft.0.is_empty()),
        failed: state.failed > 0,
        alarm,
    }
}

pub(super) fn request(state: &ConversationState, zone: &dyn Zone) -> RequestRow {
    RequestRow {
        key: key(state),
        person: person(&state.view),
        last: state.view.last.as_ref().map(|line| last_line(line, zone)),
        unread: state.unread,
    }
}

pub(super) fn me(account: engine::AccountView) -> Me {
    Me {
        account: account.account,
        handle: account.handle,
        name: account.display_name.as_deref().and_then(text::name),
        server: account.server,
        device: account.device,
        witnessed: account.independently_witnessed,
    }
}

pub(super) fn refusal(refusal: &engine::Refusal) -> Refusal {
    match refusal {
        engine::Refusal::NoAccount | engine::Refusal::NothingPrepared => Refusal::NoAccount,
        engine::Refusal::AccountExists => Refusal::AccountExists,
        engine::Refusal::ServerUrl => Refusal::ServerAddress,
        engine::Refusal::HandleTaken => Refusal::HandleTaken,
        engine::Refusal::HandleUnknown => Refusal::HandleUnknown,
        engine::Refusal::RegistrationClosed => Refusal::RegistrationClosed,
        engine::Refusal::InviteInvalid => Refusal::InviteInvalid,
        engine::Refusal::RateLimited { retry_after_ms } => {
            Refusal::Later { seconds: retry_after_ms.div_ceil(1_000) }
        }
        engine::Refusal::ServerTooNew => Refusal::ServerTooNew,
        engine::Refusal::ServerTooOld => Refusal::ServerTooOld,
        engine::Refusal::ServerChanged => Refusal::ServerChanged,
        engine::Refusal::ClockOff { local, server } => Refusal::ClockOff { local: *local, server: *server },
        engine::Refusal::TextEmpty => Refusal::TextEmpty,
        engine::Refusal::TextTooLong { found, max } => {
            Refusal::TextTooLong { over: found.saturating_sub(*max) }
        }
        engine::Refusal::NameTooLong { .. } => Refusal::NameTooLong,
        engine::Refusal::ConversationUnknown => Refusal::ConversationUnknown,
        engine::Refusal::Myself => Refusal::Myself,
        engine::Refusal::Blocked => Refusal::Blocked,
        engine::Refusal::NoRequest => Refusal::NoRequest,
        engine::Refusal::GivenUp => Refusal::GivenUp,
        engine::Refusal::NameUnfit => Refusal::NameUnfit,
        engine::Refusal::Server { code } => Refusal::Server { code: code.clone() },
    }
}

pub(super) fn not_stored(cause: &Cause) -> Refusal {
    match cause {
        Cause::Storage(StorageError::Full) => Refusal::StorageFull,
        Cause::Storage(_) | Cause::Bug(_) => Refusal::StorageFailed,
    }
}

pub(super) fn alarm_kind(kind: engine::AlarmKind) -> AlarmKind {
    match kind {
        engine::AlarmKind::LogFork => AlarmKind::LogFork,
        engine::AlarmKind::EntryWithheld => AlarmKind::EntryWithheld,
        engine::AlarmKind::TrimmedTooEarly => AlarmKind::TrimmedTooEarly,
        engine::AlarmKind::ServerSignatureWrong => AlarmKind::ServerSignatureWrong,
        engine::AlarmKind::ServerKeyChanged => AlarmKind::ServerKeyChanged,
        engine::AlarmKind::ContactKeyRefused => AlarmKind::ContactKeyRefused,
        engine::AlarmKind::ContactListConflict => AlarmKind::ContactListConflict,
        engine::AlarmKind::InboxItemRefused => AlarmKind::InboxItemRefused,
        engine::AlarmKind::CloneSuspected => AlarmKind::CloneSuspected,
        engine::AlarmKind::JunkHandshake => AlarmKind::JunkHandshake,
        engine::AlarmKind::ForeignEntry => AlarmKind::ForeignEntry,
        engine::AlarmKind::StaleAppend => AlarmKind::StaleAppend,
        engine::AlarmKind::WelcomeRefused => AlarmKind::WelcomeRefused,
    }
}
