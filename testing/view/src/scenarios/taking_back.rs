//! What a person writes is not lost, and what they decide can be taken back for a moment.

use crate::{Table, open, send, talking};
use sotto_view::Action;
use sotto_view::keys::ConversationKey;
use sotto_view::limits::UNDO_MS;
use sotto_view::notice::Says;
use sotto_view::refusal::Refusal;
use sotto_view::thread::Standing;
use sotto_view::timeline::OwnState;
use sotto_view::timeline::SendFailure;

pub(super) fn a_text_that_cannot_be_stored_goes_back_where_it_was_written() {
    let (mut table, alice, _) = talking();
    let commands = table.show_only(alice, 0, send("precious"));
    let conversation = table.window(alice).thread.as_ref().unwrap().key;
    let more = table.show_only(alice, 0, Action::Draft { conversation, text: "more".into() });
    table.command(alice, more);
    table.fail(alice, commands[0].0);
    let window = table.window(alice);
    assert_eq!(window.read(), ["beginning", "day", "hello"]);
    assert_eq!(window.composer.as_ref().unwrap().text, "precious\nmore");
    assert_eq!(window.notice().1, Says::NotSent(Refusal::StorageFull));
}

pub(super) fn a_draft_comes_back_with_its_conversation() {
    let (mut table, alice, bob) = talking();
    let conversation = table.window(bob).with("alice");
    table.act(bob, Action::Draft { conversation, text: "half a tho".into() });
    assert_eq!(table.window(bob).row(conversation).unwrap().draft.as_ref().unwrap().0, "half a tho");
    table.act(bob, Action::Close);
    table.reopen(bob, |_| {});
    table.act(bob, open(conversation));
    assert_eq!(table.window(bob).composer.as_ref().unwrap().text, "half a tho");
    table.act(bob, send("half a thought"));
    table.settle();
    assert_eq!(table.window(bob).row(conversation).unwrap().draft, None);
    assert_eq!(table.window(alice).read().last().unwrap(), "half a thought");
}

pub(super) fn an_emptied_composer_can_be_had_back() {
    let (mut table, _, bob) = talking();
    let conversation = table.window(bob).with("alice");
    table.act(bob, Action::Draft { conversation, text: "a poem".into() });
    table.act(bob, Action::DiscardDraft { conversation });
    assert_eq!(table.window(bob).composer.as_ref().unwrap().text, "");
    let (notice, says) = table.window(bob).notice();
    assert_eq!(says, Says::DraftDiscarded { conversation });
    table.act(bob, Action::Undo { notice });
    assert_eq!(table.window(bob).composer.as_ref().unwrap().text, "a poem");
    assert!(table.window(bob).notices.is_empty());
}

/// Bob finds a request of Alice's: his place, and the conversation.
fn asked_by_alice() -> (Table, usize, ConversationKey) {
    let mut table = Table::default();
    let (alice, bob) = (table.join("alice"), table.join("bob"));
    table.act(alice, Action::OpenHandle { handle: "bob".into() });
    table.act(alice, send("hello"));
    table.settle();
    let conversation = table.window(bob).with("alice");
    (table, bob, conversation)
}

pub(super) fn declining_can_be_taken_back_for_a_moment() {
    let (mut table, bob, conversation) = asked_by_alice();
    table.act(bob, Action::Decline { conversation });
    assert!(table.window(bob).requests.is_empty(), "it is gone at once");
    assert!(table.wakes_in(bob) <= UNDO_MS);
    let (notice, _) = table.window(bob).notice();
    table.act(bob, Action::Undo { notice });
    assert_eq!(table.window(bob).requests.len(), 1);
    assert!(table.window(bob).notices.is_empty());

    table.act(bob, Action::Decline { conversation });
    table.pass(UNDO_MS);
    assert!(table.window(bob).requests.is_empty());
    table.reopen(bob, |_| {});
    assert!(table.window(bob).requests.is_empty(), "declined for good");
}

pub(super) fn a_window_that_closes_before_has_declined_nothing() {
    let (mut table, bob, conversation) = asked_by_alice();
    table.act(bob, Action::Decline { conversation });
    table.reopen(bob, |_| {});
    assert_eq!(table.window(bob).requests.len(), 1);
}

pub(super) fn a_block_is_immediate_and_can_be_undone() {
    let (mut table, alice, bob) = talking();
    let conversation = table.window(bob).with("alice");
    table.act(bob, Action::OpenContact { conversation });
    table.act(bob, Action::Block { conversation });
    let window = table.window(bob);
    assert!(window.rows.is_empty());
    assert_eq!(window.thread.as_ref().unwrap().standing, Standing::Blocked);
    assert_eq!(window.contact.as_ref().unwrap().standing, Standing::Blocked);
    let (notice, says) = table.window(bob).notice();
    assert!(matches!(says, Says::Blocked { .. }));
    table.act(bob, Action::Undo { notice });
    assert_eq!(table.window(bob).thread.as_ref().unwrap().standing, Standing::Open);
    assert_eq!(table.window(bob).listed(), ["@alice"]);

    table.act(bob, Action::Block { conversation });
    table.act(alice, send("into the void"));
    table.pass(UNDO_MS);
    assert!(!table.window(bob).read().contains(&"into the void".to_owned()));
    assert!(table.window(bob).notices.is_empty(), "the way back by notice is over");
    table.act(bob, Action::Unblock { conversation });
    assert_eq!(table.window(bob).listed(), ["@alice"]);
}

pub(super) fn a_handle_nobody_has_fails_in_words_and_the_line_can_go() {
    let mut table = Table::default();
    let alice = table.join("alice");
    table.act(alice, Action::OpenHandle { handle: "nobody".into() });
    table.act(alice, send("anyone?"));
    table.settle();
    assert_eq!(table.window(alice).last_state(), OwnState::Failed(SendFailure::HandleUnknown));
    assert!(table.window(alice).thread.as_ref().unwrap().failed);
    let line = table.window(alice).last_line();
    table.act(alice, Action::DiscardLine { line });
    assert!(table.window(alice).messages().is_empty());
    let (notice, _) = table.window(alice).notice();
    table.act(alice, Action::Undo { notice });
    assert_eq!(table.window(alice).messages().len(), 1);
    table.act(alice, Action::DiscardLine { line });
    table.pass(UNDO_MS);
    assert!(table.window(alice).messages().is_empty());
    assert!(!table.window(alice).thread.as_ref().unwrap().failed);

    let conversation = table.window(alice).thread.as_ref().unwrap().key;
    table.act(alice, send("again"));
    table.settle();
    table.join("nobody");
    table.act(alice, Action::Retry { conversation });
    table.settle();
    assert_eq!(table.window(alice).last_state(), OwnState::Sent, "somebody has it now");
}

pub(super) fn one_cannot_write_to_oneself_or_to_no_handle() {
    let mut table = Table::default();
    let alice = table.join("alice");
    for (handle, refusal) in
        [("alice", Refusal::Myself), ("x", Refusal::HandleLength), ("a..b", Refusal::HandleDots)]
    {
        table.act(alice, Action::OpenHandle { handle: handle.into() });
        assert_eq!(table.window(alice).notice().1, Says::Refused(refusal));
        assert_eq!(table.window(alice).thread, None);
    }
}
