//! What only a screen asks for: drafts, what was seen, pages in both directions.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rusqlite::params;
use sotto_engine::Engine;
use sotto_engine::api::{Command, CommandId, Event, Input, Output, Refusal, Reply, Target};
use sotto_engine::screen::{ConversationNumber, DRAFT_BYTES_MAX, Line, LineNumber, Page};
use sotto_wire::ids::{Handle, Millis};

use crate::databases;

const NOW: Millis = Millis(1_800_000_000_000);
const BOB: ConversationNumber = ConversationNumber(1);

fn handle(name: &str) -> Handle {
    Handle::parse(name).unwrap()
}

fn bob() -> Target {
    Target::Handle(handle("bob"))
}

fn ask(engine: &mut Engine, command: Command) -> (Result<Reply, Refusal>, usize) {
    let mut entropy = ChaCha20Rng::seed_from_u64(engine.outbox().unwrap().len() as u64 + 7);
    let outputs = engine.handle(NOW, &mut entropy, Input::Command(CommandId(1), command)).unwrap();
    let shown = outputs.iter().filter(|output| matches!(output, Output::Event(Event::Conversation { .. })));
    let shown = shown.count();
    let reply = outputs.into_iter().find_map(|output| match output {
        Output::Reply(_, reply) => Some(reply),
        _ => None,
    });
    (reply.unwrap(), shown)
}

/// Alice, registered, with an empty conversation with Bob.
fn alice() -> Engine {
    let mut engine = Engine::open(databases::fresh()).unwrap();
    let prepare = Command::PrepareAccount {
        handle: handle("alice"),
        server: "http://localhost:1".into(),
        invite: None,
    };
    ask(&mut engine, prepare).0.unwrap();
    let connection = engine.into_connection();
    connection.execute("UPDATE account SET state = 2", []).unwrap();
    let mut engine = Engine::open(databases::again(connection)).unwrap();
    ask(&mut engine, Command::OpenConversation { with: handle("bob") }).0.unwrap();
    engine
}

/// With lines of Bob's at these minutes, unseen, arrived in this order.
fn with_lines(minutes: &[i64]) -> Engine {
    let connection = alice().into_connection();
    for (index, minute) in minutes.iter().enumerate() {
        connection
            .execute(
                "INSERT INTO messages (conversation, message, sender, device, own, kind, text, sent_at, state, topic,
                     leg_no, seq, minute, sort_at, unread)
                 VALUES (1, ?1, zeroblob(32), zeroblob(16), 0, 0, ?2, ?3, 4, zeroblob(32), 0, ?4, ?5, ?3, 1)",
                params![vec![index as u8; 16], minute.to_string(), minute * 60_000, index as i64, minute],
            )
            .unwrap();
    }
    Engine::open(connection).unwrap()
}

fn texts(lines: Vec<Line>) -> Vec<String> {
    lines.into_iter().map(|line| line.view.text.unwrap()).collect()
}

fn unread(engine: &Engine) -> u64 {
    engine.conversation_state(BOB).unwrap().unwrap().unread
}

pub(super) fn a_draft_stays_until_it_is_sent_or_emptied() {
    let mut engine = alice();
    let draft = |engine: &Engine| engine.conversation_state(BOB).unwrap().unwrap().draft;
    let save = |text: &str| Command::SaveDraft { conversation: bob(), text: text.into() };
    assert_eq!(ask(&mut engine, save("hello ")), (Ok(Reply::Done), 1), "other windows learn of it");
    assert_eq!(ask(&mut engine, save("hello ")), (Ok(Reply::Done), 0), "nothing new");
    let mut engine = Engine::open(databases::again(engine.into_connection())).unwrap();
    assert_eq!(draft(&engine).as_deref(), Some("hello "), "it outlives the process");

    ask(&mut engine, Command::Send { to: bob(), text: "something else".into() }).0.unwrap();
    assert_eq!(draft(&engine).as_deref(), Some("hello "), "what another window sends leaves it");
    ask(&mut engine, Command::Send { to: bob(), text: "hello".into() }).0.unwrap();
    assert_eq!(draft(&engine), None, "sent");

    ask(&mut engine, save("more")).0.unwrap();
    ask(&mut engine, save("")).0.unwrap();
    assert_eq!(draft(&engine), None, "emptied");
    let long = ask(&mut engine, save(&"x".repeat(DRAFT_BYTES_MAX + 1))).0;
    assert_eq!(long.unwrap_err(), Refusal::TextTooLong { found: DRAFT_BYTES_MAX + 1, max: DRAFT_BYTES_MAX });
}

