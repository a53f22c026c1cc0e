//! This profile's account: at most one row.

use rusqlite::{OptionalExtension, Row, params};
use sotto_secrecy::DeviceKeys;
use sotto_wire::ids::{AccountId, DeviceId, Handle, PublicKey};
use zeroize::Zeroizing;

use super::{Blob, Db, code, id, id_opt};
use crate::error::Step;

/// How far registration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountState {
    /// Keys are made, the recovery words are being written down.
    Prepared,
    /// The person asked to register.
    Registering,
    /// The server has stored it.
    Registered,
}

impl AccountState {
    fn code(self) -> i64 {
        match self {
            Self::Prepared => 0,
            Self::Registering => 1,
            Self::Registered => 2,
        }
    }

    fn from_code(code: i64) -> Option<Self> {
        [Self::Prepared, Self::Registering, Self::Registered].into_iter().find(|state| state.code() == code)
    }
}

/// The account row.
pub(crate) struct Account {
    pub(crate) state: AccountState,
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) handle: Handle,
    pub(crate) display_name: Option<String>,
    pub(crate) server: String,
    pub(crate) invite: Option<String>,
    pub(crate) log_key: Option<PublicKey>,
    pub(crate) device_secret: Zeroizing<[u8; 32]>,
    pub(crate) aik_secret: Zeroizing<[u8; 32]>,
}

impl Account {
    /// What this device signs with.
    pub(crate) fn keys(&self) -> DeviceKeys {
        DeviceKeys::new(self.account, self.device, &self.device_secret)
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let secret = |column| row.get::<_, [u8; 32]>(column).map(Zeroizing::new);
        Ok(Self {
            state: code(row, "state", AccountState::from_code)?,
            account: id(row, "account")?,
            device: id(row, "device")?,
            handle: handle(row, "handle")?.ok_or(rusqlite::Error::InvalidQuery)?,
            display_name: row.get("display_name")?,
            server: row.get("server")?,
            invite: row.get("invite")?,
            log_key: id_opt(row, "log_key")?,
            device_secret: secret("device_secret")?,
            aik_secret: secret("aik_secret")?,
        })
    }
}

/// A handle column: NULL stays none, anything that is no handle is damage.
pub(crate) fn handle(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Handle>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| Handle::parse(&text).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, 0)))
        .transpose()
}

impl Db<'_> {
    /// The account, if one was prepared.
    pub(crate) fn account(&self) -> Step<Option<Account>> {
        Ok(self.0.prepare_cached("SELECT * FROM account")?.query_row([], Account::from_row).optional()?)
    }

    /// Puts a freshly prepared account in place of an earlier, never registered one.
    pub(crate) fn put_account(&self, account: &Account) -> Step<()> {
        self.0.execute(
            "INSERT OR REPLACE INTO account (only_one, state, account, device, handle, display_name, server, invite,
                 log_key, device_secret, aik_secret)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                account.state.code(),
                Blob(account.account.as_bytes()),
                Blob(account.device.as_bytes()),
                account.handle.as_str(),
                account.display_name,
                account.server,
                account.invite,
                account.log_key.map(|key| key.to_vec()),
                *account.device_secret,
                *account.aik_secret,
            ],
        )?;
        Ok(())
    }

    /// Moves registration on.
    pub(crate) fn set_account_state(&self, state: AccountState) -> Step<()> {
        self.0.execute("UPDATE account SET state = ?1", [state.code()])?;
        Ok(())
    }

    /// Remembers the server's log-signing key.
    pub(crate) fn set_log_key(&self, key: PublicKey) -> Step<()> {
        self.0.execute("UPDATE account SET log_key = ?1", [key.to_vec()])?;
        Ok(())
    }

    /// Sets or clears the display name.
    pub(crate) fn set_display_name(&self, name: Option<&str>) -> Step<()> {
        self.0.execute("UPDATE account SET display_name = ?1", [name])?;
        Ok(())
    }
}
