//! The origin's private file system: one pool of files that SQLite writes through, held by one worker at a time.

use js_sys::{Function, Promise};
use sotto_view::start::Broken;
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{get, name_of};
use crate::database::FILE;

/// Folder of the pool in the private file system.
const FOLDER: &str = "sotto";
/// In it, the folder of the pool's files.
const SLOTS: &str = ".opaque";

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

/// Whether the browser removed the files under the worker that holds them: what is written then goes nowhere.
pub(crate) async fn are_gone() -> bool {
    let look = async {
        let storage = get(&get(&js_sys::global(), "navigator"), "storage");
        let root = asked(&storage, "getDirectory", &JsValue::UNDEFINED).await?;
        let folder = asked(&root, "getDirectoryHandle", &FOLDER.into()).await?;
        asked(&folder, "getDirectoryHandle", &SLOTS.into()).await
    };
    look.await.is_err_and(|thrown| name_of(&thrown) == "NotFoundError")
}

/// What a method promises.
async fn asked(object: &JsValue, method: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    let method: Function = get(object, method).dyn_into()?;
    let promise: Promise = method.call1(object, argument)?.dyn_into()?;
    JsFuture::from(promise).await
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
            _ => FilesTrouble::Broken(Broken::StorageFailed),
        },
        OpfsSAHError::DuplicateFilename(_) => FilesTrouble::Broken(Broken::Damaged),
        _ => FilesTrouble::Broken(Broken::StorageFailed),
    }
}
