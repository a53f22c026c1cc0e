//! Alarms and their evidence.

use rusqlite::{Row, params};
use sotto_wire::ids::Millis;

use super::{Db, code, id_opt, int, uint};
use crate::api::{Alarm, AlarmKind};
use crate::error::Step;
use crate::limits::ALARMS_PER_KIND_MAX;

const KINDS: [AlarmKind; 13] = [
    AlarmKind::LogFork,
    AlarmKind::EntryWithheld,
    AlarmKind::TrimmedTooEarly,
    AlarmKind::ServerSignatureWrong,
    AlarmKind::ServerKeyChanged,
    AlarmKind::ContactKeyRefused,
    AlarmKind::ContactListConflict,
    AlarmKind::InboxItemRefused,
    AlarmKind::CloneSuspected,
    AlarmKind::JunkHandshake,
    AlarmKind::ForeignEntry,
    AlarmKind::StaleAppend,
    AlarmKind::WelcomeRefused,
];

fn kind_code(kind: AlarmKind) -> i64 {
    KINDS.iter().position(|known| *known == kind).map_or(-1, |index| index as i64)
}

fn kind_from(code: i64) -> Option<AlarmKind> {
    usize::try_from(code).ok().and_then(|index| KINDS.get(index)).copied()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Alarm> {
    Ok(Alarm {
        id: row.get("id")?,
        kind: code(row, "kind", kind_from)?,
        conversation: id_opt(row, "conversation")?,
        at: Millis(uint(row, "at")?),
        acknowledged: row.get("acknowledged")?,
    })
}

impl Db<'_> {
    /// Records an alarm; the same kind with the same evidence is recorded once, and a server that lies without end
    /// fills no disk. None when nothing new was recorded.
    pub(crate) fn add_alarm(
        &self,
        kind: AlarmKind,
        conversation: Option<i64>,
        at: Millis,
        evidence: &[u8],
    ) -> Step<Option<Alarm>> {
        let (known, same_kind): (bool, i64) = self
            .0
            .prepare_cached(
                "SELECT coalesce(max(evidence = ?2), 0), count(*) FROM alarms WHERE kind = ?1 AND conversation IS ?3",
            )?
            .query_row(params![kind_code(kind), evidence, conversation], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if known || same_kind >= ALARMS_PER_KIND_MAX {
            return Ok(None);
        }
        self.0.execute(
            "INSERT INTO alarms (kind, conversation, at, evidence) VALUES (?1, ?2, ?3, ?4)",
            params![kind_code(kind), conversation, int(at.0), evidence],
        )?;
        let id = self.0.last_insert_rowid();
        Ok(self.alarms()?.into_iter().find(|alarm| alarm.id == id))
    }

    /// All alarms, oldest first.
    pub(crate) fn alarms(&self) -> Step<Vec<Alarm>> {
        let mut statement = self.0.prepare_cached(
            "SELECT alarms.id, kind, conversations.conversation AS conversation, at, acknowledged
             FROM alarms LEFT JOIN conversations ON conversations.id = alarms.conversation ORDER BY alarms.id",
        )?;
        let rows = statement.query_map([], from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Marks one as seen.
    pub(crate) fn acknowledge_alarm(&self, alarm: i64) -> Step<()> {
        self.0.execute("UPDATE alarms SET acknowledged = 1 WHERE id = ?1", [alarm])?;
        Ok(())
    }
}
