//! How lines fare, in words.

use sotto_texts::say;
use sotto_view::conversations::{LastLine, LastSays};
use sotto_view::timeline::{OwnState, SendFailure, Unreadable};

use super::w;

/// What the mark beside a line of one's own means.
pub(crate) fn own_state(state: OwnState) -> String {
    w(match state {
        OwnState::Queued => say::state_queued(),
        OwnState::WaitingForKey => say::state_waiting_for_key(),
        OwnState::Sent => say::state_sent(),
        OwnState::Delivered => say::state_delivered(),
        OwnState::Read => say::state_read(),
        OwnState::Failed(_) => say::state_failed(),
    })
}

/// Why a line was not sent.
pub(crate) fn send_failure(failure: SendFailure) -> String {
    w(match failure {
        SendFailure::HandleUnknown => say::failure_handle_unknown(),
        SendFailure::KeyRefused => say::failure_key_refused(),
        SendFailure::LogFork => say::failure_log_fork(),
        SendFailure::GivenUp => say::failure_given_up(),
        SendFailure::Other => say::failure_other(),
    })
}

/// Why a line cannot be read, and what is being done.
pub(crate) fn unreadable(why: Unreadable) -> String {
    w(match why {
        Unreadable::Undecryptable => say::unreadable_undecryptable(),
        Unreadable::Expired => say::unreadable_expired(),
        Unreadable::NeedsNewerSotto => say::unreadable_newer(),
        Unreadable::LogFork => say::unreadable_log_fork(),
        Unreadable::KeyRefused => say::unreadable_key_refused(),
    })
}

/// The newest line of a conversation, as its row shows it.
pub(crate) fn last_line(last: &LastLine) -> String {
    match &last.says {
        LastSays::Text(preview) => preview.0.clone(),
        LastSays::Unreadable(_) => w(say::unreadable_short()),
    }
}
