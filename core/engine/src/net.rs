//! What the engine remembers of its two connections. All of it may be lost at any time: the work to do is derived
//! from the tables again.

use std::collections::{BTreeMap, BTreeSet};

use sotto_wire::frames::Hello;
use sotto_wire::ids::{AccountId, AppendId, DeviceId, Handle, InboxKey, Millis, Seq, TopicId, UploadId};

use crate::api::{CommandId, Plane};
use crate::contact::Claim;
use crate::limits::{BACKOFF_MS_FIRST, BACKOFF_MS_MAX, GOOD_CONNECTION_MS};
use crate::store::conversations::ConversationKey;
use crate::store::outbox::ItemKey;

/// A connection's life.
#[derive(Debug, Default)]
pub(crate) enum Link {
    /// None; the next try is due then (none: as soon as the engine is online).
    #[default]
    Down,
    /// Asked for.
    Connecting,
    /// Open, the server has not said Hello.
    Open,
    /// The server said Hello.
    Greeted(Box<Hello>),
}

/// One plane's connection and the requests under way on it.
#[derive(Debug)]
pub(crate) struct Connection<P> {
    pub(crate) link: Link,
    pub(crate) retry_at: Option<Millis>,
    attempts: u32,
    /// When the connection opened, until the server says Hello.
    opened_at: Option<Millis>,
    /// When the server said Hello, by this device's clock.
    greeted_at: Option<Millis>,
    next_id: u32,
    waiting: BTreeMap<u32, (P, Millis)>,
}

impl<P> Default for Connection<P> {
    fn default() -> Self {
        Self {
            link: Link::Down,
            retry_at: None,
            attempts: 0,
            opened_at: None,
            greeted_at: None,
            next_id: 1,
            waiting: BTreeMap::new(),
        }
    }
}

impl<P> Connection<P> {
    /// A request leaves: its id.
    pub(crate) fn ask(&mut self, pending: P, now: Millis) -> u32 {
        let id = self.next_id;
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        self.waiting.insert(id, (pending, now));
        id
    }

    /// A response arrived: what it answers.
    pub(crate) fn answered(&mut self, id: u32) -> Option<P> {
        self.waiting.remove(&id).map(|(pending, _)| pending)
    }

    /// Whether a request like this is under way.
    pub(crate) fn is_waiting(&self, matches: impl Fn(&P) -> bool) -> bool {
        self.waiting.values().any(|(pending, _)| matches(pending))
    }

    /// How many requests like this are under way.
    pub(crate) fn count(&self, matches: impl Fn(&P) -> bool) -> usize {
        self.waiting.values().filter(|(pending, _)| matches(pending)).count()
    }

    /// Whether nothing is under way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Since when the server has owed an answer: to the oldest request, or to the opening.
    pub(crate) fn owed_since(&self) -> Option<Millis> {
        self.waiting.values().map(|(_, at)| *at).chain(self.opened_at).min()
    }

    /// The connection that was asked for is there.
    pub(crate) fn opened(&mut self, now: Millis) {
        if matches!(self.link, Link::Connecting) {
            self.link = Link::Open;
            self.opened_at = Some(now);
        }
    }

    /// The greeting, while the connection is good.
    pub(crate) fn hello(&self) -> Option<&Hello> {
        match &self.link {
            Link::Greeted(hello) => Some(hello),
            _ => None,
        }
    }

    /// The server said Hello.
    pub(crate) fn greet(&mut self, hello: Hello, now: Millis) {
        self.link = Link::Greeted(Box::new(hello));
        self.greeted_at = Some(now);
        self.opened_at = None;
    }

    /// The greeting, and the local time at which it came.
    pub(crate) fn greeting(&self) -> Option<(&Hello, Millis)> {
        self.hello().zip(self.greeted_at)
    }

    /// The connection is gone; the next try doubles its distance, with jitter (0..=255) so that a crowd spreads.
    pub(crate) fn lost(&mut self, now: Millis, jitter: u8) {
        // Only a connection that lasted was a good one: a server that greets and then fails is not hammered.
        if self.greeted_at.take().is_some_and(|at| now.0 >= at.0 + GOOD_CONNECTION_MS) {
            self.attempts = 0;
        }
        let step = BACKOFF_MS_FIRST.saturating_mul(1 << self.attempts.min(16)).min(BACKOFF_MS_MAX);
        let wait = step / 2 + step * u64::from(jitter) / 512;
        self.attempts = self.attempts.saturating_add(1);
        self.link = Link::Down;
        self.opened_at = None;
        self.retry_at = Some(Millis(now.0 + wait));
        self.waiting.clear();
    }

