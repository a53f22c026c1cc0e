//! Own commit merged twice: when a process starts, a commit that stands in the outbox and was merged is merged again.
//!
//! OpenMLS notices most of these (an assertion where those are on, else an error): then a program with this bug does not
//! start, and that is what is found.

use rand_core::CryptoRngCore;
use rusqlite::{Connection, OptionalExtension, params};
use sotto_secrecy::{Group, Rows, RowsError, Workspace};
use sotto_wire::ids::TopicId;

/// Self-updates after their commit was merged: kind SELF_UPDATE, state APPLIED or POSTED, as the engine's tables number
/// them.
const MERGED: &str = "kind = 2 AND state IN (3, 4)";

struct Mls<'c>(&'c Connection);

impl Rows for Mls<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        let row = self.0.query_row("SELECT value FROM mls WHERE key = ?1", [key], |row| row.get(0));
        row.optional().map_err(|_| RowsError)
    }
}

/// Merges once more what was merged; whether there was anything.
///
/// # Errors
/// When it does not merge again.
pub(crate) fn merge_again(connection: &Connection, entropy: &mut dyn CryptoRngCore) -> Result<bool, String> {
    let Some((topic, staged)) = merged_commit(connection) else { return Ok(false) };
    let rows = Mls(connection);
    let workspace = Workspace::new(&rows, entropy);
    let Ok(Some(mut group)) = Group::load(&workspace, topic) else { return Ok(false) };
    group.merge_own_again(&workspace, &staged).map_err(|error| error.to_string())?;
    write(connection, workspace.into_changes()).map_err(|error| error.to_string())?;
    Ok(true)
}

fn merged_commit(connection: &Connection) -> Option<(TopicId, Vec<u8>)> {
    let sql = format!("SELECT topic, staged FROM outbox WHERE staged IS NOT NULL AND {MERGED}");
    let found = connection.query_row(&sql, [], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)));
    let (topic, staged) = found.ok()?;
    Some((TopicId::try_from(topic.as_slice()).ok()?, staged))
}

fn write(connection: &Connection, changes: sotto_secrecy::Changes) -> rusqlite::Result<()> {
    for (key, value) in changes {
        match value {
            Some(value) => {
                let sql = "INSERT OR REPLACE INTO mls (key, value) VALUES (?1, ?2)";
                connection.execute(sql, params![key, value])?
            }
            None => connection.execute("DELETE FROM mls WHERE key = ?1", [key])?,
        };
    }
    Ok(())
}
