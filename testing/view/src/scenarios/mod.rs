//! What engine and view do, as functions: each run natively by `cargo test`, and under WebAssembly over the browser's
//! private file system by `cargo xtask browser`. The databases come from [`databases`](crate::databases).
//!
//! Reading order: `storage` and `screen` (an engine alone), `sign_up`, `two_people`, `taking_back` (windows of people).

mod screen;
mod sign_up;
mod storage;
mod taking_back;
mod two_people;

/// One scenario: it returns, or it panics.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// `story::what_is_shown`.
    pub name: &'static str,
    /// Runs it.
    pub run: fn(),
}

/// Gives every scenario's name to a macro. A function that is not in here is one that nobody calls: the compiler says so.
#[macro_export]
macro_rules! scenarios {
    ($each:ident) => {
        $each! {
            storage:
                a_full_disk_is_said_and_changes_nothing,
                a_newer_database_is_refused_with_both_versions,
                recovery_words_are_never_stored,
                preparing_again_starts_over_and_the_account_id_is_another,
                commands_without_an_account_are_refused_with_the_reason;
            screen:
                a_draft_stays_until_it_is_sent_or_emptied,
                a_conversation_is_opened_once_and_not_with_oneself,
                what_arrives_after_the_line_that_was_seen_stays_unread,
                own_lines_are_never_unread,
                pages_join_without_gap_or_repeat,
                only_a_line_that_failed_can_be_removed;
            sign_up:
                sign_up_asks_for_the_words_again_and_tells_what_is_wrong,
                a_handle_that_is_taken_leads_back_to_the_form;
            two_people:
                a_request_is_a_request_until_it_is_accepted,
                what_is_sent_stands_there_before_the_engine_has_heard_of_it,
                without_a_server_lines_wait_and_leave_by_themselves,
                unread_lines_are_counted_until_they_were_on_a_screen,
                what_arrives_while_one_is_away_is_new_and_while_one_looks_is_not,
                a_new_line_moves_nothing_that_is_being_read,
                two_windows_show_the_same,
                a_long_history_is_loaded_as_far_as_one_reads,
                a_lying_server_is_told_in_an_alarm_that_can_be_read_and_put_away,
                names_and_texts_made_to_mislead_stay_in_their_place,
                midnight_is_noticed,
                a_refresh_gives_back_the_whole_screen;
            taking_back:
                a_text_that_cannot_be_stored_goes_back_where_it_was_written,
                a_draft_comes_back_with_its_conversation,
                an_emptied_composer_can_be_had_back,
                declining_can_be_taken_back_for_a_moment,
                a_window_that_closes_before_has_declined_nothing,
                a_block_is_immediate_and_can_be_undone,
                a_handle_nobody_has_fails_in_words_and_the_line_can_go,
                one_cannot_write_to_oneself_or_to_no_handle;
        }
    };
}

macro_rules! list {
    ($($story:ident: $($name:ident),+;)+) => {
        /// Every scenario.
        pub const ALL: &[Scenario] = &[$($(Scenario {
            name: concat!(stringify!($story), "::", stringify!($name)),
            run: $story::$name,
        }),+),+];
    };
}

crate::scenarios!(list);