    /// The connection is let go on purpose.
    pub(crate) fn dropped(&mut self) {
        self.link = Link::Down;
        self.opened_at = None;
        self.retry_at = None;
        self.greeted_at = None;
        self.attempts = 0;
        self.waiting.clear();
    }
}

/// Requests under way on the account plane.
#[derive(Debug)]
pub(crate) enum AccountPending {
    Register(AccountId),
    Authenticate,
    Status,
    Publish(UploadId),
    FollowInbox,
    AckInbox(Vec<InboxKey>),
}

/// Requests under way on the topic plane.
#[derive(Debug)]
pub(crate) enum TopicPending {
    /// Whose handle is it: to open a conversation.
    LookUp(ConversationKey),
    /// Whose handle is it: to check what a Welcome claimed.
    CheckHandle(ConversationKey, Handle),
    Lists(ItemKey, AccountId),
    Claim(ItemKey, AccountId, DeviceId),
    CreateTopic,
    OpenSlot(ItemKey, TopicId),
    Append(ItemKey, AppendId),
    Unfollow,
    Follow(Vec<FollowAsked>),
    Ack(TopicId, Seq),
    ReplaceSecret(TopicId),
    Drop(ItemKey, i64),
    CloseSlot,
}

/// A leg that the server was asked to follow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FollowAsked {
    pub(crate) topic: TopicId,
    /// Newest entry that the server had delivered or promised by then. What it promises later may overtake its answer.
    pub(crate) known: Seq,
}

/// How far a followed leg is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Followed {
    /// Newest entry the server had when the follow was answered.
    pub(crate) newest: Seq,
}

/// What has been gathered to open a leg.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The peer's lists were fetched on this connection.
    pub(crate) lists_fresh: bool,
    /// One outcome per device asked.
    pub(crate) claims: BTreeMap<DeviceId, Claim>,
}

/// Everything in memory.
#[derive(Debug, Default)]
pub(crate) struct Net {
    pub(crate) online: bool,
    pub(crate) account: Connection<AccountPending>,
    pub(crate) topic: Connection<TopicPending>,
    pub(crate) signed_in: bool,
    /// Stored inbox items still to come, once the inbox is followed.
    pub(crate) inbox_waiting: Option<u32>,
    /// Conversations whose claimed handle was asked about on this connection.
    pub(crate) handles_asked: BTreeSet<ConversationKey>,
    pub(crate) followed: BTreeMap<TopicId, Followed>,
    /// A conflict named this head: nothing is staged until it is reached.
    pub(crate) head_ahead: BTreeMap<TopicId, Seq>,
    /// Legs whose follow was refused, and when to try again.
    pub(crate) follow_later: BTreeMap<TopicId, Millis>,
    /// Topics on which the server may know less than this device has stored.
    pub(crate) unacked: BTreeSet<TopicId>,
    /// Topics whose ack was refused: no more until something arrives.
    pub(crate) acks_paused: BTreeSet<TopicId>,
    /// Topics that refused an append: one message at a time, so that none overtakes another.
    pub(crate) one_by_one: BTreeSet<TopicId>,
    /// Items whose staged bytes were sent on this connection.
    pub(crate) on_wire: BTreeSet<ItemKey>,
    pub(crate) gathered: BTreeMap<ItemKey, Gathered>,
    pub(crate) registering: Option<CommandId>,
    pub(crate) syncs: Vec<CommandId>,
    pub(crate) start_overs: Vec<(CommandId, ItemKey)>,
    /// Why no connection is tried any more, until the shell goes online anew.
    pub(crate) refused: bool,
    pub(crate) was_online: bool,
    pub(crate) clock_warned: bool,
    pub(crate) wake_at: Option<Millis>,
}

impl Net {
    /// Forgets what was tied to a plane's connection.
    pub(crate) fn forget(&mut self, plane: Plane) {
        match plane {
            Plane::Account => {
                self.signed_in = false;
                self.inbox_waiting = None;
            }
            Plane::Topic => {
                self.followed.clear();
                self.follow_later.clear();
                self.unacked.clear();
                self.acks_paused.clear();
                self.one_by_one.clear();
                self.handles_asked.clear();
                self.head_ahead.clear();
                self.on_wire.clear();
                self.gathered.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_spread_and_stay_bounded() {
        let mut connection: Connection<()> = Connection::default();
        let mut last = 0;
        for attempt in 0..40 {
            connection.lost(Millis(0), 255);
            let wait = connection.retry_at.unwrap().0;
            assert!(wait >= last, "attempt {attempt} waits at least as long as the one before");
            assert!(wait <= BACKOFF_MS_MAX);
            last = wait;
        }
        connection.lost(Millis(0), 0);
        assert!(connection.retry_at.unwrap().0 < last, "jitter moves the try");
    }
}
