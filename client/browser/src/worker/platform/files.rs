//! The origin's private file system: one pool of files that SQLite writes through, held by one worker at a time.

use sotto_view::start::Broken;
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};

use super::name_of;
use crate::database::FILE;

/// Folder of the pool in the private file system.
const FOLDER: &str = "sotto";

/// The files, held.
pub(crate) struct Files {
    pool: OpfsSAHPoolUtil,
}

/// Why the files cannot be had.
pub(crate) enum FilesTrouble {
    /// A worker that is gone, or another build's, still holds them: try again.
    Held,
    /// The person is to be told.
    Broken(Broken),
}

impl Files {
    /// Takes hold of the files.
    pub(crate) async fn hold() -> Result<Self, FilesTrouble> {
        let pool = OpfsSAHPoolCfgBuilder::new().directory(FOLDER).build();
        let pool = install::<WasmOsCallback>(&pool, true).await.map_err(|error| trouble(&error))?;
        Ok(Self { pool })
    }

    /// Whether there is a database.
    pub(crate) fn has_database(&self) -> Result<bool, FilesTrouble> {
        use sqlite_wasm_rs::vfs::VfsFilesManager as _;
        self.pool.contains(FILE).map_err(|error| trouble(&error))
    }

    /// Deletes everything. No connection may be open.
    pub(crate) fn erase(&self) -> Result<(), FilesTrouble> {
        use sqlite_wasm_rs::vfs::VfsFilesManager as _;
        self.pool.clear().map_err(|error| trouble(&error))
    }
}

fn trouble(error: &OpfsSAHError) -> FilesTrouble {
    match error {
        OpfsSAHError::NotSupported => FilesTrouble::Broken(Broken::NoStorage),
        OpfsSAHError::InvalidHeader { .. } => FilesTrouble::Broken(Broken::Damaged),
        OpfsSAHError::Opfs { value, .. } => match name_of(value).as_str() {
            "NoModificationAllowedError" | "InvalidStateError" => FilesTrouble::Held,
            "QuotaExceededError" => FilesTrouble::Broken(Broken::Full),
            "SecurityError" | "NotAllowedError" | "NotSupportedError" => {
                FilesTrouble::Broken(Broken::NoStorage)
            }
            _ => FilesTrouble::Broken(Broken::InUse),
        },
        _ => FilesTrouble::Broken(Broken::Damaged),
    }
}
