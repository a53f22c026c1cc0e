//! The main job as two people see it: ask, accept, talk, lose the server, come back, read old lines.

use crate::{Table, open, send, talking};
use sotto_view::Action;
use sotto_view::connection::Connection;
use sotto_view::diff::Step;
use sotto_view::keys::LineKey;
use sotto_view::notice::Says;
use sotto_view::refusal::Refusal;
use sotto_view::start::Stage;
use sotto_view::thread::Standing;
use sotto_view::timeline::Edge;
use sotto_view::timeline::Item;
use sotto_view::timeline::OwnState;

pub(super) fn a_request_is_a_request_until_it_is_accepted() {
    let mut table = Table::default();
    let (alice, bob) = (table.join("alice"), table.join("bob"));
    table.act(alice, Action::OpenHandle { handle: "bob".into() });
    table.act(alice, send("hello"));
    assert_eq!(table.window(alice).read(), ["beginning", "day", "hello"]);
    table.settle();
    assert_eq!(table.window(alice).last_state(), OwnState::Sent);

    let window = table.window(bob);
    assert!(window.rows.is_empty());
    assert_eq!((window.badges.requests, window.badges.unread), (1, 0));
    let conversation = window.with("alice");
    table.act(bob, open(conversation));
    assert_eq!(table.window(bob).thread.as_ref().unwrap().standing, Standing::Request);
    table.act(bob, Action::Accept { conversation });
    let window = table.window(bob);
    assert_eq!((window.requests.len(), window.listed()), (0, vec!["@alice".to_owned()]));
    assert_eq!(window.thread.as_ref().unwrap().standing, Standing::Open);
    table.act(bob, send("hi"));
    table.settle();
    assert_eq!(table.window(alice).read(), ["beginning", "day", "hello", "hi"]);
}

// LOOK: optimistic everywhere.
pub(super) fn what_is_sent_stands_there_before_the_engine_has_heard_of_it() {
    let (mut table, alice, _) = talking();
    table.window(alice).steps.clear();
    let commands = table.show_only(alice, 0, send("at once"));
    assert_eq!(table.window(alice).read().last().unwrap(), "at once");
    assert_eq!(table.window(alice).last_state(), OwnState::Queued);
    let key = table.window(alice).last_line();
    table.command(alice, commands);
    table.settle();
    assert_eq!(table.window(alice).last_state(), OwnState::Sent);
    assert_eq!(table.window(alice).last_line(), key, "it is the same line all the way");
    let moved = |step: &Step<Item>| !matches!(step, Step::Insert { .. } | Step::Update { .. });
    let steps = &table.window(alice).steps;
    assert!(!steps.iter().any(moved), "nothing else moved: {steps:?}");
    assert_eq!(steps.iter().filter(|step| matches!(step, Step::Insert { .. })).count(), 1);
}

pub(super) fn without_a_server_lines_wait_and_leave_by_themselves() {
    let (mut table, alice, bob) = talking();
    table.set_reachable(false);
    assert!(matches!(table.window(alice).connection, Some(Connection::Offline { .. })));
    for text in ["one", "two"] {
        table.act(alice, send(text));
    }
    table.settle();
    assert_eq!(table.window(alice).last_state(), OwnState::Queued);
    table.set_reachable(true);
    table.pass(60_000);
    assert_eq!(table.window(alice).connection, Some(Connection::Online));
    assert_eq!(table.window(alice).last_state(), OwnState::Sent);
    let read = table.window(bob).read();
    assert_eq!(read[read.len() - 2..], ["one", "two"]);
}

pub(super) fn unread_lines_are_counted_until_they_were_on_a_screen() {
    let (mut table, alice, bob) = talking();
    let conversation = table.window(bob).with("alice");
    table.act(bob, Action::Close);
    for text in ["one", "two"] {
        table.act(alice, send(text));
    }
    table.settle();
    assert_eq!(table.window(bob).row(conversation).unwrap().unread, 2);
    assert_eq!(table.window(bob).badges.unread, 2);
    assert_eq!(table.window(bob).last(conversation), "two");

    table.act(bob, open(conversation));
    assert_eq!(table.window(bob).read(), ["beginning", "day", "hello", "new", "one", "two"]);
    assert_eq!(table.window(bob).badges.unread, 2, "opening alone is not reading");
    let line = table.window(bob).last_line();
    table.act(bob, Action::Seen { line });
    assert_eq!(table.window(bob).badges.unread, 0);
    assert!(table.window(bob).read().contains(&"new".to_owned()), "the line stays while one reads");
    table.act(bob, Action::Close);
    table.act(bob, open(conversation));
    assert_eq!(table.window(bob).read(), ["beginning", "day", "hello", "one", "two"]);
}

