//! Forgetting what has expired, a bounded number of rows at a time.

use rusqlite::{Connection, Result, params};
use sotto_ports::directory::{Expire, Expired};
use sotto_ports::limits::{INBOX_ITEM_DAYS, UPLOAD_DAYS};

/// Table, key, day column, and the days a row outlives that day.
const EXPIRING: [(&str, &str, &str, u32); 6] = [
    ("drops", "capability", "not_after", 0),
    ("uploads", "account, device, upload", "day", UPLOAD_DAYS),
    ("inbox", "account, device, item", "day", INBOX_ITEM_DAYS),
    ("key_packages", "account, device, package", "not_after", 0),
    ("last_resorts", "account, device", "not_after", 0),
    ("invitations", "code", "not_after", 0),
];

pub(super) fn expire(connection: &Connection, op: Expire) -> Result<Expired> {
    let rows = EXPIRING.iter().try_fold(0, |rows, (table, key, day, days)| {
        let delete = format!(
            "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {day} < ?1 LIMIT ?2)"
        );
        let before = i64::from(op.today.0) - i64::from(*days);
        let gone = connection.prepare_cached(&delete)?.execute(params![before, op.at_most as i64])?;
        Ok::<_, rusqlite::Error>(rows + gone as u32)
    })?;
    Ok(Expired { rows })
}
