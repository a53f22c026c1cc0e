//! What a page and its worker say to each other: JSON texts through `postMessage`, each one value of these types.
//!
//! What a person does and what a screen shows are the view's [`Action`] and [`Update`]; the stages before there is a
//! view (opening, locking, unlocking, broken) are updates too, and [`Action::Profile`] is done by the worker. Every page
//! has a worker of its own and talks to no other; which worker holds the database is the workers' business, and a
//! page only learns it as [`Role`]. When it changes, the page is shown everything anew, as after [`Action::Refresh`].
//!
//! A page begins with [`ToWorker::Attach`] and then [`Action::Refresh`]. Every [`ToWorker::Act`] gets one
//! [`FromWorker::Answered`]; updates come in order, and those an action caused come before its answer.

use serde::{Deserialize, Serialize};
use sotto_view::{Action, Update};

/// Raised when workers of two builds could not understand each other: they then never serve one another.
pub const VERSION: u32 = 1;

/// Numbers what a page asks for; never used twice by one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub u64);

/// What a page says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToWorker {
    /// The first thing a page says; said again when what it tells has changed.
    Attach(Surroundings),
    /// Something a person did.
    Act {
        /// The answer will carry it.
        id: ActionId,
        /// What.
        action: Action,
    },
}

/// What only a page can find out about the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// Whether this browser once held a profile: kept apart from the profile, so that an eviction is noticed.
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
    /// It does not, and was not asked this time: the settings say so.
    NotPromised,
    /// It was not asked yet, or cannot be.
    Unknown,
}

/// What a page hears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromWorker {
    /// Changes of what is shown, in order.
    Updates(Vec<Update>),
    /// The one answer to an action.
    Answered {
        /// Its number.
        id: ActionId,
        /// What became of it.
        outcome: Outcome,
    },
    /// Who holds the database, from now on.
    Role(Role),
    /// From now on there is a profile here, or there is none: for [`Surroundings::remembered`].
    Remember(bool),
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was taken, and what it changed is on disk. What came of it is told by updates.
    Taken,
    /// The profile is in another stage than the action needs; nothing was changed.
    NotNow,
    /// The tab that held the database is gone, and nobody knows how far it came with this.
    Interrupted,
    /// The browser could not store it; nothing was changed. An update says why.
    NotStored,
    /// Not an action that this worker knows: page and worker are of two builds. Reload the page.
    Unknown,
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
