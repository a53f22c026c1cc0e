//! Device lists as signed: this account's and contacts'.

use bytes::Bytes;
use rusqlite::{OptionalExtension, Row, params};
use sotto_identity::DeviceList;
use sotto_wire::ids::{AccountId, Signature};
use sotto_wire::signed::{Pin, SignedList};

use super::{Blob, Db, id};
use crate::error::{Cause, Step, StorageError};

fn signed(row: &Row<'_>) -> rusqlite::Result<SignedList> {
    Ok(SignedList {
        list: Bytes::from(row.get::<_, Vec<u8>>("list")?),
        signature: id::<Signature>(row, "signature")?,
    })
}

impl Db<'_> {
    /// An account's chain of lists, oldest first; empty for a stranger.
    pub(crate) fn lists(&self, account: AccountId) -> Step<Vec<SignedList>> {
        let mut statement = self
            .0
            .prepare_cached("SELECT list, signature FROM lists WHERE account = ?1 ORDER BY era, version")?;
        let rows = statement.query_map([account.as_bytes().as_slice()], signed)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest list known of an account. What is stored was verified before; it is verified again.
    pub(crate) fn newest_list(&self, account: AccountId) -> Step<Option<DeviceList>> {
        let lists = self.lists(account)?;
        if lists.is_empty() {
            return Ok(None);
        }
        DeviceList::chain(account, &lists).map(Some).map_err(|_| Cause::Storage(StorageError::Corrupt))
    }

    /// The place of an account's newest list, for what quotes it. What is stored was verified before it was.
    pub(crate) fn newest_pin(&self, account: AccountId) -> Step<Option<Pin>> {
        let mut statement = self.0.prepare_cached(
            "SELECT era, version, list, signature FROM lists WHERE account = ?1 ORDER BY era DESC, version DESC LIMIT 1",
        )?;
        let found = statement.query_row([account.as_bytes().as_slice()], |row| {
            let signed = signed(row)?;
            Ok(Pin { era: row.get("era")?, version: row.get("version")?, hash: signed.hash() })
        });
        Ok(found.optional()?)
    }

    /// Appends verified lists to an account's chain; those already there stay.
    pub(crate) fn add_lists(&self, account: AccountId, lists: &[(SignedList, DeviceList)]) -> Step<()> {
        let mut statement = self.0.prepare_cached(
            "INSERT INTO lists (account, era, version, list, signature) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
        )?;
        for (signed, list) in lists {
            let pin = list.pin();
            statement.execute(params![
                Blob(account.as_bytes()),
                pin.era,
                pin.version,
                signed.list.as_ref(),
                Blob(signed.signature.as_bytes()),
            ])?;
        }
        Ok(())
    }
}

impl Db<'_> {
    /// Forgets the lists of an account that was prepared and never registered.
    pub(crate) fn remove_lists(&self, account: AccountId) -> Step<()> {
        self.0.execute("DELETE FROM lists WHERE account = ?1", [account.to_vec()])?;
        Ok(())
    }
}
