//! What a page and its worker say to each other: JSON texts through `postMessage`, each one value of these types.
//!
//! `A` and `U` are the view's action and update, which only pass through here: a page that draws them needs neither
//! the engine nor this crate's worker. Every page has a worker of its own and talks to no other; which worker holds
//! the database is the workers' business, and a page only learns it as [`Role`].
//!
//! A worker begins with [`Heard::State`] and sends another whenever the state changes. Every [`Asked`] gets one
//! [`Heard::Answer`] with its number. Updates come in order, and those an action caused come before its answer.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Raised when workers of two builds could not understand each other: they then never serve one another.
pub const VERSION: u32 = 1;

/// Numbers a page's requests; never used twice by one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// One request of a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked<A> {
    /// The answer will carry it.
    pub id: RequestId,
    /// What is wanted.
    pub request: Request<A>,
}

/// What a page can ask for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request<A> {
    /// The first thing a page says; repeated when what it tells has changed.
    Attach(Surroundings),
    /// Make a profile, protected like this. Only in [`State::New`] and [`State::Evicted`].
    Create(Protection),
    /// Open the profile. Only in [`State::Locked`].
    Unlock {
        /// What the person typed.
        passphrase: Passphrase,
    },
    /// Something a person does on a screen. Only in [`State::Open`].
    Act(A),
    /// Protect the profile differently; the database stays as it is. Only in [`State::Open`].
    Protect {
        /// The passphrase in use, where one is.
        current: Option<Passphrase>,
        /// The new protection.
        new: Protection,
    },
    /// Forget the key in every tab, until it is unlocked again. Only in [`State::Open`].
    Lock,
    /// Delete the profile from this browser, with its key: the person was asked. In any state.
    Erase,
}

/// What only a page can find out about the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// Whether this browser once held a profile (kept apart from the profile, so that an eviction is noticed).
    pub remembered: bool,
    /// What the browser answered when it was asked to keep the data.
    pub persistence: Persistence,
}

/// Whether the browser promises not to delete the profile when it is short of space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persistence {
    /// It promises.
    Granted,
    /// It does not: the person is told.
    Refused,
    /// It was not asked yet, or cannot be.
    Unknown,
}

/// What keeps others from opening the profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// A passphrase, asked for whenever the last tab was closed.
    Passphrase(Passphrase),
    /// A key that this browser keeps and never gives out: whoever uses this browser profile gets in.
    TrustThisDevice,
}

/// What a person typed: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Passphrase(String);

impl Passphrase {
    /// Takes it over.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Passphrase {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// What a page hears.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard<U> {
    /// Where the profile stands, from now on.
    State(State),
    /// Changes of what is shown, in order.
    Updates(Vec<U>),
    /// Whoever holds the database has changed: what the view knew of this page is gone. The page forgets what it
    /// shows and says anew what it looks at; nothing that was answered is lost.
    Restarted,
    /// The one answer to a request.
    Answer {
        /// Its number.
        id: RequestId,
        /// Done, or why not.
        result: Result<(), Failure>,
    },
}

/// Where the profile stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The worker is looking.
    Starting,
    /// There is no profile in this browser.
    New,
    /// There was one, and the browser has deleted it: see [`Surroundings::remembered`].
    Evicted,
    /// A passphrase opens it.
    Locked,
    /// In use.
    Open {
        /// Who holds the database.
        role: Role,
        /// Whether the browser promises to keep it.
        persistence: Persistence,
    },
    /// It cannot be used; [`Request::Erase`] still works.
    Stopped(Trouble),
}

/// Who holds the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// This page's worker.
    Owner,
    /// Another tab's, which serves this page too. This page's worker takes over when that one is gone.
    Guest,
}

/// Why a profile cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The browser offers no private file system: too old, or a private window.
    #[error("this browser keeps no files for web pages")]
    NoStorage,
    /// The browser offers no WebSocket, Web Locks, BroadcastChannel, IndexedDB or WebCrypto.
    #[error("this browser lacks something that Sotto needs")]
    BrowserTooOld,
    /// The page was not delivered securely, and the browser therefore refuses what Sotto needs.
    #[error("this page was not delivered over https")]
    NotSecure,
    /// No space left for this site.
    #[error("the browser gives this site no more space")]
    Full,
    /// Bytes fail their check.
    #[error("the database is damaged")]
    Damaged,
    /// There is a database, and its key is gone.
    #[error("the key to the database is gone")]
    KeyMissing,
    /// The key file is not what was written.
    #[error("the key file is damaged")]
    KeyDamaged,
    /// Written by a newer Sotto: reload the page.
    #[error("the profile was written by a newer Sotto")]
    Newer,
    /// Something else has the files open: an older version of this page in another tab, say.
    #[error("another tab holds the files")]
    Held,
    /// Reading or writing failed.
    #[error("the browser failed while reading or writing the database")]
    Io,
    /// A mistake in this program, or in the browser.
    #[error("internal error")]
    Internal,
}

/// Why a request was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Nothing was changed.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The profile is in another state than the request needs.
    #[error("not now")]
    NotNow,
    /// The tab that held the database is gone, and nobody knows how far it came with this.
    #[error("the tab that held the database stopped half-way")]
    Interrupted,
    /// The browser or the disk did not do its part; nothing was changed.
    #[error(transparent)]
    Trouble(Trouble),
    /// Not a request that this worker knows: page and worker are of two builds.
    #[error("the worker does not know this request")]
    Unknown,
}
