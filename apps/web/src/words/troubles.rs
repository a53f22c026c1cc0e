//! What went wrong, in words: refusals, alarms, a profile that cannot be used, notices, the connection.

use sotto_texts::{Saying, say};
use sotto_view::alarms::AlarmKind;
use sotto_view::connection::Connection;
use sotto_view::notice::Says;
use sotto_view::refusal::Refusal;
use sotto_view::start::Broken;

use super::{called, w};

/// Characters a passphrase needs at least, as the sentence about it says.
const PASSPHRASE_CHARS_MIN: u64 = 8;

/// Why something was not done, and what to do next.
pub(crate) fn refusal(refusal: &Refusal) -> String {
    w(match refusal {
        Refusal::HandleLength => say::refusal_handle_length(),
        Refusal::HandleCharacter => say::refusal_handle_character(),
        Refusal::HandleDots => say::refusal_handle_dots(),
        Refusal::HandleTaken => say::refusal_handle_taken(),
        Refusal::HandleUnknown => say::refusal_handle_unknown(),
        Refusal::Myself => say::refusal_myself(),
        Refusal::ServerAddress => say::refusal_server_address(),
        Refusal::RegistrationClosed => say::refusal_registration_closed(),
        Refusal::InviteInvalid => say::refusal_invite_invalid(),
        Refusal::WordsDiffer => say::refusal_words_differ(),
        Refusal::PassphraseShort => say::refusal_passphrase_short(PASSPHRASE_CHARS_MIN),
        Refusal::PassphraseWrong => say::refusal_passphrase_wrong(),
        Refusal::Later { seconds } => say::refusal_later(*seconds),
        Refusal::ServerTooNew => say::refusal_server_too_new(),
        Refusal::ServerTooOld => say::refusal_server_too_old(),
        Refusal::ServerChanged => say::refusal_server_changed(),
        Refusal::ClockOff { .. } => say::refusal_clock_off(),
        Refusal::TextEmpty => say::refusal_text_empty(),
        Refusal::TextTooLong { .. } => say::refusal_text_too_long(),
        Refusal::NameTooLong => say::refusal_name_too_long(),
        Refusal::NameUnfit => say::refusal_name_unfit(),
        Refusal::ConversationUnknown => say::refusal_conversation_unknown(),
        Refusal::Blocked => say::refusal_blocked(),
        Refusal::NoRequest => say::refusal_no_request(),
        Refusal::NoAccount => say::refusal_no_account(),
        Refusal::AccountExists => say::refusal_account_exists(),
        Refusal::GivenUp => say::refusal_given_up(),
        Refusal::Server { code } => say::refusal_server(code),
        Refusal::StorageFull => say::refusal_storage_full(),
        Refusal::StorageFailed => say::refusal_storage_failed(),
    })
}

/// Why a profile cannot be used.
pub(crate) fn broken(broken: Broken) -> String {
    w(match broken {
        Broken::NoStorage => say::broken_no_storage(),
        Broken::Newer => say::broken_newer(),
        Broken::Damaged => say::broken_damaged(),
        Broken::Evicted => say::broken_evicted(),
        Broken::Full => say::broken_full(),
        Broken::InUse => say::broken_in_use(),
        Broken::StorageFailed => say::broken_storage_failed(),
        Broken::NoWebSocket => say::broken_no_websocket(),
        Broken::CoreMissing => say::broken_core_missing(),
    })
}

/// What a notice says.
pub(crate) fn notice(says: &Says) -> String {
    w(match says {
        Says::Declined { person } => say::notice_declined(&called(person)),
        Says::Blocked { person } => say::notice_blocked(&called(person)),
        Says::Discarded => say::notice_discarded(),
        Says::DraftDiscarded { .. } => say::notice_draft_discarded(),
        Says::NotSent(why) => say::notice_not_sent(&refusal(why)),
        Says::Refused(why) => return refusal(why),
        Says::NotKept => say::notice_not_kept(),
        Says::NearlyFull => say::notice_nearly_full(),
        Says::Failing => say::notice_failing(),
        Says::NameSaved => say::notice_name_saved(),
    })
}