pub(super) fn a_conversation_is_opened_once_and_not_with_oneself() {
    let mut engine = alice();
    ask(&mut engine, Command::OpenConversation { with: handle("bob") }).0.unwrap();
    assert_eq!(engine.conversation_states().unwrap().len(), 1);
    assert_eq!(engine.conversation_number(&bob()).unwrap(), Some(BOB));
    let oneself = ask(&mut engine, Command::OpenConversation { with: handle("alice") }).0;
    assert_eq!(oneself.unwrap_err(), Refusal::Myself);
    assert!(engine.outbox().unwrap().is_empty(), "nothing leaves");
}

pub(super) fn what_arrives_after_the_line_that_was_seen_stays_unread() {
    // The third to arrive stands first: its leg is older.
    let mut engine = with_lines(&[2, 3, 1]);
    assert_eq!(unread(&engine), 3);
    let read = |line| Command::MarkRead { conversation: bob(), up_to: LineNumber(line) };
    assert_eq!(ask(&mut engine, read(2)), (Ok(Reply::Done), 1));
    assert_eq!(unread(&engine), 1, "it came in above, unseen");
    assert_eq!(texts(engine.lines(BOB, Page::FromUnread, 9).unwrap()), ["1", "2", "3"]);
    assert_eq!(ask(&mut engine, read(2)), (Ok(Reply::Done), 0));
    ask(&mut engine, read(3)).0.unwrap();
    assert_eq!(unread(&engine), 0);
    assert!(engine.lines(BOB, Page::FromUnread, 9).unwrap().is_empty());
}

pub(super) fn own_lines_are_never_unread() {
    let mut engine = alice();
    ask(&mut engine, Command::Send { to: bob(), text: "hi".into() }).0.unwrap();
    assert_eq!(unread(&engine), 0);
}

pub(super) fn pages_join_without_gap_or_repeat() {
    let mut engine = with_lines(&[5, 4, 3, 2, 1, 7, 6]);
    ask(&mut engine, Command::Send { to: bob(), text: "8".into() }).0.unwrap();
    ask(&mut engine, Command::Send { to: bob(), text: "9".into() }).0.unwrap();
    let all = engine.lines(BOB, Page::Newest, 99).unwrap();
    assert_eq!(texts(all.clone()), ["1", "2", "3", "4", "5", "6", "7", "8", "9"], "waiting lines come last");
    for (place, line) in all.iter().enumerate() {
        for limit in [1, 2, 99] {
            let before = engine.lines(BOB, Page::Before(line.number), limit).unwrap();
            assert_eq!(before, all[place.saturating_sub(limit)..place]);
            let from = engine.lines(BOB, Page::From(line.number), limit).unwrap();
            assert_eq!(from, all[place..all.len().min(place.saturating_add(limit))]);
        }
    }
    assert!(engine.lines(BOB, Page::From(LineNumber(99)), 9).unwrap().is_empty());
    assert!(engine.lines(ConversationNumber(99), Page::Newest, 9).unwrap().is_empty());
}

pub(super) fn only_a_line_that_failed_can_be_removed() {
    let mut engine = with_lines(&[1]);
    ask(&mut engine, Command::Send { to: bob(), text: "2".into() }).0.unwrap();
    let discard = |line| Command::DiscardFailed { conversation: bob(), line: LineNumber(line) };
    for line in [1, 2] {
        assert_eq!(ask(&mut engine, discard(line)), (Ok(Reply::Done), 0), "received, or waiting");
    }
    ask(&mut engine, Command::Block { who: bob() }).0.unwrap();
    assert_eq!(engine.conversation_state(BOB).unwrap().unwrap().failed, 1, "it was given up");
    assert_eq!(ask(&mut engine, discard(2)), (Ok(Reply::Done), 1));
    assert_eq!(texts(engine.lines(BOB, Page::Newest, 9).unwrap()), ["1"]);
    assert_eq!(engine.conversation_state(BOB).unwrap().unwrap().failed, 0);
}