pub(super) fn what_arrives_while_one_is_away_is_new_and_while_one_looks_is_not() {
    let (mut table, alice, bob) = talking();
    table.act(alice, send("seen"));
    table.settle();
    assert_eq!(table.window(bob).read(), ["beginning", "day", "hello", "seen"]);
    let line = table.window(bob).last_line();
    table.act(bob, Action::Seen { line });
    table.act(bob, Action::Away);
    table.act(alice, send("later"));
    table.settle();
    assert_eq!(table.window(bob).read(), ["beginning", "day", "hello", "seen", "new", "later"]);
    table.act(bob, send("back"));
    assert_eq!(table.window(bob).read(), ["beginning", "day", "hello", "seen", "later", "back"]);
}

pub(super) fn a_new_line_moves_nothing_that_is_being_read() {
    let (mut table, alice, bob) = talking();
    table.window(bob).steps.clear();
    table.act(alice, send("more"));
    table.settle();
    let steps = table.window(bob).steps.clone();
    let end = table.window(bob).items.len() - 1;
    assert!(steps.iter().any(|step| matches!(step, Step::Insert { at, .. } if *at == end)), "{steps:?}");
    assert!(steps.iter().all(|step| matches!(step, Step::Insert { .. } | Step::Update { .. })), "{steps:?}");
}

pub(super) fn two_windows_show_the_same() {
    let (mut table, alice, bob) = talking();
    let second = table.open_window(bob);
    let conversation = table.window(bob).with("alice");
    table.act_in(bob, second, open(conversation));
    table.act(bob, send("from the first"));
    table.act(alice, send("from alice"));
    table.settle();
    let read = table.window(bob).read();
    let mut other = table.window_at(bob, second).read();
    other.retain(|line| line != "new");
    assert_eq!(other, read, "what nobody looked at there is new there");
    assert_eq!(
        table.window_at(bob, second).connection,
        Some(Connection::Online),
        "it learned what came before it"
    );
    let line = table.window_at(bob, second).last_line();
    table.act_in(bob, second, Action::Seen { line });
    assert_eq!(table.window(bob).badges.unread, 0, "seen in one is seen");
    let keys = |table: &mut Table, place| -> Vec<LineKey> {
        table.window_at(bob, place).messages().iter().map(|message| message.key).collect()
    };
    assert_ne!(keys(&mut table, 0), keys(&mut table, second), "keys are each window's own");
}

pub(super) fn a_long_history_is_loaded_as_far_as_one_reads() {
    let (mut table, _, bob) = talking();
    table.reopen(bob, |connection| {
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO messages (conversation, message, sender, device, own, kind, text, sent_at, state, topic, leg_no,
                 seq, minute, sort_at)
             SELECT 1, CAST(printf('%016d', i) AS BLOB), zeroblob(32), zeroblob(16), 0, 0, i, i * 60000, 4, zeroblob(32),
                 0, i, i, i * 60000 FROM n";
        connection.execute(many, []).unwrap();
    });
    let conversation = table.window(bob).with("alice");
    table.act(bob, open(conversation));
    assert_eq!(table.window(bob).edges, Some((Edge::More, Edge::End)));
    let first = table.window(bob).messages().len();
    assert!(first < 100, "{first} lines at once");
    let mut texts: Vec<String> = Vec::new();
    for _ in 0..100 {
        let window = table.window(bob);
        let seen: Vec<String> =
            window.read().into_iter().filter(|line| line.parse::<u32>().is_ok()).collect();
        let before =
            texts.first().map_or(seen.len(), |first| seen.iter().position(|one| one == first).unwrap());
        texts.splice(0..0, seen[..before].iter().cloned());
        assert!(window.messages().len() <= sotto_view::limits::WINDOW_LINES_MAX);
        if window.edges.unwrap().0 == Edge::End {
            break;
        }
        table.act(bob, Action::LoadOlder);
    }
    let all: Vec<String> = (1..=2000).map(|number: u32| number.to_string()).collect();
    assert_eq!(texts, all, "every line once, in order");
    assert_eq!(table.window(bob).read()[0], "beginning");
    assert_eq!(table.window(bob).edges, Some((Edge::End, Edge::More)), "the newest were let go");
    table.act(bob, Action::JumpToNewest);
    assert_eq!(table.window(bob).read().last().unwrap(), "hello");
    for _ in 0..3 {
        table.act(bob, Action::LoadOlder);
    }
    for _ in 0..40 {
        table.act(bob, Action::LoadNewer);
    }
    assert_eq!(table.window(bob).read().last().unwrap(), "hello");
    assert_eq!(table.window(bob).edges.unwrap().1, Edge::End);
}

