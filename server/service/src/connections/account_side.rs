//! What a connection on the account plane has: whose it is, and its inbox.

use std::collections::VecDeque;

use sotto_wire::ids::{AccountId, DeviceId, InboxKey};

/// A device of an account, proved by its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
}

#[derive(Debug, Default)]
pub(crate) struct AccountSide {
    /// Nobody's until it has authenticated.
    pub(crate) who: Option<Who>,
    /// Items of its inbox that are still to be sent; absent while the inbox is not followed.
    pub(crate) inbox: Option<VecDeque<InboxKey>>,
}

impl AccountSide {
    pub(crate) fn has_backlog(&self) -> bool {
        self.inbox.as_ref().is_some_and(|waiting| !waiting.is_empty())
    }
}
