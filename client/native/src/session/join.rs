//! Becoming a profile's holder, or a guest of the process that holds it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::{Missing, OpenError, Options};
use crate::exchange::{Numbered, Outward};
use crate::holder::{Holder, OpenMachine};
use crate::key::Asker;
use crate::profile::Profile;
use crate::socket::{self, SOCKET_VERSION};

/// How often a profile that is neither free nor answering is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(30);
/// Silence after which the person is told what is waited for.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// The way to the engine: in this process, or through the holder's socket.
pub(super) enum Link {
    Holder(Holder, mpsc::Receiver<Outward>),
    Guest(socket::Remote),
}

/// Everything needed to join, and to join again when the holder leaves.
pub(super) struct Joining {
    pub(super) profile: Profile,
    pub(super) options: Options,
    pub(super) asker: Arc<dyn Asker>,
    pub(super) open_machine: OpenMachine,
}

impl Link {
    /// Hands over a request; false when nobody is there to take it.
    pub(super) async fn give(&self, asked: Numbered) -> bool {
        match self {
            Self::Holder(holder, _) => holder.ask(asked).await,
            Self::Guest(remote) => remote.requests.send(asked).await.is_ok(),
        }
    }

    /// The next message; `None` when the holder is gone.
    pub(super) async fn hear(&mut self) -> Option<Outward> {
        match self {
            Self::Holder(_, outward) => outward.recv().await,
            Self::Guest(remote) => remote.outward.recv().await,
        }
    }
}

impl Joining {
    /// Becomes holder or guest, waiting for a holder that is just starting or stopping.
    pub(super) async fn join(&self) -> Result<Link, OpenError> {
        if !self.profile.exists() && self.options.missing == Missing::Refuse {
            return Err(OpenError::NoProfile);
        }
        self.profile.prepare_dir().map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty => OpenError::ForeignFolder,
            _ => OpenError::Io(error),
        })?;
        let started = Instant::now();
        let mut told = false;
        loop {
            if let Some(lock) = self.profile.try_lock()? {
                let profile = self.profile.clone();
                let opening = Holder::start(profile, lock, &self.options, &self.asker, &self.open_machine);
                let (holder, outward) = opening.await?;
                return Ok(Link::Holder(holder, outward));
            }
            if let Some((hello, remote)) = socket::connect(&self.profile).await? {
                return self.as_guest(hello, remote);
            }
            if started.elapsed() > self.options.patience {
                return Err(OpenError::Busy);
            }
            if !told && started.elapsed() > TELL_AFTER {
                self.asker.waiting_for_holder();
                told = true;
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    fn as_guest(&self, hello: socket::Hello, remote: socket::Remote) -> Result<Link, OpenError> {
        if hello.socket != SOCKET_VERSION {
            return Err(OpenError::OtherVersion { version: hello.version });
        }
        // Somebody who asks for a proxy must not be connected without it.
        let wanted = self.options.network.proxy().map(ToString::to_string);
        if wanted.is_some() && wanted != hello.proxy {
            return Err(OpenError::OtherProxy);
        }
        Ok(Link::Guest(remote))
    }
}
