//! Where a test plays: a folder, a server, and people who know each other.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::ensure;

use crate::client::{Client, Key};
use crate::server::{Options, Server};
use crate::wait::{self, PATIENCE};

/// A folder that is deleted at the end, and a server in it.
#[derive(Debug)]
pub struct Stage {
    // Before the folder: what runs in it ends first.
    /// The server.
    pub server: Server,
    folder: tempfile::TempDir,
    started: Instant,
}

impl Stage {
    /// A fresh server in a fresh folder.
    ///
    /// # Errors
    /// When the server does not start.
    pub fn new() -> anyhow::Result<Self> {
        Self::with(Options::default())
    }

    /// A fresh server started in a certain way.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with(options: Options) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("sotto-e2e-").tempdir()?;
        let server = Server::start(&folder.path().join("server"), options)?;
        Ok(Self { server, folder, started: Instant::now() })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Seconds since the server listened.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Somebody who is not registered.
    pub fn stranger(&self, name: &str) -> Client {
        Client::new(self.folder.path(), name, Key::InsecureFile)
    }

    /// Somebody registered.
    ///
    /// # Errors
    /// When registration is refused.
    pub fn person(&self, name: &str) -> anyhow::Result<Client> {
        let client = self.stranger(name);
        client.register(&self.server.url())?;
        Ok(client)
    }

    /// Two people who have exchanged a first message and its answer: both may write.
    ///
    /// # Errors
    /// When they do not find each other.
    pub fn two_contacts(&self) -> anyhow::Result<(Client, Client)> {
        let (alice, bob) = (self.person("alice")?, self.person("bob")?);
        introduce(&alice, &bob)?;
        Ok((alice, bob))
    }
}

/// A first message, accepted and answered.
///
/// # Errors
/// When it does not arrive.
pub fn introduce(alice: &Client, bob: &Client) -> anyhow::Result<()> {
    alice.done(&["send", &bob.at(), "May I write to you?"])?;
    wait::until_true("the request arrives", PATIENCE, || {
        bob.done(&["sync"])?;
        Ok(!bob.json(&["requests"])?.is_empty())
    })?;
    bob.done(&["accept", &alice.at()])?;
    bob.done(&["send", &alice.at(), "Yes."])?;
    let texts = alice.texts(bob)?;
    ensure!(texts == ["May I write to you?", "Yes."], "the introduction reads {texts:?}");
    Ok(())
}
