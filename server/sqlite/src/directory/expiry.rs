//! What the directory forgets, table by table.

use rusqlite::Connection;
use sotto_ports::directory::{Expire, Expired};
use sotto_ports::limits::{INBOX_ITEM_DAYS, UPLOAD_DAYS};

use crate::error::Failure;
use crate::row::limit;

/// Each removes at most `?2` rows whose day is before `?1`.
const BY_LAST_DAY: &[&str] = &[
    "DELETE FROM drop_capabilities WHERE hash IN
         (SELECT hash FROM drop_capabilities WHERE not_after_day < ?1 LIMIT ?2)",
    "DELETE FROM key_packages WHERE (account, device, key) IN
         (SELECT account, device, key FROM key_packages WHERE not_after_day < ?1 LIMIT ?2)",
    "DELETE FROM last_resort_packages WHERE (account, device) IN
         (SELECT account, device FROM last_resort_packages WHERE not_after_day < ?1 LIMIT ?2)",
    "DELETE FROM invitations WHERE hash IN
         (SELECT hash FROM invitations WHERE not_after_day < ?1 LIMIT ?2)",
];
const UPLOADS: &str = "DELETE FROM uploads WHERE (account, device, upload) IN
         (SELECT account, device, upload FROM uploads WHERE day < ?1 LIMIT ?2)";
const INBOX: &str = "DELETE FROM inbox WHERE (account, device, key) IN
         (SELECT account, device, key FROM inbox WHERE day < ?1 LIMIT ?2)";

pub(super) fn expire(db: &Connection, op: &Expire) -> Result<Expired, Failure> {
    let today = i64::from(op.today.0);
    let rules = BY_LAST_DAY.iter().map(|delete| (*delete, today));
    let rules =
        rules.chain([(UPLOADS, today - i64::from(UPLOAD_DAYS)), (INBOX, today - i64::from(INBOX_ITEM_DAYS))]);
    let mut rows = 0;
    for (delete, before) in rules {
        rows += db.prepare_cached(delete)?.execute([before, limit(op.at_most)])?;
    }
    Ok(Expired { rows: rows as u32 })
}
