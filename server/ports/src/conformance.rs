//! The suite every adapter runs: what the [crate] page promises, said as tests.
//!
//! In an adapter's tests: `sotto_ports::conformance!(|| Guard)`, where the closure makes an empty store (anything that
//! derefs to one, so that it may hold a temporary directory). Durable adapters also call [`durable`] with
//! a way to open the same place again; every adapter calls [`agrees_with_the_reference`].
#![expect(clippy::panic, clippy::unwrap_used, reason = "a suite of tests, compiled for tests only")]

pub mod directory;
pub mod logs;
mod random;
mod reopen;
mod samples;
pub mod sweeps;

pub use random::agrees_with_the_reference;
pub use reopen::durable;

/// One `#[test]` per statement of the suite, for the stores that `$make` makes.
#[macro_export]
macro_rules! conformance {
    ($make:expr) => {
        $crate::conformance_tests! { $make; directory:
            an_account_is_found_by_name_and_by_id,
            a_name_belongs_to_one_account,
            the_same_registration_again_is_harmless,
            an_account_has_one_name,
            an_invitation_admits_as_often_as_it_says,
            an_expired_or_withdrawn_invitation_admits_nobody,
            a_repeated_registration_spends_no_invitation,
            a_list_must_follow_the_newest_one,
            lists_come_in_order_after_the_one_that_is_known,
            a_revoked_device_leaves_nothing_behind,
            key_packages_are_added_and_never_replaced,
            a_repeated_upload_adds_nothing,
            a_device_keeps_a_bounded_number_of_key_packages,
            a_key_package_is_claimed_once,
            the_last_resort_is_claimed_when_no_other_is_left,
            an_expired_key_package_is_not_handed_out,
            a_drop_capability_is_good_for_one_item,
            a_drop_capability_opens_no_other_inbox,
            a_drop_capability_expires,
            a_full_inbox_spends_no_capability,
            an_acked_item_is_gone,
            what_has_expired_is_forgotten,
            a_refused_operation_disturbs_no_other
        }
        $crate::conformance_tests! { $make; logs:
            a_topic_is_made_once,
            entries_get_consecutive_places_and_one_chain,
            one_handshake_wins_per_head,
            an_application_entry_quotes_the_head_too,
            a_repeated_append_gets_its_first_answer,
            a_repeated_append_id_with_another_body_is_refused,
            a_repeat_is_answered_after_the_topic_has_closed_and_rotated,
            only_the_current_capability_appends,
            a_rotation_needs_a_control_key_and_the_next_generation,
            a_rotation_moves_the_control_keys,
            joiners_slots_open_with_the_entry_that_adds_them,
            a_refused_append_opens_no_slot,
            a_slot_opens_with_any_retained_generation,
            a_slot_reads_to_the_end_of_the_generation_it_has_proved,
            a_slot_opens_with_its_secret_only,
            a_replaced_secret_opens_nothing,
            an_ack_grows_and_stays_within_what_was_readable,
            a_closed_slot_is_gone,
            slots_of_a_topic_are_bounded,
            a_control_action_takes_effect_once,
            an_outdated_control_action_is_refused,
            only_a_control_key_controls,
            a_closed_topic_takes_no_entry,
            a_retired_capability_sees_the_end_of_its_generation,
            reading_stops_at_the_limits_and_at_the_end,
            what_an_earlier_operation_did_is_seen_by_a_later_one
        }
        $crate::conformance_tests! { $make; sweeps:
            entries_go_when_every_slot_has_acked_them,
            the_chain_leads_on_from_what_was_trimmed,
            a_slot_holds_for_thirty_days,
            an_idle_reader_still_gets_what_comes_next,
            without_slots_entries_stay_thirty_days,
            a_finished_slot_stops_holding,
            an_expired_body_becomes_its_hash_and_the_chain_still_leads_through,
            a_handshake_keeps_its_body_until_it_is_trimmed,
            handshakes_go_after_forty_five_days,
            a_shorter_time_to_live_applies_to_what_is_there,
            an_append_id_is_forgotten_with_its_entry,
            spent_slots_and_ended_generations_are_forgotten,
            a_sweep_is_due_while_there_is_something_to_sweep,
            a_long_sweep_is_taken_up_again,
            a_closed_topic_is_forgotten_in_the_end
        }

        #[test]
        fn it_decides_as_the_reference_does() {
            $crate::conformance::agrees_with_the_reference($make);
        }
    };
}

/// See [`conformance!`].
#[macro_export]
macro_rules! conformance_tests {
    ($make:expr; $module:ident: $($name:ident),* $(,)?) => {
        mod $module {
            #[allow(unused_imports, reason = "the closure that makes a store may name what its module names")]
            use super::*;
            $(
                #[test]
                fn $name() {
                    let mut store = ($make)();
                    $crate::conformance::$module::$name(&mut *store);
                }
            )*
        }
    };
}