pub(super) fn a_lying_server_is_told_in_an_alarm_that_can_be_read_and_put_away() {
    let (mut table, alice, bob) = talking();
    table.reopen(bob, |connection| {
        let alarm =
            "INSERT INTO alarms (kind, conversation, at, evidence) VALUES (0, 1, 1800000000000, x'c0ffee')";
        connection.execute(alarm, []).unwrap();
    });
    let window = table.window(bob);
    let conversation = window.with("alice");
    assert_eq!((window.badges.alarms, window.row(conversation).unwrap().alarm), (1, true));
    let card = window.alarms[0].clone();
    assert!(card.kind.is_grave() && !card.seen);
    assert_eq!(card.person.unwrap().called().unwrap(), "@alice");
    table.act(bob, Action::OpenAlarmDetails { alarm: card.key });
    assert_eq!(table.window(bob).details.as_ref().unwrap().evidence, "c0ffee");
    table.act(bob, Action::AlarmSeen { alarm: card.key });
    assert_eq!(table.window(bob).badges.alarms, 0);
    assert!(!table.window(bob).row(conversation).unwrap().alarm);
    table.act(alice, send("still there"));
    table.settle();
    assert_eq!(table.window(bob).last(conversation), "still there");
}

pub(super) fn names_and_texts_made_to_mislead_stay_in_their_place() {
    let (mut table, alice, bob) = talking();
    table.act(alice, Action::SetName { name: "a\u{202e}b".into() });
    assert_eq!(table.window(alice).settings.as_ref().unwrap().refusal, Some(Refusal::NameUnfit));
    table.act(alice, Action::SetName { name: "<b>Alice</b>".into() });
    assert_eq!(table.window(alice).notice().1, Says::NameSaved);
    table.act(alice, send("\u{202e}gpj.exe\u{0}\n\u{2067}rest"));
    table.settle();
    let conversation = table.window(bob).with("alice");
    assert_eq!(table.window(bob).listed(), ["<b>Alice</b>"]);
    assert_eq!(table.window(bob).last(conversation), "gpj.exe rest");
    assert_eq!(table.window(bob).read().last().unwrap(), "gpj.exe\n\u{2067}rest\u{2069}");
}

pub(super) fn midnight_is_noticed() {
    let (mut table, _, bob) = talking();
    let today = table.window(bob).today.unwrap();
    let wait = table.wakes_in(bob);
    assert!(wait <= 86_400_000);
    table.pass(wait);
    assert_eq!(table.window(bob).today.unwrap().number, today.number + 1);
}

pub(super) fn a_refresh_gives_back_the_whole_screen() {
    let (mut table, alice, bob) = talking();
    table.act(alice, send("one"));
    table.settle();
    let (rows, items) = (table.window(bob).rows.clone(), table.window(bob).items.clone());
    *table.window(bob) = crate::Window::default();
    table.act(bob, Action::Refresh);
    assert_eq!(table.window(bob).rows, rows);
    assert_eq!(table.window(bob).items, items);
    assert_eq!(table.window(bob).stage, Some(Stage::Ready));
    assert!(table.window(bob).composer.is_some() && table.window(bob).thread.is_some());
}
