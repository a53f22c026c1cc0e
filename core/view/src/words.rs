//! How all of it is said: which message of the catalogue stands for what. Terminal and web say the same.

use sotto_texts::{Saying, say};

use crate::alarms::AlarmKind;
use crate::calendar::{CalendarDay, LocalTime, Nearness, Weekday};
use crate::connection::Connection;
use crate::name::Person;
use crate::notice::Says;
use crate::refusal::Refusal;
use crate::settings::{Kept, LockedBy};
use crate::start::Broken;
use crate::thread::Standing;
use crate::timeline::{OwnState, SendFailure, System, Unreadable};

/// Passphrases have at least this many characters.
pub const PASSPHRASE_CHARS_MIN: usize = 8;

/// A time of day: 14:05.
pub fn clock(time: LocalTime) -> Saying {
    say::calendar_clock(&format!("{:02}", time.hour), &format!("{:02}", time.minute))
}

/// A day, as far away as it is.
pub fn day(day: CalendarDay, today: CalendarDay) -> Saying {
    let date = day.date();
    let (of_month, month) = (u64::from(date.day), u64::from(date.month));
    match day.nearness(today) {
        Nearness::Today => say::calendar_today(),
        Nearness::Yesterday => say::calendar_yesterday(),
        Nearness::ThisWeek => weekday(day.weekday()),
        Nearness::ThisYear => say::calendar_day_month(of_month, month),
        Nearness::Far => say::calendar_day_month_year(of_month, month, &date.year.to_string()),
    }
}

/// When something was, in a list: the time today, the day before that.
pub fn when(time: LocalTime, today: CalendarDay) -> Saying {
    if time.day == today { clock(time) } else { day(time.day, today) }
}

fn weekday(weekday: Weekday) -> Saying {
    match weekday {
        Weekday::Monday => say::calendar_monday(),
        Weekday::Tuesday => say::calendar_tuesday(),
        Weekday::Wednesday => say::calendar_wednesday(),
        Weekday::Thursday => say::calendar_thursday(),
        Weekday::Friday => say::calendar_friday(),
        Weekday::Saturday => say::calendar_saturday(),
        Weekday::Sunday => say::calendar_sunday(),
    }
}

impl Person {
    /// What to call them in a sentence or a title: the name they chose, else the handle. None: nothing is known yet,
    /// say [`person_unknown`](say::person_unknown).
    pub fn called(&self) -> Option<String> {
        self.name.clone().or_else(|| self.handle.as_ref().map(ToString::to_string))
    }
}

impl Refusal {
    /// Why, and what to do next.
    pub fn says(&self) -> Saying {
        match self {
            Self::HandleLength => say::refusal_handle_length(),
            Self::HandleCharacter => say::refusal_handle_character(),
            Self::HandleDots => say::refusal_handle_dots(),
            Self::HandleTaken => say::refusal_handle_taken(),
            Self::HandleUnknown => say::refusal_handle_unknown(),
            Self::Myself => say::refusal_myself(),
            Self::ServerAddress => say::refusal_server_address(),
            Self::RegistrationClosed => say::refusal_registration_closed(),
            Self::InviteInvalid => say::refusal_invite_invalid(),
            Self::WordsDiffer => say::refusal_words_differ(),
            Self::PassphraseShort => say::refusal_passphrase_short(PASSPHRASE_CHARS_MIN as u64),
            Self::PassphraseWrong => say::refusal_passphrase_wrong(),
            Self::Later { seconds } => say::refusal_later(*seconds),
            Self::ServerTooNew => say::refusal_server_too_new(),
            Self::ServerTooOld => say::refusal_server_too_old(),
            Self::ServerChanged => say::refusal_server_changed(),
            Self::ClockOff { .. } => say::refusal_clock_off(),
            Self::TextEmpty => say::refusal_text_empty(),
            Self::TextTooLong { .. } => say::refusal_text_too_long(),
            Self::NameTooLong => say::refusal_name_too_long(),
            Self::NameUnfit => say::refusal_name_unfit(),
            Self::ConversationUnknown => say::refusal_conversation_unknown(),
            Self::Blocked => say::refusal_blocked(),
            Self::NoRequest => say::refusal_no_request(),
            Self::NoAccount => say::refusal_no_account(),
            Self::AccountExists => say::refusal_account_exists(),
            Self::GivenUp => say::refusal_given_up(),
            Self::Server { code } => say::refusal_server(code),
            Self::StorageFull => say::refusal_storage_full(),
            Self::StorageFailed => say::refusal_storage_failed(),
        }
    }
}

