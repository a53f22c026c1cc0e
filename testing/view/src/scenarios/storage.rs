//! The database on bad days: full, newer, without an account.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sotto_engine::api::{Command, CommandId, Input, Output, Plane, Refusal, Reply, Target};
use sotto_engine::{Cause, Engine, OpenError, StorageError};
use sotto_wire::ids::{Handle, Millis};

use crate::databases;

const NOW: Millis = Millis(1_800_000_000_000);

fn entropy() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn prepare() -> Input {
    prepare_at("http://localhost:1".into())
}

fn prepare_at(server: String) -> Input {
    let handle = Handle::parse("alice").unwrap();
    Input::Command(CommandId(1), Command::PrepareAccount { handle, server, invite: None })
}

fn fresh() -> Engine {
    Engine::open(databases::fresh()).unwrap()
}

pub(super) fn a_full_disk_is_said_and_changes_nothing() {
    let connection = databases::fresh();
    let engine = Engine::open(connection).unwrap();
    let connection = engine.into_connection();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    connection.pragma_update(None, "max_page_count", pages).unwrap();
    let mut engine = Engine::open(connection).unwrap();
    let long = || prepare_at(format!("http://{}", "a".repeat(20_000)));
    let mut error = engine.handle(NOW, &mut entropy(), long()).unwrap_err();
    assert_eq!(error.cause, Cause::Storage(StorageError::Full));
    assert!(error.outputs().iter().any(|output| matches!(output, Output::Disconnect(Plane::Topic))));
    assert_eq!(engine.account().unwrap(), None, "nothing was stored");

    let connection = engine.into_connection();
    connection.pragma_update(None, "max_page_count", pages + 1_000).unwrap();
    let mut engine = Engine::open(connection).unwrap();
    engine.handle(NOW, &mut entropy(), long()).expect("with room it works");
    assert!(engine.account().unwrap().is_some());
}

pub(super) fn a_newer_database_is_refused_with_both_versions() {
    let connection = fresh().into_connection();
    connection.pragma_update(None, "user_version", 99).unwrap();
    match Engine::open(databases::again(connection)) {
        Err(OpenError::Newer { found: 99, known }) => assert!(known < 99),
        other => panic!("expected a refusal, got {:?}", other.err()),
    }
}

pub(super) fn recovery_words_are_never_stored() {
    let mut engine = fresh();
    let outputs = engine.handle(NOW, &mut entropy(), prepare()).unwrap();
    let words = outputs
        .into_iter()
        .find_map(|output| match output {
            Output::Reply(_, Ok(Reply::RecoveryWords { words })) => Some(words),
            _ => None,
        })
        .expect("the words are shown");
    assert_eq!(words.len(), 12);
    let connection = engine.into_connection();
    let mut statement =
        connection.prepare("SELECT quote(device_secret) || server || handle FROM account").unwrap();
    let row: String = statement.query_row([], |row| row.get(0)).unwrap();
    assert!(!words.iter().any(|word| row.contains(&format!(" {word} "))));
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info('account')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(!columns.iter().any(|name| name.contains("recovery") || name.contains("rk")), "{columns:?}");
}

pub(super) fn preparing_again_starts_over_and_the_account_id_is_another() {
    let mut engine = fresh();
    let mut rng = entropy();
    engine.handle(NOW, &mut rng, prepare()).unwrap();
    let first = engine.account().unwrap().unwrap();
    engine.handle(NOW, &mut rng, prepare()).unwrap();
    let second = engine.account().unwrap().unwrap();
    assert_ne!(first.account, second.account);
    assert!(!second.registered);
}

pub(super) fn commands_without_an_account_are_refused_with_the_reason() {
    let mut engine = fresh();
    let send = Command::Send { to: Target::Handle(Handle::parse("bob").unwrap()), text: "hi".into() };
    let outputs = engine.handle(NOW, &mut entropy(), Input::Command(CommandId(7), send)).unwrap();
    assert!(
        outputs.iter().any(|output| matches!(output, Output::Reply(CommandId(7), Err(Refusal::NoAccount)))),
        "{outputs:?}"
    );
    assert!(engine.outbox().unwrap().is_empty());
}
