//! A large profile out of a small one: received texts are copied, whole, until there are enough.

use anyhow::ensure;
use rusqlite::{Connection, params};

/// Time between a line and its copies' next, in milliseconds: copies go back in time.
const APART_MS: i64 = 120_000;

/// Copies received texts under ids of their own, into further conversations and earlier times, until a client's
/// database has `messages` in `conversations`. Half of all are in its first conversation. One transaction.
///
/// # Errors
/// When there is nothing to copy, or the database fails.
pub fn multiply(database: &Connection, messages: usize, conversations: usize) -> anyhow::Result<()> {
    let transaction = database.unchecked_transaction()?;
    let keys = open_conversations(&transaction, conversations)?;
    let sources = ids(&transaction, "SELECT id FROM messages WHERE own = 0 AND text IS NOT NULL")?;
    ensure!(keys.len() == conversations && !sources.is_empty(), "nothing to copy");
    let have: u32 = transaction.query_row("SELECT count(*) FROM messages", [], |row| row.get(0))?;
    let mut copy = transaction.prepare(
        "INSERT INTO messages (conversation, message, sender, device, own, kind, text, sent_at, state, failure,
             topic, leg_no, seq, minute, sort_at, payload)
         SELECT ?2, randomblob(16), sender, device, own, kind, text, sent_at - ?3, state, failure,
             topic, leg_no, seq, minute - ?3 / 60000, sort_at - ?3, payload FROM messages WHERE id = ?1",
    )?;
    for number in 0..messages.saturating_sub(have as usize) {
        let key = if number % 2 == 0 { keys[0] } else { keys[1 + number / 2 % (conversations - 1)] };
        let earlier_ms = (number as i64 + 1) * APART_MS;
        copy.execute(params![sources[number % sources.len()], key, earlier_ms])?;
    }
    drop(copy);
    transaction.commit()?;
    Ok(())
}

/// Opens conversations with people who do not exist until there are `wanted`; all of them, the oldest first.
fn open_conversations(database: &Connection, wanted: usize) -> anyhow::Result<Vec<i64>> {
    const ALL: &str = "SELECT id FROM conversations ORDER BY id";
    ensure!(wanted >= 2, "half of all messages are in further conversations");
    let have = ids(database, ALL)?.len();
    let mut open = database.prepare(
        "INSERT INTO conversations (conversation, peer, handle, standing, opened_at)
         VALUES (randomblob(32), randomblob(32), ?1, 0, 0)",
    )?;
    for number in have..wanted {
        open.execute([format!("friend{number}")])?;
    }
    ids(database, ALL)
}

fn ids(database: &Connection, query: &str) -> anyhow::Result<Vec<i64>> {
    let found = database.prepare(query)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(found)
}