impl Broken {
    /// What is wrong, and what helps.
    pub fn says(self) -> Saying {
        match self {
            Self::NoStorage => say::broken_no_storage(),
            Self::Newer => say::broken_newer(),
            Self::Damaged => say::broken_damaged(),
            Self::Evicted => say::broken_evicted(),
            Self::Full => say::broken_full(),
            Self::InUse => say::broken_in_use(),
            Self::StorageFailed => say::broken_storage_failed(),
            Self::NoWebSocket => say::broken_no_websocket(),
            Self::CoreMissing => say::broken_core_missing(),
        }
    }
}

impl Connection {
    /// How it stands. `since` is the time of day for [`Connection::Offline`]: see [`clock`].
    pub fn says(self, since: &str) -> Saying {
        match self {
            Self::Off => say::connection_off(),
            Self::Connecting => say::connection_connecting(),
            Self::Online => say::connection_online(),
            Self::Offline { .. } => say::connection_offline(since),
            Self::ClockOff { .. } => say::connection_clock_off(),
            Self::ServerTooNew => say::connection_server_too_new(),
            Self::ServerTooOld => say::connection_server_too_old(),
            Self::ServerChanged => say::connection_server_changed(),
            Self::Refused => say::connection_refused(),
        }
    }
}

impl OwnState {
    /// For screen readers, and beside the mark.
    pub fn says(self) -> Saying {
        match self {
            Self::Queued => say::state_queued(),
            Self::WaitingForKey => say::state_waiting_for_key(),
            Self::Sent => say::state_sent(),
            Self::Delivered => say::state_delivered(),
            Self::Read => say::state_read(),
            Self::Failed(_) => say::state_failed(),
        }
    }
}

impl SendFailure {
    /// Why it was not sent.
    pub fn says(self) -> Saying {
        match self {
            Self::HandleUnknown => say::failure_handle_unknown(),
            Self::KeyRefused => say::failure_key_refused(),
            Self::LogFork => say::failure_log_fork(),
            Self::GivenUp => say::failure_given_up(),
            Self::Other => say::failure_other(),
        }
    }
}

impl Unreadable {
    /// Why it cannot be read, and what is being done.
    pub fn says(self) -> Saying {
        match self {
            Self::Undecryptable => say::unreadable_undecryptable(),
            Self::Expired => say::unreadable_expired(),
            Self::NeedsNewerSotto => say::unreadable_newer(),
            Self::LogFork => say::unreadable_log_fork(),
            Self::KeyRefused => say::unreadable_key_refused(),
        }
    }
}

impl System {
    /// What happened. `unknown` stands for a person of whom nothing is known.
    pub fn says(&self, unknown: &str) -> Saying {
        match self {
            Self::Beginning { person } => {
                say::system_beginning(person.called().as_deref().unwrap_or(unknown))
            }
        }
    }
}

impl Standing {
    /// Where it stands, on the page about a person.
    pub fn says(self) -> Saying {
        match self {
            Self::Open => say::contact_standing_open(),
            Self::Request => say::contact_standing_request(),
            Self::Declined => say::contact_standing_declined(),
            Self::Blocked => say::contact_standing_blocked(),
        }
    }
}

impl Kept {
    /// Whether what is stored stays; none: not known yet.
    pub fn says(self) -> Option<Saying> {
        match self {
            Self::Unknown => None,
            Self::Kept => Some(say::settings_kept()),
            Self::BestEffort => Some(say::settings_best_effort()),
            Self::NearlyFull => Some(say::settings_nearly_full()),
            Self::Full => Some(say::settings_full()),
            Self::Failing => Some(say::settings_failing()),
        }
    }
}

