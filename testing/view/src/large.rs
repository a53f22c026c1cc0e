//! Makes the web client's own profile large, for the benches: in a worker of the same origin, while no page has it open.

use anyhow::Context as _;
use sotto_browser::database;
use sotto_secrecy::profile_key::{DatabaseKey, KeyFile, Stored};
use sotto_workload::copies::multiply;
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHPoolCfgBuilder, install};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// Where the client's worker keeps its files.
const FOLDER: &str = "sotto";
const FILE: &str = "sotto.db";
/// What SQLCipher 4 takes unless told otherwise.
const PAGE_BYTES: f64 = 4096.0;
/// Pages stay in memory until all copies are made: each is encrypted and written once.
const CACHE: &str = "PRAGMA cache_size = -400000";

/// Copies received texts until the profile has `messages` in `conversations`; `key_file` is the client's, its key locked
/// with `passphrase`. The database's size in bytes.
///
/// # Errors
/// When the profile does not open or has nothing to copy.
#[wasm_bindgen]
pub async fn enlarge(
    key_file: &str,
    passphrase: &str,
    messages: u32,
    conversations: u32,
) -> Result<f64, JsError> {
    let pool = OpfsSAHPoolCfgBuilder::new().directory(FOLDER).build();
    install::<WasmOsCallback>(&pool, true).await?;
    let said = |error: anyhow::Error| JsError::new(&format!("{error:#}"));
    let key = key_of(key_file, passphrase).map_err(said)?;
    fill(&key, messages as usize, conversations as usize).map_err(said)
}

fn key_of(key_file: &str, passphrase: &str) -> anyhow::Result<DatabaseKey> {
    match KeyFile::parse(key_file.as_bytes())?.stored() {
        Stored::Passphrase { wrapped } => Ok(wrapped.unwrap(passphrase)?),
        Stored::Keyring { .. } | Stored::InsecureFile { .. } => {
            anyhow::bail!("the profile has no passphrase")
        }
    }
}

fn fill(key: &DatabaseKey, messages: usize, conversations: usize) -> anyhow::Result<f64> {
    let database = database::open(FILE, key).ok().context("the database does not open")?;
    database.execute_batch(CACHE)?;
    multiply(&database, messages, conversations)?;
    let pages: u32 = database.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    database.close().map_err(|(_, error)| error)?;
    Ok(f64::from(pages) * PAGE_BYTES)
}