/// What there is to say about the connection; nothing when all is well. `since` is a clock time.
pub(crate) fn connection(connection: Connection, since: &str) -> Option<String> {
    Some(w(match connection {
        Connection::Online => return None,
        Connection::Off => say::connection_off(),
        Connection::Connecting => say::connection_connecting(),
        Connection::Offline { .. } => say::connection_offline(since),
        Connection::ClockOff { .. } => say::connection_clock_off(),
        Connection::ServerTooNew => say::connection_server_too_new(),
        Connection::ServerTooOld => say::connection_server_too_old(),
        Connection::ServerChanged => say::connection_server_changed(),
        Connection::Refused => say::connection_refused(),
    }))
}

/// An alarm in plain words.
pub(crate) struct AlarmWords {
    pub(crate) title: String,
    pub(crate) means: String,
    pub(crate) done: String,
}

/// An alarm in plain words.
pub(crate) fn alarm(kind: AlarmKind) -> AlarmWords {
    let [title, means, done] = sayings(kind).map(w);
    AlarmWords { title, means, done }
}

fn sayings(kind: AlarmKind) -> [Saying; 3] {
    match kind {
        AlarmKind::LogFork => {
            [say::alarm_log_fork_title(), say::alarm_log_fork_means(), say::alarm_log_fork_done()]
        }
        AlarmKind::EntryWithheld => [
            say::alarm_entry_withheld_title(),
            say::alarm_entry_withheld_means(),
            say::alarm_entry_withheld_done(),
        ],
        AlarmKind::TrimmedTooEarly => [
            say::alarm_trimmed_too_early_title(),
            say::alarm_trimmed_too_early_means(),
            say::alarm_trimmed_too_early_done(),
        ],
        AlarmKind::ServerSignatureWrong => [
            say::alarm_server_signature_wrong_title(),
            say::alarm_server_signature_wrong_means(),
            say::alarm_server_signature_wrong_done(),
        ],
        AlarmKind::ServerKeyChanged => [
            say::alarm_server_key_changed_title(),
            say::alarm_server_key_changed_means(),
            say::alarm_server_key_changed_done(),
        ],
        AlarmKind::ContactKeyRefused => [
            say::alarm_contact_key_refused_title(),
            say::alarm_contact_key_refused_means(),
            say::alarm_contact_key_refused_done(),
        ],
        AlarmKind::ContactListConflict => [
            say::alarm_contact_list_conflict_title(),
            say::alarm_contact_list_conflict_means(),
            say::alarm_contact_list_conflict_done(),
        ],
        AlarmKind::InboxItemRefused => [
            say::alarm_inbox_item_refused_title(),
            say::alarm_inbox_item_refused_means(),
            say::alarm_inbox_item_refused_done(),
        ],
        AlarmKind::CloneSuspected => [
            say::alarm_clone_suspected_title(),
            say::alarm_clone_suspected_means(),
            say::alarm_clone_suspected_done(),
        ],
        AlarmKind::JunkHandshake => [
            say::alarm_junk_handshake_title(),
            say::alarm_junk_handshake_means(),
            say::alarm_junk_handshake_done(),
        ],
        AlarmKind::ForeignEntry => [
            say::alarm_foreign_entry_title(),
            say::alarm_foreign_entry_means(),
            say::alarm_foreign_entry_done(),
        ],
        AlarmKind::StaleAppend => {
            [say::alarm_stale_append_title(), say::alarm_stale_append_means(), say::alarm_stale_append_done()]
        }
        AlarmKind::WelcomeRefused => [
            say::alarm_welcome_refused_title(),
            say::alarm_welcome_refused_means(),
            say::alarm_welcome_refused_done(),
        ],
    }
}
