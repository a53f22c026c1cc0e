//! From owning the lock to an open database: files, key, pages, tables. Each step that waits is outside of a turn.

use std::rc::Rc;

use sotto_engine::{Engine, OpenError};
use sotto_secrecy::profile_key::{DatabaseKey, KeyFileError, Wrapped};
use sotto_view::refusal::Refusal;
use sotto_view::settings::LockedBy;
use sotto_view::start::Broken;
use wasm_bindgen_futures::spawn_local;

use super::Worker;
use super::door::{self, Door, NewLock, NoKey};
use super::open::Open;
use super::owner::{Chore, Owner, Standing};
use super::platform::files::{self, Files, FilesTrouble};
use super::platform::room;
use super::platform::timers::pause_ms;
use super::tabs::{Between, KeyText};
use crate::database;
use crate::limits::{HELD_TRIES, HELD_TRY_MS, HELD_TRY_SLOW_MS, ROOM_LOOK_MS};

impl Worker {
    /// Begins with something that takes time.
    pub(super) fn begin_chore(&self, chore: Chore) {
        let worker = self.clone();
        match chore {
            Chore::HandOverKey(key) => self.0.borrow().broadcast(&Between::Key(key)),
            Chore::OpenUp => spawn_local(async move { worker.open_up().await }),
            Chore::Make(lock) => spawn_local(async move { worker.make(lock).await }),
            Chore::Unlock(wrapped, passphrase) => {
                spawn_local(async move { worker.unlock(wrapped, passphrase).await });
            }
            Chore::Erase => spawn_local(async move { worker.erase().await }),
            Chore::LookAtRoom => spawn_local(async move { worker.look_at_room().await }),
        }
    }

    /// Opens what is here as far as it can be opened without a person.
    pub(super) async fn open_up(&self) {
        let door = match self.files().await {
            Ok(files) => door::look(&files).await,
            Err(broken) => Err(NoKey::Broken(broken)),
        };
        match door {
            Ok(Door::Nothing) => self.with_owner(Owner::found_nothing),
            Ok(Door::Key(key)) => self.enter(&key, LockedBy::Device),
            Ok(Door::Passphrase(wrapped)) => {
                let handed = self.with_owner_value(|owner| owner.handed.take()).flatten();
                match handed.as_ref().and_then(KeyText::key) {
                    Some(key) => self.enter(&key, LockedBy::Passphrase),
                    None => self.with_owner(|owner| owner.stand(Standing::Locked(wrapped))),
                }
            }
            Err(no_key) => self.give_up(no_key),
        }
    }

    /// Takes hold of the files, however long a tab that is going away still holds them.
    async fn files(&self) -> Result<Rc<Files>, Broken> {
        let mut tries = 0;
        loop {
            match Files::hold().await {
                // Removed under this worker: only a worker of a new start gets others.
                Ok(_) if files::are_gone().await => return Err(Broken::InUse),
                Ok(files) => return Ok(Rc::new(files)),
                Err(FilesTrouble::Broken(broken)) => return Err(broken),
                Err(FilesTrouble::Held) if tries < HELD_TRIES => pause_ms(HELD_TRY_MS).await,
                Err(FilesTrouble::Held) => {
                    if tries == HELD_TRIES {
                        self.with_owner(|owner| owner.stand(Standing::Broken(Broken::InUse)));
                    }
                    pause_ms(HELD_TRY_SLOW_MS).await;
                }
            }
            tries += 1;
        }
    }

    async fn make(&self, lock: NewLock) {
        // The page shows that something is being done before this thread is busy with it.
        pause_ms(0).await;
        let made = async {
            // What an earlier try left: a key without a database.
            let files = self.files().await.map_err(NoKey::Broken)?;
            door::erase(&files).await?;
            door::make(&lock).await
        };
        match made.await {
            Ok((key, by)) => self.enter(&key, by),
            Err(NoKey::Refused(refusal)) => {
                self.with_owner(|owner| owner.refused(Standing::Nothing, refusal));
            }
            Err(no_key) => self.give_up(no_key),
        }
    }

    async fn unlock(&self, wrapped: Wrapped, passphrase: String) {
        pause_ms(0).await;
        match wrapped.unwrap(&passphrase) {
            Ok(key) => self.enter(&key, LockedBy::Passphrase),
            Err(KeyFileError::WrongPassphrase | KeyFileError::EmptyPassphrase) => {
                self.with_owner(|owner| owner.refused(Standing::Locked(wrapped), Refusal::PassphraseWrong));
            }
            Err(error) => self.give_up(error.into()),
        }
    }

    async fn erase(&self) {
        let erased = match self.files().await {
            Ok(files) => door::erase(&files).await,
            Err(broken) => Err(NoKey::Broken(broken)),
        };
        match erased {
            Ok(()) => self.with_owner(Owner::erased),
            Err(no_key) => self.give_up(no_key),
        }
    }

    /// Opens database and engine.
    fn enter(&self, key: &DatabaseKey, by: LockedBy) {
        let opened = database::open(database::FILE, key)
            .and_then(|connection| Engine::open(connection).map_err(broken));
        let standing = match opened {
            Ok(engine) => match Open::new(engine, KeyText::of(key), by, self.clone()) {
                Some(open) => Standing::Open(Box::new(open)),
                None => Standing::Broken(Broken::CoreMissing),
            },
            Err(broken) => Standing::Broken(broken),
        };
        self.with_owner(|owner| owner.stand(standing));
    }

    fn give_up(&self, no_key: NoKey) {
        let broken = match no_key {
            NoKey::Broken(broken) => broken,
            // Nobody was asked.
            NoKey::Refused(_) => Broken::Damaged,
        };
        self.with_owner(|owner| owner.stand(Standing::Broken(broken)));
    }

    /// Looks again and again at what the browser does to the files meanwhile.
    pub(super) async fn watch_room(self) {
        loop {
            pause_ms(ROOM_LOOK_MS).await;
            self.look_at_room().await;
        }
    }

    async fn look_at_room(&self) {
        let (used, quota) = room().await;
        let are_gone = files::are_gone().await;
        self.with_owner(|owner| {
            let persistence = owner.persistence();
            if let Some(open) = owner.open() {
                open.room_is(persistence, used, quota);
                if are_gone {
                    owner.stand(Standing::Broken(Broken::Evicted));
                }
            }
        });
    }

    /// A turn of the owner.
    pub(super) fn with_owner(&self, turn: impl FnOnce(&mut Owner)) {
        self.with_owner_value(turn);
        self.settle();
    }

    fn with_owner_value<T>(&self, turn: impl FnOnce(&mut Owner) -> T) -> Option<T> {
        self.0.borrow_mut().owner_and_bus().map(|(owner, _)| turn(owner))
    }
}

fn broken(error: OpenError) -> Broken {
    match error {
        OpenError::Newer { .. } => Broken::Newer,
        OpenError::Corrupt => Broken::Damaged,
        OpenError::Storage(error) => database::broken(error),
    }
}
