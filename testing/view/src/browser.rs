//! Called from a worker's script: one scenario at a time, over memory or over the private file system with the client's
//! own encryption.

use sotto_browser::database;
use sotto_secrecy::profile_key::DatabaseKey;
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHPoolCfgBuilder, install};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::databases;
use crate::scenarios::ALL;

/// Files of one scenario, each with its journal.
const FILES_MAX: usize = 16;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn complain(words: &str);
}

/// Names of all scenarios.
#[wasm_bindgen]
pub fn names() -> Vec<String> {
    ALL.iter().map(|scenario| scenario.name.to_owned()).collect()
}

/// Runs one. With a folder of the private file system, its databases are files there; without, they are in memory. What
/// went wrong is said on the console before everything stops.
///
/// # Errors
/// When the folder cannot be used, or there is no such scenario.
#[wasm_bindgen]
pub async fn run(name: &str, folder: Option<String>) -> Result<(), JsError> {
    std::panic::set_hook(Box::new(|panic| complain(&panic.to_string())));
    let scenario = ALL.iter().find(|scenario| scenario.name == name);
    let scenario = scenario.ok_or_else(|| JsError::new("no such scenario"))?;
    if let Some(folder) = folder {
        let pool = OpfsSAHPoolCfgBuilder::new().directory(&folder).initial_capacity(FILES_MAX).build();
        install::<WasmOsCallback>(&pool, true).await?;
        let key = DatabaseKey::from_slice(&[7; 32]).ok_or_else(|| JsError::new("no key"))?;
        databases::are_files(move |file| database::open(file, &key).expect("it opens"));
    }
    (scenario.run)();
    Ok(())
}
