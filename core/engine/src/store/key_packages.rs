//! This device's key packages: what opens Welcomes sealed to them.

use bytes::Bytes;
use rusqlite::{OptionalExtension, params};
use sotto_secrecy::SealSecret;
use sotto_wire::ids::{Minute, Signature, UploadId};
use sotto_wire::signed::SignedKeyPackage;

use super::{Blob, Db, id, int};
use crate::error::Step;

/// First bytes of SHA-256 of a seal key: tells which secret opens an item.
pub(crate) type Hint = [u8; 8];

/// One key package as it is stored.
pub(crate) struct StoredKeyPackage {
    pub(crate) hint: Hint,
    pub(crate) seal_secret: SealSecret,
    pub(crate) signed: SignedKeyPackage,
    pub(crate) last_resort: bool,
    pub(crate) not_after: Minute,
}

/// Key packages on their way to the server.
pub(crate) struct Upload {
    pub(crate) id: UploadId,
    pub(crate) one_time: Vec<SignedKeyPackage>,
    pub(crate) last_resort: Option<SignedKeyPackage>,
}

impl Db<'_> {
    /// Stores fresh key packages before they are published.
    pub(crate) fn add_key_packages(&self, upload: UploadId, packages: &[StoredKeyPackage]) -> Step<()> {
        let mut statement = self.0.prepare_cached(
            "INSERT INTO key_packages (hint, seal_secret, body, signature, last_resort, upload, published, not_after)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)",
        )?;
        for package in packages {
            statement.execute(params![
                Blob(package.hint),
                package.seal_secret.expose(),
                package.signed.body.as_ref(),
                Blob(package.signed.signature.as_bytes()),
                package.last_resort,
                Blob(upload.as_bytes()),
                int(package.not_after.0),
            ])?;
        }
        Ok(())
    }

    /// The upload whose acceptance is not known yet: it is repeated as it was.
    pub(crate) fn pending_upload(&self) -> Step<Option<Upload>> {
        let found: Option<UploadId> = self
            .0
            .query_row("SELECT upload FROM key_packages WHERE published = 0 LIMIT 1", [], |row| {
                id(row, "upload")
            })
            .optional()?;
        let Some(upload) = found else { return Ok(None) };
        let mut statement = self
            .0
            .prepare_cached("SELECT body, signature, last_resort FROM key_packages WHERE upload = ?1")?;
        let rows = statement.query_map([upload.as_bytes().as_slice()], |row| {
            let signed = SignedKeyPackage {
                body: Bytes::from(row.get::<_, Vec<u8>>("body")?),
                signature: id::<Signature>(row, "signature")?,
            };
            Ok((signed, row.get::<_, bool>("last_resort")?))
        })?;
        let mut out = Upload { id: upload, one_time: Vec::new(), last_resort: None };
        for row in rows {
            match row? {
                (signed, true) => out.last_resort = Some(signed),
                (signed, false) => out.one_time.push(signed),
            }
        }
        Ok(Some(out))
    }

    /// The server has this upload.
    pub(crate) fn upload_published(&self, upload: UploadId) -> Step<()> {
        self.0.execute("UPDATE key_packages SET published = 1 WHERE upload = ?1", [upload.to_vec()])?;
        Ok(())
    }

    /// What opens an item with this hint.
    pub(crate) fn seal_secret(&self, hint: Hint) -> Step<Option<(SealSecret, bool)>> {
        Ok(self
            .0
            .query_row(
                "SELECT seal_secret, last_resort FROM key_packages WHERE hint = ?1",
                [hint.as_slice()],
                |row| Ok((SealSecret::from_bytes(row.get("seal_secret")?), row.get("last_resort")?)),
            )
            .optional()?)
    }

    /// A one-time package that did its work.
    pub(crate) fn spend_key_package(&self, hint: Hint) -> Step<()> {
        self.0.execute("DELETE FROM key_packages WHERE hint = ?1 AND last_resort = 0", [hint.as_slice()])?;
        Ok(())
    }

    /// Expiry of the newest last-resort package.
    pub(crate) fn last_resort_not_after(&self) -> Step<Option<Minute>> {
        let newest: Option<i64> =
            self.0.query_row("SELECT max(not_after) FROM key_packages WHERE last_resort = 1", [], |row| {
                row.get(0)
            })?;
        Ok(newest.map(|minute| Minute(minute.unsigned_abs())))
    }
}
