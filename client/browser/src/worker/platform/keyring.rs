//! The browser's keyring: IndexedDB holds the key file, and for a trusted device a key that WebCrypto never gives out.
//!
//! An entry is that key and the database key sealed under it: who copies the files of the browser's profile gets
//! both, who runs a script on the page can use the key while it runs, but not carry it away.

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use sotto_secrecy::profile_key::DatabaseKey;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, SubtleCrypto};
use zeroize::Zeroizing;

use super::{entropy, get, scope};

const DATABASE: &str = "sotto";
const STORE: &str = "keys";
const FILE: &str = "key.json";
const CIPHER: &str = "AES-GCM";

/// The keyring, open.
pub(crate) struct Keyring {
    database: IdbDatabase,
}

/// What an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyringTrouble {
    /// It is not there (any more).
    Empty,
    /// It does not open.
    Damaged,
    /// The browser does not let this site store anything.
    Refused,
    /// The browser failed.
    Failed,
    /// No room.
    Full,
}

type Result<T> = std::result::Result<T, KeyringTrouble>;

impl From<JsValue> for KeyringTrouble {
    fn from(thrown: JsValue) -> Self {
        match super::name_of(&thrown).as_str() {
            "QuotaExceededError" => Self::Full,
            "SecurityError" | "NotAllowedError" | "InvalidStateError" => Self::Refused,
            _ => Self::Failed,
        }
    }
}

impl Keyring {
    /// Opens it; makes it where there is none.
    pub(crate) async fn open() -> Result<Self> {
        let factory =
            scope().and_then(|scope| scope.indexed_db().ok().flatten()).ok_or(KeyringTrouble::Refused)?;
        let request: IdbOpenDbRequest = factory.open_with_u32(DATABASE, 1)?;
        let opening = request.clone();
        let upgrade = wasm_bindgen::closure::Closure::once(move || {
            let made = opening.result().ok().and_then(|found| found.dyn_into::<IdbDatabase>().ok());
            // A failure shows when the store is used.
            let _ = made.map(|database| database.create_object_store(STORE));
        });
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let database = settled(&request).await?.dyn_into().map_err(|_| KeyringTrouble::Failed)?;
        Ok(Self { database })
    }

    /// The key file's bytes, if there is one.
    pub(crate) async fn read_file(&self) -> Result<Option<Vec<u8>>> {
        let (store, _) = self.store("readonly")?;
        let found = settled(&store.get(&FILE.into())?).await?;
        Ok(found.as_string().map(String::into_bytes))
    }

    /// Replaces the key file in one step.
    pub(crate) async fn write_file(&self, bytes: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(bytes).map_err(|_| KeyringTrouble::Damaged)?;
        self.put(FILE, &text.into()).await
    }

    /// Makes an entry for a key, and reads it back.
    pub(crate) async fn store_key(&self, entry: &str, key: &DatabaseKey) -> Result<()> {
        let subtle = subtle()?;
        let wrapping = generate(&subtle).await?;
        let nonce: [u8; 12] = entropy::fresh();
        let mut plain = Zeroizing::new(*key.expose());
        let sealed =
            subtle.encrypt_with_object_and_u8_array(&parameters(&nonce), &wrapping, plain.as_mut())?;
        let sealed = JsFuture::from(sealed).await?;
        let record = Object::new();
        for (name, value) in [
            ("key", wrapping.into()),
            ("nonce", Uint8Array::from(nonce.as_slice()).into()),
            ("sealed", sealed),
        ] {
            Reflect::set(&record, &name.into(), &value)?;
        }
        self.put(entry, &record).await?;
        let kept = self.load_key(entry).await?;
        if kept.expose() == key.expose() { Ok(()) } else { Err(KeyringTrouble::Damaged) }
    }

    /// The key of an entry.
    pub(crate) async fn load_key(&self, entry: &str) -> Result<DatabaseKey> {
        let (store, _) = self.store("readonly")?;
        let record = settled(&store.get(&entry.into())?).await?;
        if record.is_undefined() {
            return Err(KeyringTrouble::Empty);
        }
        let wrapping: CryptoKey = get(&record, "key").dyn_into().map_err(|_| KeyringTrouble::Damaged)?;
        let nonce: Uint8Array = get(&record, "nonce").dyn_into().map_err(|_| KeyringTrouble::Damaged)?;
        let sealed = Uint8Array::new(&get(&record, "sealed")).to_vec();
        let parameters = parameters(&nonce.to_vec());
        let opened = subtle()?.decrypt_with_object_and_u8_array(&parameters, &wrapping, &sealed)?;
        let opened = JsFuture::from(opened).await.map_err(|_| KeyringTrouble::Damaged)?;
        let bytes = Zeroizing::new(Uint8Array::new(&opened).to_vec());
        DatabaseKey::from_slice(&bytes).ok_or(KeyringTrouble::Damaged)
    }

    /// Deletes everything.
    pub(crate) async fn erase(&self) -> Result<()> {
        let (store, done) = self.store("readwrite")?;
        store.clear()?;
        JsFuture::from(done).await?;
        Ok(())
    }

    async fn put(&self, name: &str, value: &JsValue) -> Result<()> {
        let (store, done) = self.store("readwrite")?;
        store.put_with_key(value, &name.into())?;
        JsFuture::from(done).await?;
        Ok(())
    }

    /// The store in a transaction of its own, and the promise that the transaction is on disk.
    fn store(&self, mode: &str) -> Result<(IdbObjectStore, Promise)> {
        let options = Object::new();
        Reflect::set(&options, &"durability".into(), &"strict".into())?;
        let begin: js_sys::Function =
            get(&self.database, "transaction").dyn_into().map_err(|_| KeyringTrouble::Failed)?;
        let transaction = begin.call3(&self.database, &STORE.into(), &mode.into(), &options)?;
        let transaction: web_sys::IdbTransaction =
            transaction.dyn_into().map_err(|_| KeyringTrouble::Failed)?;
        let done = Promise::new(&mut |resolve, reject| {
            transaction.set_oncomplete(Some(&resolve));
            transaction.set_onabort(Some(&reject));
        });
        Ok((transaction.object_store(STORE)?, done))
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        self.database.close();
    }
}

async fn settled(request: &IdbRequest) -> Result<JsValue> {
    let over = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(over).await?;
    Ok(request.result()?)
}

fn subtle() -> Result<SubtleCrypto> {
    let crypto = scope().and_then(|scope| scope.crypto().ok()).ok_or(KeyringTrouble::Failed)?;
    Ok(crypto.subtle())
}

/// A key that can be used and never exported.
async fn generate(subtle: &SubtleCrypto) -> Result<CryptoKey> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &CIPHER.into())?;
    Reflect::set(&algorithm, &"length".into(), &256.into())?;
    let uses = Array::of2(&"encrypt".into(), &"decrypt".into());
    let made = subtle.generate_key_with_object(&algorithm, false, &uses)?;
    JsFuture::from(made).await?.dyn_into().map_err(|_| KeyringTrouble::Failed)
}

fn parameters(nonce: &[u8]) -> Object {
    let parameters = Object::new();
    // Plain objects take every property.
    let _ = Reflect::set(&parameters, &"name".into(), &CIPHER.into());
    let _ = Reflect::set(&parameters, &"iv".into(), &Uint8Array::from(nonce));
    parameters
}