impl LockedBy {
    /// What locks the profile; none: not known yet.
    pub fn says(self) -> Option<Saying> {
        match self {
            Self::Unknown => None,
            Self::Passphrase => Some(say::settings_lock_passphrase()),
            Self::Device => Some(say::settings_lock_device()),
            Self::KeyFile => Some(say::settings_lock_key_file()),
        }
    }
}

/// The words of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmWords {
    /// What happened.
    pub title: Saying,
    /// What it may mean.
    pub means: Saying,
    /// What Sotto did already.
    pub done: Saying,
}

impl AlarmKind {
    /// What happened, what it may mean, what Sotto did already.
    pub fn says(self) -> AlarmWords {
        let (title, means, done) = match self {
            Self::LogFork => {
                (say::alarm_log_fork_title(), say::alarm_log_fork_means(), say::alarm_log_fork_done())
            }
            Self::EntryWithheld => (
                say::alarm_entry_withheld_title(),
                say::alarm_entry_withheld_means(),
                say::alarm_entry_withheld_done(),
            ),
            Self::TrimmedTooEarly => (
                say::alarm_trimmed_too_early_title(),
                say::alarm_trimmed_too_early_means(),
                say::alarm_trimmed_too_early_done(),
            ),
            Self::ServerSignatureWrong => (
                say::alarm_server_signature_wrong_title(),
                say::alarm_server_signature_wrong_means(),
                say::alarm_server_signature_wrong_done(),
            ),
            Self::ServerKeyChanged => (
                say::alarm_server_key_changed_title(),
                say::alarm_server_key_changed_means(),
                say::alarm_server_key_changed_done(),
            ),
            Self::ContactKeyRefused => (
                say::alarm_contact_key_refused_title(),
                say::alarm_contact_key_refused_means(),
                say::alarm_contact_key_refused_done(),
            ),
            Self::ContactListConflict => (
                say::alarm_contact_list_conflict_title(),
                say::alarm_contact_list_conflict_means(),
                say::alarm_contact_list_conflict_done(),
            ),
            Self::InboxItemRefused => (
                say::alarm_inbox_item_refused_title(),
                say::alarm_inbox_item_refused_means(),
                say::alarm_inbox_item_refused_done(),
            ),
            Self::CloneSuspected => (
                say::alarm_clone_suspected_title(),
                say::alarm_clone_suspected_means(),
                say::alarm_clone_suspected_done(),
            ),
            Self::JunkHandshake => (
                say::alarm_junk_handshake_title(),
                say::alarm_junk_handshake_means(),
                say::alarm_junk_handshake_done(),
            ),
            Self::ForeignEntry => (
                say::alarm_foreign_entry_title(),
                say::alarm_foreign_entry_means(),
                say::alarm_foreign_entry_done(),
            ),
            Self::StaleAppend => (
                say::alarm_stale_append_title(),
                say::alarm_stale_append_means(),
                say::alarm_stale_append_done(),
            ),
            Self::WelcomeRefused => (
                say::alarm_welcome_refused_title(),
                say::alarm_welcome_refused_means(),
                say::alarm_welcome_refused_done(),
            ),
        };
        AlarmWords { title, means, done }
    }
}

impl Says {
    /// What the notice says. `unknown` stands for a person of whom nothing is known, `reason` for [`Refusal::says`] of
    /// what was not sent.
    pub fn says(&self, unknown: &str, reason: &str) -> Saying {
        match self {
            Self::Declined { person } => say::notice_declined(person.called().as_deref().unwrap_or(unknown)),
            Self::Blocked { person } => say::notice_blocked(person.called().as_deref().unwrap_or(unknown)),
            Self::Discarded => say::notice_discarded(),
            Self::DraftDiscarded { .. } => say::notice_draft_discarded(),
            Self::NotSent(_) => say::notice_not_sent(reason),
            Self::Refused(refusal) => refusal.says(),
            Self::NotKept => say::notice_not_kept(),
            Self::NearlyFull => say::notice_nearly_full(),
            Self::Failing => say::notice_failing(),
            Self::NameSaved => say::notice_name_saved(),
        }
    }
}
