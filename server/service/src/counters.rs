//! Plain numbers for `/metrics`: totals since the start, without any label that names a person or a topic.

use sotto_wire::proto::ErrorCode;

/// Codes a request may be refused with, in the order of their numbers.
const CODES: usize = 28;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What happened so far. Every field only grows, except the two `…_open`.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)+
            refused: [u64; CODES],
        }

        impl Default for Counters {
            fn default() -> Self {
                Self { $($name: 0,)+ refused: [0; CODES] }
            }
        }

        impl Counters {
            fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)+].into_iter()
            }
        }
    };
}

counters! {
    /// Account-plane connections now open.
    account_connections_open,
    /// Topic-plane connections now open.
    topic_connections_open,
    /// Requests that were handled, refused ones included.
    requests,
    /// Batches and reads that the store failed.
    storage_failures,
    /// Accounts made.
    registrations,
    /// Device lists stored.
    device_lists,
    /// Key packages handed out.
    claims,
    /// Of these, last-resort ones.
    last_resort_claims,
    /// Items put into inboxes.
    inbox_items,
    /// Topics made.
    topics,
    /// Entries stored.
    entries,
    /// Bytes of their bodies.
    entry_bytes,
    /// Appends answered from what was stored before.
    repeated_appends,
    /// Appends that lost to another handshake.
    conflicts,
    /// Capabilities rotated.
    rotations,
    /// Entries sent to followers, each time counted.
    entries_delivered,
    /// Ephemerals accepted.
    ephemerals,
    /// Server signatures made.
    signatures,
    /// Bodies emptied by time-to-live.
    bodies_emptied,
    /// Entries trimmed.
    entries_trimmed,
    /// Rows of the directory that expired.
    directory_rows_expired,
}

impl Counters {
    /// Counts a refusal.
    pub(crate) fn refuse(&mut self, code: ErrorCode) {
        if let Some(count) = usize::try_from(code as i32).ok().and_then(|code| self.refused.get_mut(code)) {
            *count += 1;
        }
    }

    /// How often requests were refused with this code.
    pub fn refused(&self, code: ErrorCode) -> u64 {
        usize::try_from(code as i32).ok().and_then(|code| self.refused.get(code)).copied().unwrap_or(0)
    }

    /// Name and value of each, in a fixed order, for a metrics page.
    pub fn each(&self) -> Vec<(&'static str, u64)> {
        let refused = REFUSED.iter().map(|(code, name)| (*name, self.refused(*code)));
        self.named().chain(refused).collect()
    }
}

const REFUSED: [(ErrorCode, &str); CODES - 1] = [
    (ErrorCode::Malformed, "refused_malformed"),
    (ErrorCode::TooLarge, "refused_too_large"),
    (ErrorCode::Version, "refused_version"),
    (ErrorCode::Unauthenticated, "refused_unauthenticated"),
    (ErrorCode::RegistrationClosed, "refused_registration_closed"),
    (ErrorCode::InviteInvalid, "refused_invite_invalid"),
    (ErrorCode::WorkInvalid, "refused_work_invalid"),
    (ErrorCode::HandleTaken, "refused_handle_taken"),
    (ErrorCode::HandleUnknown, "refused_handle_unknown"),
    (ErrorCode::AccountUnknown, "refused_account_unknown"),
    (ErrorCode::ListRefused, "refused_list_refused"),
    (ErrorCode::NoKeyPackage, "refused_no_key_package"),
    (ErrorCode::DropRefused, "refused_drop_refused"),
    (ErrorCode::InboxFull, "refused_inbox_full"),
    (ErrorCode::TopicUnknown, "refused_topic_unknown"),
    (ErrorCode::TopicExists, "refused_topic_exists"),
    (ErrorCode::TopicClosed, "refused_topic_closed"),
    (ErrorCode::CapabilityRefused, "refused_capability_refused"),
    (ErrorCode::SlotUnknown, "refused_slot_unknown"),
    (ErrorCode::ControlRefused, "refused_control_refused"),
    (ErrorCode::TokenRefused, "refused_token_refused"),
    (ErrorCode::RateLimited, "refused_rate_limited"),
    (ErrorCode::Quota, "refused_quota"),
    (ErrorCode::Storage, "refused_storage"),
    (ErrorCode::ShuttingDown, "refused_shutting_down"),
    (ErrorCode::Internal, "refused_internal"),
    (ErrorCode::TooSlow, "refused_too_slow"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_counted_under_its_own_name() {
        let mut counters = Counters::default();
        for number in 1..CODES as i32 {
            let code = ErrorCode::try_from(number).unwrap();
            counters.refuse(code);
            let name = code.as_str_name().replace("ERROR_CODE", "refused").to_lowercase();
            assert!(counters.each().contains(&(name.as_str(), 1)), "{name}");
            assert_eq!(counters.refused(code), 1);
        }
        assert!(ErrorCode::try_from(CODES as i32).is_err(), "a new code needs a name here");
        let names: std::collections::BTreeSet<_> =
            counters.each().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), counters.each().len());
    }
}
