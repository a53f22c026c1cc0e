//! Holding a profile: key, database, worker and socket, put up in this order and taken down in reverse.

use std::sync::Arc;

use rand_core::OsRng;
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::database::{self, StorageTrouble};
use crate::exchange::{Numbered, Outward};
use crate::key::{self, Asker};
use crate::limits::FAREWELL_TIME_MAX;
use crate::machine::Machine;
use crate::profile::{Profile, ProfileLock};
use crate::session::{Check, Missing, OpenError, Options};
use crate::socket::{self, Hello, SOCKET_VERSION};
use crate::worker::{self, CLIENT_QUEUE, ClientId, Job, Surroundings, WorkerHandle};

/// Makes the state machine on an open, keyed connection.
pub(crate) type OpenMachine = Arc<dyn Fn(Connection) -> Result<Box<dyn Machine>, OpenError> + Send + Sync>;

/// This process's own place among the worker's clients.
const SELF: ClientId = ClientId(0);

/// A held profile. [`leave`](Self::leave) it; a holder that is only dropped lets go a moment later.
pub(crate) struct Holder {
    profile: Profile,
    worker: Option<WorkerHandle>,
    server: JoinHandle<()>,
}

impl Holder {
    /// Opens the profile whose lock is held, and serves it.
    pub(crate) async fn start(
        profile: Profile,
        lock: ProfileLock,
        options: &Options,
        asker: &Arc<dyn Asker>,
        open_machine: &OpenMachine,
    ) -> Result<(Self, mpsc::Receiver<Outward>), OpenError> {
        let machine = {
            let (profile, asker, open) = (profile.clone(), asker.clone(), open_machine.clone());
            let options = options.clone();
            // Stretching a passphrase and checking pages take their time.
            let opening =
                tokio::task::spawn_blocking(move || open_database(&profile, &options, asker.as_ref(), &open));
            opening.await.map_err(std::io::Error::other)??
        };
        let listener = socket::bind(&profile)?;
        let around = Surroundings {
            clock: options.clock,
            network: options.network.clone(),
            runtime: Handle::current(),
        };
        let worker = worker::start(machine, lock, around)?;
        let (queue, outward) = mpsc::channel(CLIENT_QUEUE);
        // The thread has just started and takes it.
        let _ = worker.jobs.send(Job::Attach(SELF, queue)).await;
        let hello = Hello {
            socket: SOCKET_VERSION,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            proxy: options.network.proxy().map(ToString::to_string),
        };
        let server = tokio::spawn(socket::serve(listener, worker.jobs.clone(), hello));
        Ok((Self { profile, worker: Some(worker), server }, outward))
    }

    /// Hands over a request; false when the worker is gone.
    pub(crate) async fn ask(&self, asked: Numbered) -> bool {
        match &self.worker {
            Some(worker) => worker.jobs.send(Job::Ask(SELF, asked)).await.is_ok(),
            None => false,
        }
    }

    /// Lets go. New users wait for the lock from here on; those who are connected hear what is left for them.
    pub(crate) async fn leave(mut self) {
        let _ = std::fs::remove_file(self.profile.socket());
        let Some(worker) = self.worker.take() else { return };
        let farewells = worker.stop().await;
        let last_words = async {
            let _ = (&mut self.server).await;
            for farewell in farewells {
                let _ = farewell.await;
            }
        };
        // Whoever does not listen now is not waited for.
        let _ = timeout(FAREWELL_TIME_MAX, last_words).await;
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if let Some(worker) = &self.worker {
            let _ = worker.jobs.try_send(Job::Stop);
        }
    }
}

fn open_database(
    profile: &Profile,
    options: &Options,
    asker: &dyn Asker,
    open_machine: &OpenMachine,
) -> Result<Box<dyn Machine>, OpenError> {
    let key = match options.missing {
        Missing::Create => key::open_or_create(profile, options.protection, asker, &mut OsRng)?,
        Missing::Refuse => key::open(profile, asker)?,
    };
    let connection = database::open(&profile.database(), &key)?;
    if options.check == Check::Everything && !database::check(&connection)?.is_empty() {
        return Err(StorageTrouble::Damaged.into());
    }
    open_machine(connection)
}
